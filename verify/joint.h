// The checks of a joint process as a whole.
#pragma once

#include <memory>

#include <catenary/verify/subject.h>

namespace catenary::verifying {

/// Plans the checks that components are independent given their endpoints, that clocks are clocks and are kept, and
/// that the reverse walk around an oracle gives the data back.
void plan_joint(Session& session, std::shared_ptr<const Subject> subject);

}  // namespace catenary::verifying
