// What the functions that a pipeline becomes on a processor have in common.
#pragma once

#include <string>

#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/compiler/passes/constant_tables.h>
#include <catenary/compiler/passes/widener.h>

namespace catenary {

/// Builds functions of a pipeline over the structs of runtime/abi.h, `lanes` side by side.
class KernelBuilder {
 protected:
  KernelBuilder(PipelineOp pipeline, int64_t lanes);

  /// Begins a function in front of the pipeline; returns its argument, a pointer.
  mlir::Value start_function(const std::string& name);
  mlir::Value field(mlir::Value args, size_t offset, mlir::Type type);
  mlir::Value wide(int64_t v);
  mlir::Value times(mlir::Value a, int64_t by);
  mlir::Value plus(mlir::Value a, mlir::Value b);
  mlir::Type vector_of(mlir::Type type);
  /// Makes `body` at every i = 0, step, 2 step, ... below count.
  void each(mlir::Value count, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// Takes look-ups in constant tables, and the tables themselves, which live outside the function.
  bool look_up(mlir::Operation& op, Widener& widener);

  PipelineOp pipeline_;
  int64_t lanes_, group_;
  mlir::Location loc_;
  mlir::OpBuilder b_;
  mlir::Type pointer_;

 private:
  ConstantTables tables_;
};

}  // namespace catenary
