// Names and orders that the lowering and the kernel tables must agree on.
#include <catenary/compiler/symbols.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/runtime/abi.h>
#include <llvm/Support/ErrorHandling.h>

namespace catenary {

std::vector<KernelOperand> operands_of(PipelineOp pipeline) {
  auto module = pipeline->getParentOfType<mlir::ModuleOp>();
  std::vector<KernelOperand> operands;
  const QuestionForm& form = form_of(pipeline.getQuestion());
  for (auto process : module.getOps<ProcessOp>()) {
    if (process.getSites() != pipeline.getSites()) continue;
    std::string name = process.getSymName().str();
    int64_t point = size_of(process.getPoint());
    for (Role role : form.inputs)
      operands.push_back({name, int32_t(role),
                          role == Role::estimate || role == Role::source ? size_of(process.getEstimate()) : point});
    bool number = form.output == CATENARY_LOG_DENSITY || form.output == CATENARY_LOSS;
    bool like_estimate = form.output == CATENARY_LOSS_GRADIENT;
    operands.push_back({name, form.output, number ? 1 : like_estimate ? size_of(process.getEstimate()) : point});
  }
  for (KernelOperand& operand : operands) operand.size /= int64_t(pipeline.getNumbers());
  return operands;
}

size_t index_of(const std::vector<KernelOperand>& operands, llvm::StringRef component, int32_t role) {
  for (size_t k = 0; k < operands.size(); ++k)
    if (operands[k].component == component && operands[k].role == role) return k;
  llvm_unreachable("PipelineOp's verifier refuses an operand that the question does not have");
}

int time_index(TimeOp time) {
  const auto& names = form_of(time->getParentOfType<PipelineOp>().getQuestion()).times;
  for (size_t k = 0; k < names.size(); ++k)
    if (time.getTime() == names[k]) return int(k);
  llvm_unreachable("PipelineOp's verifier refuses a time that the question does not have");
}

static std::string symbol(mlir::ModuleOp module, llvm::StringRef of, const char* part) {
  std::string name = "catenary_" + module.getName().value_or("joint").str() + "_" + of.str() + "_" + part;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string sample_part_symbol(mlir::ModuleOp module, PipelineOp pipeline) {
  return symbol(module, pipeline.getSymName(), "samples");
}
std::string points_part_symbol(mlir::ModuleOp module, PipelineOp pipeline) {
  return symbol(module, pipeline.getSymName(), "points");
}
std::string ptx_symbol(mlir::ModuleOp module, Question question) { return symbol(module, name_of(question), "ptx"); }

}  // namespace catenary
