// strip-points: a point of many numbers is gone through in strips, in one loop for sums over it and one for what is
// made with them, so that the body does not grow with the point. What two loops need is made in both: draws have their
// places. After split-points, which has already taken apart the points that need no sums; before unpack-points, which
// writes out what is left as tensors.
#include <catenary/compiler/passes/passes.h>

#include <limits>
#include <numeric>
#include <optional>

#include <mlir/Analysis/TopologicalSortUtils.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/IRMapping.h>
#include <mlir/IR/TypeUtilities.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

namespace {

using namespace mlir;

// Points of up to so many numbers are written out: they need no second loop.
constexpr int64_t most_written_out = 48;
// About as many numbers as there are lanes, or registers.
constexpr int64_t numbers_of_strip = 16;

int64_t size_of(mlir::Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getNumElements() : 1;
}
bool is_long_type(mlir::Type type) { return size_of(type) > most_written_out; }
bool is_long(Value v) { return is_long_type(v.getType()); }

bool is_splat(Value v) {
  auto constant = v.getDefiningOp<arith::ConstantOp>();
  return constant && isa<SplatElementsAttr>(constant.getValue());
}
bool same_size(Operation& op) {
  const int64_t size = size_of(op.getResult(0).getType());
  return llvm::all_of(op.getOperandTypes(), [&](mlir::Type t) { return size_of(t) == 1 || size_of(t) == size; });
}

// A row of equal sums over all rows, or a row in the place of each.
bool sums_rows(MatMulOp op) { return is_splat(op.getLhs()) && is_long(op.getRhs()) && !is_long(op.getResult()); }
bool spreads_row(MatMulOp op) {
  return is_splat(op.getLhs()) && !is_long(op.getRhs()) &&
         cast<RankedTensorType>(op.getRhs().getType()).getDimSize(0) == 1;
}
int64_t row_of(MatMulOp op) {
  auto rhs = cast<RankedTensorType>(op.getRhs().getType());
  return rhs.getRank() == 2 ? rhs.getDimSize(1) : 1;
}

// What is made of a whole point: for it the strips are gone through.
bool ends_in_strips(Operation& op) {
  if (auto output = dyn_cast<OutputOp>(op)) return is_long(output.getValue());
  if (auto matmul = dyn_cast<MatMulOp>(op)) return sums_rows(matmul);
  return isa<ReduceOp, DotOp>(op) && is_long(op.getOperand(0));
}

// What each of a strip's numbers is made of, without the others.
bool is_made_in_strips(Operation& op) {
  if (op.getNumRegions() > 0 || op.getNumResults() != 1) return false;
  if (isa<InputOp, DrawOp, arith::ConstantOp, tensor::SplatOp, tensor::ReshapeOp>(op)) return true;
  if (auto matmul = dyn_cast<MatMulOp>(op)) return spreads_row(matmul);
  return op.hasTrait<OpTrait::Elementwise>() && same_size(op);
}

class Stripper {
 public:
  Stripper(Block& body, int64_t strip) : body_(body), strip_(strip) {}

  void run() {
    SmallVector<Operation*> ends;
    for (Operation& op : body_)
      if (ends_in_strips(op)) ends.push_back(&op);
    // One loop for neighbours of one size that do not wait for one another.
    for (size_t first = 0, last = 1; first < ends.size(); first = last++) {
      while (last < ends.size() && size_of(made_of(ends[last]).getType()) == size_of(made_of(ends[first]).getType()) &&
             !waits_for(ends[last], ArrayRef(ends).slice(first, last - first)))
        ++last;
      go_through(ArrayRef(ends).slice(first, last - first));
    }
    for (Operation& op : llvm::make_early_inc_range(llvm::reverse(body_)))
      if (op.use_empty() && (ends_in_strips(op) || llvm::any_of(op.getResultTypes(), is_long_type)))
        op.erase();
    sortTopologically(&body_);  // A loop stands where the last of its ends did.
  }

 private:
  struct Strip {
    Strip(Value at, int64_t numbers) : index(at), size(numbers) {}
    Value index;  // Of its first number, an i32.
    int64_t size;
    std::optional<int64_t> first;  // Where it is known.
    llvm::DenseMap<Value, Value> made;
  };

  static Value made_of(Operation* end) { return end->getOperand(isa<MatMulOp>(end) ? 1 : 0); }

  bool waits_for(Operation* op, ArrayRef<Operation*> others) {
    SetVector<Operation*> before;
    before.insert(op);
    for (size_t k = 0; k < before.size(); ++k)
      for (Value v : before[k]->getOperands())
        if (Operation* from = v.getDefiningOp()) before.insert(from);
    return llvm::any_of(others, [&](Operation* other) { return before.contains(other); });
  }

  void go_through(ArrayRef<Operation*> ends) {
    OpBuilder b(ends.back());
    const Location loc = ends.back()->getLoc();
    const int64_t size = size_of(made_of(ends[0]).getType()), strips = size / strip_, rest = size % strip_;
    auto index = [&](int64_t k) { return arith::ConstantIndexOp::create(b, loc, k); };
    auto word = [&](int64_t k) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(k))); };
    SmallVector<Value> totals;
    for (Operation* end : ends) start(b, end, totals);
    auto loop = scf::ForOp::create(b, loc, index(0), index(strips), index(1), totals,
                                   [&](OpBuilder& inside, Location, Value k, ValueRange carried) {
                                     Value number = arith::IndexCastOp::create(inside, loc, inside.getI32Type(), k);
                                     Strip strip(arith::MulIOp::create(inside, loc, number, word(strip_)), strip_);
                                     scf::YieldOp::create(inside, loc, added(inside, ends, strip, carried));
                                   });
    totals = loop.getResults();
    if (rest > 0) {
      Strip strip(word(strips * strip_), rest);
      strip.first = strips * strip_;
      totals = added(b, ends, strip, totals);
    }
    finish(b, ends, totals);
  }

  // ---- totals: those of each end, one after another ---------------------------------------------

  static int64_t totals_of(Operation* end) {
    auto matmul = dyn_cast<MatMulOp>(end);
    return matmul ? row_of(matmul) : isa<OutputOp>(end) ? 0 : 1;
  }

  // What changes nothing that is added to it: -0 in a sum, to whose sign 0 would be added.
  static TypedAttr neutral(OpBuilder& b, Operation* end) {
    auto reduce = dyn_cast<ReduceOp>(end);
    const Combine combine = reduce ? reduce.getCombine() : Combine::sum;
    if (getElementTypeOrSelf(made_of(end).getType()).isInteger(32)) {
      using Limits = std::numeric_limits<int32_t>;
      return b.getI32IntegerAttr(combine == Combine::sum ? 0 : combine == Combine::min ? Limits::max() : Limits::min());
    }
    const float infinity = std::numeric_limits<float>::infinity();
    return b.getF32FloatAttr(combine == Combine::sum ? -0.0f : combine == Combine::min ? infinity : -infinity);
  }

  static void start(OpBuilder& b, Operation* end, SmallVector<Value>& totals) {
    if (totals_of(end) == 0) return;
    totals.append(size_t(totals_of(end)), arith::ConstantOp::create(b, end->getLoc(), neutral(b, end)));
  }

  // The totals with a strip; or its output.
  SmallVector<Value> added(OpBuilder& b, ArrayRef<Operation*> ends, Strip& strip, ValueRange totals) {
    SmallVector<Value> sums(totals);
    MutableArrayRef<Value> next(sums);
    for (Operation* end : ends) {
      add(b, end, strip, next.take_front(size_t(totals_of(end))));
      next = next.drop_front(size_t(totals_of(end)));
    }
    return sums;
  }

  void add(OpBuilder& b, Operation* end, Strip& strip, MutableArrayRef<Value> totals) {
    Location loc = end->getLoc();
    Value values = of(b, made_of(end), strip);
    auto element = [&](Value of, int64_t k) -> Value {
      Value at = arith::ConstantIndexOp::create(b, loc, k);
      return tensor::ExtractOp::create(b, loc, of, at);
    };
    if (auto output = dyn_cast<OutputOp>(end)) {
      OutputOp::create(b, loc, values, output.getComponentAttr(), nullptr, strip.index, nullptr, nullptr);
    } else if (auto dot = dyn_cast<DotOp>(end)) {
      Value other = of(b, dot.getRhs(), strip);
      for (int64_t k = 0; k < strip.size; ++k)
        totals[0] = math::FmaOp::create(b, loc, element(values, k), element(other, k), totals[0]);
    } else if (auto matmul = dyn_cast<MatMulOp>(end)) {
      Value factor = splat_of(b, matmul.getLhs());
      for (int64_t k = 0; k < strip.size; ++k) {
        Value& total = totals[size_t(k) % totals.size()];
        total = math::FmaOp::create(b, loc, factor, element(values, k), total);
      }
    } else {
      // Written out here, and from one total on there.
      auto reduce = cast<ReduceOp>(end);
      SmallVector<Value> parts = {totals[0]};
      for (int64_t k = 0; k < strip.size; ++k) parts.push_back(element(values, k));
      auto type = RankedTensorType::get({int64_t(parts.size())}, parts[0].getType());
      Value all = tensor::FromElementsOp::create(b, loc, type, parts);
      totals[0] = ReduceOp::create(b, loc, parts[0].getType(), reduce.getCombine(), all);
    }
  }

  static void finish(OpBuilder& b, ArrayRef<Operation*> ends, ArrayRef<Value> totals) {
    for (Operation* end : ends) {
      auto own = totals.take_front(size_t(totals_of(end)));
      totals = totals.drop_front(own.size());
      if (own.empty()) continue;
      Value result = own[0];
      if (auto tensor = dyn_cast<RankedTensorType>(end->getResult(0).getType())) {
        SmallVector<Value> all;
        for (int64_t k = 0; k < tensor.getNumElements(); ++k) all.push_back(own[size_t(k) % own.size()]);
        result = tensor::FromElementsOp::create(b, end->getLoc(), tensor, all);
      }
      end->getResult(0).replaceAllUsesWith(result);
    }
  }

  // ---- values of a strip ------------------------------------------------------------------------

  static Value splat_of(OpBuilder& b, Value constant) {
    auto op = constant.getDefiningOp<arith::ConstantOp>();
    auto value = cast<SplatElementsAttr>(op.getValue()).getSplatValue<Attribute>();
    return arith::ConstantOp::create(b, op.getLoc(), cast<TypedAttr>(value));
  }

  // The numbers of a constant: of equal steps, or out of a table.
  Value elements_of(OpBuilder& b, arith::ConstantOp constant, Strip& strip) {
    Location loc = constant.getLoc();
    auto type = strip_type(constant, strip);
    if (is_splat(constant)) return tensor::SplatOp::create(b, loc, type, splat_of(b, constant));
    auto all = cast<DenseElementsAttr>(constant.getValue());
    if (auto step = equal_steps(all)) {
      auto word = [&](int32_t w) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(w)); };
      SmallVector<int32_t> within;
      for (int32_t k = 0; k < strip.size; ++k) within.push_back(*all.value_begin<int32_t>() + k * *step);
      Value first = arith::MulIOp::create(b, loc, strip.index, word(*step));
      return arith::AddIOp::create(b, loc, tensor::SplatOp::create(b, loc, type, first),
                                   arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef(within))));
    }
    Value& table = tables_[constant];
    if (!table) {
      auto flat = RankedTensorType::get({all.getNumElements()}, all.getElementType());
      OpBuilder before = OpBuilder::atBlockBegin(&body_);
      table = arith::ConstantOp::create(before, loc, all.reshape(flat));
    }
    return AtOp::create(b, loc, type, table, strip.index);
  }

  // By how much each of a constant's words is more than the one before, if all are by the same.
  static std::optional<int32_t> equal_steps(DenseElementsAttr all) {
    if (!all.getElementType().isInteger(32)) return std::nullopt;
    auto words = all.getValues<int32_t>();
    const auto step = int64_t(words[1]) - words[0];
    for (int64_t k = 0; k < all.getNumElements(); ++k)
      if (words[size_t(k)] != words[0] + k * step) return std::nullopt;
    return int32_t(step);
  }

  static RankedTensorType strip_type(Value v, const Strip& strip) {
    return RankedTensorType::get({strip.size}, getElementTypeOrSelf(v.getType()));
  }

  // Those of the numbers of `v` that are in the strip; all of a short `v`.
  Value of(OpBuilder& b, Value v, Strip& strip) {
    if (!is_long(v)) return v;
    if (Value found = strip.made.lookup(v)) return found;
    Value made = make(b, v, strip);
    return strip.made[v] = made;
  }

  Value make(OpBuilder& b, Value v, Strip& strip) {
    Operation* op = v.getDefiningOp();
    Location loc = op->getLoc();
    auto type = strip_type(v, strip);
    if (auto reshape = dyn_cast<tensor::ReshapeOp>(op)) return of(b, reshape.getSource(), strip);
    if (auto splat = dyn_cast<tensor::SplatOp>(op)) return tensor::SplatOp::create(b, loc, type, splat.getInput());
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) return elements_of(b, constant, strip);
    if (auto matmul = dyn_cast<MatMulOp>(op)) {
      SmallVector<Value> row, all;
      const int64_t length = row_of(matmul);
      Value factor = splat_of(b, matmul.getLhs());
      auto rhs = cast<RankedTensorType>(matmul.getRhs().getType());
      for (int64_t k = 0; k < length; ++k) {
        SmallVector<Value> at = {arith::ConstantIndexOp::create(b, loc, 0)};
        if (rhs.getRank() == 2) at.push_back(arith::ConstantIndexOp::create(b, loc, k));
        row.push_back(arith::MulFOp::create(b, loc, factor, tensor::ExtractOp::create(b, loc, matmul.getRhs(), at)));
      }
      for (int64_t k = 0; k < strip.size; ++k) all.push_back(row[size_t(k % length)]);
      return tensor::FromElementsOp::create(b, loc, type, all);
    }
    if (auto input = dyn_cast<InputOp>(op))
      return InputOp::create(b, loc, type, input.getRole(), input.getComponent(), nullptr, strip.index, nullptr,
                             nullptr);
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

  Block& body_;
  int64_t strip_;
  llvm::DenseMap<Operation*, Value> tables_;  // Constants as vectors.
};

// Reads of single elements, or of short runs, stay what they are.
bool reads_memory(Operation* op) {
  auto at = dyn_cast<AtOp>(op);
  return at && !is_long(at) && isa_and_nonnull<InputOp, arith::ConstantOp>(at.getVector().getDefiningOp());
}

// Whether nothing in an operation needs a long value as a whole.
bool fits_strips(Operation& op) {
  auto is_short = [](Operation* inner) {
    return llvm::none_of(inner->getOperandTypes(), is_long_type) && llvm::none_of(inner->getResultTypes(), is_long_type);
  };
  return !op.walk([&](Operation* inner) {
              const bool fits = is_short(inner) || reads_memory(inner) ||
                                (inner == &op && (ends_in_strips(op) || is_made_in_strips(op)));
              return fits ? WalkResult::advance() : WalkResult::interrupt();
            }).wasInterrupted();
}

// The numbers of a strip, whole rows and whole blocks of words; 0 where not all that is long can be gone through.
int64_t strip_of(Block& body) {
  if (!llvm::all_of(body, fits_strips) || llvm::none_of(body, ends_in_strips)) return 0;
  int64_t unit = words_of_block;
  for (auto matmul : body.getOps<MatMulOp>())
    if (sums_rows(matmul) || is_long(matmul)) unit = std::lcm(unit, row_of(matmul));
  const int64_t strip = unit * std::max<int64_t>(1, numbers_of_strip / unit);
  return strip <= most_written_out ? strip : 0;
}

struct StripPoints : PassWrapper<StripPoints, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(StripPoints)
  StringRef getArgument() const override { return "strip-points"; }
  StringRef getDescription() const override { return "a point of many numbers is gone through in strips"; }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, scf::SCFDialect, tensor::TensorDialect>();
  }

  void runOnOperation() override {
    for (auto pipeline : getOperation().getOps<PipelineOp>()) {
      Block& body = pipeline.getBody().front();
      if (int64_t strip = strip_of(body); strip > 0) Stripper(body, strip).run();
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_strip_points_pass() { return std::make_unique<StripPoints>(); }

}  // namespace catenary
