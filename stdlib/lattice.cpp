// Triangles on the sphere of directions.
#include <catenary/stdlib/lattice.h>

#include <numbers>

#include <catenary/stdlib/symmetric.h>

namespace catenary::lattice {

namespace {

// Accurate for small angles and near pi; pi / 2 where a vector has no direction.
Expr angle_between(const Expr& u, const Expr& v) {
  Expr across = norm(cross(u, v)), along = dot(u, v);
  return select(max(across, abs(along)) > 0.0, atan2(across, along), std::numbers::pi / 2);
}

}  // namespace

Expr from_parameters(Expr parameters) {
  Expr a = index(parameters, 0), b = index(parameters, 1), c = index(parameters, 2);
  Expr alpha = index(parameters, 3), beta = index(parameters, 4), gamma = index(parameters, 5);
  Expr s = 0.5 * (alpha + beta + gamma), sine = max(sin(gamma), 1e-30);
  Expr y = min(max((cos(alpha) - cos(beta) * cos(gamma)) / sine, -sin(beta)), sin(beta));
  Expr z = min(2.0 * sqrt(max(sin(s) * sin(s - alpha) * sin(s - beta) * sin(s - gamma), 0.0)) / sine, sin(beta));
  return stack(
      {stack({a, 0.0, 0.0}), stack({b * cos(gamma), b * sin(gamma), 0.0}), stack({c * cos(beta), c * y, c * z})});
}

Expr to_parameters(Expr vectors) {
  Expr a = index(vectors, 0), b = index(vectors, 1), c = index(vectors, 2);
  return stack({norm(a), norm(b), norm(c), angle_between(b, c), angle_between(a, c), angle_between(a, b)});
}

Expr to_metric(Expr vectors) { return matmul(vectors, transpose(vectors)); }

Expr from_metric(Expr metric) { return cholesky(metric).matrix(); }

}  // namespace catenary::lattice
