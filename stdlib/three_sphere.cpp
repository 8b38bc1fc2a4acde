// Images and waves of the 3-sphere's heat kernel, and draws by rejection.
#include <catenary/stdlib/three_sphere.h>

#include <cmath>
#include <functional>
#include <numbers>

#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rejection.h>
#include <catenary/stdlib/spherical_triangle.h>

namespace catenary::three_sphere {

namespace {

constexpr double pi = std::numbers::pi;
// Up to this variance a normal tangent vector is accepted more often than a uniform point.
constexpr double normal_proposals_end = 1.2;

// 1 - S_v(r) / (r exp(-r^2 / 2v)): the images of one turn, for v < 1.2. They are even in r and all but constant near 0.
Expr images(const Expr& r, const Expr& v) {
  Expr away = max(r, 0.1), scale = 2 * pi / v;
  auto image = [&](const Expr& distance) { return distance * exp(-scale * (distance - pi)); };
  return (image(2 * pi - away) - image(2 * pi + away)) / away;
}

// Whether images may be more than 2^-25 of the whole, at the distance of this square: elsewhere they are not computed.
Expr images_in_sight(const Expr& square, const Expr& v) {
  Expr nearest = max(pi - 22 / (2 * pi) * v, 0.0);
  return square >= nearest * nearest;
}

// The same S_v(r) / exp(-r^2 / 2v), near the antipode, rest = pi - r: relative to `rest`, with all digits.
Expr near_antipode(const Expr& rest, const Expr& v) {
  Expr scale = 2 * pi / v, u = scale * rest;
  Expr share = select(u < 1e-3, 1.0 - 0.5 * u, -expm1(-u) / max(u, 1e-3));  // (1 - e^{-u}) / u
  return scale * (pi + rest) * share - 2.0;
}

// The kernel over its mean, 1 / (2 pi^2), by characters, for v >= 0.8: sum of n exp(-(n^2 - 1) v / 2) sin(n r) / sin r.
constexpr int characters = 7;
Expr weight(int n, const Expr& v) { return double(n) * exp(-0.5 * double(n * n - 1) * v); }
Expr waves(const Expr& cosine, const Expr& v) {
  // Clenshaw's recurrence for Chebyshev polynomials of the second kind.
  Expr twice = 2.0 * cosine, last = constant(0), sum = weight(characters, v);
  for (int n = characters - 1; n >= 1; --n) {
    Expr next = weight(n, v) + twice * sum - last;
    last = sum;
    sum = next;
  }
  return sum;
}
Expr highest_wave(const Expr& v) {
  Expr sum = weight(characters, v) * double(characters);
  for (int n = characters - 1; n >= 1; --n) sum = sum + double(n) * weight(n, v);
  return sum;
}

// A point at the end of this tangent vector at the identity.
Expr reached(const Expr& tangent) {
  Expr square = dot(tangent, tangent);
  return quaternion::from_parts(cos_of_root(square), sinc_of_root(square) * tangent);
}

// Increments of variance v: a normal tangent vector, or a uniform point, and how they are accepted.
Proposal propose_normal(const Expr& v, const Expr& z) {
  Expr tangent = sqrt(v) * z, square = dot(tangent, tangent);
  Expr others =
      where_asked(images_in_sight(square, v), {constant(0)}, [&] { return std::vector{images(sqrt(square), v)}; })[0];
  return {{tangent}, select(square < pi * pi, sinc_of_root(square) * (1.0 - others), 0.0)};
}
Proposal propose_uniform(const Expr& v, const Expr& z) {
  Expr point = z / norm(z);
  return {{point}, waves(index(point, 0), v) / highest_wave(v)};
}

Expr identity() { return constant({1, 0, 0, 0}, {4}); }

// A direction where there is none.
Relative with_direction(const Relative& end) {
  Expr direction = where_asked(end.angle > 1.0 && end.rest < 1e-30, {end.direction}, [] {
    Expr z = normal({3});
    return std::vector{z / norm(z)};
  })[0];
  return {direction, end.angle, end.rest};
}

/// A bridge from the identity: `first` <= `second`, their sum, and the deviation of the bridge in R^3.
struct Between {
  Relative end;
  Expr first, second, total = first + second, deviation = sqrt(first * (second / total));
};

FlatBridge draw_flat(const Between& b) {
  return flat_bridge(normal({3}), b.end.direction, b.end.angle, b.first / b.total, b.deviation);
}

Expr placed(const Expr& cosine, const Expr& along, const Expr& direction, const Expr& across) {
  return quaternion::from_parts(cosine, along * direction + across);
}

// Whether any image at the ends counts, or the point is on no triangle of the sphere's.
Expr doubted(const Between& b, const FlatBridge& y) {
  Expr images = images_in_sight(square(y.theta), b.first) || images_in_sight(square(y.phi), b.second);
  return images || y.theta + y.phi > 2 * pi - b.end.angle;
}

// Accepted by the images at both ends, where `asked`. Most points are so far from any image that nothing is drawn for
// it.
FlatBridge draw_by_images(const Between& b, const Expr& asked) {
  FlatBridge first = draw_flat(b);
  std::vector<Expr> c = loop_while(
      {to_float(asked && doubted(b, first)), first.along, first.across, first.theta, first.phi},
      [](const std::vector<Expr>& c) { return c[0] > 0.5; },
      [&](const Expr& trip, const std::vector<Expr>& c) {
        FlatBridge again = draw_flat(b);
        auto now = [&](const Expr& was, const Expr& next) { return select(to_float(trip) < 0.5, was, next); };
        FlatBridge y{now(c[1], again.along), now(c[2], again.across), now(c[3], again.theta), now(c[4], again.phi)};
        Expr chance = (1.0 - images(y.theta, b.first)) * (1.0 - images(y.phi, b.second));
        Expr accepted = y.theta + y.phi <= 2 * pi - b.end.angle && uniform() < chance;
        return std::vector<Expr>{select(accepted, 0.0, 1.0), y.along, y.across, y.theta, y.phi};
      });
  return {c[1], c[2], c[3], c[4]};
}

Expr placed_as_in_flat_space(const Between& b, const FlatBridge& y) {
  OnSphere point = on_sphere(y, b.end.angle);
  return placed(point.cosine, point.along, b.end.direction, point.across);
}

// For ends more than 2 apart. The triangle's end is the antipode of the bridge's, `rest` away, and its third side pi -
// phi; phi is drawn between |D - theta| and the least of D + theta and 2 pi - D - theta.
Proposal propose_near_antipode(const Between& b) {
  FlatBridge y = draw_flat(b);
  const Expr &way = b.end.angle, &theta = y.theta, &v = b.second;
  Expr rest = max(b.end.rest, 1e-5 * v);  // At the antipode itself, the limit.
  Expr least = abs(way - theta), before = theta < way;
  Expr span = way * theta, cut = rest * (pi - theta);  // A quarter of the range of phi^2, whole and as cut.
  Expr range = expm1(-2.0 * min(span, cut) / v), drawn = -2.0 * v * log1p(uniform() * range);
  Expr phi = sqrt(square(least) + drawn), beyond = drawn / max(phi + least, 1e-30);  // phi - least
  Expr side = select(before, rest + theta, pi - least) - beyond;                     // pi - phi

  // S_v(phi) / phi-law, over its largest value.
  auto image_factor = [&](const Expr& rest) {
    return select(rest < 2.0, rest * near_antipode(rest, v) / max(pi - rest, 1.0), 1.0);
  };
  Expr share = select(span <= cut, 1.0, range / expm1(-2.0 * span / v));
  Expr chance =
      select(theta < pi, (1.0 - images(theta, b.first)) * share * (image_factor(side) / image_factor(2.0 * rest)), 0.0);

  // (theta - side) / rest = p - 1.
  Expr p = select(before, beyond, beyond + 2.0 * (theta - way)) / rest, half = 0.5 * rest;
  Expr along =
      (sin(0.5 * (theta + side)) * (sinc(half * (p - 1.0)) / sinc(half)) * (p - 1.0) + cos(theta) * sin(half)) /
      cos(half);
  Expr heron = sin(0.5 * (theta + side) + half) * sin(min(theta, way) - 0.5 * beyond) * sinc(half * p) *
               sinc(half * (2.0 - p)) * p * (2.0 - p);
  Expr across = y.across / max(norm(y.across), 1e-30);
  return {{placed(cos(theta), -along, b.end.direction, sqrt(max(heron, 0.0)) / sinc(rest) * across)}, chance};
}

}  // namespace

LogKernel log_kernel(Expr angle, Expr rest, Expr v) {
  // Each series is kept to its own variances, so that the one not taken is finite, and so is its gradient.
  Expr small = max(min(v, images_end), 1e-30), large = max(v, images_end), narrow = v < images_end;
  constexpr double within = 1.6;  // Beyond a quarter turn, where each has its slope still.
  Expr near = log1p(-images(min(angle, within), small)), far = log(near_antipode(min(rest, within), small));
  Expr first = angle < rest;  // One choice for all, or slopes at a quarter turn would be of two.
  Expr by_images = select(first, near, far) - log(sinc_within_pi(select(first, angle, rest))) -
                   1.5 * log(2 * pi * small) + 0.5 * small;
  Expr by_waves = log(waves(cos(angle), large)) - std::log(2 * pi * pi);
  return {select(narrow, -0.5 * square(angle / sqrt(small)), 0.0), select(narrow, by_images, by_waves)};
}

Expr odds_of_antipode(Expr angle, Expr v) {
  Expr small = max(min(v, images_end), 1e-30), large = max(v, images_end), cosine = cos(angle);
  // (pi - angle)^2 - angle^2 = pi (pi - 2 angle).
  Expr by_images =
      exp(-pi / 2 * (pi - 2.0 * angle) / small) * near_antipode(angle, small) / (1.0 - images(angle, small));
  return select(v < images_end, by_images, waves(-cosine, large) / waves(cosine, large));
}

Expr increment(Expr v) {
  // Two loops, of which most calls enter one.
  Expr narrow = v < normal_proposals_end;
  Expr tangent = until_accepted(narrow, {splat(0, {3})}, [&] { return propose_normal(v, normal({3})); })[0];
  Expr point = until_accepted(!narrow, {identity()}, [&] { return propose_uniform(v, normal({4})); })[0];
  return select(narrow, reached(tangent), point);
}

namespace {

// The bridge from the identity.
Expr draw_between(const Between& b) {
  Expr mixed = b.second >= images_end, far = b.end.angle > 2.0;
  Expr between = until_accepted(!mixed && far, {placed_as_in_flat_space(b, draw_by_images(b, !mixed && !far))},
                                [&] { return propose_near_antipode(b); })[0];
  Expr target = quaternion::from_parts(cos(b.end.angle), sin(b.end.angle) * b.end.direction),
       peak = highest_wave(b.second);
  return until_accepted(mixed, {between}, [&] {
    Expr z = normal({4}), narrow = b.first < normal_proposals_end;
    Proposal by_normal = propose_normal(b.first, slice(z, 1, 3)), by_uniform = propose_uniform(b.first, z);
    Expr point = select(narrow, reached(by_normal.values[0]), by_uniform.values[0]);
    Expr chance = select(narrow, by_normal.chance, by_uniform.chance);
    return Proposal{{point}, chance * (waves(dot(point, target), b.second) / peak)};
  })[0];
}

// From the end that is nearer in time; `turn` makes the other what it is, seen from there.
Expr bridge_from_nearer(const Expr& x0, const Expr& xt, const Expr& first, const Expr& second,
                        const std::function<Relative(const Relative&)>& turn) {
  Expr back = first > second, start = select(back, xt, x0), end = select(back, x0, xt);
  Relative there = with_direction(turn(relative(start, end)));
  Expr x = quaternion::multiply(start, draw_between({there, min(first, second), max(first, second)}));
  return (1.0 / norm(x)) * x;
}

}  // namespace

Relative relative(Expr a, Expr b) {
  Expr cosine = dot(a, b), behind = cosine < 0.0;
  // What is left of b beside a, or beside -a, has all its digits.
  Expr near = select(behind, b + a, b - a);
  Expr across = slice(quaternion::multiply(quaternion::conjugate(a), near), 1, 3), sine = norm(across);
  Expr less = atan2(sine, abs(cosine)), more = pi - less;
  return {(1.0 / max(sine, 1e-30)) * across, select(behind, more, less), select(behind, less, more)};
}

Expr bridge(Expr x0, Expr xt, Expr first, Expr second) {
  return bridge_from_nearer(x0, xt, first, second, [](const Relative& end) { return end; });
}

namespace {

// Whether of two antipodes, one `angle` away, at most pi / 2, the other is chosen: by odds_of_antipode, as two weights.
// Rarely at small variances, where nothing is drawn: odds below 2^-33 are left out.
Expr draw_antipode(const Expr& angle, const Expr& v) {
  Expr slope = 0.5 * pi / v, fall = slope * (pi - 2.0 * angle);
  return where_asked(fall < 23.0 + log(1.0 + 30.0 / v), {constant(0)}, [&] {
           auto others = [&] { return std::vector{images(angle, v)}; };  // Below 1e-10 for v < 0.4.
           Expr near = max(angle, 1e-10), images = where_asked(v > 0.4, {constant(0)}, others)[0];
           // Both times the angle.
           Expr beyond = -exp(-fall) * ((pi + near) * expm1(-4.0 * slope * near) + 2.0 * near);
           std::vector<Expr> weights = where_asked(v >= images_end, {near * (1.0 - images), beyond}, [&] {
             Expr cosine = cos(angle);
             return std::vector{waves(cosine, v), waves(-cosine, v)};
           });
           Expr level = (weights[0] + weights[1]) * (0x1p-31 * (to_float(bits() >> 1) + 0.5));
           return std::vector{to_float(level < weights[1])};
         })[0] > 0.5;
}

}  // namespace

Expr bridge_to_either(Expr x0, Expr xt, Expr first, Expr second) {
  return bridge_from_nearer(x0, xt, first, second, [&](const Relative& end) {
    Expr less = min(end.angle, end.rest), more = max(end.angle, end.rest);
    Expr far = draw_antipode(less, max(first + second, 1e-30)), behind = end.angle > end.rest;
    Expr sign = select(far, select(behind, 1.0, constant(-1)), select(behind, -1.0, constant(1)));
    return Relative{sign * end.direction, select(far, more, less), select(far, less, more)};
  });
}

}  // namespace catenary::three_sphere
