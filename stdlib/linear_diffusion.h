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

}  // namespace catenary
