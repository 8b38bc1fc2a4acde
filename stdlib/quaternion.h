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
/// largest element is found first, so that nothing small is divided by. A matrix that is off a rotation by at most e in
/// the norm of Frobenius gives one within 2 e radians of it, for small e; any other gives some rotation.
Expr from_matrix(Expr matrix);
/// The unit quaternion of the rotation matrix whose first column points along `first`, whose second lies in the plane
/// of both on the side of `second`, and whose third completes them (Gram and Schmidt); each of shape {3}. Six numbers
/// that a model may return for a rotation: Zhou et al., "On the continuity of rotation representations in neural
/// networks" (2019). Where both are on a line, to 1e-3 radians, or `second` is 0, the plane is that of the line and the
/// coordinate axis farthest from it; where `first` is 0, the line is the x-axis.
Expr from_axes(Expr first, Expr second);
/// The orientation of a residue from three of its atoms, each of shape {3}: from_axes from the alpha carbon to C and to
/// N (Jumper et al. 2021, algorithm 21).
Expr from_backbone(Expr n, Expr alpha_carbon, Expr c);

/// The unit quaternion, canonical, of a rotation vector, shape {3}: axis times angle, an angle below 2^30.
Expr from_rotation_vector(Expr vector);
/// The rotation vector of a unit quaternion, of length at most pi. Of a half turn, which has two, it is one of them.
Expr to_rotation_vector(Expr q);

}  // namespace catenary::quaternion
