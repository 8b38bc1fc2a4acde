// Statistical checks: each statistic comes with the bound that a correct sampler exceeds with one fixed probability.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <stdexcept>
#include <vector>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>

namespace catenary::testing {

/// The probability that a check of a correct sampler fails. Seeds are fixed: it is paid once, when draws change.
inline constexpr double false_alarm = 1e-6;

/// The bound on |z| of a standard normal statistic.
inline double z_bound() { return quantile(complement(boost::math::normal(), false_alarm / 2)); }

/// z of a mean against its expected value, the deviation taken from the values. Equal values must hit it exactly.
inline double z_of_mean(const std::vector<double>& values, double expected) {
  double n = double(values.size()), sum = 0, squares = 0;
  for (double v : values) sum += v - expected;
  double mean = sum / n;
  for (double v : values) squares += (v - expected - mean) * (v - expected - mean);
  if (squares == 0) return mean == 0 ? 0 : std::numeric_limits<double>::infinity();
  return mean / std::sqrt(squares / (n - 1) / n);
}

/// Whether a mean is the expected one, but for an error of at most `allowed` and chance.
inline bool within(const std::vector<double>& values, double expected, double allowed) {
  return z_of_mean(values, expected - allowed) > -z_bound() && z_of_mean(values, expected + allowed) < z_bound();
}

/// z of the difference of two means.
inline double z_of_means(const std::vector<double>& a, const std::vector<double>& b) {
  auto moments = [](const std::vector<double>& v) {
    double n = double(v.size()), sum = 0, squares = 0;
    for (double x : v) sum += x;
    for (double x : v) squares += (x - sum / n) * (x - sum / n);
    return std::pair(sum / n, squares / (n - 1) / n);
  };
  auto [mean_a, variance_a] = moments(a);
  auto [mean_b, variance_b] = moments(b);
  return (mean_a - mean_b) / std::sqrt(variance_a + variance_b);
}

/// Chi-square of counts against expected counts. Each expected count must be 10 or more: merge cells until it is.
inline double chi_square(const std::vector<double>& observed, const std::vector<double>& expected) {
  double total = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] < 10) throw std::logic_error("chi_square: a cell expects fewer than 10");
    total += (observed.at(i) - expected[i]) * (observed[i] - expected[i]) / expected[i];
  }
  return total;
}

inline double chi_square_bound(size_t degrees) {
  return quantile(complement(boost::math::chi_squared(double(degrees)), false_alarm));
}

/// How many values fall on each of 0 .. cells - 1.
inline std::vector<double> count(const std::vector<double>& values, size_t cells) {
  std::vector<double> counts(cells);
  for (double v : values) ++counts.at(size_t(v));
  return counts;
}

/// The largest distance between the distribution function of the values and the one given (Kolmogorov and Smirnov); 1
/// if one of them has no place in it. Not by sorting: of the values whose function falls between i / n and (i + 1) / n
/// only the least and the largest can lie farthest. Gonzalez, Sahni and Franta (1977).
inline double ks_distance(const std::vector<double>& values, const std::function<double(double)>& distribution) {
  struct Cell {
    double least = 2, largest = -1;
    int64_t count = 0;
  };
  std::vector<Cell> cells(values.size());
  const double n = double(values.size()), rounding = 1e-9;
  for (double value : values) {
    const double f = distribution(value);
    if (!(f > -rounding && f < 1 + rounding)) return 1;
    Cell& cell = cells[std::min(size_t(std::max(f, 0.0) * n), cells.size() - 1)];
    cell = {std::min(cell.least, f), std::max(cell.largest, f), cell.count + 1};
  }
  double below = 0, farthest = 0;
  for (const Cell& cell : cells) {
    if (cell.count == 0) continue;
    const double through = below + double(cell.count);
    farthest = std::max({farthest, cell.least - below / n, through / n - cell.largest});
    below = through;
  }
  return farthest;
}

/// Its bound: P(distance > d) <= 2 exp(-2 n d^2). Massart, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz
/// inequality" (1990).
inline double ks_bound(size_t n) { return std::sqrt(-std::log(false_alarm / 2) / (2 * double(n))); }

/// How far the tails are from the distribution given: its values where a share p of the values lies below, and above,
/// for p = 1e-4 and larger, over what chance allows each: the bound of Chernoff for a normal deviate. Where as few as
/// 400 values lie beyond, their law is skew, and false alarms are some twenty times as likely.
inline double off_in_the_tails(std::vector<double> values, const std::function<double(double)>& distribution) {
  const double n = double(values.size()), bound = std::sqrt(-2 * std::log(false_alarm / 16));
  double worst = 0;
  for (double p : {1e-4, 1e-3, 0.01, 0.1})
    for (double below : {p, 1 - p}) {
      if (p * n < 400) continue;
      const auto cut = values.begin() + int64_t(below * n);
      std::nth_element(values.begin(), cut, values.end());
      const double deviate = (distribution(*cut) - below) / std::sqrt(p * (1 - p) / n);
      worst = std::max(worst, std::abs(deviate) / bound);
    }
  return worst;
}

/// The largest distance between the distribution functions of two sets of values.
inline double ks_distance(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double largest = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    double x = std::min(a[i], b[j]);
    while (i < a.size() && a[i] <= x) ++i;
    while (j < b.size() && b[j] <= x) ++j;
    largest = std::max(largest, std::abs(double(i) / double(a.size()) - double(j) / double(b.size())));
  }
  return largest;
}

inline double ks_bound(size_t n, size_t m) {
  return std::sqrt(-std::log(false_alarm / 2) * double(n + m) / (2 * double(n) * double(m)));
}

inline double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

}  // namespace catenary::testing
