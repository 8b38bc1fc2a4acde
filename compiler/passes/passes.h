// The passes, in the order of pipeline.cpp; each file says why its pass stands where it does.
#pragma once

#include <memory>

#include <llvm/Support/CommandLine.h>
#include <mlir/Pass/Pass.h>

namespace catenary {

/// What a group of points draws a multiple of from every stream: the two words of a normal, or the four of a block.
inline constexpr int words_of_pair = 2, words_of_block = 4;

/// What a kernel of threads is for.
enum class GpuKind {
  nvidia,
  amd,
  spirv,      ///< any device that takes OpenCL's SPIR-V
  processor,  ///< a CPU, one thread at a time: kernels are told block, blocks, thread and threads by arguments
};

/// Their names, for an option of catenary-opt.
inline auto gpu_kinds() {
  return llvm::cl::values(clEnumValN(GpuKind::nvidia, "nvidia", ""), clEnumValN(GpuKind::amd, "amd", ""),
                          clEnumValN(GpuKind::spirv, "spirv", ""), clEnumValN(GpuKind::processor, "processor", ""));
}

std::unique_ptr<mlir::Pass> create_inline_laws_pass();
std::unique_ptr<mlir::Pass> create_assign_draws_pass();
std::unique_ptr<mlir::Pass> create_split_points_pass();
std::unique_ptr<mlir::Pass> create_strip_points_pass(bool keep);
std::unique_ptr<mlir::Pass> create_unpack_points_pass();
std::unique_ptr<mlir::Pass> create_hoist_sample_part_pass();
std::unique_ptr<mlir::Pass> create_mask_loops_pass(bool retry);
std::unique_ptr<mlir::Pass> create_group_points_pass(int words, int largest);
std::unique_ptr<mlir::Pass> create_vectorize_lanes_pass(int lanes);
std::unique_ptr<mlir::Pass> create_map_points_to_threads_pass(GpuKind gpu);
std::unique_ptr<mlir::Pass> create_expand_random_pass();
std::unique_ptr<mlir::Pass> create_expand_elementary_pass();

/// For catenary-opt: every pass above under its flag.
void register_passes();

}  // namespace catenary
