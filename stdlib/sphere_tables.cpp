// Polynomials through values of Gegenbauer's series, which cancels: of its 170 digits 130 are lost at worst.
#include <catenary/stdlib/sphere_tables.h>

#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <mutex>
#include <numbers>

#include <boost/multiprecision/cpp_bin_float.hpp>

namespace catenary {

namespace {

using Real = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<170>, boost::multiprecision::et_off>;

const Real& pi() {
  static const Real value = acos(Real(-1));
  return value;
}

/// log rho at the angle pi - rest.
Real log_rho(int d, const Real& rest, const Real& v) {
  // With R_l = C_l / C_l(1) and N_l the number of harmonics: the sum of N_l R_l(cos r) e^{-l (l + d - 1) v / 2} over
  // the sphere's volume.
  const Real r = pi() - rest, c = -cos(rest), decay = exp(-v);
  static const Real least("1e-165");
  const int n = d - 1;
  Real polynomial = 1, before = 0, weight = 1, step = exp(-v * d / 2), sum = 1;
  for (int l = 0; l < 3 || weight > least; ++l) {
    const Real next = ((2 * l + n) * c * polynomial - l * before) / (l + n);
    before = polynomial;
    polynomial = next;
    weight *= step * (2 * l + 2 + n) * (l + n) / ((2 * l + n) * Real(l + 1));
    step *= decay;
    sum += weight * polynomial;
  }
  // What is large and cancels, then what needs no more digits than a double has.
  const double a = n / 2.0, log_volume = std::log(2.0) + (a + 1) * std::log(std::numbers::pi) - std::lgamma(a + 1);
  return log(sum) + r * r / (2 * v) + a * log(sin(rest) / r) +
         (d / 2.0 * std::log(2 * std::numbers::pi * double(v)) - log_volume);
}

/// The limit of log rho / v at v = 0: what f is on the straight way.
double on_straight_way(int d, double r) {
  const double a = (d - 1) / 2.0;
  return a * a / 2 - a * (a - 1) / 2 * (1 - r / std::tan(r)) / (r * r);
}

/// log(sqrt(2 pi z) e^{-z} I_n(z)) for n = d / 2 - 1, by the series of I_n: positive terms.
double log_bessel(int d, long double z) {
  const long double n = d / 2.0L - 1;
  long double term = 1, sum = 1;
  for (int k = 1; term > 1e-20L * sum; ++k) sum += term *= z * z / 4 / (k * (k + n));
  return double(std::log(2 * std::numbers::pi_v<long double> * z) / 2 - z + n * std::log(z / 2) - std::lgamma(n + 1) +
                std::log(sum));
}

/// The coefficients of the polynomial through these values, by divided differences.
std::vector<Real> polynomial_through(const std::vector<double>& nodes, std::vector<Real> values) {
  const size_t n = nodes.size();
  for (size_t order = 1; order < n; ++order)
    for (size_t i = n - 1; i >= order; --i)
      values[i] = (values[i] - values[i - 1]) / (Real(nodes[i]) - Real(nodes[i - order]));
  for (size_t i = n - 1; i-- > 0;)
    for (size_t k = i; k + 1 < n; ++k) values[k] -= nodes[i] * values[k + 1];
  return values;
}

/// The polynomial in x and y, of so many terms each, that is f at Chebyshev's nodes; y's include the ends.
std::vector<double> fitted(int terms, int times, const std::function<Real(double x, double y)>& f) {
  std::vector<double> xs, ys;
  for (int i = 0; i < terms; ++i) xs.push_back(-std::cos(std::numbers::pi * (i + 0.5) / terms));
  for (int j = 0; j < times; ++j) ys.push_back(-std::cos(std::numbers::pi * j / (times - 1)));
  std::vector<std::vector<Real>> in_y;  // Of each x.
  for (double x : xs) {
    std::vector<Real> values;
    for (double y : ys) values.push_back(f(x, y));
    in_y.push_back(polynomial_through(ys, values));
  }
  std::vector<double> result(size_t(terms * times));
  for (size_t j = 0; j < size_t(times); ++j) {
    std::vector<Real> values;
    for (const std::vector<Real>& of_x : in_y) values.push_back(of_x[j]);
    const std::vector<Real> in_x = polynomial_through(xs, values);
    for (size_t i = 0; i < size_t(terms); ++i) result[i * size_t(times) + j] = double(in_x[i]);
  }
  return result;
}

SphereTables make(int d) {
  using T = SphereTables;
  auto variance = [d](double y) { return (y + 1) / 2 * T::last(d); };
  auto near = [&](double x, double y) {
    const double r = T::border * std::sqrt((x + 1) / 2), v = variance(y);
    return v == 0 ? Real(on_straight_way(d, r)) : log_rho(d, pi() - r, v) / v;
  };
  auto far = [&](double w, double y) {
    const double v = variance(y), least = std::numbers::pi - T::border, a = (d - 1) / 2.0;
    const double u = (w + 1) / 2 * (least / (least + T::stretch * v));
    const double per_variance = T::stretch * u / (1 - u);  // (pi - r) / v
    return (v == 0 ? Real(log_bessel(d, std::numbers::pi * per_variance)) : log_rho(d, v * per_variance, v)) -
           a * std::log(u);
  };
  return {fitted(T::near_terms, T::near_times, near), fitted(T::far_terms, T::far_times, far)};
}

}  // namespace

const SphereTables& sphere_tables(int dimension) {
  static std::mutex mutex;
  static std::array<std::unique_ptr<SphereTables>, SphereTables::largest_dimension + 1> made;
  std::lock_guard lock(mutex);
  std::unique_ptr<SphereTables>& tables = made.at(size_t(dimension));
  if (!tables) tables = std::make_unique<SphereTables>(make(dimension));
  return *tables;
}

}  // namespace catenary
