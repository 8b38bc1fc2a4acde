// The CUDA target: kernels in the LLVM and NVVM dialects become PTX text.
#pragma once

#include <string>

#include <mlir/IR/BuiltinOps.h>

namespace catenary {

/// PTX for an NVIDIA architecture such as "sm_90", of the first PTX version that knows it, which is what the oldest
/// drivers take: 7.0 for sm_80, 7.8 for sm_90. Stages go to `dump` as in run_passes. Throws Error for an architecture
/// that LLVM does not know or one before sm_80, Bug if code cannot be made.
std::string emit_ptx(mlir::ModuleOp module, const std::string& architecture, const std::string& dump, int& stage);

}  // namespace catenary
