// The same bits, however they are drawn.
#pragma once

#include <memory>

#include <catenary/verify/subject.h>

namespace catenary::verifying {

/// Plans the checks that draws depend neither on how a batch is cut, nor on threads, vector widths, or when code was
/// compiled.
void plan_sameness(Session& session, std::shared_ptr<const Subject> subject);

}  // namespace catenary::verifying
