// Logarithms of distances, step by step.
#include <catenary/stdlib/radial_flow.h>

namespace catenary::radial_flow {

namespace {

// By how much the logarithm changes, beyond that of sqrt(v), between u and w: the integral of rate(v, change so far).
Expr integrated(const Expr& u, const Expr& w, const Shape& shape,
                const std::function<Expr(Expr v, Expr change)>& rate) {
  Expr last = log1p(4.0 * w), way = log1p(4.0 * u) - last;
  Expr steps = floor(5.0 * (way.shape().empty() ? way : max_of(way))) + 1.0, step = (1.0 / steps) * way;
  // One stage of a step after another, so that the rate is compiled once. c: how many are left, the change up to this
  // step, the slope at the stage before, and the sum of those so far.
  return loop_while(
      {4.0 * steps, splat(0, shape), splat(0, shape), splat(0, shape)},
      [&](const std::vector<Expr>& c) { return c[0] > 0.5; },
      [&](const Expr&, const std::vector<Expr>& c) {
        Expr stage = (0 - to_int(c[0])) & 3, first = equal(stage, 0), final = equal(stage, 3);
        Expr place = select(first, 0.0, select(final, 1.0, constant(0.5)));
        Expr weight = select(first || final, 1.0 / 6, constant(1.0 / 3)), left = floor(fma(c[0], 0.25, 0.75)) - place;
        Expr v = max(0.25 * expm1(fma(left, step, last)), 1e-30);
        Expr slope = (v + 0.25) * rate(v, c[1] - place * step * c[2]), total = c[3] + weight * slope;
        return std::vector<Expr>{c[0] - 1.0, c[1] - select(final, step * total, 0.0), slope, select(final, 0.0, total)};
      })[1];
}

}  // namespace

Expr open(Expr r, Expr u, Expr w, const std::function<Expr(Expr r, Expr v)>& added) {
  Expr scaled = r / sqrt(max(u, 1e-30));
  auto grown = [&](const Expr& v, const Expr& change) { return scaled * sqrt(v) * exp(change); };
  auto rate = [&](const Expr& v, const Expr& change) { return 0.5 * added(grown(v, change), v); };
  return grown(w, integrated(u, w, r.shape(), rate));
}

Expr closed(Expr r, Expr u, Expr w, const std::function<Expr(Expr r, Expr rest, Expr v)>& pull) {
  Expr tangent = sin(0.5 * r) / max(cos(0.5 * r), 1e-9), scaled = tangent / sqrt(max(u, 1e-30));
  auto grown = [&](const Expr& v, const Expr& change) { return scaled * sqrt(v) * exp(change); };
  auto rate = [&](const Expr& v, const Expr& change) {
    // Beside the ends, where the rate is even and would lose its digits, it is taken a little way off.
    Expr z = max(min(grown(v, change), 250.0), 0.004), sine = 2.0 * z / (1.0 + z * z);
    return 0.5 * (pull(2.0 * atan2(z, 1.0), 2.0 * atan2(1.0, z), v) / sine - 1.0 / v);
  };
  return 2.0 * atan2(grown(w, integrated(u, w, r.shape(), rate)), 1.0);
}

}  // namespace catenary::radial_flow
