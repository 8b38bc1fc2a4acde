// The moments of score-based models' diffusions, in forms that are accurate at tiny times and tiny steps.
#include <catenary/stdlib/noise_schedules.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <catenary/stdlib/checks.h>

namespace catenary {

namespace {

LinearBeta rising(std::string_view whose, LinearBeta beta) {
  positive(whose, "beta_min", beta.beta_min);
  if (!(beta.beta_max >= beta.beta_min) || !std::isfinite(beta.beta_max))
    throw Error(
        fmt::format("{} needs a beta_max of beta_min or above; found {} and {}", whose, beta.beta_max, beta.beta_min));
  return beta;
}

// The integral of beta over an interval of this length, whose middle lies at half of `ends`.
Expr integral(const LinearBeta& beta, const Expr& length, const Expr& ends) {
  return length * fma(0.5 * (beta.beta_max - beta.beta_min), ends, beta.beta_min);
}

}  // namespace

VariancePreserving::VariancePreserving(Kept<Flat> space, LinearBeta options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)),
      beta_(rising("a variance-preserving process", options)) {}

LinearGaussian::Moments VariancePreserving::moments(Expr s, Expr t) const {
  Expr passed = integral(beta_, t - s, t + s);
  return {exp(-0.5 * passed), sqrt(-expm1(-passed))};
}

Expr VariancePreserving::prior(Expr) const { return noise(); }

SubVariancePreserving::SubVariancePreserving(Kept<Flat> space, LinearBeta options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)),
      beta_(rising("a sub-variance-preserving process", options)) {}

LinearGaussian::Moments SubVariancePreserving::moments(Expr s, Expr t) const {
  Expr passed = integral(beta_, t - s, t + s), both = integral(beta_, t, t) + integral(beta_, s, s);
  // The deviation is as small as t: the decay is told by its difference from 1 as well.
  return {exp(-0.5 * passed), sqrt(-expm1(-passed)) * sqrt(-expm1(-both)), {}, expm1(-0.5 * passed)};
}

Expr SubVariancePreserving::prior(Expr) const { return noise(); }

CosineVariancePreserving::CosineVariancePreserving(Kept<Flat> space, CosineOptions options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)),
      offset_(positive("a variance-preserving process", "cosine offset", options.offset)) {}

LinearGaussian::Moments CosineVariancePreserving::moments(Expr s, Expr t) const {
  // As sines of what is left to pi/2, or to pi, so that nothing cancels: the variance 1 - decay^2 is
  // sin(a_t - a_s) sin(a_s + a_t) / cos(a_s)^2.
  const double speed = std::numbers::pi / 2 / (1 + offset_);
  Expr from = min(s, 1 - 0x1p-24), to = min(t, 1.0), start = sin(speed * (1.0 - from));
  Expr both = from + to;
  Expr sum = sin(speed * select(both < 1.0, both + 2 * offset_, (1.0 - from) + (1.0 - to)));
  return {sin(speed * (1.0 - to)) / start, sqrt(sin(speed * (to - from)) / start) * sqrt(sum / start)};
}

Expr CosineVariancePreserving::prior(Expr) const { return noise(); }

VarianceExploding::VarianceExploding(Kept<Flat> space, GeometricSigma options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)) {
  constexpr std::string_view whose = "a variance-exploding process";
  sigma_min_ = positive(whose, "sigma_min", options.sigma_min);
  if (!(options.sigma_max > options.sigma_min) || !std::isfinite(options.sigma_max))
    throw Error(fmt::format("{} needs a sigma_max above sigma_min; found {} and {}", whose, options.sigma_max,
                            options.sigma_min));
  growth_ = std::log(options.sigma_max / options.sigma_min);
}

LinearGaussian::Moments VarianceExploding::moments(Expr s, Expr t) const {
  // sigma_t^2 - sigma_s^2 = sigma_t^2 (1 - e^{-2 growth (t - s)}).
  Expr sigma = sigma_min_ * exp_of_product(constant(growth_), t);
  return {{}, sigma * sqrt(-expm1(-2 * growth_ * (t - s)))};
}

Elucidated::Elucidated(Kept<Flat> space, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)) {}

LinearGaussian::Moments Elucidated::moments(Expr s, Expr t) const {
  // t^2 - s^2; its square root in two factors, each of which is a float where the product is.
  return {{}, sqrt(t - s) * sqrt(t + s)};
}

}  // namespace catenary
