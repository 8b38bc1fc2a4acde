// expand-elementary: elementary functions of f32 become polynomials. After vectorize-lanes, which so has less to widen.
#include <algorithm>
#include <cmath>
#include <optional>

#include <catenary/compiler/passes/lane_math.h>
#include <catenary/compiler/passes/passes.h>
#include <llvm/ADT/TypeSwitch.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/Matchers.h>
#include <mlir/IR/TypeUtilities.h>
#include <mlir/Pass/Pass.h>

namespace catenary {

using namespace mlir;

namespace {

// The polynomials are minimax in the relative error of the result (Remez), with coefficients rounded to float one after
// the other and the rest refitted each time.

// ln 2 as the float nearest to it, and the float nearest to what that leaves.
constexpr double ln2_high = 0x1.62e43p-1, ln2_low = -0x1.05c61p-29;

// Added to a float of size below 2^22, it leaves the nearest integer in the last bits of the sum.
constexpr double round_float = 0x1.8p23;
// The same for a double of size below 2^51.
constexpr double round_double = 0x1.8p52;

constexpr double infinity = INFINITY;

// Where x is NaN it stays so.
Lane clamp(Lane x, double low, double high) {
  Lane most = x.constant(high), least = x.constant(low);
  x = select(most < x, most, x);
  return select(least > x, least, x);
}

// x = n ln 2 + r with n an integer and |r| <= ln 2 / 2.
struct Reduced {
  Lane exponent;  // The bits of a float that has n + bias in its last bits.
  Lane r;
};

Reduced reduce_by_ln2(Lane x, int bias = 0) {
  Lane shifted = fma(x, 0x1.715476p+0, round_float + bias);
  Lane n = shifted - (round_float + bias);
  return {shifted.bits(), fma(n, -ln2_low, fma(n, -ln2_high, x))};
}

// (e^r - 1 - r) / r^2.
Lane exponential_tail(Lane r) {
  return polynomial(r, {0x1p-1, 0x1.5554b2p-3, 0x1.5554c8p-5, 0x1.12267ep-7, 0x1.6d7214p-10});
}

// The number that a constant has in all its lanes.
std::optional<double> constant_of(Value v) {
  if (auto across = v.getDefiningOp<vector::BroadcastOp>()) return constant_of(across.getSource());
  if (FloatAttr number; matchPattern(v, m_Constant(&number))) return number.getValueAsDouble();
  if (SplatElementsAttr lanes; matchPattern(v, m_Constant(&lanes)))
    return lanes.getSplatValue<APFloat>().convertToDouble();
  return {};
}

// What a value lies between where it is chosen from itself and bounds; then it is not NaN.
struct Range {
  double least = -infinity, most = infinity;
};
Range range_of(Value v) {
  auto choice = v.getDefiningOp<arith::SelectOp>();
  auto less = choice ? choice.getCondition().getDefiningOp<arith::CmpFOp>() : nullptr;
  if (!less || less.getPredicate() != arith::CmpFPredicate::OLT || !getElementTypeOrSelf(v).isF32()) return {};
  auto bound = constant_of(choice.getFalseValue());
  if (!bound) return {};
  Value x = choice.getTrueValue();
  Range known = range_of(x);
  if (less.getRhs() == x && constant_of(less.getLhs()) == bound) return {*bound, std::max(known.most, *bound)};
  if (less.getLhs() == x && constant_of(less.getRhs()) == bound) return {std::min(known.least, *bound), *bound};
  return {};
}

// 2^n in two factors, so that results below 2^-126 are rounded once, and those up to 2^128 do not overflow on the way;
// one factor where x is known to stay away from both.
Lane expand_exp(Lane x) {
  if (Range known = range_of(x.value()); known.least >= -87 && known.most <= 88) {
    auto [exponent, r] = reduce_by_ln2(x, 127);
    return fma(fma(exponential_tail(r), r, 1), r, 1) * (exponent << 23).as_f32();
  }
  auto [exponent, r] = reduce_by_ln2(clamp(x, -104, 89));
  Lane power = fma(fma(exponential_tail(r), r, 1), r, 1);
  Lane whole = exponent << 23, half = (exponent << 22) & 0xff800000;
  return power * (half + 0x3f800000).as_f32() * (whole - half + 0x3f800000).as_f32();
}

// 2^n (e^r - 1) + (2^n - 1), all by half because 2^128 is no float; x itself where the half would lose bits or the
// sign of zero.
Lane expand_expm1(Lane x) {
  auto [exponent, r] = reduce_by_ln2(clamp(x, -25, 89));
  Lane power_less_1 = fma(r * r, exponential_tail(r), r);
  Lane half_scale = ((exponent << 23) + 0x3f000000).as_f32();
  Lane half = fma(half_scale, power_less_1, half_scale - 0.5);
  return select(abs(x) < 0x1p-25, x, half + half);
}

// Of a positive float y = 2^n m with m in [2/3, 4/3): -n 2^23, so that y's bits and this add up to the bits of m.
Lane negative_exponent(Lane y) {
  constexpr double two_thirds = 0x3f2aaaab;
  return ((two_thirds + 0x7fffff) - y.bits()) & 0xff800000;
}

// ln(2^n (1 + f)), exact in the sign of a zero f where n = 0.
Lane logarithm(Lane negative_exponent, Lane f) {
  Lane tail = polynomial(f, {-0x1p-1, 0x1.55550cp-2, -0x1.fffe5ep-3, 0x1.99ce34p-3, -0x1.55b7eep-3, 0x1.1ef264p-3,
                             -0x1.f03b76p-4, 0x1.1defc2p-3, -0x1.0e2bfcp-3});
  return fma(negative_exponent, -ln2_high * 0x1p-23, fma(f * f, tail, f));
}

// The result of a logarithm of x whose domain ends at `pole`: -inf there, NaN below; infinity and NaN as they are.
Lane with_logarithm_limits(Lane x, double pole, Lane result) {
  Lane outside = select(equal(x, pole), x.constant(-infinity), NAN);
  return select(x < infinity, select(x > pole, result, outside), x);
}

Lane expand_log(Lane x) {
  Lane tiny = x < 0x1p-126;
  Lane y = select(tiny, x * 0x1p23, x);
  Lane n = negative_exponent(y);
  Lane f = (y.bits() + n).as_f32() - 1;
  return with_logarithm_limits(x, 0, logarithm(n.to_f32() + select(tiny, x.constant(23 * 0x1p23), 0), f));
}

// f = 2^-n (1 + x) - 1 from x itself, so that it is rounded once: 2^-n x - (1 - 2^-n), with 4 2^-n a float for every n.
Lane expand_log1p(Lane x) {
  Lane n = negative_exponent(x + 1);
  Lane f = (x.bits() + n).as_f32() - fma((n + 0x40800000).as_f32(), -0.25, 1);
  return with_logarithm_limits(x, -1, logarithm(n.to_f32(), f));
}

enum class Wave { sine, cosine };

// |x| = k pi/2 + r with |r| <= pi/4, in double precision, where k times the upper half of pi/2 cancels against |x|
// without rounding; then the polynomial of the quadrant. Sine and cosine of one argument differ in the last few
// operations only. From 2^30 the result is NaN: neighbouring floats lie many turns apart there.
Lane expand_wave(Lane x, Wave wave) {
  Lane size = abs(x);
  Lane wide = size.to_f64();
  Lane shifted = fma(wide, 0x1.45f306dc9c883p-1, round_double);
  Lane turns = shifted - round_double;
  Lane r = fma(turns, -0x1.1a62633145c07p-54, fma(turns, -0x1.921fb54442d18p+0, wide)).to_f32();
  Lane square = r * r;
  Lane sine = fma(r * square, polynomial(square, {-0x1.555546p-3, 0x1.11077cp-7, -0x1.9955b6p-13}), r);
  Lane cosine = polynomial(square, {1, -0.5, 0x1.55554ap-5, -0x1.6c0c1ap-10, 0x1.99e0eep-16});
  Lane quadrant = shifted.bits().low_word();
  if (wave == Wave::cosine) quadrant = quadrant + 1;
  Lane sign = quadrant << 30;
  if (wave == Wave::sine) sign = sign ^ x.bits();
  Lane result = select(equal(quadrant & 1, 0), sine, cosine).bits() ^ (sign & 0x80000000);
  return select(size < 0x1p30, result.as_f32(), NAN);
}

// The arctangent of the smaller over the larger, in [0, 1]; then a quarter or half turn and a sign for the octant.
Lane expand_atan2(Lane y, Lane x) {
  Lane run = abs(x), rise = abs(y);
  Lane steep = rise > run;
  Lane larger = select(steep, rise, run), smaller = select(steep, run, rise);
  Lane least = x.constant(0x1p-149);
  Lane divisor = select(larger < least, least, larger);                        // 0 / 0 is 0 here,
  Lane a = select(equal(smaller, divisor), x.constant(1), smaller / divisor);  // and inf / inf is 1.
  Lane square = a * a;
  Lane tail = polynomial(square, {-0x1.55553ep-2, 0x1.9991e4p-3, -0x1.242086p-3, 0x1.c08c4cp-4, -0x1.580908p-4,
                                  0x1.da2974p-5, -0x1.fd7be2p-6, 0x1.6420fcp-7, -0x1.d34fccp-10});
  Lane angle = fma(a * square, tail, a);
  // pi/2 to 47 bits is this product of two floats, hence no second step for the lower half.
  constexpr double factor = 0x1.ddcb02p-1, quarter_turn = 0x1.aee9d6p+0;
  Lane backward = x.bits() < 0;
  Lane base = select(steep, x.constant(quarter_turn), select(backward, x.constant(2 * quarter_turn), 0));
  Lane flip = select(steep ^ backward, x.bits().constant(0x80000000), 0);
  Lane result = fma(base, factor, (angle.bits() ^ flip).as_f32());
  return (result.bits() | (y.bits() & 0x80000000)).as_f32();
}

/// math.exp, expm1, log, log1p, sin, cos and atan2 of f32, a number or a vector, become fma polynomials with integer
/// arithmetic around them. The same bits for a number and for any vector width, on every target with IEEE arithmetic.
/// Greatest errors in units in the last place, over all floats: exp 0.93, log 0.95, log1p 1.55, expm1 1.57, sin and cos
/// 1.54; atan2, over 2^32 random pairs, 1.55. All special cases are those of C, except that sin and cos are NaN from
/// |x| = 2^30.
struct ExpandElementary : PassWrapper<ExpandElementary, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandElementary)

  StringRef getArgument() const override { return "expand-elementary"; }
  StringRef getDescription() const override { return "elementary functions of f32 become polynomials"; }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, vector::VectorDialect>();
  }

  void runOnOperation() override {
    getOperation().walk([](Operation* op) {
      if (op->getNumResults() != 1 || !getElementTypeOrSelf(op->getResult(0)).isF32()) return;
      OpBuilder builder(op);
      auto operand = [&](unsigned i) { return Lane(builder, op->getLoc(), op->getOperand(i)); };
      auto replace = [&](Lane result) {
        op->replaceAllUsesWith(ValueRange(result.value()));
        op->erase();
      };
      TypeSwitch<Operation*>(op)
          .Case([&](math::ExpOp) { replace(expand_exp(operand(0))); })
          .Case([&](math::ExpM1Op) { replace(expand_expm1(operand(0))); })
          .Case([&](math::LogOp) { replace(expand_log(operand(0))); })
          .Case([&](math::Log1pOp) { replace(expand_log1p(operand(0))); })
          .Case([&](math::SinOp) { replace(expand_wave(operand(0), Wave::sine)); })
          .Case([&](math::CosOp) { replace(expand_wave(operand(0), Wave::cosine)); })
          .Case([&](math::Atan2Op) { replace(expand_atan2(operand(0), operand(1))); });
    });
  }
};

}  // namespace

std::unique_ptr<Pass> create_expand_elementary_pass() { return std::make_unique<ExpandElementary>(); }

}  // namespace catenary
