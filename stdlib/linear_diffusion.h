// Linear diffusions with coefficients of the user's own.
#pragma once

#include <functional>

#include <catenary/stdlib/linear_gaussian.h>

namespace catenary {

/// dX = (drift(t) X + offset(t)) dt + noise(t) dW. Functions of time alone; each gives a number, or a value of a
/// point's shape for coordinates that differ. Absent: 0.
struct LinearDiffusionOptions {
  std::function<Expr(Expr t)> drift = {};
  std::function<Expr(Expr t)> offset = {};
  std::function<Expr(Expr t)> noise = {};
  double horizon = 1;  ///< Coefficients are asked for on [0, horizon]; there the process ends, and stands still.
};

/// Its moments are integrals, by Gauss-Legendre: decay = exp of the integral of drift; variance and shift are those of
/// noise^2 and offset, with what the drift does to them between u and t.
///
/// The interval from s to t is cut at 2^-1, ..., 2^-16 of its length from either end, since moments change fastest at
/// its ends; each of these 32 panels into `pieces` equal ones of 8 nodes. At its declaration the process finds, in
/// double precision, the least of 1, 2, 4, 8 and 16 pieces with which all moments agree with those of twice as many to
/// 2^-23, at 25 pairs (s, t) over [0, horizon] that reach down to 1e-12 of it in t and in t - s. What is left in f32 is
/// rounding. Where none will do (coefficients that jump, have a pole, or turn hundreds of times), it throws Error.
class LinearDiffusion final : public LinearGaussian {
 public:
  LinearDiffusion(Kept<Flat> space, LinearDiffusionOptions options, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;
  int64_t pieces() const { return pieces_; }

 private:
  Moments moments(const Expr& s, const Expr& t, int64_t pieces) const;
  /// A' = drift A, D' / D = drift + noise^2 / (2 D^2) and m' = drift m + offset.
  Slopes slopes(Expr t) const override;
  void choose_pieces();
  LinearDiffusionOptions options_;
  Shape drift_, deviation_, shift_;  ///< Shapes: {} or a point's.
  int64_t pieces_ = 1;
};

/// The coefficients of the diffusion of which x_t given x_0 is N(alpha(t) x_0, sigma(t)^2 C): drift alpha' / alpha, and
/// noise^2 = 2 sigma sigma' - 2 drift sigma^2 (Kingma et al.: "Variational diffusion models", 2021). Functions of t in
/// elementary terms, each a number or of a point's shape; the derivatives are taken here. A schedule that does not
/// begin at data, alpha(0) = 1 and sigma(0) = 0, is taken as what it does from there on: x_t given x_0 is N(a x_0,
/// (sigma(t)^2
/// - a^2 sigma(0)^2) C), a = alpha(t) / alpha(0). Throws Error unless alpha is above 0 and alpha / sigma never rises on
/// (0, horizon].
LinearDiffusionOptions by_marginals(std::function<Expr(Expr t)> alpha, std::function<Expr(Expr t)> sigma,
                                    double horizon = 1);

/// The same for the variance-preserving diffusion, alpha^2 + sigma^2 = 1, by its log signal-to-noise ratio: lambda =
/// log(alpha^2 / sigma^2), which must not rise, and may be infinite at time 0.
LinearDiffusionOptions by_log_signal_to_noise(std::function<Expr(Expr t)> lambda, double horizon = 1);

}  // namespace catenary
