// Widening: uniform values stay numbers until they meet a vector.
#include <catenary/compiler/passes/widener.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>

#include <catenary/compiler/passes/variance.h>

namespace catenary {

using namespace mlir;

Value any_of(OpBuilder& b, Location loc, ArrayRef<Value> flags) {
  Value any = flags.front();
  for (Value next : flags.drop_front()) any = arith::OrIOp::create(b, loc, any, next);
  return vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, any);
}

Value count_of(OpBuilder& b, Location loc, Value flags) {
  auto lanes = unsigned(cast<VectorType>(flags.getType()).getNumElements());
  Value bits = vector::BitCastOp::create(b, loc, VectorType::get({1}, b.getIntegerType(lanes)), flags);
  Value ones = math::CtPopOp::create(b, loc, vector::ExtractOp::create(b, loc, bits, 0));
  if (lanes == 64) return ones;
  return arith::ExtUIOp::create(b, loc, b.getI64Type(), ones);
}

void Widener::vary_from(Block& block, llvm::function_ref<bool(Operation*)> is_root) {
  varying_ = find_varying(block, is_root);
}

Value Widener::widened(Value v) {
  Value made = lookup(v);
  return isa<VectorType>(made.getType())
             ? made
             : vector::BroadcastOp::create(b_, v.getLoc(), wide(made.getType()), made).getResult();
}

void Widener::copy(Block& from, llvm::function_ref<bool(Operation&)> special) {
  for (Operation& op : from)
    if (!op.hasTrait<OpTrait::IsTerminator>()) copy(op, special);
}

void Widener::copy(Operation& op, llvm::function_ref<bool(Operation&)> special) {
  if (special(op)) return;
  if (auto fold = dyn_cast<scf::ForOp>(op))
    copy_for(fold, special);
  else if (auto loop = dyn_cast<scf::WhileOp>(op))
    copy_while(loop, special);
  else if (auto branch = dyn_cast<scf::IfOp>(op))
    copy_if(branch, special);
  else if (auto any = dyn_cast<AnyOp>(op))
    copy_any(any);
  else
    copy_plain(op);
}

void Widener::copy_plain(Operation& op) {
  if (!llvm::any_of(op.getResults(), [&](Value v) { return varies(v); })) {
    b_.clone(op, map_);
    return;
  }
  IRMapping mapping;
  for (Value v : op.getOperands()) mapping.map(v, widened(v));
  Operation* made = b_.clone(op, mapping);
  for (auto [old, result] : llvm::zip(op.getResults(), made->getResults())) {
    result.setType(wide(result.getType()));
    map_.map(old, result);
  }
}

void Widener::copy_any(AnyOp any) {
  Location loc = any.getLoc();
  if (any.getMany()) {
    Value count;
    for (Value v : any.getFlags()) {
      Value next = count_of(b_, loc, widened(v));
      count = count ? arith::AddIOp::create(b_, loc, count, next).getResult() : next;
    }
    auto quarter = int64_t(any.getFlags().size()) * lanes_ / 4;
    Value least = arith::ConstantOp::create(b_, loc, b_.getI64IntegerAttr(std::max<int64_t>(quarter, 1)));
    map_.map(any.getResult(), arith::CmpIOp::create(b_, loc, arith::CmpIPredicate::sge, count, least));
    return;
  }
  map_.map(any.getResult(), any_of(b_, loc, llvm::map_to_vector(any.getFlags(), [&](Value v) { return widened(v); })));
}

SmallVector<Value> Widener::as(ValueRange values, ValueRange args) {
  SmallVector<Value> made;
  for (auto [v, a] : llvm::zip(values, args)) made.push_back(varies(a) ? widened(v) : lookup(v));
  return made;
}

void Widener::copy_for(scf::ForOp fold, llvm::function_ref<bool(Operation&)> special) {
  auto args = fold.getRegionIterArgs();
  auto made = scf::ForOp::create(b_, fold.getLoc(), lookup(fold.getLowerBound()), lookup(fold.getUpperBound()),
                                 lookup(fold.getStep()), as(fold.getInitArgs(), args));
  map_.map(fold.getInductionVar(), made.getInductionVar());
  map_.map(args, made.getRegionIterArgs());
  map_.map(fold.getResults(), made.getResults());
  if (!made.getBody()->empty()) made.getBody()->getTerminator()->erase();
  OpBuilder::InsertionGuard guard(b_);
  b_.setInsertionPointToEnd(made.getBody());
  copy(*fold.getBody(), special);
  scf::YieldOp::create(b_, fold.getLoc(), as(fold.getBody()->getTerminator()->getOperands(), args));
}

void Widener::copy_while(scf::WhileOp loop, llvm::function_ref<bool(Operation&)> special) {
  auto args = loop.getBeforeArguments();
  auto inits = as(loop.getInits(), args);
  auto types = llvm::to_vector(ValueRange(inits).getTypes());
  SmallVector<Location> locs(types.size(), loop.getLoc());
  auto made = scf::WhileOp::create(b_, loop.getLoc(), types, inits);
  OpBuilder::InsertionGuard guard(b_);
  Block* before = b_.createBlock(&made.getBefore(), {}, types, locs);
  map_.map(args, before->getArguments());
  copy(*loop.getBeforeBody(), special);
  scf::ConditionOp::create(b_, loop.getLoc(), lookup(loop.getConditionOp().getCondition()),
                           as(loop.getConditionOp().getArgs(), args));
  Block* after = b_.createBlock(&made.getAfter(), {}, types, locs);
  map_.map(loop.getAfterArguments(), after->getArguments());
  copy(*loop.getAfterBody(), special);
  scf::YieldOp::create(b_, loop.getLoc(), as(loop.getYieldOp().getOperands(), args));
  map_.map(loop.getResults(), made.getResults());
}

// Its condition is the same for all points.
void Widener::copy_if(scf::IfOp branch, llvm::function_ref<bool(Operation&)> special) {
  SmallVector<Type> types;
  for (Value v : branch.getResults()) types.push_back(varies(v) ? wide(v.getType()) : v.getType());
  auto made = scf::IfOp::create(b_, branch.getLoc(), types, lookup(branch.getCondition()), /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b_);
  for (auto [old, block] : {std::pair{branch.thenBlock(), made.thenBlock()}, {branch.elseBlock(), made.elseBlock()}}) {
    b_.setInsertionPointToEnd(block);
    copy(*old, special);
    scf::YieldOp::create(b_, branch.getLoc(), as(old->getTerminator()->getOperands(), branch.getResults()));
  }
  map_.map(branch.getResults(), made.getResults());
}

}  // namespace catenary
