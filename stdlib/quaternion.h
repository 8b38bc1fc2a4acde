// Unit quaternions [w, x, y, z] and the rotations that they stand for.
#pragma once

#include <catenary/dsl/expr.h>

namespace catenary::quaternion {

/// The quaternion of a real part, a number, and an imaginary part, shape {3}.
Expr from_parts(Expr real, Expr imaginary);
/// The product a b, shape {4}: of unit quaternions, the rotation b followed by a (Hamilton's convention).
Expr multiply(Expr a, Expr b);
/// The inverse of a unit quaternion.
Expr conjugate(Expr q);
/// The vector v, shape {3}, turned by the unit quaternion q.
Expr rotate(Expr q, Expr v);
/// The one of q and -q whose first element is not negative. They are one rotation.
Expr canonical(Expr q);

/// The rotation matrix, shape {3, 3}, of a unit quaternion.
Expr to_matrix(Expr q);
/// The unit quaternion, canonical, of a rotation matrix. Shepperd: "Quaternion from rotation matrix" (1978): the
/// largest element is found first, so that nothing small is divided by.
Expr from_matrix(Expr matrix);
/// The orientation of a residue from three of its atoms, each of shape {3}: the rotation matrix whose first column
/// points from the alpha carbon to C, whose third is normal to the plane of N, alpha carbon and C, and whose second
/// completes them (Gram and Schmidt; Jumper et al. 2021, algorithm 21). As a unit quaternion. The atoms must not lie on
/// a line.
Expr from_backbone(Expr n, Expr alpha_carbon, Expr c);

}  // namespace catenary::quaternion
