// The heat kernel of the unit 3-sphere, the group of unit quaternions: what rotations and spheres are drawn with.
#pragma once

#include <catenary/dsl/expr.h>

namespace catenary::three_sphere {

/// Variances are those of Brownian motion (generator 1/2 Laplace-Beltrami) along each tangent direction of the unit
/// sphere. With S_v(r) = sum over k of (r + 2 pi k) exp(-(r + 2 pi k)^2 / 2v), the kernel at angle r is e^{v/2} (2 pi
/// v)^{-3/2} S_v(r) / sin r, a sum over images in R^3. Maher: "Wrapping Brownian motion and heat kernels" (2012).

/// The logarithm of the kernel, a density on the sphere's volume 2 pi^2: the sum of the two. Where v is small,
/// `gaussian` is -angle^2 / 2v, kept apart because differences must be taken before it is squared; else it is 0. `rest`
/// is pi - angle, given besides for its digits near 0.
struct LogKernel {
  Expr gaussian, others;
  Expr whole() const { return gaussian + others; }
};
LogKernel log_kernel(Expr angle, Expr rest, Expr v);
/// The kernel at pi - angle over that at `angle`, which is at most pi / 2.
Expr odds_of_antipode(Expr angle, Expr v);
/// The variance from which on there is no `gaussian`.
inline constexpr double images_end = 0.8;

/// A draw from the kernel about the identity: the unit quaternion by which x_0 is multiplied. By rejection, from the
/// normal of the tangent space or from the uniform law; it accepts 55 % at worst, 1 - v / 2 for small v.
Expr increment(Expr v);

/// Where b lies, seen from a: the angle between them, what it lacks of pi, each with all its digits, and the direction,
/// a unit vector at the identity; 0 at b = a and at its antipode, where every direction is as good.
struct Relative {
  Expr direction, angle, rest;
};
Relative relative(Expr a, Expr b);

/// A draw between the unit quaternions x_0 and x_t, after variance `first`, with variance `second` to go. Exact at
/// every angle and time, by rejection:
///   - the distances to both ends as those of the bridge in R^3, accepted by their images: each with
///     S_v(r) / (r exp(-r^2 / 2v));
///   - near the antipode, where images cancel, the distance to the nearer end so, and the other by its truncated law;
///   - where the longer part has mixed, an increment from the nearer end, accepted by the kernel of what is left.
/// Distances become a point by the spherical law of cosines.
Expr bridge(Expr x0, Expr xt, Expr first, Expr second);
/// The same where x_t and its antipode are one point, as on the rotations.
Expr bridge_to_either(Expr x0, Expr xt, Expr first, Expr second);

}  // namespace catenary::three_sphere
