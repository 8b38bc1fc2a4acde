// Symmetric positive definite matrices.
#pragma once

#include <catenary/dsl/space.h>

namespace catenary {

/// Symmetric positive definite matrices, points [n, n], n = 2 or 3, with the affine-invariant metric tr(X^-1 U X^-1 V):
/// a space of dimension n (n + 1) / 2 without positive curvature, where every two points are joined by one geodesic.
/// Tangent vectors are symmetric matrices. Pennec, Fillard and Ayache: "A Riemannian framework for tensor computing"
/// (2006).
///
/// Everything goes through a Cholesky factor X = L L^T: V -> L^-1 V L^-T takes the tangent space at X to that at the
/// identity and keeps lengths, because congruence is an isometry.
///
/// A float matrix knows its small eigenvalues to 2^-24 of the largest: errors along the space are about 1e-7 times the
/// ratio of the two. project keeps eigenvalues in [1e-12, 1e12] and their ratio below 1e6; exp may leave these bounds,
/// by factors up to e^56, and is finite.
class Spd final : public Manifold {
 public:
  explicit Spd(int n);
  /// The symmetric part with its eigenvalues raised to 1e-6 of the largest, and all within [1e-12, 1e12]. Up to these
  /// bounds it is the nearest point in the Frobenius norm. Higham: "Computing a nearest symmetric positive semidefinite
  /// matrix" (1988).
  Expr project(Expr x) const override;
  Expr tangent(Expr x, Expr v) const override;
  /// L expm(L^-1 V L^-T) L^T.
  Expr exp(Expr x, Expr v) const override;
  /// L logm(L^-1 Y L^-T) L^T.
  Expr log(Expr x, Expr y) const override;
  Expr inner(Expr x, Expr u, Expr v) const override;
  /// The root of the sum of the squares of the logarithms h_i of the eigenvalues of X^-1 Y.
  Expr distance(Expr x, Expr y) const override;
  /// X D X, D the symmetric part of the derivatives.
  Expr gradient(Expr x, Expr derivatives) const override;
  /// L S L^T, S with N(0, 1) on the diagonal and N(0, 1/2) off it.
  Expr tangent_normal(Expr x) const override;
  /// The gradient of -r^2 / 2v - 1/2 sum_{i<j} log(sinh(z) / z), z = (h_i - h_j) / 2: the first two terms of the heat
  /// kernel for small v.
  Expr score(Expr x, Expr y, Expr v) const override;
  /// The identity.
  std::optional<Expr> origin() const override;
};

}  // namespace catenary
