// What the tests of planted mistakes ask the verifier for, and what they read of its report.
#pragma once

#include <string>
#include <utility>

#include <catenary/verify/verify.h>

namespace catenary {

inline VerifyOptions quick(double horizon) {
  VerifyOptions options;
  options.horizon = horizon;
  options.spaces = false;
  options.stop_at_failure = true;
  return options;
}

// The first failure, as "check: worst case; advice".
inline std::string first_failure(const Report& report) {
  for (const Check& c : report.checks)
    if (c.verdict == Verdict::fail) return c.name + ": " + c.worst + "; " + c.advice;
  return "none";
}
template <class P>
std::string first_failure(P process, double horizon = 8) {
  return first_failure(verify(std::move(process), quick(horizon)));
}

}  // namespace catenary
