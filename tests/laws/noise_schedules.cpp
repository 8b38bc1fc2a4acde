// Linear Gaussian processes whose noise changes with time, against their closed forms.
#include <cmath>
#include <functional>
#include <memory>
#include <numbers>
#include <vector>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/linear_diffusion.h>
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

// With alpha-bar a: mean [sqrt(a_s) (1 - r) x_0 + sqrt(r) (1 - a_s) x_t] / (1 - a_t), variance (1 - a_s)(1 - r) / (1 -
// a_t), r = a_t / a_s.
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

Values moments_of(const LinearGaussian& process, double from, double to) {
  auto m = process.moments(constant(from), constant(to));
  Values numbers;
  for (const Expr& e : {m.decay.value_or(constant(1)), m.deviation, m.shift.value_or(constant(0))}) {
    Values found = evaluate({e + splat(0.0, process.space().point())}, {})[0];
    numbers.insert(numbers.end(), found.begin(), found.end());
  }
  return numbers;
}

}  // namespace

TEST_CASE("noise schedules of each coordinate are those of processes of their own") {
  // By coordinate; 2 is both.
  auto check = [&](auto make) {
    std::shared_ptr<const LinearGaussian> process[3];
    for (int k : {0, 1, 2}) {
      auto of = [k](double a, double b) { return k == 2 ? PerCoordinate({a, b}) : k == 0 ? a : b; };
      auto made = make(Euclidean({k == 2 ? 2 : 1}), of);
      process[k] = std::make_shared<const decltype(made)>(std::move(made));
    }
    for (auto [s, t] : {std::pair(0.0, 1e-12), {1e-6, 2e-6}, {0.25, 0.5}, {0.0, 1.0}}) {
      Values both = moments_of(*process[2], s, t);
      for (size_t k : {0, 1}) {
        Values own = moments_of(*process[k], s, t);
        for (size_t i = 0; i < 3; ++i) CHECK(both[2 * i + k] == Approx(own[i]).epsilon(1e-12));
      }
    }
    return process[2];
  };
  auto preserving = check([](const Euclidean& space, auto of) {
    return VariancePreserving(space, {.beta_min = of(0.1, 2), .beta_max = of(20, 2)});
  });
  check([](const Euclidean& space, auto of) {
    return SubVariancePreserving(space, {.beta_min = 0.5, .beta_max = of(20, 3)});
  });
  check([](const Euclidean& space, auto of) { return CosineVariancePreserving(space, {.offset = of(0.008, 0.4)}); });
  check([](const Euclidean& space, auto of) {
    return VarianceExploding(space, {.sigma_min = of(0.01, 0.5), .sigma_max = 3});
  });
  // A term that theta outlives in one coordinate and not in the other.
  auto scheduled = check([](const Euclidean& space, auto of) {
    return ScheduledOrnsteinUhlenbeck(space, {.theta = of(0.7, 2),
                                              .mean = of(0.5, 0),
                                              .variance = of(0.3, 0),
                                              .terms = {{0.2, -2}, {.weight = of(0, 0.6), .rate = of(0.3, -4.5)}}});
  });

  // Draws of both coordinates follow the moments.
  Engine engine = GENERATE(from_range(engines()));
  for (const auto& process : {preserving, scheduled}) {
    auto draws = draws_of(engine, process, 1);
    Points x = draws->forward(draws->repeated({1, -2}, 2), 0.25, 1);
    Values m = moments_of(*process, 0, 0.25);
    for (size_t k : {0, 1}) {
      Points own;
      for (size_t i = k; i < x.size(); i += 2) own.push_back(x[i]);
      check_normal(own, m[k] * (k == 0 ? 1 : -2) + m[4 + k], m[2 + k] * m[2 + k]);
    }
  }
}

TEST_CASE("linear diffusions by their marginals") {
  auto same_as = [](const LinearGaussian& known, const LinearDiffusionOptions& options, double last) {
    LinearDiffusion process(line, options);
    for (auto [s, t] : {std::pair(0.0, 1e-9), {0.0, 0.01}, {1e-6, 2e-6}, {0.25, 0.5}, {0.5, 0.501}, {0.0, last}}) {
      CAPTURE(s, t);
      Values a = moments_of(process, s, t), b = moments_of(known, s, t);
      for (size_t i : {0, 1}) CHECK(a[i] == Approx(b[i]).epsilon(1e-6));
    }
  };
  const double half_turn = std::numbers::pi / 2;
  // log(cos^2 / sin^2), which begins at an angle of its own.
  auto angle = [=](Expr t) { return half_turn / 1.008 * (t + 0.008); };
  auto lambda = [=](Expr t) { return 2.0 * log(cos(angle(t)) / sin(angle(t))); };
  auto alpha = [=](Expr t) { return cos(angle(t)); };
  auto sigma = [=](Expr t) { return sin(angle(t)); };
  for (double last : {0.5, 0.9}) {
    same_as(CosineVariancePreserving(line), by_log_signal_to_noise(lambda, 0.9), last);
    same_as(CosineVariancePreserving(line), by_marginals(alpha, sigma, 0.9), last);
  }
  // Infinite at 0.
  LinearDiffusion from_data(line, by_log_signal_to_noise([=](Expr t) { return -2.0 * log(tan(half_turn * t)); }, 0.9));
  for (double t : {1e-9, 0.01, 0.5, 0.9}) {
    CAPTURE(t);
    Values found = moments_of(from_data, 0, t);
    CHECK(found[0] == Approx(std::cos(half_turn * t)).epsilon(1e-6));
    CHECK(found[1] == Approx(std::sin(half_turn * t)).epsilon(1e-6));
  }
  same_as(Elucidated(line), by_marginals([](Expr) { return constant(1); }, [](Expr t) { return t; }, 80), 80);
  same_as(VariancePreserving(line),
          by_marginals([](Expr t) { return exp(-0.25 * 19.9 * t * t - 0.05 * t); },
                       [](Expr t) { return sqrt(-expm1(-0.5 * 19.9 * t * t - 0.1 * t)); }),
          1);

  // Where a schedule does not begin at data: lambda from 13.3 to -5 (Kingma et al.).
  auto share = [](double lambda) { return 1 / (1 + std::exp(-lambda)); };
  LinearDiffusion variational(line, by_log_signal_to_noise([](Expr t) { return 13.3 - 18.3 * t; }));
  for (auto [s, t] : {std::pair(0.0, 0.3), {0.5, 0.8}, {0.0, 1.0}}) {
    CAPTURE(s, t);
    const double kept = share(13.3 - 18.3 * t) / share(13.3 - 18.3 * s);
    Values found = moments_of(variational, s, t);
    CHECK(found[0] == Approx(std::sqrt(kept)).epsilon(1e-6));
    CHECK(found[1] == Approx(std::sqrt(1 - kept)).epsilon(1e-6));
  }

  // Of each coordinate.
  auto rates = constant({1, 3}, {2});
  LinearDiffusion both(Euclidean({2}), by_marginals([=](Expr t) { return exp(-rates * t); },
                                                    [=](Expr t) { return sqrt(-expm1(-2.0 * rates * t)); }));
  Values found = moments_of(both, 0.25, 0.75);
  for (size_t k : {0, 1}) {
    CHECK(found[k] == Approx(std::exp(k == 0 ? -0.5 : -1.5)).epsilon(1e-6));
    CHECK(found[2 + k] == Approx(std::sqrt(-std::expm1(k == 0 ? -1.0 : -3.0))).epsilon(1e-6));
  }
}
