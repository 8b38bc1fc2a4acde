// Symmetric positive definite matrices, by congruence with the identity.
#include <catenary/stdlib/spd.h>

#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include <catenary/stdlib/symmetric.h>

namespace catenary {

namespace {

constexpr double least = 1e-12, most = 1e12, condition = 1e6;
constexpr double longest_log = 56;  // Of a factor that takes `least` to `most`.

ManifoldShape cone(int n) {
  if (n != 2 && n != 3) throw Error(fmt::format("space 'spd' needs matrices of size 2 or 3; found {}", n));
  return {.point = {n, n},
          .dimension = n * (n + 1) / 2,
          .injectivity_radius = std::numeric_limits<double>::infinity(),
          .curvature = 0.5};
}

std::vector<Expr> map(const std::vector<Expr>& values, const std::function<Expr(const Expr&)>& f) {
  std::vector<Expr> result;
  for (const Expr& v : values) result.push_back(f(v));
  return result;
}

Expr largest(const std::vector<Expr>& values) {
  return max_of(stack(std::vector<Operand>(values.begin(), values.end())));
}

// log(x, y) in the frame of x's factor: its eigenvalues and eigenvectors.
Eigen log_from(const Elements& factor, const Expr& x, const Expr& y) {
  // Where y is near x, from their difference: the logarithm of 1 + a small number.
  Expr difference = in_frame(factor, y - x), whole = in_frame(factor, y), near = max_of(abs(difference)) < 0.25;
  Eigen e = eigen(select(near, difference, whole));
  Expr floor = max(0x1p-24 * largest(e.values), 1e-37);
  return {map(e.values, [&](const Expr& l) { return select(near, log1p(max(l, -0.9)), catenary::log(max(l, floor))); }),
          e.vectors};
}

}  // namespace

Spd::Spd(int n) : Manifold("spd", cone(n)) {}

std::optional<Expr> Spd::origin() const {
  int64_t n = point()[0];
  std::vector<double> identity(size_t(n * n));
  for (int64_t i = 0; i < n; ++i) identity[size_t(i * n + i)] = 1;
  return constant(identity, point());
}

Expr Spd::project(Expr x) const {
  Expr middle = symmetric_part(x);
  Eigen e = eigen(middle);
  Expr top = min(max(largest(e.values), least), most), bottom = max(top / condition, least);
  std::vector<Expr> inside = map(e.values, [&](const Expr& l) { return min(max(l, bottom), top); });
  Expr moved = constant(0);
  for (size_t i = 0; i < inside.size(); ++i) moved = max(moved, abs(inside[i] - e.values[i]));
  return select(moved > 0.0, e.with_values(inside), middle);
}

Expr Spd::tangent(Expr, Expr v) const { return symmetric_part(v); }

Expr Spd::exp(Expr x, Expr v) const {
  Elements factor = cholesky(x);
  Eigen e = eigen(in_frame(factor, symmetric_part(v)));
  std::vector<Expr> logs = map(e.values, [](const Expr& l) { return min(max(l, -longest_log), longest_log); });
  // A short way is added to x, which a float would otherwise round away.
  Expr near = largest(map(logs, [](const Expr& l) { return abs(l); })) < 0.25;
  Expr by = e.with_values(map(logs, [&](const Expr& l) { return select(near, expm1(l), catenary::exp(l)); }));
  return select(near, x, 0.0) + out_of_frame(factor, by);
}

Expr Spd::log(Expr x, Expr y) const {
  Elements factor = cholesky(x);
  Eigen e = log_from(factor, x, y);
  return out_of_frame(factor, e.with_values(e.values));
}

Expr Spd::inner(Expr x, Expr u, Expr v) const {
  Elements factor = cholesky(x);
  return dot(in_frame(factor, symmetric_part(u)), in_frame(factor, symmetric_part(v)));
}

Expr Spd::distance(Expr x, Expr y) const {
  Eigen e = log_from(cholesky(x), x, y);
  return norm(stack(std::vector<Operand>(e.values.begin(), e.values.end())));
}

Expr Spd::gradient(Expr x, Expr derivatives) const {
  return symmetric_part(matmul(matmul(x, symmetric_part(derivatives)), x));
}

Expr Spd::tangent_normal(Expr x) const {
  int64_t n = point()[0], drawn = n;
  Expr z = normal({dimension()});
  Elements s(n, constant(0));
  for (int64_t i = 0; i < n; ++i) {
    s(i, i) = index(z, i);
    for (int64_t j = i + 1; j < n; ++j) s(i, j) = s(j, i) = std::sqrt(0.5) * index(z, drawn++);
  }
  return out_of_frame(cholesky(x), s.matrix());
}

Expr Spd::score(Expr x, Expr y, Expr v) const {
  Elements factor = cholesky(x);
  Eigen e = log_from(factor, x, y);
  std::vector<Expr> pulls;
  for (size_t i = 0; i < e.values.size(); ++i) {
    Expr pull = e.values[i] / v;
    for (size_t j = 0; j < e.values.size(); ++j)
      if (j != i) pull = pull + 0.25 * langevin(0.5 * (e.values[i] - e.values[j]));
    pulls.push_back(pull);
  }
  return out_of_frame(factor, e.with_values(pulls));
}

}  // namespace catenary
