// Names and orders that the lowering and the kernel tables must agree on.
#include <catenary/compiler/symbols.h>

#include <catenary/runtime/abi.h>
#include <llvm/Support/ErrorHandling.h>

namespace catenary {

std::vector<KernelOperand> operands_of(PipelineOp pipeline) {
  auto module = pipeline->getParentOfType<mlir::ModuleOp>();
  auto size = [](mlir::Type type) {
    auto shaped = mlir::dyn_cast<mlir::ShapedType>(type);
    return shaped ? shaped.getNumElements() : 1;
  };
  std::vector<KernelOperand> operands;
  llvm::StringRef question = pipeline.getQuestion();
  for (auto process : module.getOps<ProcessOp>()) {
    if (process.getSites() != pipeline.getSites()) continue;
    std::string name = process.getSymName().str();
    int64_t point = size(process.getPoint());
    if (question == "forward" || question == "bridge") operands.push_back({name, CATENARY_X0, point});
    if (question == "bridge" || question == "step") operands.push_back({name, CATENARY_XT, point});
    if (question == "step") operands.push_back({name, CATENARY_ESTIMATE, size(process.getEstimate())});
    operands.push_back({name, CATENARY_OUT, point});
  }
  return operands;
}

size_t index_of(const std::vector<KernelOperand>& operands, llvm::StringRef component, int32_t role) {
  for (size_t k = 0; k < operands.size(); ++k)
    if (operands[k].component == component && operands[k].role == role) return k;
  llvm_unreachable("PipelineOp's verifier refuses an operand that the question does not have");
}

std::vector<const char*> times_of(llvm::StringRef question) {
  if (question == "prior") return {};
  if (question == "forward") return {"t"};
  return {"s", "t"};
}

int time_index(TimeOp time) {
  auto names = times_of(time->getParentOfType<PipelineOp>().getQuestion());
  for (size_t k = 0; k < names.size(); ++k)
    if (time.getTime() == names[k]) return int(k);
  llvm_unreachable("PipelineOp's verifier refuses a time that the question does not have");
}

static std::string symbol(mlir::ModuleOp module, PipelineOp pipeline, const char* part) {
  std::string name =
      "catenary_" + module.getName().value_or("joint").str() + "_" + pipeline.getSymName().str() + "_" + part;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string sample_part_symbol(mlir::ModuleOp module, PipelineOp pipeline) {
  return symbol(module, pipeline, "samples");
}
std::string points_part_symbol(mlir::ModuleOp module, PipelineOp pipeline) {
  return symbol(module, pipeline, "points");
}

}  // namespace catenary
