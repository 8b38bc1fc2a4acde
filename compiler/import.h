// From a joint process to its module in the catenary dialect.
#pragma once

#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/OwningOpRef.h>

#include <catenary/dsl/laws.h>

namespace catenary {

/// The module of a joint for some questions: a process with its laws per component, and for every set of sites one
/// pipeline per question. The context must have the catenary, arith, math, scf and tensor dialects loaded. Throws
/// Error, naming joint, component and question, for a law that cannot be made.
mlir::OwningOpRef<mlir::ModuleOp> import_joint(mlir::MLIRContext& context, const Joint& joint,
                                               llvm::ArrayRef<Question> questions);

}  // namespace catenary
