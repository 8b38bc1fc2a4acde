// group-points: one body for a few consecutive points that together draw an even number of words, since a normal needs
// two; or whole blocks of four, where groups are not to share any. Draws become pairs of words here, and the body gets
// the seed, the step and its group's number.
#include <catenary/compiler/passes/passes.h>

#include <functional>
#include <map>

#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/IRMapping.h>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/passes/strip_sets.h>
#include <catenary/compiler/passes/tile_order.h>
#include <catenary/compiler/passes/variance.h>

namespace catenary {

namespace {

using namespace mlir;

class Grouper {
 public:
  Grouper(PipelineOp pipeline, int64_t group)
      : pipeline_(pipeline), group_(group), b_(pipeline.getContext()), maps_(size_t(group)), end_(size_t(group)) {}

  /// `in_turn`: one point after another, so that few values are alive at a time and each point's loops are its own;
  /// else operation by operation, whose latencies then overlap.
  void run(bool in_turn) {
    Block* old = &pipeline_.getBody().front();
    varying_ = find_varying(*old, [](Operation* op) { return isa<DrawOp, InputOp, SampleOp, KeptOp>(op); });
    auto loc = pipeline_.getLoc();
    Block* made =
        b_.createBlock(&pipeline_.getBody(), {}, {b_.getI64Type(), b_.getI32Type(), b_.getI64Type()}, {loc, loc, loc});
    seed_ = made->getArgument(0), step_ = made->getArgument(1), number_ = made->getArgument(2);
    for (begin_ = 0; begin_ < maps_.size(); begin_ = end_) {
      end_ = in_turn ? begin_ + 1 : maps_.size();
      copy(*old, made);
    }
    old->dropAllReferences();
    old->erase();
    pipeline_.setGroup(int32_t(group_));
  }

 private:
  // Appends the operations of `from`, for every slot, to `to`.
  void copy(Block& from, Block* to) {
    b_.setInsertionPointToEnd(to);
    for (Operation& op : from) {
      if (op.hasTrait<OpTrait::IsTerminator>()) return;
      if (auto draw = dyn_cast<DrawOp>(op)) {
        for (size_t slot = begin_; slot < end_; ++slot) maps_[slot].map(draw.getResult(), drawn(draw, int64_t(slot)));
      } else if (auto any = dyn_cast<AnyOp>(op)) {
        auto one = AnyOp::create(b_, op.getLoc(), slots_as(any.getFlags(), any.getFlags()), any.getMany());
        map_slots(any->getResults(), one->getResults());
      } else if (auto sample = dyn_cast<SampleOp>(op)) {
        copy_sample(sample);
      } else if (isa<scf::ForOp, scf::WhileOp>(op)) {
        if (reads_lines(op))
          each_in_turn([&] { copy_loop(op); });
        else
          copy_loop(op);
      } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
        copy_if(branch);
      } else if (auto retry = dyn_cast<RetryOp>(op)) {
        copy_retry(retry);
      } else {
        copy_plain(op);
      }
    }
  }

  // A loop that reads a line of a long input at a time, and draws nothing: one point's lines fill the registers.
  static bool reads_lines(Operation& loop) {
    bool lines = false, draws = false;
    loop.walk([&](Operation* op) {
      if (auto input = dyn_cast<InputOp>(op)) lines |= input.getRun().value_or(1) >= 16;
      draws |= isa<DrawOp>(op);
    });
    return lines && !draws;
  }

  void each_in_turn(const std::function<void()>& make) {
    const size_t begin = begin_, end = end_;
    for (size_t slot = begin; slot < end; ++slot) {
      begin_ = slot, end_ = slot + 1;
      make();
    }
    begin_ = begin, end_ = end;
  }

  void copy_plain(Operation& op) {
    const bool each =
        isa<OutputOp, KeepOp>(op) || llvm::any_of(op.getResults(), [&](Value v) { return varying_.contains(v); });
    if (!each) return map_slots(op.getResults(), b_.clone(op, maps_[begin_])->getResults());
    for (size_t slot = begin_; slot < end_; ++slot) {
      Operation* made = b_.clone(op, maps_[slot]);
      if (auto input = dyn_cast<InputOp>(made)) input.setSlot(int64_t(slot));
      if (auto output = dyn_cast<OutputOp>(made)) output.setSlot(int64_t(slot));
    }
  }

  // Once; a slot's coefficients are read when its turn comes.
  void copy_sample(SampleOp sample) {
    if (begin_ == 0) sample_ = cast<SampleOp>(b_.clone(*sample));
    for (auto [old, coefficient] : llvm::zip(sample.getCoefficients(), sample_.getCoefficients()))
      for (size_t slot = begin_; slot < end_; ++slot)
        maps_[slot].map(old, CoefficientOp::create(b_, sample.getLoc(), coefficient, int64_t(slot)));
  }

  // Values that vary have a copy per slot, standing together; the others have one.
  size_t copies_of(Value v) { return varying_.contains(v) ? end_ - begin_ : 1; }

  void map_slots(ValueRange old, ValueRange made) {
    size_t next = 0;
    for (Value v : old) {
      size_t copies = copies_of(v);
      for (size_t slot = begin_; slot < end_; ++slot)
        maps_[slot].map(v, made[next + (copies == 1 ? 0 : slot - begin_)]);
      next += copies;
    }
  }

  void copy_loop(Operation& op) {
    Location loc = op.getLoc();
    if (auto fold = dyn_cast<scf::ForOp>(op)) {
      auto args = fold.getRegionIterArgs();
      auto inits = slots_as(fold.getInitArgs(), args);
      auto shared = [&](Value v) { return maps_[begin_].lookupOrDefault(v); };
      auto made = scf::ForOp::create(b_, loc, shared(fold.getLowerBound()), shared(fold.getUpperBound()),
                                     shared(fold.getStep()), inits);
      map_slots(fold.getInductionVar(), made.getInductionVar());
      map_slots(args, made.getRegionIterArgs());
      if (!made.getBody()->empty()) made.getBody()->getTerminator()->erase();
      OpBuilder::InsertionGuard guard(b_);
      copy_body(*fold.getBody(), made.getBody(), args);
      map_slots(fold.getResults(), made.getResults());
    } else {
      auto loop = cast<scf::WhileOp>(op);
      auto args = loop.getBeforeArguments();
      auto inits = slots_as(loop.getInits(), args);
      auto types = llvm::to_vector(ValueRange(inits).getTypes());
      auto made = scf::WhileOp::create(b_, loc, types, inits);
      SmallVector<Location> locs(types.size(), loc);
      OpBuilder::InsertionGuard guard(b_);
      Block* before = b_.createBlock(&made.getBefore(), {}, types, locs);
      Block* after = b_.createBlock(&made.getAfter(), {}, types, locs);
      map_slots(args, before->getArguments());
      copy_body(*loop.getBeforeBody(), before, args);
      map_slots(loop.getAfterArguments(), after->getArguments());
      copy_body(*loop.getAfterBody(), after, loop.getBeforeArguments());
      map_slots(loop.getResults(), made.getResults());
    }
  }

  void copy_if(scf::IfOp branch) {
    SmallVector<mlir::Type> types;
    for (Value v : branch.getResults()) types.append(copies_of(v), v.getType());
    auto made = scf::IfOp::create(b_, branch.getLoc(), types, maps_[begin_].lookupOrDefault(branch.getCondition()),
                                  /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(b_);
    copy_body(*branch.thenBlock(), made.thenBlock(), branch.getResults());
    copy_body(*branch.elseBlock(), made.elseBlock(), branch.getResults());
    map_slots(branch.getResults(), made.getResults());
  }

  // The body stays that of one point, draws and all.
  void copy_retry(RetryOp op) {
    auto each_slot = [&](ValueRange values) {
      SmallVector<Value> all;
      for (Value v : values)
        for (size_t slot = begin_; slot < end_; ++slot) all.push_back(maps_[slot].lookupOrDefault(v));
      return all;
    };
    SmallVector<Value> carried = each_slot(op.getCarried());
    auto made = RetryOp::create(b_, op.getLoc(), ValueRange(carried).getTypes(), each_slot(op.getActive()), carried,
                                each_slot(op.getCaptured()));
    op.getBody().cloneInto(&made.getBody(), maps_[begin_]);
    for (auto [k, v] : llvm::enumerate(op.getValues()))
      for (size_t slot = begin_; slot < end_; ++slot)
        maps_[slot].map(v, made.of(made.getValues(), k, int64_t(slot - begin_)));
  }

  // `values`, each in as many copies as the argument it flows into.
  SmallVector<Value> slots_as(ValueRange values, ValueRange args) {
    SmallVector<Value> flat;
    for (auto [v, a] : llvm::zip(values, args))
      for (size_t k = 0; k < copies_of(a); ++k) flat.push_back(maps_[begin_ + k].lookupOrDefault(v));
    return flat;
  }

  void copy_body(Block& from, Block* to, ValueRange args) {
    Operation* end = from.getTerminator();
    copy(from, to);
    if (auto condition = dyn_cast<scf::ConditionOp>(end))
      scf::ConditionOp::create(b_, end->getLoc(), maps_[begin_].lookup(condition.getCondition()),
                               slots_as(condition.getArgs(), args));
    else
      scf::YieldOp::create(b_, end->getLoc(), slots_as(end->getOperands(), args));
  }

  // ---- draws ------------------------------------------------------------------------------------

  Value drawn(DrawOp draw, int64_t slot) {
    int64_t number = slot * int64_t(*draw.getPerPoint()) + int64_t(*draw.getFirst());
    Location loc = draw.getLoc();
    Place place{b_.getInsertionBlock(), *draw.getStream(), number / 2};
    WordsOp& words = words_[place];
    if (!words) {
      auto word = b_.getI32Type();
      auto of_all = [&](Value v) { return v ? maps_[begin_].lookup(v) : Value(); };
      int64_t pairs = group_ * int64_t(*draw.getPerPoint()) / 2;
      words =
          WordsOp::create(b_, loc, word, word, seed_, number_, step_, of_all(draw.getTrip()), of_all(draw.getIndex()),
                          draw.getStreamAttr(), b_.getI64IntegerAttr(number / 2), b_.getI64IntegerAttr(pairs));
    }
    unsigned half = unsigned(number % 2);
    if (draw.getDrawn() == Drawn::normal) {
      BoxMullerOp& pair = normals_[place];
      if (!pair) pair = BoxMullerOp::create(b_, loc, b_.getF32Type(), b_.getF32Type(), words.getW0(), words.getW1());
      return pair->getResult(half);
    }
    Value w = words->getResult(half);
    return draw.getDrawn() == Drawn::bits ? w : UniformOfOp::create(b_, loc, b_.getF32Type(), w).getResult();
  }

  using Place = std::tuple<Block*, uint32_t, int64_t>;  // Where it is computed, its stream, its pair.
  PipelineOp pipeline_;
  int64_t group_;
  OpBuilder b_;
  SmallVector<IRMapping> maps_;
  size_t begin_ = 0, end_;  // Of the slots that are copied side by side.
  llvm::DenseSet<Value> varying_;
  Value seed_, step_, number_;
  SampleOp sample_;
  std::map<Place, WordsOp> words_;
  std::map<Place, BoxMullerOp> normals_;
};

// What the points of a pipeline draw: words by stream, and normals that are made of them; and whether there are
// branches.
struct DrawnByPoint {
  std::map<uint32_t, int64_t> words;
  int64_t normals = 0;
  bool branches = false;
};

// The least group that draws a multiple of `multiple` from every stream; then doubled while there is too little beside
// one another to hide the latency of rounds behind. In rows, where a larger group costs no transposition, a normal's
// polynomials are worth a word's rounds, and branches, which a tile takes as a whole, want large tiles: where there are
// registers for them.
int64_t group_of(const DrawnByPoint& drawn, int64_t multiple, bool rows, int64_t largest) {
  const int64_t most = rows ? largest : 4, enough = rows && drawn.branches ? 8 : 4;
  int64_t all = rows ? drawn.normals : 0, group = 1;
  for (auto [stream, count] : drawn.words) {
    all += count;
    while (count * group % multiple != 0) group *= 2;
  }
  while (all > 0 && group < most && all * group / 2 < enough) group *= 2;
  return group;
}

struct GroupPoints : PassWrapper<GroupPoints, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(GroupPoints)
  GroupPoints() = default;
  GroupPoints(const GroupPoints& other) : PassWrapper(other) {}
  GroupPoints(int n, int most) {
    words = n;
    largest = most;
  }
  StringRef getArgument() const override { return "group-points"; }
  StringRef getDescription() const override { return "one body for the points that draw whole pairs of words"; }

  void runOnOperation() override {
    if (words != words_of_pair && words != words_of_block) {
      getOperation().emitError("group-points makes groups that draw a multiple of 2 or 4 words (of ")
          << int(words) << " is asked)";
      return signalPassFailure();
    }
    for (auto pipeline : getOperation().getOps<PipelineOp>()) {
      bool placed = true;
      DrawnByPoint drawn;
      pipeline.walk([&](DrawOp draw) {
        placed &= draw.getPerPoint().has_value();
        if (placed) drawn.words[*draw.getStream()] = int64_t(*draw.getPerPoint());
        drawn.normals += draw.getDrawn() == Drawn::normal;
      });
      drawn.branches = !pipeline.getBody().getOps<scf::IfOp>().empty();
      // Checked on the way in: what follows shares a while among points.
      auto varying = find_varying(pipeline.getBody().front(),
                                  [](Operation* op) { return isa<DrawOp, InputOp, SampleOp, KeptOp>(op); });
      auto split = pipeline.walk([&](Operation* op) {
        auto loop = dyn_cast<scf::WhileOp>(op);
        auto draw = dyn_cast<DrawOp>(op);
        if (loop && varying.contains(loop.getConditionOp().getCondition()))
          loop.emitOpError("goes on by a condition of each point's own; mask-loops makes it one for all");
        else if (draw && varying.contains(draw.getTrip()) && !isa<RetryOp>(draw->getParentOp()))
          draw.emitOpError("has a trip that differs from point to point");
        else
          return WalkResult::advance();
        return WalkResult::interrupt();
      });
      if (split.wasInterrupted()) return signalPassFailure();
      if (!placed) {
        pipeline.emitOpError("has draws without a place in the counter layout; assign-draws gives it to them");
        return signalPassFailure();
      }
      // Strips begin with whole blocks, and hide latencies in themselves.
      const bool in_turn = words == words_of_block || goes_in_strips(pipeline);
      const bool rows = !in_turn && llvm::all_of(llvm::make_second_range(drawn.words), draws_fit_rows);
      Grouper(pipeline, group_of(drawn, in_turn ? words_of_block : words, rows, largest)).run(in_turn);
    }
  }

  Option<int> words{*this, "words", llvm::cl::desc("A group draws a multiple of it from every stream: 2 or 4"),
                    llvm::cl::init(words_of_pair)};
  Option<int> largest{*this, "largest", llvm::cl::desc("Groups are not made larger for speed: 4 or 8"),
                      llvm::cl::init(4)};
};

}  // namespace

std::unique_ptr<Pass> create_group_points_pass(int words, int largest) {
  return std::make_unique<GroupPoints>(words, largest);
}

}  // namespace catenary
