// The simplex: arcs of the sphere, reflection at the boundary, and the law of its volume.
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/simplex.h>
#include <catenary/tests/laws/draws.h>
#include <catenary/tests/laws/functions.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

struct On {
  On(Engine engine, int k)
      : space(Simplex(k)),
        exp(engine, space, [this](Expr p, Expr v) { return space->exp(p, v); }),
        log(engine, space, [this](Expr p, Expr q) { return space->log(p, q); }),
        distance(engine, space, [this](Expr p, Expr q) { return space->distance(p, q); }),
        project(engine, space, [this](Expr p, Expr) { return space->project(p); }) {}
  Kept<Manifold> space;
  Function exp, log, distance, project;
};

Points as_floats(Points p) {
  for (double& v : p) v = double(float(v));
  return p;
}

double arc(const Points& p, const Points& q) {
  double chord = 0;
  for (size_t i = 0; i < p.size(); ++i) chord += std::pow(std::sqrt(p[i]) - std::sqrt(q[i]), 2);
  return 4 * std::asin(std::sqrt(chord) / 2);
}

void check_point(const Points& p) {
  double sum = 0;
  for (double v : p) {
    CHECK(v >= 0);
    sum += v;
  }
  CHECK(sum == Approx(1).epsilon(2e-6));
}
void check_near(const Points& a, const Points& b, double tolerance) {
  for (size_t i = 0; i < a.size(); ++i) {
    CAPTURE(i);
    CHECK(a[i] == Approx(b[i]).epsilon(tolerance).margin(tolerance));
  }
}

}  // namespace

TEST_CASE("simplex: distances, exp and log") {
  On on(GENERATE(from_range(engines())), 3);
  for (const Points& given :
       {Points{0.2, 0.3, 0.5}, {1e-6, 0.4, 1 - 0.400001}, {0, 0.25, 0.75}, {1, 0, 0}, {1e-30, 0.5, 0.5}})
    for (const Points& other :
         {Points{0.3, 0.3, 0.4}, {0.2, 0.3000001, 0.4999999}, {0.5, 0.5, 0}, {0, 0, 1}, {1e-12, 1, 1e-20}}) {
      Points p = as_floats(given), q = as_floats(other);
      CAPTURE(p, q);
      CHECK(on.distance.number(p, q) == Approx(arc(p, q)).epsilon(2e-6).margin(1e-11));
      CHECK(on.distance.number(q, p) == Approx(arc(p, q)).epsilon(2e-6).margin(1e-11));
      Points v = on.log(p, q);
      CHECK(v[0] + v[1] + v[2] == Approx(0).margin(2e-6));
      check_near(on.exp(p, v), q, 2e-6);
    }
  CHECK(on.distance.number({1, 0, 0}, {0, 1, 0}) == Approx(pi).epsilon(1e-6));
  // A pair of near points: the Fisher metric, sum v^2 / p.
  double step = 0x1p-20, expected = step * std::sqrt(4 + 4.0);
  CHECK(on.distance.number({0.25, 0.25, 0.5}, {0.25 + step, 0.25 - step, 0.5}) == Approx(expected).epsilon(2e-5));
}

TEST_CASE("simplex: zero vectors, coincident points, the boundary, vectors of any length") {
  On on(GENERATE(from_range(engines())), 3);
  for (const Points& p : {Points{0.25, 0.25, 0.5}, {0, 0.5, 0.5}, {1, 0, 0}, {1e-38, 1, 0}}) {
    CAPTURE(p);
    CHECK(on.log(p, p) == Points{0, 0, 0});
    CHECK(on.distance.number(p, p) == 0);
    check_near(on.exp(p, {0, 0, 0}), p, 2e-7);
    for (double size : {1e-30, 1e-3, 1.0, 1e3, 1e20, 3e38}) {
      Points end = on.exp(p, {size, -0.5 * size, -0.5 * size});
      CAPTURE(size);
      check_point(end);
      for (double v : on.log(p, end)) CHECK(std::isfinite(v));
    }
  }
  // Two categories are an arc: p = sin^2(phi), at the speed 2 in phi, reflected at both ends.
  On two(GENERATE(from_range(engines())), 2);
  for (double phi : {0.1, 0.7, 1.5})
    for (double way : {0.05, 1.0, 3.0, 10.0, -4.0}) {
      CAPTURE(phi, way);
      double v = way * std::sin(phi) * std::cos(phi), end = std::pow(std::sin(phi + way / 2), 2);
      CHECK(two.exp.number({std::pow(std::sin(phi), 2), std::pow(std::cos(phi), 2)}, {v, -v}) ==
            Approx(end).epsilon(1e-5).margin(1e-6));
    }
  // From the boundary inwards and back: vectors there say where to, though they are small.
  Points corner{0, 1}, inside{0.36, 0.64}, v = two.log(corner, inside);
  CHECK(v[0] > 0);
  CHECK(v[0] < 1e-11);
  check_near(two.exp(corner, v), inside, 2e-6);
}

TEST_CASE("simplex: project") {
  On on(GENERATE(from_range(engines())), 3);
  auto check = [&](const Points& from, const Points& expected) {
    CAPTURE(from);
    check_near(on.project(from, from), expected, 2e-7);
  };
  check({0.2, 0.3, 0.5}, {0.2, 0.3, 0.5});
  check({2, 3, 5}, {0.2, 0.3, 0.5});
  check({2e-30, 3e-30, 5e-30}, {0.2, 0.3, 0.5});
  check({2e38, 3e38, 1e38}, {1 / 3.0, 0.5, 1 / 6.0});
  check({-1, 1, 3}, {0, 0.25, 0.75});
  check({-1, -2, -3}, {1, 0, 0});
  check({0, 0, 0}, {1 / 3.0, 1 / 3.0, 1 / 3.0});
}

TEST_CASE("simplex: the uniform law is that of uniform square roots on the sphere") {
  // On S^2 the height is uniform; 3 sums of squares of 4 of S^3: sqrt(p_1 + p_2) has the distribution function x^2 on
  // it.
  const uint64_t n = 200000;
  Evaluator three({Simplex(3).uniform_point()}), four({Simplex(4).uniform_point()});
  std::vector<double> heights, pairs;
  for (uint64_t i = 0; i < n; ++i) {
    Values p = three({}, {.point = i})[0], q = four({}, {.point = i})[0];
    heights.push_back(std::sqrt(p[1]));
    pairs.push_back(q[0] + q[3]);
  }
  CHECK(ks_distance(heights, [](double h) { return std::clamp(h, 0.0, 1.0); }) < ks_bound(n));
  CHECK(ks_distance(pairs, [](double h) { return std::clamp(h, 0.0, 1.0); }) < ks_bound(n));
}

// sqrt(p) is reflected Brownian motion on the orthant of a sphere of radius 2, whose second harmonics decay: E p_t = 1
// / K + (p_0 - 1 / K) e^{-K v / 4}.
TEST_CASE("geodesic walk on the simplex: forward is reflected, bridge within its error") {
  const Engine engine = Engine::compiled;
  auto draws = draws_of(engine, GeodesicWalk(Simplex(3), {.steps = 16}), 10);
  Points x0 = draws->repeated({0.9, 0.08, 0.02}, 3);
  auto check = [](const Points& x, double v, double error) {
    const double start[] = {0.9, 0.08, 0.02};
    for (size_t k : {0, 1, 2}) {
      std::vector<double> p;
      for (size_t i = k; i < x.size(); i += 3) p.push_back(x[i]);
      double expected = 1.0 / 3 + (start[k] - 1.0 / 3) * std::exp(-0.75 * v);
      CAPTURE(v, k, expected);
      CHECK(z_of_mean(p, expected - error) > -z_bound());
      CHECK(z_of_mean(p, expected + error) < z_bound());
      CHECK(std::all_of(p.begin(), p.end(), [](double value) { return value >= 0 && value <= 1; }));
    }
  };
  for (auto [s, t] : {std::pair(0.05, 0.2), {0.25, 0.5}, {0.5, 1.0}}) {
    Points xt = draws->forward(x0, t, 1);
    check(xt, t, t * t / 16 / 24);
    // Without the images the error is 0.033 at v_t = 1.
    check(draws->bridge(x0, xt, s, t, 2), s, 0.006);
  }
}
