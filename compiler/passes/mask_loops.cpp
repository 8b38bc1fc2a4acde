// mask-loops: a while runs until no point wants another trip, and a point that is done keeps its values. It stands in a
// branch that is entered where any point wants a trip. Of a loop that draws (a rejection, most of whose points are
// through after a trip or two) the branch has the first trip alone, and is entered only where many want it: the points
// that want another are left to catenary.retry. After this loops and branches may be shared by points; so it stands
// before group-points and vectorize-lanes.
#include <catenary/compiler/passes/passes.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/Dominance.h>
#include <mlir/IR/IRMapping.h>
#include <mlir/IR/Matchers.h>
#include <mlir/Interfaces/SideEffectInterfaces.h>
#include <mlir/Transforms/ControlFlowSinkUtils.h>
#include <mlir/Transforms/RegionUtils.h>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/passes/strip_sets.h>

namespace catenary {

namespace {

using namespace mlir;

// Of a pipeline. What crosses a loop that is retried goes through memory; where there are many of them, as in bridges
// of rotations, that costs more than the trips it saves.
constexpr int most_retried = 2;

struct MaskLoops : PassWrapper<MaskLoops, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MaskLoops)
  MaskLoops() = default;
  MaskLoops(const MaskLoops& other) : PassWrapper(other) {}
  explicit MaskLoops(bool r) { retry_points = r; }
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
      // Points that are retried are those of all slots together, in chunks, which arrays for one point do not outlive.
      const bool few = retry_points && !goes_in_strips(pipeline) && llvm::count_if(loops, retries) <= most_retried;
      for (scf::WhileOp loop : loops) mask(loop, few && retries(loop));
      sink_into_branches(pipeline);
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
      return nested || isa<RetryOp, InputOp>(op) ? WalkResult::interrupt() : WalkResult::advance();
    });
    return draws && !alone.wasInterrupted() && counts_trips(loop) && isa<PipelineOp>(loop->getParentOp()) &&
           !makes_one_trip(loop);
  }
  // Whether what is carried last is the number of the trip, which nobody sees at the end.
  static bool counts_trips(scf::WhileOp loop) {
    return loop.getNumResults() > 0 && loop.getResults().back().use_empty() &&
           loop.getResults().back().getType().isInteger(32);
  }

  // What only a branch needs is computed there.
  static void sink_into_branches(PipelineOp pipeline) {
    DominanceInfo dominance(pipeline);
    pipeline.walk([&](scf::IfOp branch) {
      SmallVector<Region*> regions = {&branch.getThenRegion(), &branch.getElseRegion()};
      controlFlowSink(
          regions, dominance,
          [](Operation* op, Region*) {
            return isPure(op) && op->getNumRegions() == 0 && !isa<InputOp>(op) &&
                   !op->hasTrait<OpTrait::ConstantLike>();
          },
          [](Operation* op, Region* region) { op->moveBefore(&region->front().front()); });
    });
  }

  // Words of 64 bits, halves of products, do not cross into a retried loop: they are made again in it.
  static void make_wide_inside(scf::WhileOp loop) {
    auto crosses = [&](Value v) {
      return v.getType().isInteger(64) && v.getDefiningOp() && !loop->isAncestor(v.getDefiningOp());
    };
    std::function<void(Operation*)> settle = [&](Operation* op) {
      for (OpOperand& use : op->getOpOperands()) {
        if (!crosses(use.get())) continue;
        Operation* made = OpBuilder(op).clone(*use.get().getDefiningOp());
        use.set(made->getResult(0));
        settle(made);
      }
    };
    loop->walk([&](Operation* op) {
      if (op != loop) settle(op);
    });
  }

  // The trips after the first, for what a point carries and whether it wants one.
  static RetryOp retry(OpBuilder& b, scf::WhileOp loop, ValueRange carried, Value active) {
    Location loc = loop.getLoc();
    make_wide_inside(loop);
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

  // A trip of the points that are active: what they carry then, with whether they want another.
  static SmallVector<Value> trip(OpBuilder& b, scf::WhileOp loop, ValueRange carried, Value active) {
    IRMapping mapping;
    mapping.map(loop.getAfterArguments(), carried);
    for (Operation& op : loop.getAfterBody()->without_terminator()) b.clone(op, mapping);
    SmallVector<Value> next;
    for (auto [k, v] : llvm::enumerate(loop.getYieldOp().getOperands())) {
      Value stepped = mapping.lookupOrDefault(v);
      // The trip is the same number for all points, whether or not they are done; nobody sees what it ends at.
      bool number = k + 1 == carried.size() && counts_trips(loop);
      next.push_back(number ? stepped
                            : arith::SelectOp::create(b, loop.getLoc(), active, stepped, carried[k]).getResult());
    }
    Value more = condition(b, loop, next);
    next.push_back(arith::AndIOp::create(b, loop.getLoc(), active, more));
    return next;
  }

  // Whether no point can want a second trip.
  static bool makes_one_trip(scf::WhileOp loop) {
    llvm::DenseMap<Value, Attribute> known;
    auto attribute = [&](Value v) {
      Attribute a = known.lookup(v);
      if (!a) matchPattern(v, m_Constant(&a));
      return a;
    };
    for (auto [argument, next] : llvm::zip(loop.getBeforeArguments(), loop.getYieldOp().getOperands()))
      known[argument] = attribute(next);
    for (Operation& op : loop.getBeforeBody()->without_terminator()) {
      SmallVector<OpFoldResult> results;
      // A success without results has put a constant operand last: the next try may use that.
      for (int tries = 0; tries < 2 && results.empty(); ++tries)
        if (failed(op.fold(llvm::map_to_vector(op.getOperands(), attribute), results))) break;
      for (auto [v, result] : llvm::zip(op.getResults(), results)) {
        auto value = dyn_cast<Value>(result);
        known[v] = value ? attribute(value) : cast<Attribute>(result);
      }
    }
    auto more = dyn_cast_or_null<BoolAttr>(attribute(loop.getConditionOp().getCondition()));
    return more && !more.getValue();
  }

  // The loop stands in a branch, which few or no points may enter: LLVM moves what does not change in a loop before it,
  // whether or not the loop is entered.
  static void mask(scf::WhileOp loop, bool retried) {
    OpBuilder b(loop);
    const bool once = retried || makes_one_trip(loop);
    SmallVector<Value> inits(loop.getInits());
    Value wanted = condition(b, loop, loop.getInits());
    // What a point that is through a loop around this still carries may want any number of trips. In a loop's condition
    // nothing is known of who is through it.
    Region* region = loop->getParentRegion();
    for (auto around = loop->getParentOfType<scf::WhileOp>(); around && !once;
         around = around->getParentOfType<scf::WhileOp>()) {
      if (!around.getAfter().isAncestor(region)) break;
      wanted = arith::AndIOp::create(b, loop.getLoc(), wanted, condition(b, around, around.getAfterArguments()));
    }
    inits.push_back(wanted);
    auto trips = [&](OpBuilder& b, Location loc) {
      if (once) {
        scf::YieldOp::create(b, loc, trip(b, loop, ArrayRef(inits).drop_back(), inits.back()));
        return;
      }
      auto before = [&](OpBuilder& b, Location loc, ValueRange args) {
        scf::ConditionOp::create(b, loc, AnyOp::create(b, loc, args.back(), /*many=*/false), args);
      };
      auto after = [&](OpBuilder& b, Location loc, ValueRange args) {
        scf::YieldOp::create(b, loc, trip(b, loop, args.drop_back(), args.back()));
      };
      auto masked = scf::WhileOp::create(b, loc, ValueRange(inits).getTypes(), inits, before, after);
      scf::YieldOp::create(b, loc, masked.getResults());
    };
    auto none = [&](OpBuilder& b, Location loc) { scf::YieldOp::create(b, loc, inits); };
    Value entered = AnyOp::create(b, loop.getLoc(), inits.back(), /*many=*/retried);
    auto branch = scf::IfOp::create(b, loop.getLoc(), entered, trips, none);
    SmallVector<Value> results(branch.getResults());
    Value active = results.pop_back_val();
    if (retried) llvm::copy(retry(b, loop, results, active).getValues(), results.begin());
    loop.replaceAllUsesWith(results);
    loop.erase();
  }

  Option<bool> retry_points{*this, "retry", llvm::cl::desc("Leave points that want further trips to catenary.retry"),
                            llvm::cl::init(true)};
};

}  // namespace

std::unique_ptr<Pass> create_mask_loops_pass(bool retry) { return std::make_unique<MaskLoops>(retry); }

}  // namespace catenary
