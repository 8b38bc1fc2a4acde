// The numbers of linear Gaussian transitions, as f32 code computes them, against closed forms in long double.
#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <optional>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/laws.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/laws/draws.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

using real = long double;

// A transition that tells the moments of another process: decay, deviation, shift.
class Moments final : public Process {
 public:
  explicit Moments(std::shared_ptr<const LinearGaussian> of) : Process(Euclidean({3})), of_(std::move(of)) {}
  Expr prior(Expr) const override { return splat(0.0, {3}); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
  Expr transition(Expr, Expr s, Expr t) const override {
    auto m = of_->moments(std::move(s), std::move(t));
    return stack({m.decay.value_or(constant(1)), m.deviation, m.shift.value_or(constant(0))});
  }

 private:
  std::shared_ptr<const LinearGaussian> of_;
};

struct Exact {
  real log_decay, variance, shift = 0;
};

// The moments of a process from s to t, by either engine.
class Told {
 public:
  template <class P>
  Told(Engine engine, P process) : joint_("joint", 1e30) {
    joint_.add("x", Moments(std::make_shared<const P>(std::move(process))));
    if (engine == Engine::compiled)
      sampler_ = compile(joint_, Target::host(), {.questions = {Question::transition}});
    else
      evaluator_ = Evaluator({derive(joint_, joint_.components()[0], Question::transition).result});
  }
  std::vector<double> operator()(float s, float t) const {
    if (evaluator_) return (*evaluator_)({{"xs", {0, 0, 0}}, {"s", {double(s)}}, {"t", {double(t)}}})[0];
    Tensor origin = Tensor::empty(Dtype::f32, {1, 3});
    std::ranges::fill(origin.values<float>(), 0.0f);
    State drawn = sampler_->transition(State{{"x", origin}}, double(s), double(t), Seed(1));
    auto values = drawn["x"].values<const float>();
    return {values.begin(), values.end()};
  }

 private:
  Joint joint_;
  std::optional<Sampler> sampler_;
  std::optional<Evaluator> evaluator_;
};

// At times from 1e-12 to `last`, and for s from 0 to a few floats below t.
void check(const Told& told, double last, const std::function<Exact(real s, real t)>& exact) {
  for (double end : {1e-12, 1e-7, 1e-3, 0.05, 0.3, 0.999, 1.0, 4.0, 50.0, 1e4}) {
    if (end > last) continue;
    for (double part : {0.0, 1e-6, 0.3, 0.9, 1 - 1e-4, 1 - 0x1p-22}) {
      float t = float(end), s = float(part * double(t));
      std::vector<double> found = told(s, t);
      Exact e = exact(real(s), real(t));
      real decay = std::exp(e.log_decay), deviation = std::sqrt(e.variance);
      CAPTURE(s, t, found[0], found[1], found[2], double(decay), double(deviation), double(e.shift));
      // An exponent is as good as a float is; below e^-80 nothing is left.
      real allowed = 1e-6L * std::max(real(1), std::abs(e.log_decay) / 3);
      CHECK(std::abs(real(found[0]) - decay) <= allowed * decay + 1e-34L);
      CHECK(std::abs(real(found[1]) - deviation) <= 1e-6L * deviation);
      CHECK(std::abs(real(found[2]) - e.shift) <= 1e-6L * std::abs(e.shift));
    }
  }
}

real square_of(real x) { return x * x; }
// The integral of e^{-k u} from 0 to d.
real fallen(real k, real d) { return k == 0 ? d : -std::expm1(-k * d) / k; }

const Euclidean line({});

}  // namespace

TEST_CASE("transition numbers: Brownian motion, Ornstein-Uhlenbeck") {
  Engine engine = GENERATE(from_range(engines()));
  check(Told(engine, Brownian(line, {.rate = 0.7, .drift = -1.3})), 1e4,
        [](real s, real t) { return Exact{0, 0.7L * (t - s), -1.3L * (t - s)}; });
  for (double theta : {0.7, 1e-9, 30.0})
    check(Told(engine, OrnsteinUhlenbeck(line, {.theta = theta, .mean = 2.5, .sigma = 0.6})), 1e4, [=](real s, real t) {
      return Exact{-theta * (t - s), 0.36L * fallen(2 * real(theta), t - s), -2.5L * std::expm1(-theta * (t - s))};
    });
}

TEST_CASE("transition numbers: Ornstein-Uhlenbeck with a schedule") {
  Engine engine = GENERATE(from_range(engines()));
  // A rate that cancels 2 theta, and one beyond it.
  check(Told(engine, ScheduledOrnsteinUhlenbeck(line, {.theta = 0.7,
                                                       .mean = 1,
                                                       .variance = 0.3,
                                                       .terms = {{0.2, -0.5}, {0.1, 0.3}, {0.4, -1.4}, {0.5, -3}}})),
        50, [](real s, real t) {
          auto term = [&](real w, real b) {
            // The slower of the two exponentials taken out.
            return b > -1.4L ? w * std::exp(b * t) * fallen(b + 1.4L, t - s)
                             : w * std::exp(b * s - 1.4L * (t - s)) * fallen(-b - 1.4L, t - s);
          };
          real all =
              0.3L * fallen(1.4L, t - s) + term(0.2L, -0.5L) + term(0.1L, 0.3L) + term(0.4L, -1.4L) + term(0.5L, -3);
          return Exact{-0.7L * (t - s), all, -std::expm1(-0.7L * (t - s))};
        });
}

TEST_CASE("transition numbers: score-based models") {
  Engine engine = GENERATE(from_range(engines()));
  auto beta = [](real s, real t) { return (t - s) * (0.1L + 19.9L * (t + s) / 2); };
  check(Told(engine, VariancePreserving(line)), 4,
        [&](real s, real t) { return Exact{-beta(s, t) / 2, -std::expm1(-beta(s, t))}; });
  check(Told(engine, SubVariancePreserving(line)), 4, [&](real s, real t) {
    return Exact{-beta(s, t) / 2, std::expm1(-beta(s, t)) * std::expm1(-beta(0, s) - beta(0, t))};
  });
  check(Told(engine, CosineVariancePreserving(line)), 0.999, [](real s, real t) {
    real speed = std::numbers::pi_v<real> / 2 / 1.008L;
    real start = std::sin(speed * (1 - s)), decay = std::sin(speed * (1 - t)) / start;
    // 1 - decay^2 from the cosines' own difference.
    return Exact{std::log(decay), std::sin(speed * (t - s)) * std::sin(speed * (t + s + 0.016L)) / square_of(start)};
  });
  check(Told(engine, VarianceExploding(line)), 4, [](real s, real t) {
    real growth = std::log(5000.0L);
    return Exact{0, 1e-4L * std::exp(2 * growth * s) * std::expm1(2 * growth * (t - s))};
  });
  check(Told(engine, Elucidated(line)), 1e4, [](real s, real t) { return Exact{0, (t - s) * (t + s)}; });
}

TEST_CASE("transition numbers: own coefficients by quadrature") {
  Engine engine = GENERATE(from_range(engines()));
  // An Ornstein-Uhlenbeck process of long memory and of short, up to 3e4 times theirs.
  for (double theta : {0.7, 3.0})
    check(Told(engine, LinearDiffusion(line, {.drift = [=](Expr) { return constant(-theta); },
                                              .offset = [=](Expr) { return constant(2.5 * theta); },
                                              .noise = [](Expr) { return constant(0.6); },
                                              .horizon = 1e4})),
          1e4, [=](real s, real t) {
            return Exact{-theta * (t - s), 0.36L * fallen(2 * real(theta), t - s),
                         -2.5L * std::expm1(-theta * (t - s))};
          });
  // sigma(t) = t, no drift.
  check(Told(engine, LinearDiffusion(line, {.noise = [](Expr t) { return sqrt(2.0 * t); }, .horizon = 4})), 4,
        [](real s, real t) { return Exact{0, (t - s) * (t + s)}; });
  // Variance preserving with linear beta.
  auto beta = [](real s, real t) { return (t - s) * (0.1L + 19.9L * (t + s) / 2); };
  check(Told(engine, LinearDiffusion(line, {.drift = [](Expr t) { return -0.5 * (0.1 + 19.9 * t); },
                                            .noise = [](Expr t) { return sqrt(0.1 + 19.9 * t); },
                                            .horizon = 4})),
        4, [&](real s, real t) { return Exact{-beta(s, t) / 2, -std::expm1(-beta(s, t))}; });
  // Variance exploding.
  check(
      Told(engine,
           LinearDiffusion(
               line, {.noise = [](Expr t) { return 0.01 * std::sqrt(2 * std::log(5000)) * exp(std::log(5000) * t); }})),
      1, [](real s, real t) {
        real growth = std::log(5000.0L);
        return Exact{0, 1e-4L * std::exp(2 * growth * s) * std::expm1(2 * growth * (t - s))};
      });
  // A drift outwards, and an offset that turns: dX = (X/2 + cos t) dt + dW.
  check(Told(engine, LinearDiffusion(line, {.drift = [](Expr) { return constant(0.5); },
                                            .offset = [](Expr t) { return cos(t); },
                                            .noise = [](Expr) { return constant(1); },
                                            .horizon = 1})),
        1, [](real s, real t) {
          // The integral of e^{(t-u)/2} cos u, from its antiderivative e^{-u/2} (sin u - cos u / 2) / 1.25; for small
          // steps by its Taylor series in d = t - s.
          real d = t - s, c = std::cos(s), n = std::sin(s);
          real shift = d < 1e-2L ? d * (c + d / 2 * (c / 2 - n) + d * d / 6 * (c / 4 - n / 2 - c) +
                                        d * d * d / 24 * (c / 8 - n / 4 - c / 2 + n) +
                                        d * d * d * d / 120 * (c / 16 - n / 8 - c / 4 + n / 2 + c))
                                 : (std::sin(t) - std::cos(t) / 2 - std::exp(d / 2) * (n - c / 2)) / 1.25L;
          return Exact{d / 2, std::expm1(d), shift};
        });
  // Beyond its horizon a process stands still.
  Told told(engine, LinearDiffusion(line, {.noise = [](Expr) { return constant(1); }}));
  auto after = told(2, 3), across = told(0.75, 3);
  CHECK(after[1] == 0);
  CHECK(across[1] == Approx(0.5));
}

TEST_CASE("own coefficients: the number of panels follows them") {
  auto pieces = [](std::function<Expr(Expr)> noise) {
    return LinearDiffusion(line, {.noise = std::move(noise)}).pieces();
  };
  CHECK(pieces([](Expr t) { return 1.0 + t; }) == 1);
  CHECK(pieces([](Expr t) { return sqrt(t); }) == 1);
  CHECK(pieces([](Expr t) { return 2.0 + sin(60.0 * t); }) > 1);
}
