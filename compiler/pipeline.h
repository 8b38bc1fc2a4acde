// The compiler read from top to bottom: the ordered list of passes that JIT, AOT and catenary-opt all run.
#pragma once

#include <string>

#include <mlir/IR/BuiltinOps.h>
#include <mlir/Pass/PassManager.h>

#include <catenary/compiler/passes/passes.h>
#include <catenary/support/error.h>

namespace catenary {

/// The dialects that a declaration and its lowering use, with their translation to LLVM.
void register_dialects(mlir::DialectRegistry& registry);

/// From a joint's module to pipelines over groups of points, which draw a multiple of `words` and are not made larger
/// than `largest` for speed: see create_group_points_pass.
void add_point_passes(mlir::OpPassManager& passes, int words, int largest = 4);

/// From pairs of words to the LLVM dialect, with `lanes` groups side by side.
void add_cpu_passes(mlir::OpPassManager& passes, int lanes);

/// From blocks of words to kernels in the LLVM dialect, and NVVM's where they are for NVIDIA.
void add_gpu_passes(mlir::OpPassManager& passes, GpuKind gpu);

/// Registers all passes, and `--catenary-points`, `--catenary-lower` and `--catenary-lower-to-gpu` for the lists.
void register_pipelines();

/// A pass that does not go through, with what it says.
class PassFailure : public Bug {
 public:
  explicit PassFailure(const std::string& diagnostics)
      : Bug("a pass failed: " + diagnostics), diagnostics(diagnostics) {}
  std::string diagnostics;
};

/// Runs passes over a module; every stage goes to a numbered file in `dump`, if that names a folder. `stage` counts on.
/// Throws PassFailure if a pass fails, Error if the folder cannot be written.
void run_passes(mlir::ModuleOp module, llvm::function_ref<void(mlir::OpPassManager&)> add, const std::string& dump,
                int& stage);

/// Writes one dumped stage. Throws Error if it cannot.
void write_stage(const std::string& dump, int& stage, const std::string& name, const std::string& extension,
                 const std::string& text);

}  // namespace catenary
