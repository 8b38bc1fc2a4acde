// Jump processes whose transitions are P_t = a I + (1 - a) 1 pi^T, a = e^{-rate t}: uniform, with a stationary law,
// absorbing.
#pragma once

#include <functional>

#include <catenary/dsl/process.h>
#include <catenary/stdlib/categorical.h>

namespace catenary {

/// A process on categories whose model returns K "logits": unnormalised log-probabilities of x_0, of which one is drawn
/// by draw_from_logits. A step draws x_0 first and bridges to it: its law is the sum of the bridges over x_0, at no
/// more cost than reading the logits. Or it returns the "endpoint", a category.
class Jump : public Process {
 public:
  std::vector<Estimate> estimates() const override;
  /// x_t where it tells x_0, whatever the estimate; of logits only categories that can have become x_t.
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  /// Of logits -log softmax(logits)[x_0] (cross_entropy); of an endpoint 1 where it is not x_0; 0 where x_t tells x_0.
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override;

 protected:
  Jump(Categorical space, std::string_view whose, LogitsOptions logits);
  /// Where x_t can only be x_0 itself, never noise; by default nowhere.
  virtual std::optional<Expr> tells(Expr xt, Expr t) const;
  /// Which x_0 can have become x_t; by default, empty, all.
  using Start = std::function<Expr(const Expr& x0)>;
  virtual Start possible(Expr xt) const;

 private:
  LogitsOptions logits_;
};

/// Jumps at `rate` to a category drawn from a law pi (the present one included):
/// P_ij(t) = a [i = j] + (1 - a) pi_j, a = e^{-rate t}. Forward and bridge are exact to 2^-32, at a cost that K does
/// not enter. Austin et al.: "Structured denoising diffusion models in discrete state-spaces" (2021).
class MixingJump : public Jump {
 public:
  /// pi.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// With a = e^{-rate s}, b = e^{-rate (t - s)}: a mixture of x_0 with weight a (1 - b), x_t with (1 - a) b, the law
  /// pi with (1 - a)(1 - b), and where x_0 = x_t that category with a b / pi(x_t) besides. An x_t that pi never gives
  /// is x_0 and stays.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// The logarithm of P_ij(t).
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

 protected:
  MixingJump(Categorical space, std::string_view whose, double rate, FixedLaw law, LogitsOptions logits);
  double rate() const { return rate_; }
  /// Where pi never gives x_t: of a masked diffusion what is not masked, so that its loss is the cross-entropy of the
  /// masked alone. Sahoo et al.: "Simple and effective masked diffusion language models" (2024).
  std::optional<Expr> tells(Expr xt, Expr t) const override;

 private:
  double rate_;
  FixedLaw law_;
};

/// Jumps to a uniformly drawn category: P_ij(t) = e^{-rate t} [i = j] + (1 - e^{-rate t}) / K.
class UniformJump final : public MixingJump {
 public:
  UniformJump(Categorical space, double rate, LogitsOptions logits = {});
};

struct StationaryJumpOptions {
  double rate = 1;
  /// pi, one weight of at least 0 per category, in any unit. A category of weight 0 is left and never entered.
  std::vector<double> weights = {};
};

/// Jumps to a category drawn from a law of choice, for example the frequencies in the data.
class StationaryJump final : public MixingJump {
 public:
  StationaryJump(Categorical space, StationaryJumpOptions options, LogitsOptions logits = {});
};

struct AbsorbingJumpOptions {
  double rate = 1;
  /// The category that is entered and never left; by default the last.
  std::optional<int64_t> mask = {};
};

/// Masked diffusion: every category becomes the mask at `rate`, and the mask stays. The prior is the mask. It is no
/// datum: logits never give it.
class AbsorbingJump final : public MixingJump {
 public:
  AbsorbingJump(Categorical space, AbsorbingJumpOptions options, LogitsOptions logits = {});
  /// What is not masked is x_0, and stays. A mask stays with probability (1 - e^{-rate s}) / (1 - e^{-rate t}), and
  /// else was x_0.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// rate / (e^{rate t} - 1), for Placement::weight (t is the process's time): the loss so weighted, integrated over
  /// the times to a horizon at which all is masked, bounds the negative log likelihood, in nats (Sahoo et al., 2024).
  /// Under a clock the weight is clock.derivative(t) times this at clock(t).
  Expr likelihood_weight(Expr t) const;

 private:
  int64_t mask_;
};

}  // namespace catenary
