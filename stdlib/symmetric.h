// Small symmetric matrices, element by element: eigenvalues, Cholesky factors, congruences.
#pragma once

#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary {

/// A matrix [n, n] as its elements.
class Elements {
 public:
  explicit Elements(const Expr& matrix);
  Elements(int64_t n, const Expr& each) : n_(n), elements_(size_t(n * n), each) {}
  int64_t size() const { return n_; }
  Expr& operator()(int64_t i, int64_t j) { return elements_[size_t(i * n_ + j)]; }
  const Expr& operator()(int64_t i, int64_t j) const { return elements_[size_t(i * n_ + j)]; }
  Expr matrix() const;

 private:
  int64_t n_;
  std::vector<Expr> elements_;
};

/// (m + m^T) / 2.
Expr symmetric_part(const Expr& m);

/// A = vectors diag(values) vectors^T, the eigenvectors its columns.
struct Eigen {
  std::vector<Expr> values;
  Elements vectors;

  /// vectors diag(f) vectors^T.
  Expr with_values(const std::vector<Expr>& f) const;
};

/// Of a symmetric matrix [n, n], n <= 3, by Jacobi rotations: one is exact for n = 2; four sweeps of three for n = 3
/// leave less than 2^-24 of the largest element off the diagonal. Golub and Van Loan: "Matrix computations" (1996),
/// section 8.4. Values are right to a few roundings of the largest.
Eigen eigen(const Expr& symmetric);

/// The lower triangular factor L of a positive definite matrix X = L L^T. Where rounding has made X indefinite the
/// pivots are kept above 2^-24 of the diagonal, and L is finite.
Elements cholesky(const Expr& positive);
/// L^-1 V L^-T.
Expr in_frame(const Elements& cholesky, const Expr& symmetric);
/// L S L^T.
Expr out_of_frame(const Elements& cholesky, const Expr& symmetric);

}  // namespace catenary
