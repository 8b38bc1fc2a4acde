// What a pipeline is given and gives, by the question it asks.
#pragma once

#include <string>
#include <vector>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

struct QuestionForm {
  std::vector<Role> inputs;        ///< By role, in the order of a kernel's operands.
  std::vector<const char*> times;  ///< s before t.
  int32_t output;                  ///< What is written: CATENARY_OUT, CATENARY_LOG_DENSITY, ...
};

/// Null for what is no question.
const QuestionForm* find_question(llvm::StringRef question);

/// Of a question that a verified pipeline asks.
const QuestionForm& form_of(llvm::StringRef question);

/// "prior, forward and bridge", of all there are.
std::string list_of_questions();

}  // namespace catenary
