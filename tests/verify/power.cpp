// The verifier's power: an error of one part in a hundred in any variance is caught at standard effort.
#include <catch2/catch.hpp>

#include <cmath>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/sphere.h>
#include <catenary/verify/verify.h>

using namespace catenary;

namespace {

// A variance one part in a hundred too large is a deviation that many times too large.
const double off = std::sqrt(1.01);

// An Ornstein-Uhlenbeck process with the factor `error` on the deviation of one of its laws.
struct Errors {
  double forward = 1, bridge = 1, prior = 1, density = 1;
};
class Spoilt final : public Process {
 public:
  explicit Spoilt(Errors errors) : Process(Euclidean({2})), errors_(errors) {}
  Expr prior(Expr horizon) const override { return errors_.prior * exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override {
    Expr mean = exp(-t) * x0;
    return mean + errors_.forward * (exact_.forward(x0, t) - mean);
  }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override {
    Expr first = -expm1(-2.0 * s), second = -expm1(-2.0 * (t - s)), all = -expm1(-2.0 * t);
    Expr mean = second / all * exp(-s) * x0 + exp(-(t - s)) * (first / all) * xt;
    return mean + errors_.bridge * sqrt(first / all * second / 2.0) * normal({2});
  }
  Expr transition(Expr xs, Expr s, Expr t) const override { return exact_.transition(xs, s, t); }
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    Expr mean = exp(-t) * x0;
    return *exact_.log_density(x0, mean + (xt - mean) / errors_.density, t) - 2 * std::log(errors_.density);
  }

 private:
  OrnsteinUhlenbeck exact_{Euclidean({2}), {.theta = 1, .mean = 0, .sigma = 1}};
  Errors errors_;
};

VerifyOptions options(Effort effort = Effort::standard) {
  VerifyOptions o;
  o.horizon = 16;
  o.effort = effort;
  return o;
}

// The first check that fails.
template <class T>
std::string failure_of(T subject, Effort effort = Effort::standard) {
  VerifyOptions o = options(effort);
  o.stop_at_failure = true;
  o.spaces = false;
  for (const Check& c : verify(std::move(subject), o).checks)
    if (c.verdict == Verdict::fail) return c.name;
  return "none";
}

}  // namespace

TEST_CASE("a process without an error passes") {
  Effort effort = GENERATE(Effort::quick, Effort::standard);
  Report report = verify(Spoilt({}), options(effort));
  INFO(report.table());
  CHECK(report.passed());
  Report jumps = verify(UniformJump(Categorical(5), 1), options(effort));
  INFO(jumps.table());
  CHECK(jumps.passed());
}

TEST_CASE("one part in a hundred too much variance is caught, law by law") {
  CHECK(failure_of(Spoilt({.forward = off})) == "Chapman-Kolmogorov");
  CHECK(failure_of(Spoilt({.bridge = off})) == "bridge identity");
  CHECK(failure_of(Spoilt({.prior = off})) == "prior");
  CHECK(failure_of(Spoilt({.density = off})) == "density");
}

TEST_CASE("four parts in a hundred are caught at quick effort") {
  const double more = std::sqrt(1.04);
  CHECK(failure_of(Spoilt({.forward = more}), Effort::quick) == "Chapman-Kolmogorov");
  CHECK(failure_of(Spoilt({.bridge = more}), Effort::quick) == "bridge identity");
  CHECK(failure_of(Spoilt({.prior = more}), Effort::quick) == "prior");
  CHECK(failure_of(Spoilt({.density = more}), Effort::quick) == "density");
}

namespace {

struct Noisy final : testing::Sphere {
  Expr tangent_normal(Expr x) const override { return off * Sphere::tangent_normal(x); }
};

struct Uneven final : testing::Sphere {
  Expr uniform_point() const override {
    Expr n = normal({3});
    return project(stack({index(n, 0), index(n, 1), off * off * index(n, 2)}));
  }
};

}  // namespace

TEST_CASE("one part in a hundred too much variance is caught in a space's noise") {
  CHECK(failure_of(Noisy()) == "tangent noise");
  CHECK(failure_of(Uneven()) == "uniform points");
}
