// The named approximation to Brownian motion on any manifold.
#pragma once

#include <catenary/dsl/process.h>
#include <catenary/dsl/space.h>

namespace catenary {

/// `rate`: variance per unit of time. `steps`: geodesic steps per draw, 1 to 65536; it has no default, being the size of the
/// error.
struct GeodesicWalkOptions {
  double rate = 1;
  int64_t steps = 0;
};

/// Brownian motion on a manifold, approximated by `steps` geodesic steps per draw.
class GeodesicWalk final : public Process {
 public:
  GeodesicWalk(Kept<Manifold> space, GeodesicWalkOptions options);
  /// Uniform: right once the process has mixed.
  Expr prior(Expr horizon) const override;
  /// Each step of variance D = v_t / steps goes along exp(x, sqrt(D) n), n a standard normal tangent vector.
  Expr forward(Expr x0, Expr t) const override;
  /// Each step takes the variance from u to w = u - D, D = (v_t - v_s) / steps, along
  /// exp(x, D score(x, x_0, u) + sqrt(w D / u) n): in flat space the Brownian bridge, whatever the number of steps.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;

 private:
  const Manifold& manifold() const { return static_cast<const Manifold&>(space()); }
  GeodesicWalkOptions options_;
};

/// For manifolds without an overload of their own: throws Error, because an approximation must be asked for by name.
[[noreturn]] GeodesicWalk Brownian(const Manifold& space, double rate);

}  // namespace catenary
