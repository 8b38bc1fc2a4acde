// assign-draws: gives every draw its place in the counter layout. It runs before anything may remove or reorder a draw;
// the numbering is that of number_draws in dsl/schedule.h, which the reference evaluator uses.
#include <catenary/compiler/passes/passes.h>

#include <map>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/Matchers.h>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/support/philox.h>

namespace catenary {

namespace {

using namespace mlir;

Question question_of(StringRef name) { return Question(llvm::find(question_names, name) - question_names.begin()); }

DrawKind kind_of(DrawOp draw) { return draw.getDrawn() == Drawn::normal ? DrawKind::normal : DrawKind::word; }

struct AssignDraws : PassWrapper<AssignDraws, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(AssignDraws)
  StringRef getArgument() const override { return "assign-draws"; }
  StringRef getDescription() const override { return "gives every draw its place in the counter layout"; }
  void getDependentDialects(DialectRegistry& registry) const override { registry.insert<arith::ArithDialect>(); }

  void runOnOperation() override {
    for (auto pipeline : getOperation().getOps<PipelineOp>()) {
      question = question_of(pipeline.getQuestion());
      loops.clear();
      most = 0;
      if (failed(number(pipeline.getBody().front(), nullptr, Value()))) return signalPassFailure();
      pipeline.setDraws(most);
    }
  }

  // Numbers the draws of a block that makes `trip` (null outside loops), then those of the loops in it.
  LogicalResult number(Block& block, Operation* loop, Value trip) {
    std::map<uint32_t, SmallVector<DrawOp>> by_component;
    for (auto draw : block.getOps<DrawOp>()) {
      if (!draw.getComponent()) return draw.emitOpError("belongs to no component; inline-laws gives it one");
      by_component[*draw.getComponent()].push_back(draw);
    }
    for (auto& [component, draws] : by_component) {
      uint32_t loop_number = loop ? ++loops[component] : 0;
      if (loop_number > 255) return loop->emitOpError("is the 256th loop of its component that draws; at most 255 may");
      int64_t count[2] = {0, 0};
      for (DrawOp draw : draws) {
        int64_t& used = count[int(kind_of(draw))];
        draw.setFirst(used);
        draw.setStream(stream_word(component, loop_number, question, kind_of(draw)));
        if (trip) draw.getTripMutable().assign(trip);
        used += size_of(draw.getType());
      }
      for (DrawOp draw : draws) draw.setPerPoint(count[int(kind_of(draw))]);
      most = std::max({most, count[0], count[1]});
    }
    for (Operation& op : block) {
      if (auto fold = dyn_cast<scf::ForOp>(op); fold && loop && isa<scf::WhileOp>(loop) && draws(fold))
        return fold.emitOpError("draws inside a while");
      if (auto fold = dyn_cast<scf::ForOp>(op); fold && failed(number_fold(fold, trip))) return failure();
      if (auto loop_while = dyn_cast<scf::WhileOp>(op); loop_while && failed(number_while(loop_while)))
        return failure();
    }
    return success();
  }

  static bool draws(Operation* op) {
    return op->walk([](DrawOp) { return WalkResult::interrupt(); }).wasInterrupted();
  }

  LogicalResult number_fold(scf::ForOp fold, Value outer) {
    if (!draws(fold)) return success();
    APInt first, trips, step;
    if (!matchPattern(fold.getLowerBound(), m_ConstantInt(&first)) ||
        !matchPattern(fold.getUpperBound(), m_ConstantInt(&trips)) ||
        !matchPattern(fold.getStep(), m_ConstantInt(&step)) || !first.isZero() || !step.isOne())
      return fold.emitOpError("draws, so it must count from 0 to a constant by 1");
    auto enclosing = fold->getParentOfType<scf::ForOp>();
    int64_t all = trips.getSExtValue() * (enclosing && outer ? trips_.lookup(enclosing) : 1);
    const bool own = !fold.getBody()->getOps<DrawOp>().empty();
    if (own && all > most_trips)
      return fold.emitOpError("draws on ") << all << " trips in all; at most " << most_trips << " are allowed";
    trips_[fold] = std::min<int64_t>(all, most_trips + 1);  // A loop in it that draws has none or too many.
    OpBuilder b = OpBuilder::atBlockBegin(fold.getBody());
    auto word = b.getI32Type();
    Value trip = arith::IndexCastOp::create(b, fold.getLoc(), word, fold.getInductionVar());
    if (outer) {
      Value stride = arith::ConstantOp::create(b, fold.getLoc(), b.getI32IntegerAttr(int32_t(trips.getSExtValue())));
      trip = arith::AddIOp::create(b, fold.getLoc(), arith::MulIOp::create(b, fold.getLoc(), outer, stride), trip);
    }
    return number(*fold.getBody(), fold, trip);
  }

  LogicalResult number_while(scf::WhileOp loop) {
    if (!draws(loop)) return success();
    if (loop->getParentOfType<scf::ForOp>() || loop->getParentOfType<scf::WhileOp>())
      return loop.emitOpError("draws inside another loop");
    if (loop.getBeforeBody()->walk([](DrawOp) { return WalkResult::interrupt(); }).wasInterrupted())
      return loop.emitOpError("draws in its condition");
    auto args = loop.getAfterBody()->getArguments();
    if (args.empty() || !args.back().getType().isInteger(32))
      return loop.emitOpError("draws, so its last value must be its trip (i32)");
    return number(*loop.getAfterBody(), loop, args.back());
  }

  Question question = Question::prior;
  std::map<uint32_t, uint32_t> loops;
  int64_t most = 0;
  llvm::DenseMap<Operation*, int64_t> trips_;  // Of the folds that draw, those around them counted in.
};

}  // namespace

std::unique_ptr<Pass> create_assign_draws_pass() { return std::make_unique<AssignDraws>(); }

}  // namespace catenary
