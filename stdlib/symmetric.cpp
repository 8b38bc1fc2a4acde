// Unrolled linear algebra on small symmetric matrices.
#include <catenary/stdlib/symmetric.h>

#include <functional>

namespace catenary {

Elements::Elements(const Expr& matrix) : n_(matrix.shape()[0]) {
  for (int64_t i = 0; i < n_; ++i)
    for (int64_t j = 0; j < n_; ++j) elements_.push_back(index(index(matrix, i), j));
}

Expr Elements::matrix() const {
  return reshape(stack(std::vector<Operand>(elements_.begin(), elements_.end())), {n_, n_});
}

Expr symmetric_part(const Expr& m) { return 0.5 * (m + transpose(m)); }

Expr Eigen::with_values(const std::vector<Expr>& f) const {
  int64_t n = vectors.size();
  Elements result(n, constant(0));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i; j < n; ++j) {
      Expr sum = f[0] * vectors(i, 0) * vectors(j, 0);
      for (int64_t k = 1; k < n; ++k) sum = sum + f[size_t(k)] * vectors(i, k) * vectors(j, k);
      result(i, j) = result(j, i) = sum;
    }
  return result.matrix();
}

Eigen eigen(const Expr& symmetric) {
  // Relative to the largest element, so that squares neither overflow nor vanish.
  Expr scale = max(max_of(abs(symmetric)), 1e-37);
  Elements a(symmetric / scale);
  int64_t n = a.size();
  Elements vectors(n, constant(0));
  for (int64_t i = 0; i < n; ++i) vectors(i, i) = constant(1);

  auto rotate = [&](int64_t p, int64_t q) {
    // The tangent of the smaller angle that makes a(p, q) zero.
    Expr twice = 2.0 * a(p, q), d = a(q, q) - a(p, p), root = sqrt(d * d + twice * twice);
    Expr t = select(d < 0.0, -twice, twice) / max(abs(d) + root, 1e-30), c = 1.0 / sqrt(1.0 + t * t), s = t * c;
    a(p, p) = a(p, p) - t * a(p, q);
    a(q, q) = a(q, q) + t * a(p, q);
    a(p, q) = a(q, p) = constant(0);
    auto turn = [&](Expr& x, Expr& y) {
      Expr by_x = x;
      x = c * by_x - s * y;
      y = c * y + s * by_x;
    };
    for (int64_t r = 0; r < n; ++r) {
      turn(vectors(r, p), vectors(r, q));
      if (r == p || r == q) continue;
      turn(a(r, p), a(r, q));
      a(p, r) = a(r, p);
      a(q, r) = a(r, q);
    }
  };
  for (int sweep = 0; sweep < (n > 2 ? 4 : 1); ++sweep)
    for (int64_t p = 0; p < n; ++p)
      for (int64_t q = p + 1; q < n; ++q) rotate(p, q);

  std::vector<Expr> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(scale * a(i, i));
  return {values, vectors};
}

Elements cholesky(const Expr& positive) {
  Elements x(positive);
  int64_t n = x.size();
  Elements l(n, constant(0));
  for (int64_t j = 0; j < n; ++j) {
    Expr pivot = x(j, j);
    for (int64_t k = 0; k < j; ++k) pivot = pivot - square(l(j, k));
    l(j, j) = sqrt(max(pivot, max(0x1p-24 * x(j, j), 1e-30)));
    for (int64_t i = j + 1; i < n; ++i) {
      Expr rest = x(i, j);
      for (int64_t k = 0; k < j; ++k) rest = rest - l(i, k) * l(j, k);
      l(i, j) = rest / l(j, j);
    }
  }
  return l;
}

Expr in_frame(const Elements& cholesky, const Expr& symmetric) {
  Elements m(symmetric);
  int64_t n = m.size();
  // L^-1 V by forward substitution, then the same of its transpose: of the symmetric result the lower triangle.
  auto solved = [&](const Expr& right, int64_t i, const std::function<Expr(int64_t)>& before) {
    Expr rest = right;
    for (int64_t k = 0; k < i; ++k) rest = rest - cholesky(i, k) * before(k);
    return rest / cholesky(i, i);
  };
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < n; ++i) m(i, j) = solved(m(i, j), i, [&](int64_t k) { return m(k, j); });
  Elements result(n, constant(0));
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = j; i < n; ++i)
      result(i, j) = result(j, i) = solved(m(j, i), i, [&](int64_t k) { return result(k, j); });
  return result.matrix();
}

Expr out_of_frame(const Elements& cholesky, const Expr& symmetric) {
  Elements s(symmetric);
  int64_t n = s.size();
  Elements half(n, constant(0)), result = half;
  auto sum = [&](int64_t row, const std::function<Expr(int64_t)>& each) {
    Expr total = cholesky(row, 0) * each(0);
    for (int64_t k = 1; k <= row; ++k) total = total + cholesky(row, k) * each(k);
    return total;
  };
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) half(i, j) = sum(i, [&](int64_t k) { return s(k, j); });
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j <= i; ++j) result(i, j) = result(j, i) = sum(j, [&](int64_t k) { return half(i, k); });
  return result.matrix();
}

}  // namespace catenary
