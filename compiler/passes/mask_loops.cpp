// mask-loops: a while runs until no point wants another trip, and a point that is done keeps its values. Of a loop that
// draws (a rejection, most of whose points are through after a trip or two) that is the first trip alone, and that only
// where many want it: the points that want another are left to catenary.retry. After this a loop may be shared by
// points; so it stands before group-points and vectorize-lanes.
#include <catenary/compiler/passes/passes.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/IRMapping.h>
#include <mlir/Transforms/RegionUtils.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

namespace {

using namespace mlir;

// Of a pipeline. What crosses a loop that is retried goes through memory; where there are many of them, as in bridges
// of rotations, that costs more than the trips it saves.
constexpr int most_retried = 2;

struct MaskLoops : PassWrapper<MaskLoops, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MaskLoops)
  StringRef getArgument() const override { return "mask-loops"; }
  StringRef getDescription() const override { return "a while runs until no point wants another trip"; }
  void getDependentDialects(DialectRegistry& registry) const override { registry.insert<arith::ArithDialect>(); }

  void runOnOperation() override {
    for (auto pipeline : getOperation().getOps<PipelineOp>()) {
      SmallVector<scf::WhileOp> loops;
      pipeline.walk([&](scf::WhileOp loop) { loops.push_back(loop); });
      for (scf::WhileOp loop : loops)
        if (loop.getConditionOp().getArgs() != loop.getBeforeArguments()) {
          loop.emitOpError("must pass on in 'scf.condition' exactly what it carries");
          return signalPassFailure();
        }
      const bool few = llvm::count_if(loops, retries) <= most_retried;
      for (scf::WhileOp loop : loops) mask(loop, few && retries(loop));
    }
  }

  // The condition at the given carried values, computed at b.
  static Value condition(OpBuilder& b, scf::WhileOp loop, ValueRange carried) {
    IRMapping mapping;
    mapping.map(loop.getBeforeArguments(), carried);
    for (Operation& op : loop.getBeforeBody()->without_terminator()) b.clone(op, mapping);
    return mapping.lookupOrDefault(loop.getConditionOp().getCondition());
  }

  // A loop of the pipeline itself that draws, and has nothing in it that is not each point's own business.
  static bool retries(scf::WhileOp loop) {
    bool draws = false;
    auto alone = loop->walk([&](Operation* op) {
      if (op == loop) return WalkResult::advance();
      draws |= isa<DrawOp>(op);
      bool nested = isa<DrawOp>(op) && op->getBlock() != loop.getAfterBody();
      return nested || isa<scf::WhileOp, RetryOp, InputOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
    });
    return draws && !alone.wasInterrupted() && counts_trips(loop) && isa<PipelineOp>(loop->getParentOp());
  }
  // Whether what is carried last is the number of the trip, which nobody sees at the end.
  static bool counts_trips(scf::WhileOp loop) {
    return loop.getNumResults() > 0 && loop.getResults().back().use_empty() &&
           loop.getResults().back().getType().isInteger(32);
  }

  // The trips after the first, for what a point carries and whether it wants one.
  static RetryOp retry(OpBuilder& b, scf::WhileOp loop, ValueRange carried, Value active) {
    Location loc = loop.getLoc();
    llvm::SetVector<Value> captured;
    mlir::getUsedValuesDefinedAbove(loop->getRegions(), captured);
    // Constants stay what they are.
    captured.remove_if([](Value v) { return bool(v.getDefiningOp<arith::ConstantOp>()); });
    auto made = RetryOp::create(b, loc, carried.getTypes(), active, carried, captured.getArrayRef());
    OpBuilder::InsertionGuard guard(b);
    SmallVector<mlir::Type> types(carried.getTypes());
    for (Value v : captured) types.push_back(v.getType());
    Block* body = b.createBlock(&made.getBody(), {}, types, SmallVector<Location>(types.size(), loc));
    IRMapping mapping;
    for (auto [old, arg] : llvm::zip(captured, made.capturedArguments())) mapping.map(old, arg);
    mapping.map(loop.getAfterArguments(), made.carriedArguments());
    for (Operation& op : loop.getAfterBody()->without_terminator()) b.clone(op, mapping);
    SmallVector<Value> next;
    for (Value v : loop.getYieldOp().getOperands()) next.push_back(mapping.lookupOrDefault(v));
    mapping.map(loop.getBeforeArguments(), next);
    for (Operation& op : loop.getBeforeBody()->without_terminator()) b.clone(op, mapping);
    SmallVector<Value> yields = {mapping.lookupOrDefault(loop.getConditionOp().getCondition())};
    llvm::append_range(yields, next);
    YieldOp::create(b, loc, yields);
    b.setInsertionPointToEnd(body);
    return made;
  }

  static void mask(scf::WhileOp loop, bool once) {
    OpBuilder b(loop);
    Location loc = loop.getLoc();
    SmallVector<Value> inits(loop.getInits());
    inits.push_back(condition(b, loop, loop.getInits()));
    auto types = llvm::to_vector(ValueRange(inits).getTypes());
    Value first_trip = loop.getInits().empty() ? Value() : loop.getInits().back();
    auto before = [&](OpBuilder& b, Location loc, ValueRange args) {
      Value more = AnyOp::create(b, loc, args.back(), /*many=*/once);
      if (once) {
        Value first = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, args.drop_back().back(), first_trip);
        more = arith::AndIOp::create(b, loc, more, first);
      }
      scf::ConditionOp::create(b, loc, more, args);
    };
    auto after = [&](OpBuilder& b, Location loc, ValueRange args) {
      ValueRange carried = args.drop_back();
      Value active = args.back();
      IRMapping mapping;
      mapping.map(loop.getAfterArguments(), carried);
      for (Operation& op : loop.getAfterBody()->without_terminator()) b.clone(op, mapping);
      SmallVector<Value> next;
      for (auto [k, v] : llvm::enumerate(loop.getYieldOp().getOperands())) {
        Value stepped = mapping.lookupOrDefault(v);
        // The trip is the same number for all points, whether or not they are done; nobody sees what it ends at.
        bool trip = k + 1 == carried.size() && counts_trips(loop);
        next.push_back(trip ? stepped : arith::SelectOp::create(b, loc, active, stepped, carried[k]).getResult());
      }
      Value more = condition(b, loop, next);
      next.push_back(arith::AndIOp::create(b, loc, active, more));
      scf::YieldOp::create(b, loc, next);
    };
    auto masked = scf::WhileOp::create(b, loc, types, inits, before, after);
    ValueRange carried = masked.getResults().drop_back();
    SmallVector<Value> results(carried);
    if (once) {
      auto again = retry(b, loop, carried, masked.getResults().back());
      llvm::copy(again.getValues(), results.begin());
    }
    loop.replaceAllUsesWith(results);
    loop.erase();
  }
};

}  // namespace

std::unique_ptr<Pass> create_mask_loops_pass() { return std::make_unique<MaskLoops>(); }

}  // namespace catenary
