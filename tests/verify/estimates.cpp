// Mistakes that people make in what a model returns: what it stands for, its loss, and steps by it.
#include <catch2/catch.hpp>

#include <algorithm>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/verify/failures.h>

using namespace catenary;
using Catch::Matchers::Contains;

namespace {

// An estimate of the noise, converted with the wrong sign.
class Denoised final : public Process {
 public:
  explicit Denoised(double sign) : Process(Euclidean({})), sign_(sign) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s, t); }
  std::vector<Estimate> estimates() const override { return {{"endpoint", {}}}; }
  Expr endpoint(const Estimate&, Expr estimate, Expr xt, Expr t) const override {
    return sign_ * estimate + 0.0 * xt * t;
  }

 private:
  double sign_;
  EuclideanBrownian exact_ = Brownian(Euclidean({}), 1.0);
};
// The likeliest category instead of a draw.
class Likeliest final : public Process {
 public:
  Likeliest() : Process(Categorical(3)) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s, t); }
  std::vector<Estimate> estimates() const override { return exact_.estimates(); }
  Expr endpoint(const Estimate&, Expr logits, Expr, Expr) const override {
    Expr most = max_of(logits);
    return to_int(select(index(logits, 0) >= most, 0.0, select(index(logits, 1) >= most, 1.0, constant(2))));
  }

 private:
  UniformJump exact_{Categorical(3), 1};
};
// Straight lines to noise, whose velocities, losses and flow are to be spoilt.
class Straight : public Process {
 public:
  Straight() : Process(Euclidean({2})) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s, t); }
  bool markov() const override { return false; }
  bool bridges_compose() const override { return true; }
  std::vector<Estimate> estimates() const override { return exact_.estimates(); }
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    return exact_.endpoint(kind, estimate, xt, t);
  }
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override {
    return exact_.loss(kind, estimate, x0, xt, t);
  }
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.flow(x0, xt, s, t); }

 protected:
  StochasticInterpolant exact_{Euclidean({2})};
};
struct VelocityTowardsTheData final : Straight {
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    return Straight::endpoint(kind, kind.kind == "velocity" ? -estimate : estimate, xt, t);
  }
};
struct VelocityIntoNothing final : Straight {
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    Expr end = Straight::endpoint(kind, estimate, xt, t);
    return kind.kind == "velocity" ? end + 0.0 * log(min(estimate, 0.0)) : end;
  }
};
struct TangentOfTheWrongPoint final : Straight {
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    return kind.kind == "tangent" ? 2.0 * xt + estimate : Straight::endpoint(kind, estimate, xt, t);
  }
};
struct VelocityThatCancels final : Straight {
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    Expr end = Straight::endpoint(kind, estimate, xt, t);
    return kind.kind == "velocity" ? (end + 1e5) - 1e5 : end;
  }
};
struct LossOfTheWrongEnd final : Straight {
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override {
    return Straight::loss(kind, estimate, kind.kind == "endpoint" ? xt : x0, xt, t);
  }
};
struct WrongGradient final : Straight {
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override {
    std::optional<Loss> loss = Straight::loss(kind, estimate, x0, xt, t);
    if (kind.kind == "tangent") loss->gradient = estimate - (x0 - xt);
    return loss;
  }
};
struct NoLoss final : Straight {
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override {
    if (kind.kind == "velocity") return std::nullopt;
    if (kind.kind == "tangent") return Loss(constant(0));
    return Straight::loss(kind, estimate, x0, xt, t);
  }
};
struct FlowOfTheWrongLaw final : Straight {
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override {
    return *Straight::flow(x0, xt, s, t) + 0.1 * s * (1.0 - s) * x0;
  }
};
struct VelocityTooFast final : Straight {
  std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const override {
    return 1.01 * *Straight::flow_velocity(x0, xt, t);
  }
};
struct VelocityTowardsTheNoise final : Straight {
  std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr, Expr) const override {
    return kind.kind == "velocity" ? std::optional(-estimate) : std::nullopt;
  }
};
struct FlowThatTurnsTheNoise final : Straight {
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override {
    return 2.0 * (1.0 - s) * x0 - *Straight::flow(x0, xt, s, t);
  }
};
// Brownian motion whose bridge's mean is to be spoilt.
class Told : public Process {
 public:
  Told() : Process(Euclidean({2})) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s, t); }
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override {
    return exact_.bridge_mean(x0, xt, s, t);
  }

 private:
  EuclideanBrownian exact_ = Brownian(Euclidean({2}), 1.0);
};
struct MeanTooNearTheEnd final : Told {
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override {
    return x0 + min(1.1 * s / t, 1.0) * (xt - x0);
  }
};
struct MeanBesideTheWay final : Told {
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override {
    return *Told::bridge_mean(x0, xt, s, t) + 0.05 * sqrt(s);
  }
};
struct MeanOfNothing final : Told {
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override {
    return *Told::bridge_mean(x0, xt, s, t) + 0.0 * log(-s);
  }
};

}  // namespace

TEST_CASE("mistakes in what estimates stand for") {
  CHECK(first_failure(Denoised(1), 1) == "none");
  CHECK_THAT(first_failure(Denoised(-1), 1), Contains("endpoint estimate: ") && Contains("stepped"));
  CHECK_THAT(first_failure(Likeliest()), Contains("logits: category "));
}

TEST_CASE("an estimate that f32 does not bear") {
  VerifyOptions options = quick(1);
  options.only = {"estimates"};
  CHECK_THAT(first_failure(verify(VelocityThatCancels(), options)),
             Contains("estimates in f32: the ") && Contains(" of the 'velocity' [") &&
                 Contains("; in double precision ") && Contains("a formula that cancels"));
}

TEST_CASE("mistakes in any kind of estimate, in losses and in flows") {
  VerifyOptions options = quick(1);
  options.only = {"estimates", "flow"};
  auto failure = [&](auto process) { return first_failure(verify(std::move(process), options)); };
  CHECK(failure(Straight()) == "none");
  CHECK_THAT(failure(VelocityTowardsTheData()), Contains("true estimates: the 'velocity' that x_0 = [") &&
                                                    Contains("which stands for [") &&
                                                    Contains("endpoint: the x_0 that an estimate stands for"));
  CHECK_THAT(failure(VelocityIntoNothing()),
             Contains("true estimates: the 'velocity' that x_0 = [") && Contains("nan"));
  CHECK_THAT(failure(TangentOfTheWrongPoint()), Contains("true estimates: the 'tangent' that x_0 = ["));
  CHECK_THAT(failure(LossOfTheWrongEnd()),
             Contains("loss: of x_0 = [") && Contains("the loss of the 'endpoint' [") && Contains(", which is true"));
  CHECK_THAT(failure(WrongGradient()), Contains("loss: along [") && Contains("the loss of the 'tangent' [") &&
                                           Contains("by its gradient that is"));
  CHECK_THAT(failure(FlowOfTheWrongLaw()),
             Contains("flow: ") && Contains("by the flow") && Contains("given x_0 it keeps the noise"));
  CHECK_THAT(failure(FlowThatTurnsTheNoise()),
             Contains("flow composes: from x_t = [") && Contains("and by way of s = 0.3 to ["));
  Report report = verify(NoLoss(), options);
  std::map<std::string, std::string> said;
  for (const Check& c : report.checks)
    if (c.verdict == Verdict::skipped) said[c.name] = c.worst;
  CHECK(said.at("true estimates: velocity") ==
        "which estimate is true is told by a loss that is a square, and there is none");
  CHECK_THAT(first_failure(report), Contains("loss: the loss of 'tangent' is the same for all estimates"));
}

TEST_CASE("mistakes in the velocity of a flow") {
  VerifyOptions options = quick(1);
  options.only = {"flow velocity"};
  auto failure = [&](auto process) { return first_failure(verify(std::move(process), options)); };
  CHECK(failure(Straight()) == "none");
  CHECK_THAT(failure(VelocityTooFast()), Contains("flow velocity: by the 'endpoint' [") &&
                                             Contains("the velocity is [") && Contains("and x_t changes by ["));
  CHECK_THAT(failure(VelocityTowardsTheNoise()), Contains("flow velocity: by the 'velocity' ["));
  auto skipped = [&](auto process) { return verify(std::move(process), options).checks.at(0).worst; };
  CHECK(skipped(Denoised(1)) == "the process has no flow");
  // By the clock's derivative, as the joint's flow goes.
  Joint joint("joint", 2);
  joint.add("x", Straight(), {.clock = Clock::linear(0.5).then(Clock::power(2))});
  CHECK(first_failure(verify(joint, options)) == "none");
}

TEST_CASE("mistakes in the mean of a bridge") {
  VerifyOptions options = quick(1);
  options.only = {"bridge mean"};
  auto failure = [&](auto process) { return first_failure(verify(std::move(process), options)); };
  CHECK(failure(Told()) == "none");
  CHECK_THAT(failure(MeanTooNearTheEnd()),
             Contains("bridge mean: what is drawn is off along the way to x_t by |z| = ") &&
                 Contains("bridge_mean: what it makes of x_0 and of x_t"));
  CHECK_THAT(failure(MeanBesideTheWay()), Contains("bridge mean: what is drawn is off on average by |z| = "));
  CHECK_THAT(failure(MeanOfNothing()), Contains("bridge mean: what is drawn is off") && Contains("|z| = nan"));
  Report report = verify(Brownian(Circle(), 1.0), options);
  CHECK(report.checks[0].worst == "not every process here tells the mean of its bridge");
}
