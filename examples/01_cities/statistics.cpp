// Distances, counts and chi-square.
#include "statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace cities {

namespace {

constexpr double earth_radius = 6371;  // km

struct Nearest {
  size_t place;
  double distance;  // radians
};

Nearest nearest_place(const float* x, const Places& data) {
  Nearest best{0, 9};
  for (size_t i = 0; i < data.places.size(); ++i) {
    const auto& y = data.places[i].point;
    double square = 0;
    for (size_t k = 0; k < 3; ++k) square += (double(x[k]) - y[k]) * (double(x[k]) - y[k]);
    if (square < best.distance) best = {i, square};
  }
  return {best.place, 2 * std::asin(std::min(1.0, std::sqrt(best.distance) / 2))};
}

Mean mean_of(double sum, double squares, double n) {
  double mean = sum / n;
  return {mean, std::sqrt(std::max(0.0, squares / n - mean * mean) / n)};
}

}  // namespace

Nearness nearness(const catenary::State& state, const Places& data) {
  auto places = state["place"].values<const float>();
  auto regions = state["region"].values<const int32_t>();
  double distance = 0, squares = 0, same = 0, n = double(regions.size());
  for (size_t i = 0; i < regions.size(); ++i) {
    Nearest near = nearest_place(&places[3 * i], data);
    distance += near.distance * earth_radius;
    squares += near.distance * near.distance * earth_radius * earth_radius;
    same += data.places[near.place].region == regions[i];
  }
  return {mean_of(distance, squares, n), mean_of(same, same, n)};
}

std::vector<int64_t> count_places(const catenary::State& state, const Places& data) {
  auto places = state["place"].values<const float>();
  std::vector<int64_t> counts(data.places.size());
  for (size_t i = 0; i < places.size(); i += 3) ++counts[nearest_place(&places[i], data).place];
  return counts;
}

std::vector<int64_t> count_regions(const catenary::State& state, const Places& data) {
  std::vector<int64_t> counts(data.regions.size());
  for (int32_t region : state["region"].values<const int32_t>()) ++counts[size_t(region)];
  return counts;
}

ChiSquare chi_square(std::span<const int64_t> counts, std::span<const double> shares) {
  double n = double(std::accumulate(counts.begin(), counts.end(), int64_t{0})), value = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    double expected = n * shares[i], difference = double(counts[i]) - expected;
    value += difference * difference / expected;
  }
  if (counts.size() < 2) return {0, 1, 0};
  double freedom = double(counts.size()) - 1, spread = 2 / (9 * freedom);
  double z = (std::cbrt(value / freedom) - (1 - spread)) / std::sqrt(spread);
  return {value, std::erfc(z / std::sqrt(2.0)) / 2, int(freedom)};
}

}  // namespace cities
