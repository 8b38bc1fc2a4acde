// Positive definite matrices: eigenvalues, congruence, edges; walks against the laws of log det and of the mean.
#include <random>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/spd.h>
#include <catenary/stdlib/symmetric.h>
#include <catenary/tests/laws/functions.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

Points product(const Points& a, const Points& b, size_t n) {
  Points c(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t k = 0; k < n; ++k) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c;
}
Points transposed(const Points& a, size_t n) {
  Points b(n * n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) b[j * n + i] = a[i * n + j];
  return b;
}
// A X A^T.
Points congruent(const Points& a, const Points& x, size_t n) { return product(product(a, x, n), transposed(a, n), n); }

double determinant(const double* x, size_t n) {
  if (n == 2) return x[0] * x[3] - x[1] * x[2];
  return x[0] * (x[4] * x[8] - x[5] * x[7]) - x[1] * (x[3] * x[8] - x[5] * x[6]) + x[2] * (x[3] * x[7] - x[4] * x[6]);
}

class Random {
 public:
  Points matrix(size_t n) {
    Points m(n * n);
    for (double& v : m) v = normal_(engine_);
    return m;
  }
  Points symmetric(size_t n) {
    Points m = matrix(n), t = transposed(m, n);
    for (size_t i = 0; i < m.size(); ++i) m[i] = 0.5 * (m[i] + t[i]);
    return m;
  }
  // Rounded to floats, and of a moderate condition.
  Points positive(size_t n) {
    Points m = matrix(n), x = product(m, transposed(m, n), n);
    for (size_t i = 0; i < n; ++i) x[i * n + i] += 0.2;
    for (double& v : x) v = double(float(v));
    return x;
  }

 private:
  std::mt19937 engine_{7};
  std::normal_distribution<double> normal_;
};

double largest(const Points& x) {
  double most = 0;
  for (double v : x) most = std::max(most, std::isfinite(v) ? std::abs(v) : INFINITY);
  return most;
}
double apart(const Points& a, const Points& b) {
  Points difference = a;
  for (size_t i = 0; i < a.size(); ++i) difference[i] -= b[i];
  return largest(difference);
}

Points diagonal(const Points& d) {
  Points x(d.size() * d.size());
  for (size_t i = 0; i < d.size(); ++i) x[i * d.size() + i] = d[i];
  return x;
}

}  // namespace

TEST_CASE("eigenvalues of small symmetric matrices") {
  Engine engine = GENERATE(from_range(engines()));
  const double tolerance = engine == Engine::compiled ? 1e-6 : 0x1p-24;
  for (size_t n : {2, 3}) {
    Kept<Manifold> space = Spd(int(n));
    Function rebuilt(engine, space, [](Expr a, Expr) {
      Eigen e = eigen(a);
      return e.with_values(e.values);
    });
    Function orthonormal(engine, space, [](Expr a, Expr) {
      Expr v = eigen(a).vectors.matrix();
      return matmul(transpose(v), v);
    });
    Function turned(engine, space, [](Expr a, Expr) {
      Expr v = eigen(a).vectors.matrix();
      return matmul(matmul(transpose(v), a), v);
    });
    Random random;
    std::vector<Points> matrices;
    for (int i = 0; i < 200; ++i) matrices.push_back(random.symmetric(n));
    // Multiple eigenvalues, near ones, eigenvalues of very different sizes, and zero.
    Points one(n), near(n, 1), graded(n), all(n * n, 1.0);
    one[0] = 1;
    near[0] = 1 + 1e-6;
    graded[0] = 1e-5;
    graded[n - 1] = 1;
    for (const Points& d : {Points(n, 0.0), Points(n, 3.0), one, near, graded}) {
      matrices.push_back(diagonal(d));
      Points q = random.matrix(n);
      matrices.push_back(congruent(q, diagonal(d), n));
    }
    matrices.push_back(all);
    for (double scale : {1.0, 1e-30, 1e15})
      for (Points a : matrices) {
        for (double& v : a) v = double(float(v * scale));
        double size = largest(a);
        Points d = turned(a, a);
        CHECK(apart(rebuilt(a, a), a) <= 2 * tolerance * size);
        CHECK(apart(orthonormal(a, a), diagonal(Points(n, 1.0))) <= 2 * tolerance);
        for (size_t i = 0; i < n; ++i) d[i * n + i] = 0;
        CHECK(largest(d) <= 2 * tolerance * size);
      }
  }
}

TEST_CASE("spd: distances, congruence, and the geodesics of diagonal matrices") {
  Engine engine = GENERATE(from_range(engines()));
  for (size_t n : {2, 3}) {
    Kept<Manifold> space = Spd(int(n));
    Function distance(engine, space, [&](Expr x, Expr y) { return space->distance(x, y); });
    Function exp(engine, space, [&](Expr x, Expr v) { return space->exp(x, v); });
    Function log(engine, space, [&](Expr x, Expr y) { return space->log(x, y); });
    Points d = n == 2 ? Points{2, 0.5} : Points{2, 0.5, 7}, e = n == 2 ? Points{0.25, 3} : Points{0.25, 3, 0.01}, v(n);
    double square = 0;
    for (size_t i = 0; i < n; ++i) {
      square += std::pow(std::log(e[i] / d[i]), 2);
      v[i] = d[i] * std::log(e[i] / d[i]);
    }
    CHECK(distance.number(diagonal(d), diagonal(e)) == Approx(std::sqrt(square)).epsilon(1e-6));
    CHECK(apart(log(diagonal(d), diagonal(e)), diagonal(v)) < 2e-6 * largest(v));
    CHECK(apart(exp(diagonal(d), diagonal(v)), diagonal(e)) < 2e-6 * largest(e));
    Random random;
    for (int i = 0; i < 50; ++i) {
      Points x = random.positive(n), y = random.positive(n), a = random.positive(n);
      double before = distance.number(x, y);
      CHECK(distance.number(y, x) == Approx(before).epsilon(2e-5));
      // Rounding the transformed matrices changes them as well.
      CHECK(distance.number(congruent(a, x, n), congruent(a, y, n)) == Approx(before).epsilon(2e-3));
      // Points nearby are told apart by their difference.
      Points nearby = x;
      nearby[0] = double(std::nextafter(float(x[0]), 1e9f));
      Points step = log(x, nearby);
      CHECK(apart(step, [&] {
              Points change(n * n);
              change[0] = nearby[0] - x[0];
              return change;
            }()) < 1e-4 * (nearby[0] - x[0]));
    }
  }
}

TEST_CASE("spd: zero vectors, coincident points, edges") {
  Engine engine = GENERATE(from_range(engines()));
  for (size_t n : {2, 3}) {
    Kept<Manifold> space = Spd(int(n));
    Function distance(engine, space, [&](Expr x, Expr y) { return space->distance(x, y); });
    Function exp(engine, space, [&](Expr x, Expr v) { return space->exp(x, v); });
    Function log(engine, space, [&](Expr x, Expr y) { return space->log(x, y); });
    Function project(engine, space, [&](Expr x, Expr) { return space->project(x); });
    Random random;
    Points x = random.positive(n), none(n * n);
    CHECK(exp(x, none) == x);
    CHECK(log(x, x) == none);
    CHECK(distance.number(x, x) == 0);
    CHECK(project(x, x) == x);
    for (double size : {1e-30, 1.0, 1e10, 1e30}) {
      Points v = none;
      v[0] = size;
      CHECK(std::isfinite(largest(exp(x, v))));
      v[0] = -size;
      Points y = exp(x, v);
      CHECK(std::isfinite(largest(y)));
      CHECK(std::isfinite(largest(log(x, project(y, y)))));
    }
    // The ends of the space.
    Points least = diagonal(Points(n, 1e-12)), most = diagonal(Points(n, 1e12));
    CHECK(distance.number(least, most) == Approx(24 * std::log(10.0) * std::sqrt(double(n))).epsilon(1e-5));
    CHECK(apart(exp(least, log(least, most)), most) < 1e-4 * 1e12);
    // What is not positive definite: raised to 1e-6 of the largest eigenvalue, or to the least.
    Points q = random.matrix(n);
    Points flat(n * n, 1.0), p = project(flat, flat);
    CHECK(distance.number(p, p) == 0);
    CHECK(determinant(&p[0], n) / std::pow(double(n), double(n)) ==
          Approx(std::pow(1e-6, double(n) - 1)).epsilon(engine == Engine::compiled ? 0.7 : 1e-2));
    CHECK(apart(p, flat) < 3e-6);
    Points negative = diagonal(Points(n, -4.0));
    CHECK(apart(project(negative, negative), least) < 1e-18);
    Points huge = diagonal(Points(n, 1e30));
    CHECK(apart(project(huge, huge), most) < 1e6);
    Points skew(n * n);
    skew[0] = skew[n * n - 1] = skew[n + 1] = 1;
    skew[1] = 0.6;
    Points straight = skew;
    straight[1] = straight[n] = double(float(0.3));
    CHECK(apart(project(skew, skew), straight) < 1e-6);
    // Singular matrices are read without NaN.
    for (const Points& bad : {flat, none, negative})
      for (const Points& value : {log(x, bad), log(bad, x), exp(bad, x), distance(bad, x)})
        CHECK(std::isfinite(largest(value)));
  }
}

namespace {

// E of expm(sqrt(D) S), a multiple of the identity, where S is the noise of a step: n = 2, by the mean and half the
// difference of its eigenvalues.
double step_mean(double variance) {
  double sum = 0, h = 1e-3;
  for (int i = 0; i < 14000; ++i) {
    double r = (i + 0.5) * h;
    sum += h * r * std::exp(-r * r / 2) * std::cosh(std::sqrt(variance / 2) * r);
  }
  return std::exp(variance / 4) * sum;
}

}  // namespace

// E X_t = e^{(n + 1) v / 4} X_0 and log det X_t ~ N(log det X_0, n v). The walk's log det is exact, because det expm(S)
// = exp(tr S).
TEST_CASE("geodesic walk on positive matrices: log det, mean, prior") {
  Engine engine = GENERATE(from_range(engines()));
  for (size_t n : {2, 3}) {
    const int64_t steps = n == 2 ? 4 : 2;
    if (engine == Engine::evaluator && n == 3) continue;
    auto draws = draws_of(engine, GeodesicWalk(Spd(int(n)), {.rate = 2, .steps = steps}), 0.25);
    Points start = n == 2 ? Points{2, 0.5, 0.5, 0.75} : Points{2, 0.5, 0, 0.5, 0.75, -0.25, 0, -0.25, 1};
    const double v = 0.5;
    auto check = [&](const Points& from, const Points& x) {
      std::vector<double> z;
      for (size_t i = 0; i < x.size(); i += n * n)
        z.push_back((std::log(determinant(&x[i], n)) - std::log(determinant(&from[0], n))) / std::sqrt(double(n) * v));
      CHECK(ks_distance(z, normal_cdf) < ks_bound(z.size()));
      for (size_t k = 0; k < n * n && n == 2; ++k) {
        std::vector<double> element;
        for (size_t i = k; i < x.size(); i += n * n) element.push_back(x[i]);
        double expected = std::pow(step_mean(v / double(steps)), double(steps));
        CHECK(std::abs(z_of_mean(element, expected * from[k])) < z_bound());
        // The stated error: v D / 24 of e^{3 v / 4}.
        double lost = 1 - expected / std::exp(0.75 * v);
        CHECK(lost > 0);
        CHECK(lost < v * v / double(steps) / 24);
      }
    };
    check(start, draws->forward(draws->repeated(start, n * n), v / 2, 1));
    check(diagonal(Points(n, 1.0)), draws->prior(2));
  }
}

TEST_CASE("geodesic walk on positive matrices: bridge, within its error") {
  Engine engine = GENERATE(from_range(engines()));
  const double s = 0.25, t = 0.5;
  auto fine = draws_of(engine, GeodesicWalk(Spd(2), {.rate = 1, .steps = 32}));
  auto draws = draws_of(engine, GeodesicWalk(Spd(2), {.rate = 1, .steps = 8}));
  Points start = draws->repeated({2, 0.5, 0.5, 0.75}, 4), xt = fine->forward(start, t, 1),
         xs = draws->bridge(start, xt, s, t, 2);
  std::vector<double> trace;
  std::vector<double> z;
  for (size_t i = 0; i < xs.size(); i += 4) {
    // tr(X_0^-1 X_s), whose mean is 2 e^{3 v_s / 4}, and the bridge of log det, which is exact.
    trace.push_back((0.75 * xs[i] - xs[i + 1] + 2 * xs[i + 3]) / 1.25);
    double to = std::log(determinant(&xt[i], 2) / 1.25), at = std::log(determinant(&xs[i], 2) / 1.25);
    z.push_back((at - s / t * to) / std::sqrt(2 * s * (t - s) / t));
  }
  double error = 0.03 * (t - s) / 8 + t * t / 32 / 24, expected = 2 * std::exp(0.75 * s);
  CHECK(z_of_mean(trace, expected * (1 - error)) > -z_bound());
  CHECK(z_of_mean(trace, expected * (1 + error)) < z_bound());
  CHECK(ks_distance(z, normal_cdf) < ks_bound(z.size()));
}
