// What a pipeline is called in object code, and what its pointers are: shared by the lowering and the kernel tables.
#pragma once

#include <string>
#include <vector>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/support/philox.h>

namespace catenary {

/// One pointer of a kernel, in the order of catenary_kernel::operands.
struct KernelOperand {
  std::string component;
  int32_t role;  ///< CATENARY_X0, ...
  int64_t size;  ///< Elements of a point.
};

/// A pipeline's operands: by component in the order of the module, inputs by role, then the output.
std::vector<KernelOperand> operands_of(PipelineOp pipeline);
size_t index_of(const std::vector<KernelOperand>& operands, llvm::StringRef component, int32_t role);

/// 0 for a pipeline's first time, 1 for its second: s before t.
int time_index(TimeOp time);

std::string sample_part_symbol(mlir::ModuleOp module, PipelineOp pipeline);
std::string points_part_symbol(mlir::ModuleOp module, PipelineOp pipeline);
/// Of the PTX text of a question, in its object.
std::string ptx_symbol(mlir::ModuleOp module, Question question);

}  // namespace catenary
