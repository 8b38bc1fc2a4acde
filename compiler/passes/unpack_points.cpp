// unpack-points: small tensors become scalars, so that one scalar body stands for one point. After assign-draws, since
// each draw of a tensor becomes as many single draws.
#include <catenary/compiler/passes/passes.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/IRMapping.h>
#include <mlir/IR/Matchers.h>
#include <mlir/IR/TypeUtilities.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

namespace {

using namespace mlir;

constexpr int64_t largest_unrolled_table = 8;

bool is_tensor(Value v) { return isa<RankedTensorType>(v.getType()); }

class Unpacker {
 public:
  void run(Block& block) {
    for (Operation& op : llvm::make_early_inc_range(block))
      if (succeeded(result)) unpack(op);
  }
  // A constant that a table look-up still reads stays.
  void erase_replaced() {
    for (Operation* op : replaced_) op->dropAllReferences();
    for (Operation* op : replaced_)
      if (op->use_empty()) op->erase();
  }
  LogicalResult result = success();

 private:
  // The scalars of a value: itself if it is one.
  SmallVector<Value> elements(Value v) {
    if (!is_tensor(v)) return {v};
    auto found = parts_.find(v);
    if (found != parts_.end()) return found->second;
    SmallVector<Value> parts;
    if (auto input = v.getDefiningOp<InputOp>()) {
      OpBuilder b(input);
      auto type = cast<RankedTensorType>(v.getType()).getElementType();
      auto run = run_of(b, v, input.getIndex());
      for (int64_t k = 0; k < size_of(v.getType()); ++k)
        parts.push_back(InputOp::create(b, input.getLoc(), type, input.getRole(), input.getComponent(),
                                        b.getI64IntegerAttr(k), input.getIndex(), run, nullptr));
    } else if (auto kept = v.getDefiningOp<KeptOp>()) {
      OpBuilder b(kept);
      auto type = cast<RankedTensorType>(v.getType()).getElementType();
      for (int64_t k = 0; k < size_of(v.getType()); ++k)
        parts.push_back(KeptOp::create(b, kept.getLoc(), type, kept.getArrayAttr(), kept.getSizeAttr(),
                                       b.getI64IntegerAttr(k), kept.getIndex()));
    } else if (auto constant = v.getDefiningOp<arith::ConstantOp>()) {
      OpBuilder b(constant);
      auto dense = cast<DenseElementsAttr>(constant.getValue());
      if (dense.isSplat())
        parts.assign(
            size_t(size_of(v.getType())),
            arith::ConstantOp::create(b, constant.getLoc(), cast<TypedAttr>(dense.getSplatValue<Attribute>())));
      else
        for (Attribute a : dense.getValues<Attribute>())
          parts.push_back(arith::ConstantOp::create(b, constant.getLoc(), cast<TypedAttr>(a)));
    } else {
      result = emitError(v.getLoc(), "unpack-points: cannot unpack ") << v;
      parts.assign(size_t(size_of(v.getType())), Value());
    }
    return parts_[v] = parts;
  }

  // The length of a run that begins at `index`; none of a whole value.
  static IntegerAttr run_of(OpBuilder& b, Value v, Value index) {
    return index ? b.getI64IntegerAttr(size_of(v.getType())) : IntegerAttr();
  }

  void replace(Operation& op, SmallVector<Value> parts) {
    Value v = op.getResult(0);
    if (is_tensor(v))
      parts_[v] = std::move(parts);
    else
      v.replaceAllUsesWith(parts[0]);
    replaced_.push_back(&op);
  }

  void unpack(Operation& op) {
    if (isa<scf::ForOp, scf::WhileOp>(op)) return unpack_loop(op);
    if (op.hasTrait<OpTrait::IsTerminator>()) return;  // unpack_loop sees to it.
    if (op.getNumRegions() > 0) {
      result = op.emitOpError("has no scalar form that unpack-points knows");
      return;
    }
    bool tensors = llvm::any_of(op.getOperands(), is_tensor) || llvm::any_of(op.getResults(), is_tensor);
    if (!tensors) return;
    OpBuilder b(&op);
    Location loc = op.getLoc();
    if (isa<InputOp, KeptOp, arith::ConstantOp>(op)) return replaced_.push_back(&op);
    if (auto draw = dyn_cast<DrawOp>(op)) return unpack_draw(draw);
    if (auto output = dyn_cast<OutputOp>(op)) {
      auto run = run_of(b, output.getValue(), output.getIndex());
      for (auto [k, part] : llvm::enumerate(elements(output.getValue())))
        OutputOp::create(b, loc, part, output.getComponentAttr(), b.getI64IntegerAttr(int64_t(k)), output.getIndex(),
                         run, nullptr);
      return replaced_.push_back(&op);
    }
    if (auto keep = dyn_cast<KeepOp>(op)) {
      for (auto [k, part] : llvm::enumerate(elements(keep.getValue())))
        KeepOp::create(b, loc, part, keep.getArrayAttr(), keep.getSizeAttr(), b.getI64IntegerAttr(int64_t(k)),
                       keep.getIndex());
      return replaced_.push_back(&op);
    }
    if (auto reduce = dyn_cast<ReduceOp>(op)) return replace(op, {reduced(b, reduce)});
    if (auto dot = dyn_cast<DotOp>(op))
      return replace(op, {fma_chain(b, loc, elements(dot.getLhs()), elements(dot.getRhs()))});
    if (auto matmul = dyn_cast<MatMulOp>(op)) return replace(op, multiplied(b, matmul));
    if (auto at = dyn_cast<AtOp>(op)) return unpack_at(at);
    if (auto splat = dyn_cast<tensor::SplatOp>(op))
      return replace(op, SmallVector<Value>(size_t(size_of(splat.getType())), splat.getInput()));
    if (auto from = dyn_cast<tensor::FromElementsOp>(op)) return replace(op, SmallVector<Value>(from.getElements()));
    if (auto reshape = dyn_cast<tensor::ReshapeOp>(op)) return replace(op, elements(reshape.getSource()));
    if (auto extract = dyn_cast<tensor::ExtractOp>(op)) return unpack_extract(extract);
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) return unpack_slice(slice);
    if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
      if (concat.getDim() != 0) {
        result = concat.emitOpError("must join rows (dim 0)");
        return;
      }
      SmallVector<Value> parts;
      for (Value v : concat.getInputs()) llvm::append_range(parts, elements(v));
      return replace(op, parts);
    }
    if (op.hasTrait<OpTrait::Elementwise>()) return unpack_elementwise(op);
    result = op.emitOpError("has no scalar form that unpack-points knows");
  }

  void unpack_elementwise(Operation& op) {
    OpBuilder b(&op);
    SmallVector<SmallVector<Value>> operands;
    for (Value v : op.getOperands()) operands.push_back(elements(v));
    auto element = cast<RankedTensorType>(op.getResult(0).getType()).getElementType();
    SmallVector<Value> parts;
    for (int64_t k = 0; k < size_of(op.getResult(0).getType()); ++k) {
      IRMapping mapping;
      for (auto [v, from] : llvm::zip(op.getOperands(), operands))
        mapping.map(v, from.size() == 1 ? from[0] : from[size_t(k)]);
      Operation* copy = b.clone(op, mapping);
      copy->getResult(0).setType(element);
      parts.push_back(copy->getResult(0));
    }
    replace(op, parts);
  }

  void unpack_draw(DrawOp draw) {
    if (!draw.getFirst()) {
      result = draw.emitOpError("has no place in the counter layout; assign-draws gives it one");
      return;
    }
    OpBuilder b(draw);
    auto element = cast<RankedTensorType>(draw.getType()).getElementType();
    SmallVector<Value> parts;
    for (int64_t k = 0; k < size_of(draw.getType()); ++k)
      parts.push_back(DrawOp::create(b, draw.getLoc(), element, draw.getDrawn(), draw.getTrip(), draw.getIndex(),
                                     draw.getComponentAttr(), draw.getStreamAttr(),
                                     b.getI64IntegerAttr(int64_t(*draw.getFirst()) + k), draw.getPerPointAttr()));
    replace(*draw, parts);
  }

  static Value fma_chain(OpBuilder& b, Location loc, ArrayRef<Value> x, ArrayRef<Value> y) {
    Value total = arith::MulFOp::create(b, loc, x[0], y[0]);
    for (size_t k = 1; k < x.size(); ++k) total = math::FmaOp::create(b, loc, x[k], y[k], total);
    return total;
  }

  Value reduced(OpBuilder& b, ReduceOp reduce) {
    auto parts = elements(reduce.getValue());
    Location loc = reduce.getLoc();
    bool floats = parts[0].getType().isF32();
    Value total = parts[0];
    for (Value v : ArrayRef(parts).drop_front()) switch (reduce.getCombine()) {
        case Combine::sum:
          total = floats ? arith::AddFOp::create(b, loc, total, v).getResult()
                         : arith::AddIOp::create(b, loc, total, v).getResult();
          break;
        case Combine::min:
          total = floats ? arith::MinimumFOp::create(b, loc, total, v).getResult()
                         : arith::MinSIOp::create(b, loc, total, v).getResult();
          break;
        case Combine::max:
          total = floats ? arith::MaximumFOp::create(b, loc, total, v).getResult()
                         : arith::MaxSIOp::create(b, loc, total, v).getResult();
          break;
      }
    return total;
  }

  SmallVector<Value> multiplied(OpBuilder& b, MatMulOp op) {
    auto lhs = cast<RankedTensorType>(op.getLhs().getType()), rhs = cast<RankedTensorType>(op.getRhs().getType());
    size_t rows = size_t(lhs.getDimSize(0)), inner = size_t(lhs.getDimSize(1)),
           cols = rhs.getRank() == 2 ? size_t(rhs.getDimSize(1)) : 1;
    auto x = elements(op.getLhs()), y = elements(op.getRhs());
    SmallVector<Value> parts;
    for (size_t i = 0; i < rows; ++i)
      for (size_t j = 0; j < cols; ++j) {
        SmallVector<Value> column;
        for (size_t k = 0; k < inner; ++k) column.push_back(y[k * cols + j]);
        parts.push_back(fma_chain(b, op.getLoc(), ArrayRef(x).slice(i * inner, inner), column));
      }
    return parts;
  }

  void unpack_at(AtOp at) {
    OpBuilder b(at);
    Location loc = at.getLoc();
    int64_t size = size_of(at.getVector().getType()), count = size_of(at.getType());
    auto word = [&](int64_t v) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(int32_t(v))); };
    Value first =
        arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, at.getIndex(), word(size - count)), word(0));
    mlir::Type element = getElementTypeOrSelf(at.getType());
    auto input = at.getVector().getDefiningOp<InputOp>();
    auto table = at.getVector().getDefiningOp<arith::ConstantOp>();
    if (size <= largest_unrolled_table) table = nullptr;
    SmallVector<Value> found;
    for (int64_t k = 0; k < count; ++k) {
      if (input) {
        auto attribute = [&](int64_t v) { return count == 1 ? IntegerAttr() : b.getI64IntegerAttr(v); };
        found.push_back(InputOp::create(b, loc, element, input.getRole(), input.getComponent(), attribute(k), first,
                                        attribute(count), nullptr));
      } else if (table) {
        found.push_back(
            AtOp::create(b, loc, element, at.getVector(), first, count == 1 ? nullptr : b.getI64IntegerAttr(k)));
      } else {
        auto parts = elements(at.getVector());
        Value chosen = parts[size_t(k)];
        for (int64_t start = 1; start <= size - count; ++start) {
          Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, first, word(start));
          chosen = arith::SelectOp::create(b, loc, here, parts[size_t(start + k)], chosen);
        }
        found.push_back(chosen);
      }
    }
    replace(*at, found);
  }

  void unpack_extract(tensor::ExtractOp op) {
    auto shape = cast<RankedTensorType>(op.getTensor().getType()).getShape();
    int64_t flat = 0;
    for (auto [index, extent] : llvm::zip(op.getIndices(), shape)) {
      APInt at;
      if (!matchPattern(index, m_ConstantInt(&at))) {
        result = op.emitOpError("must have constant indices; use 'catenary.at' for computed ones");
        return;
      }
      if (at.getSExtValue() < 0 || at.getSExtValue() >= extent) {
        result = op.emitOpError("reads element ") << at.getSExtValue() << " of " << extent;
        return;
      }
      flat = flat * extent + at.getSExtValue();
    }
    replace(*op, {elements(op.getTensor())[size_t(flat)]});
  }

  void unpack_slice(tensor::ExtractSliceOp op) {
    auto source = op.getSourceType();
    int64_t row = source.getNumElements() / source.getDimSize(0);
    bool rows = llvm::all_of(op.getStaticStrides(), [](int64_t s) { return s == 1; }) &&
                !ShapedType::isDynamic(op.getStaticOffsets()[0]) && !ShapedType::isDynamic(op.getStaticSizes()[0]);
    for (int64_t axis = 1; axis < source.getRank(); ++axis)
      rows &= op.getStaticOffsets()[size_t(axis)] == 0 && op.getStaticSizes()[size_t(axis)] == source.getDimSize(axis);
    if (!rows) {
      result = op.emitOpError("must take whole rows at a constant offset");
      return;
    }
    auto parts = elements(op.getSource());
    replace(*op, SmallVector<Value>(
                     ArrayRef(parts).slice(size_t(op.getStaticOffsets()[0] * row), size_t(size_of(op.getType())))));
  }

  // A loop that carries tensors is made anew, carrying their elements; its body moves over.
  void unpack_loop(Operation& op) {
    // Before its body, whose replaced operations read its arguments and must be erased first.
    replaced_.push_back(&op);
    OpBuilder b(&op);
    auto expand = [&](ValueRange values) {
      SmallVector<Value> flat;
      for (Value v : values) llvm::append_range(flat, elements(v));
      return flat;
    };
    // Moves a block to `to`, whose arguments from `skip` on are the elements of the old ones.
    auto move = [&](Block* from, Block* to, unsigned skip) {
      unsigned next = skip;
      for (unsigned k = 0; k < skip; ++k) from->getArgument(k).replaceAllUsesWith(to->getArgument(k));
      for (BlockArgument arg : from->getArguments().drop_front(skip)) {
        SmallVector<Value> parts;
        for (int64_t k = 0; k < size_of(arg.getType()); ++k) parts.push_back(to->getArgument(next++));
        if (is_tensor(arg))
          parts_[arg] = parts;
        else
          arg.replaceAllUsesWith(parts[0]);
      }
      to->getOperations().splice(to->end(), from->getOperations());
      run(*to);
      if (failed(result)) return;
      Operation* end = to->getTerminator();
      unsigned fixed = isa<scf::ConditionOp>(end) ? 1 : 0;
      auto flat = expand(end->getOperands().drop_front(fixed));
      end->setOperands(fixed, end->getNumOperands() - fixed, flat);
    };
    auto types = [](ArrayRef<Value> values) { return llvm::to_vector(ValueRange(values).getTypes()); };
    Operation* made;
    if (auto fold = dyn_cast<scf::ForOp>(op)) {
      auto inits = expand(fold.getInitArgs());
      auto copy = scf::ForOp::create(b, op.getLoc(), fold.getLowerBound(), fold.getUpperBound(), fold.getStep(), inits);
      if (!copy.getBody()->empty()) copy.getBody()->getTerminator()->erase();
      move(fold.getBody(), copy.getBody(), 1);
      made = copy;
    } else {
      auto loop = cast<scf::WhileOp>(op);
      auto inits = expand(loop.getInits());
      auto copy = scf::WhileOp::create(b, op.getLoc(), types(inits), inits);
      SmallVector<Location> locs(inits.size(), op.getLoc());
      Block* before = b.createBlock(&copy.getBefore(), {}, types(inits), locs);
      Block* after = b.createBlock(&copy.getAfter(), {}, types(inits), locs);
      move(loop.getBeforeBody(), before, 0);
      move(loop.getAfterBody(), after, 0);
      made = copy;
    }
    unsigned next = 0;
    for (Value old : op.getResults()) {
      SmallVector<Value> parts;
      for (int64_t k = 0; k < size_of(old.getType()); ++k) parts.push_back(made->getResult(next++));
      if (is_tensor(old))
        parts_[old] = parts;
      else
        old.replaceAllUsesWith(parts[0]);
    }
  }

  llvm::DenseMap<Value, SmallVector<Value>> parts_;
  SmallVector<Operation*> replaced_;
};

struct UnpackPoints : PassWrapper<UnpackPoints, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(UnpackPoints)
  StringRef getArgument() const override { return "unpack-points"; }
  StringRef getDescription() const override { return "small tensors become scalars"; }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, scf::SCFDialect>();
  }

  void runOnOperation() override {
    for (auto pipeline : getOperation().getOps<PipelineOp>()) {
      Unpacker unpacker;
      unpacker.run(pipeline.getBody().front());
      if (failed(unpacker.result)) return signalPassFailure();
      unpacker.erase_replaced();
    }
  }
};

}  // namespace

std::unique_ptr<Pass> create_unpack_points_pass() { return std::make_unique<UnpackPoints>(); }

}  // namespace catenary
