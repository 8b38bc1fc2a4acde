// What a model may return and what it is trained on: conversions, losses and their gradients, deterministic walks.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/laws.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The law of one component, in double precision.
Values value(const Kept<Process>& process, const std::string& kind, Question question,
             const std::map<std::string, Values>& given) {
  Joint joint("joint", 1000);
  joint.add("x", process, {.estimate = kind});
  return Evaluator({derive(joint, joint.components()[0], question).result})(given, {.question = question})[0];
}

/// A process on R with its decay, shift and deviation at t.
struct Line {
  Kept<Process> process;
  double t, decay, shift, deviation;
};

std::vector<Line> lines() {
  std::vector<Line> all;
  for (double t : {1e-12, 1e-3, 0.3, 2.0, 9.0}) {
    double a = std::exp(-1.5 * t);
    all.push_back({OrnsteinUhlenbeck(Euclidean({}), {.theta = 1.5, .mean = 0.75, .sigma = 2}), t, a,
                   0.75 * -std::expm1(-1.5 * t), 2 * std::sqrt(-std::expm1(-3 * t) / 3)});
    all.push_back({Brownian(Euclidean({}), {.rate = 4, .drift = 0.25}), t, 1, 0.25 * t, 2 * std::sqrt(t)});
  }
  return all;
}

/// The estimate of that kind which x_0 = `x0` and x_t make true.
double true_estimate(const Line& l, const std::string& kind, double x0, double xt) {
  double noise = (xt - l.decay * x0 - l.shift) / l.deviation;
  if (kind == "endpoint") return x0;
  if (kind == "tangent") return x0 - xt;
  if (kind == "noise") return noise;
  if (kind == "score") return -noise / l.deviation;
  return l.decay * noise - l.deviation * x0;
}

const std::vector<std::string> kinds = {"endpoint", "tangent", "noise", "score", "velocity"};

double at(double point) { return double(float(point)); }

}  // namespace

TEST_CASE("estimates made from the true x_0 give its bridge") {
  const double x0 = 0.9, n = -1.3;
  for (const Line& l : lines())
    for (const std::string& kind : kinds)
      for (double share : {0.0, 0.01, 0.6, 1.0}) {
        double xt = l.decay * x0 + l.shift + l.deviation * n, s = share * l.t;
        CAPTURE(kind, l.t, s, l.decay);
        std::map<std::string, Values> given{
            {"estimate", {true_estimate(l, kind, x0, xt)}}, {"x0", {x0}}, {"xt", {xt}}, {"s", {s}}, {"t", {l.t}}};
        // Not the same draws: step and bridge have streams of their own. Both are asked as a step.
        Joint joint("joint", 1000);
        joint.add("x", l.process, {.estimate = kind});
        auto with = [&](Question question) {
          return Evaluator({derive(joint, joint.components()[0], question).result})(given,
                                                                                    {.question = Question::step})[0][0];
        };
        // An x_0 from the noise is as badly told as the decay is small.
        double told = kind == "noise" || kind == "score" ? 1e-13 / l.decay : 1e-13;
        CHECK(with(Question::step) == Approx(with(Question::bridge)).margin(told * 10));
      }
}

TEST_CASE("estimates as compiled: small times, long times, far values") {
  for (const std::string& kind : kinds) {
    Joint joint("joint", 1000);
    joint.add("ou", OrnsteinUhlenbeck(Euclidean({}), {.theta = 1.5, .mean = 0.75, .sigma = 2}), {.estimate = kind});
    joint.add("brownian", Brownian(Euclidean({}), 4.0), {.estimate = kind});
    joint.add("ve", VarianceExploding(Euclidean({}), {}), {.clock = Clock::linear(1e-3), .estimate = kind});
    Sampler sampler =
        compile(joint, Target::host(),
                {.questions = {Question::step, Question::flow_step, Question::loss, Question::loss_gradient}});
    for (double t : {1e-30, 1e-12, 1e-6, 1e-3, 0.3, 9.0, 100.0, 1000.0}) {
      std::vector<float> far = {0, 1, -1e-30f, 1e6f, -1e15f};
      int64_t n = int64_t(far.size() * far.size());
      std::vector<float> xt, estimate;
      for (float a : far)
        for (float b : far) xt.push_back(a), estimate.push_back(b);
      auto state = [&](std::vector<float>& values) {
        State made;
        for (const char* name : {"ou", "brownian", "ve"}) made.set(name, TensorView(values.data(), {n}));
        return made;
      };
      State given = state(estimate), x = state(xt);
      for (double s : {0.0, t / 3})
        for (const State& made : {sampler.step(given, x, s, t, Seed(1)), sampler.flow_step(given, x, s, t)})
          for (const auto& [name, tensor] : made)
            for (float v : tensor.values<const float>()) {
              CAPTURE(kind, t, s, name);
              CHECK(std::isfinite(v));
            }
    }
    // x_0 = x_t but for what is added, to the rounding of x_0.
    for (double t : {1e-12, 1e-8, 1e-4}) {
      double d = 2 * std::sqrt(-std::expm1(-3 * t) / 3);
      Line l{OrnsteinUhlenbeck(Euclidean({}), {.theta = 1.5, .mean = 0.75, .sigma = 2}), at(t), std::exp(-1.5 * at(t)),
             0.75 * -std::expm1(-1.5 * at(t)), d};
      std::vector<float> xt = {float(0.9 + 1.3 * d)}, e = {float(true_estimate(l, kind, 0.9, double(xt[0])))};
      State given, x;
      for (const char* name : {"ou", "brownian", "ve"})
        given.set(name, TensorView(e.data(), {1})), x.set(name, TensorView(xt.data(), {1}));
      double off = sampler.step(given, x, 0, t, Seed(1))["ou"].values<const float>()[0] - 0.9;
      CAPTURE(kind, t);
      CHECK(std::abs(off) < 2.5e-7);
    }
  }
}

TEST_CASE("the losses of linear Gaussian estimates in closed form; 0 for the true estimate") {
  const double x0 = 0.9, n = -1.3, off = 0.25;
  for (const Line& l : lines()) {
    double xt = l.decay * x0 + l.shift + l.deviation * n;
    // Of a given x_t the noise is known as well as its rounding allows.
    double known = 1e-15 * (std::abs(xt) + 1) / l.deviation;
    for (const std::string& kind : kinds) {
      CAPTURE(kind, l.t);
      double truth = true_estimate(l, kind, x0, xt), scale = kind == "score" ? l.deviation : 1;
      std::map<std::string, Values> given{{"estimate", {truth}}, {"x0", {x0}}, {"xt", {xt}}, {"t", {l.t}}};
      CHECK(value(l.process, kind, Question::loss, given)[0] <= std::max(1e-24, 100 * known * known));
      given["estimate"] = {truth + off / scale};
      CHECK(value(l.process, kind, Question::loss, given)[0] == Approx(off * off).epsilon(1e-6 + 100 * known));
      CHECK(value(l.process, kind, Question::loss_gradient, given)[0] ==
            Approx(2 * off * scale).epsilon(1e-6 + 100 * known));
    }
  }
}

TEST_CASE("weighted by the ratio of signal to noise, the loss of the endpoint is that of the noise") {
  for (const Line& l : lines()) {
    CAPTURE(l.t);
    const auto& process = dynamic_cast<const LinearGaussian&>(*l.process);
    Expr t = parameter("t", Type::f32, {});
    const double ratio = evaluate({process.signal_to_noise(t)}, {{"t", {l.t}}})[0][0];
    CHECK(ratio == Approx(std::pow(l.decay / l.deviation, 2)).epsilon(1e-6));
    // An endpoint that is off by d makes a noise that is off by d decay / deviation.
    const double off = 0.25, x0 = 0.9, xt = l.decay * x0 + l.shift - 1.3 * l.deviation;
    Joint joint("joint", 1000);
    joint.add("x", l.process, {.weight = [&](Expr at) { return process.signal_to_noise(at); }});
    const double loss = evaluate({derive(joint, joint.components()[0], Question::loss).result},
                                 {{"estimate", {x0 + off}}, {"x0", {x0}}, {"xt", {xt}}, {"t", {l.t}}})[0][0];
    CHECK(loss == Approx(std::pow(off * l.decay / l.deviation, 2)).epsilon(1e-6));
  }
}

TEST_CASE("the likelihood's weight of masked diffusion times the share of what is masked is how fast it is masked") {
  const double rate = 1.5;
  AbsorbingJump process(Categorical(5), {.rate = rate});
  Expr t = parameter("t", Type::f32, {});
  Evaluator weight({process.likelihood_weight(t)});
  for (double at : {1e-9, 0.01, 0.7, 3.0, 40.0})
    CHECK(weight({{"t", {at}}})[0][0] * -std::expm1(-rate * at) == Approx(rate * std::exp(-rate * at)).epsilon(1e-6));
  CHECK(weight({{"t", {1e4}}})[0][0] == 0);
}

TEST_CASE("the same weight of a masked flow, by its schedule") {
  Expr t = parameter("t", Type::f32, {});
  auto cosine = [](Expr at) { return 1.0 - cos(std::numbers::pi / 2 * at); };
  Evaluator weight({DiscreteFlow(Categorical(5), {.kappa = cosine, .mask = 2}).likelihood_weight(t)});
  for (double at : {0.01, 0.3, 0.8, 1.0}) {
    const double angle = std::numbers::pi / 2 * at;
    CHECK(weight({{"t", {at}}})[0][0] == Approx(std::numbers::pi / 2 / std::tan(angle / 2)).epsilon(1e-6));
  }
  Evaluator linear({DiscreteFlow(Categorical(5), {.mask = 2}).likelihood_weight(t)});
  for (double at : {1e-6, 0.25, 1.0}) CHECK(linear({{"t", {at}}})[0][0] == Approx(1 / at).epsilon(1e-6));
}

TEST_CASE("with a covariance, score and noise stand for the same endpoint") {
  OrnsteinUhlenbeck process(Euclidean({2}), {.theta = 1}, Covariance({2, 0.6, 0.6, 0.5}));
  const double t = 0.7, a = std::exp(-t), d = std::sqrt(-std::expm1(-2 * t) / 2);
  const Values x0{0.4, -1}, n{0.3, 0.8};
  Values xt{a * x0[0] + d * n[0], a * x0[1] + d * n[1]};
  Values score = value(process, "endpoint", Question::score, {{"x0", x0}, {"xt", xt}, {"t", {t}}});
  for (const auto& [kind, estimate] : {std::pair<std::string, Values>{"noise", n}, {"score", score}}) {
    Values end = value(process, kind, Question::step, {{"estimate", estimate}, {"xt", xt}, {"s", {0}}, {"t", {t}}});
    for (size_t i : {0, 1}) CHECK(end[i] == Approx(x0[i]).epsilon(1e-6));  // The covariance is of f32 numbers.
    CHECK(value(process, kind, Question::loss, {{"estimate", estimate}, {"x0", x0}, {"xt", xt}, {"t", {t}}})[0] <
          1e-12);
  }
}

TEST_CASE("the gradients of losses, against differences along geodesics") {
  auto check = [](const auto& process, const std::string& kind, double t) {
    const auto& manifold = dynamic_cast<const Manifold&>(process.space());
    Shape shape = manifold.point();
    Expr e = parameter("estimate", Type::f32, shape), d = parameter("d", Type::f32, shape);
    Expr x = parameter("xt", Type::f32, shape);
    Joint joint("joint", 1000);
    joint.add("x", process, {.estimate = kind});
    const auto& c = joint.components()[0];
    Evaluator loss({derive(joint, c, Question::loss).result}),
        gradient({derive(joint, c, Question::loss_gradient).result});
    Evaluator start({process.prior(constant(0.5))});
    // The estimate moved by d, and d made tangent where the estimate lies.
    bool point = kind == "endpoint";
    Evaluator moved({point ? manifold.exp(e, manifold.tangent(e, d)) : manifold.tangent(x, e + d)});
    Evaluator along({manifold.tangent(point ? e : x, d)});
    for (uint64_t i = 0; i < 12; ++i) {
      auto draw = [&](uint32_t step) { return start({}, {i, step, 0, Question::prior, 0})[0]; };
      Values v = draw(4);
      std::map<std::string, Values> given{
          {"x0", draw(1)}, {"xt", draw(2)}, {"estimate", draw(3)}, {"t", {t}}, {"d", v}};
      if (!point) given["estimate"] = moved(given)[0];
      Values direction = along(given)[0], by = gradient(given)[0];
      double expected = 0, h = 1e-5;
      for (size_t k = 0; k < by.size(); ++k) expected += by[k] * direction[k];
      auto shifted = [&](double by_h) {
        auto there = given;
        for (size_t k = 0; k < v.size(); ++k) there["d"][k] = by_h * direction[k];
        there["estimate"] = moved(there)[0];
        return loss(there)[0][0];
      };
      CAPTURE(manifold.name(), kind, i);
      CHECK((shifted(h) - shifted(-h)) / (2 * h) == Approx(expected).epsilon(1e-5).margin(1e-6));
    }
  };
  for (const char* kind : {"endpoint", "tangent"}) {
    check(Brownian(Sphere(2), 1.0), kind, 0.5);
    check(Brownian(Rotations(), 1.0), kind, 0.5);
    check(Brownian(Circle(), 1.0), kind, 0.5);
    check(Brownian(Hyperbolic(3), 1.0), kind, 0.5);
    check(GeodesicWalk(Spd(2), {.rate = 1, .steps = 4}), kind, 0.5);
    check(GeodesicWalk(Simplex(4), {.rate = 0.1, .steps = 4}), kind, 0.5);
    check(Brownian(CenteredEuclidean({3, 2}), 1.0), kind, 0.5);
  }
  for (const char* kind : {"noise", "score", "velocity"})
    check(OrnsteinUhlenbeck(Euclidean({3}), {.theta = 2}), kind, 0.5);
  // At the data itself, where distances have no derivative.
  Values pole{0, 0, 1};
  for (double v : value(Brownian(Sphere(2), 1.0), "endpoint", Question::loss_gradient,
                        {{"x0", pole}, {"estimate", pole}, {"xt", {1, 0, 0}}, {"t", {1}}}))
    CHECK(v == 0);
}

TEST_CASE("cross-entropy: closed forms, to the last digits, and its gradient") {
  UniformJump process(Categorical(4), 1.0);
  auto ask = [&](const Kept<Process>& p, Question question, Values logits, double x0, double xt = 2) {
    return value(p, "logits", question, {{"estimate", std::move(logits)}, {"x0", {x0}}, {"xt", {xt}}, {"t", {1}}});
  };
  CHECK(ask(process, Question::loss, {0, 0, 0, 0}, 1)[0] == Approx(std::log(4)).epsilon(1e-12));
  CHECK(ask(process, Question::loss, {40, 0, 0, 0}, 0)[0] == Approx(3 * std::exp(-40)).epsilon(1e-9));
  CHECK(ask(process, Question::loss, {1e30, 0, 0, 0}, 1)[0] == Approx(1e30));
  CHECK(ask(process, Question::loss, {-infinity, 5, -infinity, -infinity}, 1)[0] == 0);
  CHECK(ask(process, Question::loss, {-infinity, 5, 1, 1}, 0)[0] == infinity);
  const Values logits{0.3, -1.2, 2.5, 0.9};
  double sum = 0;
  for (double l : logits) sum += std::exp(l);
  for (size_t x0 = 0; x0 < 4; ++x0) {
    CHECK(ask(process, Question::loss, logits, double(x0))[0] == Approx(std::log(sum) - logits[x0]).epsilon(1e-12));
    Values gradient = ask(process, Question::loss_gradient, logits, double(x0));
    for (size_t k = 0; k < 4; ++k) {
      CHECK(gradient[k] == Approx(std::exp(logits[k]) / sum - double(k == x0)).epsilon(1e-12));
      Values more = logits, less = logits;
      more[k] += 1e-5, less[k] -= 1e-5;
      double difference =
          ask(process, Question::loss, more, double(x0))[0] - ask(process, Question::loss, less, double(x0))[0];
      CHECK(gradient[k] == Approx(difference / 2e-5).epsilon(1e-7));
    }
  }
  // What is not masked needs no estimate; the mask is no datum, and its logit is left out.
  AbsorbingJump masked(Categorical(4), {.rate = 1});
  CHECK(ask(masked, Question::loss, logits, 1, 1)[0] == 0);
  CHECK(ask(masked, Question::loss_gradient, logits, 1, 1) == Values{0, 0, 0, 0});
  sum -= std::exp(logits[3]);
  CHECK(ask(masked, Question::loss, logits, 1, 3)[0] == Approx(std::log(sum) - logits[1]).epsilon(1e-12));
  Values gradient = ask(masked, Question::loss_gradient, logits, 1, 3);
  CHECK(gradient[0] == Approx(std::exp(logits[0]) / sum).epsilon(1e-12));
  CHECK(gradient[3] == 0);
  // A category as the estimate: the bridge to it, and 1 where it is wrong.
  auto named = [&](double estimate) {
    return value(process, "endpoint", Question::loss,
                 {{"estimate", {estimate}}, {"x0", {2}}, {"xt", {1}}, {"t", {1}}})[0];
  };
  CHECK(named(2) == 0);
  CHECK(named(1) == 1);
  CHECK(value(process, "endpoint", Question::step, {{"estimate", {3}}, {"xt", {1}}, {"s", {0}}, {"t", {1}}})[0] == 3);
}

TEST_CASE("cross-entropy over many categories, as compiled: the loss and its gradient in closed form") {
  constexpr int64_t categories = 1001, points = 37;
  const std::vector<int64_t> forbidden = {3, 700, 701};
  Joint joint("words");
  joint.add("word", UniformJump(Categorical(categories), 1.0, {.forbidden = forbidden}));
  const Sampler sampler = compile(joint, Target::host(), {.questions = {Question::loss, Question::loss_gradient}});
  State x0, logits;
  x0.set("word", Tensor::empty(Dtype::i32, {points}));
  logits.set("word", Tensor::empty(Dtype::f32, {points, categories}));
  auto right = x0["word"].values<int32_t>();
  auto l = logits["word"].values<float>();
  for (size_t i = 0; i < right.size(); ++i) right[i] = int32_t(i * 29 % 699 + (i % 2 ? 0 : 10));
  for (size_t i = 0; i < l.size(); ++i) l[i] = float(i * 7919 % 1000) * 0.02f - 10;
  const State loss = sampler.loss(logits, x0, x0, 0.5), gradient = sampler.loss_gradient(logits, x0, x0, 0.5);
  auto is_forbidden = [&](int64_t k) { return std::ranges::find(forbidden, k) != forbidden.end(); };
  for (size_t i = 0; i < right.size(); ++i) {
    const float* row = &l[i * categories];
    double sum = 0;
    for (int64_t k = 0; k < categories; ++k) sum += is_forbidden(k) ? 0 : std::exp(double(row[k]));
    if (!is_forbidden(right[i]))
      CHECK(loss["word"].values<const float>()[i] == Approx(std::log(sum) - row[right[i]]).epsilon(1e-6));
    for (int64_t k = 0; k < categories; ++k) {
      INFO("point " << i << ", category " << k);
      const float found = gradient["word"].values<const float>()[i * categories + size_t(k)];
      const double share = std::exp(double(row[k])) / sum;
      if (is_forbidden(k))
        CHECK(found == 0);
      else
        CHECK(found == Approx(share - double(k == right[i])).epsilon(3e-6));
    }
  }
}

TEST_CASE("the flow keeps the noise, however it is cut into steps") {
  for (const Line& l : lines()) {
    const double x0 = 0.9, n = -1.3, xt = l.decay * x0 + l.shift + l.deviation * n;
    auto flow = [&](double from, double s, double t) {
      return value(l.process, "endpoint", Question::flow_step,
                   {{"estimate", {x0}}, {"xt", {from}}, {"s", {s}}, {"t", {t}}})[0];
    };
    for (const Line& other : lines()) {
      double s = 0.37 * l.t;
      if (other.t != l.t || other.decay != l.decay) continue;
      bool ou = l.decay != 1;
      double a = ou ? std::exp(-1.5 * s) : 1, m = ou ? 0.75 * -std::expm1(-1.5 * s) : 0.25 * s;
      double d = 2 * std::sqrt(ou ? -std::expm1(-3 * s) / 3 : s);
      CAPTURE(l.t, ou);
      CHECK(flow(xt, s, l.t) == Approx(a * x0 + m + d * n).epsilon(1e-9));
      CHECK(flow(flow(xt, s, l.t), s / 5, s) == Approx(flow(xt, s / 5, l.t)).epsilon(1e-9));
    }
  }
}

TEST_CASE("a deterministic walk around the posterior mean leads to the data") {
  // Two points of R, -1 with probability 0.3 and 2 with 0.7; x_t | x_0 is N(a x_0, d^2).
  auto check = [](const Kept<Process>& process, double horizon, auto moments) {
    Joint joint("two", horizon);
    joint.add("x", process, {.estimate = "noise"});
    Sampler sampler = compile(joint, Target::host(), {.questions = {Question::prior, Question::flow_step}});
    constexpr int64_t samples = 20000;
    auto model = [&](const ModelInput& input, State& estimate) {
      auto [a, d] = moments(input.time);
      auto x = input.state["x"].values<const float>();
      auto noise = estimate["x"].values<float>();
      for (size_t i = 0; i < x.size(); ++i) {
        double u = (double(x[i]) - a * 0.5) / d;  // Both data are 1.5 a / d from here.
        double odds = std::log(0.7 / 0.3) + 2 * u * 1.5 * a / d, right = 1 / (1 + std::exp(-odds));
        noise[i] = float((double(x[i]) - a * (3 * right - 1)) / d);
      }
    };
    std::vector<double> times;
    const int steps = 256;
    for (int i = 0; i <= steps; ++i)
      times.push_back(i == steps ? 0 : horizon * std::pow(1e-5, double(i) / (steps - 1)));
    State made = sampler.reverse(model, times, samples, Seed(5), {.step_by = StepBy::flow});
    std::vector<double> right;
    for (float v : made["x"].values<const float>()) {
      CHECK(std::min(std::abs(v + 1), std::abs(v - 2)) < 0.02);
      right.push_back(v > 0.5f);
    }
    // The steps' own error moves the border between the two by less than 0.005.
    CHECK(std::abs(z_of_mean(right, 0.7)) < z_bound() + 0.005 / std::sqrt(0.21 / samples));
    State again = sampler.reverse(model, times, samples, Seed(5), {.step_by = StepBy::flow});
    CHECK(again["x"].values<float>()[7] == made["x"].values<float>()[7]);
  };
  check(OrnsteinUhlenbeck(Euclidean({}), {.theta = 1, .sigma = 1.5}), 8,
        [](double t) { return std::pair(std::exp(-t), 1.5 * std::sqrt(-std::expm1(-2 * t) / 2)); });
  // beta from 0.1 to 20: log of the decay squared is -(0.1 t + 9.95 t^2).
  check(VariancePreserving(Euclidean({}), {}), 1, [](double t) {
    double passed = 0.1 * t + 9.95 * t * t;
    return std::pair(std::exp(-passed / 2), std::sqrt(-std::expm1(-passed)));
  });
}

TEST_CASE("a step by means is the mean of the bridge to the estimate's endpoint") {
  // Without drift towards a mean, and with one: sinh(theta (t - s)) x_0 + sinh(theta s) x_t over sinh(theta t).
  auto line = [](double x0, double xt, double s, double t) { return x0 + s / t * (xt - x0); };
  auto pulled = [](double x0, double xt, double s, double t) {
    return (std::sinh(0.7 * (t - s)) * x0 + std::sinh(0.7 * s) * xt) / std::sinh(0.7 * t);
  };
  auto check = [](const Kept<Process>& process, double (*mean)(double, double, double, double)) {
    for (const char* kind : {"endpoint", "tangent"}) {
      Joint joint("joint", 4);
      joint.add("x", process, {.estimate = kind});
      Sampler sampler = compile(joint, Target::host(), {.questions = {Question::prior, Question::mean_step}});
      Tensor given = Tensor::empty(Dtype::f32, {1}), from = Tensor::empty(Dtype::f32, {1});
      const float x0 = 0.75f, xt = -2;
      given.values<float>()[0] = kind == std::string("tangent") ? x0 - xt : x0;
      from.values<float>()[0] = xt;
      for (auto [s, t] : {std::pair(0.5, 1.0), {0.01, 3.0}, {1.0, 1.25}, {1e-6, 2e-6}}) {
        CAPTURE(kind, s, t);
        float found = sampler.mean_step({{"x", given}}, {{"x", from}}, s, t)["x"].values<const float>()[0];
        CHECK(double(found) == Approx(mean(x0, xt, double(float(s)), double(float(t)))).epsilon(3e-6));
      }
      // A walk draws nothing but the prior, and ends at the estimate.
      auto model = [&](const ModelInput& input, State& estimate) {
        auto x = input.state["x"].values<const float>();
        for (size_t i = 0; i < x.size(); ++i)
          estimate["x"].values<float>()[i] = kind == std::string("tangent") ? x0 - x[i] : x0;
      };
      State made = sampler.reverse(model, {4, 1, 0}, 5, Seed(1), {.step_by = StepBy::means});
      for (float v : made["x"].values<const float>()) CHECK(v == Approx(x0).epsilon(1e-6));
    }
  };
  check(Brownian(Euclidean({}), 2.0), line);
  check(OrnsteinUhlenbeck(Euclidean({}), {.theta = 0.7, .sigma = 1.5}), pulled);
}

TEST_CASE("a walk by the flow needs one, and its question compiled") {
  Joint joint("joint");
  joint.add("angle", Brownian(Circle(), 1.0));
  Sampler sampler = compile(joint);
  auto model = [](const ModelInput& input, State& estimate) { estimate = input.state; };
  CHECK_THROWS_WITH(sampler.reverse(model, {1, 0}, 3, Seed(1), {.step_by = StepBy::flow}),
                    "flow_step: joint 'joint' was compiled without the pipeline 'flow_step'; compile it with that one "
                    "(CompileOptions::questions)");
  Joint words("words");
  words.add("word", UniformJump(Categorical(3), 1.0));
  CHECK_THROWS_WITH(compile(words, Target::host(), {.questions = {Question::flow_step}}),
                    "joint 'words', component 'word', flow_step: the process on space 'categorical' has no flow; walk "
                    "by steps that draw, as categories must");
}

TEST_CASE("beside what goes by a flow or by means, categories are drawn") {
  constexpr int64_t n = 20000;
  auto filled = [](Tensor tensor, float value) {
    for (float& v : tensor.values<float>()) v = value;
    return tensor;
  };
  Joint both("both"), alone("alone");
  for (Joint* joint : {&both, &alone}) joint->add("place", Brownian(Euclidean({}), 1.0));
  both.add("word", UniformJump(Categorical(4), 1.0));
  const std::vector<Question> steps = {Question::flow_step, Question::mean_step};
  const Sampler sampler = compile(both, Target::host(), {.questions = steps});
  const Sampler by_itself = compile(alone, Target::host(), {.questions = steps});
  State xt{{"place", filled(Tensor::empty(Dtype::f32, {n}), 2)}, {"word", Tensor::empty(Dtype::i32, {n})}};
  for (int32_t& word : xt["word"].values<int32_t>()) word = 3;
  State estimate{{"place", filled(Tensor::empty(Dtype::f32, {n}), 0.5)},
                 {"word", filled(Tensor::empty(Dtype::f32, {n, 4}), -30)}};
  for (int64_t i = 0; i < n; ++i) estimate["word"].values<float>()[size_t(4 * i + 1)] = 0;  // It was 1.
  const State place{{"place", xt["place"]}}, place_estimate{{"place", estimate["place"]}};
  for (Question question : steps) {
    INFO(name_of(question));
    const bool flow = question == Question::flow_step;
    auto stepped = [&](Seed seed) {
      return flow ? sampler.flow_step(estimate, xt, 0.3, 0.8, seed) : sampler.mean_step(estimate, xt, 0.3, 0.8, seed);
    };
    const State made = stepped(Seed(5)), again = stepped(Seed(6));
    const State expected = flow ? by_itself.flow_step(place_estimate, place, 0.3, 0.8)
                                : by_itself.mean_step(place_estimate, place, 0.3, 0.8);
    auto numbers = [](const State& state) { return state["place"].values<const float>(); };
    auto words = [](const State& state) { return state["word"].values<const int32_t>(); };
    CHECK(std::ranges::equal(numbers(made), numbers(expected)));
    CHECK(std::ranges::equal(numbers(again), numbers(expected)));
    CHECK(!std::ranges::equal(words(again), words(made)));
    // P_s(1, k) P_{t-s}(k, 3) / P_t(1, 3).
    auto p = [](double time, int from, int to) { return 0.25 + ((from == to) - 0.25) * std::exp(-time); };
    for (int k = 0; k < 4; ++k) {
      const double share = p(0.3, 1, k) * p(0.5, k, 3) / p(0.8, 1, 3);
      const auto count = double(std::ranges::count(words(made), k));
      CHECK(std::abs(count - n * share) < 5 * std::sqrt(n * share * (1 - share)));
    }
  }
  CHECK_THROWS_WITH(sampler.flow_step(estimate, xt, 0.3, 0.8),
                    "flow_step: joint 'both' has categories, which are drawn; give a seed");
  CHECK_THROWS_WITH(sampler.mean_step(estimate, xt, 0.3, 0.8),
                    "mean_step: joint 'both' has categories, which are drawn; give a seed");
  auto model = [&](const ModelInput&, State& e) { e = estimate; };
  const Sampler walker = compile(both, Target::host(), {.questions = {Question::prior, Question::flow_step}});
  State end = walker.reverse(model, {1, 0.5, 0}, n, Seed(1), {.step_by = StepBy::flow});
  CHECK(std::ranges::all_of(end["word"].values<const int32_t>(), [](int32_t word) { return word == 1; }));
  CHECK(std::ranges::all_of(end["place"].values<const float>(), [](float x) { return x == 0.5f; }));
}
