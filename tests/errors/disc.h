// A manifold without a law of uniform points.
#pragma once

#include <catenary/dsl/space.h>

namespace catenary::testing {

struct Disc final : Manifold {
  Disc() : Manifold("disc", {.point = {2}, .dimension = 2}) {}
  Expr project(Expr x) const override { return x; }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return x + v; }
  Expr log(Expr x, Expr y) const override { return y - x; }
};

}  // namespace catenary::testing
