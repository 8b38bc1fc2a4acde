// The moments of score-based models' diffusions, in forms that are accurate at tiny times and tiny steps.
#include <catenary/stdlib/noise_schedules.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace catenary {

BetaDiffusion::BetaDiffusion(Kept<Flat> space, std::string_view whose, LinearBeta beta, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)), least_(1), half_slope_(0) {
  least_ = scale(whose, "beta_min", std::move(beta.beta_min));
  half_slope_ = map(
      [&](double most, double least) {
        if (!(most >= least))
          throw Error(fmt::format("{} needs a beta_max of beta_min or above; found {} and {}", whose, most, least));
        return 0.5 * (most - least);
      },
      scale(whose, "beta_max", std::move(beta.beta_max)), least_);
}

Expr BetaDiffusion::integral(const Expr& length, const Expr& ends) const {
  return length * fma(spread(half_slope_), ends, spread(least_));
}

Expr BetaDiffusion::prior(Expr) const { return noise(); }

VariancePreserving::VariancePreserving(Kept<Flat> space, LinearBeta options, Covariance covariance)
    : BetaDiffusion(std::move(space), "a variance-preserving process", std::move(options), std::move(covariance)) {}

LinearGaussian::Moments VariancePreserving::moments(Expr s, Expr t) const {
  Expr passed = integral(t - s, t + s);
  return {exp(-0.5 * passed), sqrt(-expm1(-passed))};
}

SubVariancePreserving::SubVariancePreserving(Kept<Flat> space, LinearBeta options, Covariance covariance)
    : BetaDiffusion(std::move(space), "a sub-variance-preserving process", std::move(options), std::move(covariance)) {}

LinearGaussian::Moments SubVariancePreserving::moments(Expr s, Expr t) const {
  Expr passed = integral(t - s, t + s), both = integral(t, t) + integral(s, s);
  // The deviation is as small as t: the decay is told by its difference from 1 as well.
  return {exp(-0.5 * passed), sqrt(-expm1(-passed)) * sqrt(-expm1(-both)), {}, expm1(-0.5 * passed)};
}

CosineVariancePreserving::CosineVariancePreserving(Kept<Flat> space, CosineOptions options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)),
      offset_(scale("a variance-preserving process", "cosine offset", std::move(options.offset))) {}

LinearGaussian::Moments CosineVariancePreserving::moments(Expr s, Expr t) const {
  // As sines of what is left to pi/2, or to pi, so that nothing cancels: the variance 1 - decay^2 is
  // sin(a_t - a_s) sin(a_s + a_t) / cos(a_s)^2.
  Expr speed = spread(map([](double offset) { return std::numbers::pi / 2 / (1 + offset); }, offset_));
  Expr from = min(s, 1 - 0x1p-24), to = min(t, 1.0), start = sin(speed * (1.0 - from));
  Expr both = from + to;
  Expr turned = both + 2.0 * spread(offset_), left = (1.0 - from) + (1.0 - to);
  Expr sum = sin(speed * select(both < 1.0, turned, left));
  return {sin(speed * (1.0 - to)) / start, sqrt(sin(speed * (to - from)) / start) * sqrt(sum / start)};
}

Expr CosineVariancePreserving::prior(Expr) const { return noise(); }

VarianceExploding::VarianceExploding(Kept<Flat> space, GeometricSigma options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)), sigma_min_(1), growth_(1) {
  constexpr std::string_view whose = "a variance-exploding process";
  sigma_min_ = scale(whose, "sigma_min", std::move(options.sigma_min));
  growth_ = map(
      [&](double most, double least) {
        if (!(most > least))
          throw Error(fmt::format("{} needs a sigma_max above sigma_min; found {} and {}", whose, most, least));
        return std::log(most / least);
      },
      scale(whose, "sigma_max", std::move(options.sigma_max)), sigma_min_);
}

LinearGaussian::Moments VarianceExploding::moments(Expr s, Expr t) const {
  // sigma_t^2 - sigma_s^2 = sigma_t^2 (1 - e^{-2 growth (t - s)}).
  Expr growth = spread(growth_), sigma = spread(sigma_min_) * exp_of_product(growth, t);
  return {{}, sigma * sqrt(-expm1(-2.0 * growth * (t - s)))};
}

Elucidated::Elucidated(Kept<Flat> space, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)) {}

LinearGaussian::Moments Elucidated::moments(Expr s, Expr t) const {
  // t^2 - s^2; its square root in two factors, each of which is a float where the product is.
  return {{}, sqrt(t - s) * sqrt(t + s)};
}

}  // namespace catenary
