// The ordered pass list, a reason per line.
#include <catenary/compiler/pipeline.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <mlir/Conversion/ArithToLLVM/ArithToLLVM.h>
#include <mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h>
#include <mlir/Conversion/ConvertToLLVM/ToLLVMPass.h>
#include <mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h>
#include <mlir/Conversion/MathToLLVM/MathToLLVM.h>
#include <mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h>
#include <mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h>
#include <mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/ControlFlow/IR/ControlFlow.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/Diagnostics.h>
#include <mlir/Pass/PassInstrumentation.h>
#include <mlir/Pass/PassRegistry.h>
#include <mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h>
#include <mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h>
#include <mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h>
#include <mlir/Transforms/Passes.h>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/passes/passes.h>
#include <catenary/support/error.h>

namespace catenary {

void register_dialects(mlir::DialectRegistry& registry) {
  registry.insert<CatenaryDialect, mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect, mlir::func::FuncDialect,
                  mlir::LLVM::LLVMDialect, mlir::math::MathDialect, mlir::scf::SCFDialect, mlir::tensor::TensorDialect,
                  mlir::vector::VectorDialect>();
  mlir::registerConvertFuncToLLVMInterface(registry);
  mlir::registerConvertMathToLLVMInterface(registry);
  mlir::arith::registerConvertArithToLLVMInterface(registry);
  mlir::cf::registerConvertControlFlowToLLVMInterface(registry);
  mlir::vector::registerConvertVectorToLLVMInterface(registry);
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::registerNVVMDialectTranslation(registry);  // And its dialect.
}

void add_point_passes(mlir::OpPassManager& passes, int words, int largest) {
  passes.addPass(create_inline_laws_pass());   // One body per point.
  passes.addPass(create_assign_draws_pass());  // Every draw gets its place while all of them still stand in order.
  passes.addPass(create_split_points_pass());  // Large points of numbers that are all drawn alike are many small ones.
  // Those that need sums over their numbers are gone through in loops; a thread draws again rather than remembers.
  passes.addPass(create_strip_points_pass(/*keep=*/words == words_of_pair));
  passes.addPass(create_unpack_points_pass());  // Scalars from here on.
  passes.addPass(
      mlir::createCSEPass());  // Laws share their subexpressions; folding waits until exp and its like are gone.
  passes.addPass(create_hoist_sample_part_pass());  // What depends on time alone leaves the point's body.
  // Points may now run side by side through a while; a thread runs one after another.
  passes.addPass(create_mask_loops_pass(/*retry=*/words == words_of_pair));
  passes.addPass(create_group_points_pass(words, largest));  // Words of whole Philox blocks instead of draws.
  passes.addPass(mlir::createCSEPass());                     // Slots share constants.
}

// What the targets share once their functions stand.
static void add_arithmetic_passes(mlir::OpPassManager& passes) {
  passes.addPass(create_expand_random_pass());      // Philox and Box-Muller as integer arithmetic and polynomials.
  passes.addPass(create_expand_elementary_pass());  // exp and its like as polynomials: the same bits on every machine.
  passes.addPass(mlir::createCSEPass());            // sin and cos of one argument share their reduction.
  passes.addPass(mlir::createSCFToControlFlowPass());
  passes.addPass(mlir::createConvertToLLVMPass());
  passes.addPass(mlir::createReconcileUnrealizedCastsPass());
}

void add_cpu_passes(mlir::OpPassManager& passes, int lanes) {
  passes.addPass(create_vectorize_lanes_pass(lanes));  // Functions over tiles.
  add_arithmetic_passes(passes);
}

void add_gpu_passes(mlir::OpPassManager& passes, GpuKind gpu) {
  passes.addPass(create_map_points_to_threads_pass(gpu));  // Kernels, a group of points per thread.
  add_arithmetic_passes(passes);
}

void register_pipelines() {
  register_passes();
  mlir::registerTransformsPasses();
  struct Groups : mlir::PassPipelineOptions<Groups> {
    Option<int> words{*this, "words", llvm::cl::desc("As of group-points; the GPU takes 4"),
                      llvm::cl::init(words_of_pair)};
    Option<int> largest{*this, "largest", llvm::cl::desc("As of group-points"), llvm::cl::init(4)};
  };
  mlir::PassPipelineRegistration<Groups>("catenary-points", "from a joint's module to pipelines over groups of points",
                                         [](mlir::OpPassManager& passes, const Groups& options) {
                                           add_point_passes(passes, options.words, options.largest);
                                         });
  struct Lanes : mlir::PassPipelineOptions<Lanes> {
    Option<int> lanes{*this, "lanes", llvm::cl::desc("Groups side by side in a vector"), llvm::cl::init(8)};
  };
  mlir::PassPipelineRegistration<Lanes>(
      "catenary-lower", "from pipelines over groups of points to the LLVM dialect",
      [](mlir::OpPassManager& passes, const Lanes& options) { add_cpu_passes(passes, options.lanes); });
  struct Kind : mlir::PassPipelineOptions<Kind> {
    Option<GpuKind> gpu{*this, "gpu", llvm::cl::desc("What kernels are for"), llvm::cl::init(GpuKind::nvidia),
                        gpu_kinds()};
  };
  mlir::PassPipelineRegistration<Kind>(
      "catenary-lower-to-gpu", "from pipelines over groups of points to kernels in the LLVM dialect",
      [](mlir::OpPassManager& passes, const Kind& options) { add_gpu_passes(passes, options.gpu); });
}

void register_passes() {
  mlir::registerPass(create_inline_laws_pass);
  mlir::registerPass(create_assign_draws_pass);
  mlir::registerPass(create_split_points_pass);
  mlir::registerPass([] { return create_strip_points_pass(/*keep=*/true); });
  mlir::registerPass(create_unpack_points_pass);
  mlir::registerPass(create_hoist_sample_part_pass);
  mlir::registerPass([] { return create_mask_loops_pass(/*retry=*/true); });
  mlir::registerPass([] { return create_group_points_pass(words_of_pair, 4); });
  mlir::registerPass([] { return create_vectorize_lanes_pass(8); });
  mlir::registerPass([] { return create_map_points_to_threads_pass(GpuKind::nvidia); });
  mlir::registerPass(create_expand_random_pass);
  mlir::registerPass(create_expand_elementary_pass);
}

void write_stage(const std::string& dump, int& stage, const std::string& name, const std::string& extension,
                 const std::string& text) {
  if (dump.empty()) return;
  std::error_code failure;
  std::filesystem::create_directories(dump, failure);
  auto path = std::filesystem::path(dump) / fmt::format("{:02}-{}.{}", stage++, name, extension);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file)
    throw Error(fmt::format(
        "the compiler's stages were to be written to '{}', and '{}' cannot be written; name a folder that can "
        "(CATENARY_DUMP or CompileOptions::dump)",
        dump, path.string()));
}

namespace {

// Keeps every stage's text; nothing is thrown through MLIR's frames.
class Stages : public mlir::PassInstrumentation {
 public:
  explicit Stages(std::vector<std::pair<std::string, std::string>>& kept) : kept_(kept) {}
  void runAfterPass(mlir::Pass* pass, mlir::Operation* op) override {
    std::string text;
    llvm::raw_string_ostream(text) << *op << "\n";
    kept_.emplace_back(pass->getArgument().str(), text);
  }

 private:
  std::vector<std::pair<std::string, std::string>>& kept_;
};

}  // namespace

void run_passes(mlir::ModuleOp module, llvm::function_ref<void(mlir::OpPassManager&)> add, const std::string& dump,
                int& stage) {
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler(module.getContext(), [&](mlir::Diagnostic& d) {
    diagnostics += (diagnostics.empty() ? "" : "\n") + d.str();
    return mlir::success();
  });
  mlir::PassManager passes(module.getContext());
  passes.enableVerifier(!dump.empty());
  std::vector<std::pair<std::string, std::string>> kept;
  if (!dump.empty()) passes.addInstrumentation(std::make_unique<Stages>(kept));
  add(passes);
  bool done = mlir::succeeded(passes.run(module));
  for (const auto& [name, text] : kept) write_stage(dump, stage, name, "mlir", text);
  if (!done) throw PassFailure(diagnostics);
}

}  // namespace catenary
