// Proposals, and their chances.
#include <catenary/stdlib/higher_sphere.h>

#include <numbers>

#include <catenary/stdlib/rejection.h>
#include <catenary/stdlib/sphere_kernel.h>
#include <catenary/stdlib/sphere_tables.h>
#include <catenary/stdlib/spherical_triangle.h>

namespace catenary::higher_sphere {

namespace {

constexpr double pi = std::numbers::pi;

double last(const Sphere& space) { return SphereTables::last(space.dimension()); }
double a_of(const Sphere& space) { return (space.dimension() - 1) / 2.0; }

// An increment of variance v: a normal tangent vector, or a uniform point.
Proposal propose(const Sphere& space, const SphereKernel& kernel, const Expr& x, const Expr& v) {
  const double a = a_of(space);
  Expr narrow = v < last(space), z = normal(space.point());
  Expr deviation = sqrt(v / (1.0 + (a / 3) * v)), tangent = deviation * space.tangent(x, z),
       square = dot(tangent, tangent);
  Expr angle = sqrt(square), sinc = max(sinc_of_root(min(square, pi * pi)), 1e-30);
  Expr by_normal =
      exp(kernel.log_rho(angle, max(pi - angle, 0.0)) - kernel.log_rho_at_start() + a * (log(sinc) + square / 6.0));
  Expr point = space.project(z);
  return {{select(narrow, space.exp(x, tangent), point)},
          select(narrow, select(square < pi * pi, by_normal, 0.0), kernel.over_peak(dot(x, point)))};
}

/// A bridge from `start`: `first` <= `second`, their sum, and the deviation of the bridge in R^d.
struct Between {
  const Sphere& space;
  Expr start, end;
  Sphere::Way way;
  Expr first, second;
  SphereKernel before{space.dimension(), first}, after{space.dimension(), second};
  Expr total = first + second, share = first / total, deviation = sqrt(share * second);
};

Proposal propose_as_in_flat_space(const Between& b) {
  const Expr& distance = b.way.angle;
  FlatBridge y = flat_bridge(b.space.tangent_normal(b.start), b.way.direction, distance, b.share, b.deviation);
  auto sinc = [](const Expr& x) { return max(sinc_within_pi(x), 1e-30); };
  Expr sigma = 0.5 * (y.theta + y.phi + distance), possible = sigma <= pi;
  Expr volume = sinc(sigma) * sinc(sigma - distance) * sinc(sigma - y.theta) * sinc(sigma - y.phi) /
                (sinc(y.theta) * sinc(y.phi) * sinc(distance));
  auto log_rho = [](const SphereKernel& kernel, const Expr& r) {
    return kernel.log_rho(r, max(pi - r, 0.0)) - kernel.log_rho_at_start();
  };
  Expr chance = exp(log_rho(b.before, y.theta) + log_rho(b.after, y.phi) + (a_of(b.space) - 1) * log(volume));
  OnSphere point = on_sphere(y, distance);
  return {{point.cosine * b.start + point.along * b.way.direction + point.across}, select(possible, chance, 0.0)};
}

// As if the end lay pi away from its antipode in every direction: von Mises and Fisher's law, by its concentration. Of
// S^d both kinds of proposals are accepted about as often at 0.7 a.
Expr concentration(const Between& b) { return pi * b.way.rest / b.total; }

Proposal propose_beside_antipode(const Between& b) {
  const double a = a_of(b.space);
  const Expr &direction = b.way.direction, &rest = b.way.rest;
  Expr z = b.space.tangent_normal(b.start), towards = z / max(norm(z), 1e-30);
  Expr y = b.share * (pi * towards - rest * direction) + b.deviation * b.space.tangent_normal(b.start);
  Expr square_of_y = dot(y, y), theta = sqrt(square_of_y), antipode = y + rest * direction, flat = norm(antipode);
  // The third side of the triangle with the antipode, by half angles.
  Expr apart = 0.5 * (theta - rest), inside = theta < pi, within = min(theta, pi);
  Expr sines = square(sin(apart)) +
               0.25 * sinc_within_pi(within) * sinc_within_pi(rest) * max(square(flat) - 4.0 * square(apart), 0.0);
  Expr side = 2.0 * asin(sqrt(min(max(sines, 0.0), 1.0)));
  Expr log_chance = concentration(b) * (dot(towards, direction) - 1.0) + b.before.log_rho(within, pi - within) -
                    b.before.log_rho_at_start() + a * log(max(sinc_within_pi(within), 1e-30)) +
                    b.after.log_curved_over_flat(side, flat);
  return {{b.space.exp(b.start, y)}, select(inside, exp(log_chance), 0.0)};
}

}  // namespace

Expr increment(const Sphere& space, const Expr& x0, const Expr& v) {
  SphereKernel kernel(space.dimension(), v);
  return space.project(until_accepted({x0}, [&] { return propose(space, kernel, x0, v); })[0]);
}

Expr bridge(const Sphere& space, const Expr& x0, const Expr& xt, const Expr& first, const Expr& second) {
  Expr back = first > second, start = select(back, xt, x0), end = select(back, x0, xt);
  Between b{space, start, end, Sphere::way(start, end), min(first, second), max(first, second)};
  Expr mixed = b.second >= last(space), beside = concentration(b) < 0.7 * a_of(space);
  Expr x = until_accepted(!mixed && !beside, {start}, [&] { return propose_as_in_flat_space(b); })[0];
  x = until_accepted(!mixed && beside, {x}, [&] { return propose_beside_antipode(b); })[0];
  x = until_accepted(mixed, {x}, [&] {
    Proposal p = propose(space, b.before, start, b.first);
    return Proposal{p.values, p.chance * b.after.over_peak(dot(p.values[0], end))};
  })[0];
  return space.project(x);
}

}  // namespace catenary::higher_sphere
