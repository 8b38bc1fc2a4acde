// The unit sphere S^2 as a user would declare it.
#pragma once

#include <catenary/dsl/space.h>

namespace catenary::testing {

/// Unit vectors of R^3.
struct Sphere : Manifold {
  Sphere() : Manifold("sphere", {.point = {3}, .dimension = 2}) {}
  Expr project(Expr x) const override { return x / norm(x); }
  Expr tangent(Expr x, Expr v) const override { return v - dot(x, v) * x; }
  Expr exp(Expr x, Expr v) const override {
    Expr r = norm(v);
    return cos(r) * x + sinc(r) * v;
  }
  Expr log(Expr x, Expr y) const override {
    Expr across = tangent(x, y), sine = norm(across);
    return select(sine < 1e-30, 1.0, atan2(sine, dot(x, y)) / max(sine, 1e-30)) * across;
  }
  Expr uniform_point() const override { return project(normal({3})); }
};

}  // namespace catenary::testing
