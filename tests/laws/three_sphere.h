// The bridge of Brownian motion on the 3-sphere by its distances to both ends.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numbers>
#include <tuple>
#include <utility>
#include <vector>

#include <catenary/tests/laws/draws.h>
#include <catenary/tests/statistics.h>

namespace catenary::testing {

inline double dot4(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]; }
inline double quaternion_angle(const double* a, const double* b) {
  return std::acos(std::clamp(dot4(a, b), -1.0, 1.0));
}

inline std::vector<double> map(const Points& a, const Points& b, size_t elements,
                               const std::function<double(const double*, const double*)>& f) {
  std::vector<double> values(a.size() / elements);
  for (size_t i = 0; i < values.size(); ++i) values[i] = f(&a[i * elements], &b[i * elements]);
  return values;
}

// The distribution function of a density on [0, end], known up to a factor.
inline std::function<double(double)> distribution(double end, const std::function<double(double)>& density) {
  constexpr int cells = 20000;
  auto total = std::make_shared<std::vector<double>>(cells + 1);
  for (int i = 0; i < cells; ++i) (*total)[size_t(i) + 1] = (*total)[size_t(i)] + density(end * (i + 0.5) / cells);
  return [total, end](double x) {
    double place = std::clamp(x / end * cells, 0.0, double(cells) - 1e-9);
    auto cell = size_t(place);
    return ((*total)[cell] + (place - double(cell)) * ((*total)[cell + 1] - (*total)[cell])) / total->back();
  };
}

// S_v(r) of stdlib/three_sphere.h, by images, or by waves where v is large; up to a factor that depends on v.
inline double radial(double r, double v) {
  double sum = 0;
  if (v < 2)
    for (int k = -3; k <= 3; ++k)
      sum += (r + 2 * std::numbers::pi * k) *
             std::exp(-(r + 2 * std::numbers::pi * k) * (r + 2 * std::numbers::pi * k) / (2 * v));
  else
    for (int n = 1; n < 20; ++n) sum += n * std::exp(-(n * n - 1) * v / 2) * std::sin(n * r);
  return sum;
}
// The theta function whose derivative it is.
inline double theta(double r, double v) {
  double sum = 0;
  if (v < 2)
    for (int k = -3; k <= 3; ++k)
      sum += std::exp(-(r + 2 * std::numbers::pi * k) * (r + 2 * std::numbers::pi * k) / (2 * v));
  else
    for (int n = 1; n < 20; ++n) sum += std::exp(-(n * n - 1) * v / 2) * std::cos(n * r);
  return sum;
}

// Some unit quaternion at this angle from the identity.
inline Points at_angle(double angle) {
  double s = std::sin(angle);
  return {std::cos(angle), s * 2 / 7, s * -3 / 7, s * 6 / 7};
}

/// Angles between ends, and variances from the start and on to the end, at which bridges are looked at: on both sides
/// of the border of their own series, at 2, and up to the antipode.
inline constexpr double three_sphere_ends[] = {0.0, 0.4, 1.9, 2.1, 2.9, 3.1, 3.14, std::numbers::pi};
inline constexpr std::pair<double, double> three_sphere_variances[] = {
    {0.02, 0.02}, {0.01, 0.3}, {0.3, 0.01}, {0.5, 0.7}, {0.1, 1.0}, {0.75, 0.75}, {1.5, 0.4}, {3.0, 5.0}};

/// Ends, and variances, between which the rejections of that series matter most.
inline constexpr std::tuple<double, double, double> three_sphere_rejections[] = {
    {1.9, 0.75, 0.75}, {2.05, 0.05, 0.79}, {2.05, 0.75, 0.75},           {3.1, 0.05, 0.79},
    {3.1, 0.75, 0.75}, {3.14, 0.1, 0.75},  {std::numbers::pi, 0.1, 0.75}};

/// How far distances are from their distribution, over the most that chance allows.
inline double off(const std::vector<double>& distances, const std::function<double(double)>& law) {
  return std::max(ks_distance(distances, law) / ks_bound(distances.size()), off_in_the_tails(distances, law));
}

inline std::vector<double> distances_to(const Points& end, const Points& x) {
  std::vector<double> distances;
  for (size_t i = 0; i < x.size(); i += 4) distances.push_back(quaternion_angle(end.data(), &x[i]));
  return distances;
}

/// Draws increments of variance v from a point, whose distances a to it have the density S_v(a) sin a.
inline double off_the_increment_of_the_three_sphere(const std::function<Points(const Points& x0)>& draw, double v) {
  const Points x0 = {1, 0, 0, 0};
  return off(distances_to(x0, draw(x0)),
             distribution(std::numbers::pi, [=](double a) { return radial(a, v) * std::sin(a); }));
}

/// Draws a bridge between two points at variance s of t.
using DrawBridge = std::function<Points(const Points& x0, const Points& xt, double s, double t)>;

/// How far the distances to both ends are from their laws, over the most that chance allows. In bipolar coordinates the
/// law of the bridge is S_s(a) S_{t-s}(b) on |a - b| <= D <= a + b <= 2 pi - D, a and b the distances to both ends; so
/// that of a is S_s(a) (theta_{t-s}(D - a) - theta_{t-s}(D + a)).
inline double off_the_bridge_of_the_three_sphere(const DrawBridge& bridge, double apart, double first, double second) {
  constexpr double pi = std::numbers::pi;
  const Points x0 = {1, 0, 0, 0}, xt = apart == pi ? Points{-1, 0, 0, 0} : at_angle(apart);
  const Points x = bridge(x0, xt, first, first + second);
  auto law = [&](double s, double rest) {
    return distribution(pi, [=, apart = double(float(apart))](double a) {
      return std::max(radial(a, s) * (theta(apart - a, rest) - theta(apart + a, rest)), 0.0) +
             // At the ends of the range the difference vanishes: its slope remains.
             (apart < 1e-6        ? radial(a, s) * radial(a, rest) * 1e-3
              : apart > pi - 1e-4 ? radial(a, s) * radial(pi - a, rest) * 1e-3
                                  : 0);
    });
  };
  return std::max(off(distances_to(x0, x), law(first, second)), off(distances_to(xt, x), law(second, first)));
}

}  // namespace catenary::testing
