// Spheres, and Brownian motion on them.
#pragma once

#include <numbers>

#include <catenary/stdlib/heat_flow.h>

namespace catenary {

/// The unit sphere S^d: unit vectors of R^{d + 1}, d >= 1. Distances are angles. From a point to its antipode all
/// directions are equally short; log takes the one towards the first axis (or the second, near the poles of the first).
class Sphere final : public Manifold {
 public:
  /// d = `dimension`, 1 to 1,023.
  explicit Sphere(int dimension);
  Expr project(Expr x) const override { return x / norm(x); }
  Expr tangent(Expr x, Expr v) const override { return v - dot(x, v) * x; }
  Expr exp(Expr x, Expr v) const override;
  Expr log(Expr x, Expr y) const override;
  Expr uniform_point() const override { return project(normal(point())); }
  /// Exact for d <= 12. Beyond: for v from 2 / d on (earlier in many dimensions) by its Gegenbauer series, for d > 32
  /// as a contour integral; below, and where the kernel is next to nothing, by the first terms for small v and the many
  /// ways to the antipode: see docs/walks.md.
  Expr score(Expr x, Expr y, Expr v) const override;
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override;

  /// The shortest way from x to y.
  struct Way {
    Expr direction;  ///< A unit tangent vector at x; where y = x, any or 0.
    Expr angle;      ///< In [0, pi], as accurate near its ends as the points are.
    Expr rest;       ///< pi - angle, likewise.
  };
  static Way way(Expr x, Expr y);
  /// How strongly the heat kernel of variance v pulls along it: the length of the score.
  Expr pull(const Way& way, const Expr& v) const;
};

/// Brownian motion on S^d, d <= 12, exact: forward and bridge follow the heat kernel for every time, up to d = 3 to
/// rounding, beyond as far as it is tabled: to 1e-5 of itself within 2 radians, 8e-5 from there to the antipode
/// (sphere_tables.h). The prior is uniform.
class SphereBrownian final : public HeatFlow {
 public:
  SphereBrownian(Sphere space, double rate);
  Expr prior(Expr horizon) const override;
  /// S^1: a normal angle. S^3: by rejection from the tangent normal (three_sphere.h). S^2: Brownian motion on the
  /// rotations, applied to x_0, is Brownian motion on the sphere, because its metric is that of the quotient. Beyond
  /// S^3: by rejection (higher_sphere.h).
  Expr forward(Expr x0, Expr t) const override;
  /// S^1: by winding number. S^3: by rejection from the bridge of R^3. S^2: the rotations that take x_0 to x_t are a
  /// circle; one of them is drawn by its heat kernel, then the bridge to it, which is applied to x_0. Beyond S^3: by
  /// rejection from the bridge of R^d.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// S^2: the kernel of the rotations, integrated over that circle by the trapezoid rule (20 nodes, drawn together
  /// where the kernel is narrow: an error below 3e-7). A loop, which is not differentiated: its gradient is `score`.
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

 private:
  const Sphere& sphere() const { return static_cast<const Sphere&>(space()); }
};

/// Brownian motion on S^d, `rate` its variance per unit of time along each tangent direction. Throws Error for d > 12,
/// where GeodesicWalk is the named approximation.
SphereBrownian Brownian(Sphere space, double rate);

}  // namespace catenary
