// Laws on categories in double precision: matrices of transitions, bridges, and counts of draws against them.
#pragma once

#include <catch2/catch.hpp>

#include <catenary/tests/laws/draws.h>
#include <catenary/tests/statistics.h>

namespace catenary::testing {

using Matrix = std::vector<std::vector<double>>;

/// Chi-square over the categories of positive probability; the others must not occur. Categories that are expected
/// fewer than 10 times are taken together.
inline void check_categories(const Points& x, const std::vector<double>& law) {
  std::vector<double> counts = count(x, law.size()), observed, expected;
  double total = 0, rest = 0, rest_expected = 0;
  for (double p : law) total += p;
  for (size_t k = 0; k < law.size(); ++k) {
    double often = law[k] / total * double(x.size());
    if (law[k] == 0) {
      CHECK(counts[k] == 0);
    } else if (often < 10) {
      rest += counts[k];
      rest_expected += often;
    } else {
      observed.push_back(counts[k]);
      expected.push_back(often);
    }
  }
  if (rest_expected >= 10) {
    observed.push_back(rest);
    expected.push_back(rest_expected);
  }
  if (expected.size() > 1) CHECK(chi_square(observed, expected) < chi_square_bound(expected.size() - 1));
}

inline Matrix product(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), std::vector<double>(a.size()));
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t m = 0; m < a.size(); ++m)
      for (size_t j = 0; j < a.size(); ++j) c[i][j] += a[i][m] * b[m][j];
  return c;
}

/// The law of x_s given x_0 = from and x_t = to, unnormalised: before and after are P_s and P_{t-s}.
inline std::vector<double> bridge_law(const Matrix& before, const Matrix& after, int from, int to) {
  std::vector<double> law = before[size_t(from)];
  for (size_t k = 0; k < law.size(); ++k) law[k] *= after[k][size_t(to)];
  return law;
}

/// The law of x_s where x_0 comes with the weights `start` and x_t = to: the bridges, each by itself normalised.
inline std::vector<double> step_law(const Matrix& before, const Matrix& after, const std::vector<double>& start,
                                    int to) {
  std::vector<double> law(start.size());
  for (size_t y = 0; y < start.size(); ++y) {
    if (start[y] == 0) continue;
    std::vector<double> bridge = bridge_law(before, after, int(y), to);
    double total = 0;
    for (double p : bridge) total += p;
    for (size_t k = 0; k < law.size(); ++k) law[k] += start[y] * bridge[k] / total;
  }
  return law;
}

inline std::vector<double> softmax(const std::vector<double>& logits) {
  double highest = *std::max_element(logits.begin(), logits.end()), total = 0;
  std::vector<double> law;
  for (double l : logits) total += law.emplace_back(std::exp(l - highest));
  for (double& p : law) p /= total;
  return law;
}

}  // namespace catenary::testing
