// Brownian motion on the rotations and on the 3-sphere against their characters and images.
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rotations.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

double dot4(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]; }
double quaternion_angle(const double* a, const double* b) { return std::acos(std::clamp(dot4(a, b), -1.0, 1.0)); }
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

std::vector<double> map(const Points& a, const Points& b, size_t elements,
                        const std::function<double(const double*, const double*)>& f) {
  std::vector<double> values(a.size() / elements);
  for (size_t i = 0; i < values.size(); ++i) values[i] = f(&a[i * elements], &b[i * elements]);
  return values;
}

// The distribution function of a density on [0, end], known up to a factor.
std::function<double(double)> distribution(double end, const std::function<double(double)>& density) {
  constexpr int cells = 20000;
  auto total = std::make_shared<std::vector<double>>(cells + 1);
  for (int i = 0; i < cells; ++i) (*total)[size_t(i) + 1] = (*total)[size_t(i)] + density(end * (i + 0.5) / cells);
  return [total, end](double x) {
    double place = std::clamp(x / end * cells, 0.0, double(cells) - 1e-9);
    auto cell = size_t(place);
    return ((*total)[cell] + (place - double(cell)) * ((*total)[cell + 1] - (*total)[cell])) / total->back();
  };
}

// S_v(r) of stdlib/three_sphere.h, by images, or by waves where v is large; up to a factor that depends on v.
double radial(double r, double v) {
  double sum = 0;
  if (v < 2)
    for (int k = -3; k <= 3; ++k) sum += (r + 2 * pi * k) * std::exp(-(r + 2 * pi * k) * (r + 2 * pi * k) / (2 * v));
  else
    for (int n = 1; n < 20; ++n) sum += n * std::exp(-(n * n - 1) * v / 2) * std::sin(n * r);
  return sum;
}
// The theta function whose derivative it is.
double theta(double r, double v) {
  double sum = 0;
  if (v < 2)
    for (int k = -3; k <= 3; ++k) sum += std::exp(-(r + 2 * pi * k) * (r + 2 * pi * k) / (2 * v));
  else
    for (int n = 1; n < 20; ++n) sum += std::exp(-(n * n - 1) * v / 2) * std::cos(n * r);
  return sum;
}

// Some unit quaternion at this angle from the identity.
Points at_angle(double angle) {
  double s = std::sin(angle);
  return {std::cos(angle), s * 2 / 7, s * -3 / 7, s * 6 / 7};
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

// In bipolar coordinates the law of the bridge is S_s(a) S_{t-s}(b) on |a - b| <= D <= a + b <= 2 pi - D, a and b the
// distances to both ends; so that of a is S_s(a) (theta_{t-s}(D - a) - theta_{t-s}(D + a)).
TEST_CASE("the 3-sphere's bridge follows its distances to both ends") {
  // Compiled alone: tests/targets compares it with the evaluator, point by point.
  auto draws = draws_of(Engine::compiled, Brownian(Sphere(3), 1.0));
  double apart = GENERATE(0.0, 0.4, 1.9, 2.1, 2.9, 3.1, 3.14, pi);
  Points x0 = draws->repeated({1, 0, 0, 0}, 4);
  Points xt = draws->repeated(apart == pi ? Points{-1, 0, 0, 0} : at_angle(apart), 4);
  for (auto [first, second] :
       {std::pair(0.02, 0.02), {0.01, 0.3}, {0.3, 0.01}, {0.5, 0.7}, {0.1, 1.0}, {1.5, 0.4}, {3.0, 5.0}}) {
    CAPTURE(apart, first, second);
    Points x = draws->bridge(x0, xt, first, first + second, 1);
    auto law = [&](double s, double rest) {
      return distribution(pi, [=, apart = double(float(apart))](double a) {
        return std::max(radial(a, s) * (theta(apart - a, rest) - theta(apart + a, rest)), 0.0) +
               // At the ends of the range the difference vanishes: its slope remains.
               (apart < 1e-6        ? radial(a, s) * radial(a, rest) * 1e-3
                : apart > pi - 1e-4 ? radial(a, s) * radial(pi - a, rest) * 1e-3
                                    : 0);
      });
    };
    CHECK(ks_distance(map(x0, x, 4, quaternion_angle), law(first, second)) < ks_bound(draws->size()));
    CHECK(ks_distance(map(xt, x, 4, quaternion_angle), law(second, first)) < ks_bound(draws->size()));
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
