// Spheres above S^3: the score of their heat kernel, and the walk that follows it.
#include <algorithm>
#include <cmath>
#include <utility>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/tests/laws/draws.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// -d log p / dr on S^d, by the Gegenbauer series with p = sum N_l R_l e^{-l (l + d - 1) v / 2}, R_l = C_l / C_l(1), N_l
// the number of harmonics, and d sin^{d-1} r R'_l by the identity R'_l(c) = l (l + d - 1) / d times the R_{l-1} of
// S^{d+2}.
double exact_pull(int d, double angle, double v) {
  using real = long double;
  real c = std::cos(real(angle)), kernel = 1, slope = 0, log_number = 0;
  real r = c, before = 1, up = 1, up_before = 0;
  for (int l = 1; l < 120; ++l) {
    log_number += std::log(real(2 * l + d - 1) / real(2 * l + d - 3) * real(l + d - 2) / real(l));
    real weight = std::exp(log_number - real(l) * (l + d - 1) * v / 2);
    kernel += weight * r;
    slope += weight * l * (l + d - 1) / d * up;
    real next = ((2 * l + d - 1) * c * r - l * before) / (l + d - 1);
    real next_up = ((2 * l + d - 1) * c * up - (l - 1) * up_before) / (l + d);
    before = std::exchange(r, next);
    up_before = std::exchange(up, next_up);
  }
  return double(std::sin(real(angle)) * slope / kernel);
}

// A point of S^d and one at an angle from it.
Points away(int d, double angle) {
  Points x(size_t(d) + 1);
  x[0] = std::cos(angle);
  x[1] = std::sin(angle);
  return x;
}

}  // namespace

TEST_CASE("spheres above S^3: the score is that of the heat kernel, within its error") {
  for (int d : {4, 5, 8, 12}) {
    Sphere space(d);
    Expr x = parameter("x", Type::f32, {d + 1}), y = parameter("y", Type::f32, {d + 1}),
         v = parameter("v", Type::f32, {});
    Evaluator score({space.score(x, y, v)});
    const double border = std::min(0.3, 2.0 / d);
    for (double variance : {0.1, 0.999 * border, 1.001 * border, 1.0, 3.0})
      for (double angle : {1e-4, 0.1, 0.5, 1.0, 1.5, 1.6, 2.0, 2.5, 3.0, 3.14}) {
        double exact = exact_pull(d, angle, variance);
        Values found = score({{"x", away(d, 0)}, {"y", away(d, angle)}, {"v", {variance}}})[0];
        CAPTURE(d, variance, angle, exact, found[1]);
        CHECK(std::abs(found[0]) < 1e-9);
        if (variance > border) CHECK(std::abs(found[1] - exact) < 2e-3 * exact + 1e-9);
        if (variance < border) CHECK(std::abs(found[1] - exact) < (angle < 2 ? 0.05 : 0.15) * exact);
      }
    // Where the kernel is that of flat space, and where all is forgotten.
    for (double tiny : {1e-12, 1e-20, 1e-30}) {
      double r = std::sqrt(tiny);
      Values found = score({{"x", away(d, 0)}, {"y", away(d, r)}, {"v", {tiny}}})[0];
      CHECK(found[1] == Approx(1 / r).epsilon(1e-6));
    }
    for (double angle : {0.0, 1.0, std::acos(-1)}) {
      Values found = score({{"x", away(d, 0)}, {"y", away(d, angle)}, {"v", {1e6}}})[0];
      CHECK(std::all_of(found.begin(), found.end(), [](double s) { return s == 0; }));
    }
  }
}

// E <x_0, x_t> = e^{-d v / 2} on S^d; the second harmonic ((d + 1) c^2 - 1) / d decays by e^{-(d + 1) v}.
TEST_CASE("geodesic walk on S^4 and S^5: forward and bridge, within its error") {
  const Engine engine = Engine::compiled;
  for (int d : {4, 5}) {
    auto n = size_t(d) + 1;
    auto cosines = [n](const Points& x, const Points& y) {
      std::vector<double> result(x.size() / n);
      for (size_t i = 0; i < x.size(); ++i) result[i / n] += x[i] * y[i];
      return result;
    };
    auto harmonics = [d](std::vector<double> c) {
      for (double& x : c) x = ((d + 1) * x * x - 1) / d;
      return c;
    };
    auto fine = draws_of(engine, GeodesicWalk(Sphere(d), {.steps = 32}));
    Points x0 = fine->repeated(away(d, 0.7), n);
    for (auto [s, t, steps] : {std::tuple(0.05, 0.2, 4), {0.5, 1.0, 8}}) {
      CAPTURE(d, s, t, steps);
      // Of a step of variance D a share d (d - 1) D^2 / 12 of the mean cosine is lost, to first order.
      Points xt = fine->forward(x0, t, 1);
      double lost = d * (d - 1) * t * t / 32 / 12;
      CHECK(within(cosines(x0, xt), std::exp(-d * t / 2) * (1 - lost / 2), std::exp(-d * t / 2) * lost / 1.6));
      auto draws = draws_of(engine, GeodesicWalk(Sphere(d), {.steps = steps}));
      Points xs = draws->bridge(x0, xt, s, t, 2);
      double error = 0.33 * (t - s) / steps;
      CHECK(within(cosines(x0, xs), std::exp(-d * s / 2), error));
      CHECK(within(harmonics(cosines(x0, xs)), std::exp(-(d + 1) * s), error));
      CHECK(within(cosines(xs, xt), std::exp(-d * (t - s) / 2), error));
    }
  }
}
