// Loops that draw, on a processor: a queue of the points that want another trip.
#pragma once

#include <utility>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/passes/tile_order.h>
#include <catenary/compiler/passes/widener.h>

namespace catenary {

/// An array of so many f32 in the frame of the function that is being built: its address.
mlir::Value array_of_function(mlir::OpBuilder& b, mlir::Location loc, int64_t elements);

/// A chunk of `tiles` tiles.
struct PointChunk {
  TileOrder order;
  int64_t tiles;
};

/// A loop over the points of a chunk. A vector's lanes are filled with points that want another trip, whatever their
/// tiles and groups, so that none waits for the others; each draws what it would by itself. Memory holds what a point
/// carries and depends on, an array for each value; a point's place there is (slot * tiles + tile) * lanes + lane.
class RetryLanes {
 public:
  /// `varying`: tells what varies between points.
  RetryLanes(mlir::OpBuilder& b, RetryOp op, PointChunk chunk, const Widener& varying);

  /// Keeps a tile's operands, and queues its points that are active behind the first `queued`; returns how many are
  /// queued then.
  mlir::Value put(Widener& widener, mlir::Value tile, mlir::Value queued);
  /// What the body needs that is the same for all points.
  mlir::SmallVector<mlir::Value> common();

  /// The seed and the step of the draws, and the number of the chunk's first point.
  struct Draws {
    mlir::Value seed, step, first_point;
  };
  /// Makes the loop for the points that are queued. `widener` knows what is common; `look_up` may take operations.
  void run(Widener& widener, const Draws& draws, mlir::Value queued,
           llvm::function_ref<bool(mlir::Operation&)> look_up);

  /// Where result k is then: an array of the chunk's lanes.
  mlir::Value result(size_t k);

 private:
  /// What an argument of the body is at each point.
  struct Kept {
    mlir::BlockArgument argument;
    mlir::ValueRange operands;
    size_t number;  ///< Of the value among the operands of a slot.
    mlir::Value array;
  };

  /// Whether anything reads what is carried as k, in a trip or at the end.
  bool wanted(size_t k);
  mlir::Value wide(int64_t v);
  mlir::Value behind(mlir::Value base, mlir::Value elements, int64_t more = 0);
  mlir::Value lanes();  ///< 0, 1, ...
  mlir::Value queue(mlir::Value places, mlir::Value flags, mlir::Value count);
  mlir::Value one_vector(Widener& widener, const Draws& draws, mlir::Value first, mlir::Value queued, mlir::Value again,
                         llvm::function_ref<bool(mlir::Operation&)> look_up);

  mlir::OpBuilder& b_;
  RetryOp op_;
  mlir::Location loc_;
  PointChunk chunk_;
  mlir::VectorType words_;
  mlir::Value queue_;
  mlir::SmallVector<Kept> kept_;  ///< What is carried, then what is captured and each point's own.
  mlir::SmallVector<std::pair<mlir::Value, mlir::Value>> shared_;  ///< Captured, the same for all: argument, operand.
};

}  // namespace catenary
