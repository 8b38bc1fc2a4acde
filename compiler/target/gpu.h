// GPUs: kernels in the LLVM dialect become PTX text, AMD's object code or SPIR-V.
#pragma once

#include <string>

#include <mlir/IR/BuiltinOps.h>

#include <catenary/compiler/compile.h>
#include <catenary/compiler/passes/passes.h>

namespace catenary {

/// Whose an architecture is: "sm_80" and what came after it NVIDIA's, "gfx90a" and its like AMD's, "spirv64" nobody's.
/// Throws Error for one that LLVM does not know, or one of NVIDIA's before sm_80.
GpuKind kind_of_gpu(const std::string& architecture);

/// Code for an architecture, from kernels for its kind. PTX is of the first version that knows it, which is what the
/// oldest drivers take: 7.0 for sm_80, 7.8 for sm_90. AMD's is an object for amdgcn-amd-amdhsa, to be linked by lld;
/// SPIR-V is OpenCL's, of version 1.4. Stages go to `dump` as in run_passes. Throws Error as above, Bug if code cannot
/// be made.
std::string emit_gpu_code(mlir::ModuleOp module, const std::string& architecture, Precision precision,
                          const std::string& dump, int& stage);

/// How a file of such code is called: "ptx", "o", "spv".
std::string extension_of_gpu_code(GpuKind kind);

}  // namespace catenary
