// The checks of processes: of every component of a subject at once.
#pragma once

#include <memory>

#include <catenary/verify/subject.h>

namespace catenary::verifying {

/// Plans the checks that every component's process must pass, on its clock; subject and session outlive the run.
void plan_processes(Session& session, std::shared_ptr<const Subject> subject);

}  // namespace catenary::verifying
