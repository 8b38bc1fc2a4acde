// What of a pipeline can be gone through in strips, and where.
#pragma once

#include <optional>
#include <vector>

#include <catenary/compiler/passes/strip_values.h>

namespace catenary {

/// Whether a pipeline goes through a point in strips, by indices or with arrays: then the points of a group are made
/// one after another.
bool goes_in_strips(PipelineOp pipeline);

/// In arrays on the stack, for each lane.
inline constexpr int64_t most_kept = 1 << 14;

/// Whether an operation gives a few numbers that are made of all of a long value's.
bool is_total(mlir::Operation& op);
/// Whether it gives a long value to the caller.
bool is_output(mlir::Operation& op);

/// A few numbers of a long value at a place that is known. Their strip stands outside of any loop.
struct Pick {
  int64_t first, count;
};
std::optional<Pick> pick_of(mlir::Operation& op);

/// The long values that an operation, or one inside it, takes or gives as a whole.
llvm::SmallVector<mlir::Value> long_values(mlir::Operation& op);

/// The operations on long values, those on values that are made of one another together, where all of them can be gone
/// through in strips.
std::vector<std::vector<mlir::Operation*>> strippable(mlir::Block& body);

/// The numbers of a strip, whole rows of products and whole blocks of words; 0 where they would be too many, or too
/// many be kept.
int64_t numbers_of_strip(llvm::ArrayRef<mlir::Operation*> ops);

}  // namespace catenary
