// The simplex: arcs of the sphere, reflection at the boundary, and the law of its volume.
#include <numbers>
#include <utility>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/simplex.h>
#include <catenary/tests/laws/functions.h>
#include <catenary/tests/laws/higher_sphere.h>
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

/// The draws of images that bridges of walks make: from x_0 of the cover, one of those points that are folded to the
/// same as x_t, after the variance t on the unit sphere.
struct Images final : Process {
  explicit Images(int k) : Process(Simplex(k).cover()->space), cover(*Simplex(k).cover()) {}
  Expr prior(Expr) const override { return cover.space->uniform_point(); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr x0, Expr xt, Expr, Expr t) const override { return cover.image(x0, xt, 4.0 * t); }
  Expr endpoint(const Estimate&, Expr estimate, Expr, Expr) const override { return estimate; }
  Cover cover;
};

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

namespace {

// sqrt(p) is reflected Brownian motion on the orthant of a sphere of radius 2, whose second harmonics decay: E p_t = 1
// / K + (p_0 - 1 / K) e^{-K v / 4}, but for an error. The starts come by turns.
void check_means(const Points& x, const std::vector<Points>& starts, double v, double error) {
  const size_t k = starts[0].size();
  for (size_t g = 0; g < starts.size(); ++g)
    for (size_t c = 0; c < k; ++c) {
      std::vector<double> p;
      for (size_t i = g * k + c; i < x.size(); i += k * starts.size()) p.push_back(x[i]);
      double expected = 1 / double(k) + (starts[g][c] - 1 / double(k)) * std::exp(-double(k) / 4 * v);
      CAPTURE(k, v, g, c, expected);
      CHECK(within(p, expected, error));
      CHECK(std::all_of(p.begin(), p.end(), [](double value) { return value >= 0 && value <= 1 + 1e-6; }));
    }
}

Points joined(const std::vector<Points>& points) {
  Points all;
  for (const Points& p : points) all.insert(all.end(), p.begin(), p.end());
  return all;
}

}  // namespace

TEST_CASE("Brownian motion on the simplex: forward is reflected, and bridges lead through the same law") {
  const Engine engine = GENERATE(from_range(engines()));
  for (const std::vector<Points>& starts : {std::vector<Points>{{0.999, 0.001}, {0, 1}, {0.3, 0.7}},
                                            {{0.9, 0.08, 0.02}, {0, 0.5, 0.5}, {1, 0, 0}},
                                            {{0.7, 0.299, 0.001, 0}, {0.25, 0.25, 0.25, 0.25}, {0, 0, 0, 1}},
                                            {{0.5, 0.3, 0.15, 0.05, 0}}}) {
    if (engine == Engine::evaluator && starts[0].size() > 2) continue;  // Sums over images, point by point: a minute.
    auto draws = draws_of(engine, Brownian(Simplex(int(starts[0].size())), 2.0), 10);
    Points x0 = draws->repeated(joined(starts), starts[0].size());
    for (auto [s, t] : {std::pair(0.05, 0.2), {1e-4, 0.02}, {0.4, 0.5}, {0.5, 2.0}}) {
      if (engine == Engine::evaluator && s != 0.05) continue;
      if (starts[0].size() > 4 && s != 0.05 && s != 0.5) continue;
      Points xt = draws->forward(x0, t, 1);
      check_means(xt, starts, 2 * t, 0);
      check_means(draws->bridge(x0, xt, s, t, 2), starts, 2 * s, 0);
    }
  }
}

// Of two categories phi = asin(sqrt(p_1)) is Brownian motion of a quarter of the variance on [0, pi / 2], reflected: a
// cosine series.
TEST_CASE("Brownian motion on the simplex: density and score of two categories") {
  const Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, Brownian(Simplex(2), 1.0), 10);
  std::vector<std::pair<double, double>> angles;
  for (double from : {0.0, 0.3, 1.2})
    for (double to : {0.02, 0.7, 1.5}) angles.emplace_back(from, to);
  Points from, to;
  for (auto [a, b] : angles) {
    for (double x : {std::pow(std::sin(a), 2), std::pow(std::cos(a), 2)}) from.push_back(x);
    for (double x : {std::pow(std::sin(b), 2), std::pow(std::cos(b), 2)}) to.push_back(x);
  }
  for (double t : {0.1, 1.0, 6.0}) {
    Points logs = draws->log_density(draws->repeated(from, 2), draws->repeated(to, 2), t),
           scores = draws->score(draws->repeated(from, 2), draws->repeated(to, 2), t);
    for (size_t i = 0; i < angles.size(); ++i) {
      auto [phi0, phi] = angles[i];
      CAPTURE(t, phi0, phi);
      double density = 2 / pi, slope = 0;
      for (int n = 1; n < 60; ++n) {
        double wave = 4 / pi * std::exp(-2.0 * n * n * t / 4) * std::cos(2 * n * phi0);
        density += wave * std::cos(2 * n * phi);
        slope -= wave * 2 * n * std::sin(2 * n * phi);
      }
      if (density < 1e-4) continue;
      // Lengths are 2 phi.
      CHECK(logs[i] == Approx(std::log(density / 2)).epsilon(1e-4).margin(1e-4));
      double along = slope / density / 4 * 2 * std::sin(phi) * std::cos(phi);
      CHECK(scores[2 * i] == Approx(along).epsilon(1e-3).margin(1e-4));
    }
  }
}

TEST_CASE("Brownian motion on the simplex is exact for up to eight categories") {
  CHECK_THROWS_WITH(Brownian(Simplex(9), 1.0),
                    "exact Brownian motion on space 'simplex' is there for 2 to 8 categories; found 9. Use "
                    "GeodesicWalk(space, {.rate, .steps}), the named approximation");
  CHECK_THROWS_WITH(Brownian(Simplex(4), -1.0), "Brownian motion on space 'simplex' needs a rate above 0; found -1");
}

namespace {

// How far one of two scores on the simplex lies from the other, a share of its length, root mean squares over data
// drawn uniformly and points noised from them by the variance v. `scores`: of q, p and v.
double off_by(const Simplex& space, const std::pair<Expr, Expr>& scores, double v) {
  Evaluator both({scores.first, scores.second}), uniform({space.uniform_point()}),
      noised({GeodesicWalk(space, {.rate = 1, .steps = 32})
                  .forward(parameter("q", Type::f32, space.point()), constant(v))});
  double off = 0, whole = 0;
  for (uint64_t i = 0; i < 100; ++i) {
    const Values q = uniform({}, {.seed = 1, .point = i})[0], p = noised({{"q", q}}, {.seed = 2, .point = i})[0];
    const std::vector<Values> found = both({{"q", q}, {"p", p}, {"v", {v}}});
    for (size_t k = 0; k < p.size(); ++k) {
      off += std::pow(found[0][k] - found[1][k], 2) / std::max(p[k], 1e-20);
      whole += std::pow(found[1][k], 2) / std::max(p[k], 1e-20);
    }
  }
  return std::sqrt(off / whole);
}

}  // namespace

TEST_CASE("simplex: scores of many categories, against the exact ones of few and of the law's last harmonics") {
  auto leaf = [](const char* name, const Shape& shape) { return parameter(name, Type::f32, shape); };
  Expr v = leaf("v", {});
  for (int k : {2, 3, 4, 6, 8}) {
    Simplex space(k);
    Expr p = leaf("p", {k}), q = leaf("q", {k});
    const std::pair scores(space.score(p, q, v), *Brownian(space, 1.0).score(q, p, v));
    const double late = 4.0 / k * std::log(std::max(0.65 * k, 2.4));
    CAPTURE(k);
    for (auto [share, most] :
         {std::pair(0.03, 4e-4), {0.1, 2e-3}, {0.4, 0.015}, {0.99, 0.065}, {1.01, 0.045}, {1.5, 0.005}, {3.0, 1e-4}}) {
      CAPTURE(share);
      CHECK(off_by(space, scores, share * late) < most);
    }
  }
  // At the time where one formula takes over from the other.
  for (int k : {16, 64}) {
    Simplex space(k);
    Expr p = leaf("p", {k}), q = leaf("q", {k});
    const double late = 4.0 / k * std::log(0.65 * k);
    CAPTURE(k);
    CHECK(off_by(space, {space.score(p, q, 0.9999 * v), space.score(p, q, 1.0001 * v)}, late) < 0.06);
  }
}

TEST_CASE("geodesic walk on the simplex: forward is reflected, bridge within its error") {
  const std::vector<Points> starts = {{0.9, 0.07, 0.02, 0.01, 0}, {0.2, 0.2, 0.2, 0.2, 0.2}};
  auto draws = draws_of(Engine::compiled, GeodesicWalk(Simplex(5), {.steps = 16}), 10);
  Points x0 = draws->repeated(joined(starts), 5);
  for (auto [s, t] : {std::pair(0.05, 0.2), {0.25, 0.5}, {0.5, 1.0}}) {
    Points xt = draws->forward(x0, t, 1);
    check_means(xt, starts, t, t * t / 16 / 24);
    check_means(draws->bridge(x0, xt, s, t, 2), starts, s, 0.0005 + t * t / 16 / 24);
  }
}

TEST_CASE("images on the simplex follow the heat kernel, within the error of their slopes") {
  auto draws = draws_of(Engine::compiled, Images(5), 10);
  auto unit = [](Points x) {
    double square = 0;
    for (double e : x) square += e * e;
    for (double& e : x) e /= std::sqrt(square);
    return x;
  };
  const std::pair<Points, Points> ends[] = {{unit({0.6, 0.5, 0.4, 0.3, 0.37}), unit({0.2, 0.5, 0.3, 0.6, 0.5})},
                                            {unit({0.1, 0.2, 0.3, 0.5, 0.78}), unit({0.7, 0.5, 0.3, 0.3, 0.29})}};
  for (const auto& [u, w] : ends)
    for (double v : {0.2, 0.35, 0.5}) {
      CAPTURE(v);
      const Points images = draws->bridge(draws->repeated(u, 5), draws->repeated(w, 5), v / 2, v, 1);
      Points expected(32), drawn(32);
      double total = 0;
      for (size_t signs = 0; signs < 32; ++signs) {
        double cosine = 0;
        for (size_t i = 0; i < 5; ++i) cosine += ((signs >> i & 1) != 0 ? -1 : 1) * u[i] * w[i];
        total += expected[signs] = std::exp(exact_kernel(4, std::acos(cosine), v).log_density);
      }
      for (size_t j = 0; j < draws->size(); ++j) {
        size_t signs = 0;
        for (size_t i = 0; i < 5; ++i) signs |= size_t(images[5 * j + i] < 0) << i;
        drawn[signs] += 1 / double(draws->size());
      }
      // Their odds are right to the second order in how slopes differ; without that order 0.01 to 0.05 are off.
      for (size_t signs = 0; signs < 32; ++signs) CHECK(std::abs(drawn[signs] - expected[signs] / total) < 0.008);
    }
}
