// Tori: wrapping with any period, and Brownian motion coordinate by coordinate.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/torus.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

}  // namespace

TEST_CASE("a torus wraps to floats of its interval") {
  std::vector<double> periods = {1, 2 * pi, 0.1, 12.34};
  Expr x = parameter("x", Type::f32, {4});
  for (Interval interval : {Interval::centred, Interval::from_zero}) {
    Torus torus(periods, interval);
    Evaluator wrap({torus.project(x)});
    for (double turns : {0.0, 0.25, 0.5, -0.5, 1.0, -1.0, 3.5, 100.0, -1000.5})
      for (int away = -3; away <= 3; ++away) {
        Values at;
        for (double p : periods) {
          auto v = float(turns * p);
          for (int i = 0; i < std::abs(away); ++i) v = std::nextafter(v, away < 0 ? -INFINITY : INFINITY);
          at.push_back(double(v));
        }
        Values w = wrap({{"x", at}})[0];
        for (size_t i = 0; i < 4; ++i) {
          CAPTURE(periods[i], at[i], w[i]);
          double begin = interval == Interval::centred ? -periods[i] / 2 : 0;
          CHECK((w[i] >= begin && w[i] < begin + periods[i]));
          CHECK(std::abs(std::sin(pi * (w[i] - at[i]) / periods[i])) < 2e-7);
        }
      }
  }
  // What lies in the interval stays.
  Values kept =
      evaluate({Torus({1, 1}, Interval::from_zero).project(parameter("x", Type::f32, {2}))}, {{"x", {0, 0.75}}})[0];
  CHECK(kept == Values{0, 0.75});
}

// As of the circle: rounding often chooses the period beside the right one for such data.
TEST_CASE("torus: draws are on it, whatever whole periods their data have") {
  const Interval interval = GENERATE(Interval::centred, Interval::from_zero);
  const double begin = interval == Interval::centred ? -0.5 : 0.0;
  std::vector<double> periods = {2 * pi, 0.3};
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Torus(periods, interval), 1.0));
  Points x0;
  for (int place = 0; size_t(place) < draws->size(); ++place)
    for (double period : periods) {
      auto x = float((place % 1000 - 500 + begin) * period);
      const int away = place / 1000 % 5 - 2;
      for (int i = 0; i < std::abs(away); ++i) x = std::nextafter(x, away < 0 ? -INFINITY : INFINITY);
      x0.push_back(double(x));
    }
  auto is_on_torus = [&](const Points& x) {
    for (size_t i = 0; i < x.size(); ++i) {
      const double from = begin * periods[i % 2];
      if (x[i] < from || x[i] >= from + periods[i % 2]) return false;
    }
    return true;
  };
  CHECK(is_on_torus(draws->forward(x0, 1e-30, 1)));
  CHECK(is_on_torus(draws->bridge(x0, x0, 1e-30, 2e-30, 1)));
}

TEST_CASE("torus: forward, prior and bridge are the circle's, in every coordinate") {
  std::vector<double> periods = {1, 3};
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Torus(periods, Interval::from_zero), 0.05));
  Points x0 = draws->repeated({0.9, 0.2}, 2);
  auto waves = [&](const Points& a, const Points& b, size_t i, int k) {
    std::vector<double> values;
    for (size_t j = i; j < a.size(); j += 2) values.push_back(std::cos(2 * pi * k * (b[j] - a[j]) / periods[i]));
    return values;
  };
  for (double t : {0.1, 1.0, 10.0}) {
    Points x = draws->forward(x0, t, 1), middle = draws->bridge(x0, x, 0.3 * t, t, 2);
    for (size_t i = 0; i < 2; ++i)
      for (int k = 1; k <= 2; ++k) {
        CAPTURE(t, i, k);
        double decay = 0.5 * 0.05 * std::pow(2 * pi * k / periods[i], 2);
        CHECK(std::abs(z_of_mean(waves(x0, x, i, k), std::exp(-decay * t))) < z_bound());
        CHECK(std::abs(z_of_mean(waves(x0, middle, i, k), std::exp(-decay * 0.3 * t))) < z_bound());
        CHECK(std::abs(z_of_mean(waves(middle, x, i, k), std::exp(-decay * 0.7 * t))) < z_bound());
      }
    for (size_t j = 0; j < x.size(); ++j) CHECK_FALSE((x[j] < 0 || x[j] >= periods[j % 2]));
  }
  Points x = draws->prior(3);
  for (size_t i = 0; i < 2; ++i) {
    std::vector<double> share;
    for (size_t j = i; j < x.size(); j += 2) share.push_back(x[j] / periods[i]);
    CHECK(ks_distance(share, [](double v) { return std::clamp(v, 0.0, 1.0); }) < ks_bound(share.size()));
  }
}

TEST_CASE("torus: log takes the negative way half a period round, and none where it stands") {
  Torus torus({1, 12.5, 2});
  Expr x = parameter("x", Type::f32, {3}), y = parameter("y", Type::f32, {3});
  auto way = Evaluator({torus.log(x, y), torus.log(y, x), torus.log(x, x)})(
      {{"x", {0.25, -6.25, -0.5}}, {"y", {-0.25, 0, 0.5}}});
  for (size_t k : {0, 1}) CHECK(way[k] == Values{-0.5, -6.25, -1});
  CHECK(way[2] == Values{0, 0, 0});
}

TEST_CASE("circle: log goes the shorter way, by however little, and none where it stands") {
  Circle circle;
  Expr x = parameter("x", Type::f32, {}), y = parameter("y", Type::f32, {});
  Evaluator ways({circle.log(x, y), circle.log(y, x), circle.log(x, x)});
  const double beyond = double(float(pi)), within = double(std::nextafter(float(pi), 0.0f));
  REQUIRE((beyond > pi && within < pi));
  auto at = [&](double there) { return ways({{"x", {0}}, {"y", {there}}}); };
  CHECK(at(within) == std::vector<Values>{{within}, {-within}, {0}});
  CHECK(at(beyond) == std::vector<Values>{{-within}, {within}, {0}});
}

TEST_CASE("torus: both ways half a period round are equally likely") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Torus({1, 4}), 1.0));
  for (double t : {0.02, 0.2}) {
    CAPTURE(t);
    Points x = draws->bridge(draws->repeated({0, 0}, 2), draws->repeated({-0.5, -2}, 2), t / 2, t, 1);
    for (size_t axis : {0, 1}) {
      std::vector<double> right;
      for (size_t i = axis; i < x.size(); i += 2) right.push_back(x[i] > 0);
      CHECK(std::abs(z_of_mean(right, 0.5)) < z_bound());
    }
  }
}

TEST_CASE("torus: the density integrates to one") {
  Expr xt = parameter("xt", Type::f32, {2}), t = parameter("t", Type::f32, {});
  Evaluator log_density({*Brownian(Torus({0.5, 2}), 1.0).log_density(constant({0.1, -0.7}, {2}), xt, t)});
  for (double time : {0.003, 0.1, 3.0}) {
    constexpr int cells = 60;
    double sum = 0;
    for (int i = 0; i < cells; ++i)
      for (int j = 0; j < cells; ++j) {
        Values at = {0.5 * ((i + 0.5) / cells - 0.5), 2 * ((j + 0.5) / cells - 0.5)};
        sum += std::exp(log_density({{"xt", at}, {"t", {time}}})[0][0]);
      }
    CHECK(sum / (cells * cells) == Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("torus: densities and scores half a period apart, where a float lies beyond half a turn") {
  Joint joint("halves");
  joint.add("x", Brownian(Torus({1.0, 3.0}), 1.0));
  const Sampler sampler = compile(joint, Target::host(), {.questions = {Question::log_density, Question::score}});
  State x0{{"x", Tensor::empty(Dtype::f32, {1, 2})}}, xt = x0.clone();
  std::ranges::copy(std::array{0.0f, 0.0f}, x0["x"].values<float>().begin());
  std::ranges::copy(std::array{0.5f, -1.5f}, xt["x"].values<float>().begin());
  for (double v : {1e-12, 1e-10, 1e-6, 1e-3}) {
    CAPTURE(v);
    // Either way around is as long.
    const double expected = 2 * std::log(2.0) - (0.25 + 2.25) / (2 * v) - std::log(2 * std::numbers::pi * v);
    CHECK(double(sampler.log_density(x0, xt, v)["x"].values<const float>()[0]) == Approx(expected).epsilon(1e-5));
    const State score = sampler.score(x0, xt, v);
    for (float s : score["x"].values<const float>()) CHECK(std::isfinite(s));
  }
}
