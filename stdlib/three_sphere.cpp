// Images and waves of the 3-sphere's heat kernel, and draws by rejection.
#include <catenary/stdlib/three_sphere.h>

#include <cmath>
#include <numbers>

#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rejection.h>

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
  Expr r = norm(tangent);
  return quaternion::from_parts(cos(r), sinc(r) * tangent);
}

// Increments of variance v: a normal tangent vector, or a uniform point, and how they are accepted.
Proposal propose_normal(const Expr& v, const Expr& z) {
  Expr tangent = sqrt(v) * z, r = norm(tangent);
  return {{tangent}, select(r < pi, sinc(r) * (1.0 - images(r, v)), 0.0)};
}
Proposal propose_uniform(const Expr& v, const Expr& z) {
  Expr point = z / norm(z);
  return {{point}, waves(index(point, 0), v) / highest_wave(v)};
}

Expr identity() { return constant({1, 0, 0, 0}, {4}); }

/// Where b lies, seen from a.
struct Relative {
  Expr direction, angle, rest;
};
Relative relative(const Expr& a, const Expr& b) {
  Expr cosine = dot(a, b);
  // What is left of b beside a, or beside -a, has all its digits.
  Expr near = select(cosine < 0.0, b + a, b - a);
  Expr across = slice(quaternion::multiply(quaternion::conjugate(a), near), 1, 3), sine = norm(across);
  // To the antipode every direction is as good.
  Expr direction = until_accepted(sine < 1e-30 && cosine < 0.0, {across / max(sine, 1e-30)}, [] {
    Expr z = normal({3});
    return Proposal{{z / norm(z)}, constant(1)};
  })[0];
  return {direction, atan2(sine, cosine), atan2(sine, -cosine)};
}

/// A bridge from the identity: `first` <= `second`, their sum, and the deviation of the bridge in R^3.
struct Between {
  Relative end;
  Expr first, second, total = first + second, deviation = sqrt(first * (second / total));
};

/// A point of the bridge in R^3, along the way to the end and across it.
struct Flat {
  Expr along, across, length;
};
Flat draw_flat(const Between& b) {
  Expr z = normal({3}), beside = dot(z, b.end.direction);
  Expr along = b.first / b.total * b.end.angle + b.deviation * beside;
  Expr across = b.deviation * (z - beside * b.end.direction);
  return {along, across, sqrt(square(along) + dot(across, across))};
}

Expr placed(const Expr& distance, const Expr& along, const Expr& direction, const Expr& across) {
  return quaternion::from_parts(cos(distance), along * direction + across);
}

// Accepted by the images at both ends.
Proposal propose_by_images(const Between& b) {
  Flat y = draw_flat(b);
  Expr phi = sqrt(square(y.along - b.end.angle) + dot(y.across, y.across));
  Expr chance = (1.0 - images(y.length, b.first)) * (1.0 - images(phi, b.second));
  return {{y.along, y.across}, select(y.length + phi > 2 * pi - b.end.angle, 0.0, chance)};
}

// The point whose distances to both ends, D apart, are those of a point in R^3: theta from the start and phi from the
// end, with cos phi = cos theta cos D + sin theta sin D cos alpha. In half angles, and by Heron's formula across, both
// over what they are in R^3, so that nothing cancels when D is small.
Expr placed_as_in_flat_space(const Between& b, const Expr& y_along, const Expr& y_across) {
  const Expr& way = b.end.angle;
  Expr beside = dot(y_across, y_across), theta = sqrt(square(y_along) + beside),
       phi = sqrt(square(y_along - way) + beside);
  Expr half = 0.5 * way, mean = 0.5 * (theta + phi), middle = mean + half;
  Expr along =
      (sinc(mean) * (sinc(0.5 * (theta - phi)) / sinc(half)) * (y_along - half) + cos(theta) * sin(half)) / cos(half);
  // sinc is 1 below 1e-4.
  Expr sines = constant(1), sides = constant(1);
  for (const Expr& part : {middle, middle - way, middle - theta, middle - phi}) {
    Expr side = max(part, 1e-4);
    sines = sines * sin(side);
    sides = sides * side;
  }
  Expr across = sqrt(max(sines / sides, 0.0)) / sinc(way);
  return placed(theta, along, b.end.direction, across * y_across);
}

// For ends more than 2 apart. The triangle's end is the antipode of the bridge's, `rest` away, and its third side pi -
// phi; phi is drawn between |D - theta| and the least of D + theta and 2 pi - D - theta.
Proposal propose_near_antipode(const Between& b) {
  Flat y = draw_flat(b);
  const Expr &way = b.end.angle, &theta = y.length, &v = b.second;
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
  return {{placed(theta, -along, b.end.direction, sqrt(max(heron, 0.0)) / sinc(rest) * across)}, chance};
}

}  // namespace

LogKernel log_kernel(Expr angle, Expr rest, Expr v) {
  // Each series is kept to its own variances, so that the one not taken is finite, and so is its gradient.
  Expr small = max(min(v, images_end), 1e-30), large = max(v, images_end), narrow = v < images_end;
  Expr near = log1p(-images(min(angle, pi / 2), small)), far = log(near_antipode(min(rest, pi / 2), small));
  Expr by_images =
      select(angle < rest, near, far) - log(sinc(min(angle, rest))) - 1.5 * log(2 * pi * small) + 0.5 * small;
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

Expr bridge(Expr x0, Expr xt, Expr first, Expr second) {
  // From the end that is nearer in time.
  Expr back = first > second, start = select(back, xt, x0), end = select(back, x0, xt);
  Between b{relative(start, end), min(first, second), max(first, second)};
  Expr mixed = b.second >= images_end, far = b.end.angle > 2.0;

  std::vector<Expr> flat =
      until_accepted(!mixed && !far, {constant(0), splat(0, {3})}, [&] { return propose_by_images(b); });
  Expr between = until_accepted(!mixed && far, {placed_as_in_flat_space(b, flat[0], flat[1])},
                                [&] { return propose_near_antipode(b); })[0];
  Expr target = quaternion::from_parts(cos(b.end.angle), sin(b.end.angle) * b.end.direction),
       peak = highest_wave(b.second);
  between = until_accepted(mixed, {between}, [&] {
    Expr z = normal({4}), narrow = b.first < normal_proposals_end;
    Proposal by_normal = propose_normal(b.first, slice(z, 1, 3)), by_uniform = propose_uniform(b.first, z);
    Expr point = select(narrow, reached(by_normal.values[0]), by_uniform.values[0]);
    Expr chance = select(narrow, by_normal.chance, by_uniform.chance);
    return Proposal{{point}, chance * (waves(dot(point, target), b.second) / peak)};
  })[0];
  Expr x = quaternion::multiply(start, between);
  return x / norm(x);
}

}  // namespace catenary::three_sphere
