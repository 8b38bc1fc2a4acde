// Constant tensors that are looked into at computed indices: they live in memory, outside the function.
#pragma once

#include <map>
#include <string>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/IR/BuiltinOps.h>

namespace catenary {

class ConstantTables {
 public:
  /// Tables are called `prefix`_table0, `prefix`_table1, ..., and lie in LLVM's address space `space`.
  ConstantTables(mlir::ModuleOp module, std::string prefix, unsigned space = 0)
      : module_(module), prefix_(std::move(prefix)), space_(space) {}

  /// The address (an !llvm.ptr) of a table, which is added to the module when it is first asked for.
  mlir::Value address(mlir::OpBuilder& b, mlir::arith::ConstantOp table);

 private:
  mlir::ModuleOp module_;
  std::string prefix_;
  unsigned space_;
  std::map<mlir::Operation*, std::string> names_;
};

}  // namespace catenary
