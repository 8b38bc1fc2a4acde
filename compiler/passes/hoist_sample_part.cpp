// hoist-sample-part: what depends on the times alone moves to a `catenary.sample`, computed once per sample. After
// unpack-points, because coefficients are scalars.
#include <catenary/compiler/passes/passes.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/IR/Builders.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

namespace {

using namespace mlir;

struct HoistSamplePart : PassWrapper<HoistSamplePart, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(HoistSamplePart)
  StringRef getArgument() const override { return "hoist-sample-part"; }
  StringRef getDescription() const override { return "what depends on the times alone is computed once per sample"; }

  void runOnOperation() override {
    for (auto pipeline : getOperation().getOps<PipelineOp>()) hoist(pipeline.getBody().front());
  }

  static void hoist(Block& body) {
    llvm::DenseSet<Operation*> timely;
    SmallVector<Operation*> moved;
    for (Operation& op : body) {
      if (!depends_on_times_alone(op, timely)) continue;
      timely.insert(&op);
      if (!isa<arith::ConstantOp>(op)) moved.push_back(&op);
    }
    if (moved.empty()) return;

    SmallVector<Value> coefficients;
    for (Operation* op : moved)
      for (Value v : op->getResults())
        if (llvm::any_of(v.getUsers(), [&](Operation* user) { return !timely.contains(body.findAncestorOpInBlock(*user)); }))
          coefficients.push_back(v);

    OpBuilder b = OpBuilder::atBlockBegin(&body);
    Location loc = moved.front()->getLoc();
    auto sample = SampleOp::create(b, loc, ValueRange(coefficients).getTypes());
    Block* inside = b.createBlock(&sample.getBody());
    for (auto [v, coefficient] : llvm::zip(coefficients, sample.getCoefficients()))
      v.replaceUsesWithIf(coefficient, [&](OpOperand& use) { return !timely.contains(body.findAncestorOpInBlock(*use.getOwner())); });
    for (Operation* op : moved) op->moveBefore(inside, inside->end());
    b.setInsertionPointToEnd(inside);
    YieldOp::create(b, loc, coefficients);
    keep_constants_at_hand(inside);
  }

  // Not a draw, an input or an output, nor anything that uses what is not timely.
  static bool depends_on_times_alone(Operation& op, const llvm::DenseSet<Operation*>& timely) {
    auto fits = [&](Operation* inner) {
      if (isa<DrawOp, InputOp, OutputOp>(inner)) return WalkResult::interrupt();
      for (Value v : inner->getOperands()) {
        Operation* from = v.getDefiningOp();
        Operation* owner = from ? from : v.getParentBlock()->getParentOp();
        if (!op.isAncestor(owner) && !timely.contains(owner)) return WalkResult::interrupt();
      }
      return WalkResult::advance();
    };
    return !op.walk(fits).wasInterrupted();
  }

  // Constants stay with the points; the sample part has its own.
  static void keep_constants_at_hand(Block* inside) {
    llvm::DenseMap<Operation*, Operation*> copies;
    inside->walk([&](Operation* op) {
      for (OpOperand& use : op->getOpOperands()) {
        auto constant = use.get().getDefiningOp<arith::ConstantOp>();
        if (!constant || inside->findAncestorOpInBlock(*constant)) continue;
        Operation*& copy = copies[constant];
        if (!copy) {
          copy = constant->clone();
          inside->push_front(copy);
        }
        use.set(copy->getResult(0));
      }
    });
  }
};

}  // namespace

std::unique_ptr<Pass> create_hoist_sample_part_pass() { return std::make_unique<HoistSamplePart>(); }

}  // namespace catenary
