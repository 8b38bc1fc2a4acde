// Small pieces of generated functions.
#include <catenary/compiler/passes/kernel_builder.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/SCF/IR/SCF.h>

#include <catenary/compiler/passes/tile_memory.h>
#include <catenary/compiler/symbols.h>

namespace catenary {

using namespace mlir;

KernelBuilder::KernelBuilder(PipelineOp pipeline, int64_t lanes)
    : pipeline_(pipeline),
      lanes_(lanes),
      group_(*pipeline.getGroup()),
      loc_(pipeline.getLoc()),
      b_(pipeline),
      pointer_(LLVM::LLVMPointerType::get(pipeline.getContext())),
      tables_(pipeline->getParentOfType<ModuleOp>(),
              points_part_symbol(pipeline->getParentOfType<ModuleOp>(), pipeline)) {}

Value KernelBuilder::start_function(const std::string& name) {
  b_.setInsertionPoint(pipeline_);
  auto function = func::FuncOp::create(b_, loc_, name, b_.getFunctionType({pointer_}, {}));
  b_.setInsertionPointToStart(function.addEntryBlock());
  return function.getArgument(0);
}

Value KernelBuilder::field(Value args, size_t offset, mlir::Type type) {
  return load(b_, loc_, type, address(b_, loc_, args, int64_t(offset)));
}

Value KernelBuilder::wide(int64_t v) { return arith::ConstantOp::create(b_, loc_, b_.getI64IntegerAttr(v)); }

Value KernelBuilder::times(Value a, int64_t by) {
  return by == 1 ? a : arith::MulIOp::create(b_, loc_, a, wide(by)).getResult();
}

Value KernelBuilder::plus(Value a, Value b) { return arith::AddIOp::create(b_, loc_, a, b); }

mlir::Type KernelBuilder::vector_of(mlir::Type type) { return VectorType::get({lanes_}, type); }

void KernelBuilder::each(Value count, int64_t step, llvm::function_ref<void(Value)> body) {
  auto loop = scf::ForOp::create(b_, loc_, wide(0), count, wide(step));
  OpBuilder::InsertionGuard guard(b_);
  b_.setInsertionPointToStart(loop.getBody());
  body(loop.getInductionVar());
}

bool KernelBuilder::look_up(Operation& op, Widener& widener) {
  if (auto at = dyn_cast<AtOp>(op)) {
    Value base = tables_.address(b_, at.getVector().getDefiningOp<arith::ConstantOp>());
    if (auto element = at.getElement()) base = address(b_, loc_, base, int64_t(*element) * 4);
    if (widener.varies(at)) {
      widener.map(at, gather(b_, loc_, base, at.getType(), widener.widened(at.getIndex())));
    } else {
      Value index = arith::ExtUIOp::create(b_, loc_, b_.getI64Type(), widener.lookup(at.getIndex()));
      widener.map(at, load(b_, loc_, at.getType(), address(b_, loc_, base, times(index, 4))));
    }
    return true;
  }
  auto constant = dyn_cast<arith::ConstantOp>(op);
  return constant && isa<RankedTensorType>(constant.getType());
}

}  // namespace catenary
