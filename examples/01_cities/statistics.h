// What the tables print.
#pragma once

#include <span>

#include <catenary/runtime/state.h>

#include "places.h"

namespace cities {

/// A mean over samples, and its standard error.
struct Mean {
  double value = 0, error = 0;
};

/// How near a state is to the data.
struct Nearness {
  Mean kilometres;  ///< from a sample's place to the nearest place of the data
  Mean agreement;   ///< share of the samples whose region is that of the nearest place
};
Nearness nearness(const catenary::State& state, const Places& data);

/// How often each datum or region occurs among samples; `state` must be at time 0, where places are data places.
std::vector<int64_t> count_places(const catenary::State& state, const Places& data);
std::vector<int64_t> count_regions(const catenary::State& state, const Places& data);

/// Pearson's statistic of counts against expected shares, and the probability of one at least as large if they are
/// right (by the cube-root approximation of Wilson and Hilferty, 1931: within 1e-3 for 8 degrees of freedom).
struct ChiSquare {
  double value, p;
  int freedom;
};
ChiSquare chi_square(std::span<const int64_t> counts, std::span<const double> shares);

}  // namespace cities
