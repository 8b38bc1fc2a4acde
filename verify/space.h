// The checks of a space.
#pragma once

#include <memory>

#include <catenary/verify/session.h>

namespace catenary::verifying {

/// Plans the checks of a space in the session, called `label` and their name; of a product those of its parts. Returns
/// what they need until it has run.
std::shared_ptr<void> plan_space(Session& session, const Kept<Space>& space, const std::string& label = "");

}  // namespace catenary::verifying
