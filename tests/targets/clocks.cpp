// Clocks compiled: what they read, how fast they run and when they read it, in f32.
#include <cmath>
#include <functional>
#include <vector>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/clock.h>
#include <catenary/dsl/evaluate.h>

using namespace catenary;

namespace {

struct Named {
  const char* name;
  Clock clock;
  double exponent = 0;  ///< The largest exponent of e in it.
};

std::vector<Named> named() {
  return {{"linear", Clock::linear(0.3)},
          {"power 3", Clock::power(3)},
          {"power 2.5", Clock::power(2.5), 20},
          {"power 0.5", Clock::power(0.5), 20},
          {"cosine", Clock::cosine()},
          {"exponential 3", Clock::exponential(3), 3},
          {"exponential 80", Clock::exponential(80), 80},
          {"exponential -80", Clock::exponential(-80), 80},
          {"sigmoid 10", Clock::sigmoid(10), 10},
          {"sigmoid 80", Clock::sigmoid(80), 80},
          {"easing", Clock::easing()},
          {"own", Clock([](Expr t) { return t * t * (3.0 - 2.0 * t) + 0.01 * t; })}};
}

const std::vector<float> times = {1e-6f, 1e-3f, 0.1f, 0.3f, 0.5f, 0.7f, 0.9f, 0.999f, 1.0f};

// f at each of `at`: compiled, or in double precision.
std::vector<float> compiled(const std::function<Expr(Expr)>& f, std::vector<float> at) {
  const Conversion conversion("at_time", {"time", {}}, "readings", f);
  const Tensor made = compile(conversion)(TensorView(at.data(), {int64_t(at.size())}));
  auto values = made.values<const float>();
  return {values.begin(), values.end()};
}
double evaluated(const std::function<Expr(Expr)>& f, double at) {
  return evaluate({f(parameter("t", Type::f32, {}))}, {{"t", {at}}})[0][0];
}

}  // namespace

TEST_CASE("clocks compiled: readings and how fast they run") {
  for (const Named& c : named()) {
    auto slope = [&](Expr t) { return c.clock.derivative(std::move(t)); };
    const std::vector<float> readings = compiled(c.clock, times), slopes = compiled(slope, times);
    const double rounding = 5e-7 * (1 + c.exponent);
    for (size_t i = 0; i < times.size(); ++i) {
      CAPTURE(c.name, times[i]);
      CHECK(readings[i] == Approx(evaluated(c.clock, times[i])).epsilon(rounding).margin(1e-36));
      // At a flat end what is left of it is what rounding leaves of the time.
      CHECK(slopes[i] == Approx(evaluated(slope, times[i])).epsilon(rounding).margin(5e-7 * times[i]));
    }
  }
}

TEST_CASE("clocks compiled: the time that reads so much") {
  for (const Named& c : named()) {
    const std::vector<float> readings = compiled(c.clock, times);
    const std::vector<float> found = compiled([&](Expr r) { return c.clock.inverse(std::move(r), 1); }, readings);
    for (size_t i = 0; i < times.size(); ++i) {
      CAPTURE(c.name, times[i]);
      // Where the clock hardly moves its reading tells no time.
      CHECK(evaluated(c.clock, found[i]) == Approx(readings[i]).epsilon(5e-6 * (1 + c.exponent)).margin(1e-36));
    }
  }
}
