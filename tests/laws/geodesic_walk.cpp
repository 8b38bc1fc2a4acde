// The geodesic walk: exact where it must be, and on the sphere within its documented error.
#include <catch2/catch.hpp>

#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/euclidean.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/rigid_motions.h>
#include <catenary/tests/laws/identities.h>
#include <catenary/tests/sphere.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// The sphere with the gradient of its heat kernel.
struct ScoredSphere final : Sphere {
  // The Legendre series sum (2l+1) P_l(cos) e^{-l(l+1)v/2} where it converges in 12 terms, with P_l and P_l' by
  // recurrence; below, the small-time form exp(-r^2 / 2v) sqrt(r / sin r).
  Expr score(Expr x, Expr y, Expr v) const override {
    Expr c = dot(x, y), r = atan2(norm(tangent(x, y)), c);
    Expr one = constant(1), zero = constant(0);
    auto series = fold(12, {one, zero, zero, one, zero}, [&](Expr trip, const std::vector<Expr>& k) {
      // k: P_l, P_{l-1}, P'_l, the kernel, its derivative.
      Expr l = to_float(trip), next = ((2.0 * l + 1.0) * c * k[0] - l * k[1]) / (l + 1.0);
      Expr slope = (l + 1.0) * k[0] + c * k[2];
      Expr weight = (2.0 * l + 3.0) * catenary::exp(-0.5 * (l + 1.0) * (l + 2.0) * v);
      return std::vector<Expr>{next, k[0], slope, k[3] + weight * next, k[4] + weight * slope};
    });
    Expr bend = select(r < 0.1, 1.0 / 3.0, (1.0 / r - cos(r) / sin(r)) / max(r, 0.1));
    return select(v < 0.5, (1.0 / v - 0.5 * bend) * log(x, y), series[4] / series[3] * tangent(x, y));
  }
};

// The line, as a manifold of the user's: with the standard score, the walk is exact on it.
struct Line final : Manifold {
  Line() : Manifold("line", {.point = {}, .dimension = 1}) {}
  Expr project(Expr x) const override { return x; }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return x + v; }
  Expr log(Expr x, Expr y) const override { return y - x; }
  Expr uniform_point() const override { return normal(); }
};

std::vector<double> cosines(const Points& x, const Points& y) {
  std::vector<double> result;
  for (size_t i = 0; i < x.size(); i += 3) result.push_back(x[i] * y[i] + x[i + 1] * y[i + 1] + x[i + 2] * y[i + 2]);
  return result;
}

// E cos(sqrt(D) r), r the length of a standard normal vector of the plane: what one step of variance D does to a
// cosine.
double step_cosine(double variance) {
  double sum = 0, h = 1e-3;
  for (int i = 0; i < 12000; ++i) {
    double r = (i + 0.5) * h;
    sum += h * r * std::exp(-r * r / 2) * std::cos(std::sqrt(variance) * r);
  }
  return sum;
}

}  // namespace

TEST_CASE("geodesic walk on the sphere: forward") {
  Engine engine = GENERATE(from_range(engines()));
  for (int steps : {1, 4, 16}) {
    CAPTURE(steps);
    auto draws = draws_of(engine, GeodesicWalk(ScoredSphere(), {.rate = 2, .steps = steps}));
    Points start = draws->repeated({0.6, 0, -0.8, 0, 1, 0}, 3);
    for (double v : {0.25, 1.0}) {
      Points x = draws->forward(start, v / 2, 1);
      std::vector<double> c = cosines(start, x);
      // What the walk does exactly, and how far that is from the heat kernel: v D / 6 of e^{-v} at first, v D / 4 at D
      // = 1.
      double expected = std::pow(step_cosine(v / steps), steps), lost = 1 - expected / std::exp(-v),
             variance = v / steps;
      CHECK(std::abs(z_of_mean(c, expected)) < z_bound());
      CHECK(lost > v * variance / 6);
      CHECK(lost < v * variance / (variance < 0.1 ? 5.8 : 3.9));
      std::vector<double> lengths = cosines(x, x);
      CHECK(std::all_of(lengths.begin(), lengths.end(), [](double l) { return std::abs(l - 1) < 1e-6; }));
    }
  }
}

TEST_CASE("geodesic walk on the sphere: prior") {
  auto draws = draws_of(GENERATE(from_range(engines())), GeodesicWalk(ScoredSphere(), {.steps = 4}));
  Points x = draws->prior(1);
  std::vector<double> heights;
  for (size_t i = 0; i < x.size(); i += 3) heights.push_back(x[i]);
  CHECK(ks_distance(heights, [](double h) { return (h + 1) / 2; }) < ks_bound(heights.size()));
}

TEST_CASE("geodesic walk on a product: the prior is each part's") {
  // Of positions what a walk from the origin gives, of rotations uniform at any horizon.
  auto draws = draws_of(GENERATE(from_range(engines())), GeodesicWalk(RigidMotions(), {.rate = 2, .steps = 4}), 0.1);
  Points x = draws->prior(1);
  for (size_t k = 0; k < 7; ++k) {
    std::vector<double> squares;
    for (size_t i = k; i < x.size(); i += 7) squares.push_back(x[i] * x[i]);
    CAPTURE(k);
    CHECK(std::abs(z_of_mean(squares, k < 3 ? 0.2 : 0.25)) < z_bound());
  }
  // Which of uniform rotations vanish, and of those about one that is turned about the diagonal do not.
  std::vector<double> products;
  for (size_t i = 0; i < x.size(); i += 7) products.push_back(x[i + 3] * x[i + 4] + x[i + 5] * x[i + 6]);
  CHECK(std::abs(z_of_mean(products, 0)) < z_bound());
}

TEST_CASE("geodesic walks: other ways around a compact space count in what they are off by") {
  struct Cell final : Manifold {
    Cell() : Manifold("cell", {.point = {}, .dimension = 1, .injectivity_radius = 0.5, .curvature = 0}) {}
    Expr project(Expr x) const override { return x - floor(x); }
    Expr tangent(Expr, Expr v) const override { return v; }
    Expr exp(Expr x, Expr v) const override { return project(x + v); }
    Expr log(Expr x, Expr y) const override { return y - x - floor(y - x + 0.5); }
    Expr uniform_point() const override { return uniform(); }
  };
  GeodesicWalk walk(Cell(), {.steps = 65536});
  CHECK(walk.approximation(0.5) > 0.5);  // Its bridges were measured to be off by that.
  CHECK(walk.approximation(0.005) < 1e-3);
  CHECK(GeodesicWalk(Euclidean({2}), {.steps = 1}).approximation(1) == 0);
}

TEST_CASE("geodesic walk on the sphere: bridge, within its error") {
  Engine engine = GENERATE(from_range(engines()));
  auto fine = draws_of(engine, GeodesicWalk(ScoredSphere(), {.steps = 64}));
  for (auto [s, t, steps] : {std::tuple(0.25, 0.5, 4), {0.5, 1.0, 4}, {1.0, 2.0, 8}}) {
    CAPTURE(s, t, steps);
    auto draws = draws_of(engine, GeodesicWalk(ScoredSphere(), {.steps = steps}));
    Points x0 = draws->repeated({0.6, 0, -0.8, 0, 1, 0}, 3), xt = fine->forward(x0, t, 1);
    Points xs = draws->bridge(x0, xt, s, t, 2);
    double forward_error = t * t / 64 / 6 * std::exp(-t), error = 0.17 * (t - s) / steps + forward_error;
    CHECK(within(cosines(x0, xs), std::exp(-s), error));
    CHECK(within(cosines(xs, xt), std::exp(-(t - s)), error));
    std::vector<double> product = cosines(x0, xs), other = cosines(xs, xt);
    for (size_t i = 0; i < product.size(); ++i) product[i] *= other[i];
    CHECK(within(product, std::exp(-t), error));
  }
}

TEST_CASE("geodesic walk in flat space is Brownian motion, whatever the number of steps") {
  Engine engine = GENERATE(from_range(engines()));
  for (int steps : {1, 3}) {
    auto draws = draws_of(engine, GeodesicWalk(Line(), {.rate = 2, .steps = steps}));
    auto check = [](Points x, double mean, double variance) {
      for (double& v : x) v = (v - mean) / std::sqrt(variance);
      CHECK(ks_distance(x, normal_cdf) < ks_bound(x.size()));
      for (double& v : x) v *= v;
      CHECK(std::abs(z_of_mean(x, 1)) < z_bound());
    };
    check(draws->forward(draws->repeated({1}), 3, 1), 1, 6);
    check(draws->bridge(draws->repeated({1}), draws->repeated({4}), 0.75, 3, 2), 1.75, 2 * 0.75 * 2.25 / 3);
    check(draws->bridge(draws->repeated({1}), draws->repeated({4}), 0x1p-20, 3, 3), 1 + 0x1p-20, 2 * 0x1p-20);
  }
}

TEST_CASE("geodesic walk on the circle wraps") {
  auto draws = draws_of(GENERATE(from_range(engines())), GeodesicWalk(Circle(), {.steps = 3}));
  Points start = draws->repeated({3}), x = draws->forward(start, 2, 1);
  std::vector<double> c;
  for (double v : x) c.push_back(std::cos(v - 3));
  CHECK(std::abs(z_of_mean(c, std::exp(-1.0))) < z_bound());
}
