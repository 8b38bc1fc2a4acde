// Rigid motions as a product.
#include <catenary/stdlib/rigid_motions.h>

#include <catenary/stdlib/linear_gaussian.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rotations.h>

namespace catenary {

RigidMotions::RigidMotions() : Product({{"position", Euclidean({3})}, {"rotation", Rotations()}}) {}

Expr RigidMotions::from(Expr position, Expr rotation) { return concat({std::move(position), std::move(rotation)}); }

Expr RigidMotions::from_backbone(Expr n, Expr alpha_carbon, Expr c) {
  return from(alpha_carbon, quaternion::from_backbone(std::move(n), alpha_carbon, std::move(c)));
}

Expr RigidMotions::apply(Expr x, Expr vector) {
  return position(x) + quaternion::rotate(rotation(x), std::move(vector));
}

ProductProcess Brownian(const RigidMotions&, RigidBrownianOptions options) {
  return ProductProcess({{"position", Brownian(Euclidean({3}), options.position_rate)},
                         {"rotation", Brownian(Rotations(), options.rotation_rate)}});
}

}  // namespace catenary
