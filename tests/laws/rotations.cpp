// Brownian motion on the rotations and on the 3-sphere against their characters and images.
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rotations.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/tests/laws/identities.h>
#include <catenary/tests/laws/three_sphere.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

double rotation_angle(const double* a, const double* b) {
  double less = 0, more = 0;
  for (int i = 0; i < 4; ++i) {
    less += (a[i] - b[i]) * (a[i] - b[i]);
    more += (a[i] + b[i]) * (a[i] + b[i]);
  }
  return 4 * std::asin(std::min(std::sqrt(std::min(less, more)) / 2, 1.0));
}

// chi_l of a rotation by this angle, over its dimension.
double character(int l, double angle) {
  double sum = 1;
  for (int m = 1; m <= l; ++m) sum += 2 * std::cos(m * angle);
  return sum / (2 * l + 1);
}

}  // namespace

TEST_CASE("rotations: forward and prior") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Rotations(), 2.0));
  Points x0 = draws->repeated({0.5, -0.5, 0.5, 0.5}, 4);
  for (double v : {1e-10, 0.3, 3.0, 4.9, 12.0, 800.0}) {
    CAPTURE(v);
    Points x = draws->forward(x0, v / 2, 1);
    std::vector<double> angles = map(x0, x, 4, rotation_angle);
    for (int l = 1; l <= 3; ++l) {
      std::vector<double> characters;
      for (double a : angles) characters.push_back(character(l, a));
      CHECK(std::abs(z_of_mean(characters, std::exp(-l * (l + 1) * v / 2))) < z_bound());
    }
    if (v < 0.3) continue;
    auto density = [&](double w) {
      double sum = 0;
      for (int l = 0; l < 30; ++l) sum += (2 * l + 1) * std::exp(-l * (l + 1) * v / 2) * std::sin((l + 0.5) * w);
      return (1 - std::cos(w)) * sum / std::sin(w / 2);
    };
    CHECK(ks_distance(angles, distribution(pi, density)) < ks_bound(angles.size()));
  }
  Points x = draws->prior(2);
  auto uniform = [](double w) { return 1 - std::cos(w); };
  CHECK(ks_distance(map(x0, x, 4, rotation_angle), distribution(pi, uniform)) < ks_bound(draws->size()));
}

TEST_CASE("the 3-sphere's bridge follows its distances to both ends") {
  // Compiled alone: tests/targets compares it with the evaluator, point by point.
  auto draws = draws_of(Engine::compiled, Brownian(Sphere(3), 1.0));
  double apart = GENERATE(from_range(std::begin(three_sphere_ends), std::end(three_sphere_ends)));
  auto bridge = [&](const Points& x0, const Points& xt, double s, double t) {
    return draws->bridge(draws->repeated(x0, 4), draws->repeated(xt, 4), s, t, 1);
  };
  for (auto [first, second] : three_sphere_variances) {
    CAPTURE(apart, first, second);
    CHECK(off_the_bridge_of_the_three_sphere(bridge, apart, first, second) < 1);
  }
}

TEST_CASE("the 3-sphere's bridge to the antipode has no preferred direction") {
  auto draws = draws_of(Engine::compiled, Brownian(Sphere(3), 1.0));
  Points x = draws->bridge(draws->repeated({1, 0, 0, 0}, 4), draws->repeated({-1, 0, 0, 0}, 4), 0.05, 0.2, 1);
  for (size_t e = 1; e < 4; ++e) {
    std::vector<double> element;
    for (size_t i = 0; i < draws->size(); ++i) element.push_back(x[4 * i + e]);
    CHECK(std::abs(z_of_mean(element, 0)) < z_bound());
  }
}

TEST_CASE("rotations: a bridge back to its start, some of whose paths go once around") {
  auto draws = draws_of(Engine::compiled, Brownian(Rotations(), 1.0));
  Points x0 = draws->repeated({0.5, -0.5, 0.5, 0.5}, 4);
  for (double t : {1.0, 2.0, 2.8, 3.1, 5.0}) {
    CAPTURE(t);
    // Half-way, the angle from both ends is the same.
    auto density = [&](double w) {
      double sum = 0;
      for (int l = 0; l < 30; ++l) sum += (2 * l + 1) * std::exp(-l * (l + 1) * t / 4) * std::sin((l + 0.5) * w);
      return (1 - std::cos(w)) * std::pow(sum / std::sin(w / 2), 2);
    };
    std::vector<double> angles = map(x0, draws->bridge(x0, x0, t / 2, t, 1), 4, rotation_angle);
    CHECK(ks_distance(angles, distribution(pi, density)) < ks_bound(angles.size()));
  }
}

TEST_CASE("rotations: no way, and the ways half a turn round") {
  Rotations space;
  Expr x = parameter("x", Type::f32, {4}), y = parameter("y", Type::f32, {4}), way = space.log(x, y);
  Evaluator ways({space.exp(x, splat(0, {4})), space.log(x, x), space.log(x, -x), sqrt(space.inner(x, way, way)),
                  space.exp(x, way)});
  const Values here{0.5, -0.5, 0.5, 0.5}, half_round{0.5, 0.5, -0.5, 0.5};  // Times the half turn about y.
  auto found = ways({{"x", here}, {"y", half_round}});
  CHECK(found[0] == here);
  for (size_t i : {1, 2}) CHECK(found[i] == Values{0, 0, 0, 0});  // -q is q.
  CHECK(found[3][0] == Approx(pi).epsilon(1e-12));
  double cosine = 0;
  for (size_t k = 0; k < 4; ++k) cosine += found[4][k] * half_round[k];
  CHECK(cosine == Approx(1).epsilon(1e-12));  // The quaternion as it was given.

  // Both are equally likely.
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Rotations(), 1.0));
  for (double t : {0.5, 3.0}) {
    CAPTURE(t);
    Points turned = draws->bridge(draws->repeated({1, 0, 0, 0}, 4), draws->repeated({0, 0, 0, 1}, 4), t / 2, t, 1);
    std::vector<double> left;
    for (size_t i = 0; i < turned.size(); i += 4) left.push_back(turned[i] * turned[i + 3] > 0);
    CHECK(std::abs(z_of_mean(left, 0.5)) < z_bound());
  }
}

TEST_CASE("rotations: a bridge over a short time is the bridge in R^3") {
  auto draws = draws_of(Engine::compiled, Brownian(Rotations(), 1.0));
  for (double t : {1e-4, 1e-8, 1e-12}) {
    CAPTURE(t);
    double exact = double(float(t)), s = 0.25 * exact, deviation = std::sqrt(0.75 * s);
    Points x0 = draws->repeated({1, 0, 0, 0}, 4), x = draws->bridge(x0, x0, s, exact, 1);
    for (size_t e = 1; e < 4; ++e) {
      std::vector<double> rotation_vector;
      for (size_t i = 0; i < draws->size(); ++i) rotation_vector.push_back(2 * x[4 * i + e] / deviation);
      CHECK(ks_distance(rotation_vector, normal_cdf) < ks_bound(draws->size()));
    }
  }
}

TEST_CASE("rotations obey the identities of all processes") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Rotations(), 1.0));
  std::vector<Statistic> statistics;
  for (int l = 1; l <= 2; ++l)
    statistics.push_back([l](const double* a, const double* b) { return character(l, rotation_angle(a, b)); });
  Points x0 = draws->repeated({1, 0, 0, 0, 0, 1, 0, 0}, 4);
  for (auto [s, t] : {std::pair(0.5, 2.0), {0.2, 5.0}}) check_identities(*draws, x0, s, t, statistics);
}

TEST_CASE("quaternions turn vectors as their matrices do") {
  Expr q = parameter("q", Type::f32, {4}), p = parameter("p", Type::f32, {4}), v = parameter("v", Type::f32, {3});
  Expr difference = quaternion::rotate(quaternion::multiply(q, p), v) -
                    matmul(quaternion::to_matrix(q), matmul(quaternion::to_matrix(p), v));
  Expr back = quaternion::from_matrix(quaternion::to_matrix(q)) - quaternion::canonical(q);
  Expr orthogonal = matmul(quaternion::to_matrix(q), transpose(quaternion::to_matrix(q)));
  Evaluator evaluate({difference, back, orthogonal});
  auto unit = [](Points x) {
    double n = std::sqrt(dot4(x.data(), x.data()));
    for (double& e : x) e /= n;
    return x;
  };
  for (const Points& a : {Points{1, 0, 0, 0},
                          {0, 1, 0, 0},
                          {0, 0, 1, 0},
                          {0, 0, 0, 1},
                          {1, 2, 3, 4},
                          {-1, 2, -3, 0.5},
                          {1e-5, 1, 1e-5, 0},
                          {-0.1, 0, -1, 1e-3}}) {
    auto found = evaluate({{"q", unit(a)}, {"p", unit({2, -1, 0.3, 1})}, {"v", {1, -2, 0.5}}});
    for (double e : found[0]) CHECK(std::abs(e) < 1e-14);
    for (double e : found[1]) CHECK(std::abs(e) < 1e-14);
    for (size_t e = 0; e < 9; ++e) CHECK(std::abs(found[2][e] - (e % 4 == 0 ? 1 : 0)) < 1e-14);
  }
}

TEST_CASE("the frame of a backbone") {
  // Atoms of a residue in its own frame, in Angstrom, moved by a known rotation.
  Expr q = parameter("q", Type::f32, {4});
  auto moved = [&](std::vector<double> atom) { return quaternion::rotate(q, constant(atom, {3})); };
  Expr found = quaternion::from_backbone(moved({-0.525, 1.363, 0}), moved({0, 0, 0}), moved({1.526, 0, 0}));
  Points unit = {0.5, 0.1, -0.7, 0.5};
  Values x = evaluate({found}, {{"q", unit}})[0];
  for (size_t e = 0; e < 4; ++e) CHECK(x[e] == Approx(unit[e]).margin(1e-12));
}

TEST_CASE("rotation vectors are tangent vectors") {
  Expr x = parameter("x", Type::f32, {4}), w = parameter("w", Type::f32, {3});
  Rotations space;
  Expr v = Rotations::from_rotation_vector(x, w), y = space.exp(x, v);
  Values found = evaluate({sqrt(space.inner(x, v, v)) - norm(w), space.distance(x, y) - norm(w),
                           norm(Rotations::to_rotation_vector(x, space.log(x, y)) - w)},
                          {{"x", {0.5, 0.5, -0.5, 0.5}}, {"w", {0.3, -1, 2}}})[0];
  CHECK(std::abs(found[0]) < 1e-14);
}
