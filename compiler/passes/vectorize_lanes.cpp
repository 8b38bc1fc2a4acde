// vectorize-lanes: a group of points per lane. Every pipeline becomes two functions over the structs of runtime/abi.h,
// one for its sample part and one for tiles of points; nothing is left to LLVM's loop vectoriser. Last of the passes
// that know what a point is.
#include <catenary/compiler/passes/passes.h>

#include <cstddef>
#include <map>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/compiler/passes/kernel_builder.h>
#include <catenary/compiler/passes/points_part.h>
#include <catenary/compiler/passes/tile_memory.h>
#include <catenary/compiler/symbols.h>
#include <catenary/runtime/abi.h>

namespace catenary {

namespace {

using namespace mlir;

// The function over times: a sample per lane.
class SamplePart : KernelBuilder {
 public:
  SamplePart(PipelineOp pipeline, int64_t lanes) : KernelBuilder(pipeline, lanes) {}

  void run() {
    Value args = start_function(sample_part_symbol(pipeline_->getParentOfType<ModuleOp>(), pipeline_));
    for (auto sample : pipeline_.getBody().getOps<SampleOp>())
      if (!sample.getCoefficients().empty()) lower(sample, args);
    func::ReturnOp::create(b_, loc_);
  }

 private:
  void lower(SampleOp sample, Value args) {
    Value count = field(args, offsetof(catenary_sample_args, count), b_.getI64Type());
    Value out = field(args, offsetof(catenary_sample_args, coefficients), pointer_);
    std::map<StringRef, Value> times_at;
    Block& body = sample.getBody().front();
    for (auto time : body.getOps<TimeOp>())
      times_at[time.getTime()] =
          field(args, offsetof(catenary_sample_args, times) + sizeof(void*) * size_t(time_index(time)), pointer_);
    each(count, lanes_, [&](Value i) {
      Value bytes = times(i, 4);
      Widener widener(b_, lanes_);
      widener.vary_from(body, [](Operation* op) { return isa<TimeOp>(op); });
      widener.copy(body, [&](Operation& op) {
        auto time = dyn_cast<TimeOp>(op);
        if (time)
          widener.map(time,
                      load(b_, loc_, vector_of(b_.getF32Type()), address(b_, loc_, times_at[time.getTime()], bytes)));
        return time || look_up(op, widener);
      });
      for (auto [k, v] : llvm::enumerate(body.getTerminator()->getOperands())) {
        Value row = arith::AddIOp::create(b_, loc_, times(count, 4 * int64_t(k)), bytes);
        store(b_, loc_, packed(b_, loc_, widener.widened(v)), address(b_, loc_, out, row));
      }
    });
  }
};

struct VectorizeLanes : PassWrapper<VectorizeLanes, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VectorizeLanes)
  VectorizeLanes() = default;
  VectorizeLanes(const VectorizeLanes& other) : PassWrapper(other) {}
  explicit VectorizeLanes(int n) { lanes = n; }
  StringRef getArgument() const override { return "vectorize-lanes"; }
  StringRef getDescription() const override {
    return "a group of points per lane; pipelines become functions over tiles";
  }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
                    vector::VectorDialect>();
  }

  void runOnOperation() override {
    if (lanes < 2 || lanes > 64 || (lanes & (lanes - 1)) != 0) {
      getOperation().emitError("vectorize-lanes needs a power of two of lanes, from 2 to 64 (has ")
          << int(lanes) << ")";
      return signalPassFailure();
    }
    for (auto pipeline : llvm::make_early_inc_range(getOperation().getOps<PipelineOp>())) {
      if (!pipeline.getGroup()) {
        pipeline.emitOpError("has no group; group-points gives it one");
        return signalPassFailure();
      }
      SamplePart(pipeline, lanes).run();
      lower_points_part(pipeline, lanes);
      pipeline.erase();
    }
    for (auto process : llvm::make_early_inc_range(getOperation().getOps<ProcessOp>())) process.erase();
  }

  Option<int> lanes{*this, "lanes", llvm::cl::desc("Groups side by side in a vector"), llvm::cl::init(8)};
};

}  // namespace

std::unique_ptr<Pass> create_vectorize_lanes_pass(int lanes) { return std::make_unique<VectorizeLanes>(lanes); }

}  // namespace catenary
