// Walks of geodesic steps.
#include <catenary/stdlib/geodesic_walk.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/product.h>

namespace catenary {

namespace {

bool has_default_score(const Manifold& m) {
  Expr x = parameter("x", Type::f32, m.point()), y = parameter("y", Type::f32, m.point()),
       v = parameter("v", Type::f32, {});
  return same(m.score(x, y, v), m.Manifold::score(x, y, v));
}

// What GeodesicWalk::approximation says, at the variance v in steps of `step`.
double error_of_walk(const Manifold& m, double v, double step) {
  if (auto product = dynamic_cast<const Product*>(&m)) {
    std::vector<double> of_parts;
    for (const auto& [name, space] : product->parts()) of_parts.push_back(error_of_walk(*space, v, step));
    return independent_approximation(of_parts);
  }
  const std::optional<Cover> cover = m.cover();
  const bool default_score = has_default_score(cover ? *cover->space : m);
  const double d = m.dimension(), c = m.curvature(), radius = m.injectivity_radius();
  if (c == 0 && default_score) return 0;
  // Where geodesics come back, as on spheres, distances do not run away.
  const bool comes_back = radius > 0 && std::isfinite(radius);
  const double of_law = std::sqrt(d / 2 + (comes_back ? 0 : (d - 1) * (d - 1) * c * v / 4));
  const double scale = comes_back ? std::pow(std::numbers::pi / radius, 2) : 1;
  const double of_steps = step * std::max(scale, c * (d - 1) / 6 * of_law);
  return of_steps + (default_score ? c * (d - 1) * std::sqrt(d) * v / 8 : 0);
}

}  // namespace

GeodesicWalk::GeodesicWalk(Kept<Manifold> space, GeodesicWalkOptions options)
    : HeatFlow(space, fmt::format("a geodesic walk on space '{}'", space->name()), options.rate),
      steps_(options.steps) {
  if (steps_ < 1 || steps_ > 65536)
    throw Error(fmt::format("a geodesic walk on space '{}' needs 1 to 65536 steps; found {}", space->name(), steps_));
}

Expr GeodesicWalk::prior(Expr horizon) const {
  if (auto origin = manifold().origin()) return forward(*origin, std::move(horizon));
  return space().uniform_point();
}

namespace {

// To the variance v,
Expr walked(const Manifold& m, int64_t steps, const Expr& x0, const Expr& v) {
  Expr deviation = sqrt(v / double(steps));
  return fold(steps, x0, [&](Expr, Expr x) { return m.project(m.exp(x, deviation * m.tangent_normal(x))); });
}

// and back from there to the variance `least`.
Expr walked_back(const Manifold& m, int64_t steps, const Expr& x0, const Expr& xt, const Expr& least,
                 const Expr& passed) {
  Expr step = passed / double(steps);
  return fold(steps, xt, [&](Expr trip, Expr x) {
    // Counted from the near end, where rounding would otherwise show.
    Expr after = fma(double(steps - 1) - to_float(trip), step, least), before = after + step;
    Expr drift = step * m.score(x, x0, before);
    return m.project(m.exp(x, drift + sqrt(after / before * step) * m.tangent_normal(x)));
  });
}

}  // namespace

Expr GeodesicWalk::forward(Expr x0, Expr t) const {
  if (auto cover = manifold().cover()) return cover->fold(walked(*cover->space, steps_, cover->lift(x0), rate_ * t));
  return walked(manifold(), steps_, x0, rate_ * t);
}

Expr GeodesicWalk::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  if (auto cover = manifold().cover()) {
    Expr u = cover->lift(x0), end = cover->image(u, cover->lift(xt), rate_ * t);
    return cover->fold(walked_back(*cover->space, steps_, u, end, rate_ * s, rate_ * (t - s)));
  }
  return walked_back(manifold(), steps_, x0, xt, rate_ * s, rate_ * (t - s));
}

double GeodesicWalk::approximation(double t) const {
  return error_of_walk(manifold(), rate_ * t, rate_ * t / double(steps_));
}

GeodesicWalk Brownian(const Manifold& space, double) {
  throw Error(fmt::format(
      "no exact Brownian motion is known on space '{}'; use GeodesicWalk(space, {{.rate, .steps}}), the named "
      "approximation",
      space.name()));
}

}  // namespace catenary
