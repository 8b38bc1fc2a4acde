// Points are taken from the queue a vector at a time, and those that want yet another trip queued at its front.
#include <catenary/compiler/passes/retry_lanes.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>

#include <catenary/compiler/passes/drawn_blocks.h>
#include <catenary/compiler/passes/lane_math.h>
#include <catenary/compiler/passes/tile_memory.h>

namespace catenary {

using namespace mlir;

namespace {

constexpr int64_t element_bytes = 4, line_bytes = 64;

}  // namespace

Value array_of_function(OpBuilder& b, Location loc, int64_t elements) {
  OpBuilder::InsertionGuard guard(b);
  auto function = b.getInsertionBlock()->getParent()->getParentOfType<func::FuncOp>();
  b.setInsertionPointToStart(&function.getBody().front());
  auto type = LLVM::LLVMArrayType::get(b.getF32Type(), unsigned(elements));
  Value one = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(1));
  return LLVM::AllocaOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), type, one, unsigned(line_bytes));
}

RetryLanes::RetryLanes(OpBuilder& b, RetryOp op, PointChunk chunk, const Widener& varying)
    : b_(b), op_(op), loc_(op.getLoc()), chunk_(chunk), words_(VectorType::get({chunk.order.lanes}, b.getI32Type())) {
  const int64_t places = op.slots() * chunk.tiles * chunk.order.lanes;
  // Writing a vector's flagged places may touch a vector behind them.
  queue_ = array_of_function(b, loc_, places + chunk.order.lanes);
  auto keep = [&](ValueRange operands, size_t k, Value argument) {
    kept_.push_back({cast<BlockArgument>(argument), operands, k, array_of_function(b, loc_, places)});
  };
  for (auto [k, argument] : llvm::enumerate(op.carriedArguments())) keep(op.getCarried(), k, argument);
  for (auto [k, argument] : llvm::enumerate(op.capturedArguments()))
    if (varying.varies(argument))
      keep(op.getCaptured(), k, argument);
    else
      shared_.emplace_back(argument, op.of(op.getCaptured(), k, 0));
}

Value RetryLanes::result(size_t k) {
  const auto slots = size_t(op_.slots());
  return address(b_, loc_, kept_[k / slots].array,
                 int64_t(k % slots) * chunk_.tiles * chunk_.order.lanes * element_bytes);
}

SmallVector<Value> RetryLanes::common() {
  SmallVector<Value> values;
  for (auto [argument, operand] : shared_) values.push_back(operand);
  op_.getBody().walk([&](Operation* inner) {
    for (Value v : inner->getOperands())
      if (v.getParentBlock() == op_->getBlock()) values.push_back(v);
  });
  return values;
}

bool RetryLanes::wanted(size_t k) {
  auto results = op_.getValues().slice(unsigned(k) * unsigned(op_.slots()), unsigned(op_.slots()));
  return !kept_[k].argument.use_empty() || llvm::any_of(results, [](Value v) { return !v.use_empty(); });
}

Value RetryLanes::wide(int64_t v) { return arith::ConstantOp::create(b_, loc_, b_.getI64IntegerAttr(v)); }

Value RetryLanes::behind(Value base, Value elements, int64_t more) {
  Value bytes = arith::MulIOp::create(b_, loc_, elements, wide(element_bytes));
  return address(b_, loc_, address(b_, loc_, base, bytes), more * element_bytes);
}

Value RetryLanes::lanes() { return numbers(b_, loc_, b_.getI32Type(), chunk_.order.lanes); }

// Writes the places that are flagged behind the first `count` of the queue, and anything behind them; returns how many
// it has then.
Value RetryLanes::queue(Value places, Value flags, Value count) {
  // In a register: compressing into memory takes hundreds of cycles on some processors.
  auto name = b_.getStringAttr("llvm.experimental.vector.compress");
  Value packed = LLVM::CallIntrinsicOp::create(b_, loc_, words_, name, ValueRange{places, flags, places}).getResults();
  store(b_, loc_, packed, behind(queue_, count));
  return arith::AddIOp::create(b_, loc_, count, count_of(b_, loc_, flags));
}

Value RetryLanes::put(Widener& widener, Value tile, Value queued) {
  Value first = arith::MulIOp::create(b_, loc_, tile, wide(chunk_.order.lanes));
  auto of_slot = [&](int64_t slot) { return slot * chunk_.tiles * chunk_.order.lanes; };
  auto keep = [&](const Kept& k) {
    for (int64_t slot = 0; slot < op_.slots(); ++slot)
      store(b_, loc_, packed(b_, loc_, widener.widened(op_.of(k.operands, k.number, slot))),
            behind(k.array, first, of_slot(slot)));
  };
  const size_t carried = op_.carriedArguments().size();
  for (size_t k = 0; k < carried; ++k)
    if (wanted(k)) keep(kept_[k]);
  SmallVector<Value> active;
  for (Value flag : op_.getActive()) active.push_back(widener.widened(flag));
  Value any = any_of(b_, loc_, active);
  // Most tiles have none in loops for rare cases.
  auto made = scf::IfOp::create(b_, loc_, queued.getType(), any, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b_);
  b_.setInsertionPointToStart(made.elseBlock());
  scf::YieldOp::create(b_, loc_, queued);
  b_.setInsertionPointToStart(made.thenBlock());
  for (const Kept& k : ArrayRef(kept_).drop_front(carried)) keep(k);
  for (int64_t slot = 0; slot < op_.slots(); ++slot) {
    Lane from = Lane(b_, loc_, first).low_word() + double(of_slot(slot));
    Value splat = vector::BroadcastOp::create(b_, loc_, words_, from.value());
    queued = queue((Lane(b_, loc_, lanes()) + Lane(b_, loc_, splat)).value(), active[size_t(slot)], queued);
  }
  scf::YieldOp::create(b_, loc_, queued);
  return made.getResult(0);
}

void RetryLanes::run(Widener& widener, const Draws& draws, Value queued, llvm::function_ref<bool(Operation&)> look_up) {
  for (auto [argument, operand] : shared_) widener.map(argument, widener.lookup(operand));
  auto count = b_.getI64Type();
  auto loop = scf::WhileOp::create(b_, loc_, TypeRange(count), ValueRange(queued));
  OpBuilder::InsertionGuard guard(b_);
  Block* before = b_.createBlock(&loop.getBefore(), {}, count, loc_);
  scf::ConditionOp::create(b_, loc_, (Lane(b_, loc_, before->getArgument(0)) > 0).value(), before->getArguments());
  Value left = b_.createBlock(&loop.getAfter(), {}, count, loc_)->getArgument(0);
  auto vectors = scf::ForOp::create(b_, loc_, wide(0), left, wide(chunk_.order.lanes), ValueRange{wide(0)});
  scf::YieldOp::create(b_, loc_, vectors.getResults());
  b_.setInsertionPointToStart(vectors.getBody());
  scf::YieldOp::create(
      b_, loc_, one_vector(widener, draws, vectors.getInductionVar(), left, vectors.getRegionIterArg(0), look_up));
}

// A trip of the points that are queued from `first` on; returns how many of the queue want another then.
Value RetryLanes::one_vector(Widener& widener, const Draws& at, Value first, Value queued, Value again,
                             llvm::function_ref<bool(Operation&)> look_up) {
  auto lane = [&](Value v) { return Lane(b_, loc_, v); };
  auto f32 = b_.getF32Type();
  Value left = vector::BroadcastOp::create(b_, loc_, words_, (lane(queued) - lane(first)).low_word().value());
  Lane there = lane(lanes()) < lane(left);
  Lane place = select(there, lane(load(b_, loc_, words_, behind(queue_, first))), 0);
  const int64_t places = chunk_.tiles * chunk_.order.lanes;  // Of a slot: a power of two.
  Lane slot = shift_right_unsigned(place, int(llvm::Log2_64(uint64_t(places))));
  Lane at_lane = place & double(chunk_.order.lanes - 1), rest = (place & double(places - 1)) - at_lane;
  Lane number = rest * double(chunk_.order.slots) + at_lane * double(chunk_.order.lane_stride()) +
                slot * double(chunk_.order.slot_stride());
  Lane points = number.to_i64() + lane(at.first_point);

  for (const Kept& k : kept_)
    if (!k.argument.use_empty())
      widener.map(k.argument, unpacked(b_, loc_, gather(b_, loc_, k.array, f32, place.value()), k.argument.getType()));
  PointDraws draws(b_, at.seed, points.value(), at.step);
  Block& body = op_.getBody().front();
  widener.copy(body, [&](Operation& op) {
    auto draw = dyn_cast<DrawOp>(op);
    if (draw) widener.map(draw, draws.drawn(draw, widener.lookup(draw.getTrip())));
    return draw || look_up(op);
  });
  auto yields = cast<YieldOp>(body.getTerminator()).getValues();
  for (auto [k, v] : llvm::enumerate(yields.drop_front())) {
    if (!wanted(k)) continue;
    auto pointers = LLVM::GEPOp::create(b_, loc_, VectorType::get({chunk_.order.lanes}, queue_.getType()), f32,
                                        kept_[k].array, ArrayRef<LLVM::GEPArg>{place.value()});
    LLVM::masked_scatter::create(b_, loc_, packed(b_, loc_, widener.widened(v)), pointers, there.value(),
                                 element_bytes);
  }
  return queue(place.value(), (lane(widener.widened(yields[0])) & there).value(), again);
}

}  // namespace catenary
