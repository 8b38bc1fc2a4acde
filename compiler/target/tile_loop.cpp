// Recognised by its shape, which passes/points_part gives it.
#include <catenary/compiler/target/tile_loop.h>

#include <llvm/IR/CFG.h>
#include <llvm/IR/PatternMatch.h>

namespace catenary {

using namespace llvm;
using namespace llvm::PatternMatch;

std::optional<TileLoop> loop_over_tiles(Function& kernel) {
  TileLoop loop{};
  loop.before = &kernel.getEntryBlock();
  loop.header = loop.before->getSingleSuccessor();
  loop.tile = loop.header ? dyn_cast<PHINode>(&loop.header->front()) : nullptr;
  auto* branch = loop.header ? dyn_cast<BranchInst>(loop.header->getTerminator()) : nullptr;
  if (!loop.tile || !branch || !branch->isConditional() || loop.header->size() != 3 ||
      !loop.header->hasNPredecessors(2))
    return {};
  loop.goes_on = dyn_cast<ICmpInst>(branch->getCondition());
  loop.first = branch->getSuccessor(0);
  for (BasicBlock* block : predecessors(loop.header))
    if (block != loop.before) loop.last = block;
  loop.next = dyn_cast<Instruction>(loop.tile->getIncomingValueForBlock(loop.last));
  if (!loop.goes_on || !match(loop.goes_on, m_SpecificICmp(CmpInst::ICMP_SLT, m_Specific(loop.tile), m_Value())) ||
      loop.first->getSinglePredecessor() != loop.header || loop.last->getSingleSuccessor() != loop.header ||
      !loop.next || !match(loop.next, m_Add(m_Specific(loop.tile), m_One())))
    return {};
  return loop;
}

}  // namespace catenary
