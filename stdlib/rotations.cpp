// SO(3) as the 3-sphere with opposite points taken together.
#include <catenary/stdlib/rotations.h>

#include <cmath>
#include <numbers>

#include <catenary/dsl/gradient.h>
#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/radial_flow.h>
#include <catenary/stdlib/sphere.h>
#include <catenary/stdlib/three_sphere.h>

namespace catenary {

namespace {

constexpr double pi = std::numbers::pi;

// The quaternion of y that is nearer to that of x.
Expr nearer(const Expr& x, const Expr& y) { return select(dot(x, y) < 0.0, -y, y); }

// The logarithm of the heat kernel, a density on the rotations' volume 8 pi^2, for the variance 4 v; `half` is half the
// angle, at most pi / 2. The 3-sphere has a quaternion at `half` and one at pi - half.
Expr log_kernel(const Expr& half, const Expr& v) {
  return three_sphere::log_kernel(half, pi - half, v).whole() + log1p(three_sphere::odds_of_antipode(half, v)) -
         std::log(8);
}

// Its derivative by `half`.
Expr slope(const Expr& half, const Expr& v) {
  return derivative([&](const Expr& at) { return log_kernel(at, v); }, half);
}

}  // namespace

Rotations::Rotations()
    : Manifold("rotations", {.point = {4}, .dimension = 3, .injectivity_radius = pi, .curvature = 0.25}) {}

Expr Rotations::project(Expr x) const { return quaternion::canonical(x / norm(x)); }

Expr Rotations::exp(Expr x, Expr v) const { return quaternion::canonical(Sphere(3).exp(x, v)); }

Expr Rotations::log(Expr x, Expr y) const { return Sphere(3).log(x, nearer(x, y)); }

Expr Rotations::inner(Expr, Expr u, Expr v) const { return 4.0 * dot(u, v); }

Expr Rotations::score(Expr x, Expr y, Expr v) const {
  Sphere::Way way = Sphere::way(x, nearer(x, y));
  return -0.25 * slope(way.angle, 0.25 * v) * way.direction;
}

Expr Rotations::flow(Expr x, Expr y, Expr u, Expr w) const {
  Sphere::Way way = Sphere::way(y, nearer(y, x));
  Expr angle = 2.0 * way.angle;
  auto pull = [](Expr r, Expr, Expr v) { return -0.5 * slope(0.5 * r, 0.25 * v); };
  return exp(y, 0.5 * radial_flow::closed(angle, std::move(u), std::move(w), pull) * way.direction);
}

Expr Rotations::from_rotation_vector(Expr x, Expr vector) {
  return quaternion::multiply(x, concat({constant({0}, {1}), 0.5 * vector}));
}

Expr Rotations::to_rotation_vector(Expr x, Expr tangent) {
  return 2.0 * slice(quaternion::multiply(quaternion::conjugate(x), tangent), 1, 3);
}

RotationBrownian::RotationBrownian(Rotations space, double rate)
    : HeatFlow(std::move(space), "Brownian motion on space 'rotations'", rate) {}

RotationBrownian Brownian(Rotations space, double rate) { return {std::move(space), rate}; }

Expr RotationBrownian::prior(Expr) const { return space().uniform_point(); }

Expr RotationBrownian::forward(Expr x0, Expr t) const {
  return quaternion::canonical(quaternion::multiply(x0, three_sphere::increment(0.25 * rate_ * t)));
}

Expr RotationBrownian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  return quaternion::canonical(three_sphere::bridge_to_either(x0, xt, 0.25 * rate_ * s, 0.25 * rate_ * (t - s)));
}

std::optional<Expr> RotationBrownian::log_density(Expr x0, Expr xt, Expr t) const {
  return log_kernel(Sphere::way(x0, nearer(x0, xt)).angle, 0.25 * rate_ * t);
}

}  // namespace catenary
