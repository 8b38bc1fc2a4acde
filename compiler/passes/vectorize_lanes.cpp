// vectorize-lanes: a group of points per lane. Every pipeline becomes two functions over the structs of runtime/abi.h,
// one for its sample part and one for tiles of points; nothing is left to LLVM's loop vectoriser. Last of the passes
// that know what a point is.
#include <catenary/compiler/passes/passes.h>

#include <cstddef>
#include <map>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/IRMapping.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/compiler/passes/constant_tables.h>
#include <catenary/compiler/passes/drawn_blocks.h>
#include <catenary/compiler/passes/lane_math.h>
#include <catenary/compiler/passes/tile_memory.h>
#include <catenary/compiler/passes/widener.h>
#include <catenary/compiler/symbols.h>
#include <catenary/runtime/abi.h>

namespace catenary {

namespace {

using namespace mlir;

class Lowering {
 public:
  Lowering(ModuleOp module, PipelineOp pipeline, int64_t lanes)
      : module_(module),
        pipeline_(pipeline),
        lanes_(lanes),
        group_(*pipeline.getGroup()),
        loc_(pipeline.getLoc()),
        b_(pipeline),
        pointer_(LLVM::LLVMPointerType::get(pipeline.getContext())),
        tables_(module, points_part_symbol(module, pipeline)) {}

  void run() {
    Block& body = pipeline_.getBody().front();
    for (auto sample : body.getOps<SampleOp>()) sample_ = sample;
    lower_sample_part();
    lower_points_part(body);
    pipeline_.erase();
  }

 private:
  // ---- small pieces -----------------------------------------------------------------------------

  Value start_function(const std::string& name) {
    b_.setInsertionPoint(pipeline_);
    auto function = func::FuncOp::create(b_, loc_, name, b_.getFunctionType({pointer_}, {}));
    b_.setInsertionPointToStart(function.addEntryBlock());
    return function.getArgument(0);
  }
  Value field(Value args, size_t offset, mlir::Type type) {
    return load(b_, loc_, type, address(b_, loc_, args, int64_t(offset)));
  }
  Value wide(int64_t v) { return arith::ConstantOp::create(b_, loc_, b_.getI64IntegerAttr(v)); }
  Value times(Value a, int64_t by) { return by == 1 ? a : arith::MulIOp::create(b_, loc_, a, wide(by)).getResult(); }
  mlir::Type vector_of(mlir::Type type) { return VectorType::get({lanes_}, type); }

  // Makes `body` at every i = 0, step, 2 step, ... below count.
  void each(Value count, int64_t step, llvm::function_ref<void(Value)> body) {
    auto loop = scf::ForOp::create(b_, loc_, wide(0), count, wide(step));
    OpBuilder::InsertionGuard guard(b_);
    b_.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  }

  // ---- the sample part: a sample per lane -------------------------------------------------------

  void lower_sample_part() {
    Value args = start_function(sample_part_symbol(module_, pipeline_));
    if (sample_ && !sample_.getCoefficients().empty()) {
      Value count = field(args, offsetof(catenary_sample_args, count), b_.getI64Type());
      Value out = field(args, offsetof(catenary_sample_args, coefficients), pointer_);
      std::map<StringRef, Value> times_at;
      Block& body = sample_.getBody().front();
      for (auto time : body.getOps<TimeOp>())
        times_at[time.getTime()] =
            field(args, offsetof(catenary_sample_args, times) + sizeof(void*) * size_t(time_index(time)), pointer_);
      each(count, lanes_, [&](Value i) {
        Value bytes = times(i, 4);
        Widener widener(b_, lanes_);
        widener.vary_from(body, [](Operation* op) { return isa<TimeOp, AtOp>(op); });
        widener.copy(body, [&](Operation& op) {
          auto time = dyn_cast<TimeOp>(op);
          if (time)
            widener.map(time,
                        load(b_, loc_, vector_of(b_.getF32Type()), address(b_, loc_, times_at[time.getTime()], bytes)));
          return time || look_up(op, widener);
        });
        for (auto [k, v] : llvm::enumerate(body.getTerminator()->getOperands())) {
          Value row = arith::AddIOp::create(b_, loc_, times(count, 4 * int64_t(k)), bytes);
          store(b_, loc_, packed(b_, loc_, widener.widened(v)), address(b_, loc_, out, row));
        }
      });
    }
    func::ReturnOp::create(b_, loc_);
  }

  // ---- the points part: a group of points per lane ----------------------------------------------

  void lower_points_part(Block& body) {
    Value args = start_function(points_part_symbol(module_, pipeline_));
    auto word64 = b_.getI64Type();
    Value seed = field(args, offsetof(catenary_tile_args, seed), word64);
    Value step = field(args, offsetof(catenary_tile_args, step), b_.getI32Type());
    Value first = field(args, offsetof(catenary_tile_args, first_point), word64);
    Value tiles = field(args, offsetof(catenary_tile_args, tiles), word64);
    Value stride = field(args, offsetof(catenary_tile_args, coefficient_stride), word64);
    Value coefficients = field(args, offsetof(catenary_tile_args, coefficients), pointer_);
    Value table = field(args, offsetof(catenary_tile_args, operands), pointer_);
    auto operands = operands_of(pipeline_);
    SmallVector<Value> bases;
    for (size_t k = 0; k < operands.size(); ++k) bases.push_back(field(table, sizeof(void*) * k, pointer_));
    // Two neighbouring lanes draw whole blocks together: the number of such a couple is half that of its first group.
    Value first_couple = arith::ShRUIOp::create(b_, loc_, first, wide(int64_t(llvm::Log2_64(uint64_t(2 * group_)))));
    Value couples_of_tile = numbers(word64, lanes_ / 2);
    Value stride_bytes = times(stride, 4);

    each(tiles, 1, [&](Value tile) {
      SmallVector<Value> at;
      for (auto [base, operand] : llvm::zip(bases, operands))
        at.push_back(address(b_, loc_, base, times(tile, lanes_ * group_ * operand.size * 4)));
      Value couple = arith::AddIOp::create(b_, loc_, first_couple, times(tile, lanes_ / 2));
      Value couples = vector::BroadcastOp::create(b_, loc_, couples_of_tile.getType(), couple);
      couples = arith::AddIOp::create(b_, loc_, couples, couples_of_tile);
      Value tile_coefficients = address(b_, loc_, coefficients, arith::MulIOp::create(b_, loc_, tile, stride_bytes));

      Widener widener(b_, lanes_);
      widener.vary_from(body, [](Operation* op) { return isa<InputOp, CoefficientOp, WordsOp, AtOp>(op); });
      DrawnBlocks blocks(b_, seed, couples, step);
      std::map<size_t, SmallVector<Value>> loaded, stored;
      auto special = [&](Operation& op) {
        if (isa<SampleOp>(op)) return true;
        if (auto coefficient = dyn_cast<CoefficientOp>(op)) {
          int64_t k = int64_t(cast<OpResult>(coefficient.getValue()).getResultNumber());
          Value from = address(b_, loc_, tile_coefficients, (k * group_ + int64_t(coefficient.getSlot())) * lanes_ * 4);
          widener.map(coefficient,
                      unpacked(b_, loc_, load(b_, loc_, vector_of(b_.getF32Type()), from), coefficient.getType()));
          return true;
        }
        if (auto input = dyn_cast<InputOp>(op)) {
          size_t k = index_of(operands, input.getComponent(), int32_t(input.getRole()));
          widener.map(input, read(input, operands[k].size, at[k], loaded[k], widener));
          return true;
        }
        if (auto pair = dyn_cast<WordsOp>(op)) {
          auto [w0, w1] = draw_words(pair, pair.getTrip() ? widener.lookup(pair.getTrip()) : Value(), blocks);
          widener.map(pair.getW0(), w0);
          widener.map(pair.getW1(), w1);
          return true;
        }
        if (auto output = dyn_cast<OutputOp>(op)) {
          size_t k = index_of(operands, output.getComponent(), form_of(pipeline_.getQuestion()).output);
          auto& all = stored[k];
          all.resize(size_t(group_ * operands[k].size));
          all[size_t(int64_t(output.getSlot().value_or(0)) * operands[k].size +
                     int64_t(output.getElement().value_or(0)))] = widener.widened(output.getValue());
          return true;
        }
        return look_up(op, widener);
      };
      widener.copy(body, special);
      for (auto& [k, vectors] : stored) store_runs(b_, loc_, at[k], vectors);
    });
    func::ReturnOp::create(b_, loc_);
  }

  // 0, stride, 2 stride, ...
  Value numbers(mlir::Type type, int64_t count, int64_t stride = 1) {
    SmallVector<Attribute> values;
    for (int64_t l = 0; l < count; ++l) values.push_back(b_.getIntegerAttr(type, l * stride));
    return arith::ConstantOp::create(b_, loc_, DenseElementsAttr::get(VectorType::get({count}, type), values));
  }

  // ---- words ------------------------------------------------------------------------------------

  // A couple's lanes draw 2 `pairs` pairs one after another, two to a block.
  std::pair<Value, Value> draw_words(WordsOp op, Value trip, DrawnBlocks& blocks) {
    int64_t even = int64_t(op.getPair()), odd = even + int64_t(op.getPairs());
    auto word = [&](int64_t pair, int64_t half) {
      return blocks.block(op, pair / 2, int64_t(op.getPairs()), trip)->getResult(unsigned(pair % 2 * 2 + half));
    };
    auto joined = [&](int64_t half) -> Value {
      Lane low = Lane(b_, loc_, word(even, half)) & 0xffffffff, high = Lane(b_, loc_, word(odd, half)) << 32;
      return vector::BitCastOp::create(b_, loc_, vector_of(b_.getI32Type()), (low | high).value());
    };
    return {joined(0), joined(1)};
  }

  Value read(InputOp input, int64_t size, Value at, SmallVector<Value>& loaded, Widener& widener) {
    int64_t slot = int64_t(input.getSlot().value_or(0));
    if (Value index = input.getIndex()) {
      if (auto run = input.getRun(); run && int64_t(*run) % lanes_ == 0)
        return read_run(input, int64_t(*run), size, at, widener);
      Value run = numbers(b_.getI32Type(), lanes_, group_ * size);
      Value start = arith::ConstantOp::create(
          b_, loc_,
          DenseElementsAttr::get(cast<VectorType>(run.getType()),
                                 int32_t(slot * size + int64_t(input.getElement().value_or(0)))));
      Value here = arith::AddIOp::create(b_, loc_, arith::AddIOp::create(b_, loc_, run, start), widener.widened(index));
      return gather(b_, loc_, at, input.getType(), here);
    }
    if (loaded.empty()) loaded = load_runs(b_, loc_, at, input.getType(), group_ * size, lanes_);
    return loaded[size_t(slot * size + int64_t(input.getElement().value_or(0)))];
  }

  // Every lane's run is loaded as it lies in memory, where a block reads the first of its elements.
  Value read_run(InputOp input, int64_t run, int64_t size, Value at, Widener& widener) {
    Value index = input.getIndex();
    int64_t slot = int64_t(input.getSlot().value_or(0));
    auto& elements = runs_[{b_.getInsertionBlock(), input.getComponent(), int32_t(input.getRole()), slot,
                            index.getAsOpaquePointer()}];
    if (elements.empty()) {
      Value first = widener.lookup(index);
      SmallVector<Value> starts;
      for (int64_t lane = 0; lane < lanes_; ++lane) {
        Value of_lane = isa<VectorType>(first.getType()) ? vector::ExtractOp::create(b_, loc_, first, lane) : first;
        Value bytes = times(arith::ExtUIOp::create(b_, loc_, b_.getI64Type(), of_lane), 4);
        starts.push_back(address(b_, loc_, address(b_, loc_, at, (lane * group_ + slot) * size * 4), bytes));
      }
      elements = load_runs(b_, loc_, starts, input.getType(), run);
    }
    return elements[size_t(*input.getElement())];
  }

  // Takes look-ups in constant tables, and the tables themselves, which live outside the function.
  bool look_up(Operation& op, Widener& widener) {
    if (auto at = dyn_cast<AtOp>(op)) {
      Value base = tables_.address(b_, at.getVector().getDefiningOp<arith::ConstantOp>());
      widener.map(at, gather(b_, loc_, base, at.getType(), widener.widened(at.getIndex())));
      return true;
    }
    auto constant = dyn_cast<arith::ConstantOp>(op);
    return constant && isa<RankedTensorType>(constant.getType());
  }

  ModuleOp module_;
  PipelineOp pipeline_;
  int64_t lanes_, group_;
  Location loc_;
  OpBuilder b_;
  mlir::Type pointer_;
  SampleOp sample_;
  ConstantTables tables_;
  /// By block, component, role, slot and first index: the elements of runs, a vector each.
  std::map<std::tuple<Block*, StringRef, int32_t, int64_t, void*>, SmallVector<Value>> runs_;
};

struct VectorizeLanes : PassWrapper<VectorizeLanes, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(VectorizeLanes)
  VectorizeLanes() = default;
  VectorizeLanes(const VectorizeLanes& other) : PassWrapper(other) {}
  explicit VectorizeLanes(int n) { lanes = n; }
  StringRef getArgument() const override { return "vectorize-lanes"; }
  StringRef getDescription() const override {
    return "a group of points per lane; pipelines become functions over tiles";
  }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry
        .insert<arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect, scf::SCFDialect, vector::VectorDialect>();
  }

  void runOnOperation() override {
    if (lanes < 2 || lanes > 64 || (lanes & (lanes - 1)) != 0) {
      getOperation().emitError("vectorize-lanes needs a power of two of lanes, from 2 to 64 (has ")
          << int(lanes) << ")";
      return signalPassFailure();
    }
    for (auto pipeline : llvm::make_early_inc_range(getOperation().getOps<PipelineOp>())) {
      if (!pipeline.getGroup()) {
        pipeline.emitOpError("has no group; group-points gives it one");
        return signalPassFailure();
      }
      Lowering(getOperation(), pipeline, lanes).run();
    }
    for (auto process : llvm::make_early_inc_range(getOperation().getOps<ProcessOp>())) process.erase();
  }

  Option<int> lanes{*this, "lanes", llvm::cl::desc("Groups side by side in a vector"), llvm::cl::init(8)};
};

}  // namespace

std::unique_ptr<Pass> create_vectorize_lanes_pass(int lanes) { return std::make_unique<VectorizeLanes>(lanes); }

}  // namespace catenary
