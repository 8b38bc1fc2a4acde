// map-points-to-threads: a group of points per thread of a GPU. Every pipeline becomes two kernels over the structs of
// runtime/abi.h, one for its sample part, a sample per thread, and one for its points. In the place of vectorize-lanes,
// from the same scalar body; groups draw whole blocks, since threads share none.
#include <catenary/compiler/passes/passes.h>

#include <array>
#include <cstddef>
#include <map>

#include <llvm/ADT/TypeSwitch.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/IRMapping.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/compiler/passes/constant_tables.h>
#include <catenary/compiler/passes/drawn_blocks.h>
#include <catenary/compiler/passes/gpu_kernel.h>
#include <catenary/compiler/passes/group_memory.h>
#include <catenary/compiler/passes/lane_math.h>
#include <catenary/compiler/passes/tile_memory.h>
#include <catenary/compiler/symbols.h>
#include <catenary/runtime/abi.h>

namespace catenary {

namespace {

using namespace mlir;

constexpr int64_t element_bytes = 4;

class Mapping {
 public:
  Mapping(ModuleOp module, PipelineOp pipeline, GpuKind gpu)
      : module_(module),
        pipeline_(pipeline),
        gpu_(gpu),
        group_(*pipeline.getGroup()),
        loc_(pipeline.getLoc()),
        b_(pipeline),
        pointer_(LLVM::LLVMPointerType::get(pipeline.getContext(), address_spaces(gpu).data)),
        tables_(module, points_part_symbol(module, pipeline), address_spaces(gpu).tables) {}

  void run() {
    Block& body = pipeline_.getBody().front();
    for (auto sample : body.getOps<SampleOp>()) map_sample_part(sample);
    map_points_part(body);
    pipeline_.erase();
  }

 private:
  // ---- small pieces -----------------------------------------------------------------------------

  Lane lane(Value v) { return Lane(b_, loc_, v); }
  Lane field(size_t offset, mlir::Type type) {
    return lane(load(b_, loc_, type, address(b_, loc_, args_, int64_t(offset))));
  }
  Value null() { return LLVM::ZeroOp::create(b_, loc_, pointer_); }
  Value element_at(Value base, Lane index) { return address(b_, loc_, base, (index * double(element_bytes)).value()); }

  // Whether a point is gone over in loops, and draws nothing.
  bool only_computes() {
    bool loops = false, draws = false;
    pipeline_.walk([&](Operation* op) {
      loops |= isa<scf::ForOp, scf::WhileOp>(op);
      draws |= isa<WordsOp>(op);
    });
    return loops && !draws;
  }

  void start_kernel(const std::string& name, size_t bytes) {
    b_.setInsertionPoint(pipeline_);
    GpuKernel kernel = begin_kernel(b_, loc_, gpu_, name, bytes, only_computes());
    args_ = kernel.args;
    ids_ = kernel.ids;
  }

  // Leaves the builder at the end of a loop that gives every thread of the grid its share of 0, 1, ..., count - 1.
  Lane start_shares(Lane count) {
    auto [block, blocks, thread, threads] = ids_;
    Lane size = lane(threads).to_i64();
    Lane first = lane(block).to_i64() * size + lane(thread).to_i64(), stride = lane(blocks).to_i64() * size;
    auto loop = scf::ForOp::create(b_, loc_, first.value(), count.value(), stride.value());
    LLVM::ReturnOp::create(b_, loc_, ValueRange());
    b_.setInsertionPoint(loop.getBody()->getTerminator());
    return lane(loop.getInductionVar());
  }

  // Moves the operations of `from` to the builder.
  void take(Block& from) {
    b_.getInsertionBlock()->getOperations().splice(b_.getInsertionPoint(), from.getOperations());
  }

  // ---- the sample part: a sample per thread -----------------------------------------------------

  void map_sample_part(SampleOp sample) {
    if (sample.getCoefficients().empty()) return;
    using Args = catenary_device_sample_args;
    start_kernel(sample_part_symbol(module_, pipeline_), sizeof(Args));
    auto f32 = b_.getF32Type();
    Block& body = sample.getBody().front();
    std::map<StringRef, std::array<Value, 2>> times;  // The array, and the one time in its place.
    for (auto time : body.getOps<TimeOp>()) {
      size_t k = size_t(time_index(time));
      times[time.getTime()] = {field(offsetof(Args, times) + sizeof(void*) * k, pointer_).value(),
                               field(offsetof(Args, time) + sizeof(float) * k, f32).value()};
    }
    Value coefficients = field(offsetof(Args, coefficients), pointer_).value();
    Lane count = field(offsetof(Args, count), b_.getI64Type());
    Lane share = start_shares(count);
    Operation* yield = body.getTerminator();
    take(body);
    for (auto time : llvm::make_early_inc_range(b_.getInsertionBlock()->getOps<TimeOp>())) {
      b_.setInsertionPoint(time);
      auto [many, one] = times[time.getTime()];
      Value given = LLVM::ICmpOp::create(b_, loc_, LLVM::ICmpPredicate::ne, many, null());
      auto chosen = scf::IfOp::create(
          b_, loc_, given,
          [&, many = many](OpBuilder& b, Location loc) {
            scf::YieldOp::create(b, loc, load(b, loc, f32, element_at(many, share)));
          },
          [&, one = one](OpBuilder& b, Location loc) { scf::YieldOp::create(b, loc, one); });
      time.replaceAllUsesWith(chosen.getResult(0));
      time.erase();
    }
    b_.setInsertionPoint(yield);
    for (auto [k, v] : llvm::enumerate(yield->getOperands()))
      store(b_, loc_, packed(b_, loc_, v), element_at(coefficients, count * double(k) + share));
    yield->erase();
    map_flags_and_tables(b_.getInsertionBlock());
  }

  // ---- the points part: a group of points per thread --------------------------------------------

  // What the call was told, and what stands in memory when the kernel runs.
  std::pair<Lane, Lane> seed_and_step() {
    using Args = catenary_device_points_args;
    using Memory = catenary_device_seed;
    auto i64 = b_.getI64Type(), i32 = b_.getI32Type();
    Lane seed = field(offsetof(Args, seed), i64), step = field(offsetof(Args, step), i32);
    Value memory = field(offsetof(Args, seed_memory), pointer_).value();
    Value given = LLVM::ICmpOp::create(b_, loc_, LLVM::ICmpPredicate::ne, memory, null());
    // Both ways may not load, or LLVM makes one load of it, through a pointer to a parameter, which old PTX has not.
    auto added = scf::IfOp::create(
        b_, loc_, given,
        [&](OpBuilder& b, Location loc) {
          Value value = load(b, loc, i64, address(b, loc, memory, int64_t(offsetof(Memory, value))));
          Value steps = load(b, loc, i32, address(b, loc, memory, int64_t(offsetof(Memory, step))));
          scf::YieldOp::create(b, loc, ValueRange{value, steps});
        },
        [&](OpBuilder& b, Location loc) {
          Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
          Value no_steps = arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0));
          scf::YieldOp::create(b, loc, ValueRange{none, no_steps});
        });
    return {seed + lane(added.getResult(0)), step + lane(added.getResult(1))};
  }

  void map_points_part(Block& body) {
    using Args = catenary_device_points_args;
    operands_ = operands_of(pipeline_);
    start_kernel(points_part_symbol(module_, pipeline_), sizeof(Args) + sizeof(void*) * operands_.size());
    auto i64 = b_.getI64Type(), i32 = b_.getI32Type();
    auto [seed, step] = seed_and_step();
    Lane first_group = field(offsetof(Args, first_group), i64);
    Lane stride = field(offsetof(Args, coefficient_stride), i64);
    Lane skipped = field(offsetof(Args, skipped), i32), points = field(offsetof(Args, points), i32);
    Lane multiplier = field(offsetof(Args, sample_multiplier), i32).to_i64();
    Lane shift = field(offsetof(Args, sample_shift), i32).to_i64();
    Value coefficients = field(offsetof(Args, coefficients), pointer_).value();
    SmallVector<GroupMemory::Operand> operands;
    for (auto [k, operand] : llvm::enumerate(operands_))
      operands.push_back({field(sizeof(Args) + sizeof(void*) * k, pointer_).value(), operand.size});
    GroupMemory memory(b_, loc_, group_, std::move(operands), skipped, points);

    Lane share = start_shares(memory.groups().to_i64());
    memory.enter(share);
    SmallVector<Lane> samples;
    for (int64_t slot = 0; slot < group_; ++slot) {
      Lane product = memory.point(slot) * multiplier;
      samples.push_back(product.emit<arith::ShRUIOp>(product.value(), shift.value()));
    }
    std::map<size_t, SmallVector<Value>> loaded, stored;
    std::map<std::pair<size_t, int64_t>, SmallVector<Value>> runs;  // Begun, by operand and slot.
    body.walk([&](InputOp input) {
      size_t k = index_of(operands_, input.getComponent(), int32_t(input.getRole()));
      if (!input.getIndex() && !loaded.count(k)) loaded[k] = memory.read(k, input.getType());
    });
    Lane number = first_group + share;
    for (auto [old, made] : llvm::zip(body.getArguments(), std::array{seed, step, number}))
      old.replaceAllUsesWith(made.value());
    Block* loop = b_.getInsertionBlock();
    take(body);

    DrawnBlocks blocks(b_, seed.value(), step.value(), [&](WordsOp words, int64_t block, LoopPlace place) {
      return block_number(b_, loc_, number.value(), int64_t(words.getPairs()) / 2, block, place);
    });
    loop->walk([&](Operation* op) {
      b_.setInsertionPoint(op);
      auto replace = [&](ValueRange made) {
        op->replaceAllUsesWith(made);
        op->erase();
      };
      TypeSwitch<Operation*>(op)
          .Case([&](CoefficientOp coefficient) {
            auto k = cast<OpResult>(coefficient.getValue()).getResultNumber();
            Lane at = stride * double(k) + samples[coefficient.getSlot()];
            Value packed = load(b_, loc_, b_.getF32Type(), element_at(coefficients, at));
            replace(unpacked(b_, loc_, packed, coefficient.getType()));
          })
          .Case([&](InputOp input) {
            size_t k = index_of(operands_, input.getComponent(), int32_t(input.getRole()));
            int64_t slot = int64_t(input.getSlot().value_or(0)), size = operands_[k].size;
            int64_t element = int64_t(input.getElement().value_or(0));
            if (Value index = input.getIndex()) {
              Value from = element_at(memory.address_of(k, slot), lane(index).to_i64());
              if (element > 0) from = address(b_, loc_, from, element * 4);
              replace(load(b_, loc_, input.getType(), from));
            } else {
              replace(loaded.at(k)[size_t(slot * size + element)]);
            }
          })
          .Case([&](WordsOp pair) {
            auto block = blocks.block(pair, int64_t(pair.getPair()) / 2, int64_t(pair.getPairs()) / 2,
                                      {pair.getTrip(), pair.getIndex()});
            unsigned first = unsigned(pair.getPair() % 2 * 2);
            replace({lane(block->getResult(first)).low_word().value(),
                     lane(block->getResult(first + 1)).low_word().value()});
          })
          .Case([&](KeepOp keep) {
            store(b_, loc_, keep.getValue(), place_in_array(keep));
            keep.erase();
          })
          .Case([&](KeptOp kept) { replace(load(b_, loc_, kept.getType(), place_in_array(kept))); })
          .Case([&](OutputOp output) {
            size_t k = index_of(operands_, output.getComponent(), form_of(pipeline_.getQuestion()).output);
            if (Value index = output.getIndex()) {
              const auto slot = int64_t(output.getSlot().value_or(0));
              auto& run = runs[{k, slot}];
              run.push_back(output.getValue());
              if (run.size() == *output.getRun()) {
                memory.write_run(k, slot, lane(index).to_i64(), run);
                run.clear();
              }
              output.erase();
              return;
            }
            auto& all = stored[k];
            all.resize(size_t(group_ * operands_[k].size));
            all[size_t(int64_t(output.getSlot().value_or(0)) * operands_[k].size +
                       int64_t(output.getElement().value_or(0)))] = output.getValue();
            output.erase();
          });
    });
    for (auto sample : llvm::make_early_inc_range(loop->getOps<SampleOp>())) sample.erase();
    map_flags_and_tables(loop);
    b_.setInsertionPoint(loop->getTerminator());
    for (auto& [k, values] : stored) memory.write(k, values);
  }

  // A thread's own memory; what it is called with lies elsewhere.
  template <class Access>
  Value place_in_array(Access op) {
    Value& array = kept_[int64_t(op.getArray())];
    if (!array) {
      OpBuilder::InsertionGuard guard(b_);
      b_.setInsertionPointToStart(
          &b_.getInsertionBlock()->getParent()->getParentOfType<LLVM::LLVMFuncOp>().getBody().front());
      auto type = LLVM::LLVMArrayType::get(b_.getF32Type(), unsigned(op.getSize()));
      Value one = arith::ConstantOp::create(b_, loc_, b_.getI64IntegerAttr(1));
      array = LLVM::AllocaOp::create(b_, loc_, LLVM::LLVMPointerType::get(b_.getContext(), address_spaces(gpu_).own),
                                     type, one, unsigned(element_bytes));
    }
    return address(b_, loc_, element_at(array, lane(op.getIndex()).to_i64()),
                   int64_t(op.getElement().value_or(0)) * element_bytes);
  }

  // What both parts may have: conditions of loops, and look-ups in constant tables, which then lie outside the
  // function.
  void map_flags_and_tables(Block* block) {
    block->walk([&](AnyOp any) {
      b_.setInsertionPoint(any);
      Value flag = any.getFlags().front();
      for (Value next : any.getFlags().drop_front()) flag = arith::OrIOp::create(b_, loc_, flag, next);
      any.replaceAllUsesWith(flag);
      any.erase();
    });
    block->walk([&](AtOp at) {
      b_.setInsertionPoint(at);
      Value base = tables_.address(b_, at.getVector().getDefiningOp<arith::ConstantOp>());
      if (auto element = at.getElement()) base = address(b_, loc_, base, int64_t(*element) * element_bytes);
      at.replaceAllUsesWith(load(b_, loc_, at.getType(), element_at(base, lane(at.getIndex()).to_i64())));
      at.erase();
    });
    block->walk([](arith::ConstantOp constant) {
      if (isa<RankedTensorType>(constant.getType()) && constant.use_empty()) constant.erase();
    });
  }

  ModuleOp module_;
  PipelineOp pipeline_;
  GpuKind gpu_;
  int64_t group_;
  Location loc_;
  OpBuilder b_;
  mlir::Type pointer_;
  ConstantTables tables_;
  llvm::DenseMap<int64_t, Value> kept_;  // Arrays that loops keep a point's numbers in, by their own numbers.
  Value args_;
  std::array<Value, 4> ids_;  // Block, blocks, thread of the block, threads of a block.
  std::vector<KernelOperand> operands_;
};

struct MapPointsToThreads : PassWrapper<MapPointsToThreads, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MapPointsToThreads)
  MapPointsToThreads() = default;
  MapPointsToThreads(const MapPointsToThreads& other) : PassWrapper(other) {}
  explicit MapPointsToThreads(GpuKind gpu) { this->gpu = gpu; }
  StringRef getArgument() const override { return "map-points-to-threads"; }
  StringRef getDescription() const override {
    return "a group of points per thread of a GPU; pipelines become kernels";
  }
  void getDependentDialects(DialectRegistry& registry) const override {
    registry.insert<arith::ArithDialect, LLVM::LLVMDialect, scf::SCFDialect, vector::VectorDialect>();
    insert_kernel_dialects(registry);
  }

  void runOnOperation() override {
    for (auto pipeline : llvm::make_early_inc_range(getOperation().getOps<PipelineOp>())) {
      if (!pipeline.getGroup()) {
        pipeline.emitOpError("has no group; group-points gives it one");
        return signalPassFailure();
      }
      auto shared = pipeline.walk([](WordsOp words) {
        if (words.getPairs() % 2 == 0) return WalkResult::advance();
        words.emitOpError("is of groups that share a block; group-points with words=4 makes groups that do not");
        return WalkResult::interrupt();
      });
      if (shared.wasInterrupted()) return signalPassFailure();
      Mapping(getOperation(), pipeline, gpu).run();
    }
    for (auto process : llvm::make_early_inc_range(getOperation().getOps<ProcessOp>())) process.erase();
  }

  Option<GpuKind> gpu{*this, "gpu", llvm::cl::desc("What kernels are for"), llvm::cl::init(GpuKind::nvidia),
                      gpu_kinds()};
};

}  // namespace

std::unique_ptr<Pass> create_map_points_to_threads_pass(GpuKind gpu) {
  return std::make_unique<MapPointsToThreads>(gpu);
}

}  // namespace catenary
