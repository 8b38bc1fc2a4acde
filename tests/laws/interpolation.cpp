// Interpolants against the geodesics and the Gaussian processes that they are.
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/hyperbolic.h>
#include <catenary/stdlib/interpolation.h>
#include <catenary/stdlib/rigid_motions.h>
#include <catenary/stdlib/rotations.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/tests/laws/draws.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;
const Euclidean line({});

void check_normal(const Points& x, double mean, double variance) {
  std::vector<double> scaled, squares;
  for (double v : x) {
    scaled.push_back((v - mean) / std::sqrt(variance));
    squares.push_back(scaled.back() * scaled.back());
  }
  CHECK(ks_distance(scaled, normal_cdf) < ks_bound(x.size()));
  CHECK(std::abs(z_of_mean(scaled, 0)) < z_bound());
  CHECK(std::abs(z_of_mean(squares, 1)) < z_bound());
}

// The largest difference of any element.
double apart(const Points& found, const Points& wanted) {
  double most = 0;
  for (size_t i = 0; i < wanted.size(); ++i) most = std::max(most, std::abs(found[i] - wanted[i]));
  return most;
}

// With c = sqrt(2 t (1 - t)), as Albergo et al. have it.
StochasticInterpolant with_latent() {
  return StochasticInterpolant(line, {.c = [](Expr t) { return sqrt(2.0 * t * (1.0 - t)); }});
}
double covariance(double s, double t) { return s * t + 2 * std::sqrt(s * (1 - s) * t * (1 - t)); }

}  // namespace

TEST_CASE("geodesic interpolation: between given ends it is the geodesic") {
  auto draws = draws_of(GENERATE(from_range(engines())), GeodesicInterpolation(Sphere(2)), 1);
  const Points here{0.6f, 0, -0.8f};
  for (double angle : {0.0, 1e-5, 3.0}) {
    Points there;
    const double across[] = {0, 1, 0};
    for (size_t k = 0; k < 3; ++k)
      there.push_back(double(float(std::cos(angle) * here[k] + std::sin(angle) * across[k])));
    Points x0 = draws->repeated(here, 3), x1 = draws->repeated(there, 3), half = draws->bridge(x0, x1, 0.5, 1, 1);
    for (double s : {1e-12, 0.25, 0.999}) {
      CAPTURE(angle, s);
      Points wanted;
      for (size_t k = 0; k < 3; ++k) wanted.push_back(std::cos(s * angle) * here[k] + std::sin(s * angle) * across[k]);
      CHECK(apart(draws->bridge(x0, x1, s, 1, 1), wanted) < 1e-6);
      // A later point of it is as good an end, and so is the estimate of the start.
      for (size_t k = 0; k < 3; ++k)
        wanted[k] = std::cos(s / 2 * angle) * here[k] + std::sin(s / 2 * angle) * across[k];
      CHECK(apart(draws->bridge(x0, half, s / 2, 0.5, 2), wanted) < 1e-6);
      CHECK(apart(draws->step(x0, half, s / 2, 0.5, 3), wanted) < 1e-6);
    }
  }
}

TEST_CASE("geodesic interpolation: the noise of each space, and of each part of a product") {
  Engine engine = GENERATE(from_range(engines()));
  auto rigid = draws_of(engine, GeodesicInterpolation(RigidMotions()), 1);
  Points x = rigid->prior(1);
  for (size_t k = 0; k < 7; ++k) {
    CAPTURE(k);
    std::vector<double> values, squares, fourth;
    for (size_t i = k; i < x.size(); i += 7) {
      values.push_back(x[i]);
      squares.push_back(x[i] * x[i]);
      fourth.push_back(squares.back() * squares.back());
    }
    if (k < 3) {
      CHECK(ks_distance(values, normal_cdf) < ks_bound(values.size()));
    } else {  // Of a uniform point of the 3-sphere.
      CHECK(std::abs(z_of_mean(squares, 1 / 4.0)) < z_bound());
      CHECK(std::abs(z_of_mean(fourth, 1 / 8.0)) < z_bound());
    }
  }
  // The distance from the origin is that of a standard normal of the plane.
  Points h = draws_of(engine, GeodesicInterpolation(Hyperbolic(2)), 1)->prior(1);
  std::vector<double> distances;
  for (size_t i = 0; i < h.size(); i += 3) distances.push_back(std::asinh(std::hypot(h[i + 1], h[i + 2])));
  CHECK(ks_distance(distances, [](double r) { return -std::expm1(-r * r / 2); }) < ks_bound(distances.size()));
}

TEST_CASE("geodesic interpolation: to the antipode it is a half circle") {
  auto draws = draws_of(GENERATE(from_range(engines())), GeodesicInterpolation(Sphere(2)), 1);
  const Points here{0.6f, 0, -0.8f}, there{-0.6f, 0, 0.8f};
  Points x = draws->bridge(draws->repeated(here, 3), draws->repeated(there, 3), 0.5, 1, 1);
  CHECK(std::abs(x[0] * here[0] + x[1] * here[1] + x[2] * here[2]) < 1e-6);
  CHECK(std::abs(x[0] * x[0] + x[1] * x[1] + x[2] * x[2] - 1) < 1e-6);
}

TEST_CASE("geodesic interpolation: the short way, beyond the cut of the coordinates and from -q as from q") {
  Engine engine = GENERATE(from_range(engines()));
  auto circle = draws_of(engine, GeodesicInterpolation(Circle()), 1);
  Points x = circle->bridge(circle->repeated({3}), circle->repeated({-3}), 0.25, 1, 1);
  CHECK(x[0] == Approx(3 + 0.25 * (2 * pi - 6)));
  auto rotations = draws_of(engine, GeodesicInterpolation(Rotations()), 1);
  Points identity = rotations->repeated({1, 0, 0, 0}, 4);
  double half = 0.4;
  for (double sign : {1.0, -1.0}) {
    Points turned = rotations->repeated({sign * std::cos(half), sign * std::sin(half), 0, 0}, 4);
    Points quarter = rotations->bridge(identity, turned, 0.25, 1, 1);
    CHECK(std::abs(quarter[1] / quarter[0]) == Approx(std::tan(half / 4)));
    CHECK(quarter[1] / quarter[0] > 0);
  }
}

TEST_CASE("geodesic interpolation: where noised points lie") {
  Engine engine = GENERATE(from_range(engines()));
  auto sphere = draws_of(engine, GeodesicInterpolation(Sphere(2)), 1);
  const Points here{0.6f, 0, -0.8f};
  Points x0 = sphere->repeated(here, 3);
  for (double t : {0.25, 1.0}) {
    Points x = sphere->forward(x0, t, 1);
    std::vector<double> angles, heights;
    for (size_t i = 0; i < x.size(); i += 3) {
      double cosine = x[i] * here[0] + x[i + 1] * here[1] + x[i + 2] * here[2];
      angles.push_back(std::acos(std::clamp(cosine, -1.0, 1.0)));
      heights.push_back(x[i + 1]);
    }
    CHECK(ks_distance(angles, [&](double a) { return (1 - std::cos(std::min(a / t, pi))) / 2; }) <
          ks_bound(angles.size()));
    CHECK(std::abs(z_of_mean(heights, 0)) < z_bound());
  }
  // To normal noise, and to noise of one's own.
  auto flat = draws_of(engine, GeodesicInterpolation(line), 1);
  check_normal(flat->prior(1), 0, 1);
  check_normal(flat->forward(flat->repeated({2}), 0.75, 2), 0.5, 0.75 * 0.75);
  check_normal(flat->forward(flat->repeated({0}), 1e-20, 3), 0, std::pow(double(1e-20f), 2));
  auto own = draws_of(engine, GeodesicInterpolation(line, {.noise = [] { return 5.0 + 0.5 * normal(); }}), 1);
  check_normal(own->prior(1), 5, 0.25);
  check_normal(own->forward(own->repeated({1}), 0.5, 2), 3, 0.0625);
}

TEST_CASE("stochastic interpolants: forward and prior") {
  Engine engine = GENERATE(from_range(engines()));
  auto straight = draws_of(engine, StochasticInterpolant(line), 1), latent = draws_of(engine, with_latent(), 1);
  check_normal(latent->prior(1), 0, 1);
  for (double t : {1e-20, 1e-6, 0.25, 0.9, 1.0}) {
    CAPTURE(t);
    double exact = double(float(t)), start = t < 0.1 ? 0 : 3;
    check_normal(straight->forward(straight->repeated({start}), t, 1), (1 - exact) * start, exact * exact);
    check_normal(latent->forward(latent->repeated({start}), t, 2), (1 - exact) * start, covariance(exact, exact));
  }
}

// The law of (x_s, x_t) given x_0 is told by its moments where both the noised point and the bridge are normal.
TEST_CASE("stochastic interpolants: bridges") {
  Engine engine = GENERATE(from_range(engines()));
  auto latent = draws_of(engine, with_latent(), 1), straight = draws_of(engine, StochasticInterpolant(line), 1);
  for (auto [s, t] :
       {std::pair(0.25, 0.75), {0.125, 0.1875}, {0.75, 0.78125}, {0x1p-20, 0x1p-12}, {0x1p-13, 0x1p-12}}) {
    CAPTURE(s, t);
    double k_ss = covariance(s, s), k_st = covariance(s, t), k_tt = covariance(t, t);
    double from = t < 0.01 ? 0.0078125 : 2, end = from * (1 - t) + 0.75 * std::sqrt(k_tt);
    Points x0 = latent->repeated({from}), xt = latent->repeated({double(float(end))});
    double mean = (1 - s) * from + k_st / k_tt * (double(float(end)) - (1 - t) * from);
    check_normal(latent->bridge(x0, xt, s, t, 1), mean, k_ss - k_st * k_st / k_tt);
    double on_line = from + s / t * (double(float(end)) - from);
    CHECK(std::abs(straight->bridge(x0, xt, s, t, 2)[0] - on_line) < 4e-7 * (from + std::abs(end)));
    // Both together.
    Points noised = latent->forward(x0, t, 3), back = latent->bridge(x0, noised, s, t, 4);
    std::vector<double> products;
    for (size_t i = 0; i < back.size(); ++i)
      products.push_back((back[i] - (1 - s) * from) * (noised[i] - (1 - t) * from));
    CHECK(std::abs(z_of_mean(products, k_st)) < z_bound());
    check_normal(back, (1 - s) * from, k_ss);
  }
  // From the noise: what is left is z.
  Points x0 = latent->repeated({2}), x1 = latent->repeated({-1});
  check_normal(latent->bridge(x0, x1, 0.25, 1, 5), 0.75 * 2 - 0.25, 2 * 0.25 * 0.75);
  // Where b and c are no floats any more.
  auto flat = draws_of(engine, StochasticInterpolant(line, {.b = [](Expr t) { return square(t); }}), 1);
  CHECK(flat->bridge(x0, x0, 1e-32, 1e-30, 6) == x0);
  CHECK(flat->log_density(x0, x0, 1e-30)[0] > 80);
}

TEST_CASE("stochastic interpolants: density and score") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, with_latent(), 1);
  auto plane = draws_of(engine, StochasticInterpolant(Euclidean({2})), 1);
  for (double t : {1e-6, 0.25, 0.75, 1.0}) {
    CAPTURE(t);
    double exact = double(float(t)), v = covariance(exact, exact), start = 0.5, x = double(float(0.5 + std::sqrt(v)));
    double away = x - (1 - exact) * start;
    CHECK(draws->log_density(draws->repeated({start}), draws->repeated({x}), t)[0] ==
          Approx(-away * away / (2 * v) - 0.5 * std::log(2 * pi * v)).margin(1e-4));
    CHECK(draws->score(draws->repeated({start}), draws->repeated({x}), t)[0] == Approx(-away / v).epsilon(1e-4));
  }
  CHECK(plane->log_density(plane->repeated({1, 2}, 2), plane->repeated({0, 2}, 2), 0.5)[0] ==
        Approx(-(0.25 + 1) / (2 * 0.25) - std::log(2 * pi * 0.25)));
}

TEST_CASE("interpolants of molecules keep their mean at 0") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(
      engine, StochasticInterpolant(CenteredEuclidean({3, 1}), {.c = [](Expr t) { return sqrt(t * (1.0 - t)); }}), 1);
  Points x = draws->forward(draws->repeated({1, -2, 1}, 3), 0.5, 1), squares;
  for (size_t i = 0; i < x.size(); i += 3) {
    REQUIRE(std::abs(x[i] + x[i + 1] + x[i + 2]) < 1e-5);
    squares.push_back(std::pow(x[i] - 0.5, 2));
  }
  // One of three coordinates whose mean is taken off.
  CHECK(std::abs(z_of_mean(squares, (0.25 + 0.25) * 2 / 3)) < z_bound());
}
