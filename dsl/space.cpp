// What spaces need not declare.
#include <catenary/dsl/space.h>

#include <fmt/format.h>

namespace catenary {

Expr Space::uniform_point() const {
  throw Error(
      fmt::format("space '{}' declares no uniform_point(), so a process on it has no prior; override uniform_point in "
                  "the space, or prior in the process",
                  name_));
}

Expr Manifold::inner(Expr, Expr u, Expr v) const { return u.shape().empty() ? u * v : dot(u, v); }

Expr Manifold::distance(Expr x, Expr y) const {
  Expr along = log(x, y);
  return sqrt(max(inner(x, along, along), 0.0));  // Rounding may take an indefinite form below 0 near x = y.
}

std::optional<Cover> Manifold::cover() const { return std::nullopt; }

Expr Manifold::standard_noise() const {
  std::optional<Expr> from = origin();
  return from ? exp(*from, tangent_normal(*from)) : uniform_point();
}

Expr Manifold::flow(Expr x, Expr y, Expr u, Expr w) const {
  return follow(*this, std::move(x), std::move(u), std::move(w), [&](Expr at, Expr v) { return score(at, y, v); });
}

Expr follow(const Manifold& m, Expr x, Expr u, Expr w, const std::function<Expr(Expr x, Expr v)>& score) {
  constexpr int64_t steps = 16;
  // In the deviation d = sqrt(v) the flow is dx / dd = -d score.
  Expr first = sqrt(u), step = (first - sqrt(w)) / double(steps), half = 0.5 * step;
  return fold(steps, std::move(x), [&](Expr trip, const Expr& from) {
    Expr deviation = fma(to_float(trip), -step, first), middle = deviation - half;
    Expr pull = m.tangent(from, score(from, square(deviation)));
    Expr at_once = m.exp(from, (step * deviation) * pull), by_half = m.exp(from, (half * deviation) * pull);
    Expr twice = m.exp(by_half, (half * middle) * score(by_half, square(middle)));
    return m.project(m.exp(twice, -m.log(twice, at_once)));
  });
}

}  // namespace catenary
