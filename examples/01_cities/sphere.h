// The sphere, declared here and nowhere in the library, and the joint process of the cities on it.
#pragma once

#include <numbers>

#include <catenary/dsl/joint.h>
#include <catenary/stdlib/stdlib.h>

namespace cities {

using catenary::Expr;

/// Unit vectors of R^3.
struct Sphere2 final : catenary::Manifold {
  Sphere2() : Manifold("sphere", {.point = {3}, .dimension = 2, .injectivity_radius = std::numbers::pi}) {}

  Expr project(Expr x) const override { return x / norm(x); }
  Expr tangent(Expr x, Expr v) const override { return v - dot(x, v) * x; }
  Expr uniform_point() const override { return project(catenary::normal({3})); }

  Expr exp(Expr x, Expr v) const override {
    Expr r = norm(v);
    return cos(r) * x + sinc(r) * v;
  }

  Expr log(Expr x, Expr y) const override {
    Aim aim(*this, x, y);
    return aim.angle * aim.direction;
  }

  /// The heat kernel is sum_l (2l + 1) e^{-l(l+1)v/2} P_l(cos theta) / 4 pi. Thirteen terms hold to float's accuracy
  /// for v >= 0.4. Below, the kernel is near sqrt(theta / sin theta) e^{-theta^2 / 2v}; its gradient is within 0.3 %
  /// for the angles that a path of variance v comes to (theta < 3 sqrt(v)).
  Expr score(Expr x, Expr y, Expr v) const override {
    return select(v < 0.4, short_score(x, y, v), long_score(x, y, v));
  }

 private:
  /// The way from x to y. The difference to y or to its antipode, whichever is nearer, loses no digits, and the
  /// tangents of both are one.
  struct Aim {
    Expr cosine, along, sine, angle, direction;
    Aim(const Sphere2& sphere, Expr x, Expr y)
        : cosine(dot(x, y)),
          along(sphere.tangent(x, select(cosine < 0.0, y + x, y - x))),
          sine(norm(along)),
          angle(atan2(sine, cosine)),
          direction(select(sine > 0.0, along / max(sine, 1e-30), any_direction(sphere, x))) {}
    /// At the antipode every direction is shortest.
    static Expr any_direction(const Sphere2& sphere, Expr x) {
      Expr axis =
          select(abs(index(x, 0)) < 0.7, catenary::constant({1, 0, 0}, {3}), catenary::constant({0, 1, 0}, {3}));
      return sphere.project(sphere.tangent(x, axis));
    }
  };

  Expr short_score(Expr x, Expr y, Expr v) const {
    Aim aim(*this, x, y);
    Expr theta = aim.angle, square = theta * theta, far = max(theta, 0.5);
    // (1 / theta - cot theta) / 2 theta, by its series where the difference would cancel.
    Expr outward = select(theta < 0.5, fma(square, fma(square, 1.0 / 945, 1.0 / 90), 1.0 / 6),
                          (1.0 / far - aim.cosine / max(aim.sine, 1e-6)) / (2.0 * far));
    return max(1.0 / v - outward, 0.0) * theta * aim.direction;  // 0 at the antipode, where no direction is preferred
  }

  Expr long_score(Expr x, Expr y, Expr v) const {
    Expr c = dot(x, y), q = catenary::exp(-v);
    // Carried: P_{l-1}, P_l, P'_{l-1}, P'_l, q^l, e^{-l(l+1)v/2}, and the sums of the kernel and of its derivative by
    // c.
    auto terms = catenary::fold(12, {1.0, c, 0.0, 1.0, q, q, 1.0, 0.0}, [&](Expr trip, const std::vector<Expr>& a) {
      Expr l = to_float(trip) + 1.0, odd = 2.0 * l + 1.0, weight = odd * a[5], power = q * a[4];
      return std::vector<Expr>{a[1],
                               (odd * c * a[1] - l * a[0]) / (l + 1.0),
                               a[3],
                               a[2] + odd * a[1],
                               power,
                               a[5] * power,
                               fma(weight, a[1], a[6]),
                               fma(weight, a[3], a[7])};
    });
    return terms[7] / terms[6] * tangent(x, y);
  }
};

/// Where a place is and which of `regions` it belongs to, noised together. Both forget at the same rate: at time t the
/// slowest harmonic of the place and all that is known of the region have decayed by e^{-noise t}.
inline constexpr double noise = 8;  // e^{-8} = 3e-4 of the data is left at the horizon, t = 1

inline catenary::Joint joint(int64_t regions, int64_t walk_steps) {
  catenary::Joint city("city");
  city.add("place", catenary::GeodesicWalk(Sphere2(), {.rate = noise, .steps = walk_steps}));
  city.add("region", catenary::UniformJump(catenary::Categorical(regions), noise));
  return city;
}

}  // namespace cities
