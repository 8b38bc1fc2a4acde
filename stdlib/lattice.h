// Lattices of crystals: by their vectors, by lengths and angles, by their metric tensor.
#pragma once

#include <catenary/dsl/expr.h>

namespace catenary::lattice {

// A lattice's vectors a, b, c are the rows of a matrix [3, 3], in any unit of length: fractional coordinates f stand
// for f_1 a + f_2 b + f_3 c. What is made here is turned so that a lies along x, b in the plane of x and y on the side
// of y, and c on the side of z, as crystallographers have it. A lattice's metric tensor [3, 3] has the dot products of
// its vectors: a point of Spd(3), which no rotation changes.

/// Lengths of a, b, c and the angles between b and c, a and c, a and b, in radians, [6], to [3, 3]. Where no three
/// vectors have such angles, c lies in the plane of the others.
/// c_z = 2 |c| sqrt(sin s sin(s - alpha) sin(s - beta) sin(s - gamma)) / sin gamma, s half the sum of the angles, which
/// does not cancel where a cell is flat. Volume of the cell: International tables for
/// crystallography C (2006), section 1.1.1.
Expr from_parameters(Expr parameters);
/// [3, 3] to [6], of a lattice turned any way and of either hand; angles 0 to pi, pi / 2 for a vector of length 0.
Expr to_parameters(Expr vectors);
/// [3, 3] to [3, 3].
Expr to_metric(Expr vectors);
/// The Cholesky factor, which is the lattice as it is turned here. What is no positive matrix is no lattice's:
/// Spd(3).project makes it one.
Expr from_metric(Expr metric);

}  // namespace catenary::lattice
