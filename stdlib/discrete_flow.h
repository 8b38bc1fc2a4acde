// Discrete flows: categories that go from the datum to noise at a time of their own.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <catenary/stdlib/jump.h>

namespace catenary {

/// Shares of the categories that are in each state at time t, of [0, 1], and what the noise is.
struct DiscreteFlowOptions {
  /// Of those that have become noise, x_1: from 0 to 1, not falling.
  std::function<Expr(Expr t)> kappa = [](Expr t) { return t; };
  /// Of those that are a uniformly drawn category, never the mask, between datum and noise: 0 at both ends; by default
  /// there are none.
  /// The rest are still the datum: their share, 1 - kappa - uniform, must not rise.
  std::function<Expr(Expr t)> uniform = {};
  /// The law of x_1, one weight of at least 0 per category, in any unit; by default uniform.
  std::vector<double> weights = {};
  /// Or the one category that all noise is. It is no datum: logits never give it.
  std::optional<int64_t> mask = {};
};

/// Mixture paths of discrete flow matching, each token by a uniform number u of its own: at time t it is x_1 if u <
/// kappa(t), else a uniform category n if u < kappa(t) + uniform(t), else x_0. u, n and x_1 stay the same along the
/// path, so that it jumps at most twice. Exact to 2^-32, at a cost that K does not enter. With t = 1, bridge is the
/// training draw between given ends. Campbell et al.: "Generative flows on discrete state-spaces" (2024); Gat et al.:
/// "Discrete flow matching" (2024). Their time is 1 - t.
class DiscreteFlow final : public Jump {
 public:
  /// Throws Error for schedules that have other ends, fall or rise where they must not, and for both weights and a
  /// mask.
  explicit DiscreteFlow(Categorical space, DiscreteFlowOptions options = {}, LogitsOptions logits = {});
  /// x_1. Throws Error unless the horizon is 1.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// Without `uniform`: x_t with probability kappa(s) / kappa(t), else x_0. With it, where m = kappa + uniform and q is
  /// the law of x_1, x_t = j was noise, uniform or x_0 with weights q_j kappa(t), uniform(t) / K and (1 - m(t)) [j =
  /// x_0]. So x_s is x_t with weight q_j kappa(s) + max(0, m(s) - kappa(t)) / K, a uniform category with q_j (min(m(s),
  /// kappa(t)) - kappa(s)), else x_0.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// Of x_t from a mask: the mask with probability (kappa(t) - kappa(s)) / (1 - kappa(s)), else x_s.
  Expr transition(Expr xs, Expr s, Expr t) const override;
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;
  /// Where the mask tells that a token has jumped.
  bool markov() const override { return options_.mask && !options_.uniform; }
  /// Without `uniform`; with it, a later x_t tells whether x_s was noise.
  bool bridges_compose() const override { return !options_.uniform; }
  /// kappa'(t) / kappa(t), for Placement::weight: as AbsorbingJump::likelihood_weight. Throws Error unless all noise is
  /// a mask and none is uniform.
  Expr likelihood_weight(Expr t) const;

 protected:
  /// Where x_t is neither noise nor uniform.
  std::optional<Expr> tells(Expr xt, Expr t) const override;

 private:
  /// kappa, uniform, and the sum of both; in [0, 1].
  struct Shares {
    Expr noise, uniform, gone;
  };
  Shares shares(const Expr& t) const;
  DiscreteFlowOptions options_;
  FixedLaw law_, between_;  ///< Of noise, and of what is uniform.
};

}  // namespace catenary
