// The passes, in the order of pipeline.cpp; each file says why its pass stands where it does.
#pragma once

#include <memory>

#include <mlir/Pass/Pass.h>

namespace catenary {

std::unique_ptr<mlir::Pass> create_inline_laws_pass();
std::unique_ptr<mlir::Pass> create_assign_draws_pass();
std::unique_ptr<mlir::Pass> create_unpack_points_pass();
std::unique_ptr<mlir::Pass> create_hoist_sample_part_pass();
std::unique_ptr<mlir::Pass> create_mask_loops_pass();
std::unique_ptr<mlir::Pass> create_group_points_pass();
std::unique_ptr<mlir::Pass> create_vectorize_lanes_pass(int lanes);
std::unique_ptr<mlir::Pass> create_expand_random_pass();
std::unique_ptr<mlir::Pass> create_expand_elementary_pass();

/// For catenary-opt: every pass above under its flag.
void register_passes();

}  // namespace catenary
