// The diffusions of score-based generative models: linear Gaussian processes named after how their noise grows.
#pragma once

#include <catenary/stdlib/linear_gaussian.h>

namespace catenary {

/// The rate beta(t) = beta_min + (beta_max - beta_min) t of all coordinates or of each, with 0 < beta_min <= beta_max.
/// Time 1 is its authors' horizon.
struct LinearBeta {
  PerCoordinate beta_min = 0.1;
  PerCoordinate beta_max = 20;
};

/// What processes of that rate share. The prior is the stationary law N(0, C).
class BetaDiffusion : public LinearGaussian {
 public:
  Expr prior(Expr horizon) const override;

 protected:
  BetaDiffusion(Kept<Flat> space, std::string_view whose, LinearBeta beta, Covariance covariance);
  /// Of beta, over an interval of this length whose ends have this sum.
  Expr integral(const Expr& length, const Expr& ends) const;

 private:
  PerCoordinate least_, half_slope_;
};

/// dX = -1/2 beta(t) X dt + sqrt(beta(t)) dW. With B the integral of beta: x_t given x_0 is N(e^{-B/2} x_0, (1 -
/// e^{-B}) C). Song et al., "Score-based generative modeling through stochastic differential equations" (2021),
/// section 3.4; Ho et al. (2020) are its steps.
class VariancePreserving final : public BetaDiffusion {
 public:
  explicit VariancePreserving(Kept<Flat> space, LinearBeta options = {}, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;
};

/// Like VariancePreserving, with less noise: x_t given x_0 is N(e^{-B/2} x_0, (1 - e^{-B})^2 C); from s to t the
/// variance is (1 - e^{B_s - B_t}) (1 - e^{-B_s - B_t}). Song et al. (2021), section 3.4.
class SubVariancePreserving final : public BetaDiffusion {
 public:
  explicit SubVariancePreserving(Kept<Flat> space, LinearBeta options = {}, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;
};

struct CosineOptions {
  PerCoordinate offset = 0.008;  ///< Above 0: how far the cosine has turned at time 0.
};

/// Variance preserving with decay cos(a_t) / cos(a_0), a_t = (pi/2) (t + offset) / (1 + offset): x_t given x_0 is
/// N(decay x_0, (1 - decay^2) C). At time 1, where it ends, x_0 is forgotten, and from then on x_t is new noise at
/// every time. The prior is N(0, C). Nichol and Dhariwal, "Improved denoising diffusion probabilistic models" (2021),
/// without their bound on single steps: at time 1 noise and score tell nothing of x_0, and an error in them is blown up
/// without bound, so that with these kinds a walk is to have a horizon a little before 1; the velocity tells x_0 there.
class CosineVariancePreserving final : public LinearGaussian {
 public:
  explicit CosineVariancePreserving(Kept<Flat> space, CosineOptions options = {}, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;
  Expr prior(Expr horizon) const override;

 private:
  PerCoordinate offset_;
};

/// sigma(t) = sigma_min (sigma_max / sigma_min)^t of all coordinates or of each, with 0 < sigma_min < sigma_max. Time 1
/// is its authors' horizon.
struct GeometricSigma {
  PerCoordinate sigma_min = 0.01;
  PerCoordinate sigma_max = 50;
};

/// dX = sqrt(d sigma^2 / dt) dW: x_t given x_0 is N(x_0, (sigma(t)^2 - sigma(0)^2) C). The prior is the law of x_T for
/// data at the origin; that of Song et al. (2021), section 3.4, has the variance sigma(T)^2, more by a share of
/// (sigma(0) / sigma(T))^2. Where sigma has grown by e^80 it stands still.
class VarianceExploding final : public LinearGaussian {
 public:
  explicit VarianceExploding(Kept<Flat> space, GeometricSigma options = {}, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;

 private:
  PerCoordinate sigma_min_, growth_;
};

/// sigma(t) = t: dX = sqrt(2t) dW, x_t given x_0 is N(x_0, t^2 C), and time is the noise level. The prior is N(0, T^2
/// C). Karras et al., "Elucidating the design space of diffusion-based generative models" (2022).
class Elucidated final : public LinearGaussian {
 public:
  explicit Elucidated(Kept<Flat> space, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;
};

}  // namespace catenary
