// Rigid motions as a product.
#include <catenary/stdlib/rigid_motions.h>

#include <cmath>
#include <numbers>

#include <catenary/stdlib/linear_gaussian.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rotations.h>

namespace catenary {

RigidMotions::RigidMotions() : Product({{"position", Euclidean({3})}, {"rotation", Rotations()}}) {}

Expr RigidMotions::from(Expr position, Expr rotation) { return concat({std::move(position), std::move(rotation)}); }

Expr RigidMotions::from_backbone(Expr n, Expr alpha_carbon, Expr c) {
  return from(alpha_carbon, quaternion::from_backbone(std::move(n), alpha_carbon, std::move(c)));
}

Expr RigidMotions::to_backbone(Expr x) {
  constexpr double n_to_alpha = 1.459, alpha_to_c = 1.525, angle = 111.0 * std::numbers::pi / 180;
  Expr n = constant({n_to_alpha * std::cos(angle), n_to_alpha * std::sin(angle), 0}, {3});
  return stack({apply(x, n), position(x), apply(x, constant({alpha_to_c, 0, 0}, {3}))});
}

Expr RigidMotions::from_matrix(Expr matrix) {
  std::vector<Operand> rotation, position;
  for (int64_t i = 0; i < 3; ++i) {
    Expr row = index(matrix, i);
    rotation.push_back(slice(row, 0, 3));
    position.push_back(index(row, 3));
  }
  return from(stack(position), quaternion::from_matrix(stack(rotation)));
}

Expr RigidMotions::to_matrix(Expr x) {
  Expr turn = quaternion::to_matrix(rotation(x));
  std::vector<Operand> rows;
  for (int64_t i = 0; i < 3; ++i) rows.push_back(concat({index(turn, i), slice(x, i, 1)}));
  rows.push_back(constant({0, 0, 0, 1}, {4}));
  return stack(rows);
}

Expr RigidMotions::apply(Expr x, Expr vector) {
  return position(x) + quaternion::rotate(rotation(x), std::move(vector));
}

ProductProcess Brownian(const RigidMotions&, RigidBrownianOptions options) {
  return ProductProcess({{"position", Brownian(Euclidean({3}), options.position_rate)},
                         {"rotation", Brownian(Rotations(), options.rotation_rate)}});
}

ProductProcess Brownian(const RigidMotions& space, double rate) {
  return Brownian(space, {.position_rate = rate, .rotation_rate = rate});
}

}  // namespace catenary
