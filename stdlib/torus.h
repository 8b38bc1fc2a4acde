// Flat tori: coordinates that are periodic, each with a period of its own.
#pragma once

#include <functional>
#include <vector>

#include <catenary/stdlib/heat_flow.h>

namespace catenary {

/// Where the interval of a periodic coordinate begins.
enum class Interval {
  centred,    ///< [-period / 2, period / 2): torsion angles, positions in a box about its middle
  from_zero,  ///< [0, period): fractional coordinates
};

/// A flat torus: vectors of n coordinates, coordinate i in an interval of length periods[i]. Tangent vectors are
/// differences, in the coordinates' own unit. Where a coordinate is half a period away both ways are shortest; log
/// takes the negative one. As good as a coordinate itself while it is below 1e5 periods.
class Torus final : public Manifold {
 public:
  /// At least one period, each above 0.
  explicit Torus(std::vector<double> periods, Interval interval = Interval::centred);
  const std::vector<double>& periods() const { return periods_; }
  Expr project(Expr x) const override { return wrap(x, interval_); }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return wrap(x + v, interval_); }
  Expr log(Expr x, Expr y) const override { return wrap(y - x, Interval::centred); }
  Expr uniform_point() const override;
  /// Exact.
  Expr score(Expr x, Expr y, Expr v) const override;
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override;

  /// x less whole periods: floats of the interval, never one rounded up to its end.
  Expr wrap(Expr x, Interval interval) const;
  /// The same in the space's own interval, for draws: it has no gradient, and takes fewer operations, since one in a
  /// million points is left beside the interval by near_point.
  Expr wrapped_draw(Expr x) const;
  /// x less whole periods, in the interval but for what rounding leaves.
  Expr near_point(const Expr& x, Interval interval) const;

 private:
  Expr table(const std::function<double(double period)>& of) const;
  Expr turned_back(const Expr& x, const Expr& k) const;
  Expr settled(const Expr& near, Interval interval) const;
  /// The first and the last float of the interval.
  Expr least(Interval interval) const;
  Expr greatest(Interval interval) const;

  std::vector<double> periods_;
  Interval interval_;
};

/// Brownian motion on a torus, exact: that on the circle, coordinate by coordinate. The prior is uniform.
class TorusBrownian final : public HeatFlow {
 public:
  TorusBrownian(Torus space, double rate);
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

 private:
  const Torus& torus() const { return static_cast<const Torus&>(space()); }
};

/// Brownian motion on a torus, `rate` its variance per unit of time in every coordinate, in the coordinates' unit
/// squared.
TorusBrownian Brownian(Torus space, double rate);

}  // namespace catenary
