// A least fixed point over operations and loop-carried values.
#include <catenary/compiler/passes/variance.h>

#include <mlir/Dialect/SCF/IR/SCF.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

using namespace mlir;

llvm::DenseSet<Value> find_varying(Block& block, llvm::function_ref<bool(Operation*)> is_root) {
  llvm::DenseSet<Value> varying;
  bool changed = true;
  auto mark = [&](Value v) { changed |= varying.insert(v).second; };
  // `from` varies: so does `to`.
  auto flow = [&](ValueRange from, ValueRange to) {
    for (auto [f, t] : llvm::zip(from, to))
      if (varying.contains(f)) mark(t);
  };
  auto visit = [&](Operation* op) {
    if (isa<AnyOp>(op)) return;
    if (auto fold = dyn_cast<scf::ForOp>(op)) {
      flow(fold.getInitArgs(), fold.getRegionIterArgs());
      flow(fold.getBody()->getTerminator()->getOperands(), fold.getRegionIterArgs());
      flow(fold.getRegionIterArgs(), fold.getResults());
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      flow(loop.getInits(), loop.getBeforeArguments());
      flow(loop.getConditionOp().getArgs(), loop.getAfterArguments());
      flow(loop.getYieldOp().getOperands(), loop.getBeforeArguments());
      flow(loop.getConditionOp().getArgs(), loop.getResults());
    } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
      flow(branch.thenYield().getOperands(), branch.getResults());
      flow(branch.elseYield().getOperands(), branch.getResults());
    } else if (auto retry = dyn_cast<RetryOp>(op)) {
      // Points that are through keep what they have, so that all that is carried is each one's own.
      for (Value v : retry.carriedArguments()) mark(v);
      for (Value v : retry.getValues()) mark(v);
      for (int64_t slot = 0; slot < retry.slots(); ++slot)
        for (auto [k, v] : llvm::enumerate(retry.capturedArguments()))
          if (varying.contains(retry.of(retry.getCaptured(), k, slot))) mark(v);
    } else if (is_root(op) || llvm::any_of(op->getOperands(), [&](Value v) { return varying.contains(v); })) {
      for (Value v : op->getResults()) mark(v);
    }
  };
  while (changed) {
    changed = false;
    block.walk([&](Operation* op) { visit(op); });
  }
  return varying;
}

}  // namespace catenary
