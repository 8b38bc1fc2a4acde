// Checks that the spaces and processes of this folder make of their parameters.
#pragma once

#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

/// Returns `value`; throws Error unless it is finite and above 0;
inline double above_zero(std::string_view whose, std::string_view what, double value) {
  if (!(value > 0) || !std::isfinite(value))
    throw Error(fmt::format("{} needs a {} above 0; found {}", whose, what, value));
  return value;
}

/// also unless it is so far within the range of f32 that its root and its products with times and points are.
inline double positive(std::string_view whose, std::string_view what, double value) {
  above_zero(whose, what, value);
  if (!(value >= 1e-30 && value <= 1e30))
    throw Error(fmt::format("{} needs a {} from 1e-30 to 1e30; found {}", whose, what, value));
  return value;
}

}  // namespace catenary
