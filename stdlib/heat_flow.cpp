// Scores as estimates: followed by geodesic steps.
#include <catenary/stdlib/heat_flow.h>

#include <catenary/stdlib/checks.h>

namespace catenary {

HeatFlow::HeatFlow(Kept<Manifold> space, std::string_view whose, double rate)
    : Process(space), rate_(positive(whose, "rate", rate)) {}

std::vector<Estimate> HeatFlow::estimates() const {
  std::vector<Estimate> kinds = Process::estimates();
  kinds.push_back({.kind = "score", .shape = space().point(), .tells_x0 = false});
  return kinds;
}

Expr HeatFlow::endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  if (kind.kind != "score") return Process::endpoint(kind, estimate, xt, t);
  return manifold().exp(xt, rate_ * t * manifold().tangent(xt, estimate));
}

std::optional<Expr> HeatFlow::step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const {
  if (kind.kind != "score") return Process::step(kind, estimate, xt, s, t);
  Expr passed = rate_ * (t - s);
  Expr drift = passed * manifold().tangent(xt, estimate);
  return manifold().project(manifold().exp(xt, drift + sqrt(s / t * passed) * manifold().tangent_normal(xt)));
}

std::optional<Expr> HeatFlow::flow_step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const {
  if (kind.kind != "score") return Process::flow_step(kind, estimate, xt, s, t);
  // u - sqrt(u w), without its difference.
  Expr way = rate_ * (t - s) / (1.0 + sqrt(s / t));
  return manifold().project(manifold().exp(xt, way * manifold().tangent(xt, estimate)));
}

std::optional<Expr> HeatFlow::flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  if (kind.kind != "score") return Process::flow_velocity_by(kind, estimate, xt, t);
  return -0.5 * rate_ * manifold().tangent(xt, estimate);
}

std::optional<Loss> HeatFlow::loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const {
  if (kind.kind != "score") return Process::loss(kind, estimate, x0, xt, t);
  Expr deviation = sqrt(rate_ * t);
  Expr off = deviation * manifold().tangent(xt, estimate) - deviation * *score(x0, xt, t);
  return manifold().inner(xt, off, off);
}

std::optional<Expr> HeatFlow::score(Expr x0, Expr xt, Expr t) const {
  return manifold().score(std::move(xt), std::move(x0), rate_ * t);
}

std::optional<Expr> HeatFlow::flow(Expr x0, Expr xt, Expr s, Expr t) const {
  return manifold().flow(std::move(xt), std::move(x0), rate_ * t, rate_ * s);
}

std::optional<Expr> HeatFlow::flow_velocity(Expr x0, Expr xt, Expr t) const {
  return -0.5 * rate_ * *score(std::move(x0), std::move(xt), std::move(t));
}

}  // namespace catenary
