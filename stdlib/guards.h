// Guards that curved spaces share: against overflow, and against division by zero.
#pragma once

#include <catenary/dsl/expr.h>

namespace catenary {

/// v, shortened to the length `most` where it is longer: finite for every finite v.
inline Expr shortened(Expr v, double most) {
  // First by its largest element, whose square would overflow.
  Expr bounded = min(1.0, most / max(max_of(abs(v)), 1e-30)) * v;
  return min(1.0, most / max(norm(bounded), 1e-30)) * bounded;
}

/// x / y, and `at_zero` where y, which is not negative, is below 1e-30.
inline Expr ratio(Expr x, Expr y, double at_zero) { return select(y < 1e-30, at_zero, x / max(y, 1e-30)); }

}  // namespace catenary
