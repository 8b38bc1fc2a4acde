// mask-loops: a while runs until no point wants another trip, and a point that is done keeps its values. After this a
// loop may be shared by points; so it stands before group-points and vectorize-lanes.
#include <catenary/compiler/passes/passes.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/IRMapping.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

namespace {

using namespace mlir;

struct MaskLoops : PassWrapper<MaskLoops, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MaskLoops)
  StringRef getArgument() const override { return "mask-loops"; }
  StringRef getDescription() const override { return "a while runs until no point wants another trip"; }
  void getDependentDialects(DialectRegistry& registry) const override { registry.insert<arith::ArithDialect>(); }

  void runOnOperation() override {
    SmallVector<scf::WhileOp> loops;
    getOperation().walk([&](PipelineOp pipeline) { pipeline.walk([&](scf::WhileOp loop) { loops.push_back(loop); }); });
    for (scf::WhileOp loop : loops) {
      if (loop.getConditionOp().getArgs() != loop.getBeforeArguments()) {
        loop.emitOpError("must pass on in 'scf.condition' exactly what it carries");
        return signalPassFailure();
      }
      mask(loop);
    }
  }

  // The condition at the given carried values, computed at b.
  static Value condition(OpBuilder& b, scf::WhileOp loop, ValueRange carried) {
    IRMapping mapping;
    mapping.map(loop.getBeforeArguments(), carried);
    for (Operation& op : loop.getBeforeBody()->without_terminator()) b.clone(op, mapping);
    return mapping.lookupOrDefault(loop.getConditionOp().getCondition());
  }

  static void mask(scf::WhileOp loop) {
    OpBuilder b(loop);
    Location loc = loop.getLoc();
    SmallVector<Value> inits(loop.getInits());
    inits.push_back(condition(b, loop, loop.getInits()));
    auto types = llvm::to_vector(ValueRange(inits).getTypes());
    auto before = [](OpBuilder& b, Location loc, ValueRange args) {
      scf::ConditionOp::create(b, loc, AnyOp::create(b, loc, args.back()), args);
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
        bool trip = k + 1 == carried.size() && stepped.getType().isInteger(32) && loop.getResults().back().use_empty();
        next.push_back(trip ? stepped : arith::SelectOp::create(b, loc, active, stepped, carried[k]).getResult());
      }
      Value more = condition(b, loop, next);
      next.push_back(arith::AndIOp::create(b, loc, active, more));
      scf::YieldOp::create(b, loc, next);
    };
    auto masked = scf::WhileOp::create(b, loc, types, inits, before, after);
    loop.replaceAllUsesWith(masked.getResults().drop_back());
    loop.erase();
  }
};

}  // namespace

std::unique_ptr<Pass> create_mask_loops_pass() { return std::make_unique<MaskLoops>(); }

}  // namespace catenary
