// Bridges on spheres from bridges in flat space: triangles with the same sides.
#pragma once

#include <catenary/dsl/expr.h>

namespace catenary {

/// A point of a bridge in R^d between ends a distance apart: its place along the way from the start to the end, a
/// number, and across it, a vector; and its distances, theta from the start and phi from the end.
struct FlatBridge {
  Expr along, across, theta, phi;
};
/// `normal` is a standard normal vector of the start's tangent space, `direction` a unit vector towards the end, or 0
/// where that is at the start; `share` how much of the time has passed, `deviation` that of the bridge.
FlatBridge flat_bridge(const Expr& normal, const Expr& direction, const Expr& distance, const Expr& share,
                       const Expr& deviation);

/// The point at the distances theta and phi on the unit sphere: cosine start + along direction + across.
struct OnSphere {
  Expr cosine, along, across;
};
/// For theta + phi + distance <= 2 pi. With cos phi = cos theta cos D + sin theta sin D cos alpha; in half angles, and
/// by Heron's formula across, both over what they are in R^d, so that nothing cancels when D is small.
OnSphere on_sphere(const FlatBridge& y, const Expr& distance);

}  // namespace catenary
