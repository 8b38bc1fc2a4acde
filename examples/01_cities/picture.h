// World maps of states, drawn by gnuplot.
#pragma once

#include <string>
#include <vector>

#include <catenary/runtime/state.h>

#include "places.h"

namespace cities {

/// One map.
struct Panel {
  std::string title;
  catenary::State state;
  double dot = 0.3;  ///< the size of a point, in gnuplot's units
};

/// Draws `panels` two in a row, coloured by region, as a PNG file, with the first 20,000 points of each state. The
/// gnuplot script, with its data, stays beside it as a .gp file. Throws catenary::Error where a file cannot be written
/// or gnuplot is missing or fails.
void draw_maps(const std::string& file, const std::string& title, const std::vector<std::string>& regions,
               const std::vector<Panel>& panels);

}  // namespace cities
