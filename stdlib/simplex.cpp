// The probability simplex, by square roots on the sphere.
#include <catenary/stdlib/simplex.h>

#include <fmt/format.h>

#include <catenary/stdlib/guards.h>

namespace catenary {

namespace {

constexpr double smallest = 0x1p-80;

ManifoldShape orthant(int k) {
  if (k < 2) throw Error(fmt::format("space 'simplex' needs 2 or more categories; found {}", k));
  return {.point = {k}, .dimension = k - 1, .boundary = true};
}

Expr root(const Expr& p) { return sqrt(max(p, smallest)); }

// The way from u to w on the unit sphere: their chord, and the angle between them.
struct Way {
  Way(const Expr& p, const Expr& q)
      // p and q are exact, and so is the difference of near ones.
      : u(root(p)),
        chord((max(q, smallest) - max(p, smallest)) / (u + root(q))),
        half(0.5 * norm(chord)),
        angle(2.0 * asin(min(half, 1.0))),
        stretch(ratio(angle, sin(angle), 1)),
        // w - cos(angle) u, with 1 - cos(angle) = |w - u|^2 / 2.
        turn(chord + 2.0 * square(half) * u) {}
  Expr u, chord, half, angle;
  Expr stretch, turn;  // Their product leads from u to w.
};

}  // namespace

Simplex::Simplex(int categories) : Manifold("simplex", orthant(categories)) {}

Expr Simplex::project(Expr p) const {
  Expr top = max_of(p);
  Expr some = max(select(top > 0.0, p / max(top, 1e-37), select(equal(p, top), 1.0, 0.0)), smallest);
  return some / sum(some);
}

Expr Simplex::tangent(Expr p, Expr v) const { return v - sum(v) * p; }

Expr Simplex::exp(Expr p, Expr v) const {
  // An angle that float32 holds.
  Expr u = root(p), way = shortened(0.5 * (shortened(v, 1e12) / u), 1e6), angle = norm(way);
  return square(cos(angle) * u + sinc(angle) * way);
}

Expr Simplex::log(Expr p, Expr q) const {
  Way way(p, q);
  return 2.0 * way.stretch * way.u * way.turn;
}

Expr Simplex::score(Expr p, Expr q, Expr v) const {
  Way way(p, q);
  Expr w = root(q), missing = w * (2.0 / (1.0 + catenary::exp(8.0 * way.stretch * (way.u * w / v))));
  Expr turn = way.turn - (missing - dot(way.u, missing) * way.u);
  double a = 0.5 * (dimension() - 1);
  Expr curved = 1.0 + a / 4 * v * (1.0 / 3 + square(way.angle) / 45.0);
  return 2.0 * (way.stretch / (curved * v)) * way.u * turn;
}

Expr Simplex::inner(Expr p, Expr u, Expr v) const {
  Expr r = root(p);
  return dot(u / r, v / r);
}

Expr Simplex::distance(Expr p, Expr q) const { return 2.0 * Way(p, q).angle; }

Expr Simplex::gradient(Expr p, Expr derivatives) const { return p * (derivatives - dot(p, derivatives)); }

Expr Simplex::tangent_normal(Expr p) const {
  Expr u = root(p), z = normal(point());
  return u * (z - dot(u, z) * u);
}

Expr Simplex::uniform_point() const {
  Expr z = square(normal(point()));
  return z / max(sum(z), 1e-30);
}

}  // namespace catenary
