// The circle and its Brownian motion.
#pragma once

#include <numbers>

#include <catenary/stdlib/heat_flow.h>

namespace catenary {

/// Angles in [-pi, pi). No two floats are half a turn apart: log goes the shorter way, by however little.
class Circle final : public Manifold {
 public:
  Circle()
      : Manifold("circle", {.point = {}, .dimension = 1, .injectivity_radius = std::numbers::pi, .curvature = 0}) {}
  Expr project(Expr x) const override { return wrap(x); }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return wrap(x + v); }
  Expr log(Expr x, Expr y) const override { return wrap(y - x); }
  Expr uniform_point() const override;
  /// Exact, by the series of CircleBrownian::log_density.
  Expr score(Expr x, Expr y, Expr v) const override;
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override;

  /// The angle of x in [-pi, pi): for every finite x the result is a float in that interval, never one rounded up to
  /// pi. As good as x itself while |x| < 1e6.
  static Expr wrap(Expr x);
};

/// Brownian motion on the circle, exact: the wrapped normal law, and its bridge by winding number. The prior is
/// uniform.
class CircleBrownian final : public HeatFlow {
 public:
  CircleBrownian(Circle space, double rate);
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// Of the images x_t + 2 pi k the path on the line ended in one, with weight N(x_t + 2 pi k; x_0, v_t); given k, x_s
  /// is a Brownian bridge on the line, wrapped. Windings of less than 2^-33 of the whole are left out.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// By images for variances up to 4 and by the Fourier series above: both to rounding.
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

  /// Draws how far a path goes that ends `difference` away, in [-pi, pi], after variance v: difference + 2 pi k with
  /// weight exp(-(difference + 2 pi k)^2 / 2v). The number of terms grows with sqrt(v), and their relative error with
  /// v: 4e-8 (v + 100), so 1e4 is the largest v. One number each, or one for each of a list.
  static Expr draw_way(Expr difference, Expr v);

  /// The law in angles, elementwise, for other spaces that are made of them: the displacement after variance v, not
  /// wrapped;
  static Expr draw_displacement(Expr v);
  /// that on the way to a point `difference` away, in [-pi, pi], after variance `first` with `second` to go, not
  /// wrapped;
  static Expr draw_displacement_between(Expr difference, Expr first, Expr second);
  /// and the logarithm of the density after variance v. Elementwise in `difference`; v is a number or of its shape.
  static Expr log_kernel(Expr difference, Expr v);
  /// and its derivative by the difference; and what becomes of the difference along the probability flow from u to w.
  static Expr slope(Expr difference, Expr v);
  static Expr flown(Expr difference, Expr u, Expr w);
};

/// Brownian motion on the circle, `rate` its variance per unit of time.
CircleBrownian Brownian(Circle space, double rate);

}  // namespace catenary
