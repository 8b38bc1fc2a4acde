// inline-laws: replaces every `catenary.apply` by the body of its law; first, so that later passes see one body per
// point.
#include <catenary/compiler/passes/passes.h>

#include <mlir/IR/Builders.h>
#include <mlir/IR/IRMapping.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

namespace {

using namespace mlir;

struct InlineLaws : PassWrapper<InlineLaws, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(InlineLaws)
  StringRef getArgument() const override { return "inline-laws"; }
  StringRef getDescription() const override { return "replaces every application of a law by its body"; }

  void runOnOperation() override {
    SmallVector<ApplyOp> applications;
    getOperation().walk([&](ApplyOp op) { applications.push_back(op); });
    for (ApplyOp apply : applications) inline_law(apply);
  }

  static void inline_law(ApplyOp apply) {
    auto law = SymbolTable::lookupNearestSymbolFrom<LawOp>(apply, apply.getLawAttr());
    auto component = cast<ProcessOp>(law->getParentOp()).getComponent();
    OpBuilder b(apply);
    IRMapping mapping;
    mapping.map(law.getBody().getArguments(), apply.getArguments());
    for (Operation& op : law.getBody().front().without_terminator()) {
      Operation* copy = b.clone(op, mapping);
      copy->walk([&](DrawOp draw) { draw.setComponent(component); });
    }
    auto yield = cast<YieldOp>(law.getBody().front().getTerminator());
    apply.getResult().replaceAllUsesWith(mapping.lookupOrDefault(yield.getValues()[0]));
    apply.erase();
  }
};

}  // namespace

std::unique_ptr<Pass> create_inline_laws_pass() { return std::make_unique<InlineLaws>(); }

}  // namespace catenary
