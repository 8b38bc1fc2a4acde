// Linear Gaussian processes: the algebra they share, then each one's transition.
#include <catenary/stdlib/linear_gaussian.h>

#include <cmath>

#include <catenary/stdlib/checks.h>

namespace catenary {

namespace {

Expr shifted(Expr x, const std::optional<Expr>& shift) { return shift ? x + *shift : x; }

}  // namespace

Expr LinearGaussian::prior(Expr horizon) const {
  Transition all = transition(constant(0), horizon);
  return shifted(sqrt(all.variance) * normal(space().point()), all.shift);
}

Expr LinearGaussian::forward(Expr x0, Expr t) const {
  Transition step = transition(constant(0), t);
  return shifted(step.decay * x0, step.shift) + sqrt(step.variance) * normal(space().point());
}

Expr LinearGaussian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Transition first = transition(constant(0), s), second = transition(s, t);
  Expr total = square(second.decay) * first.variance + second.variance;
  // Ratios come first: a product of two small variances would underflow.
  Expr from_start = second.variance / total, from_end = second.decay * (first.variance / total);
  Expr mean = from_start * first.decay * x0 + from_end * xt;
  std::optional<Expr> shift;
  if (first.shift) shift = from_start * *first.shift;
  if (second.shift) shift = shift ? *shift - from_end * *second.shift : -from_end * *second.shift;
  return shifted(mean, shift) + sqrt(first.variance * from_start) * normal(space().point());
}

EuclideanBrownian::EuclideanBrownian(Euclidean space, double rate)
    : LinearGaussian(std::move(space)), rate_(positive("Brownian motion on space 'euclidean'", "rate", rate)) {}

LinearGaussian::Transition EuclideanBrownian::transition(Expr s, Expr t) const {
  return {constant(1), rate_ * (t - s)};
}

EuclideanBrownian Brownian(Euclidean space, double rate) { return {std::move(space), rate}; }

OrnsteinUhlenbeck::OrnsteinUhlenbeck(Euclidean space, OrnsteinUhlenbeckOptions options)
    : LinearGaussian(std::move(space)), options_(options) {
  positive("an Ornstein-Uhlenbeck process", "theta", options.theta);
  positive("an Ornstein-Uhlenbeck process", "sigma", options.sigma);
  if (!std::isfinite(options.mean))
    throw Error(fmt::format("an Ornstein-Uhlenbeck process needs a finite mean; found {}", options.mean));
}

LinearGaussian::Transition OrnsteinUhlenbeck::transition(Expr s, Expr t) const {
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
