// A trace (Fisher, 1981) of a tile through its branches, with the whole tile in place of fix-up code.
#include <catenary/compiler/target/straight_tiles.h>

#include <cstddef>
#include <string>

#include <fmt/format.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/AsmParser/Parser.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>

#include <catenary/compiler/target/tile_loop.h>
#include <catenary/runtime/abi.h>
#include <catenary/support/error.h>

namespace catenary {

namespace {

using namespace llvm;

// Tiles that the copy goes through before one looks what is noted: few at first, so that where all are noted, little
// was in vain; so many in the end that it does not matter what a call costs.
constexpr int fewest = 4, growth = 4, most = 128;

// A copy that goes from tile `from` to tile `to`: a kernel's argument, these two, and others.
Function* copy_of(Function& kernel, StringRef suffix, ArrayRef<Type*> others = {}) {
  Type* number = Type::getInt64Ty(kernel.getContext());
  SmallVector<Type*> types = {kernel.getArg(0)->getType(), number, number};
  append_range(types, others);
  auto* made = Function::Create(FunctionType::get(kernel.getReturnType(), types, false), Function::InternalLinkage,
                                kernel.getName() + suffix, kernel.getParent());
  ValueToValueMapTy values;
  values[kernel.getArg(0)] = made->getArg(0);
  SmallVector<ReturnInst*> returns;
  CloneFunctionInto(made, &kernel, values, CloneFunctionChangeType::LocalChangesOnly, returns);
  made->setVisibility(GlobalValue::DefaultVisibility);
  made->setDSOLocal(true);
  const TileLoop loop = *loop_over_tiles(*made);
  loop.tile->setIncomingValueForBlock(loop.before, made->getArg(1));
  loop.goes_on->setOperand(1, made->getArg(2));
  return made;
}

// From the body's first block to its last, past every branch. Nothing where there is no such way, or a loop on it.
SmallVector<BasicBlock*> way_past_branches(const TileLoop& loop) {
  Function& f = *loop.header->getParent();
  DominatorTree before(f);
  PostDominatorTree after(f);
  SmallVector<BasicBlock*> way;
  for (BasicBlock* block = loop.first; block != loop.header;) {
    auto* branch = dyn_cast<BranchInst>(block->getTerminator());
    auto begins_loop = [&](BasicBlock* from) { return before.dominates(block, from); };
    if (!branch || any_of(predecessors(block), begins_loop)) return {};
    way.push_back(block);
    auto next = find_if(branch->successors(), [&](BasicBlock* to) { return after.dominates(to, block); });
    if (next == branch->successors().end()) return {};
    block = *next;
  }
  return way;
}

// Makes one block of them. Returns whether a branch would have been entered.
Value* join(TileLoop& loop, ArrayRef<BasicBlock*> way) {
  IRBuilder<> b(loop.last->getTerminator());
  Value* entered = b.getFalse();
  for (auto [from, to] : zip(way, way.drop_front())) {
    for (PHINode& phi : make_early_inc_range(to->phis())) {
      phi.replaceAllUsesWith(phi.getIncomingValueForBlock(from));
      phi.eraseFromParent();
    }
    if (auto* branch = cast<BranchInst>(from->getTerminator()); branch->isConditional()) {
      Value* condition = branch->getCondition();
      entered = b.CreateOr(entered, branch->getSuccessor(0) == to ? b.CreateNot(condition) : condition);
    }
    from->getTerminator()->eraseFromParent();
  }
  loop.last->replaceSuccessorsPhiUsesWith(loop.first);
  for (BasicBlock* block : way.drop_front()) loop.first->splice(loop.first->end(), block);
  loop.last = loop.first;
  return entered;
}

// Makes tiles straight, and stores a byte for each where the function's last argument says: 1 if it is to be gone
// through once more.
bool straighten(Function& copy) {
  TileLoop loop = *loop_over_tiles(copy);
  const SmallVector<BasicBlock*> way = way_past_branches(loop);
  if (way.size() < 2) return false;
  Value* entered = join(loop, way);
  IRBuilder<> b(loop.first->getTerminator());
  Value* place = b.CreateGEP(b.getInt8Ty(), copy.getArg(3), b.CreateSub(loop.tile, copy.getArg(1)));
  b.CreateStore(b.CreateZExt(entered, b.getInt8Ty()), place);
  EliminateUnreachableBlocks(copy);
  for (Instruction& op : make_early_inc_range(reverse(*loop.first)))
    if (isInstructionTriviallyDead(&op)) op.eraseFromParent();
  return true;
}

// The kernel of this name. Goes through a stretch of tiles with the copy, and counts what it notes. Tiles that are
// noted are gone through once more: one by one where they are few; else all of the stretch, and with them a pause of
// tiles that the copy is not tried for, twice as long each time that this happens again at once. In a call of few tiles
// the copy, which takes a trip more, has nothing to win.
void add_choice(Module& module, const std::string& kernel, const Function& straight, const Function& whole) {
  Intrinsic::getOrInsertDeclaration(&module, Intrinsic::smin, Type::getInt64Ty(module.getContext()));
  const std::string text = fmt::format(
      R"(
define void @"{kernel}"(ptr %args) {{
start:
  %tiles.at = getelementptr i8, ptr %args, i64 {tiles}
  %tiles = load i64, ptr %tiles.at
  %notes = alloca [{most} x i8]
  %few = icmp sle i64 %tiles, {fewest}
  br i1 %few, label %all, label %stretch

all:
  call void @"{whole}"(ptr %args, i64 0, i64 %tiles)
  ret void

stretch:
  %from = phi i64 [ 0, %start ], [ %to, %through ], [ %end, %often ]
  %length = phi i64 [ {fewest}, %start ], [ %longer, %through ], [ {fewest}, %often ]
  %pause = phi i64 [ {most}, %start ], [ {most}, %through ], [ %twice, %often ]
  %more = icmp slt i64 %from, %tiles
  br i1 %more, label %try, label %done

try:
  %length.end = add i64 %from, %length
  %to = call i64 @llvm.smin.i64(i64 %length.end, i64 %tiles)
  call void @"{straight}"(ptr %args, i64 %from, i64 %to, ptr %notes)
  br label %count

count:
  %counted = phi i64 [ %from, %try ], [ %counted.next, %counting ]
  %noted = phi i64 [ 0, %try ], [ %noted.next, %counting ]
  %uncounted = icmp slt i64 %counted, %to
  br i1 %uncounted, label %counting, label %judge

counting:
  %counted.place = sub i64 %counted, %from
  %counted.at = getelementptr i8, ptr %notes, i64 %counted.place
  %counted.note = load i8, ptr %counted.at
  %one = zext i8 %counted.note to i64
  %noted.next = add i64 %noted, %one
  %counted.next = add i64 %counted, 1
  br label %count

judge:
  %fourfold = shl i64 %noted, 2
  %gone = sub i64 %to, %from
  %many = icmp sge i64 %fourfold, %gone
  br i1 %many, label %often, label %seldom

often:
  %pause.end = add i64 %to, %pause
  %end = call i64 @llvm.smin.i64(i64 %pause.end, i64 %tiles)
  call void @"{whole}"(ptr %args, i64 %from, i64 %end)
  %twice = shl i64 %pause, 1
  br label %stretch

seldom:
  %tile = phi i64 [ %from, %judge ], [ %next, %repeated ]
  %left = phi i64 [ %noted, %judge ], [ %left.next, %repeated ]
  %any = icmp ne i64 %left, 0
  br i1 %any, label %look, label %through

look:
  %place = sub i64 %tile, %from
  %at = getelementptr i8, ptr %notes, i64 %place
  %note = load i8, ptr %at
  %next = add i64 %tile, 1
  %again = icmp ne i8 %note, 0
  br i1 %again, label %repeat, label %repeated

repeat:
  call void @"{whole}"(ptr %args, i64 %tile, i64 %next)
  br label %repeated

repeated:
  %was = zext i8 %note to i64
  %left.next = sub i64 %left, %was
  br label %seldom

through:
  %grown = mul i64 %length, {growth}
  %longer = call i64 @llvm.smin.i64(i64 %grown, i64 {most})
  br label %stretch

done:
  ret void
}}
)",
      fmt::arg("kernel", kernel), fmt::arg("straight", straight.getName().str()),
      fmt::arg("whole", whole.getName().str()), fmt::arg("tiles", offsetof(catenary_tile_args, tiles)),
      fmt::arg("fewest", fewest), fmt::arg("growth", growth), fmt::arg("most", most));
  SMDiagnostic problem;
  if (parseAssemblyInto(MemoryBufferRef(text, "choice"), &module, nullptr, problem))
    throw Bug("the loop that chooses how tiles are gone through is no LLVM: " + problem.getMessage().str());
}

}  // namespace

bool straighten_tiles(Function& kernel, function_ref<bool(Function&)> improve) {
  if (!loop_over_tiles(kernel)) return false;
  Function* straight = copy_of(kernel, ".straight", PointerType::getUnqual(kernel.getContext()));
  if (!straighten(*straight) || !improve(*straight)) {
    straight->eraseFromParent();
    return false;
  }
  const Function* whole = copy_of(kernel, ".whole");
  const std::string name = kernel.getName().str();
  kernel.setName("");
  add_choice(*kernel.getParent(), name, *straight, *whole);
  kernel.getParent()->getFunction(name)->copyAttributesFrom(&kernel);
  kernel.eraseFromParent();
  return true;
}

}  // namespace catenary
