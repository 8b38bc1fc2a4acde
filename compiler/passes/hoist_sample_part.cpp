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
    llvm::DenseSet<Operation*> timely, constant;
    SmallVector<Operation*> moved;
    for (Operation& op : body) {
      if (!depends_on_times_alone(op, timely)) continue;
      timely.insert(&op);
      // What is constant stays, and is copied where it is used: LLVM folds it once elementary functions are
      // polynomials.
      auto is_constant = [&](Value v) { return constant.contains(v.getDefiningOp()); };
      if (op.getNumRegions() == 0 && !isa<TimeOp>(op) && llvm::all_of(op.getOperands(), is_constant))
        constant.insert(&op);
      else
        moved.push_back(&op);
    }
    if (moved.empty()) return;
    for (Operation* op : constant) timely.erase(op);

    SmallVector<Value> coefficients;
    for (Operation* op : moved)
      for (Value v : op->getResults())
        if (llvm::any_of(v.getUsers(),
                         [&](Operation* user) { return !timely.contains(body.findAncestorOpInBlock(*user)); }))
          coefficients.push_back(v);

    OpBuilder b = OpBuilder::atBlockBegin(&body);
    Location loc = moved.front()->getLoc();
    auto sample = SampleOp::create(b, loc, ValueRange(coefficients).getTypes());
    Block* inside = b.createBlock(&sample.getBody());
    for (auto [v, coefficient] : llvm::zip(coefficients, sample.getCoefficients()))
      v.replaceUsesWithIf(
          coefficient, [&](OpOperand& use) { return !timely.contains(body.findAncestorOpInBlock(*use.getOwner())); });
    for (Operation* op : moved) op->moveBefore(inside, inside->end());
    b.setInsertionPointToEnd(inside);
    YieldOp::create(b, loc, coefficients);
    copy_constants(inside);
  }

  // Not a draw, an input or an output, nor a value that cannot be a coefficient, nor anything that uses what is not
  // timely.
  static bool depends_on_times_alone(Operation& op, const llvm::DenseSet<Operation*>& timely) {
    auto fits = [&](Operation* inner) {
      if (isa<DrawOp, InputOp, OutputOp, KeepOp, KeptOp>(inner)) return WalkResult::interrupt();
      for (Value v : inner->getOperands()) {
        Operation* from = v.getDefiningOp();
        Operation* owner = from ? from : v.getParentBlock()->getParentOp();
        if (!op.isAncestor(owner) && !timely.contains(owner)) return WalkResult::interrupt();
      }
      return WalkResult::advance();
    };
    auto is_number = [](mlir::Type type) { return type.isF32() || type.isInteger(32) || type.isInteger(1); };
    bool constant = op.getNumOperands() == 0;
    return (constant || llvm::all_of(op.getResultTypes(), is_number)) && !op.walk(fits).wasInterrupted();
  }

  // Gives the sample part its own copies of the constants it uses.
  static void copy_constants(Block* inside) {
    llvm::DenseMap<Operation*, Operation*> copies;
    const Block::iterator first = inside->begin();
    auto copy = [&](auto& self, Operation* op) -> Operation* {
      if (Operation* made = copies.lookup(op)) return made;
      Operation* clone = op->clone();
      for (OpOperand& operand : clone->getOpOperands())
        operand.set(self(self, operand.get().getDefiningOp())->getResult(0));
      inside->getOperations().insert(first, clone);
      return copies[op] = clone;
    };
    inside->walk([&](Operation* op) {
      for (OpOperand& use : op->getOpOperands()) {
        Operation* from = use.get().getDefiningOp();
        if (from && !inside->findAncestorOpInBlock(*from)) use.set(copy(copy, from)->getResult(0));
      }
    });
  }
};

}  // namespace

std::unique_ptr<Pass> create_hoist_sample_part_pass() { return std::make_unique<HoistSamplePart>(); }

}  // namespace catenary
