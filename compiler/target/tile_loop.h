// The loop over tiles of a kernel for a processor, in LLVM's IR.
#pragma once

#include <optional>

#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>

namespace catenary {

/// for (tile = from; tile < to; ++tile), after which the kernel returns.
struct TileLoop {
  llvm::BasicBlock *before, *header;
  llvm::BasicBlock *first, *last;  ///< Of the body: one and the same where it has no branches and loops.
  llvm::PHINode* tile;
  llvm::ICmpInst* goes_on;
  llvm::Instruction* next;

  llvm::Value* from() const { return tile->getIncomingValueForBlock(before); }
  llvm::Value* to() const { return goes_on->getOperand(1); }
};

/// Nothing where the kernel is no such loop: its sample part, points in chunks.
std::optional<TileLoop> loop_over_tiles(llvm::Function& kernel);

}  // namespace catenary
