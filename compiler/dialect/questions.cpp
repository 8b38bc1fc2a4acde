// The table of questions.
#include <catenary/compiler/dialect/questions.h>

#include <catenary/runtime/abi.h>
#include <catenary/support/philox.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/Support/ErrorHandling.h>

namespace catenary {

static_assert(int(Role::x0) == CATENARY_X0 && int(Role::xt) == CATENARY_XT &&
              int(Role::estimate) == CATENARY_ESTIMATE && int(Role::xs) == CATENARY_XS &&
              int(Role::source) == CATENARY_SOURCE);

const QuestionForm* find_question(llvm::StringRef question) {
  static const QuestionForm forms[] = {
      {{}, {}, CATENARY_OUT},                                                 // prior
      {{Role::x0}, {"t"}, CATENARY_OUT},                                      // forward
      {{Role::x0, Role::xt}, {"s", "t"}, CATENARY_OUT},                       // bridge
      {{Role::xt, Role::estimate}, {"s", "t"}, CATENARY_OUT},                 // step
      {{Role::xs}, {"s", "t"}, CATENARY_OUT},                                 // transition
      {{Role::x0, Role::xt}, {"t"}, CATENARY_LOG_DENSITY},                    // log_density
      {{Role::x0, Role::xt}, {"t"}, CATENARY_TANGENT},                        // score
      {{Role::x0, Role::xt, Role::estimate}, {"t"}, CATENARY_LOSS},           // loss
      {{Role::x0, Role::xt, Role::estimate}, {"t"}, CATENARY_LOSS_GRADIENT},  // loss_gradient
      {{Role::xt, Role::estimate}, {"s", "t"}, CATENARY_OUT},                 // flow_step
      {{Role::source}, {}, CATENARY_OUT},                                     // convert
      {{Role::xt, Role::estimate}, {"s", "t"}, CATENARY_OUT},                 // mean_step
      {{Role::xt, Role::estimate}, {"t"}, CATENARY_TANGENT},                  // flow_velocity
  };
  static_assert(std::size(forms) == question_names.size());
  const auto* name = llvm::find(question_names, question);
  return name == question_names.end() ? nullptr : &forms[name - question_names.begin()];
}

const QuestionForm& form_of(llvm::StringRef question) {
  const QuestionForm* form = find_question(question);
  if (!form) llvm_unreachable("PipelineOp's verifier refuses what is no question");
  return *form;
}

std::string list_of_questions() {
  std::string list = question_names[0];
  for (size_t k = 1; k < question_names.size(); ++k)
    list += (k + 1 < question_names.size() ? ", " : " and ") + std::string(question_names[k]);
  return list;
}

}  // namespace catenary
