// The Philox blocks that a body draws from: each made once, beside those that follow it.
#pragma once

#include <map>
#include <tuple>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

/// Blocks by the unit that draws whole blocks: a couple of lanes, or a group of points.
class DrawnBlocks {
 public:
  /// `units` is the number of the unit, an i64 or a vector of them.
  DrawnBlocks(mlir::OpBuilder& b, mlir::Value seed, mlir::Value units, mlir::Value step)
      : b_(b), seed_(seed), units_(units), step_(step) {}

  /// Block `block` of the `count` that a unit draws from the stream of `words`, in trip `trip` of the loop around it
  /// (null: no loop). Made at the builder, unless it is there already.
  PhiloxOp block(WordsOp words, int64_t block, int64_t count, mlir::Value trip);

 private:
  mlir::OpBuilder& b_;
  mlir::Value seed_, units_, step_;
  std::map<std::tuple<mlir::Block*, uint32_t, int64_t>, PhiloxOp> made_;  // Where, the stream, the block of the unit.
};

}  // namespace catenary
