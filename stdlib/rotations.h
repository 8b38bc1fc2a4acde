// Rotations of space as unit quaternions, and Brownian motion on them.
#pragma once

#include <catenary/stdlib/heat_flow.h>

namespace catenary {

/// SO(3): unit quaternions [w, x, y, z], of q and -q the one with w >= 0. The distance of two rotations is the angle of
/// the one between them, at most pi; so the metric is four times that of the quaternions, and tangent vectors are
/// tangent to the 3-sphere. Two rotations half a turn apart have two shortest ways; log takes that to the quaternion as
/// it is stored, whose negative is the same rotation.
/// stdlib/quaternion.h turns vectors and converts from and to matrices.
class Rotations final : public Manifold {
 public:
  Rotations();
  Expr project(Expr x) const override;
  Expr tangent(Expr x, Expr v) const override { return v - dot(x, v) * x; }
  Expr exp(Expr x, Expr v) const override;
  Expr log(Expr x, Expr y) const override;
  Expr inner(Expr x, Expr u, Expr v) const override;
  Expr gradient(Expr x, Expr derivatives) const override { return 0.25 * tangent(x, derivatives); }
  Expr tangent_normal(Expr x) const override { return 0.5 * tangent(x, normal(point())); }
  Expr uniform_point() const override { return project(normal(point())); }
  /// Exact.
  Expr score(Expr x, Expr y, Expr v) const override;
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override;

  /// The tangent vector at x of a rotation vector (axis times angle, shape {3}) in the frame that x turns, and back:
  /// exp goes to x times the rotation by that vector.
  static Expr from_rotation_vector(Expr x, Expr vector);
  static Expr to_rotation_vector(Expr x, Expr tangent);
};

/// Brownian motion on SO(3), exact: forward and bridge follow the heat kernel to rounding, for every time. The prior is
/// uniform.
class RotationBrownian final : public HeatFlow {
 public:
  RotationBrownian(Rotations space, double rate);
  Expr prior(Expr horizon) const override;
  /// The angle w of the rotation from x_0 to x_t has the density (1 - cos w) / pi times the sum over l of
  /// (2l + 1) e^{-l (l + 1) v / 2} sin((l + 1/2) w) / sin(w / 2), v = rate t.
  Expr forward(Expr x0, Expr t) const override;
  /// Of the two quaternions of x_t one is drawn by the kernel of the 3-sphere, then the bridge there.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;
};

/// Brownian motion on the rotations, `rate` the variance of each element of the rotation vector per unit of time.
RotationBrownian Brownian(Rotations space, double rate);

}  // namespace catenary
