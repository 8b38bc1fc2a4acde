// Conversions of rotations, rigid motions and lattices, to be compiled: compile(conversions::frames_from_backbones()).
#pragma once

#include <vector>

#include <catenary/dsl/conversion.h>

namespace catenary::conversions {

// Rotations are unit quaternions [w, x, y, z] with w >= 0, f32 [4]; quaternions that are read may have any sign, and
// are taken to be of unit length. stdlib/quaternion.h says what each gives of what is not quite right.

/// f32 [3, 3] to [4].
Conversion rotations_from_matrices();
/// f32 [4] to [3, 3].
Conversion matrices_from_rotations();
/// Axis times angle, f32 [3], to [4].
Conversion rotations_from_vectors();
/// f32 [4] to [3].
Conversion vectors_from_rotations();
/// A rotation x and a rotation vector in the frame that x turns, f32 [7], to the tangent vector at x, [4]: what a
/// model's rotation vectors are to become (Rotations::from_rotation_vector).
Conversion tangents_from_vectors();
/// A rotation x and a tangent vector at it, f32 [8], to [3].
Conversion vectors_from_tangents();
/// Two vectors, f32 [2, 3], to [4]: quaternion::from_axes.
Conversion rotations_from_axes();

// Frames are rigid motions, a position and a rotation, f32 [7]: stdlib/rigid_motions.h.

/// A residue's atoms, rows N, alpha carbon, C, f32 [3, 3], to its frame, [7].
Conversion frames_from_backbones();
/// f32 [7] to [3, 3]: the atoms in their ideal places.
Conversion backbones_from_frames();
/// Homogeneous matrices, f32 [4, 4], to [7].
Conversion frames_from_matrices();
/// f32 [7] to [4, 4].
Conversion matrices_from_frames();

// Lattices: stdlib/lattice.h.

/// Lengths and angles, f32 [6], to the vectors, [3, 3].
Conversion lattices_from_parameters();
/// f32 [3, 3] to [6].
Conversion parameters_from_lattices();
/// Dot products of the vectors, f32 [3, 3], a point of Spd(3), to the vectors, [3, 3].
Conversion lattices_from_metrics();
/// f32 [3, 3] to [3, 3].
Conversion metrics_from_lattices();

/// All of the above.
std::vector<Conversion> all();

}  // namespace catenary::conversions
