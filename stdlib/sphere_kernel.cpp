// The kernel's tables and its series as expressions.
#include <catenary/stdlib/sphere_kernel.h>

#include <cmath>
#include <numbers>

#include <catenary/stdlib/sphere_tables.h>

namespace catenary {

namespace {

using T = SphereTables;
constexpr double pi = std::numbers::pi;

Expr polynomial(const std::vector<Expr>& coefficients, const Expr& x) {
  Expr sum = coefficients.back();
  for (size_t i = coefficients.size() - 1; i-- > 0;) sum = fma(sum, x, coefficients[i]);
  return sum;
}

// The coefficients in x of a polynomial in x and y.
std::vector<Expr> at_time(const std::vector<double>& table, int times, const Expr& y) {
  std::vector<Expr> result;
  for (size_t row = 0; row < table.size(); row += size_t(times)) {
    std::vector<Expr> in_y;
    for (size_t j = 0; j < size_t(times); ++j) in_y.push_back(constant(table[row + j]));
    result.push_back(polynomial(in_y, y));
  }
  return result;
}

}  // namespace

SphereKernel::SphereKernel(int dimension, Expr v)
    : dimension_(dimension), a_((dimension - 1) / 2.0), last_(T::last(dimension)), v_(v), small_(min(v, last_)) {
  const SphereTables& tables = sphere_tables(dimension);
  Expr y = small_ * (2 / last_) - 1.0;
  near_ = at_time(tables.near, T::near_times, y);
  far_ = at_time(tables.far, T::far_times, y);
  flat_ = at_time(tables.far, T::far_times, constant(-1));
  // Numbers of harmonics, times e^{-l (l + d - 1) v / 2}. At `last` the first that is left out is below 1e-11.
  Expr large = max(v, last_);
  double harmonics = 1;
  for (int l = 0, n = dimension - 1; l <= 4 + dimension / 2; ++l) {
    weights_.push_back(harmonics * exp(-0.5 * l * (l + n) * large));
    harmonics *= (2.0 * l + 2 + n) / (2.0 * l + n) * (l + n) / (l + 1.0);
  }
}

Expr SphereKernel::within(const Expr& angle) const {
  return small_ * polynomial(near_, (2 / (T::border * T::border)) * square(angle) - 1.0);
}

Expr SphereKernel::beyond(const Expr& rest) const {
  constexpr double least = pi - T::border;
  Expr share = rest / (rest + T::stretch * small_) * ((least + T::stretch * small_) / least);
  return polynomial(far_, 2.0 * share - 1.0);
}

Expr SphereKernel::log_rho(const Expr& angle, const Expr& rest) const {
  Expr zero = a_ * log(rest / (rest + T::stretch * small_));
  return select(angle < T::border, within(angle), beyond(rest) + zero);
}

Expr SphereKernel::log_rho_at_start() const { return small_ * polynomial(near_, constant(-1)); }

// log rho - a log u, which is finite at the antipode.
Expr SphereKernel::log_rho_but_for_zero(const Expr& angle, const Expr& rest) const {
  Expr zero = a_ * log(rest / (rest + T::stretch * small_));
  return select(angle < T::border, within(angle) - zero, beyond(rest));
}

Expr SphereKernel::log_density(const Expr& angle, const Expr& rest) const {
  Expr first = angle < T::border;
  // (r / sin r)^a rho: its zero goes with that of the sine.
  constexpr double more = 0.1;  // Each has its slope at the border.
  Expr small_angle = min(angle, T::border + more), small_rest = min(rest, pi - T::border + more);
  Expr by_table =
      select(first, within(angle) - a_ * log(sinc_of_root(square(small_angle))),
             beyond(rest) + a_ * log(angle / ((rest + T::stretch * small_) * sinc_of_root(square(small_rest)))));
  Expr log_normal = -0.5 * square(angle / sqrt(small_)) - 0.5 * dimension_ * log(2 * pi * small_);
  double volume = 2 * std::pow(pi, a_ + 1) / std::tgamma(a_ + 1);
  Expr by_series = log(over_mean(select(first, cos(angle), -cos(rest)))) - std::log(volume);
  return select(v_ < last_, log_normal + by_table, by_series);
}

Expr SphereKernel::log_curved_over_flat(const Expr& side, const Expr& flat) const {
  Expr angle = pi - side, wide = T::stretch * small_;
  // (pi - side) / (pi sinc side), by its digits.
  Expr bend = select(side < pi / 2, angle / (pi * sinc_within_pi(side)), side / (pi * sinc_within_pi(angle)));
  Expr at_flat = polynomial(flat_, 2.0 * (flat / (flat + wide)) - 1.0);
  return (side - flat) / small_ * (pi - 0.5 * (side + flat)) + a_ * log(bend * ((flat + wide) / (side + wide))) +
         (log_rho_but_for_zero(angle, side) - polynomial(far_, constant(-1))) -
         (at_flat - polynomial(flat_, constant(-1)));
}

Expr SphereKernel::over_mean(const Expr& cosine) const {
  // Clenshaw's recurrence for C_l / C_l(1).
  const double n = dimension_ - 1;
  Expr sum = weights_.back(), last = constant(0);
  for (size_t i = weights_.size() - 1; i-- > 0;) {
    const double l = double(i);
    Expr next = weights_[i] + ((2 * l + n) / (l + n)) * cosine * sum - ((l + 1) / (l + 1 + n)) * last;
    last = sum;
    sum = next;
  }
  return sum;
}

Expr SphereKernel::over_peak(const Expr& cosine) const {
  Expr peak = weights_[0];
  for (size_t l = 1; l < weights_.size(); ++l) peak = peak + weights_[l];
  return over_mean(cosine) / peak;
}

}  // namespace catenary
