// The CPU target: a module in the LLVM dialect becomes object code.
#pragma once

#include <string>

#include <llvm/ADT/SmallVector.h>
#include <mlir/IR/BuiltinOps.h>

#include <catenary/compiler/compile.h>

namespace catenary {

/// Throws Error where this machine lacks what code for `target` may use.
void check_runs_here(const Target& target);

/// What code for `target` may use and other processors may lack: `needs` of catenary_module.
std::string needs_of(const Target& target);

/// Object bytes for a target. Stages go to `dump` as in run_passes. Throws Error for a processor LLVM does not know or
/// one without fma, Bug if code cannot be made.
llvm::SmallVector<char, 0> emit_object(mlir::ModuleOp module, const Target& target, const std::string& dump,
                                       int& stage);

}  // namespace catenary
