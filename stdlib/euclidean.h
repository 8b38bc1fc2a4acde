// Flat spaces.
#pragma once

#include <catenary/dsl/space.h>

namespace catenary {

/// A linear subspace of R^n, with its metric: geodesics are straight lines.
class Flat : public Manifold {
 public:
  /// The orthogonal projection; by default the subspace is the whole.
  Expr project(Expr x) const override { return x; }
  Expr tangent(Expr, Expr v) const override { return project(std::move(v)); }
  Expr exp(Expr x, Expr v) const override { return x + v; }
  Expr log(Expr x, Expr y) const override { return y - x; }
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override { return y + sqrt(w / max(u, 1e-37)) * (x - y); }
  std::optional<Expr> origin() const override { return splat(0, point()); }
  Expr tangent_normal(Expr) const override { return project(normal(point())); }
  Expr standard_noise() const override { return project(normal(point())); }

 protected:
  Flat(std::string name, Shape point, int dimension);
};

/// R^n with points of any shape: `Euclidean({3})` vectors, `Euclidean({3, 3})` matrices, `Euclidean({})` numbers.
/// It has no uniform law, hence no uniform_point.
class Euclidean final : public Flat {
 public:
  explicit Euclidean(Shape point);
};

/// n atoms in d dimensions, [n, d], whose mean over the atoms is 0: one point is a whole molecule. The dimension is (n
/// - 1) d; so laws do not depend on where the molecule lies (Satorras et al., "E(n) equivariant normalizing flows",
/// 2021).
class CenteredEuclidean final : public Flat {
 public:
  /// At least two atoms.
  explicit CenteredEuclidean(Shape point);
  /// Less the mean over the atoms.
  Expr project(Expr x) const override;
};

}  // namespace catenary
