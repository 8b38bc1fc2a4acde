// From a joint process or a conversion to its module in the catenary dialect.
#pragma once

#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/OwningOpRef.h>

#include <catenary/dsl/conversion.h>
#include <catenary/dsl/laws.h>

namespace catenary {

/// What becomes of a question that a component does not answer.
enum class Unanswered {
  refused,   ///< Error
  left_out,  ///< no law, and no pipeline on the component's sites
};

/// The module of a joint for some questions: a process with its laws per component, and for every set of sites one
/// pipeline per question. The context must have the catenary, arith, math, scf and tensor dialects loaded. Throws
/// Error, naming joint, component and question, for a law that cannot be made.
mlir::OwningOpRef<mlir::ModuleOp> import_joint(mlir::MLIRContext& context, const Joint& joint,
                                               llvm::ArrayRef<Question> questions, Unanswered unanswered);

/// The module of a conversion: one process, whose estimates are what it takes, and one pipeline.
mlir::OwningOpRef<mlir::ModuleOp> import_conversion(mlir::MLIRContext& context, const Conversion& conversion);

}  // namespace catenary
