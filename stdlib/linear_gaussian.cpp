// Linear Gaussian processes: the algebra they share, then each one's moments.
#include <catenary/stdlib/linear_gaussian.h>

#include <cmath>
#include <numbers>

#include <catenary/stdlib/checks.h>

namespace catenary {

namespace {

Expr shifted(Expr x, const std::optional<Expr>& shift) { return shift ? x + *shift : x; }

}  // namespace

Expr LinearGaussian::prior(Expr horizon) const {
  Moments all = moments(constant(0), horizon);
  return shifted(sqrt(all.variance) * normal(space().point()), all.shift);
}

Expr LinearGaussian::forward(Expr x0, Expr t) const { return transition(std::move(x0), constant(0), std::move(t)); }

Expr LinearGaussian::transition(Expr xs, Expr s, Expr t) const {
  Moments step = moments(s, t);
  return shifted(step.decay * xs, step.shift) + sqrt(step.variance) * normal(space().point());
}

Expr LinearGaussian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Moments first = moments(constant(0), s), second = moments(s, t);
  Expr total = square(second.decay) * first.variance + second.variance;
  // Ratios come first: a product of two small variances would underflow.
  Expr from_start = second.variance / total, from_end = second.decay * (first.variance / total);
  Expr mean = from_start * first.decay * x0 + from_end * xt;
  std::optional<Expr> shift;
  if (first.shift) shift = from_start * *first.shift;
  if (second.shift) shift = shift ? *shift - from_end * *second.shift : -from_end * *second.shift;
  return shifted(mean, shift) + sqrt(first.variance * from_start) * normal(space().point());
}

std::optional<Expr> LinearGaussian::log_density(Expr x0, Expr xt, Expr t) const {
  Moments all = moments(constant(0), t);
  // Scaled first: the square of a far point would overflow, and so would one over a small variance.
  Expr away = (xt - shifted(all.decay * x0, all.shift)) / sqrt(all.variance);
  Expr squares = away.shape().empty() ? square(away) : dot(away, away);
  auto n = double(element_count(space().point()));
  return -0.5 * squares - n * (0.5 * log(all.variance) + 0.5 * std::log(2 * std::numbers::pi));
}

EuclideanBrownian::EuclideanBrownian(Euclidean space, double rate)
    : LinearGaussian(std::move(space)), rate_(positive("Brownian motion on space 'euclidean'", "rate", rate)) {}

LinearGaussian::Moments EuclideanBrownian::moments(Expr s, Expr t) const { return {constant(1), rate_ * (t - s)}; }

EuclideanBrownian Brownian(Euclidean space, double rate) { return {std::move(space), rate}; }

OrnsteinUhlenbeck::OrnsteinUhlenbeck(Euclidean space, OrnsteinUhlenbeckOptions options)
    : LinearGaussian(std::move(space)), options_(options) {
  positive("an Ornstein-Uhlenbeck process", "theta", options.theta);
  positive("an Ornstein-Uhlenbeck process", "sigma", options.sigma);
  if (!std::isfinite(options.mean))
    throw Error(fmt::format("an Ornstein-Uhlenbeck process needs a finite mean; found {}", options.mean));
}

LinearGaussian::Moments OrnsteinUhlenbeck::moments(Expr s, Expr t) const {
  const auto& [theta, mean, sigma] = options_;
  Expr passed = t - s;
  Expr variance = -(sigma * sigma / (2 * theta)) * expm1(-2 * theta * passed);
  std::optional<Expr> shift;
  if (mean != 0) shift = -mean * expm1(-theta * passed);
  return {exp(-theta * passed), variance, shift};
}

Expr OrnsteinUhlenbeck::prior(Expr) const {
  const auto& [theta, mean, sigma] = options_;
  Expr deviation = sigma / std::sqrt(2 * theta) * normal(space().point());
  return mean != 0 ? mean + deviation : deviation;
}

}  // namespace catenary
