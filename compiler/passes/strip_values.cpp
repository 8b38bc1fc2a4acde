// Every kind of value that can be made strip by strip.
#include <catenary/compiler/passes/strip_values.h>

#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/IRMapping.h>
#include <mlir/IR/TypeUtilities.h>

namespace catenary {

using namespace mlir;

namespace {

// Of a product's right side, on one trip.
constexpr int64_t rows_at_once = 4;

RankedTensorType strip_type(Value v, const Strip& strip) {
  return RankedTensorType::get({strip.size}, getElementTypeOrSelf(v.getType()));
}

Value times(OpBuilder& b, Location loc, Value a, int64_t by) {
  return by == 1 ? a : arith::MulIOp::create(b, loc, a, word(b, loc, by)).getResult();
}

// By how much each of a constant's words is more than the one before, if all are by the same.
std::optional<int32_t> equal_steps(DenseElementsAttr all) {
  if (!all.getElementType().isInteger(32)) return std::nullopt;
  auto words = all.getValues<int32_t>();
  const auto step = int64_t(words[1]) - words[0];
  for (int64_t k = 0; k < all.getNumElements(); ++k)
    if (words[size_t(k)] != words[0] + k * step) return std::nullopt;
  return int32_t(step);
}

}  // namespace

Value word(OpBuilder& b, Location loc, int64_t v) {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v)));
}

SmallVector<Value> on_trips(OpBuilder& b, Location loc, int64_t trips, ValueRange carried,
                            llvm::function_ref<SmallVector<Value>(OpBuilder&, Value, ValueRange)> body) {
  auto index = [&](int64_t k) { return arith::ConstantIndexOp::create(b, loc, k); };
  auto loop = scf::ForOp::create(b, loc, index(0), index(trips), index(1), carried,
                                 [&](OpBuilder& inside, Location, Value k, ValueRange now) {
                                   Value number = arith::IndexCastOp::create(inside, loc, inside.getI32Type(), k);
                                   scf::YieldOp::create(inside, loc, body(inside, number, now));
                                 });
  return loop.getResults();
}

bool is_splat(Value v) {
  auto constant = v.getDefiningOp<arith::ConstantOp>();
  return constant && isa<SplatElementsAttr>(constant.getValue());
}

Value splat_of(OpBuilder& b, Value constant) {
  auto op = constant.getDefiningOp<arith::ConstantOp>();
  auto value = cast<SplatElementsAttr>(op.getValue()).getSplatValue<Attribute>();
  return arith::ConstantOp::create(b, op.getLoc(), cast<TypedAttr>(value));
}

ProductShape shape_of(MatMulOp op) {
  auto lhs = cast<RankedTensorType>(op.getLhs().getType()), rhs = cast<RankedTensorType>(op.getRhs().getType());
  return {lhs.getDimSize(0), lhs.getDimSize(1), rhs.getRank() == 2 ? rhs.getDimSize(1) : 1};
}

bool takes_all(MatMulOp op) { return is_long(op.getRhs()); }

bool is_made_in_strips(Operation& op) {
  if (op.getNumRegions() > 0 || op.getNumResults() != 1) return false;
  if (isa<InputOp, DrawOp, arith::ConstantOp, tensor::SplatOp, tensor::ReshapeOp>(op)) return true;
  if (auto product = dyn_cast<MatMulOp>(op))
    return is_long(product) && product.getLhs().getDefiningOp<arith::ConstantOp>() != nullptr;
  const int64_t size = size_of(op.getResult(0).getType());
  auto fits = [&](mlir::Type t) { return size_of(t) == 1 || size_of(t) == size; };
  return op.hasTrait<OpTrait::Elementwise>() && llvm::all_of(op.getOperandTypes(), fits);
}

Value element_of(OpBuilder& b, Location loc, Value v, ArrayRef<int64_t> at) {
  if (!isa<RankedTensorType>(v.getType())) return v;
  SmallVector<Value> indices;
  for (int64_t k : at) indices.push_back(arith::ConstantIndexOp::create(b, loc, k));
  return tensor::ExtractOp::create(b, loc, v, indices);
}

Value StripValues::of(OpBuilder& b, Value v, Strip& strip) {
  if (!is_long(v)) return v;
  if (Value found = strip.made.lookup(v)) return found;
  const auto kept = kept_.find(v);
  Value made;
  if (whole_.contains(v)) {
    made = KeptOp::create(b, v.getLoc(), strip_type(v, strip), uint64_t(kept->second), uint64_t(size_of(v.getType())),
                          nullptr, strip.index);
  } else {
    made = make(b, v, strip);
    if (kept != kept_.end() && !strip.alone) {
      put(b, v.getLoc(), made, kept->second, size_of(v.getType()), strip);
      begun_.insert(v);
    }
  }
  return strip.made[v] = made;
}

void StripValues::put(OpBuilder& b, Location loc, Value made, int64_t array, int64_t numbers, const Strip& strip) {
  KeepOp::create(b, loc, made, uint64_t(array), uint64_t(numbers), nullptr, strip.index);
}

void StripValues::end_loop() {
  whole_.insert(begun_.begin(), begun_.end());
  begun_.clear();
}

Value StripValues::make(OpBuilder& b, Value v, Strip& strip) {
  Operation* op = v.getDefiningOp();
  Location loc = op->getLoc();
  auto type = strip_type(v, strip);
  if (auto reshape = dyn_cast<tensor::ReshapeOp>(op)) return of(b, reshape.getSource(), strip);
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) return tensor::SplatOp::create(b, loc, type, splat.getInput());
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) return constant_in(b, constant, strip);
  if (auto product = dyn_cast<MatMulOp>(op)) return product_in(b, product, strip);
  if (auto input = dyn_cast<InputOp>(op))
    return InputOp::create(b, loc, type, input.getRole(), input.getComponent(), nullptr, strip.index, nullptr, nullptr);
  IRMapping operands;
  for (Value operand : op->getOperands()) operands.map(operand, of(b, operand, strip));
  Operation* made = b.clone(*op, operands);
  made->getResult(0).setType(type);
  if (auto draw = dyn_cast<DrawOp>(made)) {
    if (strip.first)
      draw.setFirst(int64_t(*draw.getFirst()) + *strip.first);
    else
      draw.getIndexMutable().assign(strip.index);
  }
  return made->getResult(0);
}

Value StripValues::constant_in(OpBuilder& b, arith::ConstantOp constant, Strip& strip) {
  Location loc = constant.getLoc();
  auto type = strip_type(constant, strip);
  auto all = cast<DenseElementsAttr>(constant.getValue());
  if (all.isSplat())
    return arith::ConstantOp::create(b, loc,
                                     DenseElementsAttr::get(type, ArrayRef<Attribute>(all.getSplatValue<Attribute>())));
  auto step = equal_steps(all);
  if (!step) return run(b, loc, table(constant, /*by_columns=*/false), strip.index, strip.size);
  SmallVector<int32_t> within;
  for (int32_t k = 0; k < strip.size; ++k) within.push_back(*all.value_begin<int32_t>() + k * *step);
  Value first = tensor::SplatOp::create(b, loc, type, times(b, loc, strip.index, *step));
  return arith::AddIOp::create(b, loc, first,
                               arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef(within))));
}

// Chains of fma along the inner extent, side by side for all numbers of the strip, as unpack-points writes them out: a
// product is added to -0, which changes nothing.
Value StripValues::product_in(OpBuilder& b, MatMulOp op, Strip& strip) {
  Location loc = op.getLoc();
  const auto [rows, inner, columns] = shape_of(op);
  const int64_t rows_in_strip = strip.size / columns;
  const bool equal = is_splat(op.getLhs());
  Value by_columns = equal ? splat_of(b, op.getLhs()) : table(op.getLhs(), /*by_columns=*/true);
  Value first_row = strip.index;
  if (columns > 1) first_row = arith::DivUIOp::create(b, loc, first_row, word(b, loc, columns));

  // With the row of the right side whose number and columns are given.
  auto with_row = [&, rows = rows, columns = columns](OpBuilder& b, MutableArrayRef<Value> sums, Value number,
                                                      llvm::function_ref<Value(int64_t)> right) {
    Value factors = by_columns;
    if (!equal) {
      Value index = arith::AddIOp::create(b, loc, times(b, loc, number, rows), first_row);
      factors = run(b, loc, by_columns, index, rows_in_strip);
    }
    for (size_t k = 0; k < sums.size(); ++k)
      sums[k] = math::FmaOp::create(b, loc, element_of(b, loc, factors, int64_t(k) / columns),
                                    right(int64_t(k) % columns), sums[k]);
  };
  auto with_rows = [&, columns = columns](OpBuilder& b, MutableArrayRef<Value> sums, Value first, int64_t count) {
    Strip right(times(b, loc, first, columns), count * columns);
    Value numbers = of(b, op.getRhs(), right);
    for (int64_t k = 0; k < count; ++k)
      with_row(b, sums, k == 0 ? first : arith::AddIOp::create(b, loc, first, word(b, loc, k)).getResult(),
               [&](int64_t column) { return element_of(b, loc, numbers, k * columns + column); });
  };

  SmallVector<Value> sums(size_t(strip.size), arith::ConstantOp::create(b, loc, b.getF32FloatAttr(-0.0f)));
  if (takes_all(op)) {
    sums = on_trips(b, loc, inner / rows_at_once, sums, [&](OpBuilder& inside, Value number, ValueRange carried) {
      SmallVector<Value> next(carried);
      with_rows(inside, next, times(inside, loc, number, rows_at_once), rows_at_once);
      return next;
    });
    if (int64_t rest = inner % rows_at_once; rest > 0) with_rows(b, sums, word(b, loc, inner - rest), rest);
  } else {
    const bool matrix = cast<RankedTensorType>(op.getRhs().getType()).getRank() == 2;
    for (int64_t k = 0; k < inner; ++k)
      with_row(b, sums, word(b, loc, k), [&](int64_t column) {
        return matrix ? element_of(b, loc, op.getRhs(), {k, column}) : element_of(b, loc, op.getRhs(), k);
      });
  }
  return tensor::FromElementsOp::create(b, loc, strip_type(op, strip), sums);
}

Value StripValues::table(Value constant, bool by_columns) {
  Value& table = tables_[by_columns][constant];
  if (table) return table;
  auto all = cast<DenseElementsAttr>(constant.getDefiningOp<arith::ConstantOp>().getValue());
  auto flat = RankedTensorType::get({all.getNumElements()}, all.getElementType());
  DenseElementsAttr numbers = all.reshape(flat);
  if (by_columns) {
    const int64_t rows = all.getType().getDimSize(0), columns = all.getType().getDimSize(1);
    auto values = all.getValues<float>();
    SmallVector<float> turned;
    turned.reserve(size_t(rows * columns));
    for (int64_t c = 0; c < columns; ++c)
      for (int64_t r = 0; r < rows; ++r) turned.push_back(values[size_t(r * columns + c)]);
    numbers = DenseElementsAttr::get(flat, ArrayRef(turned));
  }
  OpBuilder before = OpBuilder::atBlockBegin(&body_);
  return table = arith::ConstantOp::create(before, constant.getLoc(), numbers);
}

Value StripValues::run(OpBuilder& b, Location loc, Value table, Value index, int64_t count) {
  auto type = RankedTensorType::get({count}, getElementTypeOrSelf(table.getType()));
  return AtOp::create(b, loc, type, table, index, nullptr);
}

}  // namespace catenary
