// Hyperbolic space: polar coordinates about the origin, in which nothing cancels.
#include <catenary/stdlib/hyperbolic.h>

#include <cmath>
#include <limits>
#include <numbers>

#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/guards.h>
#include <catenary/stdlib/radial_flow.h>

namespace catenary {

namespace {

// The radius at which points end: three times as far e^r is still a float. No way between two points is longer than
// twice that, and after a larger variance all points are there.
constexpr double end = 28, largest_variance = 1e6;

ManifoldShape hyperboloid(int n) {
  if (n < 2) throw Error(fmt::format("space 'hyperbolic' needs a dimension of 2 or more; found {}", n));
  return {.point = {n + 1}, .dimension = n, .injectivity_radius = std::numeric_limits<double>::infinity()};
}

Expr space_part(const Expr& x) { return slice(x, 1, x.shape()[0] - 1); }
Expr with_time(const Expr& time, const Expr& x) { return concat({reshape(time, {1}), x}); }
Expr point_over(const Expr& x) {
  Expr inside = shortened(x, std::sinh(end));
  return with_time(sqrt(1.0 + dot(inside, inside)), inside);
}

// x as a point at the hyperbolic sine `length` from the origin, its hyperbolic cosine `time`, in the direction `axis`:
// 0 where space is flat.
struct Polar {
  explicit Polar(const Expr& point)
      : x(space_part(point)),
        square(dot(x, x)),
        length(sqrt(square)),
        time(sqrt(1.0 + square)),
        flat(square < 1e-30),
        axis(select(flat, 0.0, x / select(flat, 1.0, length))) {}
  Expr x, square, length, time;
  Expr flat;  // Whether x is so close to the origin that space is flat there.
  Expr axis;
};

// A vector as its part along a unit axis, and the rest.
struct Parts {
  Parts(const Expr& v, const Expr& axis) : along(dot(axis, v)), across(v - along * axis) {}
  Expr along, across;
};

// The carried frame: v along the axis is 1 / time as long as its space coordinates.
Expr to_frame(const Polar& x, const Expr& v) {
  // Far out v is long and almost along the axis: what rounding has left of that in the rest is taken off again.
  Parts parts(v, x.axis);
  return Parts(parts.across, x.axis).across + (parts.along / x.time) * x.axis;
}
Expr from_frame(const Polar& x, const Expr& v) {
  Expr time = dot(x.x, v);
  return with_time(time, v + (time / (1.0 + x.time)) * x.x);
}

// What curvature adds to 1 / v: see Hyperbolic::score.
Expr added_pull(double n, const Expr& r, const Expr& v) {
  double a = (n - 1) / 2, b = a * (a - 1) / 2;
  Expr k = ratio(langevin(r), r, 1.0 / 3);
  if (b == 0) return a * k;
  // With 1 / k = 3 + r^2 h the slope of k is r k (h - k).
  Expr h = select(r < 0.3, 0.2 - r * r / 175.0, (1.0 / k - 3.0) / square(max(r, 0.3)));
  return a * k - b * k * (h - k) / (1.0 / v + k);
}

}  // namespace

Hyperbolic::Hyperbolic(int dimension) : Manifold("hyperbolic", hyperboloid(dimension)) {}

std::optional<Expr> Hyperbolic::origin() const {
  std::vector<double> at(size_t(dimension()) + 1);
  at[0] = 1;
  return constant(at, point());
}

Expr Hyperbolic::project(Expr x) const { return point_over(space_part(x)); }

Expr Hyperbolic::tangent(Expr x, Expr v) const {
  Polar from(x);
  Expr along = space_part(v);
  return with_time(dot(from.x / from.time, along), along);
}

Expr Hyperbolic::inner(Expr x, Expr u, Expr v) const {
  Polar from(x);
  return dot(to_frame(from, space_part(u)), to_frame(from, space_part(v)));
}

Expr Hyperbolic::gradient(Expr x, Expr derivatives) const {
  Polar from(x);
  // Moving by v in space moves the time by <x, v> / x_0; the inverse of the metric is I + x x^T.
  Expr by_space = space_part(derivatives) + index(derivatives, 0) * (from.x / from.time);
  return tangent(x, with_time(constant(0), by_space + dot(from.x, by_space) * from.x));
}

Expr Hyperbolic::tangent_normal(Expr x) const { return from_frame(Polar(x), normal({dimension()})); }

Expr Hyperbolic::exp(Expr x, Expr v) const {
  // Vectors of this length in space lead to the end from everywhere.
  return exp_in_frame(x, to_frame(Polar(x), shortened(space_part(v), 1e15)));
}

Expr Hyperbolic::exp_in_frame(Expr x, Expr v) const {
  Polar from(x);
  Expr way = shortened(v, 2 * end), r = norm(way);
  Parts unit(ratio(constant(1), r, 0) * way, from.axis);
  Expr half = sinh(0.5 * r), sine = 2.0 * half * sqrt(1.0 + half * half), less_1 = 2.0 * half * half;
  // Along the axis y is cosh r sinh a + cos sinh r cosh a, a the radius of x. On a long way in that cancels, and is
  // sinh(a - r) + (1 + cos) sinh r cosh a, with 1 + cos from the sine and a - r from e^a and e^r.
  Expr outwards = unit.along >= 0.0 || r < 1.0, ahead = max(-unit.along, 0.0);
  Expr out = sine * from.time * unit.along + less_1 * from.length;
  Expr quotient = (from.length + from.time) / (1.0 + less_1 + sine);
  Expr in = (0.5 * (quotient - 1.0 / quotient) - from.length) +
            sine * from.time * (dot(unit.across, unit.across) / (1.0 + ahead));
  return point_over(from.x + select(outwards, out, in) * from.axis + sine * unit.across);
}

// y from x, as coordinates in the frame of x of length sinh of their distance.
Expr Hyperbolic::seen_from(Expr x, Expr y) const {
  Polar from(x), to(y);
  Expr difference = to.x - from.x;
  // The part of y across the axis, from the shorter of the two.
  Expr shorter = from.flat || dot(difference, difference) < to.square;
  Parts way(select(shorter, difference, to.x), from.axis);
  // Along the axis cosh a sinh b cos - sinh a cosh b. On the same side that is sinh(b - a) - cosh a sinh b (1 - cos).
  Expr y_along = dot(from.axis, to.x), scale = max(to.length * from.time + to.time * from.length, 1e-30);
  Expr lag = dot(way.across, way.across) / max(to.length + y_along, 1e-30);
  Expr same_side = dot(difference, (from.x + to.x) / scale) - from.time * lag;
  Expr other_side = y_along * from.time - to.time * from.length;
  return way.across + select(y_along > 0.0, same_side, other_side) * from.axis;
}

Expr Hyperbolic::distance(Expr x, Expr y) const {
  Expr seen = seen_from(x, y), scale = max(max_of(abs(seen)), 1.0);
  return asinh(scale * norm(seen / scale));
}

Expr Hyperbolic::log_in_frame(Expr x, Expr y) const {
  Expr seen = seen_from(x, y), scale = max(max_of(abs(seen)), 1.0), sine = scale * norm(seen / scale);
  return ratio(asinh(sine), sine, 1) * seen;
}

Expr Hyperbolic::log(Expr x, Expr y) const { return from_frame(Polar(x), log_in_frame(x, y)); }

Expr Hyperbolic::score(Expr x, Expr y, Expr v) const {
  Expr way = log(x, y);
  return way / v + added_pull(dimension(), distance(x, y), v) * way;
}

Expr Hyperbolic::flow(Expr x, Expr y, Expr u, Expr w) const {
  Expr way = log_in_frame(y, x), r = norm(way);
  auto added = [&](const Expr& r, const Expr& v) { return added_pull(dimension(), r, v); };
  return exp_in_frame(y, ratio(radial_flow::open(r, std::move(u), std::move(w), added), r, 0) * way);
}

HyperbolicBrownian::HyperbolicBrownian(Hyperbolic space, double rate)
    : HeatFlow(std::move(space), "Brownian motion on space 'hyperbolic'", rate) {
  if (int n = hyperbolic().dimension(); n != 3)
    throw Error(fmt::format(
        "no exact Brownian motion is known on space 'hyperbolic' of dimension {}, only on that of dimension 3; use "
        "GeodesicWalk(space, {{.rate, .steps}}), the named approximation",
        n));
}

HyperbolicBrownian Brownian(Hyperbolic space, double rate) { return {std::move(space), rate}; }

Expr HyperbolicBrownian::prior(Expr horizon) const { return forward(*hyperbolic().origin(), std::move(horizon)); }

Expr HyperbolicBrownian::forward(Expr x0, Expr t) const {
  Expr v = min(rate_ * t, largest_variance), axis = normal({3});
  return hyperbolic().exp_in_frame(x0, v / max(norm(axis), 1e-30) * axis + sqrt(v) * normal({3}));
}

Expr HyperbolicBrownian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  // From the nearer end in time: errors grow with the way.
  Expr share = s / t, early = share <= 0.5;
  Expr from = select(early, x0, xt), to = select(early, xt, x0);
  share = select(early, share, (t - s) / t);
  Expr axis = hyperbolic().log_in_frame(from, to), d = norm(axis);
  axis = ratio(constant(1), d, 0) * axis;
  // The bridge of R^3: theta away from one end, phi from the other.
  Expr deviation = sqrt(min(s / t * (rate_ * (t - s)), largest_variance));
  Parts y(share * d * axis + deviation * normal({3}), axis);
  Expr across = dot(y.across, y.across), theta = sqrt(square(y.along) + across), rest = d - y.along,
       phi = sqrt(square(rest) + across);
  // At the first end the angle A of the hyperbolic triangle has tan^2 (A/2) = sinh(p/2) sinh(q/2) / (sinh(P/2)
  // sinh(Q/2)), with p, q, P, Q the sums below; that of the flat triangle has p q / (P Q). Their quotient, by sinh(z/2)
  // = e^{z/2} (1 - e^{-z}) / 2 and p + q - P = -Q:
  auto decay = [](Expr z) { return ratio(-expm1(-z), z, 1); };
  Expr sum = theta + phi + d, excess = max(theta + phi - d, 0.0), lead = max(phi + d - theta, 0.0),
       opposite = max(theta + d - phi, 0.0);
  Expr bend = decay(excess) * decay(lead) / decay(sum) * ratio(opposite, expm1(opposite), 1);
  // Flat: tan (A/2) = sin A / (1 + cos A), either side of a right angle with a sum instead of a difference.
  Expr per_theta = ratio(constant(1), theta, 0), cosine = per_theta * y.along, sine = norm(per_theta * y.across),
       sine_square = square(sine);
  Expr ahead = cosine >= 0.0, wide = 1.0 + abs(cosine), wide_square = square(wide);
  Expr near = select(ahead, wide_square, sine_square), far = bend * select(ahead, sine_square, wide_square);
  Expr total = near + far;
  return hyperbolic().exp_in_frame(
      from, theta * ((near - far) / total) * axis + (2.0 * sqrt(bend) * wide / total) * y.across);
}

std::optional<Expr> HyperbolicBrownian::log_density(Expr x0, Expr xt, Expr t) const {
  Expr v = rate_ * t, r = hyperbolic().distance(x0, xt);
  Expr log_sinhc = r + log(ratio(-expm1(-2.0 * r), 2.0 * r, 1));
  return -1.5 * (log(v) + std::log(2 * std::numbers::pi)) - 0.5 * v - 0.5 * square(r / sqrt(v)) - log_sinhc;
}

}  // namespace catenary
