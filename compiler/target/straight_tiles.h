// Tiles at which no point wants what stands in a branch, as code without branches.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Function.h>

namespace catenary {

/// Of a kernel for a processor whose tiles branch, makes a copy that goes past every branch, and notes of each tile
/// whether it wanted to enter one. The kernel becomes a loop that goes through tiles with this copy, and through those
/// that are noted once more as they were; where many are, the copy is tried seldom. `improve` is given the copy; where
/// it returns false, the kernel stays as it is, as it does where its tiles have loops or alternatives that none of
/// goes past. Returns whether the kernel was replaced: `kernel` is gone then. Values keep their bits. Outputs must not
/// overlap inputs.
bool straighten_tiles(llvm::Function& kernel, llvm::function_ref<bool(llvm::Function&)> improve);

}  // namespace catenary
