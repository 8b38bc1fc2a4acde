// The functions of quaternion.h, rigid_motions.h and lattice.h by their names.
#include <catenary/stdlib/conversions.h>

#include <catenary/stdlib/lattice.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rigid_motions.h>
#include <catenary/stdlib/rotations.h>

namespace catenary::conversions {

Conversion rotations_from_matrices() {
  return {"rotations_from_matrices", {"rotation_matrices", {3, 3}}, "rotations", quaternion::from_matrix};
}

Conversion matrices_from_rotations() {
  return {"matrices_from_rotations", {"rotations", {4}}, "rotation_matrices", quaternion::to_matrix};
}

Conversion rotations_from_vectors() {
  return {"rotations_from_vectors", {"rotation_vectors", {3}}, "rotations", quaternion::from_rotation_vector};
}

Conversion vectors_from_rotations() {
  return {"vectors_from_rotations", {"rotations", {4}}, "rotation_vectors", quaternion::to_rotation_vector};
}

Conversion tangents_from_vectors() {
  return {"tangents_from_vectors", {"rotations_and_vectors", {7}}, "tangents", [](const Expr& x) {
            return Rotations::from_rotation_vector(slice(x, 0, 4), slice(x, 4, 3));
          }};
}

Conversion vectors_from_tangents() {
  return {"vectors_from_tangents", {"rotations_and_tangents", {8}}, "rotation_vectors", [](const Expr& x) {
            return Rotations::to_rotation_vector(slice(x, 0, 4), slice(x, 4, 4));
          }};
}

Conversion rotations_from_axes() {
  return {"rotations_from_axes", {"axes", {2, 3}}, "rotations", [](const Expr& axes) {
            return quaternion::from_axes(index(axes, 0), index(axes, 1));
          }};
}

Conversion frames_from_backbones() {
  return {"frames_from_backbones", {"backbones", {3, 3}}, "rigid_motions", [](const Expr& atoms) {
            return RigidMotions::from_backbone(index(atoms, 0), index(atoms, 1), index(atoms, 2));
          }};
}

Conversion backbones_from_frames() {
  return {"backbones_from_frames", {"rigid_motions", {7}}, "backbones", RigidMotions::to_backbone};
}

Conversion frames_from_matrices() {
  return {"frames_from_matrices", {"homogeneous_matrices", {4, 4}}, "rigid_motions", RigidMotions::from_matrix};
}

Conversion matrices_from_frames() {
  return {"matrices_from_frames", {"rigid_motions", {7}}, "homogeneous_matrices", RigidMotions::to_matrix};
}

Conversion lattices_from_parameters() {
  return {"lattices_from_parameters", {"cell_parameters", {6}}, "lattices", lattice::from_parameters};
}

Conversion parameters_from_lattices() {
  return {"parameters_from_lattices", {"lattices", {3, 3}}, "cell_parameters", lattice::to_parameters};
}

Conversion lattices_from_metrics() {
  return {"lattices_from_metrics", {"metric_tensors", {3, 3}}, "lattices", lattice::from_metric};
}

Conversion metrics_from_lattices() {
  return {"metrics_from_lattices", {"lattices", {3, 3}}, "metric_tensors", lattice::to_metric};
}

std::vector<Conversion> all() {
  return {rotations_from_matrices(),  matrices_from_rotations(), rotations_from_vectors(), vectors_from_rotations(),
          tangents_from_vectors(),    vectors_from_tangents(),   rotations_from_axes(),    frames_from_backbones(),
          backbones_from_frames(),    frames_from_matrices(),    matrices_from_frames(),   lattices_from_parameters(),
          parameters_from_lattices(), lattices_from_metrics(),   metrics_from_lattices()};
}

}  // namespace catenary::conversions
