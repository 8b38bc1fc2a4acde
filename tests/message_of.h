// What an error says.
#pragma once

#include <functional>
#include <string>

#include <catenary/support/error.h>

namespace catenary::testing {

/// The message of the Error that `act` throws.
inline std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace catenary::testing
