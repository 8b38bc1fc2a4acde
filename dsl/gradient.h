// Reverse-mode differentiation: the gradient of an expression, as an expression.
#pragma once

#include <functional>

#include <catenary/dsl/expr.h>

namespace catenary {

/// The derivatives of the number `f` by the elements of `x`, in the shape of x; zeros where f does not depend on x.
/// Select, min, max and abs are differentiated along the branch that is taken (at a tie the first argument, for abs at
/// 0 neither), whatever the other holds; floor, to_int, to_bits and comparisons have derivative 0. x is a parameter or
/// any other node of f. Throws Error if f depends on x through a loop's f32 values, if f is not an f32 number, or x not
/// f32.
Expr gradient(const Expr& f, const Expr& x);

/// f' at x, in the shape of x, each element of f(x) being made of the same element of x alone. Throws Error as gradient
/// does.
Expr derivative(const std::function<Expr(Expr)>& f, const Expr& x);

}  // namespace catenary
