// Categories, and the process that jumps between them uniformly.
#pragma once

#include <catenary/dsl/process.h>
#include <catenary/dsl/space.h>

namespace catenary {

/// K categories without order: i32 numbers 0 .. K - 1.
class Categorical final : public Space {
 public:
  /// 1 <= categories <= 2^24.
  explicit Categorical(int64_t categories);
  int64_t categories() const override { return categories_; }
  /// Uniform; each category's probability is within 2^-32 of 1 / K.
  Expr uniform_point() const override;

 private:
  int64_t categories_;
};

/// Jumps at `rate` to a uniformly drawn category (the present one included):
/// P_ij(t) = e^{-rate t} [i = j] + (1 - e^{-rate t}) / K. Forward and bridge are exact to 2^-32, at a cost that K does not
/// enter. The model returns logits.
class UniformJump final : public Process {
 public:
  UniformJump(Categorical space, double rate);
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// With a = e^{-rate s}, b = e^{-rate (t - s)}: a mixture of x_0 with weight a (1 - b), x_t with (1 - a) b, the uniform law
  /// with (1 - a)(1 - b), and where x_0 = x_t that category with a b K besides.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;

  /// The logarithm of P_ij(t).
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

  /// K logits: unnormalised log-probabilities of x_0; -inf forbids a category.
  Estimate estimate() const override { return {"logits", {space().categories()}}; }
  /// Draws x_0 from the logits. Every category but the likeliest has its own probability to 2^-32 (and to rounding); the
  /// likeliest takes what remains.
  Expr endpoint(Expr logits, Expr xt, Expr t) const override;

 private:
  double rate_;
};

}  // namespace catenary
