// The layout of support/philox.h, a unit at a time.
#include <catenary/compiler/passes/drawn_blocks.h>

#include <catenary/compiler/passes/lane_math.h>

namespace catenary {

using namespace mlir;

namespace {

// Their chains of rounds hide one another's latency.
constexpr int64_t blocks_side_by_side = 4;

constexpr int trip_bit = 48;

}  // namespace

PhiloxOp DrawnBlocks::block(WordsOp words, int64_t block, int64_t count, Value trip) {
  Block* here = b_.getInsertionBlock();
  if (auto found = made_.find({here, words.getStream(), block}); found != made_.end()) return found->second;
  Location loc = words.getLoc();
  Lane first(b_, loc, units_);
  if (count > 1) first = first * double(count);
  if (trip) first = first + (Lane(b_, loc, trip).to_i64() << trip_bit);
  int64_t last = std::min(count, block + blocks_side_by_side);
  SmallVector<Lane> numbers;
  for (int64_t k = block; k < last; ++k) numbers.push_back(k == 0 ? first : first + double(k));
  SmallVector<mlir::Type> results(4, units_.getType());
  for (auto [k, number] : llvm::enumerate(numbers))
    made_[{here, words.getStream(), block + int64_t(k)}] =
        PhiloxOp::create(b_, loc, results, seed_, number.value(), step_, words.getStreamAttr());
  return made_.at({here, words.getStream(), block});
}

}  // namespace catenary
