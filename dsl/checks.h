// Checks that declarations share.
#pragma once

#include <string>
#include <vector>

#include <catenary/dsl/schedule.h>

namespace catenary {

/// Letters, digits and underscores, not starting with a digit.
bool is_identifier(const std::string& name);

/// Throws Error for a shape that the runtime does not hold; `what` have it: "estimates".
void check_shape(const std::string& what, const Shape& shape);

/// Throws Error where a law reads a parameter that it is not given.
void check_parameters(const Schedule& law, const std::vector<Expr>& given);

}  // namespace catenary
