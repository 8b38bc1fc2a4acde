// Moving a tile of points between memory and lanes: lane l holds the run of L elements that starts at element l * L.
#pragma once

#include <mlir/IR/Builders.h>
#include <mlir/IR/Value.h>

namespace catenary {

/// An address `bytes` behind `base` (an !llvm.ptr); the offset may be computed.
mlir::Value address(mlir::OpBuilder& b, mlir::Location loc, mlir::Value base, int64_t bytes);
mlir::Value address(mlir::OpBuilder& b, mlir::Location loc, mlir::Value base, mlir::Value bytes);

mlir::Value load(mlir::OpBuilder& b, mlir::Location loc, mlir::Type type, mlir::Value address);
void store(mlir::OpBuilder& b, mlir::Location loc, mlir::Value value, mlir::Value address);

/// Coefficients, numbers or vectors, travel as floats: words by their bits, flags as 0 and 1.
mlir::Value packed(mlir::OpBuilder& b, mlir::Location loc, mlir::Value coefficient);
mlir::Value unpacked(mlir::OpBuilder& b, mlir::Location loc, mlir::Value floats, mlir::Type element);

/// The `run` vectors of `lanes` elements whose lane l, in vector j, is element l * run + j at `base`.
llvm::SmallVector<mlir::Value> load_runs(mlir::OpBuilder& b, mlir::Location loc, mlir::Value base, mlir::Type element,
                                         int64_t run, int64_t lanes);
/// The same of runs that begin at `starts`, one for each lane.
llvm::SmallVector<mlir::Value> load_runs(mlir::OpBuilder& b, mlir::Location loc, llvm::ArrayRef<mlir::Value> starts,
                                         mlir::Type element, int64_t run);
/// The inverses of load_runs.
void store_runs(mlir::OpBuilder& b, mlir::Location loc, mlir::Value base, llvm::ArrayRef<mlir::Value> vectors);
void store_runs(mlir::OpBuilder& b, mlir::Location loc, llvm::ArrayRef<mlir::Value> starts,
                llvm::ArrayRef<mlir::Value> vectors);

/// Lane l is the element at index `indices[l]` (i32) from `base`.
mlir::Value gather(mlir::OpBuilder& b, mlir::Location loc, mlir::Value base, mlir::Type element, mlir::Value indices);

}  // namespace catenary
