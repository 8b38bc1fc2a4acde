// The checks of steps that are not bridges: by estimates themselves, by flows, by means.
#pragma once

#include <memory>

#include <catenary/verify/subject.h>

namespace catenary::verifying {

/// Plans them for every component that has such steps; the session outlives the run.
void plan_steps(Session& session, std::shared_ptr<const Subject> subject);

}  // namespace catenary::verifying
