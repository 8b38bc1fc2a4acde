// The sphere's geometry, and its heat kernel in one, two and three dimensions.
#include <catenary/stdlib/sphere.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <catenary/dsl/gradient.h>
#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/higher_sphere.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/radial_flow.h>
#include <catenary/stdlib/rejection.h>
#include <catenary/stdlib/sphere_kernel.h>
#include <catenary/stdlib/sphere_tables.h>
#include <catenary/stdlib/three_sphere.h>

namespace catenary {

namespace {

constexpr double pi = std::numbers::pi;
constexpr int exact_up_to = SphereTables::largest_dimension;

// A unit tangent vector at x: towards the first axis, or the second where that is too near.
Expr some_direction(const Expr& x) {
  auto axis = [&](size_t i) {
    std::vector<double> e(size_t(element_count(x.shape())));
    e[i] = 1;
    return constant(e, x.shape());
  };
  Expr first = index(x, 0), use_first = abs(first) < 0.75;
  Expr across = select(use_first, axis(0), axis(1)) - select(use_first, first, index(x, 1)) * x;
  return across / norm(across);
}

/// What leads from x to y: the sine of the angle is `sine`, in the direction across / sine; `across` has all digits.
struct Apart {
  Expr across, sine, cosine;
};
Apart apart(const Expr& x, const Expr& y) {
  Expr cosine = dot(x, y);
  // What is left of y beside x, or beside -x.
  Expr near = select(cosine < 0.0, y + x, y - x), across = near - dot(x, near) * x;
  return {across, norm(across), cosine};
}

// ---- S^2: the circle of rotations that take x to y --------------------------------------------------
// Such a rotation is the shortest one, by the angle d, after a turn by 2 phi about x. As a unit quaternion its angle
// theta has cos theta = c cos phi, c = cos(d / 2).

/// theta, as it is at phi, and what differs in it from d / 2.
struct Turned {
  Expr angle, more;
};
// square = sin(phi / 2)^2.
Turned turned(const Expr& half, const Expr& square) {
  Expr sine = sin(0.5 * half), more = cos(half) * square;
  Expr angle = 2.0 * asin(min(sqrt(sine * sine + more), 1.0));
  return {angle, 2.0 * asin(min(more / max(sin(0.5 * (angle + half)), 1e-30), 1.0))};
}

// The log of the kernel of variance v on unit quaternions at `turned`, less that at `half`.
Expr log_ratio(const Turned& turned, const Expr& half, const Expr& v) {
  Expr narrow = v < three_sphere::images_end;
  Expr gaussian = select(narrow, -0.5 * (turned.more / max(v, 1e-30)) * (turned.angle + half), 0.0);
  auto others = [&](const Expr& angle) { return three_sphere::log_kernel(angle, pi - angle, v).others; };
  return gaussian + (others(turned.angle) - others(half));
}

// How narrow the kernel is in phi: it is at most exp(-2 kappa sin(phi / 2)^2) of its value at phi = 0, because its
// logarithm is concave in cos theta.
Expr concentration(const Expr& half, const Expr& v) {
  Expr at = max(half, 0.05);  // Below, digits would be lost; the bound is even there, and breaks by 1e-7.
  Expr slope = derivative([&](const Expr& r) { return three_sphere::log_kernel(r, pi - r, v).whole(); }, at);
  return cos(half) * max(-slope / sin(at), 0.0);
}

// The unit quaternion of one of the rotations from x to y, drawn by its kernel of variance v.
Expr draw_rotation(const Expr& x, const Expr& y, const Expr& v) {
  Sphere::Way way = Sphere::way(x, y);
  Expr half = 0.5 * way.angle, kappa = concentration(half, v), width = sqrt(2.0 * kappa + 1.0);
  // tan(phi / 2) by a Cauchy law of that width, accepted by exp(-2 kappa s) (1 + 2 kappa s) and what the kernel is
  // below its bound, s = sin(phi / 2)^2.
  Expr tangent = until_accepted({constant(0)}, [&] {
    Expr z = normal({2}), wide = index(z, 0) / (width * index(z, 1));
    Expr s = square(wide) / (1.0 + square(wide));
    s = select(abs(wide) > 1e15, 1.0, s);
    return Proposal{{wide}, exp(log_ratio(turned(half, s), half, v)) * (1.0 + 2.0 * kappa * s)};
  })[0];
  // cos phi and sin phi.
  Expr far = abs(tangent) > 1e15, scale = 1.0 / (1.0 + square(select(far, 0.0, tangent)));
  Expr cosine = select(far, -1.0, (1.0 - square(tangent)) * scale), sine = select(far, 0.0, 2.0 * tangent * scale);
  Expr shortest = quaternion::from_parts(cos(half), sin(half) * cross(x, way.direction));
  return quaternion::multiply(shortest, quaternion::from_parts(cosine, sine * x));
}

// Sums over the nodes of that circle of so many numbers each, which are made of a node's weight in the kernel's
// integral and of sin(phi / 2)^2 there. The kernel is the sum of the weights.
constexpr int nodes = 20;  // Even in phi, so that ten are computed.
std::vector<Expr> over_the_circle(size_t sums, const Expr& half, const Expr& v, const Expr& scale,
                                  const std::function<std::vector<Expr>(Expr weight, Expr square)>& each) {
  std::vector<double> squares;
  for (int i = 0; i < nodes / 2; ++i) squares.push_back(std::pow(std::tan(pi * (i + 0.5) / nodes), 2));
  Expr table = constant(squares, {nodes / 2});
  return fold(nodes / 2, std::vector<Operand>(sums, 0.0), [&](Expr trip, const std::vector<Expr>& sum) {
    Expr wide = at(table, trip), s = scale * wide / (1.0 + scale * wide);  // tan(phi / 2)^2 = scale tan(psi / 2)^2
    Expr weight = exp(log_ratio(turned(half, s), half, v)) * ((1.0 + wide) / (1.0 + scale * wide));
    std::vector<Expr> next = each(weight, s);
    for (size_t i = 0; i < sums; ++i) next[i] = sum[i] + next[i];
    return next;
  });
}
Expr scale_of_nodes(const Expr& half, const Expr& v) { return 2.0 / (2.0 + concentration(half, v)); }

// The log of the kernel of S^2 at an angle.
Expr log_kernel_of_s2(const Expr& angle, const Expr& variance) {
  Expr v = 0.25 * variance, half = 0.5 * angle, scale = scale_of_nodes(half, v);
  Expr sum = over_the_circle(1, half, v, scale, [](Expr weight, const Expr&) { return std::vector{weight}; })[0];
  return three_sphere::log_kernel(half, pi - half, v).whole() + log(sum) + 0.5 * log(scale) + std::log(pi / nodes);
}

// Its derivative by the angle: the integral of what each rotation's kernel has.
Expr slope_of_s2(const Expr& angle, const Expr& variance) {
  Expr v = 0.25 * variance, half = 0.5 * angle;
  std::vector<Expr> sums = over_the_circle(2, half, v, scale_of_nodes(half, v), [&](Expr weight, const Expr& square) {
    auto ratio = [&](const Expr& r) { return log_ratio(turned(r, square), r, v); };
    return std::vector{weight, weight * derivative(ratio, half)};
  });
  Expr slope = derivative([&](const Expr& r) { return three_sphere::log_kernel(r, pi - r, v).whole(); }, half);
  return 0.5 * (slope + sums[1] / sums[0]);
}

// The log of the heat kernel of S^d.
Expr log_kernel(int64_t dimension, const Expr& angle, const Expr& rest, const Expr& v) {
  switch (dimension) {
    case 1: return CircleBrownian::log_kernel(angle, v);
    case 2: return log_kernel_of_s2(angle, v);
    case 3: return three_sphere::log_kernel(angle, rest, v).whole();
    default: return SphereKernel(int(dimension), v).log_density(angle, rest);
  }
}

// ---- S^d, d > 12: how strongly the heat kernel pulls --------------------------------------------------
// -d log p / dr over the angle r, a = (d - 1) / 2.

// From r/v, the Van Vleck factor (r / sin r)^a and the drift of its term of order v. Beyond a quarter turn the poles at
// the antipode give way to the ways around it, p ~ I_n(z) z^{-n} with n = d / 2 - 1, z = pi (pi - r) / v; of I_{n+1} /
// I_n the bound of Amos (1974).
Expr pull_at_short_times(double d, const Sphere::Way& way, const Expr& v) {
  double a = (d - 1) / 2, m = (d + 1) / 2;
  Expr near = min(way.angle, way.rest);
  Expr straight = way.angle / v, drift = (a * (a - 1) / 45) * v * way.angle;
  Expr least = max(v, 1e-10), z = pi * way.rest / least, root = sqrt(z * z + m * m);
  Expr lost = (a + m * m / (root + z)) / (a + root);
  Expr far = straight - (pi * lost) / least + (1.0 - lost) * (a * (bend(near) - 1.0 / max(way.angle, 1.0)) + drift);
  return select(way.angle <= way.rest, straight - a * bend(near) + drift, far);
}

// By the series of Gegenbauer polynomials R_l = C_l / C_l(1), whose derivatives are R'_{l+1} = (l + 1) (R_l + cos r
// R'_l / (l + d - 1)); where the kernel is less than 1e-5 of its peak, and rounding too much of it, as above.
Expr pull_by_series(int d, const Sphere::Way& way, const Expr& v) {
  Expr near = min(way.angle, way.rest), c = select(way.angle <= way.rest, cos(near), -cos(near));
  auto last =
      fold(8 + std::min(d, 24), {1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0}, [&](Expr trip, const std::vector<Expr>& k) {
        // k: R_l, R_{l-1}, R'_l, the weight of R_l, the kernel, its derivative by the cosine, its peak.
        Expr l = to_float(trip), below = l + (d - 1.0), twice = 2.0 * l + (d - 1.0);
        Expr next = (twice * c * k[0] - l * k[1]) / below, slope = (l + 1.0) * (k[0] + c * k[2] / below);
        Expr weight = k[3] * ((twice + 2.0) / twice * below / (l + 1.0)) * catenary::exp(-0.5 * (twice + 1.0) * v);
        return std::vector<Expr>{next,         k[0], slope, weight, fma(weight, next, k[4]), fma(weight, slope, k[5]),
                                 k[6] + weight};
      });
  return select(last[4] > 1e-5 * last[6], sin(near) * last[5] / max(last[4], 1e-6), pull_at_short_times(d, way, v));
}

// In more dimensions the series has too many terms that cancel. With e^{-v l^2 / 2} as an integral over e^{i l y} (a
// Gaussian's Fourier transform) it is that of its generating function, Poisson's kernel, along any line y = i s + eta
// above the real one: with z = e^{-s - i eta}, Q = 1 - 2 z cos r + z^2
//   K ~ integral of e^{-eta^2 / 2v + i eta (s / v - a)} (1 - z^2) Q^{-(a + 1)} d eta,
// and of 2 (a + 1) z / Q times that for its derivative by cos r. The line is led through the saddle point by some steps
// of s = v ((a + 1) (1 - z^2) / Q - (1 + z^2) / (1 - z^2)), where it is near; the sum over equal steps of eta converges
// faster than any power (Trefethen and Weideman: "The exponentially convergent trapezoidal rule", 2014). Where what is
// left cancels, or too little is, as for short times.
constexpr int most_terms = 32;  // Up to this dimension the series is taken.

Expr pull_by_contour(int d, const Sphere::Way& way, const Expr& v) {
  constexpr double step = 0.6;
  const double a = (d - 1) / 2.0;
  Expr near = min(way.angle, way.rest), root = sqrt(v);
  Expr less = 2.0 * square(select(way.angle <= way.rest, sin(0.5 * near), cos(0.5 * near)));  // 1 - cos r
  // On the line at eta = 0: z, 1 - z and Q.
  auto middle = [&](const Expr& s) {
    Expr z = catenary::exp(-s), rest = -expm1(-s);
    return std::array{z, rest, fma(2.0 * less, z, square(rest))};
  };
  Expr s = fold(8, {v * (a + 1)}, [&](Expr, const std::vector<Expr>& k) {
    auto [z, rest, q] = middle(k[0]);
    Expr whole = rest * (1.0 + z), next = v * ((a + 1) * whole / q - (1.0 + z * z) / whole);
    return std::vector{min(max(next, 0.5 * a * v), 80.0)};
  })[0];
  auto [z, rest, q] = middle(s);
  // k: K, its derivative over 2 (a + 1), and the sizes of what is added up to K.
  auto last = fold(16, {0.0, 0.0, 0.0}, [&](Expr trip, const std::vector<Expr>& k) {
    Expr at = step * to_float(trip), eta = at * root, half = sin(0.5 * eta), lost = 2.0 * square(half);
    Expr re = z * (1.0 - lost), im = -z * sin(eta), rest_re = fma(z, lost, rest), more = 1.0 + re;
    Expr q_re = fma(2.0 * less, re, rest_re * rest_re - im * im), q_im = 2.0 * im * (less - rest_re);
    Expr square_of_q = q_re * q_re + q_im * q_im;
    Expr size = catenary::exp(min(-0.5 * at * at - 0.5 * (a + 1) * catenary::log(square_of_q / (q * q)), 60.0));
    Expr phase = eta * (s / v - a) - (a + 1) * atan2(q_im, q_re);
    // (1 - z)(1 + z), turned; and z / Q times that.
    Expr f_re = rest_re * more + im * im, f_im = im * (rest_re - more);
    Expr t_re = size * (f_re * cos(phase) - f_im * sin(phase)), t_im = size * (f_re * sin(phase) + f_im * cos(phase));
    Expr by_re = (re * q_re + im * q_im) / square_of_q, by_im = (im * q_re - re * q_im) / square_of_q;
    Expr weight = select(equal(trip, 0), 0.5, constant(1));
    return std::vector{fma(weight, t_re, k[0]), fma(weight, t_re * by_re - t_im * by_im, k[1]),
                       fma(weight, size * sqrt(f_re * f_re + f_im * f_im), k[2])};
  });
  Expr pull = 2 * (a + 1) * sin(near) * last[1] / max(last[0], 1e-30);
  return select(last[0] > 1e-3 * last[2], pull, pull_at_short_times(d, way, v));
}

Expr pull_at_long_times(int d, const Sphere::Way& way, const Expr& v) {
  return d > most_terms ? pull_by_contour(d, way, v) : pull_by_series(d, way, v);
}

// As late as the form for short times is good, and as early as the other is.
double border_of_times(int d) { return 2 * std::clamp(std::pow(64.0 / d, 0.3), 0.5, 1.0) / d; }

}  // namespace

Sphere::Sphere(int dimension)
    : Manifold("sphere", {.point = {dimension + 1}, .dimension = dimension, .injectivity_radius = pi}) {
  if (dimension < 1 || dimension > 1023)
    throw Error(fmt::format("space 'sphere' needs a dimension of 1 to 1023; found {}", dimension));
}

Expr Sphere::exp(Expr x, Expr v) const {
  Expr r = norm(v);
  return cos(r) * x + sinc(r) * v;
}

Sphere::Way Sphere::way(Expr x, Expr y) {
  Apart a = apart(x, y);
  Expr direction =
      select(a.sine > 1e-30, a.across / max(a.sine, 1e-30), select(a.cosine < 0.0, some_direction(x), 0.0));
  return {direction, atan2(a.sine, a.cosine), atan2(a.sine, -a.cosine)};
}

Expr Sphere::log(Expr x, Expr y) const {
  Apart a = apart(x, y);
  Expr none = a.sine < 1e-15;  // Its square is lost; the angle is the sine, or pi.
  Expr straight = select(none, 1.0, atan2(a.sine, a.cosine) / max(a.sine, 1e-15)) * a.across;
  return select(none && a.cosine < 0.0, pi * some_direction(x), straight);
}

Expr Sphere::pull(const Way& way, const Expr& v) const {
  if (int d = dimension(); d > exact_up_to)
    return select(v < border_of_times(d), pull_at_short_times(d, way, v), pull_at_long_times(d, way, v));
  if (dimension() > 3) return SphereKernel(dimension(), v).pull(way.angle, way.rest);
  if (dimension() == 2) return -slope_of_s2(way.angle, v);
  auto by_angle = [&](const Expr& r) { return log_kernel(dimension(), r, way.rest, v); };
  auto by_rest = [&](const Expr& r) { return log_kernel(dimension(), way.angle, r, v); };
  return derivative(by_rest, way.rest) - derivative(by_angle, way.angle);
}

Expr Sphere::score(Expr x, Expr y, Expr v) const {
  Way way = Sphere::way(x, y);
  return pull(way, v) * way.direction;
}

Expr Sphere::flow(Expr x, Expr y, Expr u, Expr w) const {
  const Way back = way(y, x);
  auto moved = [&](const Expr& angle, const Expr& from, const Expr& to, auto pull) {
    return radial_flow::closed(angle, from, to,
                               [&](Expr r, Expr rest, const Expr& v) { return pull({back.direction, r, rest}, v); });
  };
  if (int d = dimension(); d > exact_up_to) {
    // To where the other formula takes over, at which the pull jumps, and on.
    Expr border = min(u, max(w, border_of_times(d)));
    Expr there =
        moved(back.angle, u, border, [d](const Way& way, const Expr& v) { return pull_at_long_times(d, way, v); });
    return exp(y, moved(there, border, w, [d](const Way& way, const Expr& v) {
                    return pull_at_short_times(d, way, v);
                  }) * back.direction);
  }
  return exp(y, moved(back.angle, u, w, [&](const Way& way, const Expr& v) { return pull(way, v); }) * back.direction);
}

SphereBrownian::SphereBrownian(Sphere space, double rate)
    : HeatFlow(std::move(space), "Brownian motion on space 'sphere'", rate) {}

SphereBrownian Brownian(Sphere space, double rate) {
  if (space.dimension() > exact_up_to)
    throw Error(
        fmt::format("exact Brownian motion on space 'sphere' is known for dimensions 1 to {}; found {}. Use "
                    "GeodesicWalk(space, {{.rate, .steps}}), the named approximation",
                    exact_up_to, space.dimension()));
  return {std::move(space), rate};
}

Expr SphereBrownian::prior(Expr) const { return space().uniform_point(); }

namespace {

// x turned by an angle in the plane.
Expr turned_by(const Expr& x, const Expr& angle) {
  Expr c = cos(angle), s = sin(angle), a = index(x, 0), b = index(x, 1);
  return stack({c * a - s * b, s * a + c * b});
}

}  // namespace

Expr SphereBrownian::forward(Expr x0, Expr t) const {
  Expr v = rate_ * t;
  switch (space().point()[0]) {
    case 2: return turned_by(x0, CircleBrownian::draw_displacement(v));
    case 3: return quaternion::rotate(three_sphere::increment(0.25 * v), x0);
    case 4: return quaternion::multiply(x0, three_sphere::increment(v));
    default: return higher_sphere::increment(sphere(), x0, v);
  }
}

Expr SphereBrownian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr first = rate_ * s, second = rate_ * (t - s);
  switch (space().point()[0]) {
    case 2: {
      Expr a = index(x0, 0), b = index(x0, 1), c = index(xt, 0), d = index(xt, 1);
      // The difference of angles from those of the vectors, so that what is small stays so.
      Expr across = a * (d - b) - b * (c - a), difference = atan2(across, a * c + b * d);
      return turned_by(x0, CircleBrownian::draw_displacement_between(difference, first, second));
    }
    case 3: {
      Expr q = draw_rotation(x0, xt, 0.25 * (first + second));
      Expr identity = constant({1, 0, 0, 0}, {4});
      return quaternion::rotate(three_sphere::bridge(identity, q, 0.25 * first, 0.25 * second), x0);
    }
    case 4: return three_sphere::bridge(x0, xt, first, second);
    default: return higher_sphere::bridge(sphere(), x0, xt, first, second);
  }
}

std::optional<Expr> SphereBrownian::log_density(Expr x0, Expr xt, Expr t) const {
  Sphere::Way way = Sphere::way(x0, xt);
  return log_kernel(space().point()[0] - 1, way.angle, way.rest, rate_ * t);
}

}  // namespace catenary
