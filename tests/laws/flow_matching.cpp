// Flow matching around interpolants: velocities, their losses, deterministic walks.
#include <numbers>
#include <random>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/laws.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;
const Euclidean line({});

/// The law of one component, in double precision.
Values value(const Kept<Process>& process, const std::string& kind, Question question,
             const std::map<std::string, Values>& given) {
  Joint joint("joint");
  joint.add("x", process, {.estimate = kind});
  return Evaluator({derive(joint, joint.components()[0], question).result})(given)[0];
}

double apart(const Values& a, const Values& b) {
  double most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

/// On R with its schedules at t and their derivatives: of x_t = a x_0 + l n.
struct Line {
  Kept<Process> process;
  std::function<double(double t)> a, l, a_slope, l_slope;
};

std::vector<Line> lines() {
  return {
      {GeodesicInterpolation(line), [](double t) { return 1 - t; }, [](double t) { return t; },
       [](double) { return -1.0; }, [](double) { return 1.0; }},
      {StochasticInterpolant(line), [](double t) { return 1 - t; }, [](double t) { return t; },
       [](double) { return -1.0; }, [](double) { return 1.0; }},
      {StochasticInterpolant(
           line, {.a = [](Expr t) { return cos(pi / 2 * t); }, .b = [](Expr t) { return sin(pi / 2 * t); }}),
       [](double t) { return std::cos(pi / 2 * t); }, [](double t) { return std::sin(pi / 2 * t); },
       [](double t) { return -pi / 2 * std::sin(pi / 2 * t); }, [](double t) { return pi / 2 * std::cos(pi / 2 * t); }},
      // With c = sqrt(2 t (1 - t)), as Albergo et al. have it: l = sqrt(2 t - t^2).
      {StochasticInterpolant(line, {.c = [](Expr t) { return sqrt(2.0 * t * (1.0 - t)); }}),
       [](double t) { return 1 - t; }, [](double t) { return std::sqrt(t * (2 - t)); }, [](double) { return -1.0; },
       [](double t) { return (1 - t) / std::sqrt(t * (2 - t)); }},
  };
}

}  // namespace

TEST_CASE("velocities on the line: closed forms, and the x_0 that they stand for") {
  const double x0 = 0.9, n = -1.3;
  for (const Line& l : lines())
    for (double t : {1e-12, 1e-6, 0.01, 0.5, 0.99, 1.0}) {
      double xt = l.a(t) * x0 + l.l(t) * n, v = l.a_slope(t) * x0 + l.l_slope(t) * n, s = 0.4 * t;
      std::map<std::string, Values> given{{"x0", {x0}}, {"xt", {xt}}, {"s", {0}}, {"t", {t}}, {"estimate", {v}}};
      CAPTURE(t, l.process->estimates().size());
      // What is not exact: x_t in double at tiny times; the derivatives taken at 1 - 2^-24 in place of 1.
      double known = 1e-15 * l.l_slope(t) / l.l(t) + (t == 1 ? 4e-7 : 1e-7);
      CHECK(value(l.process, "velocity", Question::step, given)[0] == Approx(x0).margin(t == 1 ? 4e-7 : 1e-9));
      CHECK(value(l.process, "velocity", Question::loss, given)[0] <= known * known);
      given["estimate"][0] += 0.25;
      CHECK(value(l.process, "velocity", Question::loss, given)[0] == Approx(0.0625).margin(2 * known));
      CHECK(value(l.process, "velocity", Question::loss_gradient, given)[0] == Approx(0.5).margin(4 * known));
      given["estimate"] = {x0}, given["s"] = {s};
      CHECK(value(l.process, "endpoint", Question::flow_step, given)[0] ==
            Approx(l.a(s) * x0 + l.l(s) * n).margin(1e-6 * l.l(s)));  // A schedule's constants are f32.
    }
}

TEST_CASE("with z the velocity is the mean of dx/dt given both ends") {
  // a' x_0 + b' x_1 + c' z less it does not hang together with n = (b x_1 + c z) / l.
  Line l = lines()[3];
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  for (double t : {0.1, 0.7}) {
    double c = std::sqrt(2 * t * (1 - t)), c_slope = (1 - 2 * t) / c;
    std::vector<double> with_noise;
    for (int i = 0; i < 200000; ++i) {
      double x1 = normal(random), z = normal(random), n = (t * x1 + c * z) / l.l(t);
      with_noise.push_back((x1 + c_slope * z - l.l_slope(t) * n) * n);
    }
    CHECK(std::abs(z_of_mean(with_noise, 0)) < z_bound());
  }
}

TEST_CASE("velocities on manifolds: the derivative of the path, Euler's step, the metric of the loss") {
  auto check = [](const auto& space) {
    GeodesicInterpolation process(space);
    auto point = [&](const char* name) { return parameter(name, Type::f32, space.point()); };
    Expr x0 = point("x0"), x1 = point("x1"), v = point("v"), t = parameter("t", Type::f32, {});
    Evaluator draw({process.prior(constant(1))}), path({space.exp(x0, t * space.log(x0, x1))}),
        go({space.exp(x0, t * v)}), made_tangent({space.tangent(x0, v)}), length({space.inner(x0, v, v)}),
        distance({space.distance(x0, x1)});
    for (uint64_t i = 0; i < 8; ++i)
      for (double now : {1e-3, 0.5, 0.97}) {
        auto drawn = [&](uint32_t step) { return draw({}, {i, step, 0, Question::prior, 0})[0]; };
        const Values start = drawn(1), end = drawn(2), z = drawn(3);
        auto at = [&](double time) { return path({{"x0", start}, {"x1", end}, {"t", {time}}})[0]; };
        const double h = 1e-6;
        Values x = at(now), before = at(now - h), after = at(now + h), velocity;
        for (size_t k = 0; k < x.size(); ++k) {
          double across = after[k] - before[k];
          if constexpr (std::is_same_v<decltype(space), const Circle&>)
            across -= 2 * pi * std::round(across / (2 * pi));
          velocity.push_back(across / (2 * h));
        }
        std::map<std::string, Values> given{{"x0", start}, {"xt", x}, {"estimate", velocity}, {"s", {0}}, {"t", {now}}};
        CAPTURE(space.name(), i, now);
        auto gap = [&](const Values& a, const Values& b) { return distance({{"x0", a}, {"x1", b}})[0][0]; };
        CHECK(gap(value(process, "velocity", Question::step, given), start) < 1e-6);
        CHECK(value(process, "velocity", Question::loss, given)[0] < 1e-9);
        // A part of the estimate that is not tangent is left out.
        Values off = made_tangent({{"x0", x}, {"v", z}})[0], more = velocity;
        for (size_t k = 0; k < x.size(); ++k) more[k] += z[k];
        given["estimate"] = more;
        CHECK(value(process, "velocity", Question::loss, given)[0] ==
              Approx(length({{"x0", x}, {"v", off}})[0][0]).epsilon(1e-5));
        given["estimate"] = velocity, given["s"] = {0.6 * now};
        Values euler = go({{"x0", x}, {"v", velocity}, {"t", {-0.4 * now}}})[0];
        for (Question question : {Question::step, Question::flow_step})
          CHECK(gap(value(process, "velocity", question, given), euler) < 1e-6);
        CHECK(gap(euler, at(0.6 * now)) < 1e-6);
      }
  };
  check(Sphere(2));
  check(Circle());
  check(Rotations());
  check(Hyperbolic(3));
  check(Spd(2));
  check(CenteredEuclidean({3, 2}));
}

TEST_CASE("velocities as compiled: how well they are known, and nothing that is no number") {
  auto check = [](const Kept<Process>& process, std::vector<float> x0, std::vector<float> x1, double metric = 1,
                  double rate_of_noise = 1) {
    Joint joint("joint");
    joint.add("x", process, {.estimate = "velocity"});
    Sampler sampler = compile(joint, Target::host(),
                              {.questions = {Question::bridge, Question::step, Question::flow_step, Question::loss,
                                             Question::loss_gradient}});
    auto state = [&](std::vector<float>& values) {
      Shape shape = process->space().point();
      shape.insert(shape.begin(), 1);
      return State{{"x", TensorView(values.data(), shape)}};
    };
    double size = 0;
    for (float v : x0) size = std::max(size, std::abs(double(v)));
    for (double t : {1e-38, 1e-30, 1e-12, 1e-6, 1e-3, 0.3, 1 - 0x1p-24, 1.0}) {
      CAPTURE(process->space().name(), t);
      State from = state(x0), x = sampler.bridge(from, state(x1), t, 1, Seed(1));
      // The estimate that the gradient of its square loss leads to: `metric` is what the metric is of the ambient one.
      std::vector<float> zero(x0.size());
      State none = state(zero);
      State slope = sampler.loss_gradient(none, from, x, t);
      std::vector<float> estimate;
      for (float g : slope["x"].values<const float>()) estimate.push_back(-g / float(2 * metric));
      State v = state(estimate);
      State start = sampler.step(v, x, 0, t, Seed(1)), on = sampler.flow_step(v, x, t / 3, t);
      auto end = start["x"].values<const float>();
      for (size_t k = 0; k < x0.size(); ++k)
        CHECK(std::abs(double(end[k]) - double(x0[k])) < 1.5e-6 * std::max(size, 1.0));
      for (float g : on["x"].values<const float>()) CHECK(std::isfinite(g));
      double loss = double(sampler.loss(v, from, x, t)["x"].values<const float>()[0]);
      double known = 1e-6 * (rate_of_noise / t) * std::max(size, 1.0);
      CHECK(std::isfinite(loss));
      if (t > 1e-20) CHECK(loss <= known * known);
      CHECK(std::isfinite(double(sampler.loss(none, from, x, t)["x"].values<const float>()[0])));
    }
  };
  check(GeodesicInterpolation(Sphere(2)), {0.6f, 0, -0.8f}, {0, 1, 0});
  check(GeodesicInterpolation(Circle()), {3}, {-3});
  // A turn by pi: at the cut locus.
  check(GeodesicInterpolation(Rotations()), {1, 0, 0, 0}, {0, 0.6f, 0, 0.8f}, 4);
  check(GeodesicInterpolation(Euclidean({2})), {3, -20}, {0.5f, 1});
  for (const Line& l : lines()) check(l.process, {0.9f}, {-1.3f});
  // b^2 and b^8 are no floats at small times.
  check(StochasticInterpolant(line, {.b = [](Expr t) { return square(t); }}), {0.9f}, {-1.3f}, 1, 2);
  check(StochasticInterpolant(line, {.b = [](Expr t) { return square(square(square(t))); }}), {0.9f}, {-1.3f}, 1, 8);
  // Near x_0 = 0 floats are dense, and so the velocity is known.
  Joint joint("joint");
  joint.add("x", GeodesicInterpolation(line), {.estimate = "velocity"});
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::loss}});
  std::vector<float> zero{0}, x{1e-12f * 0.7f}, v{0.7f};
  auto one = [](std::vector<float>& values) { return State{{"x", TensorView(values.data(), {1})}}; };
  CHECK(sampler.loss(one(v), one(zero), one(x), 1e-12)["x"].values<const float>()[0] < 1e-13f);
}

TEST_CASE("a velocity that does not tell x_0 is no estimate") {
  auto kinds = [](const StochasticInterpolantOptions& options) {
    return StochasticInterpolant(line, options).estimates().size();
  };
  CHECK(kinds({}) == 3);
  CHECK(kinds({.c = [](Expr t) { return 5.0 * sqrt(t * (1.0 - t)); }}) == 3);
  // a' = 0 at t = 1; a / t rises on the way; a schedule without a derivative.
  CHECK(kinds({.a = [](Expr t) { return square(1.0 - t); }}) == 2);
  CHECK(kinds({.a = [](Expr t) { return 1.0 - t + 0.25 * sin(4 * pi * t); }}) == 2);
  StochasticInterpolant with_loop(
      line, {.a = [](Expr t) { return fold(2, 1.0, [&](Expr, Expr a) { return a - 0.5 * t; }); }});
  CHECK(with_loop.estimates().size() == 2);
  Joint joint("joint");
  CHECK(message_of([&] { joint.add("x", with_loop, {.estimate = "velocity"}); }) ==
        "joint 'joint', component 'x': the process on space 'euclidean' has no estimate 'velocity'; it has endpoint, "
        "tangent");
}

TEST_CASE("the flow of noised points has the law of less noised ones") {
  for (const Line& l : lines()) {
    Joint joint("joint");
    joint.add("x", l.process);
    Sampler sampler = compile(joint, Target::host(), {.questions = {Question::forward, Question::flow_step}});
    constexpr int64_t n = 100000;
    Tensor start = Tensor::empty(Dtype::f32, {n});
    for (float& v : start.values<float>()) v = 0.5f;
    State x0{{"x", start}};
    for (auto [s, t] : {std::pair(0.25, 0.75), {0.875, 1.0}, {0x1p-20, 0x1p-12}}) {
      CAPTURE(s, t);
      State there = sampler.forward(x0, t, Seed(1)), x = sampler.flow_step(x0, there, s, t);
      std::vector<double> scaled, squares;
      bool keeps = true;
      for (size_t i = 0; i < size_t(n); ++i) {
        scaled.push_back((double(x["x"].values<const float>()[i]) - l.a(s) * 0.5) / l.l(s));
        squares.push_back(scaled.back() * scaled.back());
        double noise = (double(there["x"].values<const float>()[i]) - l.a(t) * 0.5) / l.l(t);
        keeps = keeps && std::abs(noise - scaled.back()) < 3e-7 / l.l(s) + 1e-6 * std::abs(noise);
      }
      CHECK(std::abs(z_of_mean(scaled, 0)) < z_bound());
      CHECK(std::abs(z_of_mean(squares, 1)) < z_bound());
      CHECK(keeps);
    }
  }
}

TEST_CASE("a step by means is the mean of steps that draw") {
  for (const Line& l : lines()) {
    Joint joint("joint");
    joint.add("x", l.process);
    Sampler sampler = compile(joint, Target::host(), {.questions = {Question::step, Question::mean_step}});
    constexpr int64_t n = 100000;
    Tensor start = Tensor::empty(Dtype::f32, {n}), end = Tensor::empty(Dtype::f32, {n});
    for (float& v : start.values<float>()) v = 0.5f;
    for (float& v : end.values<float>()) v = -0.75f;
    State x0{{"x", start}}, xt{{"x", end}};
    for (auto [s, t] : {std::pair(0.25, 0.75), {0.875, 1.0}, {0.0, 0.5}, {0.5, 0.5}}) {
      CAPTURE(s, t);
      State drawn = sampler.step(x0, xt, s, t, Seed(1)), mean = sampler.mean_step(x0, xt, s, t);
      std::vector<double> off;
      for (size_t i = 0; i < size_t(n); ++i) {
        CHECK_FALSE(mean["x"].values<const float>()[i] != mean["x"].values<const float>()[0]);
        off.push_back(double(drawn["x"].values<const float>()[i]) - double(mean["x"].values<const float>()[i]));
      }
      if (s == 0 || s == t) CHECK(mean["x"].values<const float>()[0] == (s == 0 ? 0.5f : -0.75f));
      if (std::ranges::any_of(off, [](double d) { return d != 0; })) CHECK(std::abs(z_of_mean(off, 0)) < z_bound());
    }
  }
}

TEST_CASE("flow matching: walks by the mean velocity lead from noise to the data") {
  // Two data, the first with probability 0.3. The model is exact: the mean of the velocities of both given x_t.
  auto check = [](const Kept<Process>& process, std::vector<std::vector<double>> data, int steps,
                  auto velocity_and_weight) {
    Joint joint("two");
    joint.add("x", process, {.estimate = "velocity"});
    Sampler sampler = compile(joint, Target::host(), {.questions = {Question::prior, Question::flow_step}});
    constexpr int64_t samples = 8192;
    const size_t m = data[0].size();
    auto model = [&](const ModelInput& input, State& estimate) {
      auto x = input.state["x"].values<const float>();
      auto v = estimate["x"].values<float>();
      for (size_t i = 0; i < x.size(); i += m) {
        std::vector<double> here(&x[i], &x[i] + m), sum(m);
        double total = 0;
        for (size_t d : {0, 1}) {
          auto [velocity, weight] = velocity_and_weight(data[d], here, input.time);
          weight *= d == 0 ? 0.3 : 0.7;
          total += weight;
          for (size_t k = 0; k < m; ++k) sum[k] += weight * velocity[k];
        }
        for (size_t k = 0; k < m; ++k) v[i + k] = float(total > 0 ? sum[k] / total : 0.0);
      }
    };
    std::vector<double> times;
    for (int i = 0; i <= steps; ++i) times.push_back(std::pow(1 - double(i) / steps, 2));
    State made = sampler.reverse(model, times, samples, Seed(5), {.step_by = StepBy::flow});
    std::vector<double> first;
    auto x = made["x"].values<const float>();
    size_t strays = 0;
    for (size_t i = 0; i < x.size(); i += m) {
      Values end(&x[i], &x[i] + m);
      double to[] = {apart(end, data[0]), apart(end, data[1])};
      first.push_back(to[0] < to[1]);
      strays += std::min(to[0], to[1]) > 0.02;
    }
    CHECK(strays * 500 < size_t(samples));
    // The steps' own error moves the border between the two: by less than 0.005 of the samples.
    CHECK(std::abs(z_of_mean(first, 0.3)) < z_bound() + 0.005 / std::sqrt(0.21 / samples));
  };
  for (const Line& l : lines())
    check(l.process, {{-1}, {2}}, 128, [&](const Values& x0, const Values& xt, double t) {
      double now = std::min(t, 1 - 0x1p-24), n = (xt[0] - l.a(now) * x0[0]) / l.l(now);
      return std::pair(Values{l.a_slope(now) * x0[0] + l.l_slope(now) * n}, std::exp(-n * n / 2));
    });
  // On S^2 the angle to x_0 is t times that of a uniform point: density sin(angle / t) / (t sin angle) / 4 pi.
  check(GeodesicInterpolation(Sphere(2)), {{0, 0, 1}, {0.8, 0, 0.6}}, 128,
        [](const Values& x0, const Values& xt, double t) {
          double cosine = x0[0] * xt[0] + x0[1] * xt[1] + x0[2] * xt[2];
          Values away;
          for (size_t k = 0; k < 3; ++k) away.push_back(x0[k] - cosine * xt[k]);
          double sine = std::sqrt(away[0] * away[0] + away[1] * away[1] + away[2] * away[2]),
                 angle = std::atan2(sine, cosine);
          for (double& k : away) k *= sine > 0 ? -angle / (sine * t) : 0;
          return std::pair(away, sine > 1e-9 ? std::max(0.0, std::sin(std::min(angle / t, pi))) / sine : 1 / t);
        });
}

TEST_CASE("a product of interpolants flows part by part") {
  GeodesicInterpolation turn{Circle()};
  StochasticInterpolant move(Euclidean({2}), {.c = [](Expr t) { return sqrt(t * (1.0 - t)); }});
  ProductProcess both({{"turn", turn}, {"move", move}});
  CHECK_FALSE(both.markov());
  CHECK_FALSE(both.bridges_compose());
  const Values x0{3, 1, -2}, xt{-3, 0.5, 0.25};
  std::map<std::string, Values> given{{"s", {0.25}}, {"t", {0.75}}};
  auto ask = [&](const Kept<Process>& process, Values estimate, Values x) {
    given["estimate"] = std::move(estimate), given["xt"] = std::move(x);
    return value(process, "endpoint", Question::flow_step, given);
  };
  Values whole = ask(both, x0, xt), first = ask(turn, {x0[0]}, {xt[0]}),
         rest = ask(move, {x0[1], x0[2]}, {xt[1], xt[2]});
  CHECK(apart(whole, {first[0], rest[0], rest[1]}) < 1e-12);
  CHECK(first[0] == Approx(3 + (2 * pi - 6) / 3));
}
