// One operation of arith, math or vector per operator.
#include <catenary/compiler/passes/lane_math.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/BuiltinTypes.h>
#include <mlir/IR/TypeUtilities.h>

namespace catenary {

using namespace mlir;

namespace {

Type type_of(const Lane& lane) { return lane.value().getType(); }
bool is_float(const Lane& lane) { return isa<FloatType>(getElementTypeOrSelf(type_of(lane))); }

Type with_element(const Lane& lane, Type element) {
  auto vector = dyn_cast<VectorType>(type_of(lane));
  return vector ? Type(vector.cloneWith({}, element)) : element;
}

// A number in as many lanes as `lanes` has; itself where that is no vector.
Value across(Type lanes, const Lane& number) {
  auto vector = dyn_cast<VectorType>(lanes);
  if (!vector || isa<VectorType>(type_of(number))) return number.value();
  return number.emit<vector::BroadcastOp>(vector.cloneWith({}, type_of(number)), number.value()).value();
}

template <class Op>
Lane binary(Lane a, Term second) {
  Lane b = second.like(a);
  return a.emit<Op>(across(type_of(b), a), across(type_of(a), b));
}

template <class FloatOp, class IntegerOp>
Lane binary(Lane a, Term b) {
  return is_float(a) ? binary<FloatOp>(a, b) : binary<IntegerOp>(a, b);
}

Lane compare(arith::CmpFPredicate floats, arith::CmpIPredicate integers, Lane a, Term second) {
  Lane b = second.like(a);
  Value x = across(type_of(b), a), y = across(type_of(a), b);
  return is_float(a) ? a.emit<arith::CmpFOp>(floats, x, y) : a.emit<arith::CmpIOp>(integers, x, y);
}

}  // namespace

Lane Lane::constant(double number) const {
  Type element = getElementTypeOrSelf(value_.getType());
  TypedAttr attribute;
  if (auto type = dyn_cast<FloatType>(element))
    attribute = builder_->getFloatAttr(type, number);
  else
    attribute =
        builder_->getIntegerAttr(element, APInt(64, int64_t(number), true).trunc(element.getIntOrFloatBitWidth()));
  if (auto vector = dyn_cast<VectorType>(value_.getType()))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return emit<arith::ConstantOp>(attribute);
}

Lane Lane::to_f64() const { return emit<arith::ExtFOp>(with_element(*this, builder_->getF64Type()), value_); }
Lane Lane::to_f32() const {
  Type type = with_element(*this, builder_->getF32Type());
  return is_float(*this) ? emit<arith::TruncFOp>(type, value_) : emit<arith::SIToFPOp>(type, value_);
}
Lane Lane::to_i64() const { return emit<arith::ExtUIOp>(with_element(*this, builder_->getI64Type()), value_); }
Lane Lane::low_word() const { return emit<arith::TruncIOp>(with_element(*this, builder_->getI32Type()), value_); }
Lane Lane::bits() const {
  unsigned width = getElementTypeOrSelf(value_.getType()).getIntOrFloatBitWidth();
  return emit<arith::BitcastOp>(with_element(*this, builder_->getIntegerType(width)), value_);
}
Lane Lane::as_f32() const { return emit<arith::BitcastOp>(with_element(*this, builder_->getF32Type()), value_); }

Lane operator+(Lane a, Term b) { return binary<arith::AddFOp, arith::AddIOp>(a, b); }
Lane operator-(Lane a, Term b) { return binary<arith::SubFOp, arith::SubIOp>(a, b); }
Lane operator-(double a, Lane b) { return b.constant(a) - b; }
Lane operator-(Lane a) { return a.emit<arith::NegFOp>(a.value()); }
Lane operator*(Lane a, Term b) { return binary<arith::MulFOp, arith::MulIOp>(a, b); }
Lane operator/(Lane a, Term b) { return binary<arith::DivFOp>(a, b); }
Lane operator&(Lane a, Term b) { return binary<arith::AndIOp>(a, b); }
Lane operator|(Lane a, Term b) { return binary<arith::OrIOp>(a, b); }
Lane operator^(Lane a, Term b) { return binary<arith::XOrIOp>(a, b); }
Lane operator<<(Lane a, int bits) { return binary<arith::ShLIOp>(a, bits); }
Lane shift_right_unsigned(Lane a, int bits) { return binary<arith::ShRUIOp>(a, bits); }
Lane shift_right_signed(Lane a, int bits) { return binary<arith::ShRSIOp>(a, bits); }

Lane operator<(Lane a, Term b) { return compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, a, b); }
Lane operator>(Lane a, Term b) { return compare(arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt, a, b); }
Lane equal(Lane a, Term b) { return compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, a, b); }

Lane select(Lane flag, Lane a, Term second) {
  Lane b = second.like(a);
  return a.emit<arith::SelectOp>(flag.value(), a.value(), b.value());
}

Lane fma(Lane a, Term b, Term c) { return a.emit<math::FmaOp>(a.value(), b.like(a).value(), c.like(a).value()); }
Lane abs(Lane a) { return a.emit<math::AbsFOp>(a.value()); }
Lane sqrt(Lane a) { return a.emit<math::SqrtOp>(a.value()); }

Value numbers(OpBuilder& b, Location loc, mlir::Type integer, int64_t count, int64_t stride) {
  SmallVector<Attribute> values;
  for (int64_t l = 0; l < count; ++l) values.push_back(b.getIntegerAttr(integer, l * stride));
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(VectorType::get({count}, integer), values));
}

Lane polynomial(Lane x, std::initializer_list<double> c) {
  const double* coefficient = std::prev(c.end());
  Lane sum = x.constant(*coefficient);
  while (coefficient != c.begin()) sum = fma(sum, x, *--coefficient);
  return sum;
}

}  // namespace catenary
