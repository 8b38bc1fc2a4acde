// Checks that the spaces and processes of this folder make of their parameters.
#pragma once

#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

/// Returns `value`; throws Error unless it is finite and above 0.
inline double positive(std::string_view whose, std::string_view what, double value) {
  if (!(value > 0) || !std::isfinite(value))
    throw Error(fmt::format("{} needs a {} above 0; found {}", whose, what, value));
  return value;
}

}  // namespace catenary
