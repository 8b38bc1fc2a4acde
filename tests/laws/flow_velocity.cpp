// Velocities of flows: that a solver of one's own arrives where the flow does.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <catenary/compiler/compile.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/laws/draws.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// A user's process with a flow and no more said of it: noise of the size t^2 is added to what has grown by e^t.
struct Growing final : Process {
  Growing() : Process(Euclidean({2})) {}
  Expr prior(Expr horizon) const override { return square(horizon) * normal({2}); }
  Expr forward(Expr x0, Expr t) const override { return exp(t) * x0 + square(t) * normal({2}); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return *flow(x0, xt, s, t); }
  bool markov() const override { return false; }
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override {
    return exp(s) * x0 + square(s / t) * (xt - exp(t) * x0);
  }
};

// Brownian motion whose model may return half of x_0.
struct Halved final : LinearGaussian {
  Halved() : LinearGaussian(Euclidean({2})) {}
  Moments moments(Expr s, Expr t) const override { return {.decay = {}, .deviation = sqrt(t - s)}; }
  std::vector<Estimate> estimates() const override {
    std::vector<Estimate> kinds = LinearGaussian::estimates();
    kinds.push_back({"half", {2}});
    return kinds;
  }
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    return kind.kind == "half" ? 2.0 * estimate : LinearGaussian::endpoint(kind, estimate, xt, t);
  }
};

State of(const std::vector<float>& numbers) {
  Tensor tensor = Tensor::empty(Dtype::f32, {1, int64_t(numbers.size())});
  std::ranges::copy(numbers, tensor.values<float>().begin());
  return {{"x", tensor}};
}

}  // namespace

TEST_CASE("by Heun's method along the velocity, normal noise becomes the normal data") {
  // Data N(m, w^2) in each coordinate: the best estimate of x_0 is known, and where the flow takes each x_T.
  const double m = 0.75, w = 0.5, horizon = 2;
  struct Case {
    const char* name;
    Kept<Process> process;
    std::function<double(double)> decay, variance;  // Of x_t given x_0, by the process's time.
  };
  auto decay = [](double t) { return std::exp(-0.9 * t * t / 4); };
  const Case cases[] = {
      {"Brownian", Brownian(Euclidean({2}), 1.5), [](double) { return 1.0; }, [](double t) { return 1.5 * t; }},
      {"Ornstein-Uhlenbeck", OrnsteinUhlenbeck(Euclidean({2}), {.theta = 0.7, .sigma = 1.3}),
       [](double t) { return std::exp(-0.7 * t); }, [](double t) { return 1.69 * -std::expm1(-1.4 * t) / 1.4; }},
      {"own coefficients",
       LinearDiffusion(
           Euclidean({2}),
           {.drift = [](Expr t) { return -0.45 * t; }, .noise = [](Expr t) { return sqrt(0.9 * t); }, .horizon = 1}),
       decay, [=](double t) { return 1 - decay(t) * decay(t); }},
  };
  for (const Case& c : cases)
    for (const char* kind : {"endpoint", "noise", "score", "velocity"}) {
      Joint joint("solved", horizon);
      joint.add("x", c.process, {.clock = Clock::linear(1 / horizon).then(Clock::power(2)), .estimate = kind});
      Sampler sampler = compile(joint, Target::host(), {.questions = {Question::flow_velocity}});
      auto own_time = [&](double t) { return t * t / horizon / horizon; };
      auto velocity = [&](const std::array<double, 2>& x, double t) {
        const double a = c.decay(own_time(t)), v = c.variance(own_time(t)), all = a * a * w * w + v;
        std::vector<float> told;
        for (double xi : x) {
          const double x0 = m + a * w * w / all * (xi - a * m), noise = (xi - a * x0) / std::sqrt(v);
          told.push_back(float(kind == std::string("endpoint") ? x0
                               : kind == std::string("noise")  ? noise
                               : kind == std::string("score")  ? -noise / std::sqrt(v)
                                                               : a * noise - std::sqrt(v) * x0));
        }
        State found = sampler.flow_velocity(of(told), of({float(x[0]), float(x[1])}), t);
        auto values = found["x"].values<const float>();
        return std::array<double, 2>{values[0], values[1]};
      };
      std::array<double, 2> x = {1.9, -1.1};
      const std::array<double, 2> start = x;
      const int steps = 400;
      const double last = 0.01 * horizon;
      auto time = [&](int i) { return horizon * std::pow(last / horizon, double(i) / steps); };
      for (int i = 0; i < steps; ++i) {
        const double t = time(i), s = time(i + 1);
        std::array<double, 2> here = velocity(x, t), to{};
        for (size_t k = 0; k < 2; ++k) to[k] = x[k] + (s - t) * here[k];
        std::array<double, 2> there = velocity(to, s);
        for (size_t k = 0; k < 2; ++k) x[k] += (s - t) * 0.5 * (here[k] + there[k]);
      }
      for (size_t k = 0; k < 2; ++k) {
        auto deviation = [&](double t) {
          return std::hypot(c.decay(own_time(t)) * w, std::sqrt(c.variance(own_time(t))));
        };
        const double expected = c.decay(own_time(last)) * m +
                                deviation(last) / deviation(horizon) * (start[k] - c.decay(own_time(horizon)) * m);
        INFO(c.name << ", " << kind << ", coordinate " << k);
        CHECK(std::abs(x[k] - expected) < 1e-3);
      }
    }
}

TEST_CASE("the velocity of heat is minus half the rate times the score") {
  for (const auto& [point, process] : std::vector<std::pair<Shape, Kept<Process>>>{
           {{}, Brownian(Circle(), 0.8)}, {{3}, Brownian(Sphere(2), 0.8)}, {{4}, Brownian(Rotations(), 0.8)}}) {
    Joint joint("heat", 2);
    joint.add("x", process, {.clock = Clock::linear(0.5)});
    Sampler sampler =
        compile(joint, Target::host(), {.questions = {Question::prior, Question::flow_velocity, Question::score}});
    State x0 = sampler.prior(512, Seed(1)), xt = sampler.prior(512, Seed(2));
    for (double t : {0.02, 0.7, 2.0}) {
      State velocity = sampler.flow_velocity(x0, xt, t), score = sampler.score(x0, xt, t);
      auto found = velocity["x"].values<const float>(), slope = score["x"].values<const float>();
      for (size_t i = 0; i < found.size(); ++i)
        REQUIRE(std::abs(found[i] + 0.5 * 0.8 * 0.5 * slope[i]) <= 1e-6 * std::abs(slope[i]));
    }
  }
}

TEST_CASE("a flow of a user's own has the velocity that is its derivative") {
  Joint joint("own", 1);
  joint.add("x", Growing());
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::flow_velocity}});
  State velocity = sampler.flow_velocity(of({0.5, -2}), of({1.25, 3}), 0.8);
  auto found = velocity["x"].values<const float>();
  for (size_t k = 0; k < 2; ++k) {
    const double x0 = k == 0 ? 0.5 : -2, xt = k == 0 ? 1.25 : 3, grown = std::exp(0.8) * x0;
    CHECK(std::abs(found[k] - (grown + 2 / 0.8 * (xt - grown))) < 1e-5);
  }
  CHECK_THROWS_WITH(sampler.flow_velocity(of({0.5, -2}), of({1.25, 3}), 0),
                    "flow_velocity: t is 0; a flow has a velocity only after time 0, so t must be above it");
}

TEST_CASE("the velocity by a kind of a user's own is that from the endpoint it stands for") {
  Joint joint("halved", 1);
  joint.add("x", Halved(), {.estimate = "half"});
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::flow_velocity}});
  State velocity = sampler.flow_velocity(of({0.5, -2}), of({1.25, 3}), 0.8);
  auto found = velocity["x"].values<const float>();
  CHECK(std::abs(found[0] - (1.25 - 1) / 1.6) < 1e-6);
  CHECK(std::abs(found[1] - (3 + 4) / 1.6) < 1e-5);
}

TEST_CASE("velocities are those that models of interpolants return") {
  Joint joint("interpolated", 1);
  joint.add("x", GeodesicInterpolation(Sphere(2)), {.estimate = "velocity"});
  joint.add("y", StochasticInterpolant(Euclidean({2})), {.estimate = "velocity"});
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::prior, Question::flow_velocity}});
  State xt = sampler.prior(64, Seed(1)), told = sampler.prior(64, Seed(2));
  State velocity = sampler.flow_velocity(told, xt, 0.6);
  auto x = xt["x"].values<const float>(), v = told["x"].values<const float>(),
       found = velocity["x"].values<const float>();
  for (size_t i = 0; i < x.size(); i += 3) {
    const double along = double(x[i]) * v[i] + double(x[i + 1]) * v[i + 1] + double(x[i + 2]) * v[i + 2];
    for (size_t k = i; k < i + 3; ++k) REQUIRE(std::abs(found[k] - (v[k] - along * x[k])) < 1e-6);
  }
  CHECK(std::ranges::equal(velocity["y"].values<const float>(), told["y"].values<const float>()));
}

TEST_CASE("beside what flows and has a gradient, categories have a velocity and a score of 0") {
  Joint both("both", 2), alone("alone", 2);
  for (Joint* joint : {&both, &alone}) joint->add("angle", Brownian(Circle(), 4.0), {.sites = "atoms"});
  both.add("kind", UniformJump(Categorical(3), 1.0), {.clock = Clock::linear(2), .sites = "atoms"});
  const CompileOptions options{.questions = {Question::prior, Question::score, Question::flow_velocity}};
  Sampler sampler = compile(both, Target::host(), options), other = compile(alone, Target::host(), options);
  State x0 = sampler.prior(40, {{"atoms", {3}}}, Seed(1)), xt = sampler.prior(40, {{"atoms", {3}}}, Seed(2));
  State estimate{{"angle", x0["angle"]}, {"kind", Tensor::empty(Dtype::f32, {40, 3, 3})}};
  std::ranges::fill(estimate["kind"].values<float>(), 1.0f);
  const State only{{"angle", x0["angle"]}}, at{{"angle", xt["angle"]}};
  for (const auto& [found, expected] :
       {std::pair(sampler.score(x0, xt, 0.7), other.score(only, at, 0.7)),
        {sampler.flow_velocity(estimate, xt, 0.7), other.flow_velocity(only, at, 0.7)}}) {
    CHECK(std::ranges::equal(found["angle"].values<const float>(), expected["angle"].values<const float>()));
    CHECK(found["kind"].shape() == Shape{40, 3});
    for (float v : found["kind"].values<const float>()) CHECK(v == 0);
  }
}
