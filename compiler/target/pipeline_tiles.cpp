// Modulo scheduling (Rau, 1994) of straight-line bodies, from the end: every operation begins as late as those that
// need it allow, and a trip begins every `interval` cycles. Where an operation begins intervals before the tile ends,
// it is of a later stage, and its trip does it for a tile ahead.
#include <catenary/compiler/target/pipeline_tiles.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/EquivalenceClasses.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>

#include <catenary/compiler/target/tile_loop.h>

namespace catenary {

namespace {

using namespace llvm;
using namespace llvm::PatternMatch;

// Vector operations that begin in a cycle, on processors of today. Of what that allows a tenth is left free.
constexpr int width = 4;
constexpr double slack = 1.1;

// A chain that is not longer overlaps the next tile's by itself: a processor looks some 200 operations ahead, and
// begins four a cycle.
constexpr int short_chain = 50;

// Another stage is another trip for every call. It is worth it where fewer stages would stretch the interval by half.
constexpr int most_stages = 3;
constexpr double stretch = 1.5;

// Numbers that are alive at once, for each register: beyond, what is kept in memory costs more than is gained.
constexpr int alive_per_register = 3;

// Part of what uses it, or of an address. The mask makes a multiplication the machine's of half as many bits.
bool is_free(const Instruction& op) {
  if (isa<BitCastInst>(op)) return !op.getOperand(0)->getType()->isIntOrIntVectorTy(1);
  return isa<InsertElementInst, GetElementPtrInst>(op) || match(&op, m_And(m_Value(), m_SpecificInt(0xffffffff)));
}

// Cycles until the result is there, on processors of today.
int latency_of(const Instruction& op) {
  if (is_free(op)) return 0;
  switch (op.getOpcode()) {
    case Instruction::FAdd:
    case Instruction::FSub:
    case Instruction::FMul:
    case Instruction::Mul:
    case Instruction::SIToFP:
    case Instruction::UIToFP:
    case Instruction::FPToSI: return 3;
    case Instruction::FDiv: return 12;
    case Instruction::Load: return 6;
    case Instruction::Call:
      switch (cast<CallInst>(op).getIntrinsicID()) {
        case Intrinsic::sqrt: return 14;
        case Intrinsic::fma: return 4;
        default: return 3;
      }
    default: return 1;
  }
}

class Pipeline {
 public:
  explicit Pipeline(const TileLoop& loop) : loop_(loop) {
    for (Instruction& op : *loop.first)
      if (&op != loop.next && !op.isTerminator()) in_body_.insert(&op);
    for (Instruction& op : *loop.first) {
      if (!in_body_.contains(&op)) continue;
      if (of_the_tile_alone(op))
        scalar_.insert(&op);
      else
        ops_.push_back(&op);
    }
    find_parts();
  }

  bool run(int registers) {
    if (!llvm::all_of(ops_, [&](Instruction* op) { return is_movable(*op); }) || longest_chain() <= short_chain)
      return false;
    const auto busy = llvm::count_if(ops_, [](Instruction* op) { return !is_free(*op); });
    const int least = int(slack * double(busy) / width) + 1;
    int fits = 0;
    for (int stages = 2; stages <= most_stages; ++stages) {
      interval_ = least;
      while (schedule() > stages) interval_ += interval_ / 16 + 1;
      if (last_ == 0 || alive() > alive_per_register * registers * interval_) break;
      fits = interval_;
      if (fits <= stretch * least) break;
    }
    if (fits == 0) return false;
    interval_ = fits;
    schedule();
    rewrite();
    return true;
  }

 private:
  // ---- the body ---------------------------------------------------------------------------------

  template <class Visit>
  void operands_in_body(Instruction& op, Visit visit) const {
    for (Use& use : op.operands())
      if (auto* from = dyn_cast<Instruction>(use.get()); from && in_body_.contains(from)) visit(from);
  }

  template <class Visit>
  void users_in_body(Instruction& op, Visit visit) const {
    for (User* user : op.users())
      if (auto* by = cast<Instruction>(user); in_body_.contains(by)) visit(by);
  }

  // Addresses and counters: every stage computes its own.
  bool of_the_tile_alone(Instruction& op) const {
    if (op.getType()->isVectorTy() || op.mayReadOrWriteMemory()) return false;
    bool alone = true;
    operands_in_body(op, [&](Instruction* from) { alone &= scalar_.contains(from); });
    return alone;
  }

  // Inputs are read and outputs written where the tile's number says, so that no order of them matters.
  bool is_movable(Instruction& op) const {
    if (isa<PHINode>(op)) return false;
    Value* address = getLoadStorePointerOperand(&op);
    if (!address) return !op.mayReadOrWriteMemory() && !op.mayHaveSideEffects();
    auto* from = dyn_cast<Instruction>(address);
    return !op.isVolatile() && !op.isAtomic() && (!from || !in_body_.contains(from) || scalar_.contains(from)) &&
           !isa<AllocaInst>(getUnderlyingObject(address));
  }

  int longest_chain() const {
    DenseMap<Instruction*, int> chain;
    int longest = 0;
    for (Instruction* op : llvm::reverse(ops_)) {
      int behind = 0;
      users_in_body(*op, [&](Instruction* by) { behind = std::max(behind, chain[by]); });
      longest = std::max(longest, chain[op] = behind + latency_of(*op));
    }
    return longest;
  }

  // Parts share nothing but scalars, as slots do that draw from different blocks. If all ended together, all would want
  // registers at once where a tile is widest. What no vector is stored of, a note on the tile, is of no part.
  void find_parts() {
    EquivalenceClasses<Instruction*> joined;
    for (Instruction* op : llvm::reverse(ops_)) {
      auto* store = dyn_cast<StoreInst>(op);
      bool stored = store && store->getValueOperand()->getType()->isVectorTy();
      users_in_body(*op, [&](Instruction* by) { stored |= !noted_.contains(by); });
      if (!stored) {
        noted_.insert(op);
        continue;
      }
      joined.insert(op);
      operands_in_body(*op, [&](Instruction* from) {
        if (!scalar_.contains(from)) joined.unionSets(op, from);
      });
    }
    DenseMap<Instruction*, int> number;
    for (Instruction* op : ops_)
      if (isa<StoreInst>(op) && !noted_.contains(op)) number.try_emplace(joined.getLeaderValue(op), int(number.size()));
    for (Instruction* op : ops_)
      if (!noted_.contains(op)) part_[op] = number.lookup(joined.getLeaderValue(op));
    parts_ = std::max(1, int(number.size()));
  }

  // ---- when operations begin --------------------------------------------------------------------

  // Cycles are counted from the end of a tile, which is 0. Returns the number of stages.
  int schedule() {
    start_.clear();
    begun_.assign(size_t(interval_), 0);
    last_ = 0;
    for (Instruction* op : llvm::reverse(ops_)) {
      if (noted_.contains(op)) continue;
      int at = -part_.lookup(op) * interval_ / parts_;
      users_in_body(*op, [&](Instruction* by) {
        if (!noted_.contains(by)) at = std::min(at, start_.lookup(by) - latency_of(*op));
      });
      begin(op, at, -1);
    }
    // Notes as early as they can, so that what they are made of need not wait for them.
    for (Instruction* op : ops_) {
      if (!noted_.contains(op)) continue;
      int at = -last_ * interval_;
      operands_in_body(*op, [&](Instruction* from) {
        if (!scalar_.contains(from)) at = std::max(at, start_.lookup(from) + latency_of(*from));
      });
      begin(op, std::min(at, 0), 1);
    }
    return last_ + 1;
  }

  // At that cycle, or from there in steps at the first that has room, or at the end.
  void begin(Instruction* op, int at, int step) {
    auto begun = [&]() -> int& { return begun_[size_t(-at % interval_)]; };
    if (!is_free(*op)) {
      while (begun() >= width && at + step <= 0) at += step;
      ++begun();
    }
    start_[op] = at;
    last_ = std::max(last_, stage(op));
  }

  // Tiles ahead of the one that the trip ends.
  int stage(Instruction* op) const { return -start_.lookup(op) / interval_; }

  // Cycles that values wait for their last use: of `interval` times as many, one is alive at every time.
  int64_t alive() const {
    int64_t cycles = 0;
    for (Instruction* op : ops_) {
      int last = start_.lookup(op);
      users_in_body(*op, [&](Instruction* by) { last = std::max(last, start_.lookup(by)); });
      cycles += last - start_.lookup(op);
    }
    return cycles;
  }

  // ---- the new body -----------------------------------------------------------------------------

  void rewrite() {
    number_tiles();
    std::vector<Instruction*> order = ops_;
    llvm::stable_sort(order, [&](Instruction* a, Instruction* b) {
      return start_.lookup(a) + stage(a) * interval_ < start_.lookup(b) + stage(b) * interval_;
    });
    // Addresses first: between the others they would only be in the way.
    for (Instruction* op : order)
      operands_in_body(*op, [&](Instruction* from) {
        if (scalar_.contains(from)) made(from, stage(op));
      });
    for (Instruction* op : order) made(op, stage(op));
    for (size_t k = 0; k < carried_.size(); ++k) {  // A value may be carried by several trips.
      auto [phi, op, s] = carried_[k];
      phi->addIncoming(seen(op, s), loop_.first);
    }
    for (Instruction& op : llvm::make_early_inc_range(llvm::reverse(*loop_.first)))
      if (in_body_.contains(&op)) op.eraseFromParent();
  }

  // Trips begin as many before the first tile as there are stages ahead; there, and behind the last, a stage's tile is
  // the first or last.
  void number_tiles() {
    IRBuilder<> b(loop_.before->getTerminator());
    Type* type = loop_.tile->getType();
    auto number = [&](int n) { return ConstantInt::getSigned(type, n); };
    Value *from = loop_.from(), *ahead = b.CreateAdd(from, number(-last_));
    Value* start = b.CreateSelect(b.CreateICmpSGT(loop_.to(), from), ahead, from);
    Value* end = b.CreateSub(loop_.to(), number(1));
    loop_.tile->setIncomingValueForBlock(loop_.before, start);
    b_.emplace(loop_.first->getTerminator());
    for (int s = 0; s <= last_; ++s) {
      Value* at = b_->CreateAdd(loop_.tile, number(s));
      if (s < last_) at = b_->CreateBinaryIntrinsic(Intrinsic::smax, at, from);
      if (s > 0) at = b_->CreateBinaryIntrinsic(Intrinsic::smin, at, end);
      tiles_.push_back(at);
    }
  }

  // The operation for the tile of stage s.
  Value* made(Instruction* op, int s) {
    if (Value* copy = copies_.lookup({op, s})) return copy;
    Instruction* copy = op->clone();
    for (Use& use : copy->operands()) {
      auto* from = dyn_cast<Instruction>(use.get());
      if (from == loop_.tile)
        use.set(tiles_[size_t(s)]);
      else if (from && in_body_.contains(from))
        use.set(seen(from, s));
    }
    return copies_[{op, s}] = b_->Insert(copy);
  }

  // Its value for the tile of stage s, which an earlier trip may have made. What is part of its use is made beside it.
  Value* seen(Instruction* op, int s) {
    if (scalar_.contains(op) || is_free(*op) || stage(op) == s) return made(op, s);
    if (Value* copy = copies_.lookup({op, s})) return copy;
    auto* phi = PHINode::Create(op->getType(), 2, "", loop_.header->begin());
    phi->addIncoming(Constant::getNullValue(op->getType()), loop_.before);
    carried_.push_back({phi, op, s + 1});
    return copies_[{op, s}] = phi;
  }

  struct Carried {
    PHINode* phi;
    Instruction* op;
    int stage;  ///< Of the tile that the trip before saw it for.
  };

  TileLoop loop_;
  DenseSet<Instruction*> in_body_, scalar_, noted_;
  std::vector<Instruction*> ops_;  ///< But scalars.
  DenseMap<Instruction*, int> part_, start_;
  int parts_ = 1, interval_ = 1, last_ = 0;
  std::vector<int> begun_;  ///< By cycle of the trip.
  std::optional<IRBuilder<>> b_;
  std::vector<Value*> tiles_;  ///< By stage.
  DenseMap<std::pair<Instruction*, int>, Value*> copies_;
  std::vector<Carried> carried_;
};

}  // namespace

bool pipeline_tiles(Function& kernel, int registers) {
  auto loop = loop_over_tiles(kernel);
  return loop && loop->first == loop->last && Pipeline(*loop).run(registers);
}

}  // namespace catenary
