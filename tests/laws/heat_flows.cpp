// The probability flow of heat: along the geodesic from x_0 it keeps the share of the law that lies nearer.
#include <catch2/catch.hpp>

#include <cmath>
#include <functional>
#include <numbers>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/laws/three_sphere.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

// From variance, to variance.
constexpr std::pair<double, double> variances[] = {{2, 0.05}, {1, 0.5}, {8, 4}, {0.5, 0.05}, {0.3, 0.2}, {3, 0.02}};

// The density of the distance from the start, up to a factor.
using Radial = std::function<double(double r, double v)>;

double on_circle(double r, double v) {
  double sum = 0.5;
  for (int k = 1; k < 90; ++k) sum += std::cos(k * r) * std::exp(-k * k * v / 2);
  return sum;
}
double on_sphere(int d, double r, double v) {
  double sum = 0, last = 0, now = 1, many = 1;  // Gegenbauer polynomials over their values at 1, and dimensions.
  for (int l = 0; l < 90; ++l) {
    sum += many * now * std::exp(-l * (l + d - 1) * v / 2);
    double next = ((2 * l + d - 1) * std::cos(r) * now - l * last) / (l + d - 1);
    last = std::exchange(now, next);
    many *= (2 * l + d + 1.0) / (2 * l + d - 1.0) * (l + d - 1.0) / (l + 1.0);
  }
  return std::pow(std::sin(r), d - 1) * sum;
}
double on_rotations(double w, double v) {
  double sum = 0;
  for (int l = 0; l < 60; ++l) sum += (2 * l + 1) * std::exp(-l * (l + 1) * v / 2) * std::sin((l + 0.5) * w);
  return std::sin(w / 2) * sum;
}
double on_h3(double r, double v) { return r * std::sinh(r) * std::exp(-r * r / (2 * v)); }

/// The largest error of the share that lies nearer, of points all over the law, most of them far out; and of the
/// direction, over the distance.
struct Off {
  double share = 0, direction = 0;
};
Off off(const Manifold& space, const Values& start, const Values& unit, double end, const Radial& radial, double u,
        double w) {
  Expr y = constant(start, space.point()), e = constant(unit, space.point()), r = parameter("r", Type::f32, {});
  Expr there = space.flow(space.exp(y, r * e), y, constant(u), constant(w)), far = space.distance(y, there);
  Evaluator flow({far, space.distance(there, space.exp(y, far * e))});
  auto before = distribution(end, [&](double x) { return radial(x, double(float(u))); });
  auto after = distribution(end, [&](double x) { return radial(x, double(float(w))); });
  Off worst;
  for (int i = 1; i < 400; ++i) {
    const double at = end * i / 400;
    if (before(at) > 1 - 1e-6) break;
    auto found = flow({{"r", {at}}});
    double share = std::abs(after(found[0][0]) - before(at)), direction = found[1][0] / found[0][0];
    if (!(share <= worst.share)) worst.share = share;
    if (!(direction <= worst.direction)) worst.direction = direction;
  }
  return worst;
}

Values along(size_t elements, size_t axis) {
  Values x(elements);
  x[axis] = 1;
  return x;
}

}  // namespace

TEST_CASE("heat flows keep the share of the law that lies nearer") {
  for (auto [u, w] : variances) {
    CAPTURE(u, w);
    auto check = [&](const Manifold& space, const Values& start, const Values& unit, double end, const Radial& radial) {
      CAPTURE(space.name(), space.dimension());
      Off worst = off(space, start, unit, end, radial, u, w);
      CHECK(worst.share < 5e-5);
      CHECK(worst.direction < 1e-6);
    };
    check(Circle(), {3}, {-1}, pi, on_circle);
    check(Sphere(1), {1, 0}, {0, 1}, pi, on_circle);
    for (int d : {2, 3, 4, 5, 8, 12})
      check(Sphere(d), along(size_t(d) + 1, 0), along(size_t(d) + 1, 1), pi,
            [&](double r, double v) { return on_sphere(d, r, v); });
    check(Rotations(), {1, 0, 0, 0}, {0, 0.5, 0, 0}, pi, on_rotations);
    check(Hyperbolic(3), {1, 0, 0, 0}, {0, 0, 1, 0}, 30, on_h3);
  }
}

TEST_CASE("heat flows of the highest spheres keep it as well as their score is known") {
  for (auto [u, w] : variances) {
    CAPTURE(u, w);
    for (int d : {16, 24})
      CHECK(off(
                Sphere(d), along(size_t(d) + 1, 0), along(size_t(d) + 1, 1), pi,
                [&](double r, double v) { return on_sphere(d, r, v); }, u, w)
                .share < 0.005);
  }
}

TEST_CASE("heat flows on the simplex of two categories keep the share of the law to either side") {
  // (cos^2 (a / 2), sin^2 (a / 2)): the interval [0, pi], at whose ends motion is reflected.
  auto share = [](double from, double a, double v) {
    double sum = a / pi;
    for (int k = 1; k < 90; ++k) sum += 2 / pi * std::cos(k * from) * std::sin(k * a) / k * std::exp(-k * k * v / 2);
    return sum;
  };
  auto point = [](double a) { return Values{std::pow(std::cos(a / 2), 2), std::pow(std::sin(a / 2), 2)}; };
  Expr x = parameter("x", Type::f32, {2}), y = parameter("y", Type::f32, {2});
  Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
  Evaluator exact({*Brownian(Simplex(2), 1.0).flow(y, x, s, t)});
  for (double from : {0.02, 0.5, 1.6})
    for (auto [u, w] : {std::pair(2.0, 0.05), {1.0, 0.5}, {8.0, 4.0}, {0.3, 0.003}})
      for (double a = 0.1; a < pi; a += 0.2) {
        CAPTURE(from, u, w, a);
        const double before = share(from, a, u);
        if (before > 1 - 1e-6) break;
        Values there = exact({{"x", point(a)}, {"y", point(from)}, {"s", {w}}, {"t", {u}}})[0];
        CHECK(std::abs(share(from, 2 * std::atan2(std::sqrt(there[1]), std::sqrt(there[0])), w) - before) < 1e-3);
      }
}
