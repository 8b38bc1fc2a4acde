// Linear Gaussian processes against their closed forms.
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/linear_diffusion.h>
#include <catenary/stdlib/noise_schedules.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// Whole distribution, mean and variance against N(mean, variance).
void check_normal(const Points& x, double mean, double variance) {
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

// Accumulated noise for theta = .7, a0 = .3, w = (.2, .1), b = (-.5, .3): oracles.
TEST_CASE("Ornstein-Uhlenbeck with a schedule: accumulated noise") {
  Engine engine = GENERATE(from_range(engines()));
  ScheduledOrnsteinUhlenbeck process(
      line, {.theta = 0.7, .variance = 0.3, .terms = {{.weight = 0.2, .rate = -0.5}, {.weight = 0.1, .rate = 0.3}}});
  Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
  Evaluator variance({square(process.moments(s, t).deviation)});
  for (auto [from, to, noise] : {std::tuple(0.0, 0.4, .1796114029), {0.4, 1.0, .2287863962}, {0.0, 1.0, .3063265290}}) {
    CHECK(variance({{"s", {from}}, {"t", {to}}})[0][0] == Approx(noise).epsilon(3e-7));
    auto draws = draws_of(engine, process);
    check_normal(draws->transition(draws->repeated({2}), from, to, 1), 2 * std::exp(-0.7 * (to - from)), noise);
  }
  auto draws = draws_of(engine, process, 1);
  check_normal(draws->prior(2), 0, .3063265290);
}

// With alpha-bar a: mean [sqrt(a_s) (1 - r) x_0 + sqrt(r) (1 - a_s) x_t] / (1 - a_t), variance (1 - a_s)(1 - r) / (1 - a_t),
// r = a_t / a_s.
TEST_CASE("variance preserving: forward, bridge, prior") {
  Engine engine = GENERATE(from_range(engines()));
  struct Named {
    std::unique_ptr<Draws> draws;
    std::function<double(double)> alpha_bar;
  };
  Named cases[] = {
      {draws_of(engine, VariancePreserving(line)), [](double t) { return std::exp(-t * (0.1 + 19.9 * t / 2)); }},
      {draws_of(engine, CosineVariancePreserving(line)), [](double t) {
         auto f = [](double u) { return std::pow(std::cos((u + 0.008) / 1.008 * std::acos(-1) / 2), 2); };
         return f(t) / f(0);
       }}};
  for (const auto& [draws, alpha_bar] : cases) {
    Points start = draws->repeated({1.5}), end = draws->repeated({-0.5});
    for (auto [from, to] : {std::pair(0.25, 0.5), {0.0625, 0.75}, {0.74, 0.75}, {1e-4, 2e-4}}) {
      double s = double(float(from)), t = double(float(to));
      CAPTURE(s, t);
      double as = alpha_bar(s), at = alpha_bar(t), r = at / as;
      check_normal(draws->forward(start, t, 1), 1.5 * std::sqrt(at), 1 - at);
      // An end that is not far out.
      end = draws->repeated({1.5 * std::sqrt(at) - std::sqrt(1 - at)});
      double x = double(float(end[0]));
      check_normal(draws->bridge(start, draws->repeated({x}), s, t, 2),
                   (std::sqrt(as) * (1 - r) * 1.5 + std::sqrt(r) * (1 - as) * x) / (1 - at),
                   (1 - as) * (1 - r) / (1 - at));
    }
    check_normal(draws->prior(3), 0, 1);
  }
  // At the end of the cosine nothing is left, and beyond all is new.
  const Draws& cosine = *cases[1].draws;
  Points far = cosine.repeated({1000});
  check_normal(cosine.forward(far, 1, 4), 0, 1);
  check_normal(cosine.transition(far, 1, 1.5, 5), 0, 1);
  check_normal(cosine.bridge(far, far, 1, 1.5, 6), 0, 1);
}

TEST_CASE("sub-variance-preserving, variance exploding, elucidated: forward and prior") {
  Engine engine = GENERATE(from_range(engines()));
  auto less = draws_of(engine, SubVariancePreserving(line)), more = draws_of(engine, VarianceExploding(line), 1);
  auto level = draws_of(engine, Elucidated(line), 80);
  for (double time : {1e-3, 0.1, 0.6, 1.0}) {
    double t = double(float(time)), passed = t * (0.1 + 19.9 * t / 2);
    CAPTURE(t);
    check_normal(less->forward(less->repeated({2}), t, 1), 2 * std::exp(-passed / 2), std::pow(std::expm1(-passed), 2));
    check_normal(more->forward(more->repeated({2}), t, 1), 2, 1e-4 * std::expm1(2 * t * std::log(5000)));
    check_normal(level->forward(level->repeated({2}), t, 1), 2, t * t);
  }
  check_normal(less->prior(2), 0, 1);
  check_normal(more->prior(2), 0, 2500 - 1e-4);
  check_normal(level->prior(2), 0, 6400);
}

TEST_CASE("coordinates of their own") {
  Engine engine = GENERATE(from_range(engines()));
  auto coordinate = [](const Points& x, size_t k) {
    Points result;
    for (size_t i = k; i < x.size(); i += 2) result.push_back(x[i]);
    return result;
  };
  auto draws =
      draws_of(engine, OrnsteinUhlenbeck(Euclidean({2}), {.theta = {0.5, 2}, .mean = {1, -3}, .sigma = {1, 0.7}}));
  auto drifts = draws_of(engine, Brownian(Euclidean({2}), {.rate = {1, 4}, .drift = {0, -2}}));
  auto own = draws_of(engine, LinearDiffusion(Euclidean({2}), {.drift = [](Expr) { return constant({-0.5, -2}, {2}); },
                                                               .offset = [](Expr) { return constant({0.5, -6}, {2}); },
                                                               .noise = [](Expr) { return constant({1, 0.7}, {2}); }}));
  for (const auto* d : {&draws, &own}) {
    Points x = (*d)->forward((*d)->repeated({0, 2}, 2), 0.5, 1);
    check_normal(coordinate(x, 0), 1 - std::exp(-0.25), -std::expm1(-0.5));
    check_normal(coordinate(x, 1), -3 + 5 * std::exp(-1.0), -0.49 / 4 * std::expm1(-2.0));
  }
  Points stationary = draws->prior(2), moved = drifts->forward(drifts->repeated({0, 1}, 2), 0.5, 1);
  check_normal(coordinate(stationary, 0), 1, 1);
  check_normal(coordinate(stationary, 1), -3, 0.49 / 4);
  check_normal(coordinate(moved, 0), 0, 0.5);
  check_normal(coordinate(moved, 1), 0, 2);
  // The bridge of Brownian motion knows no drift.
  Points between = drifts->bridge(drifts->repeated({0, 1}, 2), drifts->repeated({3, 5}, 2), 0.25, 1, 3);
  check_normal(coordinate(between, 0), 0.75, 0.1875);
  check_normal(coordinate(between, 1), 2, 0.75);
}

TEST_CASE("covariance: whitened, draws are standard normal") {
  Engine engine = GENERATE(from_range(engines()));
  // L = [[2, 0], [1, 0.5]].
  auto draws = draws_of(
      engine, OrnsteinUhlenbeck(Euclidean({2, 1}), {.theta = 0.5, .mean = {1, 2}}, Covariance({4, 2, 2, 1.25})), 8);
  auto check_white = [](const Points& x, double m0, double m1, double variance) {
    Points a, b, products;
    for (size_t i = 0; i < x.size(); i += 2) {
      a.push_back((x[i] - m0) / 2);
      b.push_back((x[i + 1] - m1 - a.back()) / 0.5);
      products.push_back(a.back() * b.back());
    }
    check_normal(a, 0, variance);
    check_normal(b, 0, variance);
    CHECK(std::abs(z_of_mean(products, 0)) < z_bound());
  };
  double variance = -std::expm1(-0.75), decay = std::exp(-0.375);
  check_white(draws->forward(draws->repeated({0, 0}, 2), 0.75, 1), 1 - decay, 2 - 2 * decay, variance);
  check_white(draws->prior(2), 1, 2, 1);
  double whole = std::sinh(0.5), first = std::sinh(0.125), rest = std::sinh(0.375);
  check_white(draws->bridge(draws->repeated({2, 2}, 2), draws->repeated({0, 2}, 2), 0.25, 1, 3),
              1 + (rest - first) / whole, 2, 2 * first * rest / whole);
  // Density: of w = L^{-1} (x - mean) = (1, -1) deviations.
  double d = std::sqrt(variance);
  Points at = draws->repeated({1 - decay + 2 * d, 2 - 2 * decay + 0.5 * d}, 2);
  double expected = -1 - std::log(variance) - std::log(2 * std::acos(-1));
  CHECK(draws->log_density(draws->repeated({0, 0}, 2), at, 0.75)[0] == Approx(expected).epsilon(1e-5));
  // Its gradient: -L^{-T} w / deviation.
  Points score = draws->score(draws->repeated({0, 0}, 2), at, 0.75);
  CHECK(score[0] == Approx(-1.5 / d).epsilon(1e-5));
  CHECK(score[1] == Approx(2 / d).epsilon(1e-5));
}

TEST_CASE("molecules: the mean over atoms stays 0, and what is free is normal") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, OrnsteinUhlenbeck(CenteredEuclidean({3, 1}), {.theta = 0.5, .mean = {1, -1, 0}}), 8);
  Points start = draws->repeated({2, -3, 1}, 3);
  double decay = std::exp(-0.5), variance = -std::expm1(-1.0);
  auto check_molecules = [](const Points& x, double along, double across, double variance) {
    Points a, b;
    double off = 0;
    for (size_t i = 0; i < x.size(); i += 3) {
      off = std::max(off, std::abs(x[i] + x[i + 1] + x[i + 2]));
      a.push_back((x[i] - x[i + 1]) / std::sqrt(2.0));
      b.push_back((x[i] + x[i + 1] - 2 * x[i + 2]) / std::sqrt(6.0));
    }
    CHECK(off < 5e-6);
    check_normal(a, along, variance);
    check_normal(b, across, variance);
  };
  double along = (2 + 3 * decay) / std::sqrt(2.0), across = -3 * decay / std::sqrt(6.0);
  check_molecules(draws->forward(start, 1, 1), along, across, variance);
  check_molecules(draws->prior(2), std::sqrt(2.0), 0, 1);
  // In two dimensions, not three.
  CHECK(draws->log_density(start, draws->repeated({1 + decay, -1 - 2 * decay, decay}, 3), 1)[0] ==
        Approx(-std::log(2 * std::acos(-1) * variance)).epsilon(1e-5));
}
