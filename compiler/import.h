// From a joint process to its module in the catenary dialect.
#pragma once

#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/OwningOpRef.h>

#include <catenary/dsl/laws.h>

namespace catenary {

/// The module of a joint: a process with its laws per component, and for every set of sites one pipeline per question.
/// The context must have the catenary, arith, math, scf and tensor dialects loaded.
mlir::OwningOpRef<mlir::ModuleOp> import_joint(mlir::MLIRContext& context, const Joint& joint);

}  // namespace catenary
