// Rigid motions of space: a position and an orientation.
#pragma once

#include <catenary/stdlib/product.h>

namespace catenary {

/// R^3 x SO(3): points of shape {7}, a position and a unit quaternion, the frames of residues and of robots' links. The
/// metric is the product's: a unit of length weighs as much as a radian.
class RigidMotions final : public Product {
 public:
  RigidMotions();
  static Expr position(Expr x) { return slice(std::move(x), 0, 3); }
  static Expr rotation(Expr x) { return slice(std::move(x), 3, 4); }
  static Expr from(Expr position, Expr rotation);
  /// The frame of a residue, from its N, alpha carbon and C, each of shape {3}: at the alpha carbon, oriented as
  /// quaternion::from_backbone says.
  static Expr from_backbone(Expr n, Expr alpha_carbon, Expr c);
  /// The atoms of a residue in that frame, shape {3, 3}: rows N, alpha carbon, C. In angstroms, of ideal geometry: N-CA
  /// 1.459, CA-C 1.525, N-CA-C 111.0 degrees, means over all residues but glycine and proline (Engh, Huber:
  /// International Tables for Crystallography F, 18.3, 2001).
  static Expr to_backbone(Expr x);
  /// The motion as a matrix on homogeneous coordinates, shape {4, 4}: rotation matrix, position, and a last row 0 0 0
  /// 1, which is not read.
  static Expr from_matrix(Expr matrix);
  static Expr to_matrix(Expr x);
  /// Where the motion takes a vector of shape {3}.
  static Expr apply(Expr x, Expr vector);
};

/// Variances per unit of time: of each coordinate of the position, and of each element of the rotation vector.
struct RigidBrownianOptions {
  double position_rate = 1;
  double rotation_rate = 1;
};

/// Independent Brownian motions of position and orientation, both exact.
ProductProcess Brownian(const RigidMotions& space, RigidBrownianOptions options);
/// Both at one rate.
ProductProcess Brownian(const RigidMotions& space, double rate);

}  // namespace catenary
