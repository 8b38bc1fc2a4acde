// A tile at a time; or, of bodies with loops that are retried, a chunk of tiles stretch by stretch: up to such a loop,
// the loop, and on. What later stretches need lies in memory meanwhile, an array of the chunk's lanes for each value.
#include <catenary/compiler/passes/points_part.h>

#include <cstddef>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Func/IR/FuncOps.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/compiler/passes/kernel_builder.h>
#include <catenary/compiler/passes/lane_math.h>
#include <catenary/compiler/passes/retry_lanes.h>
#include <catenary/compiler/passes/tile_draws.h>
#include <catenary/compiler/passes/tile_memory.h>
#include <catenary/compiler/passes/tile_order.h>
#include <catenary/compiler/symbols.h>
#include <catenary/runtime/abi.h>

namespace catenary {

namespace {

using namespace mlir;

// Enough that the few of them which want another trip fill vectors, and few enough that what they carry stays near.
constexpr int64_t points_of_chunk = 256;

class PointsPart : KernelBuilder {
 public:
  PointsPart(PipelineOp pipeline, int64_t lanes)
      : KernelBuilder(pipeline, lanes),
        order_(order_of(pipeline, lanes)),
        operands_(operands_of(pipeline)),
        widener_(b_, lanes) {}

  void run() {
    Block& body = pipeline_.getBody().front();
    widener_.vary_from(body, [](Operation* op) { return isa<InputOp, CoefficientOp, WordsOp, DrawOp, KeptOp>(op); });
    Value args = start_function(points_part_symbol(pipeline_->getParentOfType<ModuleOp>(), pipeline_));
    auto word64 = b_.getI64Type();
    seed_ = field(args, offsetof(catenary_tile_args, seed), word64);
    step_ = field(args, offsetof(catenary_tile_args, step), b_.getI32Type());
    first_ = field(args, offsetof(catenary_tile_args, first_point), word64);
    Value tiles = field(args, offsetof(catenary_tile_args, tiles), word64);
    stride_ = times(field(args, offsetof(catenary_tile_args, coefficient_stride), word64), 4);
    coefficients_ = field(args, offsetof(catenary_tile_args, coefficients), pointer_);
    Value table = field(args, offsetof(catenary_tile_args, operands), pointer_);
    for (size_t k = 0; k < operands_.size(); ++k) bases_.push_back(field(table, sizeof(void*) * k, pointer_));

    find_stretches(body);
    if (stretches_.size() == 1) {
      each(tiles, 1, [&](Value tile) {
        Widener widener = widener_;
        copy(stretches_[0], widener, tile);
      });
    } else {
      each(tiles, tiles_of_chunk_, [&](Value start) { chunk(start, tiles); });
    }
    func::ReturnOp::create(b_, loc_);
  }

 private:
  // ---- stretches --------------------------------------------------------------------------------

  /// The operations up to a loop that is retried, and that loop; the last stretch has none.
  struct Stretch {
    SmallVector<Operation*> operations;
    std::optional<RetryLanes> retry;
    llvm::SetVector<Value> needed;  ///< What it takes from stretches before.
    SmallVector<Value> kept;        ///< What of it later ones take.
  };

  void find_stretches(Block& body) {
    llvm::DenseMap<Value, size_t> made_in;
    const auto retries = size_t(llvm::range_size(body.getOps<RetryOp>()));
    stretches_.resize(retries + 1);
    tiles_of_chunk_ = retries == 0 ? 1 : std::max<int64_t>(1, points_of_chunk / (lanes_ * group_));
    size_t at = 0;
    for (Operation& op : body) {
      op.walk([&](Operation* inner) {
        for (Value v : inner->getOperands())
          if (auto made = made_in.find(v); made != made_in.end() && made->second < at) stretches_[at].needed.insert(v);
      });
      if (!isa<SampleOp>(op))
        for (Value v : op.getResults()) made_in[v] = at;
      Stretch& stretch = stretches_[at];
      if (auto retry = dyn_cast<RetryOp>(op)) {
        stretch.retry.emplace(b_, retry, PointChunk{order_, tiles_of_chunk_}, widener_);
        for (auto [k, v] : llvm::enumerate(retry.getValues())) arrays_[v] = stretch.retry->result(k);
        ++at;
      } else {
        stretch.operations.push_back(&op);
      }
    }
    std::function<void(Value)> keep = [&](Value v) {
      Operation* op = v.getDefiningOp();
      if (!op || arrays_.count(v)) return;
      // Words of 64 bits, halves of products, are made again of what they are made of.
      if (v.getType().isInteger(64) || (!widener_.varies(v) && is_shared(*op))) return each_operand(*op, keep);
      arrays_[v] = array_of_function(b_, loc_, tiles_of_chunk_ * lanes_);
      stretches_[made_in[v]].kept.push_back(v);
    };
    for (Stretch& stretch : stretches_) {
      llvm::for_each(stretch.needed, keep);
      if (stretch.retry) llvm::for_each(stretch.retry->common(), keep);
    }
  }

  // Whether it gives the same at all points of all tiles, and nothing else, so that it can be made again elsewhere.
  bool is_shared(Operation& op) {
    auto found = op.walk([&](Operation* inner) {
      const bool own =
          isa<AnyOp>(inner) || llvm::any_of(inner->getResults(), [&](Value v) { return widener_.varies(v); });
      return own ? WalkResult::interrupt() : WalkResult::advance();
    });
    return !found.wasInterrupted();
  }

  // What it takes, loops within it too, of the block that it stands in.
  static void each_operand(Operation& op, llvm::function_ref<void(Value)> visit) {
    op.walk([&](Operation* inner) {
      for (Value v : inner->getOperands())
        if (v.getParentBlock() == op.getBlock()) visit(v);
    });
  }

  Value place(Value array, Value tile) { return address(b_, loc_, array, times(tile, lanes_ * 4)); }

  // Makes the tiles from `start` on.
  void chunk(Value start, Value tiles) {
    Value count =
        arith::MinSIOp::create(b_, loc_, arith::SubIOp::create(b_, loc_, tiles, start), wide(tiles_of_chunk_));
    Value first_point = plus(first_, times(start, lanes_ * group_));
    for (Stretch& stretch : stretches_) {
      auto loop = scf::ForOp::create(b_, loc_, wide(0), count, wide(1), ValueRange{wide(0)});
      {
        OpBuilder::InsertionGuard guard(b_);
        b_.setInsertionPointToStart(loop.getBody());
        Value tile = loop.getInductionVar(), queued = loop.getRegionIterArg(0);
        Widener widener = widener_;
        for (Value v : stretch.needed) find_again(v, tile, widener);
        copy(stretch, widener, plus(start, tile));
        for (Value v : stretch.kept) store(b_, loc_, packed(b_, loc_, widener.widened(v)), place(arrays_[v], tile));
        if (stretch.retry) queued = stretch.retry->put(widener, tile, queued);
        scf::YieldOp::create(b_, loc_, queued);
      }
      if (!stretch.retry) continue;
      Widener widener = widener_;
      for (Value v : stretch.retry->common()) find_again(v, wide(0), widener);
      stretch.retry->run(widener, {seed_, step_, first_point}, loop.getResult(0),
                         [&](Operation& op) { return look_up(op, widener); });
    }
  }

  // What an earlier stretch kept; what is the same for all points and is not kept is made where it is needed.
  void find_again(Value v, Value tile, Widener& widener) {
    Operation* op = v.getDefiningOp();
    if (!op || widener.knows(v)) return;
    if (auto kept = arrays_.find(v); kept != arrays_.end()) {
      Value all =
          unpacked(b_, loc_, load(b_, loc_, vector_of(b_.getF32Type()), place(kept->second, tile)), v.getType());
      return widener.map(v, widener.varies(v) ? all : vector::ExtractOp::create(b_, loc_, all, 0).getResult());
    }
    each_operand(*op, [&](Value operand) { find_again(operand, tile, widener); });
    widener.copy(*op, [&](Operation& inner) { return look_up(inner, widener); });
  }

  // ---- a tile -----------------------------------------------------------------------------------

  void copy(const Stretch& stretch, Widener& widener, Value tile) {
    SmallVector<Value> at;
    for (auto [base, operand] : llvm::zip(bases_, operands_))
      at.push_back(address(b_, loc_, base, times(tile, lanes_ * group_ * operand.size * 4)));
    Value tile_coefficients =
        address(b_, loc_, coefficients_, arith::MulIOp::create(b_, loc_, tile, stride_).getResult());

    TileDraws draws(b_, order_, seed_, step_, plus(first_, times(tile, order_.points())));
    auto of_all = [&](Value v) { return v ? widener.lookup(v) : Value(); };
    auto place_of = [&](WordsOp op) { return LoopPlace{of_all(op.getTrip()), of_all(op.getIndex())}; };
    std::map<size_t, SmallVector<Value>> loaded, stored;
    std::map<std::pair<size_t, int64_t>, SmallVector<Value>> runs;  // Begun, by operand and slot.
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
        size_t k = index_of(operands_, input.getComponent(), int32_t(input.getRole()));
        widener.map(input, read(input, operands_[k].size, at[k], loaded[k], widener));
        return true;
      }
      if (auto pair = dyn_cast<WordsOp>(op)) {
        auto [w0, w1] = draws.words(pair, place_of(pair));
        widener.map(pair.getW0(), w0);
        widener.map(pair.getW1(), w1);
        return true;
      }
      if (auto pair = dyn_cast<BoxMullerOp>(op)) {
        auto words = pair.getW0().getDefiningOp<WordsOp>();
        auto [z0, z1] = draws.normals(words, place_of(words));
        widener.map(pair.getZ0(), z0);
        widener.map(pair.getZ1(), z1);
        return true;
      }
      if (auto keep = dyn_cast<KeepOp>(op)) {
        store(b_, loc_, widener.widened(keep.getValue()), place_in_array(keep, widener));
        return true;
      }
      if (auto kept = dyn_cast<KeptOp>(op)) {
        widener.map(kept, load(b_, loc_, vector_of(kept.getType()), place_in_array(kept, widener)));
        return true;
      }
      if (auto output = dyn_cast<OutputOp>(op)) {
        size_t k = index_of(operands_, output.getComponent(), form_of(pipeline_.getQuestion()).output);
        if (output.getIndex()) {
          auto& run = runs[{k, int64_t(output.getSlot().value_or(0))}];
          run.push_back(widener.widened(output.getValue()));
          if (run.size() == *output.getRun()) {
            store_runs(b_, loc_, starts_of_run(output, operands_[k].size, at[k], widener), run);
            run.clear();
          }
          return true;
        }
        auto& all = stored[k];
        all.resize(size_t(group_ * operands_[k].size));
        all[size_t(int64_t(output.getSlot().value_or(0)) * operands_[k].size +
                   int64_t(output.getElement().value_or(0)))] = widener.widened(output.getValue());
        return true;
      }
      return look_up(op, widener);
    };
    for (Operation* op : stretch.operations) widener.copy(*op, special);
    for (auto& [k, vectors] : stored) store_points(at[k], vectors, operands_[k].size);
  }

  // ---- memory -----------------------------------------------------------------------------------

  SmallVector<Value> load_points(Value at, mlir::Type element, int64_t size) {
    if (!order_.rows) return load_runs(b_, loc_, at, element, group_ * size, lanes_);
    SmallVector<Value> all;
    for (int64_t slot = 0; slot < group_; ++slot)
      llvm::append_range(all,
                         load_runs(b_, loc_, address(b_, loc_, at, slot * lanes_ * size * 4), element, size, lanes_));
    return all;
  }

  void store_points(Value at, ArrayRef<Value> vectors, int64_t size) {
    if (!order_.rows) return store_runs(b_, loc_, at, vectors);
    for (int64_t slot = 0; slot < group_; ++slot)
      store_runs(b_, loc_, address(b_, loc_, at, slot * lanes_ * size * 4),
                 vectors.slice(size_t(slot * size), size_t(size)));
  }

  // A vector for each of the array's numbers.
  template <class Access>
  Value place_in_array(Access op, Widener& widener) {
    Value& array = kept_[int64_t(op.getArray())];
    if (!array) array = array_of_function(b_, loc_, int64_t(op.getSize()) * lanes_);
    Value index = arith::ExtUIOp::create(b_, loc_, b_.getI64Type(), widener.lookup(op.getIndex()));
    return address(b_, loc_, address(b_, loc_, array, times(index, lanes_ * 4)),
                   int64_t(op.getElement().value_or(0)) * lanes_ * 4);
  }

  Value read(InputOp input, int64_t size, Value at, SmallVector<Value>& loaded, Widener& widener) {
    int64_t slot = int64_t(input.getSlot().value_or(0));
    if (Value index = input.getIndex()) {
      if (auto run = input.getRun()) return read_run(input, int64_t(*run), size, at, widener);
      Value run = numbers(b_, loc_, b_.getI32Type(), lanes_, order_.lane_stride() * size);
      Value start = arith::ConstantOp::create(
          b_, loc_,
          DenseElementsAttr::get(cast<VectorType>(run.getType()), int32_t(slot * order_.slot_stride() * size +
                                                                          int64_t(input.getElement().value_or(0)))));
      Value here = arith::AddIOp::create(b_, loc_, arith::AddIOp::create(b_, loc_, run, start), widener.widened(index));
      return gather(b_, loc_, at, input.getType(), here);
    }
    if (loaded.empty()) loaded = load_points(at, input.getType(), size);
    return loaded[size_t(slot * size + int64_t(input.getElement().value_or(0)))];
  }

  // Every lane's run is loaded as it lies in memory, where a block reads the first of its elements.
  Value read_run(InputOp input, int64_t run, int64_t size, Value at, Widener& widener) {
    auto& elements = runs_[{b_.getInsertionBlock(), input.getComponent(), int32_t(input.getRole()),
                            int64_t(input.getSlot().value_or(0)), input.getIndex().getAsOpaquePointer(), run}];
    if (elements.empty()) elements = load_runs(b_, loc_, starts_of_run(input, size, at, widener), input.getType(), run);
    return elements[size_t(*input.getElement())];
  }

  // Where the run of an input or output that begins at its index lies, for every lane.
  template <class Border>
  SmallVector<Value> starts_of_run(Border op, int64_t size, Value at, Widener& widener) {
    const auto slot = int64_t(op.getSlot().value_or(0));
    Value first = widener.lookup(op.getIndex());
    SmallVector<Value> starts;
    for (int64_t lane = 0; lane < lanes_; ++lane) {
      Value of_lane = isa<VectorType>(first.getType()) ? vector::ExtractOp::create(b_, loc_, first, lane) : first;
      Value bytes = times(arith::ExtUIOp::create(b_, loc_, b_.getI64Type(), of_lane), 4);
      starts.push_back(address(
          b_, loc_, address(b_, loc_, at, (lane * order_.lane_stride() + slot * order_.slot_stride()) * size * 4),
          bytes));
    }
    return starts;
  }

  TileOrder order_;
  std::vector<KernelOperand> operands_;
  Widener widener_;  // Before anything is copied.
  Value seed_, step_, first_, stride_, coefficients_;
  SmallVector<Value> bases_;
  std::vector<Stretch> stretches_;
  int64_t tiles_of_chunk_ = 1;
  llvm::DenseMap<Value, Value> arrays_;  // Of values that later stretches need.
  llvm::DenseMap<int64_t, Value> kept_;  // Arrays that loops keep a point's numbers in, by their own numbers.
  /// By block, component, role, slot, first index and length: the elements of runs, a vector each.
  std::map<std::tuple<Block*, StringRef, int32_t, int64_t, void*, int64_t>, SmallVector<Value>> runs_;
};

}  // namespace

void lower_points_part(PipelineOp pipeline, int64_t lanes) { PointsPart(pipeline, lanes).run(); }

}  // namespace catenary
