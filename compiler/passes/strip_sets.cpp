// Kinds of operations on long values, and which of them hang together.
#include <catenary/compiler/passes/strip_sets.h>

#include <numeric>

#include <llvm/ADT/EquivalenceClasses.h>
#include <llvm/ADT/MapVector.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/Matchers.h>

#include <catenary/compiler/passes/passes.h>

namespace catenary {

using namespace mlir;

namespace {

// About as many numbers as there are lanes, or registers.
constexpr int64_t about_a_strip = 16, most_of_strip = 64;

// Reads of single elements, or of short runs, stay what they are.
bool reads_memory(Operation* op) {
  auto at = dyn_cast<AtOp>(op);
  return at && !is_long(at) && isa_and_nonnull<InputOp, arith::ConstantOp>(at.getVector().getDefiningOp());
}

}  // namespace

bool goes_in_strips(PipelineOp pipeline) {
  auto indexed = [](auto op) { return bool(op.getIndex()); };
  return pipeline
      .walk([&](Operation* op) {
        auto draw = dyn_cast<DrawOp>(op);
        auto output = dyn_cast<OutputOp>(op);
        const bool strip = isa<KeepOp>(op) || (draw && indexed(draw)) || (output && indexed(output));
        return strip ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

bool is_total(Operation& op) {
  if (auto product = dyn_cast<MatMulOp>(op))
    return takes_all(product) && !is_long(product) && product.getLhs().getDefiningOp<arith::ConstantOp>();
  return isa<ReduceOp, DotOp>(op) && is_long(op.getOperand(0));
}
bool is_output(Operation& op) { return isa<OutputOp>(op) && is_long(op.getOperand(0)); }

std::optional<Pick> pick_of(Operation& op) {
  if (op.getNumOperands() == 0 || !is_long(op.getOperand(0)) || op.getNumResults() != 1 || is_long(op.getResult(0)))
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(op.getOperand(0).getType());
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    const int64_t row = type.getNumElements() / type.getDimSize(0);
    const bool rows = size_of(slice.getType()) == slice.getStaticSizes()[0] * row && slice.getStaticStrides()[0] == 1;
    if (!rows || ShapedType::isDynamic(slice.getStaticOffsets()[0])) return std::nullopt;
    return Pick{slice.getStaticOffsets()[0] * row, size_of(slice.getType())};
  }
  auto extract = dyn_cast<tensor::ExtractOp>(op);
  if (!extract) return std::nullopt;
  int64_t flat = 0;
  for (auto [index, extent] : llvm::zip(extract.getIndices(), type.getShape())) {
    APInt at;
    if (!matchPattern(index, m_ConstantInt(&at)) || at.getSExtValue() < 0 || at.getSExtValue() >= extent)
      return std::nullopt;  // unpack-points says what is wrong.
    flat = flat * extent + at.getSExtValue();
  }
  return Pick{flat, 1};
}

SmallVector<Value> long_values(Operation& op) {
  SmallVector<Value> all;
  op.walk([&](Operation* inner) {
    if (!reads_memory(inner))
      llvm::copy_if(inner->getOperands(), std::back_inserter(all), [](Value v) { return is_long(v); });
    llvm::copy_if(inner->getResults(), std::back_inserter(all), [](Value v) { return is_long(v); });
  });
  return all;
}

namespace {

// Whether all of an operation on long values can be gone through in strips. A product does not take what a loop
// carries, of which it would find some numbers overwritten.
bool fits(Operation& op) {
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return llvm::all_of(*loop.getBody(), [](Operation& inner) {
      return isa<scf::YieldOp>(inner) || long_values(inner).empty() || (!is_output(inner) && fits(inner));
    });
  if (auto product = dyn_cast<MatMulOp>(op); product && takes_all(product) && !product.getRhs().getDefiningOp())
    return false;
  return is_output(op) || is_total(op) || pick_of(op) || is_made_in_strips(op);
}

}  // namespace

std::vector<std::vector<Operation*>> strippable(Block& body) {
  llvm::EquivalenceClasses<void*> made_together;
  for (Operation& op : body)
    for (auto all = long_values(op); Value v : all)
      made_together.unionSets(all[0].getAsOpaquePointer(), v.getAsOpaquePointer());
  llvm::MapVector<void*, std::vector<Operation*>> sets;
  llvm::DenseSet<void*> unfit;
  for (Operation& op : body) {
    auto all = long_values(op);
    if (all.empty()) continue;
    void* set = made_together.getLeaderValue(all[0].getAsOpaquePointer());
    sets[set].push_back(&op);
    if (!fits(op)) unfit.insert(set);
  }
  std::vector<std::vector<Operation*>> found;
  for (auto& [set, ops] : sets)
    if (!unfit.contains(set)) found.push_back(std::move(ops));
  return found;
}

int64_t numbers_of_strip(ArrayRef<Operation*> ops) {
  int64_t unit = words_of_block, kept = 0;
  bool picks = false;
  auto count = [&](Operation* op) {
    picks |= pick_of(*op).has_value();
    if (auto product = dyn_cast<MatMulOp>(op); product && (is_long(product) || takes_all(product))) {
      unit = std::lcm(unit, shape_of(product).columns);
      if (is_long(product) && takes_all(product)) kept += size_of(product.getRhs().getType());
    } else if (isa<scf::ForOp>(op)) {
      for (Value v : op->getResults()) kept += is_long(v) ? size_of(v.getType()) : 0;
    }
  };
  for (Operation* op : ops) op->walk(count);
  if (unit > words_of_block && picks) return 0;  // A product's strips are whole rows.
  const int64_t strip = unit * std::max<int64_t>(1, about_a_strip / unit);
  return strip <= most_of_strip && kept <= most_kept ? strip : 0;
}

}  // namespace catenary
