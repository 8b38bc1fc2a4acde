// strip-points: a point of many numbers is gone through in strips, in one loop for sums over it and one for what is
// made with them, so that the body does not grow with the point. After split-points, which has already taken apart the
// points that need no sums; before unpack-points, which writes out what is left as tensors.
#include <catenary/compiler/passes/passes.h>

#include <limits>

#include <llvm/ADT/MapVector.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/TypeUtilities.h>
#include <mlir/Transforms/RegionUtils.h>

#include <catenary/compiler/passes/strip_sets.h>

namespace catenary {

namespace {

using namespace mlir;

// More than any number of loops.
constexpr int on_many_trips = 1 << 16;

// The values whose strips an end is made of; of values to be kept themselves.
SmallVector<Value> made_of(Operation* end) {
  if (isa<scf::YieldOp>(end)) return llvm::filter_to_vector(end->getOperands(), [](Value v) { return is_long(v); });
  if (auto product = dyn_cast<MatMulOp>(end); product && !is_long(product)) return {product.getRhs()};
  if (auto dot = dyn_cast<DotOp>(end)) return {dot.getLhs(), dot.getRhs()};
  const bool takes = isa<ReduceOp, OutputOp>(end) || pick_of(*end);
  return {takes ? end->getOperand(0) : end->getResult(0)};
}

// What is needed for `values`, none of which `stops` holds for.
llvm::SetVector<Value> all_before(ArrayRef<Value> values, llvm::function_ref<bool(Value)> stops) {
  llvm::SetVector<Value> all;
  all.insert(values.begin(), values.end());
  for (size_t k = 0; k < all.size(); ++k) {
    Operation* from = all[k].getDefiningOp();
    if (!from) continue;
    llvm::SetVector<Value> taken;
    taken.insert(from->operand_begin(), from->operand_end());
    mlir::getUsedValuesDefinedAbove(from->getRegions(), taken);
    for (Value v : taken)
      if (!stops(v)) all.insert(v);
  }
  return all;
}

class Stripper {
 public:
  /// Of a pipeline, or of a loop in it. `keeps`: what two loops need is taken from memory by the second, where it is
  /// dearer to make again.
  Stripper(Block& body, std::vector<Operation*> ops, int64_t strip, bool keeps, StripValues& values)
      : body_(body), ops_(std::move(ops)), strip_(strip), keeps_(keeps), values_(values) {
    // Other sets' loops may have moved some.
    llvm::sort(ops_, [](Operation* a, Operation* b) { return a->isBeforeInBlock(b); });
    group_ends();
    keep_values();
  }

  void run() {
    for (const Group& group : groups_) take(group);
    for (Operation* op : llvm::reverse(ops_))
      if (op->use_empty() && !isa<scf::YieldOp>(op)) op->erase();
  }

 private:
  // ---- the loops --------------------------------------------------------------------------------

  struct Group {
    SmallVector<Operation*> ends, picks;  // Of the loop, and behind it.
    int64_t numbers = 0;
    bool alone = false;
    Operation *first = nullptr, *last = nullptr;
  };

  // One loop for neighbours of one size that do not wait for one another.
  void group_ends() {
    for (Operation* op : ops_)
      if (auto product = dyn_cast<MatMulOp>(op); product && is_long(product) && takes_all(product))
        needed_.insert(product.getRhs());
    for (Operation* each : ops_) {
      Operation& op = *each;
      const bool needed = op.getNumResults() == 1 && needed_.contains(op.getResult(0));
      const bool pick = pick_of(op).has_value();
      // Loops stay where they are, and what they carry is overwritten last.
      const bool alone = isa<scf::ForOp, scf::YieldOp>(op);
      if (!is_output(op) && !is_total(op) && !needed && !pick && !alone) continue;
      const int64_t numbers = pick || alone ? 0 : size_of(made_of(&op)[0].getType());
      auto joins = [&](const Group& group) {
        return (pick || group.numbers == 0 || group.numbers == numbers) && !group.alone && !waits_for(&op, group);
      };
      if (groups_.empty() || alone || !joins(groups_.back())) groups_.emplace_back();
      Group& group = groups_.back();
      group.alone = alone;
      (pick ? group.picks : group.ends).push_back(&op);
      group.numbers = std::max(group.numbers, numbers);
      group.first = group.first ? group.first : &op;
      group.last = &op;
    }
  }

  static bool waits_for(Operation* op, const Group& group) {
    auto before = all_before(made_of(op), [](Value) { return false; });
    return llvm::any_of(llvm::concat<Operation* const>(group.ends, group.picks), [&](Operation* other) {
      return llvm::any_of(other->getResults(), [&](Value v) { return before.contains(v); });
    });
  }

  // Values that a product takes all numbers of, and those that are worth it.
  void keep_values() {
    llvm::DenseMap<Value, int> loops;
    int64_t numbers = 0;
    for (Value v : needed_) numbers += size_of(v.getType());
    for (const Group& group : groups_) {
      llvm::SetVector<Value> before;
      for (Operation* end : group.ends) {
        auto own = isa<scf::ForOp>(end) ? long_values(*end) : made_of(end);
        auto all = all_before(own, [&](Value v) { return !is_long(v) || needed_.contains(v); });
        before.insert(all.begin(), all.end());
      }
      for (Value v : before) ++loops[v];
      if (auto loop = dyn_cast<scf::ForOp>(group.last))
        for (Operation& inner : *loop.getBody())
          for (Value v : long_values(inner)) loops[v] += on_many_trips;
    }
    for (Value v : needed_) values_.keep(v);
    for (Operation* op : ops_) {
      if (op->getNumResults() != 1 || isa<scf::ForOp>(op)) continue;
      Value v = op->getResult(0);
      if (!is_long(v) || needed_.contains(v) || !is_worth_keeping(op, loops.lookup(v))) continue;
      numbers += size_of(v.getType());
      if (numbers <= most_kept) values_.keep(v);
    }
  }

  bool is_worth_keeping(Operation* op, int loops) const {
    if (auto product = dyn_cast<MatMulOp>(op); product && takes_all(product)) return loops > 1;
    const bool flags = getElementTypeOrSelf(op->getResult(0).getType()).isInteger(1);
    if (!keeps_ || flags || isa<arith::ConstantOp, tensor::SplatOp>(op)) return false;
    const bool elementary = isa<math::MathDialect>(op->getDialect()) && !isa<math::FmaOp, math::AbsFOp>(op);
    return loops >= on_many_trips || (loops > 1 && (elementary || isa<DrawOp, arith::DivFOp>(op)));
  }

  void take(const Group& group) {
    OpBuilder b(&body_, std::next(Block::iterator(group.last)));
    results_.clear();
    if (auto loop = dyn_cast<scf::ForOp>(group.last)) return take_loop(b, loop);
    if (auto yield = dyn_cast<scf::YieldOp>(group.last)) return carry_on(yield);
    if (!group.ends.empty()) go_through(b, group.last->getLoc(), group.ends, group.numbers);
    for (Operation* op : group.picks) {
      const Pick pick = *pick_of(*op);
      Strip strip(word(b, op->getLoc(), pick.first), pick.count);
      strip.first = pick.first;
      strip.alone = true;
      replace(b, op, values_.of(b, op->getOperand(0), strip));
    }
    move_behind(group, b.getInsertionPoint());
  }

  // The totals of all strips of so many numbers, each of which is added to those before.
  using Add = llvm::function_ref<SmallVector<Value>(OpBuilder&, Strip&, ValueRange)>;
  SmallVector<Value> over_strips(OpBuilder& b, Location loc, int64_t numbers, ArrayRef<Value> totals, Add added) {
    const int64_t strips = numbers / strip_, rest = numbers % strip_;
    auto sums = on_trips(b, loc, strips, totals, [&](OpBuilder& inside, Value number, ValueRange carried) {
      Strip strip(arith::MulIOp::create(inside, loc, number, word(inside, loc, strip_)), strip_);
      return added(inside, strip, carried);
    });
    if (rest == 0) return sums;
    Strip strip(word(b, loc, strips * strip_), rest);
    strip.first = strips * strip_;
    return added(b, strip, sums);
  }

  void go_through(OpBuilder& b, Location loc, ArrayRef<Operation*> ends, int64_t numbers) {
    SmallVector<Value> totals;
    for (Operation* end : ends) start(b, end, totals);
    totals = over_strips(b, loc, numbers, totals, [&](OpBuilder& inside, Strip& strip, ValueRange carried) {
      return added(inside, ends, strip, carried);
    });
    finish(b, ends, totals);
    values_.end_loop();
  }

  // Puts long values into arrays. All of a strip are made before any of it is overwritten.
  void put(OpBuilder& b, Location loc, ArrayRef<std::pair<Value, int64_t>> values) {
    llvm::MapVector<int64_t, SmallVector<std::pair<Value, int64_t>>> by_size;
    for (auto value : values) by_size[size_of(value.first.getType())].push_back(value);
    for (auto& [numbers, alike] : by_size)
      over_strips(b, loc, numbers, {},
                  [&, numbers = numbers, &alike = alike](OpBuilder& inside, Strip& strip, ValueRange) {
                    SmallVector<Value> made;
                    for (auto [v, array] : alike) made.push_back(values_.of(inside, v, strip));
                    for (auto [value, of_strip] : llvm::zip(alike, made))
                      StripValues::put(inside, loc, of_strip, value.second, numbers, strip);
                    return SmallVector<Value>();
                  });
    values_.end_loop();
  }

  // What a loop carries of long values is in arrays.
  void take_loop(OpBuilder& b, scf::ForOp loop) {
    Location loc = loop.getLoc();
    SmallVector<std::pair<Value, int64_t>> starts;
    SmallVector<Value> others;
    for (auto [init, argument] : llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs())) {
      if (!is_long(init)) {
        others.push_back(init);
        continue;
      }
      const int64_t array = values_.new_array();
      starts.push_back({init, array});
      values_.is_kept(argument, array);
    }
    put(b, loc, starts);
    // What it is to keep of values from before it is kept before it: it may make no trip.
    for (Value v : long_values(*loop))
      if (values_.is_to_be_kept(v)) {
        over_strips(b, loc, size_of(v.getType()), {}, [&](OpBuilder& inside, Strip& strip, ValueRange) {
          values_.of(inside, v, strip);
          return SmallVector<Value>();
        });
        values_.end_loop();
      }
    auto made = scf::ForOp::create(b, loc, loop.getLowerBound(), loop.getUpperBound(), loop.getStep(), others);
    Block* body = made.getBody();
    if (!body->empty()) body->getTerminator()->erase();
    loop.getInductionVar().replaceAllUsesWith(made.getInductionVar());
    auto next = made.getRegionIterArgs().begin();
    for (Value argument : loop.getRegionIterArgs())
      if (!is_long(argument)) argument.replaceAllUsesWith(*next++);
    body->getOperations().splice(body->end(), loop.getBody()->getOperations());

    std::vector<Operation*> inner;
    for (Operation& op : *body)
      if (!long_values(op).empty()) inner.push_back(&op);
    Stripper in_loop(*body, std::move(inner), strip_, keeps_, values_);
    for (auto [v, array] : starts) in_loop.arrays_.push_back(array);
    in_loop.run();

    auto array = in_loop.arrays_.begin();
    auto result = made.getResults().begin();
    for (Value v : loop.getResults()) {
      if (is_long(v))
        values_.is_kept(v, *array++);
      else
        v.replaceAllUsesWith(*result++);
    }
  }

  // The end of a trip.
  void carry_on(scf::YieldOp yield) {
    OpBuilder b(yield);
    SmallVector<std::pair<Value, int64_t>> next;
    SmallVector<Value> others;
    for (Value v : yield.getOperands()) {
      if (is_long(v))
        next.push_back({v, arrays_[next.size()]});
      else
        others.push_back(v);
    }
    put(b, yield.getLoc(), next);
    yield->setOperands(others);
  }

  // What stood between the ends and waits for one of them, by a value or by an array that another set's loops fill.
  void move_behind(const Group& group, Block::iterator here) {
    llvm::DenseSet<Operation*> late;
    llvm::DenseSet<int64_t> late_arrays;
    auto array_of = [](Operation* op) -> std::optional<int64_t> {
      if (auto keep = dyn_cast<KeepOp>(op)) return int64_t(keep.getArray());
      if (auto kept = dyn_cast<KeptOp>(op)) return int64_t(kept.getArray());
      return std::nullopt;
    };
    for (auto op = Block::iterator(group.first); op != Block::iterator(group.last);) {
      Operation* next = &*op++;
      bool waits = false;
      next->walk([&](Operation* inner) {
        for (Value v : inner->getOperands()) waits |= late.contains(v.getDefiningOp()) || results_.contains(v);
        if (auto array = array_of(inner)) waits |= late_arrays.contains(*array);
      });
      if (!waits) continue;
      late.insert(next);
      next->walk([&](Operation* inner) {
        if (auto array = array_of(inner)) late_arrays.insert(*array);
      });
      next->moveBefore(&body_, here);
    }
  }

  // ---- totals: those of each end, one after another ---------------------------------------------

  static int64_t totals_of(Operation* end) {
    if (!is_total(*end)) return 0;
    auto product = dyn_cast<MatMulOp>(end);
    if (!product) return 1;
    const auto [rows, inner, columns] = shape_of(product);
    return is_splat(product.getLhs()) ? columns : rows * columns;
  }

  // What changes nothing that is added to it: -0 in a sum, to whose sign 0 would be added.
  static TypedAttr neutral(OpBuilder& b, Operation* end) {
    auto reduce = dyn_cast<ReduceOp>(end);
    const Combine combine = reduce ? reduce.getCombine() : Combine::sum;
    if (getElementTypeOrSelf(made_of(end)[0].getType()).isInteger(32)) {
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

  // The totals with a strip; or its output, or what is kept of it.
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
    SmallVector<Value> values;
    for (Value v : made_of(end)) values.push_back(values_.of(b, v, strip));
    if (auto output = dyn_cast<OutputOp>(end)) {
      OutputOp::create(b, loc, values[0], output.getComponentAttr(), nullptr, strip.index, nullptr, nullptr);
    } else if (isa<DotOp>(end)) {
      for (int64_t k = 0; k < strip.size; ++k)
        totals[0] =
            math::FmaOp::create(b, loc, element_of(b, loc, values[0], k), element_of(b, loc, values[1], k), totals[0]);
    } else if (auto product = dyn_cast<MatMulOp>(end); product && !totals.empty()) {
      add_rows(b, product, values[0], strip, totals);
    } else if (auto reduce = dyn_cast<ReduceOp>(end)) {
      // Written out there, from the total on.
      SmallVector<Value> parts = {totals[0]};
      for (int64_t k = 0; k < strip.size; ++k) parts.push_back(element_of(b, loc, values[0], k));
      auto type = RankedTensorType::get({int64_t(parts.size())}, parts[0].getType());
      Value all = tensor::FromElementsOp::create(b, loc, type, parts);
      totals[0] = ReduceOp::create(b, loc, parts[0].getType(), reduce.getCombine(), all);
    }
  }

  // The strip's rows of the right side, each with its column of the left.
  void add_rows(OpBuilder& b, MatMulOp product, Value values, Strip& strip, MutableArrayRef<Value> totals) {
    Location loc = product.getLoc();
    const auto [rows, inner, columns] = shape_of(product);
    const auto sums = int64_t(totals.size());
    Value factors;
    if (is_splat(product.getLhs())) {
      factors = splat_of(b, product.getLhs());
    } else {
      Value row = arith::DivUIOp::create(b, loc, strip.index, word(b, loc, columns));
      factors = values_.run(b, loc, values_.table(product.getLhs(), /*by_columns=*/true),
                            arith::MulIOp::create(b, loc, row, word(b, loc, rows)), strip.size / columns * rows);
    }
    for (int64_t k = 0; k < strip.size; ++k)
      for (int64_t of = k % columns; of < sums; of += columns) {
        Value factor = element_of(b, loc, factors, k / columns * rows + of / columns);
        totals[size_t(of)] = math::FmaOp::create(b, loc, factor, element_of(b, loc, values, k), totals[size_t(of)]);
      }
  }

  void finish(OpBuilder& b, ArrayRef<Operation*> ends, ArrayRef<Value> totals) {
    for (Operation* end : ends) {
      auto own = totals.take_front(size_t(totals_of(end)));
      totals = totals.drop_front(own.size());
      if (own.empty()) continue;
      auto tensor = dyn_cast<RankedTensorType>(end->getResult(0).getType());
      SmallVector<Value> all;
      for (int64_t k = 0; k < size_of(end->getResult(0).getType()); ++k) all.push_back(own[size_t(k) % own.size()]);
      replace(b, end, tensor ? tensor::FromElementsOp::create(b, end->getLoc(), tensor, all).getResult() : own[0]);
    }
  }

  void replace(OpBuilder& b, Operation* end, Value made) {
    auto wanted = dyn_cast<RankedTensorType>(end->getResult(0).getType());
    if (!wanted) made = element_of(b, end->getLoc(), made, 0);
    if (wanted && wanted != made.getType()) {
      SmallVector<Value> all;
      for (int64_t k = 0; k < wanted.getNumElements(); ++k) all.push_back(element_of(b, end->getLoc(), made, k));
      made = tensor::FromElementsOp::create(b, end->getLoc(), wanted, all);
    }
    end->getResult(0).replaceAllUsesWith(made);
    results_.insert(made);
  }

  Block& body_;
  std::vector<Operation*> ops_;
  int64_t strip_;
  bool keeps_;
  StripValues& values_;
  SmallVector<int64_t> arrays_;    // Of what the loop carries.
  llvm::SetVector<Value> needed_;  // As a whole.
  std::vector<Group> groups_;
  llvm::DenseSet<Value> results_;  // Of the last group.
};

struct StripPoints : PassWrapper<StripPoints, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(StripPoints)
  StripPoints() = default;
  StripPoints(const StripPoints& other) : PassWrapper(other) {}
  explicit StripPoints(bool k) { keep = k; }
  StringRef getArgument() const override { return "strip-points"; }
  StringRef getDescription() const override { return "a point of many numbers is gone through in strips"; }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, math::MathDialect, scf::SCFDialect, tensor::TensorDialect>();
  }

  void runOnOperation() override {
    for (auto pipeline : getOperation().getOps<PipelineOp>()) {
      Block& body = pipeline.getBody().front();
      StripValues values(body);
      for (auto& ops : strippable(body))
        if (int64_t strip = numbers_of_strip(ops); strip > 0) Stripper(body, std::move(ops), strip, keep, values).run();
    }
  }

  Option<bool> keep{*this, "keep", llvm::cl::desc("Keep in memory what is dear to make again"), llvm::cl::init(true)};
};

}  // namespace

std::unique_ptr<Pass> create_strip_points_pass(bool keep) { return std::make_unique<StripPoints>(keep); }

}  // namespace catenary
