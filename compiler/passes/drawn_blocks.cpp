// The layout of support/philox.h, a unit at a time.
#include <catenary/compiler/passes/drawn_blocks.h>

#include <numeric>

#include <mlir/IR/BuiltinTypes.h>

#include <catenary/compiler/passes/lane_math.h>

namespace catenary {

using namespace mlir;

namespace {

// Their chains of rounds hide one another's latency.
constexpr int64_t blocks_side_by_side = 4;

// Above the numbers of blocks.
Lane trip_part(OpBuilder& b, Location loc, Value trip) { return Lane(b, loc, trip).to_i64() << 48; }

// f32, or a vector of it, as `words` is i32.
mlir::Type floats_like(Value words) {
  auto element = Float32Type::get(words.getContext());
  auto vector = dyn_cast<VectorType>(words.getType());
  return vector ? mlir::Type(vector.cloneWith({}, element)) : element;
}

}  // namespace

Value block_number(OpBuilder& b, Location loc, Value unit, int64_t count, int64_t block, LoopPlace place) {
  Lane number(b, loc, unit);
  if (count > 1) number = number * double(count);
  if (block > 0) number = number + double(block);
  if (place.trip) number = number + trip_part(b, loc, place.trip);
  if (place.index) number = number + shift_right_unsigned(Lane(b, loc, place.index), 2).to_i64();
  return number.value();
}

PhiloxOp DrawnBlocks::block(WordsOp words, int64_t block, int64_t count, LoopPlace place) {
  Block* here = b_.getInsertionBlock();
  if (auto found = made_.find({here, words.getStream(), block}); found != made_.end()) return found->second;
  Location loc = words.getLoc();
  int64_t last = std::min(count, block + blocks_side_by_side);
  SmallVector<Value> numbers;
  for (int64_t k = block; k < last; ++k) numbers.push_back(number_(words, k, place));
  SmallVector<mlir::Type> results(4, numbers[0].getType());
  for (auto [k, number] : llvm::enumerate(numbers))
    made_[{here, words.getStream(), block + int64_t(k)}] =
        PhiloxOp::create(b_, loc, results, seed_, number, step_, words.getStreamAttr());
  return made_.at({here, words.getStream(), block});
}

const PointDraws::Stream& PointDraws::stream_of(DrawOp draw, Value trip) {
  auto [found, added] = streams_.try_emplace(*draw.getStream());
  Stream& stream = found->second;
  if (!added) return stream;
  Location loc = draw.getLoc();
  const auto per_point = int64_t(*draw.getPerPoint()), step = std::gcd(per_point, int64_t{4});
  for (int64_t offset = 0; offset < 4; offset += step) stream.offsets.push_back(offset);
  Lane first = Lane(b_, loc, points_) * double(per_point);
  if (step < 4) stream.offset = (first & 3).low_word().value();
  Lane block = shift_right_unsigned(first, 2) + trip_part(b_, loc, trip);
  // A pair may go on behind the last draw.
  const int64_t last = (stream.offsets.back() + per_point - 1) | 1;
  SmallVector<mlir::Type> results(4, points_.getType());
  SmallVector<Lane> numbers;
  for (int64_t k = 0; k <= last / 4; ++k) numbers.push_back(k == 0 ? block : block + double(k));
  SmallVector<PhiloxOp> blocks;
  for (const Lane& number : numbers)
    blocks.push_back(PhiloxOp::create(b_, loc, results, seed_, number.value(), step_, draw.getStreamAttr()));
  for (PhiloxOp op : blocks)
    for (Value word : op.getResults()) stream.words.push_back(Lane(b_, loc, word).low_word().value());
  return stream;
}

Value PointDraws::chosen(const Stream& stream, llvm::function_ref<Value(int64_t)> value) {
  Value result = value(0);
  for (int64_t offset : ArrayRef(stream.offsets).drop_front()) {
    Lane other(b_, result.getLoc(), value(offset)),
        here = equal(Lane(b_, result.getLoc(), stream.offset), double(offset));
    result = select(here, other, Lane(b_, result.getLoc(), result)).value();
  }
  return result;
}

Value PointDraws::drawn(DrawOp draw, Value trip) {
  const Stream& stream = stream_of(draw, trip);
  const auto first = int64_t(*draw.getFirst());
  auto word = [&](int64_t k) { return stream.words[size_t(k)]; };
  if (draw.getDrawn() != Drawn::normal) {
    Value w = chosen(stream, [&](int64_t offset) { return word(offset + first); });
    return draw.getDrawn() == Drawn::bits ? w : UniformOfOp::create(b_, draw.getLoc(), floats_like(w), w).getResult();
  }
  // Where every point draws an even number of words, pairs begin with the even ones of its own.
  const bool even = *draw.getPerPoint() % 2 == 0;
  BoxMullerOp& pair = normals_[{*draw.getStream(), even ? first & ~int64_t{1} : first}];
  if (!pair) {
    Value w0 = chosen(stream, [&](int64_t offset) { return word((offset + first) & ~int64_t{1}); });
    Value w1 = chosen(stream, [&](int64_t offset) { return word((offset + first) | 1); });
    pair = BoxMullerOp::create(b_, draw.getLoc(), floats_like(w0), floats_like(w0), w0, w1);
  }
  return chosen(stream, [&](int64_t offset) { return pair->getResult(unsigned((offset + first) & 1)); });
}

}  // namespace catenary
