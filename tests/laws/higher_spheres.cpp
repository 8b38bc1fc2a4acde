// Spheres above S^3: the score of their heat kernel, and the walk that follows it.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>
#include <utility>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/stdlib/sphere_kernel.h>
#include <catenary/tests/laws/higher_sphere.h>
#include <catenary/tests/laws/identities.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

// On S^5, by images: e^{3v/2} / (2 pi sin r) times -d/dr of the kernel of S^3, e^{v/2} (2 pi v)^{-3/2} times the sum of
// x e^{-x^2 / 2v} / sin r over x = r + 2 pi k.
double log_density_by_images(double angle, double v) {
  long double sum = 0, slope = 0;
  for (int k = -3; k <= 3; ++k) {
    long double x = angle + 2 * std::numbers::pi_v<long double> * k,
                weight = std::exp((angle * angle - x * x) / (2 * v));
    sum += x * weight;
    slope += (1 - x * x / v) * weight;
  }
  long double sine = std::sin((long double)angle);
  return 2 * v - angle * angle / (2 * v) - 1.5 * std::log(2 * pi * v) - std::log(2 * pi) +
         double(std::log((sum * std::cos((long double)angle) / sine - slope) / (sine * sine)));
}

}  // namespace

TEST_CASE("spheres S^4 to S^12: log density and score, beside the start, between, and beside the antipode") {
  // The two ways to say what is exact.
  for (double v : {0.05, 0.2, 0.8, 2.0})
    for (double angle : {0.3, 1.0, 2.0, 3.0})
      CHECK(exact_kernel(5, angle, v).log_density == Approx(log_density_by_images(angle, v)).margin(1e-9));

  for (int d : {4, 5, 8, 12}) {
    const size_t n = size_t(d) + 1;
    // Between nodes of the tables, at their end, and beyond.
    const double last = 4.0 / d, error = d > 8 ? 6e-5 : 2.5e-5;
    std::map<double, std::pair<Points, std::vector<Kernel>>> by_variance;
    for (double v : {0.011, 0.02, 0.05, 0.13, 0.3, 0.999 * last, 1.001 * last, 1.5, 4.0})
      for (double angle : {1e-4, 0.1, 0.5, 1.0, 1.9, 1.999, 2.001, 2.2, 2.5, 2.9, 3.0, 3.1, 3.14}) {
        if (angle * angle / (2 * v) > 110) continue;  // `exact_kernel` has not the digits.
        auto& [points, exact] = by_variance[v];
        Points to = away(d, angle);
        for (double x : to) points.push_back(double(float(x)));
        exact.push_back(exact_kernel(d, std::atan2(double(float(to[1])), double(float(to[0]))), double(float(v))));
      }
    for (Engine engine : {Engine::evaluator, Engine::compiled}) {
      if (engine == Engine::compiled && d != 5) continue;
      auto draws = draws_of(engine, Brownian(Sphere(d), 1.0), 3e38);
      Points from = draws->repeated(away(d, 0), n);
      for (const auto& [v, given] : by_variance) {
        const auto& [points, exact] = given;
        Points to = draws->repeated(points, n), densities = draws->log_density(from, to, v),
               scores = draws->score(from, to, v);
        for (size_t i = 0; i < exact.size(); ++i) {
          const double *x = &points[i * n], *score = &scores[i * n], angle = std::atan2(x[1], x[0]);
          CAPTURE(d, v, angle, densities[i], exact[i].log_density, score[0], score[1], exact[i].pull);
          const double rounding = 4e-7 * angle / v + 5e-7 * std::abs(exact[i].log_density) + 1e-6;
          CHECK(std::abs(densities[i] - exact[i].log_density) < (angle < 2 ? 1e-5 : error) + rounding);
          CHECK(std::abs(std::hypot(score[0], score[1]) - exact[i].pull) <
                1e-4 * exact[i].pull + 1e-6 / v + (angle < 2 ? 2e-5 : 2.5e-3));
          CHECK(score[0] >= 0);
          CHECK(std::abs(score[0] * x[0] + score[1] * x[1]) < 1e-6 * (1 + exact[i].pull));
        }
      }
      Points to = draws->repeated(away(d, 1), n);
      for (double v : {1e-37, 1e-20, 1e10, 3e38}) {
        CHECK(std::isfinite(draws->log_density(from, to, v)[0]));
        CHECK(std::isfinite(draws->score(from, to, v)[1]));
      }
    }
  }
}

TEST_CASE("spheres S^4 to S^12: what proposals are accepted by") {
  auto number = [](const char* name) { return parameter(name, Type::f32, {}); };
  Expr v = number("v"), angle = number("angle"), rest = number("rest"), side = number("side"), flat = number("flat");
  for (int d : {4, 8, 12}) {
    const double a = (d - 1) / 2.0, n = d / 2.0 - 1;
    SphereKernel kernel(d, v);
    Evaluator evaluator(
        {kernel.log_rho(angle, rest) - kernel.log_rho_at_start(), kernel.log_curved_over_flat(side, flat)});
    for (double variance : {0.06, 0.13, 0.3, 0.99 * 4 / d}) {
      auto log_kernel = [&](double r) { return exact_kernel(d, r, variance).log_density; };
      auto found = [&](double r, double by_side, double by_flat) {
        return evaluator(
            {{"v", {variance}}, {"angle", {r}}, {"rest", {pi - r}}, {"side", {by_side}}, {"flat", {by_flat}}});
      };
      // The density but for its Gaussian and the Van Vleck factor.
      for (double r : {0.2, 1.0, 1.9, 2.1, 2.5, 2.8, 3.0, 3.1}) {
        const double wanted = log_kernel(r) - log_kernel(0) + r * r / (2 * variance) - a * std::log(r / std::sin(r));
        CAPTURE(d, variance, r, wanted);
        CHECK(std::abs(found(r, 0.5, 0.5)[0][0] - wanted) < 1e-4 + 3e-6 * std::abs(wanted));
      }
      // From the antipode, if it were flat there: the mean over all directions to an end pi away.
      auto log_flat = [&](double x) {
        const double z = pi * x / variance;
        return -x * x / (2 * variance) + std::log(std::cyl_bessel_i(n, z)) - n * std::log(z / 2) + std::lgamma(n + 1);
      };
      for (auto [on_sphere, in_plane] : {std::pair(0.05, 0.06), {0.3, 0.32}, {0.9, 1.0}, {1.4, 1.3}, {1.8, 1.9}}) {
        const double wanted = log_kernel(pi - on_sphere) - log_kernel(pi) - log_flat(in_plane);
        CAPTURE(d, variance, on_sphere, in_plane, wanted);
        CHECK(std::abs(found(1, on_sphere, in_plane)[1][0] - wanted) < 2e-4 + 3e-6 * std::abs(wanted));
      }
    }
  }
}

TEST_CASE("spheres S^4, S^5 and S^9: forward and bridge") {
  auto engine = GENERATE(from_range(engines()));
  for (int d : {4, 5, 9}) {
    const size_t n = size_t(d) + 1;
    auto draws = draws_of(engine, Brownian(Sphere(d), 1.0));
    Points x0 = draws->repeated(away(d, 0.7), n);
    for (double v : {0.02, 0.8 / d, 3.9 / d, 4.1 / d, 20.0}) {
      CAPTURE(d, v);
      // The harmonic of degree l decays by l (l + d - 1) / 2.
      std::vector<double> c = cosines(x0, draws->forward(x0, v, 1), n), before(c.size(), 1.0), harmonic = c;
      for (int l = 1; l <= 4; ++l) {
        CAPTURE(l);
        CHECK(std::abs(z_of_mean(harmonic, std::exp(-l * (l + d - 1) * v / 2))) < z_bound());
        for (size_t i = 0; i < c.size(); ++i)
          before[i] = std::exchange(harmonic[i], ((2 * l + d - 1) * c[i] * harmonic[i] - l * before[i]) / (l + d - 1));
      }
    }
    auto cosine = [n](const double* a, const double* b) { return std::inner_product(a, a + n, b, 0.0); };
    std::vector<Statistic> statistics = {
        cosine, [cosine](const double* a, const double* b) { return std::pow(cosine(a, b), 2); },
        [](const double* a, const double* b) { return a[0] * b[1] * b[2]; }};
    for (auto [s, t] : {std::pair(0.05, 0.2), {0.1, 0.9}, {0.5, 2.5}}) check_identities(*draws, x0, s, t, statistics);
  }
}

TEST_CASE("spheres S^4, S^8 and S^12: bridges between ends near and far, and antipodes") {
  for (int d : {4, 8, 12}) {
    const size_t n = size_t(d) + 1;
    auto draws = draws_of(Engine::compiled, Brownian(Sphere(d), 1.0));
    auto bridge = [&](const Points& x0, const Points& xt, double s, double t) {
      return draws->bridge(draws->repeated(x0, n), draws->repeated(xt, n), s, t, 1);
    };
    for (auto [apart, first, second] : {std::tuple(0.7, 0.4 / d, 1.2 / d),
                                        {3.0, 2.4 / d, 1.0 / d},
                                        {pi, 1.6 / d, 2.4 / d},
                                        {2.0, 1.6 / d, 12.0 / d}}) {
      CAPTURE(d, first, second, apart);
      CHECK(off_the_bridge_of_a_higher_sphere(d, bridge, apart, first, second) < 1);
    }
  }
}

TEST_CASE("spheres above S^12: the score is that of the heat kernel, within its error") {
  for (int d : {13, 20, 32}) {
    Sphere space(d);
    Expr x = parameter("x", Type::f32, {d + 1}), y = parameter("y", Type::f32, {d + 1}),
         v = parameter("v", Type::f32, {});
    Evaluator score({space.score(x, y, v)});
    const double border = 2.0 / d;
    for (double variance : {0.1, 0.999 * border, 1.001 * border, 3.0 / d, 1.0, 3.0})
      for (double angle : {1e-4, 0.1, 0.5, 1.0, 1.5, 1.6, 2.0, 2.5, 3.0, 3.14}) {
        double exact = exact_kernel(d, angle, variance).pull;
        Values found = score({{"x", away(d, 0)}, {"y", away(d, angle)}, {"v", {variance}}})[0];
        CAPTURE(d, variance, angle, exact, found[1]);
        CHECK(std::abs(found[0]) < 1e-9);
        const bool by_series = variance > border && exact_kernel(d, angle, variance).log_density >
                                                        exact_kernel(d, 0, variance).log_density + std::log(1e-5);
        CHECK(std::abs(found[1] - exact) < (by_series ? 2e-3 : angle < 2 ? 0.05 : 0.22) * exact + 1e-9);
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

TEST_CASE("spheres above S^32: the score is that of the heat kernel where points lie") {
  // Cosines lie about e^{-d v / 2}. Evaluated, and compiled to f32.
  for (int d : {33, 128, 1023}) {
    Joint joint("far");
    joint.add("x", GeodesicWalk(Sphere(d), {.steps = 1}));
    const Sampler sampler = compile(joint, Target::host(), {.questions = {Question::score}});
    const size_t n = size_t(d) + 1;
    Expr x = parameter("x", Type::f32, {d + 1}), y = parameter("y", Type::f32, {d + 1}),
         v = parameter("v", Type::f32, {});
    const Evaluator evaluated({Sphere(d).score(x, y, v)});
    const double border = 2 * std::clamp(std::pow(64.0 / d, 0.3), 0.5, 1.0) / d;
    for (double by_border : {0.3, 0.999, 1.001, 1.5, 4.0}) {
      const double variance = double(float(by_border * border));
      const double center = std::exp(-d * variance / 2), spread = std::sqrt((1 - center * center) / d);
      for (int k : {-3, -1, 0, 2}) {
        const double cosine = center + k * spread;
        if (cosine > 0.999) continue;
        const double angle = std::acos(cosine);
        State from{{"x", Tensor::empty(Dtype::f32, {1, d + 1})}}, to = from.clone();
        Points x0 = away(d, 0), xt = away(d, angle);
        std::ranges::copy(xt, from["x"].values<float>().begin());
        std::ranges::copy(x0, to["x"].values<float>().begin());
        // Of the angle that the floats are at.
        auto e = from["x"].values<const float>();
        const double exact = exact_kernel<320>(d, std::atan2(double(e[1]), double(e[0])), variance).pull;
        const State score = sampler.score(from, to, variance);
        const Values found = evaluated({{"x", x0}, {"y", xt}, {"v", {variance}}})[0];
        CAPTURE(d, by_border, k, exact, found[1], n);
        const double known = (by_border < 1 ? 0.12 : 0.04) / std::sqrt(variance);
        CHECK(std::abs(found[1] - exact) < known);
        CHECK(std::abs(double(score["x"].values<const float>()[1]) - exact) < known + 1e-3 * exact);
      }
    }
  }
}

// E <x_0, x_t> = e^{-d v / 2} on S^d; the second harmonic ((d + 1) c^2 - 1) / d decays by e^{-(d + 1) v}.
TEST_CASE("geodesic walk on S^4 and S^5: forward and bridge, within its error") {
  const Engine engine = Engine::compiled;
  for (int d : {4, 5}) {
    auto n = size_t(d) + 1;
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
      CHECK(within(cosines(x0, xt, n), std::exp(-d * t / 2) * (1 - lost / 2), std::exp(-d * t / 2) * lost / 1.6));
      auto draws = draws_of(engine, GeodesicWalk(Sphere(d), {.steps = steps}));
      Points xs = draws->bridge(x0, xt, s, t, 2);
      double error = 0.33 * (t - s) / steps;
      CHECK(within(cosines(x0, xs, n), std::exp(-d * s / 2), error));
      CHECK(within(harmonics(cosines(x0, xs, n)), std::exp(-(d + 1) * s), error));
      CHECK(within(cosines(xs, xt, n), std::exp(-d * (t - s) / 2), error));
    }
  }
}
