// The kernel's tables and its series as expressions.
#include <catenary/stdlib/sphere_kernel.h>

#include <cmath>
#include <numbers>

#include <catenary/stdlib/sphere_tables.h>

namespace catenary {

namespace {

using T = SphereTables;
constexpr double pi = std::numbers::pi, square_of_border = T::border * T::border, beyond_border = pi - T::border;

Expr polynomial(const Expr& coefficients, const Expr& x) {
  int64_t last = coefficients.shape()[0] - 1;
  Expr sum = index(coefficients, last);
  for (int64_t i = last - 1; i >= 0; --i) sum = fma(sum, x, index(coefficients, i));
  return sum;
}
Expr slope(const Expr& coefficients, const Expr& x) {
  int64_t last = coefficients.shape()[0] - 1;
  Expr sum = double(last) * index(coefficients, last);
  for (int64_t i = last - 1; i >= 1; --i) sum = fma(sum, x, double(i) * index(coefficients, i));
  return sum;
}

// The coefficients in x of a polynomial in x and y.
Expr at_time(const std::vector<double>& table, int64_t times, const Expr& y) {
  std::vector<Operand> powers{1.0};
  for (Expr power = y; int64_t(powers.size()) < times; power = power * y) powers.emplace_back(power);
  return matmul(constant(table, {int64_t(table.size()) / times, times}), stack(powers));
}
// The same at y = -1.
Expr at_start(const std::vector<double>& table, int64_t times) {
  std::vector<double> sums(table.size() / size_t(times));
  for (size_t i = 0; i < table.size(); ++i) sums[i / size_t(times)] += (i % size_t(times)) % 2 ? -table[i] : table[i];
  return constant(sums, {int64_t(sums.size())});
}

}  // namespace

Expr bend(const Expr& x) {
  Expr square = x * x;
  return select(x < 0.3, x * (1.0 / 3 + square * (1.0 / 45 + square * (2.0 / 945))),
                (sin(x) - x * cos(x)) / (max(x, 0.3) * sin(max(x, 0.3))));
}

SphereKernel::SphereKernel(int dimension, Expr v)
    : dimension_(dimension),
      a_((dimension - 1) / 2.0),
      last_(T::last(dimension)),
      v_(v),
      small_(min(v, last_)),
      near_(at_time(sphere_tables(dimension).near, T::near_times, small_ * (2 / last_) - 1.0)),
      far_(at_time(sphere_tables(dimension).far, T::far_times, small_ * (2 / last_) - 1.0)),
      flat_(at_start(sphere_tables(dimension).far, T::far_times)) {
  // Numbers of harmonics, times e^{-l (l + d - 1) v / 2}. At `last` the first that is left out is below 1e-10.
  Expr large = max(v, last_);
  double harmonics = 1;
  for (int l = 0, n = dimension - 1; l <= 4 + dimension / 2; ++l) {
    weights_.push_back(harmonics * exp(-0.5 * l * (l + n) * large));
    harmonics *= (2.0 * l + 2 + n) / (2.0 * l + n) * (l + n) / (l + 1.0);
  }
}

Expr SphereKernel::place_within(const Expr& angle) const { return (2 / square_of_border) * square(angle) - 1.0; }

Expr SphereKernel::place_beyond(const Expr& rest) const {
  Expr wide = T::stretch * small_;
  return 2.0 * (rest / (rest + wide) * ((beyond_border + wide) / beyond_border)) - 1.0;
}

Expr SphereKernel::within(const Expr& angle) const { return small_ * polynomial(near_, place_within(angle)); }

Expr SphereKernel::beyond(const Expr& rest) const { return polynomial(far_, place_beyond(rest)); }

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
  Expr small_angle = min(angle, T::border), small_rest = min(rest, beyond_border);
  Expr by_table = select(first, within(angle) - a_ * log(sinc_within_pi(small_angle)),
                         beyond(rest) + a_ * log(angle / ((rest + T::stretch * small_) * sinc_within_pi(small_rest))));
  Expr log_normal = -0.5 * square(angle / sqrt(small_)) - 0.5 * dimension_ * log(2 * pi * small_);
  double volume = 2 * std::pow(pi, a_ + 1) / std::tgamma(a_ + 1);
  Expr by_series = log(over_mean(select(first, cos(angle), -cos(rest)))) - std::log(volume);
  return select(v_ < last_, log_normal + by_table, by_series);
}

Expr SphereKernel::pull(const Expr& angle, const Expr& rest) const {
  Expr first = angle < T::border, curved = a_ * bend(select(first, min(angle, T::border), min(rest, beyond_border)));
  Expr away = rest + T::stretch * small_;
  Expr near = (-4 / square_of_border) * angle * small_ * slope(near_, place_within(angle)) - curved;
  Expr far_place = 2 * T::stretch * (small_ / square(away)) * ((beyond_border + T::stretch * small_) / beyond_border);
  Expr far = far_place * slope(far_, place_beyond(rest)) - a_ * (1.0 / max(angle, T::border) + 1.0 / away) + curved;
  // By the identity R'_{l+1} = (l + 1) (R_l + c R'_l / (l + d - 1)) for R_l = C_l / C_l(1).
  const double n = dimension_ - 1;
  Expr cosine = select(first, cos(angle), -cos(rest)), sine = sin(select(first, angle, rest));
  Expr before = constant(1), polynomial = cosine, slope_of_polynomial = constant(1);
  Expr kernel = weights_[0] + weights_[1] * polynomial, slope_of_kernel = weights_[1];
  for (size_t i = 2; i < weights_.size(); ++i) {
    const double l = double(i) - 1;
    slope_of_polynomial = (l + 1) * (polynomial + (1 / (l + n)) * cosine * slope_of_polynomial);
    Expr next = ((2 * l + n) / (l + n)) * cosine * polynomial - (l / (l + n)) * before;
    before = polynomial;
    polynomial = next;
    kernel = fma(weights_[i], polynomial, kernel);
    slope_of_kernel = fma(weights_[i], slope_of_polynomial, slope_of_kernel);
  }
  return select(v_ < last_, angle / small_ + select(first, near, far), sine * slope_of_kernel / kernel);
}

Expr SphereKernel::log_curved_over_flat(const Expr& side, const Expr& flat) const {
  Expr angle = pi - side, wide = T::stretch * small_;
  // (pi - side) / (pi sinc side), by its digits.
  Expr open = select(side < pi / 2, angle / (pi * sinc_within_pi(side)), side / (pi * sinc_within_pi(angle)));
  Expr at_flat = polynomial(flat_, 2.0 * (flat / (flat + wide)) - 1.0);
  return (side - flat) / small_ * (pi - 0.5 * (side + flat)) + a_ * log(open * ((flat + wide) / (side + wide))) +
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
