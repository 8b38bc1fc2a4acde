// The checks of log_density and score.
#pragma once

#include <catenary/verify/subject.h>

namespace catenary::verifying {

/// Checks that densities integrate to one, that samples follow them, and that scores are their gradients.
void check_density(Session& session, const Subject& subject, const State& starts);

/// Checks both at single points: the score against differences of log_density, and compiled code against double
/// precision. For a component whose declaration is there.
void check_density_points(Session& session, const Subject& subject, const Component& component, const State& starts);

}  // namespace catenary::verifying
