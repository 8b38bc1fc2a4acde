// expand-random: draws become integer arithmetic and polynomials. After vectorize-lanes, so that what is common to the
// lanes (key, step, stream) is seen to be one number.
#include <array>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/passes/lane_math.h>
#include <catenary/compiler/passes/passes.h>
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/Pass/Pass.h>

namespace catenary {

using namespace mlir;

namespace {

constexpr double word_mask = 0xffffffff;

constexpr int rounds_per_trip = 2;

// Rounds are written out, which lets them mix with what surrounds them; where there are more blocks than this they
// would be most of the code, and become loops.
constexpr size_t most_written_out = 32;

// Blocks that are computed together: their chains of rounds hide one another's latency.
constexpr size_t most_together = 4;

// One round of several blocks; `state` is the two words of the key, then four words a block. A word is the low half of
// an i64, whose high half holds anything: the mask before a multiplication makes it the 32 x 32 -> 64 bit
// multiplication of the machine, and costs nothing. What is the same for all lanes, the key and for two rounds a part
// of the counter, stays a number.
void advance(MutableArrayRef<Lane> state) {
  for (size_t at = 2; at < state.size(); at += 4) {
    Lane a = (state[at] & word_mask) * 0xD2511F53, c = (state[at + 2] & word_mask) * 0xCD9E8D57;
    state[at] = shift_right_unsigned(c, 32) ^ state[at + 1] ^ state[0];
    state[at + 2] = shift_right_unsigned(a, 32) ^ state[at + 3] ^ state[1];
    state[at + 1] = c, state[at + 3] = a;
  }
  state[0] = state[0] + 0x9E3779B9, state[1] = state[1] + 0xBB67AE85;
}

// What stands above the low word of a block's number: of blocks side by side that begin with a multiple of their
// number, one value for all.
Lane high_word(OpBuilder& b, Location loc, Value block) {
  auto row = block.getDefiningOp<arith::OrIOp>();
  auto first = row ? row.getLhs().getDefiningOp<vector::BroadcastOp>() : nullptr;
  return shift_right_unsigned(Lane(b, loc, first ? first.getSource() : block), 32);
}

// The words of support/philox.h's philox4x32 for several blocks at once.
void expand_philox(MutableArrayRef<PhiloxOp> blocks, int rounds, bool loop) {
  OpBuilder b(blocks.back());
  Location loc = blocks[0].getLoc();
  auto lane = [&](Value v) { return Lane(b, loc, v); };
  Lane seed = lane(blocks[0].getSeed());
  SmallVector<Lane> state = {seed, shift_right_unsigned(seed, 32)};
  for (PhiloxOp op : blocks)
    llvm::append_range(state, std::array{lane(op.getBlock()), high_word(b, loc, op.getBlock()),
                                         lane(op.getStep()).to_i64(), seed.constant(op.getStream())});
  // What is the same for all lanes is a number until the second round.
  for (int round = 0; round < (loop ? rounds_per_trip + rounds % rounds_per_trip : rounds); ++round) advance(state);
  if (loop) {
    auto type = blocks[0].getBlock().getType();
    auto index = [&](int64_t i) { return arith::ConstantIndexOp::create(b, loc, i); };
    auto values = [&](ArrayRef<Lane> lanes) {
      return llvm::map_to_vector(lanes, [&](const Lane& l) -> Value {
        return l.value().getType() == type ? l.value() : vector::BroadcastOp::create(b, loc, type, l.value());
      });
    };
    auto made = scf::ForOp::create(b, loc, index(1), index(rounds / rounds_per_trip), index(1), values(state));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(made.getBody());
    state = llvm::map_to_vector(made.getRegionIterArgs(), lane);
    for (int round = 0; round < rounds_per_trip; ++round) advance(state);
    scf::YieldOp::create(b, loc, values(state));
    state = llvm::map_to_vector(made.getResults(), lane);
  }
  for (auto [k, op] : llvm::enumerate(blocks))
    for (unsigned word = 0; word < 4; ++word) op->getResult(word).replaceAllUsesWith(state[2 + 4 * k + word].value());
  for (PhiloxOp op : blocks) op.erase();
}

// The runs of operations of one seed and step that stand directly one after another.
SmallVector<SmallVector<PhiloxOp>> runs_of_blocks(Operation* root) {
  SmallVector<SmallVector<PhiloxOp>> runs;
  root->walk([&](PhiloxOp op) {
    auto before = dyn_cast_or_null<PhiloxOp>(op->getPrevNode());
    bool joins = before && !runs.empty() && runs.back().back() == before && runs.back().size() < most_together &&
                 before.getSeed() == op.getSeed() && before.getStep() == op.getStep();
    if (!joins) runs.emplace_back();
    runs.back().push_back(op);
  });
  return runs;
}

// -ln u with u = (word + 1/2) / 2^32. Let t be the smaller of u and 1 - u, which the word and its complement give to
// full relative precision. For u >= 1/2, -ln u = -ln(1 - g) with g = t. Else u = 2^-n (1 - g) with g in (0, 1/2], and
// n ln 2 is added: a sum of positive numbers in either case. The polynomial, -ln(1 - g) / g, is minimax for the error
// of the root.
Lane negative_log_of_uniform(Lane word) {
  Lane upper = shift_right_signed(word, 31);  // All ones where u >= 1/2.
  Lane t = fma((word ^ upper).to_f32(), 0x1p-32, 0x1p-33);
  Lane mantissa = ((t.bits() & 0x007fffff) | 0x3f000000).as_f32();
  Lane n = (126 - shift_right_unsigned(t.bits(), 23)) & (upper ^ -1);
  Lane g = select(word < 0, t, 1 - mantissa);
  Lane series = polynomial(g, {0x1.ffffc8p-1, 0x1.0013b8p-1, 0x1.514dc8p-2, 0x1.2ed8cp-2, -0x1.3b41ecp-4, 0x1.163218p+0,
                               -0x1.7bc4d6p+0, 0x1.663f2p+0});
  return fma(n.to_f32(), 0x1.62e43p-1, g * series);
}

// support/philox.h's box_muller, with sin and cos as polynomials in v, the angle in units of pi/4.
std::array<Lane, 2> expand_box_muller(Lane w0, Lane w1) {
  Lane radius = sqrt(negative_log_of_uniform(w0));
  Lane v = w1.to_f32() * 0x1p-31;
  Lane square = v * v;
  Lane sine_over_v = polynomial(square, {0x1.921fb4p-1, -0x1.4abb68p-4, 0x1.46496cp-9, -0x1.2a7638p-15});
  Lane cosine = polynomial(square, {1, -0x1.3bd3a2p-2, 0x1.03b18ep-6, -0x1.4eb112p-12});
  auto with_sign = [](Lane x, Lane sign) { return (x.bits() ^ sign).as_f32(); };
  return {with_sign(radius * fma(-v, sine_over_v, cosine), w1 << 31),
          with_sign(radius * fma(v, sine_over_v, cosine), (w1 << 30) & 0x80000000)};
}

Lane expand_uniform(Lane word) { return shift_right_unsigned(word, 8).to_f32() * 0x1p-24; }

/// catenary.philox becomes i64 arithmetic, catenary.box_muller polynomials with explicit fma,
/// catenary.uniform_of a shift and a conversion; the same bits for a number and for any vector width. The absolute
/// error of a normal is at most 1.4e-6, three units in the last place at the end of the tail; its root mean square is
/// below 1e-7.
struct ExpandRandom : PassWrapper<ExpandRandom, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandRandom)

  StringRef getArgument() const override { return "expand-random"; }
  StringRef getDescription() const override { return "draws become integer arithmetic and polynomials"; }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, scf::SCFDialect, vector::VectorDialect>();
  }

  void runOnOperation() override {
    size_t all = 0;
    getOperation().walk([&](PhiloxOp) { ++all; });
    const int rounds = rounds_of(getOperation());
    for (auto& blocks : runs_of_blocks(getOperation())) expand_philox(blocks, rounds, all > most_written_out);
    getOperation().walk([](Operation* op) {
      OpBuilder builder(op);
      auto lane = [&](Value value) { return Lane(builder, op->getLoc(), value); };
      auto replace = [&](ArrayRef<Lane> results) {
        for (auto [old, result] : llvm::zip_equal(op->getResults(), results)) old.replaceAllUsesWith(result.value());
        op->erase();
      };
      TypeSwitch<Operation*>(op)
          .Case([&](BoxMullerOp pair) { replace(expand_box_muller(lane(pair.getW0()), lane(pair.getW1()))); })
          .Case([&](UniformOfOp uniform) { replace(expand_uniform(lane(uniform.getWord()))); });
    });
  }
};

}  // namespace

std::unique_ptr<Pass> create_expand_random_pass() { return std::make_unique<ExpandRandom>(); }

}  // namespace catenary
