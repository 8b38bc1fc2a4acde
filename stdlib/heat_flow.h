// What every Brownian motion on a manifold shares, whether it is exact or a walk.
#pragma once

#include <string_view>

#include <catenary/dsl/process.h>
#include <catenary/dsl/space.h>

namespace catenary {

/// Brownian motion on a manifold, `rate` its variance per unit of time along each tangent direction: v_t = rate t. Its
/// models may return besides the endpoint and the tangent the "score", the gradient of log p(x_t) at x_t, a tangent
/// vector there (on Rotations in the metric of angles; Rotations::from_rotation_vector makes one).
///
/// By an endpoint, or a tangent, steps are bridges, or follow the probability flow of the law given it: Manifold::flow.
///
/// A score is followed itself, since on a curved space it stands for no x_0: from u = v_t to w = v_s a step is one
/// geodesic step of the reverse equation,
///   x_s = exp(x_t, (u - w) score + sqrt((u - w) w / u) n), n a standard normal tangent vector,
/// and of the probability flow
///   x_s = exp(x_t, (u - sqrt(u w)) score).
/// At s = 0 both are exp(x_t, v_t score). In flat space they are the bridge and the flow to that point. On curved ones
/// they are right to first order in u - w, so that the error of a walk falls as its number of steps grows:
/// docs/walks.md has figures. De Bortoli et al.: "Riemannian score-based generative modelling" (2022).
class HeatFlow : public Process {
 public:
  std::vector<Estimate> estimates() const override;
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  std::optional<Expr> step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  /// Of "score" v_t |score - that of p(x_t | x_0)|^2 in the metric at x_t, weighted as by Song et al.: "Score-based
  /// generative modeling through stochastic differential equations" (2021). Its least model is the score of p(x_t).
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override;
  /// The space's, at variance v_t; and its flow, to v_s, whose velocity is -rate / 2 times the score.
  std::optional<Expr> score(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const override;

 protected:
  /// Throws Error in the name of `whose` unless the rate is above 0.
  HeatFlow(Kept<Manifold> space, std::string_view whose, double rate);
  const Manifold& manifold() const { return static_cast<const Manifold&>(space()); }

  double rate_;
};

}  // namespace catenary
