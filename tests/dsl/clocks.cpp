// Clocks: closed forms, inverses, derivatives, and what stands while they stand.
#include <cmath>
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/joint.h>
#include <catenary/dsl/laws.h>
#include <catenary/stdlib/euclidean.h>

using namespace catenary;

namespace {

double value(const std::function<Expr(Expr)>& f, double at) {
  return evaluate({f(parameter("t", Type::f32, {}))}, {{"t", {at}}})[0][0];
}

struct Named {
  const char* name;
  Clock clock;
  std::function<double(double)> reading;
};

const double pi = std::numbers::pi;
double logistic(double x) { return 1 / (1 + std::exp(-x)); }

std::vector<Named> named() {
  return {
      {"power 3", Clock::power(3), [](double t) { return t * t * t; }},
      {"power 1", Clock::power(1), [](double t) { return t; }},
      {"power 0.5", Clock::power(0.5), [](double t) { return std::sqrt(t); }},
      {"power 2.5", Clock::power(2.5), [](double t) { return std::pow(t, 2.5); }},
      {"cosine", Clock::cosine(), [](double t) { return std::pow(std::sin(pi * t / 2), 2); }},
      {"exponential 3", Clock::exponential(3), [](double t) { return std::expm1(3 * t) / std::expm1(3); }},
      {"exponential -7", Clock::exponential(-7), [](double t) { return std::expm1(-7 * t) / std::expm1(-7); }},
      {"exponential 1e-9", Clock::exponential(1e-9), [](double t) { return t; }},
      {"sigmoid 10", Clock::sigmoid(10),
       [](double t) { return (logistic(10 * t - 5) - logistic(-5)) / (logistic(5) - logistic(-5)); }},
      {"sigmoid 1e-6", Clock::sigmoid(1e-6), [](double t) { return t; }},
      {"easing", Clock::easing(), [](double t) { return 1 - (1 - t) * (1 - t); }},
  };
}

// A process that tells its times.
struct Teller final : Process {
  Teller() : Process(Euclidean({})) {}
  Expr prior(Expr horizon) const override { return horizon; }
  Expr forward(Expr, Expr t) const override { return 100.0 / t; }
  Expr bridge(Expr, Expr, Expr s, Expr t) const override { return 1.0 / s + 1.0 / (t - s); }
};

}  // namespace

TEST_CASE("named clocks: readings") {
  for (const Named& c : named()) {
    CAPTURE(c.name);
    CHECK(value(c.clock, 0) == 0);
    CHECK(value(c.clock, 1) == Approx(1).epsilon(3e-7));
    CHECK(value(c.clock, 1.5) == value(c.clock, 1));
    for (double t : {0.01, 0.1, 0.3, 0.5, 0.75, 0.99}) CHECK(value(c.clock, t) == Approx(c.reading(t)).epsilon(7e-7));
  }
  // Relative to what they read, where it is small.
  const double tiny = 1e-9;
  CHECK(value(Clock::cosine(), tiny) == Approx(pi * pi / 4 * tiny * tiny).epsilon(3e-7));
  CHECK(value(Clock::exponential(3), tiny) == Approx(3 * tiny / std::expm1(3)).epsilon(3e-7));
  CHECK(value(Clock::sigmoid(10), tiny) ==
        Approx(10 * tiny * logistic(5) * logistic(-5) / (logistic(5) - logistic(-5))).epsilon(3e-7));
  CHECK(value(Clock::easing(), tiny) == Approx(2 * tiny).epsilon(3e-7));
  CHECK(value(Clock::linear(0.25), 2) == 0.5);
  CHECK(value(Clock::identity(), 2) == 2);
  CHECK(Clock::identity().is_identity());
}

TEST_CASE("clocks: inverse") {
  std::vector<Named> clocks = named();
  for (const Named& c : clocks) {
    Clock plain([c](Expr t) { return c.clock(std::move(t)); });
    for (double t : {1e-6, 0.01, 0.1, 0.5, 0.9, 1.0}) {
      CAPTURE(c.name, t);
      double reads = value(c.clock, t);
      // Judged by what the clock reads there: at its flat end a sigmoid tells its time less well.
      double exact = value([&](Expr r) { return c.clock.inverse(r, 1); }, reads);
      double solved = value([&](Expr r) { return plain.inverse(r, 1); }, reads);
      CHECK(value(c.clock, exact) == Approx(reads).epsilon(5e-6));
      CHECK(value(c.clock, solved) == Approx(reads).epsilon(7e-7));
      CHECK(exact == Approx(t).epsilon(1e-5));
      CHECK(solved == Approx(t).epsilon(2e-7));
    }
    CHECK(value([&](Expr r) { return plain.inverse(r, 1); }, 0) == 0);
    CHECK(value([&](Expr r) { return c.clock.inverse(r, 1); }, 0) == 0);
    CHECK(value([&](Expr r) { return c.clock.inverse(r, 0.5); }, 1.25) == 0.5);
    CHECK(value([&](Expr r) { return plain.inverse(r, 0.5); }, 1.25) == 0.5);
  }
  // The first time that reads so much, where the clock stands.
  Clock stands([](Expr t) { return max(t - 1.0, 0.0) + min(t, 0.5); });
  CHECK(value([&](Expr r) { return stands.inverse(r, 4); }, 0.5) == Approx(0.5).epsilon(1e-6));
  CHECK(value([&](Expr r) { return stands.inverse(r, 4); }, 0.75) == Approx(1.25).epsilon(1e-6));
  CHECK(value([&](Expr r) { return Clock::identity().inverse(r, 4); }, 0.75) == 0.75);
  CHECK(value([&](Expr r) { return Clock::linear(2).inverse(r, 4); }, 3) == 1.5);
}

TEST_CASE("clocks: derivative") {
  for (const Named& c : named()) {
    CAPTURE(c.name);
    for (double t : {0.1, 0.4, 0.8}) {
      double h = 1e-5, slope = (value(c.clock, t + h) - value(c.clock, t - h)) / (2 * h);
      CHECK(value([&](Expr at) { return c.clock.derivative(at); }, t) == Approx(slope).epsilon(1e-6));
    }
  }
  CHECK(value([](Expr t) { return Clock::identity().derivative(t); }, 3) == 1);
  CHECK(value([](Expr t) { return Clock::linear(3).derivative(2.0 * t); }, 3) == 3);
}

TEST_CASE("clocks follow one another") {
  Clock whole = Clock::linear(0.5).then(Clock::cosine()).then(Clock::linear(3));
  CHECK(value(whole, 2) == Approx(3));
  CHECK(value(whole, 0.5) == Approx(3 * std::pow(std::sin(pi / 8), 2)));
  CHECK(value([&](Expr r) { return whole.inverse(r, 2); }, value(whole, 0.7)) == Approx(0.7));
  Clock own = Clock::linear(0.5).then(Clock([](Expr t) { return t * t; }));
  CHECK(value(own, 3) == 2.25);
  CHECK(value([&](Expr r) { return own.inverse(r, 10); }, 2.25) == Approx(3).epsilon(1e-6));
  CHECK(value(Clock::identity().then(Clock::linear(2)), 3) == 6);
  CHECK(value(Clock::linear(2).then(Clock::identity()), 3) == 6);
  CHECK(Clock::identity().then(Clock::identity()).is_identity());
}

TEST_CASE("a component does not move while its clock stands") {
  Joint joint("joint", 4);
  joint.add("c", Teller(), {.clock = Clock([](Expr t) { return min(max(t - 1.0, 0.0), 1.0); })});
  auto ask = [&](Question question, const std::map<std::string, Values>& given) {
    return evaluate({derive(joint, joint.components()[0], question).result}, given)[0][0];
  };
  auto bridge = [&](double s, double t) {
    return ask(Question::bridge, {{"x0", {5}}, {"xt", {7}}, {"s", {s}}, {"t", {t}}});
  };
  CHECK(ask(Question::forward, {{"x0", {5}}, {"t", {0.5}}}) == 5);
  CHECK(ask(Question::forward, {{"x0", {5}}, {"t", {3}}}) == 100);
  CHECK(ask(Question::transition, {{"xs", {7}}, {"s", {0.25}}, {"t", {0.5}}}) == 7);
  CHECK(ask(Question::transition, {{"xs", {7}}, {"s", {2.5}}, {"t", {3}}}) == 7);
  CHECK(bridge(0, 0.5) == 5);
  CHECK(bridge(0.25, 0.5) == 7);
  CHECK(bridge(0.5, 1.5) == 5);
  CHECK(bridge(1.25, 1.5) == 8);
  CHECK(bridge(2.5, 3) == 7);
}
