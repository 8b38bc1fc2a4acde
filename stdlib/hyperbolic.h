// Hyperbolic space and its Brownian motion.
#pragma once

#include <catenary/stdlib/heat_flow.h>

namespace catenary {

/// Hyperbolic space H^n, of curvature -1, n >= 2, as the upper sheet of the hyperboloid: points (x_0, x) of R^{n+1}
/// with -x_0^2 + |x|^2 = -1 and x_0 > 0, the time coordinate x_0 first. The metric is Minkowski's -u_0 v_0 + <u, v> on
/// tangent vectors. Cannon, Floyd, Kenyon and Parry: "Hyperbolic geometry" (1997).
///
/// The time coordinate follows from the others. It is written and never read, because -u_0 v_0 + <u, v> is a difference
/// of numbers e^{2R} times as large at the distance R from the origin.
///
/// Points end at the radius 28 from the origin (1, 0, ..., 0): project and exp stop there, so that nothing overflows.
/// The coordinates are floats: at the radius R they tell directions apart to 2^-24, which is 3e-8 e^R along the space,
/// and radii to 1e-7. Distances and logs are as good as the coordinates (measured to R = 12: within 4e-7 (1 + e^R) of
/// double precision); exp over a length r is off by up to 1e-7 e^{R + r}.
class Hyperbolic final : public Manifold {
 public:
  explicit Hyperbolic(int dimension);
  /// The point with the same space coordinates.
  Expr project(Expr x) const override;
  /// The tangent vector with the same space coordinates: project's derivative.
  Expr tangent(Expr x, Expr v) const override;
  Expr exp(Expr x, Expr v) const override;
  Expr log(Expr x, Expr y) const override;
  Expr inner(Expr x, Expr u, Expr v) const override;
  Expr distance(Expr x, Expr y) const override;
  Expr gradient(Expr x, Expr derivatives) const override;
  Expr tangent_normal(Expr x) const override;
  /// log(x, y) (1 / v + a L(r) / r - a (a - 1) / 2 v K'(r) / (r (1 + v K(r)))), with a = (n - 1) / 2, r the distance, L
  /// = coth r - 1 / r and K = L(r) / r: the gradient of -r^2 / 2v + a log(r / sinh r) + a (a - 1) / 2 log(1 + v K(r)).
  /// Exact on H^3 and H^5 (Grigor'yan and Noguchi: "The heat kernel on hyperbolic space", 1998), elsewhere right to
  /// first order in v: on H^2 within 0.002 v of the score for v <= 2.
  Expr score(Expr x, Expr y, Expr v) const override;
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override;
  /// (1, 0, ..., 0).
  std::optional<Expr> origin() const override;

  // In the coordinates of an orthonormal frame, shape [n]: that of the origin, carried to x along the geodesic between
  // them. They keep their digits far out, where ambient coordinates of tangent vectors do not.
  Expr exp_in_frame(Expr x, Expr v) const;  ///< The point that exp reaches.
  Expr log_in_frame(Expr x, Expr y) const;  ///< The coordinates of log(x, y).

 private:
  Expr seen_from(Expr x, Expr y) const;
};

/// Brownian motion on H^3, exact. The prior is the law of x_T from the origin: right where the data lie much closer
/// around it than sqrt(rate T).
///
/// With v the variance (rate times time) the kernel is (2 pi v)^{-3/2} (r / sinh r) exp(-v / 2 - r^2 / 2v): r is the
/// length of v e + sqrt(v) N(0, I_3), e a unit vector. So is the density of r that of a path in R^3 that drifts away at
/// the speed 1.
class HyperbolicBrownian final : public HeatFlow {
 public:
  HyperbolicBrownian(Hyperbolic space, double rate);
  Expr prior(Expr horizon) const override;
  /// exp(x_0, v e + sqrt(v) N(0, I_3)), e uniform.
  Expr forward(Expr x0, Expr t) const override;
  /// The distances of x_s to both ends have the law that they have in R^3, for a Brownian bridge between ends as far
  /// apart: in bipolar coordinates both are theta phi exp(-theta^2 / 2 v_s - phi^2 / 2 (v_t - v_s)). The hyperbolic law
  /// of cosines gives the angle, the bridge of R^3 the direction about the axis. No rejection.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// -3/2 log(2 pi v) - v / 2 - r^2 / 2v - log(sinh r / r).
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

 private:
  const Hyperbolic& hyperbolic() const { return static_cast<const Hyperbolic&>(space()); }
};

/// Brownian motion on H^3, `rate` its variance per unit of time. Throws Error for other dimensions, where no exact
/// sampler is known here.
HyperbolicBrownian Brownian(Hyperbolic space, double rate);

}  // namespace catenary
