// Linear Gaussian processes against their closed forms.
#include <catch2/catch.hpp>

#include <catenary/stdlib/linear_gaussian.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// Whole distribution, mean and variance against N(mean, variance).
void check_normal(const Points& x, double mean, double variance) {
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

const Euclidean line({});

}  // namespace

TEST_CASE("Ornstein-Uhlenbeck: forward and prior") {
  Engine engine = GENERATE(from_range(engines()));
  auto centred = draws_of(engine, OrnsteinUhlenbeck(line, {.theta = 0.5}));
  auto moved = draws_of(engine, OrnsteinUhlenbeck(line, {.theta = 2, .mean = -3, .sigma = 0.7}));
  // At the smallest times 1 - exp would give variance 0 in floats.
  for (double t : {1e-30, 1e-8, 1e-6, 0.3, 5.0, 900.0}) {
    CAPTURE(t);
    double exact = double(float(t));
    check_normal(centred->forward(centred->repeated({0}), t, 1), 0, -std::expm1(-exact));
  }
  for (double t : {0.01, 0.3, 5.0, 900.0})
    check_normal(moved->forward(moved->repeated({2}), t, 2), -3 + 5 * std::exp(-2 * double(float(t))),
                 -0.49 / 4 * std::expm1(-4 * double(float(t))));
  check_normal(centred->prior(3), 0, 1);
  check_normal(moved->prior(3), -3, 0.49 / 4);
}

// Means and variances of the first two: oracles for theta = 1/2, sigma = 1, x_0 = 1, x_t = -1, t = 1.
TEST_CASE("Ornstein-Uhlenbeck: bridge") {
  Engine engine = GENERATE(from_range(engines()));
  auto centred = draws_of(engine, OrnsteinUhlenbeck(line, {.theta = 0.5}));
  Points start = centred->repeated({1}), end = centred->repeated({-1});
  check_normal(centred->bridge(start, end, 0.25, 1, 1), 0.4961190207, 0.1846358321);
  check_normal(centred->bridge(start, end, 0.5, 1, 2), 0, 0.2449186624);

  double theta = 2, mean = -3, sigma = 0.7;
  auto moved = draws_of(engine, OrnsteinUhlenbeck(line, {.theta = theta, .mean = mean, .sigma = sigma}));
  start = moved->repeated({2}), end = moved->repeated({-4});
  for (auto [s, t] : {std::pair(0.25, 1.0), {0.125, 8.0}, {7.875, 8.0}, {0.5, 0.53125}}) {
    CAPTURE(s, t);
    double rest = theta * (t - s), whole = std::sinh(theta * t);
    check_normal(moved->bridge(start, end, s, t, 3), mean + (5 * std::sinh(rest) - std::sinh(theta * s)) / whole,
                 sigma * sigma / theta * std::sinh(theta * s) * std::sinh(rest) / whole);
  }
  // Where sinh overflows, the middle has forgotten both ends.
  check_normal(moved->bridge(start, end, 400, 800, 4), mean, sigma * sigma / (2 * theta));
  // Where a product of two variances underflows.
  auto tiny = draws_of(engine, OrnsteinUhlenbeck(line, {.theta = theta, .sigma = sigma}));
  Points zero = tiny->repeated({0});
  check_normal(tiny->bridge(zero, zero, 0x1p-90, 0x1p-88, 5), 0, sigma * sigma * 0.75 * 0x1p-90);
}

TEST_CASE("Euclidean Brownian motion: forward, prior, bridge") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, Brownian(line, 2.0), 8);
  Points start = draws->repeated({1}), end = draws->repeated({4});
  check_normal(draws->forward(start, 3, 1), 1, 6);
  check_normal(draws->prior(2), 0, 16);
  check_normal(draws->bridge(start, end, 0.75, 3, 3), 1 + 3 * 0.25, 2 * 0.75 * 2.25 / 3);
  check_normal(draws->bridge(start, end, 2.75, 3, 4), 1 + 3 * 2.75 / 3, 2 * 2.75 * 0.25 / 3);
}

TEST_CASE("coordinates move independently") {
  auto draws = draws_of(GENERATE(from_range(engines())), OrnsteinUhlenbeck(Euclidean({2, 2}), {.mean = 1}));
  Points x = draws->forward(draws->repeated({0, 1, 2, 3}, 4), 0.5, 1);
  double decay = std::exp(-0.5), variance = -std::expm1(-1.0) / 2;
  std::vector<double> coordinates[4];
  for (size_t i = 0; i < x.size(); ++i) coordinates[i % 4].push_back(x[i]);
  for (int a = 0; a < 4; ++a) {
    double mean = 1 + decay * (a - 1);
    check_normal(coordinates[a], mean, variance);
    for (int b = 0; b < a; ++b) {
      std::vector<double> products;
      for (size_t i = 0; i < draws->size(); ++i)
        products.push_back((coordinates[a][i] - mean) * (coordinates[b][i] - 1 - decay * (b - 1)));
      CHECK(std::abs(z_of_mean(products, 0)) < z_bound());
    }
  }
}

TEST_CASE("linear Gaussian processes obey the identities of all processes") {
  Engine engine = GENERATE(from_range(engines()));
  std::vector<Statistic> statistics = {[](const double* a, const double* b) { return a[0] - b[0]; },
                                       [](const double* a, const double* b) { return a[0] * b[0]; },
                                       [](const double* a, const double* b) { return std::cos(2 * a[0] - b[0]); }};
  auto mover = draws_of(engine, OrnsteinUhlenbeck(line, {.theta = 1.5, .mean = 0.5, .sigma = 1.2}));
  check_identities(*mover, mover->repeated({-1, 0.5, 2}), 0.25, 0.75, statistics);
  check_identities(*mover, mover->repeated({-1, 0.5, 2}), 0.5, 0.53125, statistics);
  auto walker = draws_of(engine, Brownian(line, 0.8));
  check_identities(*walker, walker->repeated({-1, 0.5, 2}), 0.25, 0.75, statistics);
}
