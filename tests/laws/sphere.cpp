// Brownian motion on spheres against Legendre series.
#include <numbers>
#include <utility>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

double cosine(const double* a, const double* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

// The sum over l of the weights times P_l(c).
template <class Weight>
double legendre_series(double c, double v, const Weight& weight) {
  double before = 0, polynomial = 1, sum = 0;
  for (int l = 0; l < 100 && l * (l + 1) * v / 2 < 45; ++l) {
    sum += weight(l) * polynomial;
    before = std::exchange(polynomial, ((2 * l + 1) * c * polynomial - l * before) / (l + 1));
  }
  return sum;
}

// The density of S^2 at this cosine after variance v, and the share of those below.
double density(double c, double v) {
  return std::max(legendre_series(c, v, [&](int l) { return (2 * l + 1) * std::exp(-l * (l + 1) * v / 2); }), 0.0);
}
double share_below(double c, double v) {
  // The integral of (2l + 1) P_l is P_{l + 1} - P_{l - 1}; collected by P_l.
  auto decay = [&](int l) { return l < 1 ? 0 : std::exp(-l * (l + 1) * v / 2); };
  return (1 + c) / 2 + 0.5 * legendre_series(c, v, [&](int l) { return decay(l - 1) - decay(l + 1); });
}

std::vector<double> cosines(const Points& a, const Points& b) {
  std::vector<double> values(a.size() / 3);
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::clamp(cosine(&a[3 * i], &b[3 * i]), -1.0, 1.0);
  return values;
}

}  // namespace

TEST_CASE("spheres: no way, and the way to the antipode") {
  for (int d : {1, 2, 3, 7}) {
    Sphere sphere(d);
    const auto n = size_t(d) + 1;
    Expr x = parameter("x", Type::f32, sphere.point()), zero = splat(0, sphere.point());
    Evaluator ways({sphere.exp(x, zero), sphere.log(x, x), sphere.log(x, -x), sphere.exp(x, sphere.log(x, -x))});
    Values tilted(n), first(n);
    tilted[0] = 0.6, tilted[n - 1] = -0.8;
    first[0] = 1;
    for (const Values& point : {tilted, first}) {
      CAPTURE(d, point);
      auto found = ways({{"x", point}});
      // Towards the first axis; from its pole towards the second.
      const size_t axis = point[0] == 1 ? 1 : 0;
      const double away = std::sqrt(1 - point[axis] * point[axis]);
      for (size_t k = 0; k < n; ++k) {
        CHECK(found[0][k] == point[k]);
        CHECK(found[1][k] == 0);
        CHECK(found[2][k] == Approx(pi * ((k == axis) - point[axis] * point[k]) / away).margin(1e-12));
        CHECK(found[3][k] == Approx(-point[k]).margin(1e-7));
      }
    }
  }
}

TEST_CASE("the circle as S^1: both ways to the antipode are equally likely") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Sphere(1), 1.0));
  for (double t : {0.5, 3.0}) {
    Points x = draws->bridge(draws->repeated({1, 0}, 2), draws->repeated({-1, 0}, 2), t / 2, t, 1);
    std::vector<double> side;
    for (size_t i = 1; i < x.size(); i += 2) side.push_back(x[i] > 0);
    CHECK(std::abs(z_of_mean(side, 0.5)) < z_bound());
  }
}

TEST_CASE("the sphere S^2: forward and prior") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Sphere(2), 2.0));
  Points x0 = draws->repeated({0.6, 0, -0.8}, 3);
  for (double v : {0.01, 0.2, 1.0, 3.0, 5.0, 20.0}) {
    CAPTURE(v);
    std::vector<double> c = cosines(x0, draws->forward(x0, v / 2, 1));
    CHECK(std::abs(z_of_mean(c, std::exp(-v))) < z_bound());
    CHECK(ks_distance(c, [&](double x) { return share_below(x, v); }) < ks_bound(c.size()));
  }
  CHECK(ks_distance(cosines(x0, draws->prior(2)), [](double x) { return (1 + x) / 2; }) < ks_bound(draws->size()));
}

TEST_CASE("spheres S^d: harmonics decay by l (l + d - 1) / 2") {
  auto engine = GENERATE(from_range(engines()));
  for (int d : {1, 2, 3}) {
    auto draws = draws_of(engine, Brownian(Sphere(d), 1.0));
    std::vector<double> pole(size_t(d) + 1);
    pole[0] = 1;
    Points x0 = draws->repeated(pole, pole.size());
    for (double v : {0.3, 1.7}) {
      Points x = draws->forward(x0, v, 1);
      std::vector<double> first, second;
      for (size_t i = 0; i < draws->size(); ++i) {
        double c = x[i * pole.size()];
        first.push_back(c);
        second.push_back(((d + 1) * c * c - 1) / d);
      }
      CAPTURE(d, v);
      CHECK(std::abs(z_of_mean(first, std::exp(-d * v / 2))) < z_bound());
      CHECK(std::abs(z_of_mean(second, std::exp(-(d + 1) * v))) < z_bound());
    }
  }
}

// The law of the cosine to x_0, by integrating the kernels over the sphere.
TEST_CASE("the sphere S^2: bridge") {
  // Compiled alone: tests/targets compares it with the evaluator, point by point.
  auto draws = draws_of(Engine::compiled, Brownian(Sphere(2), 1.0));
  Points x0 = draws->repeated({0, 0, 1}, 3);
  for (double apart : {0.0, 0.7, 2.0, 3.0, pi})
    for (auto [first, second] : {std::pair(0.1, 0.3), {0.5, 0.2}, {2.0, 3.0}}) {
      CAPTURE(apart, first, second);
      Points xt = draws->repeated({std::sin(apart), 0, std::cos(apart)}, 3);
      Points x = draws->bridge(x0, xt, first, first + second, 1);
      constexpr int cells = 400, around = 60;
      std::vector<double> total(cells + 1);
      for (int i = 0; i < cells; ++i) {
        double c = -1 + 2 * (i + 0.5) / cells, s = std::sqrt(1 - c * c), weight = 0;
        for (int j = 0; j < around; ++j)
          weight += density(std::cos(2 * pi * j / around) * s * std::sin(apart) + c * std::cos(apart), second);
        total[size_t(i) + 1] = total[size_t(i)] + weight * density(c, first);
      }
      auto law = [&](double c) {
        double place = std::clamp((c + 1) / 2 * cells, 0.0, cells - 1e-9);
        auto cell = size_t(place);
        return (total[cell] + (place - double(cell)) * (total[cell + 1] - total[cell])) / total.back();
      };
      CHECK(ks_distance(cosines(x0, x), law) < ks_bound(draws->size()) + 1e-3);  // What 400 cells leave out.
    }
}

TEST_CASE("the sphere S^2: the triple moment") {
  auto draws = draws_of(Engine::compiled, Brownian(Sphere(2), 1.0));
  Points x0 = draws->repeated({0, 1, 0}, 3);
  for (auto [s, t] : {std::pair(0.1, 0.4), {0.3, 1.0}, {1.0, 1.5}, {0.5, 3.0}}) {
    CAPTURE(s, t);
    Points xt = draws->forward(x0, t, 1), xs = draws->bridge(x0, xt, s, t, 2);
    std::vector<double> product = cosines(x0, xs), other = cosines(xs, xt);
    for (size_t i = 0; i < product.size(); ++i) product[i] *= other[i];
    CHECK(std::abs(z_of_mean(product, std::exp(-t))) < z_bound());
  }
}

TEST_CASE("spheres obey the identities of all processes") {
  auto engine = GENERATE(from_range(engines()));
  for (int d : {1, 2, 3}) {
    auto draws = draws_of(engine, Brownian(Sphere(d), 1.0));
    size_t n = size_t(d) + 1;
    Points starts(2 * n);
    starts[0] = 1;
    starts[2 * n - 1] = -1;
    auto c = [n](const double* a, const double* b) {
      double sum = 0;
      for (size_t i = 0; i < n; ++i) sum += a[i] * b[i];
      return sum;
    };
    std::vector<Statistic> statistics = {c, [c](const double* a, const double* b) { return c(a, b) * c(a, b); }};
    for (auto [s, t] : {std::pair(0.5, 2.5)}) check_identities(*draws, draws->repeated(starts, n), s, t, statistics);
  }
}
