// The heat kernel of S^d, and Brownian motion there by its distances.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>

#include <catenary/tests/laws/draws.h>
#include <catenary/tests/statistics.h>

namespace catenary::testing {

/// log p and -d log p / dr.
struct Kernel {
  double log_density, pull;
};

// On S^d, by the Gegenbauer series with p = sum N_l R_l e^{-l (l + d - 1) v / 2} over the volume, R_l = C_l / C_l(1),
// N_l the number of harmonics, and d sin^{d-1} r R'_l by the identity R'_l(c) = l (l + d - 1) / d times the R_{l-1} of
// S^{d+2}. In so many digits, of which a small kernel beside the antipode, or in many dimensions, leaves some.
template <unsigned digits = 60>
Kernel exact_kernel(int d, double angle, double v) {
  using Real =
      boost::multiprecision::number<boost::multiprecision::cpp_bin_float<digits>, boost::multiprecision::et_off>;
  Real c = cos(Real(angle)), kernel = 1, slope = 0, number = 1;
  Real r = c, before = 1, up = 1, up_before = 0;
  for (int l = 1; l < 3 || l * (l + d - 1) * v < 300 + (d > 32 ? 4 * d : 0); ++l) {
    number *= Real(2 * l + d - 1) / (2 * l + d - 3) * (l + d - 2) / l;
    Real weight = number * exp(-Real(v) * l * (l + d - 1) / 2);
    kernel += weight * r;
    slope += weight * l * (l + d - 1) / d * up;
    Real next = ((2 * l + d - 1) * c * r - l * before) / (l + d - 1);
    Real next_up = ((2 * l + d - 1) * c * up - (l - 1) * up_before) / (l + d);
    before = std::exchange(r, next);
    up_before = std::exchange(up, next_up);
  }
  double log_volume = std::log(2) + (d + 1) / 2.0 * std::log(std::numbers::pi) - std::lgamma((d + 1) / 2.0);
  return {double(log(kernel)) - log_volume, double(sin(Real(angle)) * slope / kernel)};
}

// A point of S^d and one at an angle from it.
inline Points away(int d, double angle) {
  Points x(size_t(d) + 1);
  x[0] = std::cos(angle);
  x[1] = std::sin(angle);
  return x;
}

/// Cosines between points, or of all to one.
inline std::vector<double> cosines(const Points& x, const Points& y, size_t elements) {
  const size_t points = std::max(x.size(), y.size());
  std::vector<double> result(points / elements);
  for (size_t i = 0; i < points; ++i) result[i / elements] += x[i % x.size()] * y[i % y.size()];
  return result;
}

/// The distribution function of the cosine to the start, and by it of a point whose density at the angle r is
/// `density`, up to a factor, on S^d.
inline std::function<double(double)> distribution_of_cosines(int d, const std::function<double(double r)>& density) {
  constexpr int cells = 1000;
  std::vector<double> beyond(cells + 1);  // The share of angles above.
  for (int i = cells; i-- > 0;) {
    const double r = std::numbers::pi * (i + 0.5) / cells;
    beyond[size_t(i)] = beyond[size_t(i) + 1] + density(r) * std::pow(std::sin(r), d - 1);
  }
  return [beyond](double cosine) {
    const double place = std::min(std::acos(std::clamp(cosine, -1.0, 1.0)) / std::numbers::pi * cells, cells - 1e-9);
    const auto cell = size_t(place);
    return std::lerp(beyond[cell], beyond[cell + 1], place - double(cell)) / beyond[0];
  };
}

/// The kernel of variance v by the cosine, interpolated.
inline std::function<double(double)> kernel_by_cosine(int d, double v) {
  constexpr int nodes = 400;
  std::vector<double> logs;
  for (int i = 0; i <= nodes; ++i) logs.push_back(exact_kernel(d, i * std::numbers::pi / nodes, v).log_density);
  return [logs](double cosine) {
    const double place = std::acos(std::clamp(cosine, -1.0, 1.0)) / std::numbers::pi * nodes;
    const double whole = std::min(std::floor(place), nodes - 1.0);
    return std::exp(std::lerp(logs[size_t(whole)], logs[size_t(whole) + 1], place - whole));
  };
}

/// How far cosines are from their law, over the most that chance and the cells allow.
inline double off_the_cosines(const std::vector<double>& cosines, const std::function<double(double)>& law) {
  return ks_distance(cosines, law) / (ks_bound(cosines.size()) + 1e-4);
}

/// Draws increments of variance v from a point.
inline double off_the_increment_of_a_higher_sphere(int d, const std::function<Points(const Points& x0)>& draw,
                                                   double v) {
  const Points x0 = away(d, 0), x = draw(x0);
  auto kernel = kernel_by_cosine(d, v);
  return off_the_cosines(cosines(x0, x, size_t(d) + 1),
                         distribution_of_cosines(d, [&](double r) { return kernel(std::cos(r)); }));
}

/// Ends, and variances on S^4, between which rejections matter most: beside the antipode, where the parts are as long,
/// and where triangles are large.
inline constexpr std::tuple<double, double, double> higher_sphere_rejections[] = {
    {2.0, 0.9, 0.95}, {2.9, 0.5, 0.5}, {3.0, 0.6, 0.25}, {std::numbers::pi, 0.4, 0.95}};

/// Draws bridges between two points at variance s of t. Their distances to one end have the density of its kernel times
/// the mean of the other's over the sphere of that radius.
inline double off_the_bridge_of_a_higher_sphere(
    int d, const std::function<Points(const Points& x0, const Points& xt, double s, double t)>& bridge, double apart,
    double first, double second) {
  const Points x0 = away(d, 0), xt = away(d, apart), x = bridge(x0, xt, first, first + second);
  const auto early = kernel_by_cosine(d, first), late = kernel_by_cosine(d, second);
  auto law = [&](const auto& from, const auto& to) {
    return distribution_of_cosines(d, [&](double r) {
      constexpr int around = 60;
      double mean = 0;
      for (int j = 0; j < around; ++j) {
        const double alpha = std::numbers::pi * (j + 0.5) / around;
        mean += std::pow(std::sin(alpha), d - 2) *
                to(std::cos(r) * std::cos(apart) + std::sin(r) * std::sin(apart) * std::cos(alpha));
      }
      return from(std::cos(r)) * mean;
    });
  };
  return std::max(off_the_cosines(cosines(x0, x, size_t(d) + 1), law(early, late)),
                  off_the_cosines(cosines(xt, x, size_t(d) + 1), law(late, early)));
}

}  // namespace catenary::testing
