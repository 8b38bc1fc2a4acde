// Hyperbolic space: its triangles, its ends; Brownian motion on H^3 against its kernel, and geodesic walks on H^2.
#include <array>
#include <numbers>
#include <random>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/hyperbolic.h>
#include <catenary/tests/laws/functions.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

double as_float(double v) { return double(float(v)); }

// The point over the space coordinates x, which are rounded to floats.
Points over(Points x) {
  double square = 0;
  for (double& v : x) {
    v = as_float(v);
    square += v * v;
  }
  x.insert(x.begin(), std::sqrt(1 + square));
  return x;
}
// At the radius a in the direction `angle` of the first two space coordinates.
Points at(double a, double angle, size_t n) {
  Points x(n);
  x[0] = std::sinh(a) * std::cos(angle);
  x[1] = std::sinh(a) * std::sin(angle);
  return over(x);
}
long double minkowski(const double* x, const double* y, size_t n) {
  long double sum = 0, xx = 1, yy = 1;
  for (size_t i = 1; i <= n; ++i) {
    sum += (long double)(x[i]) * y[i];
    xx += (long double)(x[i]) * x[i];
    yy += (long double)(y[i]) * y[i];
  }
  return std::sqrt(xx * yy) - sum;
}
// cosh of the distance.
double cosh_of(const double* x, const double* y, size_t n) { return double(std::max(minkowski(x, y, n), 1.0L)); }
double radius(const Points& x) {
  double square = 0;
  for (size_t i = 1; i < x.size(); ++i) square += x[i] * x[i];
  return std::asinh(std::sqrt(square));
}

Function distance_on(Engine engine, int n) {
  return {engine, Hyperbolic(n), [n](Expr x, Expr y) { return Hyperbolic(n).distance(x, y); }};
}
Function exp_on(Engine engine, int n) {
  return {engine, Hyperbolic(n), [n](Expr x, Expr v) { return Hyperbolic(n).exp(x, v); }};
}
Function log_on(Engine engine, int n) {
  return {engine, Hyperbolic(n), [n](Expr x, Expr y) { return Hyperbolic(n).log(x, y); }};
}

// The distribution function of a density on [0, top], known up to a factor, by the trapezoid rule.
class Distribution {
 public:
  Distribution(double top, const std::function<double(double)>& f) : top_(top), total_(cells + 1) {
    for (int i = 0; i < cells; ++i) total_[i + 1] = total_[i] + f(place(i)) + f(place(i + 1));
  }
  double operator()(double x) const {
    double position = x / top_ * cells;
    int cell = std::clamp(int(position), 0, cells - 1);
    return (total_[cell] + (position - cell) * (total_[cell + 1] - total_[cell])) / total_[cells];
  }

 private:
  static constexpr int cells = 20000;
  double place(int i) const { return top_ * i / cells; }
  double top_;
  std::vector<double> total_;
};

// The kernel of H^3 up to a factor, and of H^2 (McKean, 1970): the integral over s >= r of s exp(-s^2 / 2v) / sqrt(cosh
// s - cosh r).
double kernel3(double r, double v) { return (r < 1e-9 ? 1 : r / std::sinh(r)) * std::exp(-r * r / (2 * v)); }
double kernel2(double r, double v) {
  double sum = 0, h = 1e-4;  // s = r + u^2
  for (double u = h / 2; u * u < 12 * std::sqrt(v) + 2; u += h) {
    double s = r + u * u;
    sum += s * std::exp((r * r - s * s) / (2 * v)) * u / std::sqrt(std::sinh((s + r) / 2) * std::sinh(u * u / 2));
  }
  return sum * std::exp(-r * r / (2 * v));
}

// The evaluator is slow, and draws the same: it takes the first case alone.
template <class T>
std::vector<T> cases(Engine engine, std::vector<T> all) {
  if (engine == Engine::evaluator) all.resize(1, all[0]);
  return all;
}

bool all_finite(const Points& x) {
  return std::all_of(x.begin(), x.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

TEST_CASE("hyperbolic: distances are those of hyperbolic triangles") {
  Engine engine = GENERATE(from_range(engines()));
  Function distance = distance_on(engine, 2);
  for (double a : {1e-4, 0.3, 2.0, 7.0, 13.0, 27.0})
    for (double b : {1e-4, 0.3, 2.0, 7.0, 13.0, 27.0})
      for (double angle : {0.5, pi / 2, 2.0, pi}) {
        CAPTURE(a, b, angle);
        Points x = at(a, 0, 2), y = at(b, angle, 2);
        // The law of cosines, by half angles.
        double half =
            std::pow(std::sinh((a - b) / 2), 2) + std::sinh(a) * std::sinh(b) * std::pow(std::sin(angle / 2), 2);
        double expected = 2 * std::asinh(std::sqrt(half));
        CHECK(distance.number(x, y) == Approx(expected).epsilon(1e-6));
        CHECK(distance.number(y, x) == Approx(expected).epsilon(1e-6));
      }
  for (double a : {0.0, 1.0, 10.0, 27.0}) {
    CHECK(distance.number(at(a, 0.7, 2), at(a, 0.7, 2)) == 0);
    // Along a ray radii are told apart to rounding, however far out.
    Points x = at(a, 0, 2), y = x;
    y[1] = double(std::nextafter(float(x[1]), 1e30f));
    double expected = std::asinh(y[1]) - std::asinh(x[1]);
    if (a > 0) CHECK(distance.number(x, over({y[1], 0})) == Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("hyperbolic: the time coordinate is not read") {
  Hyperbolic space(2);
  Expr x = parameter("x", Type::f32, {3}), y = parameter("y", Type::f32, {3});
  for (const Expr& e : {space.exp(x, y), space.log(x, y), space.project(x), space.tangent(x, y)})
    CHECK(evaluate({e}, {{"x", {7, 0.3, -1}}, {"y", {0, 2, 1}}})[0] ==
          evaluate({e}, {{"x", {-1, 0.3, -1}}, {"y", {5, 2, 1}}})[0]);
  CHECK(evaluate({space.project(x)}, {{"x", {9, 3, -4}}})[0] == Values{std::sqrt(26.0), 3, -4});
  // A derivative by the time counts: on the sheet x_0 changes with the others.
  Values g = evaluate({space.gradient(x, y)}, {{"x", {std::sqrt(26.0), 3, -4}}, {"y", {1, 0, 0}}})[0];
  CHECK(g[1] == Approx(3 * std::sqrt(26.0)).epsilon(1e-12));
  CHECK(g[2] == Approx(-4 * std::sqrt(26.0)).epsilon(1e-12));
  CHECK(g[0] == Approx(25).epsilon(1e-12));
}

TEST_CASE("hyperbolic: zero vectors, coincident points, and ends") {
  Engine engine = GENERATE(from_range(engines()));
  Function distance = distance_on(engine, 3), exp = exp_on(engine, 3), log = log_on(engine, 3);
  Function project(engine, Hyperbolic(3), [](Expr x, Expr) { return Hyperbolic(3).project(x); });
  for (double a : {0.0, 1e-20, 1e-9, 0.5, 5.0, 20.0, 27.9}) {
    CAPTURE(a);
    Points x = over({std::sinh(a) * 0.6, std::sinh(a) * -0.8, 0}), none(4), still = exp(x, none);
    for (size_t i = 0; i < 4; ++i) CHECK(still[i] == Approx(x[i]).epsilon(1e-7));
    CHECK(Points(still.begin() + 1, still.end()) == Points(x.begin() + 1, x.end()));
    CHECK(log(x, x) == none);
    for (double size : {1e-30, 1e5, 1e20, 3e38}) {
      Points y = exp(x, {0, size, -size, size / 2});
      CHECK(all_finite(y));
      if (size > 1e18 || (size > 1 && a < 1)) CHECK(radius(y) == Approx(28).epsilon(1e-5));
      CHECK(all_finite(log(x, y)));
      CHECK(std::isfinite(distance.number(x, y)));
    }
  }
  // From one end to the other.
  Points left = over({-std::sinh(27.99), 0, 0}), right = over({std::sinh(27.99), 0, 0});
  CHECK(distance.number(left, right) == Approx(55.98).epsilon(1e-6));
  CHECK(all_finite(log(left, right)));
  for (double size : {1e13, 1e25, 3e38}) {
    Points p = project({0, size, size, -size}, {0, 0, 0, 0});
    CHECK(radius(p) == Approx(28).epsilon(1e-5));
    CHECK(p[1] == Approx(std::sinh(28.0) / std::sqrt(3.0)).epsilon(1e-5));
  }
  // Near the origin space is flat, down to the smallest floats.
  Points x = over({1e-18, 2e-18, 0}), y = over({3e-18, 0, 1e-18}), v = log(x, y);
  CHECK(v[1] == Approx(2e-18).epsilon(1e-6));
  CHECK(v[2] == Approx(-2e-18).epsilon(1e-6));
  CHECK(v[3] == Approx(1e-18).epsilon(1e-6));
}

TEST_CASE("hyperbolic: f32 holds as far as its coordinates do") {
  Function distance = distance_on(Engine::compiled, 3), exact = distance_on(Engine::evaluator, 3);
  Function exp = exp_on(Engine::compiled, 3), log = log_on(Engine::compiled, 3);
  std::mt19937 engine(1);
  std::normal_distribution<double> normal;
  for (double a : {1.0, 4.0, 8.0, 12.0}) {
    Points x, y;
    for (int i = 0; i < 500; ++i) {
      // Pairs at about the radius a: half of them close, half anywhere.
      Points u{normal(engine), normal(engine), normal(engine)}, w = u;
      for (double& e : w) e = i % 2 ? e * (1 + 1e-3 * normal(engine)) : normal(engine);
      for (auto [from, to] : {std::pair(&u, &x), {&w, &y}}) {
        double length = std::sqrt(from->at(0) * from->at(0) + from->at(1) * from->at(1) + from->at(2) * from->at(2));
        double r = a * (from == &w && i % 2 == 0 ? 0.5 + 0.5 * std::min(1.0, std::abs(normal(engine))) : 1);
        for (double& e : *from) e *= std::sinh(r) / length;
        Points point = over(*from);
        to->insert(to->end(), point.begin(), point.end());
      }
    }
    Points d = exact(x, y), found = distance(x, y), back = exp(x, log(x, y)), missed = exact(back, y);
    double off = 0, off_back = 0;
    for (size_t i = 0; i < d.size(); i += 4) {
      off = std::max(off, std::abs(d[i] - found[i]));
      off_back = std::max(off_back, missed[i] / std::exp(d[i]));
    }
    CAPTURE(a, off, off_back);
    CHECK(off < 4e-7 * (1 + std::exp(a)));
    CHECK(off_back < 1e-7 * std::exp(a));
  }
}

TEST_CASE("hyperbolic: the score is that of the heat kernel on H^2 and H^5, to its stated error") {
  auto slope = [](int n, double r, double v) {
    Hyperbolic space(n);
    Points x(size_t(n) + 1), y = x;
    x[0] = std::cosh(r);
    x[1] = std::sinh(r);
    y[0] = 1;
    Expr score = space.score(constant(x, space.point()), constant(y, space.point()), constant(v));
    return evaluate({score}, {})[0][1] / x[0];  // The unit vector outwards is (sinh r, cosh r, 0, ...).
  };
  const double h = 1e-3;
  for (double v : {0.05, 0.5, 2.0})
    for (double r : {0.25, 1.0, 3.0}) {
      CAPTURE(v, r);
      double exact = (std::log(kernel2(r + h, v)) - std::log(kernel2(r - h, v))) / (2 * h);
      CHECK(std::abs(slope(2, r, v) - exact) < 0.0008 * v * v + 1e-5 * (1 + r / v));
      // Millson's recursion gives H^5 from H^3: minus the derivative by cosh r.
      auto kernel5 = [&](double s) { return (kernel3(s - h, v) - kernel3(s + h, v)) / (2 * h * std::sinh(s)); };
      exact = (std::log(kernel5(r + h)) - std::log(kernel5(r - h))) / (2 * h);
      CHECK(slope(5, r, v) == Approx(exact).epsilon(3e-5));
    }
}

TEST_CASE("hyperbolic: forward and prior on H^3") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, Brownian(Hyperbolic(3), 2.0), 2.0);
  for (double v : cases<double>(engine, {0.1, 1, 4}))
    for (double a : cases<double>(engine, {0, 3})) {
      CAPTURE(v, a);
      Points start = at(a, 2, 3), x = draws->forward(draws->repeated(start, 4), v / 2, 1);
      std::vector<double> distances, cosines, products;
      double rounding = 0;
      for (size_t i = 0; i < x.size(); i += 4) {
        double cosh = cosh_of(&start[0], &x[i], 3), r = std::acosh(cosh);
        rounding = std::max(
            rounding,
            std::abs(x[i] / std::sqrt(1 + x[i + 1] * x[i + 1] + x[i + 2] * x[i + 2] + x[i + 3] * x[i + 3]) - 1));
        distances.push_back(r);
        // The direction at the start, in the carried frame: along the third axis, and two by two.
        cosines.push_back(x[i + 3] / std::sinh(r));
        products.push_back(x[i + 1] * x[i + 3]);
      }
      CHECK(rounding < 1e-6);
      // acosh near 1 has half the digits of what it is given.
      if (a == 0 || v > 1e-3) {
        Distribution law(v + 12 * std::sqrt(v),
                         [&](double r) { return r * std::sinh(r) * std::exp(-r * r / (2 * v)); });
        CHECK(ks_distance(distances, law) < ks_bound(distances.size()));
        std::vector<double> means;
        for (double r : distances) means.push_back(std::cosh(r));
        if (v <= 1) CHECK(std::abs(z_of_mean(means, std::exp(1.5 * v))) < z_bound());
        // Uniform on the sphere: a cosine is uniform on [-1, 1].
        CHECK(ks_distance(cosines, [](double c) { return std::clamp((1 + c) / 2, 0.0, 1.0); }) <
              ks_bound(cosines.size()));
      }
      if (a == 0 && v <= 1) CHECK(std::abs(z_of_mean(products, 0)) < z_bound());
    }
  Points x = draws->prior(2);
  std::vector<double> radii;
  for (size_t i = 0; i < x.size(); i += 4) radii.push_back(std::acosh(std::max(1.0, x[i])));
  CHECK(ks_distance(radii, Distribution(28, [](double r) { return r * std::sinh(r) * std::exp(-r * r / 8); })) <
        ks_bound(radii.size()));
}

// The law of a bridge by quadrature over all of H^3 about the first end: the radius theta, and the angle A towards the
// second end, with the density K_s(theta) K_{t-s}(phi) sinh^2 theta sin A.
TEST_CASE("hyperbolic: bridge on H^3") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, Brownian(Hyperbolic(3), 1.0));
  struct Case {
    double distance, s, t;
  };
  for (auto [d, s, t] : cases<Case>(engine, {{1, 0.3, 1}, {0, 0.5, 1}, {4, 1.5, 2}, {7, 0.6, 1}})) {
    CAPTURE(d, s, t);
    Points x0 = at(d / 2, 1.0, 3), xt = at(d / 2, 1.0 + pi, 3);
    std::swap(x0[2], x0[3]);
    std::swap(xt[2], xt[3]);
    Points x = draws->bridge(draws->repeated(x0, 4), draws->repeated(xt, 4), s, t, 1);
    struct Means {
      double theta = 0, phi = 0, theta_square = 0, product = 0, by_cosh = 0;
    } expected;
    double total = 0;
    const double top = d + 8 * std::sqrt(t) + t;
    const int m = 600;
    for (int i = 0; i < m; ++i)
      for (int j = 0; j < m; ++j) {
        // The angle by its square, as weights gather at 0.
        double theta = top * (i + 0.5) / m, q = (j + 0.5) / m, angle = pi * q * q;
        double phi = 2 * std::asinh(std::sqrt(std::pow(std::sinh((theta - d) / 2), 2) +
                                              std::sinh(theta) * std::sinh(d) * std::pow(std::sin(angle / 2), 2)));
        double w = kernel3(theta, s) * kernel3(phi, t - s) * std::pow(std::sinh(theta), 2) * std::sin(angle) * q;
        total += w;
        expected.theta += w * theta;
        expected.phi += w * phi;
        expected.theta_square += w * theta * theta;
        expected.product += w * theta * phi;
        expected.by_cosh += w / std::cosh(theta);
      }
    std::vector<double> theta, phi, theta_square, product, by_cosh, sideways;
    for (size_t i = 0; i < x.size(); i += 4) {
      double a = std::acosh(cosh_of(&x0[0], &x[i], 3)), b = std::acosh(cosh_of(&xt[0], &x[i], 3));
      theta.push_back(a);
      phi.push_back(b);
      theta_square.push_back(a * a);
      product.push_back(a * b);
      by_cosh.push_back(1 / std::cosh(a));
      // Across the plane of the ends.
      sideways.push_back(std::asinh(x[i + 2]));
    }
    CHECK(std::abs(z_of_mean(theta, expected.theta / total)) < z_bound());
    CHECK(std::abs(z_of_mean(phi, expected.phi / total)) < z_bound());
    CHECK(std::abs(z_of_mean(theta_square, expected.theta_square / total)) < z_bound());
    CHECK(std::abs(z_of_mean(product, expected.product / total)) < z_bound());
    CHECK(std::abs(z_of_mean(by_cosh, expected.by_cosh / total)) < z_bound());
    CHECK(std::abs(z_of_mean(sideways, 0)) < z_bound());
  }
}

TEST_CASE("hyperbolic: a bridge over a short time is the bridge of flat space") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, Brownian(Hyperbolic(3), 1.0));
  for (double t : cases<double>(engine, {1e-30, 1e-12}))
    for (double share : {0.25, 0.75}) {
      CAPTURE(t, share);
      double exact = as_float(t), s = as_float(share * exact), deviation = std::sqrt(share * (1 - share) * exact);
      Points origin = over({0, 0, 0}), end = over({std::sqrt(exact), -2 * std::sqrt(exact), 0});
      Points x = draws->bridge(draws->repeated(origin, 4), draws->repeated(end, 4), s, exact, 1);
      for (size_t k = 1; k < 4; ++k) {
        std::vector<double> z;
        for (size_t i = 0; i < x.size(); i += 4) z.push_back((x[i + k] - share * end[k]) / deviation);
        CHECK(ks_distance(z, normal_cdf) < ks_bound(z.size()));
      }
    }
}

TEST_CASE("hyperbolic: far bridges stay near the geodesic, times of any length") {
  Joint joint("joint", 1e38);
  joint.add("x", Brownian(Hyperbolic(3), 1.0));
  Sampler sampler = compile(joint);
  const int64_t n = 1000;
  auto state = [](const Points& point) {
    Tensor tensor = Tensor::empty(Dtype::f32, {n, 4});
    for (size_t i = 0; i < size_t(tensor.size()); ++i) tensor.values<float>()[i] = float(point[i % 4]);
    return State{{"x", tensor}};
  };
  auto points = [](const State& from) {
    auto values = from["x"].values<const float>();
    return Points(values.begin(), values.end());
  };
  // Opposite points at the radius 6, 12 apart, in so short a time that the bridge is their geodesic through the origin.
  State left = state(over({std::sinh(6), 0, 0})), right = state(over({-std::sinh(6), 0, 0}));
  for (double share : {0.001, 0.25, 0.5, 0.75, 0.999}) {
    CAPTURE(share);
    const double t = 1e-6;
    Points x = points(sampler.bridge(left, right, share * t, t, Seed(1)));
    double worst = 0, place = 6 - 12 * as_float(share * t) / as_float(t);
    for (size_t i = 0; i < x.size(); i += 4) {
      double across = std::hypot(x[i + 2], x[i + 3]), along = std::asinh(x[i + 1] / std::sqrt(1 + across * across));
      worst = std::max({worst, std::abs(along - place), std::asinh(across)});
    }
    // Deviations of at most 5e-4, and what rounding leaves at the end of a way of 6.
    CHECK(worst < 0.004);
  }
  State here = state(over({1, -2, 0.5})), far = state(over({-3e11, 1e11, 0}));
  for (double t : {1e-38, 1e-30, 1e-7, 1.0, 100.0, 1e6, 1e20, 1e38}) {
    CAPTURE(t);
    CHECK(all_finite(points(sampler.forward(here, t, Seed(1)))));
    for (double share : {1e-7, 0.3, 0.9999})
      for (auto [from, to] : {std::pair(&here, &far), {&far, &here}, {&here, &here}, {&far, &far}})
        CHECK(all_finite(points(sampler.bridge(*from, *to, share * t, t, Seed(1)))));
  }
}

TEST_CASE("hyperbolic: density and score on H^3") {
  Kept<Manifold> space = Hyperbolic(3);
  auto process = std::make_shared<HyperbolicBrownian>(Hyperbolic(3), 1.0);
  Engine engine = GENERATE(from_range(engines()));
  for (double v : {1e-4, 0.3, 2.0, 9.0}) {
    Function density(engine, space, [&](Expr x, Expr y) { return *process->log_density(x, y, constant(v)); });
    Function score_at(engine, space, [&](Expr x, Expr y) { return *process->score(x, y, constant(v)); });
    for (double r : {0.0, 1e-3, 0.5, 3.0, 12.0}) {
      if (r * r / v > 200) continue;
      CAPTURE(v, r);
      Points x0 = over({0, 0, 0}), xt = over({0, std::sinh(r), 0});
      double variance = as_float(v), d = radius(xt);
      double log_density = -1.5 * std::log(2 * pi * variance) - variance / 2 - d * d / (2 * variance) +
                           (d > 0 ? std::log(d / std::sinh(d)) : 0);
      CHECK(density.number(x0, xt) == Approx(log_density).epsilon(2e-6).margin(2e-6));
      // 1 / r - coth r - r / v along the outward unit vector (sinh r, 0, cosh r, 0).
      double slope = d < 0.01 ? -d / 3 - d / variance : 1 / d - 1 / std::tanh(d) - d / variance;
      Points score = score_at(x0, xt);
      CHECK(score[2] == Approx(slope * xt[0]).epsilon(2e-6).margin(1e-30));
      CHECK(score[0] == Approx(slope * std::sinh(d)).epsilon(2e-6).margin(1e-30));
      CHECK(score[1] == 0);
    }
  }
}

TEST_CASE("H^3 obeys the identities of all processes") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, Brownian(Hyperbolic(3), 1.0));
  std::vector<Statistic> statistics = {
      [](const double* a, const double* b) { return 1 / cosh_of(a, b, 3); },
      [](const double* a, const double* b) { return std::acosh(cosh_of(a, b, 3)) + std::asinh(b[1]); },
      [](const double* a, const double* b) { return std::tanh(a[2] * b[1] - a[3] * b[2]); }};
  Points x0 = draws->repeated({1, 0, 0, 0, std::sqrt(10.0), 1, -2, 2, std::sqrt(3.0), 0, 1, 1}, 4);
  for (auto [s, t] : cases<std::pair<double, double>>(engine, {{0.25, 0.5}, {1.9, 2.0}}))
    check_identities(*draws, x0, s, t, statistics);
}

TEST_CASE("geodesic walk on H^2: forward, bridge and prior, within its error") {
  Engine engine = GENERATE(from_range(engines()));
  // E cosh(sqrt(D) r), r the length of a standard normal vector of the plane: 1 + D + D^2 / 3 + ... against e^D.
  auto step_cosh = [](double variance) {
    double sum = 0, h = 1e-3;
    for (int i = 0; i < 14000; ++i) {
      double r = (i + 0.5) * h;
      sum += h * r * std::exp(-r * r / 2) * std::cosh(std::sqrt(variance) * r);
    }
    return sum;
  };
  auto cosh_means = [](const Points& x, const Points& y) {
    std::vector<double> result;
    for (size_t i = 0; i < x.size(); i += 3) result.push_back(cosh_of(&x[i], &y[i], 2));
    return result;
  };
  Points start;
  for (int steps : {1, 4}) {
    auto draws = draws_of(engine, GeodesicWalk(Hyperbolic(2), {.rate = 1, .steps = steps}), 0.5);
    start = draws->repeated({1, 0, 0, std::sqrt(14.0), 2, -3}, 3);
    for (double v : {0.1, 0.5}) {
      CAPTURE(steps, v);
      double expected = std::pow(step_cosh(v / steps), steps), lost = 1 - expected / std::exp(v), size = v / steps;
      CHECK(std::abs(z_of_mean(cosh_means(start, draws->forward(start, v, 1)), expected)) < z_bound());
      CHECK(lost > v * size / 8);
      CHECK(lost < v * size / 6);
    }
    Points origin = draws->repeated({1, 0, 0}, 3);
    CHECK(std::abs(z_of_mean(cosh_means(origin, draws->prior(2)), std::pow(step_cosh(0.5 / steps), steps))) <
          z_bound());
  }
  auto fine = draws_of(engine, GeodesicWalk(Hyperbolic(2), {.rate = 1, .steps = 64}));
  for (auto [s, t, steps] : cases<std::tuple<double, double, int>>(engine, {{0.25, 0.5, 4}, {0.5, 1.0, 8}})) {
    CAPTURE(s, t, steps);
    auto draws = draws_of(engine, GeodesicWalk(Hyperbolic(2), {.rate = 1, .steps = steps}));
    Points xt = fine->forward(start, t, 1), xs = draws->bridge(start, xt, s, t, 2);
    double error = 0.1 * (t - s) / steps + t * t / 64 / 6;
    auto within = [&](const Points& a, const Points& b, double v) {
      std::vector<double> c = cosh_means(a, b);
      CHECK(z_of_mean(c, std::exp(v) * (1 - error)) > -z_bound());
      CHECK(z_of_mean(c, std::exp(v) * (1 + error)) < z_bound());
    };
    within(start, xs, s);
    within(xs, xt, t - s);
  }
}
