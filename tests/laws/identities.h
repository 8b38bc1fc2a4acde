// The two identities that every process obeys, as one check.
#pragma once

#include <functional>

#include <catch2/catch.hpp>

#include <catenary/tests/laws/draws.h>
#include <catenary/tests/statistics.h>

namespace catenary::testing {

/// A number that two points of a space give, each by its elements.
using Statistic = std::function<double(const double* a, const double* b)>;

/// Draws (x_0, x_s, x_t) in two ways: forward 0 -> s and a transition s -> t, and forward 0 -> t with a bridge back to
/// s. Equal laws of (x_0, x_t) are Chapman-Kolmogorov, of (x_0, x_s) the bridge identity; the other pairs and the
/// triple show the bridge's dependence on both ends.
inline void check_identities(const Draws& draws, const Points& x0, double s, double t,
                             const std::vector<Statistic>& statistics) {
  size_t n = draws.size(), elements = x0.size() / n;
  Points there = draws.forward(x0, s, 101), end = draws.transition(there, s, t, 102);
  Points far = draws.forward(x0, t, 103), back = draws.bridge(x0, far, s, t, 104);
  auto values = [&](const Statistic& f, const Points& a, const Points& b) {
    std::vector<double> v(n);
    for (size_t i = 0; i < n; ++i) v[i] = f(&a[i * elements], &b[i * elements]);
    return v;
  };
  auto product = [](std::vector<double> a, const std::vector<double>& b) {
    for (size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
    return a;
  };
  for (const Statistic& f : statistics) {
    std::vector<double> start_middle[] = {values(f, x0, there), values(f, x0, back)};
    std::vector<double> middle_end[] = {values(f, there, end), values(f, back, far)};
    CHECK(std::abs(z_of_means(values(f, x0, end), values(f, x0, far))) < z_bound());
    CHECK(std::abs(z_of_means(start_middle[0], start_middle[1])) < z_bound());
    CHECK(std::abs(z_of_means(middle_end[0], middle_end[1])) < z_bound());
    CHECK(std::abs(z_of_means(product(start_middle[0], middle_end[0]), product(start_middle[1], middle_end[1]))) <
          z_bound());
  }
}

}  // namespace catenary::testing
