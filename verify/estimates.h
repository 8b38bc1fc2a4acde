// The checks of what a model returns: what estimates stand for, and their losses.
#pragma once

#include <memory>

#include <catenary/verify/subject.h>

namespace catenary::verifying {

/// Plans the checks of every kind of estimate that a component's process lists; the session outlives the run.
void plan_estimates(Session& session, std::shared_ptr<const Subject> subject);

}  // namespace catenary::verifying
