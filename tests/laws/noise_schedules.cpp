// Linear Gaussian processes whose noise changes with time, against their closed forms.
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/noise_schedules.h>
#include <catenary/tests/laws/draws.h>
#include <catenary/tests/laws/normal_law.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

const Euclidean line({});

}  // namespace

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
    for (auto [from, to] : {std::pair(0.25, 0.5), {0.74, 0.75}, {1e-4, 2e-4}}) {
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
  for (double time : {1e-3, 0.6}) {
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

namespace {

// One process of two coordinates, and each of them as a process of its own.
void check_coordinates(Engine engine, const std::shared_ptr<const LinearGaussian>& joined,
                       const std::vector<std::shared_ptr<const LinearGaussian>>& each, double horizon) {
  Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
  auto evaluator = [&](const LinearGaussian& process) {
    auto m = process.moments(s, t);
    return Evaluator({m.decay.value_or(constant(1)), m.deviation, m.shift.value_or(constant(0))});
  };
  auto draws = draws_of(engine, joined, horizon);
  Points start = draws->repeated({1, -0.5}, 2), end = draws->repeated({0.75, 1.25}, 2);
  for (size_t k = 0; k < 2; ++k) {
    CAPTURE(k);
    for (auto [from, to] : {std::pair(0.0, 1e-12), {1e-6, 2e-6}, {0.25, 0.5}, {0.0, 1.0}}) {
      std::map<std::string, Values> at = {{"s", {from}}, {"t", {to}}};
      auto found = evaluator(*joined)(at), wanted = evaluator(*each[k])(at);
      for (size_t i = 0; i < 3; ++i)
        CHECK(found[i][found[i].size() == 1 ? 0 : k] == Approx(wanted[i][0]).epsilon(1e-12));
    }
    auto alone = draws_of(engine, each[k], horizon);
    auto check = [&](const Points& x, const Points& y) {
      Points own;
      for (size_t i = k; i < x.size(); i += 2) own.push_back(x[i]);
      CHECK(ks_distance(own, y) < ks_bound(own.size(), y.size()));
    };
    Points from = alone->repeated({start[k]}), to = alone->repeated({end[k]});
    check(draws->prior(1), alone->prior(11));
    check(draws->forward(start, 0.3, 2), alone->forward(from, 0.3, 12));
    check(draws->bridge(start, end, 0.3, 0.7, 3), alone->bridge(from, to, 0.3, 0.7, 13));
  }
}

}  // namespace

TEST_CASE("noise schedules of each coordinate are those of processes of their own") {
  Engine engine = GENERATE(from_range(engines()));
  const Euclidean plane({2}), one({1});
  auto check = [&](double horizon, auto make) {
    // By coordinate; {} is both.
    auto choose = [](std::optional<size_t> k) {
      return [k](double a, double b) { return k ? PerCoordinate(*k == 0 ? a : b) : PerCoordinate({a, b}); };
    };
    check_coordinates(engine, make(plane, choose({})), {make(one, choose(0)), make(one, choose(1))}, horizon);
  };
  auto shared = [](auto process) {
    return std::shared_ptr<const LinearGaussian>(std::make_shared<const decltype(process)>(std::move(process)));
  };
  check(1, [&](const Euclidean& space, auto of) {
    return shared(VariancePreserving(space, {.beta_min = of(0.1, 2), .beta_max = of(20, 2)}));
  });
  check(1, [&](const Euclidean& space, auto of) {
    return shared(SubVariancePreserving(space, {.beta_min = 0.5, .beta_max = of(20, 3)}));
  });
  check(1, [&](const Euclidean& space, auto of) {
    return shared(CosineVariancePreserving(space, {.offset = of(0.008, 0.4)}));
  });
  check(1, [&](const Euclidean& space, auto of) {
    return shared(VarianceExploding(space, {.sigma_min = of(0.01, 0.5), .sigma_max = 3}));
  });
  // A term that theta outlives in one coordinate and not in the other.
  check(4, [&](const Euclidean& space, auto of) {
    return shared(ScheduledOrnsteinUhlenbeck(
        space, {.theta = of(0.7, 2),
                .mean = of(0.5, 0),
                .variance = of(0.3, 0),
                .terms = {{.weight = 0.2, .rate = -2}, {.weight = of(0, 0.6), .rate = of(0.3, -4.5)}}}));
  });
}
