// The Philox blocks that a body draws from: each made once, beside those that follow it.
#pragma once

#include <functional>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

/// Where in a loop words are drawn: its trip, and how many words lie between (i32s; null: none).
struct LoopPlace {
  mlir::Value trip, index;
};

/// The number of block `block` of the `count` that unit number `unit` (an i64, or a vector of them) draws at `place`.
mlir::Value block_number(mlir::OpBuilder& b, mlir::Location loc, mlir::Value unit, int64_t count, int64_t block,
                         LoopPlace place);

/// The blocks that a unit draws: a couple of lanes, a row of points, or a thread's group.
class DrawnBlocks {
 public:
  /// The number of block `block` of those that a unit draws from the stream of `words`: an i64 or a vector of them,
  /// made at the builder.
  using Number = std::function<mlir::Value(WordsOp words, int64_t block, LoopPlace place)>;
  DrawnBlocks(mlir::OpBuilder& b, mlir::Value seed, mlir::Value step, Number number)
      : b_(b), seed_(seed), step_(step), number_(std::move(number)) {}

  /// Block `block` of the `count` that a unit draws. Made at the builder, unless it is there already.
  PhiloxOp block(WordsOp words, int64_t block, int64_t count, LoopPlace place);

 private:
  mlir::OpBuilder& b_;
  mlir::Value seed_, step_;
  Number number_;
  std::map<std::tuple<mlir::Block*, uint32_t, int64_t>, PhiloxOp> made_;  // Where, the stream, the block of the unit.
};

/// The draws of single points in one trip of a loop, wherever their words lie in blocks.
class PointDraws {
 public:
  /// `points` are the numbers of the points, an i64 or a vector of them.
  PointDraws(mlir::OpBuilder& b, mlir::Value seed, mlir::Value points, mlir::Value step)
      : b_(b), seed_(seed), points_(points), step_(step) {}

  /// Made at the builder; `trip` is an i32, or a vector of them.
  mlir::Value drawn(DrawOp draw, mlir::Value trip);

 private:
  /// The words of the blocks that a point's draws from a stream lie in, one after another, and where its draws begin
  /// (i32; null: with the first).
  struct Stream {
    std::vector<mlir::Value> words;
    mlir::Value offset;
    std::vector<int64_t> offsets;  // Those that may be.
  };
  const Stream& stream_of(DrawOp draw, mlir::Value trip);
  /// What `value` gives for the offset that a point has.
  mlir::Value chosen(const Stream& stream, llvm::function_ref<mlir::Value(int64_t offset)> value);

  mlir::OpBuilder& b_;
  mlir::Value seed_, points_, step_;
  std::map<uint32_t, Stream> streams_;
  std::map<std::pair<uint32_t, int64_t>, BoxMullerOp> normals_;  // By stream and draw, its pair's first or its own.
};

}  // namespace catenary
