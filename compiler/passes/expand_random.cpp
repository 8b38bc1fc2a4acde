// expand-random: draws become integer arithmetic and polynomials. After vectorize-lanes, so that what is common to the
// lanes (key, step, stream) is seen to be one number.
#include <array>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/passes/lane_math.h>
#include <catenary/compiler/passes/passes.h>
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/Pass/Pass.h>

namespace catenary {

using namespace mlir;

namespace {

constexpr double word_mask = 0xffffffff;

// The four words of support/philox.h's philox4x32. A word is the low half of an i64, whose high half holds anything:
// the mask before a multiplication makes it the 32 x 32 -> 64 bit multiplication of the machine, and costs nothing.
// Key, step and stream are numbers, so what comes of them alone is computed once for all lanes.
std::array<Lane, 4> expand_philox(Lane seed, Lane block, Lane step, uint32_t stream) {
  Lane counter[] = {block, shift_right_unsigned(block, 32), step.to_i64(), seed.constant(stream)};
  Lane key[] = {seed, shift_right_unsigned(seed, 32)};
  for (int round = 0; round < 10; ++round) {
    Lane a = (counter[0] & word_mask) * 0xD2511F53;
    Lane b = (counter[2] & word_mask) * 0xCD9E8D57;
    Lane next_0 = shift_right_unsigned(b, 32) ^ (counter[1] ^ key[0]);
    Lane next_2 = shift_right_unsigned(a, 32) ^ (counter[3] ^ key[1]);
    counter[0] = next_0, counter[1] = b, counter[2] = next_2, counter[3] = a;
    key[0] = key[0] + 0x9E3779B9, key[1] = key[1] + 0xBB67AE85;
  }
  auto word = [&](int i) { return counter[i].low_word(); };
  return {word(0), word(1), word(2), word(3)};
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

/// catenary.philox becomes i64 arithmetic, catenary.box_muller polynomials with explicit fma, catenary.uniform_of a
/// shift and a conversion; the same bits for a number and for any vector width. The absolute error of a normal is at
/// most 1.4e-6, three units in the last place at the end of the tail; its root mean square is below 1e-7.
struct ExpandRandom : PassWrapper<ExpandRandom, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandRandom)

  StringRef getArgument() const override { return "expand-random"; }
  StringRef getDescription() const override { return "draws become integer arithmetic and polynomials"; }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  }

  void runOnOperation() override {
    getOperation().walk([](Operation* op) {
      OpBuilder builder(op);
      auto lane = [&](Value value) { return Lane(builder, op->getLoc(), value); };
      auto replace = [&](ArrayRef<Lane> results) {
        for (auto [old, result] : llvm::zip_equal(op->getResults(), results)) old.replaceAllUsesWith(result.value());
        op->erase();
      };
      TypeSwitch<Operation*>(op)
          .Case([&](PhiloxOp philox) {
            replace(expand_philox(lane(philox.getSeed()), lane(philox.getBlock()), lane(philox.getStep()),
                                  philox.getStream()));
          })
          .Case([&](BoxMullerOp pair) { replace(expand_box_muller(lane(pair.getW0()), lane(pair.getW1()))); })
          .Case([&](UniformOfOp uniform) { replace(expand_uniform(lane(uniform.getWord()))); });
    });
  }
};

}  // namespace

std::unique_ptr<Pass> create_expand_random_pass() { return std::make_unique<ExpandRandom>(); }

}  // namespace catenary
