// split-points: a point whose numbers are drawn alike becomes as many points. After assign-draws, which numbers draws
// point by point, so that a number's place in memory is that of its draw; before unpack-points, which would make a copy
// of the body for each number.
#include <catenary/compiler/passes/passes.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/TypeUtilities.h>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/symbols.h>

namespace catenary {

namespace {

using namespace mlir;

bool is_tensor(mlir::Type type) { return isa<RankedTensorType>(type); }

// Whether an operation does the same to each of a point's numbers; draws have their places already.
bool alike(Operation& op, int64_t numbers) {
  if (op.getNumRegions() > 0) return false;
  for (mlir::Type type :
       llvm::concat<mlir::Type>(llvm::to_vector(op.getOperandTypes()), llvm::to_vector(op.getResultTypes())))
    if (is_tensor(type) && cast<RankedTensorType>(type).getNumElements() != numbers) return false;
  if (auto draw = dyn_cast<DrawOp>(op)) return is_tensor(draw.getType()) && draw.getPerPoint() == uint64_t(numbers);
  if (auto input = dyn_cast<InputOp>(op)) return is_tensor(input.getType());
  if (auto output = dyn_cast<OutputOp>(op)) return is_tensor(output.getValue().getType());
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return !is_tensor(constant.getType()) || isa<SplatElementsAttr>(constant.getValue());
  if (isa<tensor::SplatOp>(op) || op.hasTrait<OpTrait::Elementwise>()) return true;
  return !llvm::any_of(op.getOperandTypes(), is_tensor) && !llvm::any_of(op.getResultTypes(), is_tensor);
}

// The numbers of a point, where all components' values have as many; 1 where there is nothing to split.
int64_t numbers_of(PipelineOp pipeline) {
  auto operands = operands_of(pipeline);
  const int64_t numbers = operands[0].size;
  for (const KernelOperand& operand : operands)
    if (operand.size != numbers) return 1;
  return numbers;
}

void split(PipelineOp pipeline, int64_t numbers) {
  for (Operation& op : llvm::make_early_inc_range(pipeline.getBody().front())) {
    if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
      splat.replaceAllUsesWith(splat.getInput());
      splat.erase();
      continue;
    }
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && is_tensor(constant.getType()))
      constant.setValueAttr(cast<TypedAttr>(cast<SplatElementsAttr>(constant.getValue()).getSplatValue<Attribute>()));
    if (auto draw = dyn_cast<DrawOp>(op)) draw.setPerPoint(1);
    for (OpResult result : op.getResults()) result.setType(getElementTypeOrSelf(result.getType()));
  }
  pipeline.setNumbers(numbers);
  if (pipeline.getDraws().value_or(0) > 0) pipeline.setDraws(1);
}

struct SplitPoints : PassWrapper<SplitPoints, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(SplitPoints)
  StringRef getArgument() const override { return "split-points"; }
  StringRef getDescription() const override { return "a point whose numbers are drawn alike becomes as many points"; }

  void runOnOperation() override {
    for (auto pipeline : getOperation().getOps<PipelineOp>()) {
      const int64_t numbers = numbers_of(pipeline);
      auto all_alike = [&](Operation& op) { return alike(op, numbers); };
      if (numbers > 1 && llvm::all_of(pipeline.getBody().front(), all_alike)) split(pipeline, numbers);
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_split_points_pass() { return std::make_unique<SplitPoints>(); }

}  // namespace catenary
