// What the points of a tile draw, at their lanes.
#pragma once

#include <utility>

#include <catenary/compiler/passes/drawn_blocks.h>
#include <catenary/compiler/passes/tile_order.h>

namespace catenary {

/// Of one tile. Philox runs in i64 lanes, half as many as there are lanes: two of its words become one vector of words.
class TileDraws {
 public:
  /// `first_point` is the number of the tile's first point, a multiple of its points.
  TileDraws(mlir::OpBuilder& b, TileOrder order, mlir::Value seed, mlir::Value step, mlir::Value first_point);
  TileDraws(const TileDraws&) = delete;

  using Pair = std::pair<mlir::Value, mlir::Value>;
  /// The two words of every lane.
  Pair words(WordsOp op, LoopPlace place);
  /// The normals that are made of them.
  Pair normals(WordsOp op, LoopPlace place);

 private:
  Pair as_drawn(WordsOp op, LoopPlace place);
  mlir::Value number_in_runs(WordsOp op, int64_t block, LoopPlace place);
  mlir::Value number_in_rows(WordsOp op, int64_t block, LoopPlace place);
  Pair in_order(WordsOp op, Pair made);
  mlir::VectorType vector_of(mlir::Type element) { return mlir::VectorType::get({order_.lanes}, element); }

  mlir::OpBuilder& b_;
  TileOrder order_;
  mlir::Value first_point_;
  DrawnBlocks blocks_;
};

}  // namespace catenary
