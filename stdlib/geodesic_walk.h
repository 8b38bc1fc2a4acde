// The named approximation to Brownian motion on any manifold.
#pragma once

#include <catenary/stdlib/heat_flow.h>

namespace catenary {

/// `rate`: variance per unit of time. `steps`: geodesic steps per draw, 1 to 65536; it has no default, being the size
/// of the error.
struct GeodesicWalkOptions {
  double rate = 1;
  int64_t steps = 0;
};

/// Brownian motion on a manifold, approximated by `steps` geodesic steps per draw.
///
/// Its error is of first order in the variance D of one step. On S^d a forward draw loses a share d (d - 1) v_t D / 12
/// of the mean cosine E <x_0, x_t> = e^{-d v_t / 2}, for small D. Of a bridge on a space that declares the score of its
/// heat kernel the mean cosines are off by less than 0.17 D on S^2 (D <= 2 v_s), by less than 0.33 D in what was
/// measured on S^4 and S^5 (D <= v_s). Tables, also of other spaces: docs/walks.md. A space that keeps the default
/// score adds an error that no number of steps removes: on S^2, E <x_0, x_s> comes out too large by about 0.04 v_t^2
/// (v_t <= 2), on S^4 by 0.15 to 0.23 v_t^2 (v_t <= 1).
///
/// Its score is the space's too. On a space with a boundary exp says what happens there: on the simplex the walk is
/// reflected. Where the space tells its cover, the walk goes on that and is folded; a bridge goes to one of the points
/// that are folded to its end.
class GeodesicWalk final : public HeatFlow {
 public:
  GeodesicWalk(Kept<Manifold> space, GeodesicWalkOptions options);
  /// Uniform: right once the process has mixed. On a space that has an origin in place of a uniform law, the law of x_T
  /// from there. Of a product each part's.
  Expr prior(Expr horizon) const override;
  /// Each step of variance D = v_t / steps goes along exp(x, sqrt(D) n), n a standard normal tangent vector.
  Expr forward(Expr x0, Expr t) const override;
  /// Each step takes the variance from u to w = u - D, D = (v_t - v_s) / steps, along
  /// exp(x, D score(x, x_0, u) + sqrt(w D / u) n): in flat space the Brownian bridge, whatever the number of steps.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// What the steps and the score are off by, from above in all that docs/walks.md measures: at least the variance D of
  /// a step, on a space of injectivity radius r (pi / r)^2 D. On a space of dimension d whose sectional curvatures are
  /// at most c, either way, a step also has a share c (d - 1) D / 6 too much of its variance, or too little, which
  /// moves a normal law in d dimensions by sqrt(d / 2) of that, and where distances run away, as in hyperbolic space,
  /// those by (d - 1) sqrt(c v) / 2. The default score lacks a drift of c (d - 1) / 6 of the distance: c (d - 1)
  /// sqrt(d) v / 8; and it knows of one way between two points, where there are others that are longer than r by 4
  /// sqrt(d) e^{-r^2 / 2v}, an estimate. With that score nothing is off in R^n. Of a product each part is off by
  /// itself. A space that states no injectivity radius is taken for one without other ways.
  double approximation(double t) const override;

 private:
  int64_t steps_;
};

/// For manifolds without an overload of their own: throws Error, because an approximation must be asked for by name.
[[noreturn]] GeodesicWalk Brownian(const Manifold& space, double rate);

}  // namespace catenary
