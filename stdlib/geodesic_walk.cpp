// Walks of geodesic steps.
#include <catenary/stdlib/geodesic_walk.h>

#include <catenary/stdlib/checks.h>

namespace catenary {

GeodesicWalk::GeodesicWalk(Kept<Manifold> space, GeodesicWalkOptions options)
    : HeatFlow(space, fmt::format("a geodesic walk on space '{}'", space->name()), options.rate),
      steps_(options.steps) {
  if (steps_ < 1 || steps_ > 65536)
    throw Error(
        fmt::format("a geodesic walk on space '{}' needs 1 to 65536 steps; found {}", space->name(), steps_));
}

Expr GeodesicWalk::prior(Expr horizon) const {
  if (auto origin = manifold().origin()) return forward(*origin, std::move(horizon));
  return space().uniform_point();
}

Expr GeodesicWalk::forward(Expr x0, Expr t) const {
  const Manifold& m = manifold();
  Expr deviation = sqrt(rate_ / double(steps_) * t);
  return fold(steps_, x0, [&](Expr, Expr x) { return m.project(m.exp(x, deviation * m.tangent_normal(x))); });
}

Expr GeodesicWalk::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  const Manifold& m = manifold();
  Expr least = rate_ * s, step = rate_ / double(steps_) * (t - s);
  return fold(steps_, xt, [&](Expr trip, Expr x) {
    // Counted from the near end, where rounding would otherwise show.
    Expr after = fma(double(steps_ - 1) - to_float(trip), step, least), before = after + step;
    Expr drift = step * m.score(x, x0, before);
    return m.project(m.exp(x, drift + sqrt(after / before * step) * m.tangent_normal(x)));
  });
}

double GeodesicWalk::approximation(double t) const { return rate_ * t / double(steps_); }

GeodesicWalk Brownian(const Manifold& space, double) {
  throw Error(fmt::format(
      "no exact Brownian motion is known on space '{}'; use GeodesicWalk(space, {{.rate, .steps}}), the named "
      "approximation",
      space.name()));
}

}  // namespace catenary
