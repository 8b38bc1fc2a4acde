// In runs a couple of neighbouring lanes draws whole blocks, in rows a vector of blocks is one slot's or two slots'.
#include <catenary/compiler/passes/tile_draws.h>

#include <array>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>

#include <catenary/compiler/passes/lane_math.h>

namespace catenary {

using namespace mlir;

TileDraws::TileDraws(OpBuilder& b, TileOrder order, Value seed, Value step, Value first_point)
    : b_(b),
      order_(order),
      first_point_(first_point),
      blocks_(b, seed, step, [&](WordsOp op, int64_t block, LoopPlace place) {
        return order_.rows ? number_in_rows(op, block, place) : number_in_runs(op, block, place);
      }) {}

// The couple's first block, and on: its lanes draw their pairs one after another, two to a block.
Value TileDraws::number_in_runs(WordsOp op, int64_t block, LoopPlace place) {
  Location loc = op.getLoc();
  const int64_t couples = order_.lanes / 2;
  Lane lane(b_, loc, numbers(b_, loc, b_.getI64Type(), couples));
  Lane couple =
      lane + shift_right_unsigned(Lane(b_, loc, first_point_), int(llvm::Log2_64(uint64_t(2 * order_.slots))));
  return block_number(b_, loc, couple.value(), int64_t(op.getPairs()), block, place);
}

// A vector's blocks begin with a multiple of their number, so that it and their places are different bits. One word a
// point: the halves of the vector alternate, which makes in_order stay within quarters of a vector.
Value TileDraws::number_in_rows(WordsOp op, int64_t block, LoopPlace place) {
  Location loc = op.getLoc();
  const int64_t width = order_.lanes / 2, words = draws_of_point(op);
  Lane first = shift_right_unsigned(Lane(b_, loc, first_point_), words == 1 ? 2 : 1);
  Value number = block_number(b_, loc, first.value(), 1, block * width, place);
  SmallVector<int64_t> places;
  for (int64_t lane = 0; lane < width; ++lane) places.push_back(words == 1 ? lane / 2 + lane % 2 * width / 2 : lane);
  auto type = VectorType::get({width}, b_.getI64Type());
  Value within = arith::ConstantOp::create(b_, loc, DenseElementsAttr::get(type, ArrayRef<int64_t>(places)));
  return arith::OrIOp::create(b_, loc, vector::BroadcastOp::create(b_, loc, type, number), within);
}

// The words where the blocks have them.
TileDraws::Pair TileDraws::as_drawn(WordsOp op, LoopPlace place) {
  Location loc = op.getLoc();
  const auto pair = int64_t(op.getPair()), pairs = int64_t(op.getPairs());
  SmallVector<int64_t> low_words;
  for (int64_t lane = 0; lane < order_.lanes; lane += 2) llvm::append_values(low_words, lane, order_.lanes + lane);
  // The words of even and of odd lanes.
  auto joined = [&](Value even, Value odd) -> Value {
    auto words = vector_of(b_.getI32Type());
    Value low = vector::BitCastOp::create(b_, loc, words, even), high = vector::BitCastOp::create(b_, loc, words, odd);
    return vector::ShuffleOp::create(b_, loc, low, high, low_words);
  };
  auto of_pair = [&](int64_t k) {
    PhiloxOp block = blocks_.block(op, k / 2, pairs, place);
    return std::array{block->getResult(unsigned(k % 2 * 2)), block->getResult(unsigned(k % 2 * 2 + 1))};
  };
  // Of a row's block, an even lane has the first pair and the odd lane beside it the second.
  auto even = of_pair(order_.rows ? 2 * pair : pair), odd = of_pair(order_.rows ? 2 * pair + 1 : pair + pairs);
  Value first = joined(even[0], odd[0]), second = joined(even[1], odd[1]);
  return {first, second};
}

TileDraws::Pair TileDraws::words(WordsOp op, LoopPlace place) { return in_order(op, as_drawn(op, place)); }

TileDraws::Pair TileDraws::normals(WordsOp op, LoopPlace place) {
  auto [w0, w1] = as_drawn(op, place);
  auto type = vector_of(b_.getF32Type());
  auto made = BoxMullerOp::create(b_, op.getLoc(), type, type, w0, w1);
  return in_order(op, {made.getZ0(), made.getZ1()});
}

// What was made of the words, at the lanes of the points that drew them. A quarter of four lanes has w0, w2 (or what
// became of them) of two blocks, and in the other vector w1, w3: the lower half of both is the first block.
TileDraws::Pair TileDraws::in_order(WordsOp op, Pair made) {
  if (!order_.rows || draws_of_point(op) == 2) return made;
  auto blocks_at = [&](int64_t at) -> Value {
    SmallVector<int64_t> mask;
    for (int64_t quarter = 0; quarter < order_.lanes; quarter += 4)
      for (int64_t lane : {quarter + at, quarter + at + 1}) llvm::append_values(mask, lane, order_.lanes + lane);
    return vector::ShuffleOp::create(b_, op.getLoc(), made.first, made.second, mask);
  };
  return {blocks_at(0), blocks_at(2)};
}

}  // namespace catenary
