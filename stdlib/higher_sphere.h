// Exact draws from the heat kernel of S^d, 4 <= d <= 12: those of flat space, accepted.
#pragma once

#include <catenary/stdlib/sphere.h>

namespace catenary::higher_sphere {

/// What x_0 becomes after the variance v. With rho and a as in SphereTables: a normal tangent vector, of length r,
/// accepted by (sin r / r)^a rho(r) / rho(0), or rather a shorter one, of variance v / (1 + a v / 3), accepted by that
/// times e^{a r^2 / 6}; for v >= 4 / d a uniform point, accepted by K / K(0). Most are accepted for small v, of the
/// first 84 % on S^4 and 55 % on S^12 at worst, of the others 56 % and 23 %.
Expr increment(const Sphere& space, const Expr& x0, const Expr& v);

/// A draw between x_0 and x_t, a distance D apart, after the variance `first`, with `second` to go. Seen from the end
/// that is nearer in time:
///   - a bridge of R^d. Its distances theta and phi to both ends become those on the sphere (spherical_triangle.h).
///     Accepted by what the kernels and the volume then are, over what they are in flat space and at the start: with
///     sigma = (theta + phi + D) / 2 <= pi, else never,
///       rho(theta) / rho(0) rho(phi) / rho(0) [sinc(sigma) sinc(sigma - D) sinc(sigma - theta) sinc(sigma - phi) /
///       (sinc theta sinc phi sinc D)]^{(d - 3) / 2},
///     at most 1, since the log of the bracket is the third difference of log sinc from 0, by sigma - D, sigma - theta
///     and sigma - phi, and its third derivative is negative. The mean is rho_t(D) / (rho_s(0) rho_{t-s}(0)): where
///     ends lie as far apart as draws do, 96 % on S^4 and 66 % on S^12 at the variance 4 / d, all for small ones;
///   - beside the antipode -x_t it is as if the end lay pi away from there in every direction, as often as a bridge
///     there ends so (von Mises and Fisher). A point of the flat bridge to one of them is taken in polar coordinates,
///     and accepted by (sin theta / theta)^a rho(theta) / rho(0) and SphereKernel::log_curved_over_flat: at most 1
///     wherever that was tried, because the distance to -x_t is shorter on the sphere. Few are, on S^12 one in 2,000 at
///     worst;
///   - where the longer part is 4 / d or more: an increment, accepted by K over K(0) of that part.
Expr bridge(const Sphere& space, const Expr& x0, const Expr& xt, const Expr& first, const Expr& second);

}  // namespace catenary::higher_sphere
