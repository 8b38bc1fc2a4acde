// Flat space.
#pragma once

#include <catenary/dsl/space.h>

namespace catenary {

/// R^n with points of any shape: `Euclidean({3})` vectors, `Euclidean({3, 3})` matrices, `Euclidean({})` numbers.
/// It has no uniform law, hence no uniform_point.
class Euclidean final : public Manifold {
 public:
  explicit Euclidean(Shape point);
  Expr project(Expr x) const override { return x; }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return x + v; }
  Expr log(Expr x, Expr y) const override { return y - x; }
  std::optional<Expr> origin() const override { return splat(0, point()); }
};

}  // namespace catenary
