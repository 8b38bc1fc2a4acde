// Which values differ from point to point: what group-points must copy and vectorize-lanes must widen.
#pragma once

#include <llvm/ADT/DenseSet.h>
#include <mlir/IR/Block.h>

namespace catenary {

/// The values in `block` and the loops in it that depend on a root: a result of an operation for which `is_root` holds.
/// Values that loops carry vary if they ever do. A value that `catenary.any` gives never varies.
llvm::DenseSet<mlir::Value> find_varying(mlir::Block& block, llvm::function_ref<bool(mlir::Operation*)> is_root);

}  // namespace catenary
