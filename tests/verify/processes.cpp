// Mistakes that people make in processes and joint processes, and what the verifier says of each.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/verify/failures.h>

using namespace catenary;
using Catch::Matchers::Contains;

namespace {

// Brownian motion on the circle, to be spoilt.
class Turning : public Process {
 public:
  Turning() : Process(Circle()) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s, t); }
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override { return exact_.log_density(x0, xt, t); }

 protected:
  CircleBrownian exact_{Circle(), 4};
};

struct Right final : Turning {};
// The bridge in the line, towards the nearest image: right while the circle is wide.
struct NearestImage final : Turning {
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override {
    Expr way = Circle::wrap(xt - x0);
    return Circle::wrap(x0 + s / t * way + sqrt(4.0 * s * (1.0 - s / t)) * normal());
  }
};
struct EndsSwapped final : Turning {
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(xt, x0, s, t); }
};
struct BridgeOfTheWrongTime final : Turning {
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, t - s, t); }
};
struct OffTheCircle final : Turning {
  Expr forward(Expr x0, Expr t) const override { return x0 + sqrt(4.0 * t) * normal(); }
};
struct NotANumber final : Turning {
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override {
    Expr square = s * (t - s) / (t * t);
    return select(square > 0.0, exact_.bridge(x0, xt, s, t), log(square));
  }
};
struct JumpsAtOnce final : Turning {
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t + 1.0); }
};
struct NarrowPrior final : Turning {
  Expr prior(Expr) const override { return Circle::wrap(normal()); }
};
struct PriorOfOneHorizon final : Process {
  PriorOfOneHorizon() : Process(Euclidean({})) {}
  Expr prior(Expr) const override { return normal(); }
  Expr forward(Expr x0, Expr t) const override { return x0 + sqrt(t) * normal(); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override {
    return x0 + s / t * (xt - x0) + sqrt(s * (1.0 - s / t)) * normal();
  }
};
struct OnIntoNothing final : Turning {
  Expr transition(Expr xs, Expr s, Expr t) const override { return xs + sqrt(s - t) * normal(); }
};
struct NotNormalised final : Turning {
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    return *Turning::log_density(x0, xt, t) + std::log(2 * std::numbers::pi);
  }
};
struct AnotherDensity final : Turning {
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    return *Turning::log_density(x0, xt, 1.5 * t);
  }
};
// A hole in the density, as a division by the distance makes it.
struct NoneAtItsStart final : Turning {
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    return select(equal(x0, xt), -5.0, *exact_.log_density(x0, xt, t));
  }
};
// The way by a difference of large numbers.
struct DensityThatCancels final : Turning {
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    return *exact_.log_density(x0, (xt + 1e3) - 1e3, t);
  }
};
struct AnotherScore final : Turning {
  std::optional<Expr> score(Expr x0, Expr xt, Expr t) const override { return Circle::wrap(x0 - xt) / (4.0 * t); }
};
// A rate that grows with time, in a process that says nothing of transitions.
class Accelerating final : public Process {
 public:
  Accelerating() : Process(Circle()) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, passed(t)); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, passed(s), passed(t)); }

 private:
  static Expr passed(Expr t) { return t * max(t, 1e-3); }
  CircleBrownian exact_{Circle(), 1};
};
// Geodesics to noise, to be spoilt.
class Flowing : public Process {
 public:
  Flowing() : Process(Sphere(2)) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s, t); }
  bool markov() const override { return false; }
  bool bridges_compose() const override { return true; }

 protected:
  GeodesicInterpolation exact_{Sphere(2)};
};
struct WrongShare final : Flowing {
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s * s / t, t); }
};
struct FlowWithEndsSwapped final : Flowing {
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(xt, x0, s, t); }
};
struct ForgetsTheEnd final : Flowing {
  Expr bridge(Expr x0, Expr, Expr s, Expr) const override { return exact_.forward(x0, s); }
};
struct SaysThatItIsMarkov final : Flowing {
  bool markov() const override { return true; }
};
// Where x_s depends on all later points.
class SaysThatBridgesCompose final : public Process {
 public:
  SaysThatBridgesCompose() : Process(Euclidean({})) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s, t); }
  bool markov() const override { return false; }
  bool bridges_compose() const override { return true; }

 private:
  StochasticInterpolant exact_{Euclidean({}), {.c = [](Expr t) { return sqrt(2.0 * t * (1.0 - t)); }}};
};
// Brownian motion whose steps by a score, `by` times as strong, are to be spoilt.
class Followed : public Turning {
 public:
  std::vector<Estimate> estimates() const override { return exact_.estimates(); }
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    return exact_.endpoint(kind, estimate, xt, t);
  }
  std::optional<Expr> step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override {
    return exact_.step(kind, by * estimate, xt, s, t);
  }
  std::optional<Expr> flow_step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override {
    return exact_.flow_step(kind, by_flow * estimate, xt, s, t);
  }
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override {
    return exact_.loss(kind, estimate, x0, xt, t);
  }

 protected:
  double by = 1, by_flow = 1;
};
struct StepTooFar final : Followed {
  StepTooFar() { by = 1.02; }
};
struct FlowTooFar final : Followed {
  FlowTooFar() { by_flow = 1.1; }
};
// From t to t / 2 it leads to the other side of x_0, as far away.
struct FlowToTheOtherSide final : Followed {
  FlowToTheOtherSide() { by_flow = (1 + std::sqrt(0.5)) / (1 - std::sqrt(0.5)); }
};
struct StepWithoutScore final : Followed {
  std::optional<Expr> log_density(Expr, Expr, Expr) const override { return std::nullopt; }
};
// Of tokens that are noise at t too few are at s.
class WrongShareOfTokens final : public Process {
 public:
  WrongShareOfTokens() : Process(Categorical(3)) {}
  Expr prior(Expr horizon) const override { return exact_.prior(horizon); }
  Expr forward(Expr x0, Expr t) const override { return exact_.forward(x0, t); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return exact_.bridge(x0, xt, s * s / t, t); }
  bool markov() const override { return false; }
  std::vector<Estimate> estimates() const override { return exact_.estimates(); }
  Expr endpoint(const Estimate& kind, Expr logits, Expr xt, Expr t) const override {
    return exact_.endpoint(kind, logits, xt, t);
  }

 private:
  DiscreteFlow exact_{Categorical(3)};
};

}  // namespace

TEST_CASE("processes that are right pass") {
  CHECK(first_failure(Right()) == "none");
  // A schedule that is infinite at time 0.
  auto lambda = [](Expr t) { return -2.0 * log(tan(std::numbers::pi / 2 * t)); };
  CHECK(first_failure(LinearDiffusion(Euclidean({2}), by_log_signal_to_noise(lambda, 0.95)), 0.95) == "none");
  // To the mask by way of other categories.
  DiscreteFlowOptions by_way{
      .kappa = [](Expr t) { return 0.5 * t * (1.0 + t); }, .uniform = [](Expr t) { return t * (1.0 - t); }, .mask = 2};
  CHECK(first_failure(DiscreteFlow(Categorical(5), by_way), 1) == "none");
  // Where x_t tells x_0, and one category is no datum.
  CHECK(first_failure(AbsorbingJump(Categorical(5), {.rate = 1, .mask = 2}), 16) == "none");
}

TEST_CASE("mistakes in bridges") {
  CHECK_THAT(first_failure(NearestImage()), Contains("bridge identity: ") && Contains("bridged") && Contains("s = "));
  for (const std::string& found : {first_failure(EndsSwapped(), 2), first_failure(BridgeOfTheWrongTime(), 2)})
    CHECK_THAT(found,
               Contains("extreme times: x_s bridged to just below t is still away from x_t, 1e+02 % as far as x_0") &&
                   Contains("which end is which"));
}

TEST_CASE("mistakes in flows") {
  CHECK(first_failure(Flowing(), 1) == "none");
  CHECK_THAT(first_failure(WrongShare(), 1), Contains("bridge identity: ") && Contains("bridged") && Contains("s = "));
  CHECK_THAT(first_failure(FlowWithEndsSwapped(), 1),
             Contains("extreme times: x_s bridged to just below t is still away from x_t"));
  CHECK_THAT(first_failure(ForgetsTheEnd(), 1),
             Contains("extreme times: x_s bridged to just below t is still away from x_t"));
  CHECK_THAT(first_failure(SaysThatItIsMarkov(), 1), Contains("Chapman-Kolmogorov: "));
  CHECK_THAT(first_failure(SaysThatBridgesCompose(), 1),
             Contains("bridges compose: ") && Contains("by way of s") && Contains("the number of its steps"));
  CHECK_THAT(first_failure(WrongShareOfTokens(), 1), Contains("bridge identity: "));
}

TEST_CASE("where there is no transition") {
  Joint joint("both", 1);
  joint.add("place", Flowing());
  joint.add("sky", UniformJump(Categorical(3), 16.0));
  VerifyOptions options = quick(1);
  options.only = {"Chapman-Kolmogorov and bridges"};
  Report report = verify(joint, options);
  CHECK(first_failure(report) == "none");
  std::map<std::string, std::string> said;
  for (const Check& c : report.checks) said[c.name] = c.compared;
  CHECK(said.at("sky: bridge identity") == "x_s bridged from x_0 and x_t, against noised from x_0");
  CHECK(said.count("place: bridges compose"));
  auto chapman = std::find_if(report.checks.begin(), report.checks.end(),
                              [](const Check& c) { return c.name == "Chapman-Kolmogorov"; });
  REQUIRE(chapman != report.checks.end());
  CHECK(chapman->verdict == Verdict::skipped);
  CHECK(chapman->worst == "a process that is not Markov by itself has no transition");
}

TEST_CASE("mistakes in forward laws and priors") {
  CHECK_THAT(first_failure(OffTheCircle()),
             Contains("extreme times: x_t noised to t = ") && Contains("which is not a point of space 'circle'"));
  CHECK_THAT(first_failure(NotANumber()),
             Contains("extreme times: x_s bridged to s = ") && Contains(" is nan, which is not a point"));
  CHECK_THAT(first_failure(JumpsAtOnce()),
             Contains("extreme times: x_t noised to t = 8e-12 has already moved away from x_0"));
  CHECK_THAT(first_failure(NarrowPrior()), Contains("prior: ") && Contains("by prior") && Contains("raise it until"));
  CHECK_THAT(first_failure(OnIntoNothing()),
             Contains("compiled law: transition gives nan compiled, and nan in double precision"));
  VerifyOptions options = quick(8);
  options.only = {"Chapman-Kolmogorov and bridges"};
  CHECK_THAT(first_failure(verify(OnIntoNothing(), options)),
             Contains("Chapman-Kolmogorov: the way from x_0 to x_t is not a finite number at some sample"));
  CHECK_THAT(first_failure(Accelerating(), 6), Contains("Chapman-Kolmogorov: ") && Contains("by way of s"));
}

TEST_CASE("a prior that does not follow its horizon") {
  VerifyOptions options = quick(1);
  options.only = {"prior"};
  options.stop_at_failure = false;
  Report report = verify(PriorOfOneHorizon(), options);
  auto late = std::find_if(report.checks.begin(), report.checks.end(),
                           [](const Check& c) { return c.name == "prior of a far horizon"; });
  REQUIRE(late != report.checks.end());
  CHECK(late->verdict == Verdict::fail);
  CHECK_THAT(late->worst, Contains("T = 1e+06"));
  CHECK(late->advice == "prior: what it makes of the horizon that it is given; or forward, long after");
}

TEST_CASE("a horizon too short is told as such") {
  CHECK_THAT(first_failure(Right(), 0.5),
             Contains("prior: ") && Contains("T = 0.5") && Contains("or the horizon: raise it"));
}

TEST_CASE("mistakes in densities and scores") {
  CHECK_THAT(first_failure(NotNormalised()), Contains("density integrates to one: the density integrates to 6.28"));
  CHECK_THAT(first_failure(AnotherDensity()),
             Contains("density: ") && Contains("by forward and") && Contains("by log_density"));
  CHECK_THAT(first_failure(NoneAtItsStart()), Contains("density near x_0: log_density is -5 at x_t = x_0 and "));
  CHECK_THAT(first_failure(DensityThatCancels()),
             Contains("log_density in f32: compiled to f32, log_density is ") && Contains("; in double precision "));
  CHECK_THAT(first_failure(AnotherScore()), Contains("score: along a unit vector at x_t the score is "));
}

TEST_CASE("mistakes in steps by a score") {
  VerifyOptions options = quick(1);
  options.only = {"steps by estimates"};
  auto failure = [&](auto process) { return first_failure(verify(std::move(process), options)); };
  CHECK(failure(Followed()) == "none");
  CHECK_THAT(failure(StepTooFar()), Contains("steps by score: ") && Contains("stepped") && Contains("bridged") &&
                                        Contains("what the estimate does in the place of an endpoint"));
  CHECK_THAT(failure(FlowTooFar()), Contains("flow by score: ") && Contains("by the flow") && Contains("noised"));
  CHECK_THAT(failure(FlowToTheOtherSide()), Contains("flow by score composes: from x_t = ") &&
                                                Contains("the flow leads to ") && Contains("and by way of s = 5e-07"));
  Report report = verify(StepWithoutScore(), options);
  CHECK(report.checks[0].worst == "which estimate is true is known of scores alone, and the process tells no score");
}

TEST_CASE("a joint process is verified with every kind, whichever it is placed with") {
  Joint joint("both", 8);
  joint.add("place", OrnsteinUhlenbeck(Euclidean({2}), {.theta = 1}), {.estimate = "noise"});
  joint.add("sky", UniformJump(Categorical(3), 4.0),
            {.clock = Clock([](Expr t) { return t * t / 8.0; }), .estimate = "endpoint"});
  VerifyOptions options = quick(8);
  options.only = {"estimates", "flow"};
  Report report = verify(joint, options);
  CHECK(first_failure(report) == "none");
  std::map<std::string, std::string> compared;
  for (const Check& c : report.checks) compared[c.name] = c.compared;
  CHECK_THAT(compared.at("place: true estimates"), Contains("(endpoint, tangent, noise, score, velocity)"));
  CHECK_THAT(compared.at("sky: true estimates"), Contains("(logits, endpoint)"));
}

TEST_CASE("joint processes: clocks") {
  auto on = [](Clock clock) {
    Joint joint("both", 8);
    joint.add("wind", Brownian(Circle(), 4.0));
    joint.add("sky", UniformJump(Categorical(3), 4.0), {.clock = std::move(clock)});
    return first_failure(verify(joint, quick(8)));
  };
  CHECK(on(Clock([](Expr t) { return t * t / 8.0; })) == "none");
  // One that falls beyond the horizon, where the verifier looks for extremes; one that stands at both ends.
  CHECK(on(Clock([](Expr t) { return t * (4.5 - 0.25 * t); })) == "none");
  CHECK(on(Clock([](Expr t) { return 8.0 * min(max(t - 1.0, 0.0) / 3.0, 1.0); })) == "none");
}

TEST_CASE("saved declarations") {
  Joint joint("both", 8);
  joint.add("wind", NearestImage());
  joint.add("sky", UniformJump(Categorical(3), 1.0));
  Report report = verify_mlir(to_mlir(joint), "both.mlir", quick(8));
  CHECK(report.subject == "declaration 'both.mlir'");
  CHECK_THAT(first_failure(report), Contains("wind: bridge identity: "));
  // About which point data of flat space lie it does not.
  Joint flat("flat", 8);
  flat.add("place", Brownian(Euclidean({2}), 1.0));
  report = verify_mlir(to_mlir(flat), "flat.mlir", quick(8));
  CHECK(first_failure(report) == "none");
  CHECK(std::ranges::any_of(report.checks, [](const Check& c) {
    return c.name == "prior" && c.worst == "the text of a declaration does not say about which point its data lie";
  }));
  // The mask is no datum, and the text says so.
  Joint masked("masked", 16);
  masked.add("word", AbsorbingJump(Categorical(4), {.mask = 1}));
  CHECK_THAT(to_mlir(masked), Contains("categories 4 forbids [1] "));
  CHECK(first_failure(verify_mlir(to_mlir(masked), "masked.mlir", quick(8))) == "none");
  CHECK_THROWS_WITH(verify_mlir("module {", "broken.mlir"), Contains("'broken.mlir' is not a declaration"));
  Joint noisy("noisy");
  noisy.add("place", Brownian(Euclidean({2}), 1.0), {.estimate = "noise"});
  CHECK_THROWS_WITH(verify_mlir(to_mlir(noisy), "noisy.mlir"),
                    "component 'place' of 'noisy.mlir' has its estimate as 'noise'; the verifier makes endpoints and "
                    "logits, so save the declaration with one of those");
}

TEST_CASE("a verification can be cancelled, and tells how far it is") {
  std::vector<double> done;
  VerifyOptions options = quick(8);
  options.progress = [&](const VerifyProgress& p) {
    done.push_back(p.done);
    CHECK(!p.check.empty());
    return done.size() < 3;
  };
  CHECK_THROWS_WITH(verify(Right(), options),
                    Contains("the verification of process on space 'circle' was cancelled before '"));
  CHECK(done.size() == 3);
  CHECK(std::is_sorted(done.begin(), done.end()));
}
