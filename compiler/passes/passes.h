// The passes, in the order of pipeline.cpp; each file says why its pass stands where it does.
#pragma once

#include <memory>

#include <mlir/Pass/Pass.h>

namespace catenary {

/// What a group of points draws a multiple of from every stream: the two words of a normal, or the four of a block.
inline constexpr int words_of_pair = 2, words_of_block = 4;

/// Where a kernel for a GPU learns which of its threads it is.
enum class ThreadIds {
  registers,  ///< the GPU's own
  arguments,  ///< four of the function: block, blocks, thread of the block, threads of a block. For a run on a
              ///< processor.
};

std::unique_ptr<mlir::Pass> create_inline_laws_pass();
std::unique_ptr<mlir::Pass> create_assign_draws_pass();
std::unique_ptr<mlir::Pass> create_unpack_points_pass();
std::unique_ptr<mlir::Pass> create_hoist_sample_part_pass();
std::unique_ptr<mlir::Pass> create_mask_loops_pass();
std::unique_ptr<mlir::Pass> create_group_points_pass(int words);
std::unique_ptr<mlir::Pass> create_vectorize_lanes_pass(int lanes);
std::unique_ptr<mlir::Pass> create_map_points_to_threads_pass(ThreadIds ids);
std::unique_ptr<mlir::Pass> create_expand_random_pass();
std::unique_ptr<mlir::Pass> create_expand_elementary_pass();

/// For catenary-opt: every pass above under its flag.
void register_passes();

}  // namespace catenary
