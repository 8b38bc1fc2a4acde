// The probability flow of heat kernels that depend on a distance alone.
#pragma once

#include <functional>

#include <catenary/dsl/expr.h>

namespace catenary::radial_flow {

/// Heat from y spreads along the geodesics from there: at the distance r a point moves by dr/dv = pull(r, v) / 2, where
/// pull = -d log p / dr. In flat space r grows like sqrt(v); what is more or less than that is integrated by the
/// classical Runge-Kutta method in log(1 + 4v), in steps of at most 0.2. From the variance u to w < u; elementwise, u
/// and w are numbers or of r's shape. Errors: docs/walks.md.

/// On a space without an end. `added(r, v)` is pull / r - 1 / v.
Expr open(Expr r, Expr u, Expr w, const std::function<Expr(Expr r, Expr v)>& added);

/// On a space that ends at the distance pi, where the cut locus lies, as on spheres and on SO(3). It is log
/// tan(r / 2) that is integrated, because beside the cut locus `rest`, pi - r, falls exponentially.
Expr closed(Expr r, Expr u, Expr w, const std::function<Expr(Expr r, Expr rest, Expr v)>& pull);

}  // namespace catenary::radial_flow
