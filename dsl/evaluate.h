// The reference evaluator: one point at a time, in double precision, with the draws that compiled code makes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <catenary/dsl/laws.h>

namespace catenary {

/// The place of one point's draws in the counter layout of support/philox.h.
struct DrawAddress {
  uint64_t seed = 0;
  uint32_t step = 0;
  uint32_t component = 0;
  Question question = Question::forward;
  uint64_t point = 0;
};

/// Row-major elements; integers and booleans as doubles.
using Values = std::vector<double>;

/// Evaluates expressions at one point, given the values of their parameters by name. f32 arithmetic is done in double,
/// i32 arithmetic exactly. A while that has not ended after 65,536 trips stops there, as compiled code does. Throws
/// Error for a parameter that is missing or of another size.
std::vector<Values> evaluate(const std::vector<Expr>& outputs, const std::map<std::string, Values>& parameters,
                             const DrawAddress& address = {});

}  // namespace catenary
