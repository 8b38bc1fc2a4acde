// Time-zone tables.
#include "places.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numbers>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace cities {

namespace {

constexpr std::string_view usual_files[] = {"/usr/share/zoneinfo/zone1970.tab",
                                            "/usr/share/lib/zoneinfo/tab/zone1970.tab",
                                            "/usr/lib/zoneinfo/zone1970.tab", "/usr/share/zoneinfo/zone.tab"};

std::string usual_file() {
  for (std::string_view file : usual_files)
    if (std::filesystem::exists(file)) return std::string(file);
  throw catenary::Error(
      fmt::format("01_cities reads the time-zone table of the package tzdata, and there is no {}. Install tzdata, or "
                  "name a table with --data FILE.",
                  usual_files[0]));
}

/// Degrees from [+-]DDMM, [+-]DDDMM or with two more digits of seconds (ISO 6709).
std::optional<double> degrees(std::string_view text, size_t degree_digits, double most) {
  std::string_view digits = text.substr(1);
  if (digits.size() != degree_digits + 2 && digits.size() != degree_digits + 4) return {};
  if (!std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) return {};
  auto number = [&](size_t first, size_t count) {
    double n = 0;
    for (char c : digits.substr(first, count)) n = 10 * n + (c - '0');
    return n;
  };
  double minutes = number(degree_digits, 2),
         seconds = digits.size() > degree_digits + 2 ? number(degree_digits + 2, 2) : 0;
  double value = number(0, degree_digits) + minutes / 60 + seconds / 3600;
  if (minutes >= 60 || seconds >= 60 || value > most) return {};
  return text[0] == '-' ? -value : value;
}

std::optional<std::array<float, 3>> point_of(std::string_view coordinates) {
  size_t second = coordinates.find_first_of("+-", 1);
  if (coordinates.empty() || second == std::string_view::npos || (coordinates[0] != '+' && coordinates[0] != '-'))
    return {};
  auto latitude = degrees(coordinates.substr(0, second), 2, 90),
       longitude = degrees(coordinates.substr(second), 3, 180);
  if (!latitude || !longitude) return {};
  double phi = *latitude * std::numbers::pi / 180, lambda = *longitude * std::numbers::pi / 180;
  return std::array{float(std::cos(phi) * std::cos(lambda)), float(std::cos(phi) * std::sin(lambda)),
                    float(std::sin(phi))};
}

}  // namespace

Places read_places(std::string file) {
  if (file.empty()) file = usual_file();
  std::ifstream in(file);
  if (!in) throw catenary::Error(fmt::format("01_cities cannot read the time-zone table '{}'.", file));

  std::vector<std::pair<std::string, Place>> rows;
  std::map<std::string, int32_t> number;  // by region
  std::string line;
  for (int at = 1; std::getline(in, line); ++at) {
    if (line.empty() || line[0] == '#') continue;
    size_t first = line.find('\t'), second = first == std::string::npos ? first : line.find('\t', first + 1);
    std::string zone =
        second == std::string::npos ? "" : line.substr(second + 1, line.find('\t', second + 1) - second - 1);
    size_t slash = zone.find('/');
    auto point = slash == std::string::npos ? std::nullopt
                                            : point_of(std::string_view(line).substr(first + 1, second - first - 1));
    if (!point)
      throw catenary::Error(
          fmt::format("{}:{}: expected country codes, coordinates such as -1203-07703 and a zone such as America/Lima, "
                      "separated by tabs; found '{}'.",
                      file, at, line));
    std::string place = zone.substr(zone.rfind('/') + 1);
    std::ranges::replace(place, '_', ' ');
    rows.push_back({zone.substr(0, slash), {std::move(place), *point, 0}});
    number[rows.back().first] = 0;
  }
  if (rows.size() < 2)
    throw catenary::Error(fmt::format("The time-zone table '{}' names fewer than two places.", file));

  Places all;
  for (auto& [region, index] : number) {
    index = int32_t(all.regions.size());
    all.regions.push_back(region);
  }
  for (auto& [region, place] : rows) {
    place.region = number[region];
    all.places.push_back(std::move(place));
  }
  return all;
}

}  // namespace cities
