// Mistakes that people make in spaces, and what the verifier says of each.
#include <catch2/catch.hpp>

#include <numbers>

#include <catenary/examples/01_cities/sphere.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/stdlib/symmetric.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/sphere.h>
#include <catenary/verify/verify.h>

using namespace catenary;
using Catch::Matchers::Contains;
using catenary::testing::message_of;

namespace {

using Right = testing::Sphere;

// The first failure, as "check: worst case".
template <class S>
std::string first_failure(S space) {
  VerifyOptions options;
  options.stop_at_failure = true;
  for (const Check& c : verify(std::move(space), options).checks)
    if (c.verdict == Verdict::fail) {
      CHECK(!c.advice.empty());
      return c.name + ": " + c.worst;
    }
  return "none";
}

struct OffTheSphere final : Right {
  Expr uniform_point() const override { return normal({3}); }
};
struct ProjectsHalfWay final : Right {
  Expr project(Expr x) const override { return (x + x / norm(x)) / 2.0; }
};
// An angle beyond half a turn is cut off instead of wrapped.
struct CutsOff final : Manifold {
  CutsOff() : Manifold("turn", {.point = {}, .dimension = 1, .injectivity_radius = std::numbers::pi}) {}
  Expr project(Expr x) const override { return min(max(x, -3.1415925), 3.1415925); }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return Circle::wrap(x + v); }
  Expr log(Expr x, Expr y) const override { return Circle::wrap(y - x); }
};
struct NotTangent final : Right {
  Expr tangent(Expr x, Expr v) const override { return v - 0.9 * dot(x, v) * x; }
};
struct Oblique final : Right {
  // Tangent, but along a fixed direction.
  Expr tangent(Expr x, Expr v) const override {
    Expr up = constant({0.3, 0.5, 2}, {3});
    return v - dot(x, v) / dot(x, up) * up;
  }
};
struct OneDimensionTooMany final : Manifold {
  OneDimensionTooMany() : Manifold("sphere", {.point = {3}, .dimension = 3}) {}
  Expr project(Expr x) const override { return right_.project(x); }
  Expr tangent(Expr x, Expr v) const override { return right_.tangent(x, v); }
  Expr exp(Expr x, Expr v) const override { return right_.exp(x, v); }
  Expr log(Expr x, Expr y) const override { return right_.log(x, y); }

 private:
  Right right_;
};
struct DividesByZero final : Right {
  Expr exp(Expr x, Expr v) const override {
    Expr r = norm(v);
    return cos(r) * x + sin(r) / r * v;
  }
};
struct TwiceAsFast final : Right {
  Expr exp(Expr x, Expr v) const override { return Right::exp(x, 2.0 * v); }
  Expr log(Expr x, Expr y) const override { return Right::log(x, y) / 2.0; }
};
// A retraction: right to first order, and taken for exp by many.
struct Retraction final : Right {
  Expr exp(Expr x, Expr v) const override { return project(x + v); }
};
struct LeavesTheSphere final : Right {
  Expr exp(Expr x, Expr v) const override { return x + v; }
};
struct HalfTheLog final : Right {
  Expr log(Expr x, Expr y) const override { return 0.5 * Right::log(x, y); }
};
// The arc cosine loses half the digits near 1, and has none beyond.
struct ByArcCosine final : Right {
  Expr log(Expr x, Expr y) const override {
    Expr across = tangent(x, y - x), cosine = min(max(dot(x, y), -1.0), 1.0);
    return acos(cosine) / max(norm(across), 1e-30) * across;
  }
};
struct TheLongWay final : Right {
  Expr log(Expr x, Expr y) const override {
    Expr shortest = Right::log(x, y), r = norm(shortest);
    return select(r > 2.0, (r - 2 * std::numbers::pi) / max(r, 1e-30), 1.0) * shortest;
  }
};
// A circle whose angles are not wrapped.
struct Unwrapped final : Manifold {
  Unwrapped() : Manifold("turn", {.point = {}, .dimension = 1, .injectivity_radius = std::numbers::pi}) {}
  Expr project(Expr x) const override { return Circle::wrap(x); }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return Circle::wrap(x + v); }
  Expr log(Expr x, Expr y) const override { return y - x; }
};
struct BoastsOfItsRadius final : Manifold {
  BoastsOfItsRadius() : Manifold("turn", {.point = {}, .dimension = 1, .injectivity_radius = 4}) {}
  Expr project(Expr x) const override { return Circle::wrap(x); }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return Circle::wrap(x + v); }
  Expr log(Expr x, Expr y) const override { return Circle::wrap(y - x); }
};
struct ForgetsTheMetric final : Right {
  Expr inner(Expr, Expr u, Expr v) const override { return 4.0 * dot(u, v); }
};
struct TwiceTheNoise final : Right {
  Expr tangent_normal(Expr x) const override { return tangent(x, normal({3}) + normal({3})); }
};
struct CrowdedNorth final : Right {
  Expr uniform_point() const override { return project(normal({3}) + constant({0, 0, 0.1}, {3})); }
};
// A space that passes every function on to another: mistakes change one.
struct Passes : Manifold {
  explicit Passes(Kept<Manifold> right, bool boundary)
      : Manifold(right->name(), {.point = right->point(),
                                 .dimension = right->dimension(),
                                 .injectivity_radius = right->injectivity_radius(),
                                 .boundary = boundary,
                                 .curvature = right->curvature()}),
        right(std::move(right)) {}
  Expr project(Expr x) const override { return right->project(x); }
  Expr tangent(Expr x, Expr v) const override { return right->tangent(x, v); }
  Expr exp(Expr x, Expr v) const override { return right->exp(x, v); }
  Expr log(Expr x, Expr y) const override { return right->log(x, y); }
  Expr inner(Expr x, Expr u, Expr v) const override { return right->inner(x, u, v); }
  Expr gradient(Expr x, Expr d) const override { return right->gradient(x, d); }
  Expr tangent_normal(Expr x) const override { return right->tangent_normal(x); }
  Expr uniform_point() const override { return right->uniform_point(); }
  std::optional<Expr> origin() const override { return right->origin(); }
  Kept<Manifold> right;
};
// What is not positive is turned over instead of cut off.
struct TurnsOver final : Passes {
  TurnsOver() : Passes(Spd(2), false) {}
  Expr project(Expr x) const override {
    Eigen e = eigen(symmetric_part(x));
    return right->project(e.with_values({abs(e.values[0]), abs(e.values[1])}));
  }
};
// The gradient of the coordinates, without the inverse of the metric.
struct GradientOfCoordinates final : Passes {
  GradientOfCoordinates() : Passes(Hyperbolic(2), false) {}
  Expr gradient(Expr x, Expr d) const override { return tangent(x, d); }
};
// All of R^3, by the sphere's name.
struct ProjectsNothing final : Right {
  Expr project(Expr x) const override { return x; }
  Expr uniform_point() const override { return Right::project(normal({3})); }
};
// The metric by its definition, for vectors that need not be tangent.
struct MinkowskiProduct : Passes {
  MinkowskiProduct() : Passes(Hyperbolic(2), false) {}
  Expr inner(Expr, Expr u, Expr v) const override { return dot(u, v) - 2.0 * index(u, 0) * index(v, 0); }
};
// The same of tangent vectors: far out large numbers cancel.
struct ByMinkowskiProduct final : MinkowskiProduct {
  Expr inner(Expr x, Expr u, Expr v) const override { return MinkowskiProduct::inner(x, tangent(x, u), tangent(x, v)); }
};
// The way to the antipode along an axis, whether or not that is tangent: exp comes there all the same.
struct AntipodeAlongAnAxis final : Passes {
  AntipodeAlongAnAxis() : Passes(Sphere(2), false) {}
  Expr log(Expr x, Expr y) const override {
    return select(dot(x, y) < -1 + 1e-12, std::numbers::pi * constant({1, 0, 0}, {3}), right->log(x, y));
  }
};
struct BackwardDistance final : Right {
  Expr distance(Expr x, Expr y) const override { return -Right::distance(x, y); }
};
struct Probabilities : Passes {
  explicit Probabilities(bool boundary = true) : Passes(Simplex(3), boundary) {}
};
struct HidesItsBoundary final : Probabilities {
  HidesItsBoundary() : Probabilities(false) {}
};
struct SubtractsTheMean final : Probabilities {
  Expr project(Expr p) const override { return p - (sum(p) - 1.0) / 3.0; }
};
struct LongLog final : Probabilities {
  Expr log(Expr p, Expr q) const override { return 1.01 * right->log(p, q); }
};
// Uniform in the coordinates, not in the metric.
struct FlatDirichlet final : Probabilities {
  Expr uniform_point() const override {
    Expr z = -catenary::log(1.0 - uniform({3}));
    return z / max(sum(z), 1e-30);
  }
};
struct NineOfTen final : Space {
  NineOfTen() : Space("ten", Type::i32, {}) {}
  int64_t categories() const override { return 10; }
  Expr uniform_point() const override { return uniform_int(9); }
};

}  // namespace

TEST_CASE("the spaces that are right pass") {
  CHECK(first_failure(Right()) == "none");
  CHECK(first_failure(cities::Sphere2()) == "none");
  CHECK(first_failure(Circle()) == "none");
  CHECK(first_failure(Euclidean({2, 3})) == "none");
  CHECK(first_failure(Hyperbolic(2)) == "none");
  CHECK(first_failure(Spd(2)) == "none");
  CHECK(first_failure(Simplex(3)) == "none");
  CHECK(first_failure(Categorical(7)) == "none");
  CHECK(first_failure(Categorical(100000)) == "none");
}

TEST_CASE("mistakes in points and tangents") {
  CHECK_THAT(first_failure(OffTheSphere()), Contains("points: the point [") && Contains("moves to"));
  CHECK_THAT(first_failure(ProjectsHalfWay()), Contains("points: the point [") && Contains("by project"));
  CHECK_THAT(first_failure(CutsOff()), Contains("project is nearest: project takes ") && Contains("along the space"));
  CHECK_THAT(first_failure(NotTangent()), Contains("tangent: at ["));
  CHECK_THAT(first_failure(ProjectsNothing()),
             Contains("tangent: at [") && Contains("as leading out of the space, and project leaves"));
  CHECK_THAT(first_failure(Oblique()), Contains("tangent: at [") && Contains("as leading out of the space"));
  CHECK_THAT(first_failure(MinkowskiProduct()), Contains("tangent is orthogonal: at ["));
  CHECK_THAT(first_failure(OneDimensionTooMany()), Contains("span 2 dimensions; the space 'sphere' says it has 3"));
}

TEST_CASE("mistakes where the metric is the space's own, at edges and boundaries") {
  CHECK_THAT(first_failure(TurnsOver()), Contains("project is nearest: project takes ") && Contains("along the space"));
  CHECK_THAT(first_failure(GradientOfCoordinates()), Contains("gradient: a function whose derivatives at ["));
  CHECK_THAT(first_failure(HidesItsBoundary()),
             Contains("log inverts exp: ") && Contains("as found: it declares none"));
  CHECK_THAT(first_failure(SubtractsTheMean()), Contains("tangent: at [") && Contains("as leading out of the space"));
  CHECK_THAT(first_failure(LongLog()), Contains("log inverts exp: ") && Contains("are reflected at its boundary"));
  CHECK_THAT(first_failure(FlatDirichlet()), Contains("uniform points: "));
}

TEST_CASE("a metric without lengths is told, and what rests on it is skipped") {
  struct Negative final : Right {
    Expr inner(Expr, Expr u, Expr v) const override { return -dot(u, v); }
  };
  Report report = verify(Negative());
  CHECK_FALSE(report.passed());
  auto verdict_of = [&](const std::string& name) {
    for (const Check& c : report.checks)
      if (c.name == name) return c.verdict;
    return Verdict::pass;
  };
  CHECK(verdict_of("metric") == Verdict::fail);
  for (const char* name : {"geodesics", "compiled geometry", "tangent noise"})
    CHECK(verdict_of(name) == Verdict::skipped);
}

TEST_CASE("steps are verified by themselves, and a name that is none is told") {
  for (std::string step : {"points", "geodesics", "compiled geometry", "tangent noise", "uniform points"}) {
    Report report = verify(Right(), {.only = {step}});
    CHECK(report.passed());
    CHECK(!report.checks.empty());
  }
  CHECK(message_of([] { verify(Right(), {.only = {"geodesic"}}); }) ==
        "space 'sphere': no step is called 'geodesic'; the steps are points, geodesics, compiled "
        "geometry, tangent noise, uniform points");
}

TEST_CASE("mistakes in geodesics") {
  CHECK_THAT(first_failure(DividesByZero()), Contains("standing still: exp(x, 0) is [nan, nan, nan] where x = "));
  CHECK_THAT(first_failure(TwiceAsFast()), Contains("exp starts along v: exp(x, v) leaves x = "));
  CHECK_THAT(first_failure(Retraction()), Contains("constant speed: after "));
  CHECK_THAT(first_failure(LeavesTheSphere()), Contains("exp keeps to the space: exp(x, v) is "));
  CHECK_THAT(first_failure(AntipodeAlongAnAxis()),
             Contains("exp inverts log: log(x, y) is [3.14159, 0, 0], which is not tangent: "));
  CHECK_THAT(first_failure(BackwardDistance()),
             Contains("distance along geodesics: the distance ") && Contains(" is -"));
  CHECK_THAT(first_failure(HalfTheLog()), Contains("log inverts exp: log(x, exp(x, v)) differs from v by "));
  CHECK_THAT(first_failure(ByArcCosine()), Contains("log inverts exp: ") && Contains("where |v| = "));
  CHECK_THAT(first_failure(TheLongWay()), Contains("distance along geodesics: |log(x, exp(x, v))| is ") &&
                                              Contains("longer than |v| = 2") &&
                                              Contains("as found: it declares none"));
  CHECK_THAT(first_failure(Unwrapped()), Contains("log inverts exp: log(x, exp(x, v)) differs from v by 6.28") &&
                                             Contains("the injectivity radius of 'turn' is pi (as declared)"));
  CHECK_THAT(first_failure(BoastsOfItsRadius()), Contains("the injectivity radius of 'turn' is 4 (as declared)"));
}

TEST_CASE("formulas that f32 does not bear") {
  std::string worst;
  for (const Check& c : verify(ByMinkowskiProduct(), {.only = {"compiled geometry"}}).checks)
    if (c.name == "metric in f32") worst = c.worst;
  CHECK_THAT(worst, Contains("compiled to f32, inner(x, v, v) is ") && Contains("; in double precision "));
}

TEST_CASE("mistakes in metric, noise and uniform points") {
  CHECK_THAT(first_failure(ForgetsTheMetric()), Contains("gradient: a function whose derivatives at "));
  CHECK_THAT(first_failure(TwiceTheNoise()),
             Contains("tangent noise: the mean of the square length of the noise is ") &&
                 Contains("by tangent_normal and 2.00"));
  CHECK_THAT(first_failure(CrowdedNorth()), Contains("uniform points: the mean of x[2] is "));
  CHECK_THAT(first_failure(NineOfTen()), Contains("uniform points: category 9 comes 0 times"));
}
