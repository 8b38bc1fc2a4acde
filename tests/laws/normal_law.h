// Draws against a normal law.
#pragma once

#include <cmath>

#include <catch2/catch.hpp>

#include <catenary/tests/laws/draws.h>
#include <catenary/tests/statistics.h>

namespace catenary::testing {

/// Whole distribution, mean and variance against N(mean, variance).
inline void check_normal(const Points& x, double mean, double variance) {
  CAPTURE(mean, variance);
  double deviation = std::sqrt(variance);
  std::vector<double> scaled, squares;
  for (double v : x) {
    scaled.push_back((v - mean) / deviation);
    squares.push_back(scaled.back() * scaled.back());
  }
  CHECK(ks_distance(scaled, normal_cdf) < ks_bound(x.size()));
  CHECK(std::abs(z_of_mean(scaled, 0)) < z_bound());
  CHECK(std::abs(z_of_mean(squares, 1)) < z_bound());
}

}  // namespace catenary::testing
