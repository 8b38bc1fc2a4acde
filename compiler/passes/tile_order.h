// Which point of a tile is where: in which slot of which lane.
#pragma once

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

/// A tile has `slots` vectors of `lanes` points. In runs, a lane's points stand next to one another: the words of a
/// group are drawn by its lane, and data are transposed on their way in and out. In rows, a slot's do: data stay as
/// they lie, and it is the words that are put in order, a vector of blocks at a time.
struct TileOrder {
  int64_t lanes, slots;
  bool rows;

  int64_t points() const { return lanes * slots; }
  /// How far points of neighbouring lanes, and of neighbouring slots, are from each other.
  int64_t lane_stride() const { return rows ? 1 : slots; }
  int64_t slot_stride() const { return rows ? lanes : 1; }
};

/// Whether points that draw so many words of a stream can be taken in rows: a vector of blocks, four words a block and
/// two lanes, is two slots of one word, or a slot of two.
inline bool draws_fit_rows(int64_t words) { return words == 1 || words == 2; }

/// How many words of their stream a point draws.
int64_t draws_of_point(WordsOp words);

/// Rows wherever all draws fit.
bool in_rows(PipelineOp pipeline);

/// Rows need the four lanes of a block's words.
TileOrder order_of(PipelineOp pipeline, int64_t lanes);

}  // namespace catenary
