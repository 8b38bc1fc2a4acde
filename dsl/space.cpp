// What spaces need not declare.
#include <catenary/dsl/space.h>

#include <fmt/format.h>

namespace catenary {

Expr Space::uniform_point() const {
  throw Error(
      fmt::format("space '{}' declares no uniform_point(), so a process on it has no prior; override uniform_point in "
                  "the space, or on a manifold origin, or prior in the process",
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
  // In the deviation d = sqrt(v) the flow is dx / dd = -d score.
  Expr way = log(max(u, 1e-37)) - log(max(w, 1e-37)), steps = min(floor(5.0 * way), 47.0) + 1.0;
  Expr first = sqrt(u), share_left = exp(-0.5 / steps * way);
  // c: the steps that are left, the deviation and the point.
  return loop_while(
      {steps, first, std::move(x)}, [&](const std::vector<Expr>& c) { return c[0] > 0.5; },
      [&](const Expr&, const std::vector<Expr>& c) {
        Expr deviation = c[1], last = share_left * deviation, step = deviation - last;
        auto pull = [&](const Expr& at, double share) {
          Expr d = fma(-share, step, deviation);
          return d * m.tangent(at, score(at, square(d)));
        };
        auto moved = [&](const Expr& from, double share, const Expr& pull) {
          return m.exp(from, (share * step) * pull);
        };
        // Euler's method in one, two and three steps, and what they tend to.
        Expr start = pull(c[2], 0), once = moved(c[2], 1, start), half = moved(c[2], 1.0 / 2, start),
             twice = moved(half, 1.0 / 2, pull(half, 1.0 / 2)), third = moved(c[2], 1.0 / 3, start),
             further = moved(third, 1.0 / 3, pull(third, 1.0 / 3)),
             thrice = moved(further, 1.0 / 3, pull(further, 2.0 / 3));
        Expr left = 0.5 * m.log(thrice, once) - 4.0 * m.log(thrice, twice);
        return std::vector<Expr>{c[0] - 1.0, last, m.project(m.exp(thrice, left))};
      })[2];
}

}  // namespace catenary
