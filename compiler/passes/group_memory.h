// Moving the points of a thread's group between memory and numbers: all at once where the group lies in the call as a
// whole, else point by point, and nothing beyond the call.
#pragma once

#include <optional>

#include <catenary/compiler/passes/lane_math.h>

namespace catenary {

class GroupMemory {
 public:
  struct Operand {
    mlir::Value base;  ///< an !llvm.ptr to the call's first point
    int64_t size;      ///< elements of a point
  };

  /// Of a call of `points` points (i32), the first of which is number `skipped` (i32) of its group. Made before the
  /// loop over groups.
  GroupMemory(mlir::OpBuilder& b, mlir::Location loc, int64_t group, llvm::SmallVector<Operand> operands, Lane skipped,
              Lane points);

  /// The call's groups, an i32.
  Lane groups() const;

  /// Begins with group number `share` (i64) of the call.
  void enter(Lane share);

  /// The number in the call (i64) of a point of the group, and where it lies; or those of the call's nearest point.
  Lane point(int64_t slot) const { return nearest_[size_t(slot)]; }
  mlir::Value address_of(size_t operand, int64_t slot) const;

  /// All elements of all points, one point after another; of points beyond the call those of the nearest.
  llvm::SmallVector<mlir::Value> read(size_t operand, mlir::Type element);
  /// The same elements; those of points beyond the call go nowhere.
  void write(size_t operand, llvm::ArrayRef<mlir::Value> values);
  /// The elements of one point from index `first` (i64) on; they go nowhere if it is beyond the call.
  void write_run(size_t operand, int64_t slot, Lane first, llvm::ArrayRef<mlir::Value> values);

 private:
  int64_t width_of(size_t operand) const;
  mlir::Value element_at(mlir::Value base, Lane index) const;
  mlir::Value whole_group(size_t operand) const;

  mlir::OpBuilder& b_;
  mlir::Location loc_;
  int64_t group_;
  llvm::SmallVector<Operand> operands_;
  Lane skipped_, points_;
  std::optional<Lane> aligned_;  // Whole groups begin at addresses fit for wide accesses.
  std::optional<Lane> first_;    // The number in the call of the group's first point; below 0 if it is beyond.
  std::optional<Lane> whole_;    // The group lies in the call as a whole, and is aligned.
  llvm::SmallVector<Lane> inside_, nearest_;  // By slot.
};

}  // namespace catenary
