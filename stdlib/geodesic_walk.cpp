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
  // Where geodesics come back, as on spheres and tori, distances do not run away.
  const bool comes_back = radius > 0 && std::isfinite(radius);
  if (c == 0 && default_score && !comes_back) return 0;
  const double of_law = std::sqrt(d / 2 + (comes_back ? 0 : (d - 1) * (d - 1) * c * v / 4));
  const double scale = comes_back ? std::pow(std::numbers::pi / radius, 2) : 1;
  const double of_steps = step * std::max(scale, c * (d - 1) / 6 * of_law);
  if (!default_score) return of_steps;
  const double of_ways = comes_back ? 4 * std::sqrt(d) * std::exp(-radius * radius / (2 * v)) : 0;
  return of_steps + c * (d - 1) * std::sqrt(d) * v / 8 + of_ways;
}

}  // namespace

namespace {

// To the variance v,
Expr walked(const Manifold& m, int64_t steps, const Expr& x0, const Expr& v) {
  Expr deviation = sqrt(v / double(steps));
  return fold(steps, x0, [&](Expr, Expr x) { return m.project(m.exp(x, deviation * m.tangent_normal(x))); });
}

// also where there is a cover;
Expr walked_or_folded(const Manifold& m, int64_t steps, const Expr& x0, const Expr& v) {
  auto cover = m.cover();
  return cover ? cover->fold(walked(*cover->space, steps, cover->lift(x0), v)) : walked(m, steps, x0, v);
}

// and from the origin; uniform where there is none.
Expr prior_of(const Manifold& m, int64_t steps, const Expr& v) {
  if (auto product = dynamic_cast<const Product*>(&m)) {
    std::vector<Expr> of_parts;
    for (const auto& [name, space] : product->parts()) of_parts.push_back(prior_of(*space, steps, v));
    return product->join(of_parts);
  }
  auto origin = m.origin();
  return origin ? walked_or_folded(m, steps, *origin, v) : m.uniform_point();
}

// Back from there to the variance `least`.
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

GeodesicWalk::GeodesicWalk(Kept<Manifold> space, GeodesicWalkOptions options)
    : HeatFlow(space, fmt::format("a geodesic walk on space '{}'", space->name()), options.rate),
      steps_(options.steps) {
  if (steps_ < 1 || steps_ > 65536)
    throw Error(fmt::format("a geodesic walk on space '{}' needs 1 to 65536 steps; found {}", space->name(), steps_));
}

Expr GeodesicWalk::prior(Expr horizon) const { return prior_of(manifold(), steps_, rate_ * horizon); }

Expr GeodesicWalk::forward(Expr x0, Expr t) const { return walked_or_folded(manifold(), steps_, x0, rate_ * t); }

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
