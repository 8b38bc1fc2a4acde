// The data: principal places of the world's time zones, from the system's table.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace cities {

struct Place {
  std::string name;            ///< "Lima"
  std::array<float, 3> point;  ///< on the unit sphere: x to longitude 0, z to the north pole
  int32_t region;              ///< index into Places::regions
};

struct Places {
  std::vector<std::string> regions;  ///< "Africa", "America", ...: in alphabetical order
  std::vector<Place> places;
};

/// Reads a table in the format of zone1970.tab: country codes, coordinates, region/place and comments, separated by
/// tabs. An empty `file` stands for the system's own table. Throws catenary::Error for a file that cannot be read, and
/// names the line that is not of the format.
Places read_places(std::string file);

}  // namespace cities
