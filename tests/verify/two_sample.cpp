// The comparison of samples: as many alarms as it says where laws agree, and alarms where they do not.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>

#include <catenary/verify/two_sample.h>

using namespace catenary::verifying;
using Catch::Matchers::Contains;
using catenary::ThreadPool;

namespace {

using Draw = std::function<double(std::mt19937_64&)>;

TwoSample::Worst compare(const Draw& a, const Draw& b, int n, uint64_t seed, double allowed = 0,
                         const std::vector<int>& whole = {}) {
  std::mt19937_64 random(seed);
  std::vector<double> of_a, of_b;
  for (int i = 0; i < n; ++i) {
    of_a.push_back(a(random));
    of_b.push_back(b(random));
  }
  ThreadPool pool(2);
  TwoSample sample({"x"}, 1, whole);
  sample.add(pool, n, [&](int64_t first, double* to_a, double* to_b) {
    std::copy_n(&of_a[size_t(first)], TwoSample::tile, to_a);
    std::copy_n(&of_b[size_t(first)], TwoSample::tile, to_b);
  });
  return sample.worst("by a", "by b", allowed);
}

Draw gaussian(double mean, double deviation) {
  return [=](std::mt19937_64& r) { return std::normal_distribution<>(mean, deviation)(r); };
}

}  // namespace

TEST_CASE("sigmas of probabilities and of chi-squares") {
  CHECK(sigmas_of_probability(0.05) == Approx(1.959964).epsilon(1e-6));
  CHECK(sigmas_of_probability(1) == 0);
  for (double degrees : {1.0, 10.0, 65.0})
    for (double p : {1e-3, 1e-9}) {
      double x = quantile(complement(boost::math::chi_squared(degrees), p));
      CHECK(sigmas_of_chi_square(x, degrees) == Approx(sigmas_of_probability(p)).epsilon(1e-9));
    }
  // Beyond what a double holds the approximation goes on.
  CHECK(sigmas_of_chi_square(1e5, 65) > sigmas_of_chi_square(1e4, 65));
  CHECK(std::isfinite(sigmas_of_chi_square(1e5, 65)));
  CHECK(std::isinf(sigmas_of_chi_square(std::numeric_limits<double>::infinity(), 65)));
}

TEST_CASE("equal laws: few alarms") {
  // Three comparisons a run at the level 1 % each: at most 3 % of runs.
  int alarms = 0;
  const int runs = 400;
  double bound = sigmas_of_probability(0.01);
  for (int i = 0; i < runs; ++i) alarms += compare(gaussian(1, 2), gaussian(1, 2), 4096, uint64_t(i)).sigmas > bound;
  CHECK(alarms < 0.03 * runs + 5 * std::sqrt(0.03 * runs));
  CHECK(alarms > 0);
}

TEST_CASE("laws that differ, by mean, variance or shape") {
  const int n = 50 * 4096;
  CHECK_THAT(compare(gaussian(0.05, 1), gaussian(0, 1), n, 1).sentence,
             Contains("the mean of x is 0.05") && Contains("standard deviations apart"));
  CHECK_THAT(compare(gaussian(0, 1.05), gaussian(0, 1), n, 1).sentence,
             Contains("the variance of x is ") && Contains("larger by a than by b"));
  CHECK_THAT(compare(gaussian(0, 2), gaussian(0, 1), n, 1).sentence,
             Contains("the variance of x is 3.9") || Contains("the variance of x is 4"));
  auto coin = [](std::mt19937_64& r) { return std::bernoulli_distribution()(r) ? 1.0 : -1.0; };
  CHECK_THAT(compare(coin, gaussian(0, 1), n, 1).sentence, Contains("x lies ") && Contains("% of the samples by a"));
}

TEST_CASE("what is allowed is not reported") {
  const int n = 50 * 4096;
  CHECK(compare(gaussian(0.05, 1), gaussian(0, 1), n, 1).sigmas > 10);
  CHECK(compare(gaussian(0.05, 1), gaussian(0, 1), n, 1, 0.1).sigmas < 1);
  CHECK(compare(gaussian(0.2, 1), gaussian(0, 1), n, 1, 0.1).sigmas > 10);
}

TEST_CASE("a value that is not finite is reported as such") {
  auto bad = [i = 0](std::mt19937_64& r) mutable {
    return ++i == 2000 ? std::nan("") : std::normal_distribution<>()(r);
  };
  auto worst = compare(bad, gaussian(0, 1), 4096, 1);
  CHECK(std::isinf(worst.sigmas));
  CHECK(worst.sentence == "x is not a finite number at some sample");
}

TEST_CASE("whole numbers have a cell each") {
  auto die = [](std::vector<double> weights) {
    return [weights](std::mt19937_64& r) {
      return double(std::discrete_distribution<>(weights.begin(), weights.end())(r));
    };
  };
  CHECK(compare(die({1, 1, 1, 1}), die({1, 1, 1, 1}), 25 * 4096, 1, 0, {4}).sigmas < 5);
  // Equal means and variances: only the shares of the cells tell.
  auto worst = compare(die({2, 1, 1, 2}), die({3, 0, 0, 3}), 4096, 1, 0, {4});
  CHECK(worst.sigmas > 10);
}
