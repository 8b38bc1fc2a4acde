// Copying a block so that each of its operations works on a vector of lanes.
#pragma once

#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/IR/IRMapping.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

/// Whether a flag of any lane is set; and in how many lanes one is, i64.
mlir::Value any_of(mlir::OpBuilder& b, mlir::Location loc, llvm::ArrayRef<mlir::Value> flags);
mlir::Value count_of(mlir::OpBuilder& b, mlir::Location loc, mlir::Value flags);

/// Copies blocks, widening what varies between lanes to vectors of `lanes`.
class Widener {
 public:
  Widener(mlir::OpBuilder& b, int64_t lanes) : b_(b), lanes_(lanes) {}

  /// Finds what varies in a block, before it is copied: what depends on a root (see find_varying).
  void vary_from(mlir::Block& block, llvm::function_ref<bool(mlir::Operation*)> is_root);

  bool varies(mlir::Value v) const { return varying_.contains(v); }

  void map(mlir::Value old, mlir::Value made) { map_.map(old, made); }
  mlir::Value lookup(mlir::Value v) { return map_.lookupOrDefault(v); }

  bool knows(mlir::Value v) const { return map_.contains(v); }

  /// The copy of v, broadcast where all lanes share it.
  mlir::Value widened(mlir::Value v);

  /// Copies the operations of a block at the builder, up to its terminator; `special` may take some of them.
  void copy(mlir::Block& from, llvm::function_ref<bool(mlir::Operation&)> special);
  void copy(mlir::Operation& op, llvm::function_ref<bool(mlir::Operation&)> special);

 private:
  mlir::Type wide(mlir::Type type) { return mlir::VectorType::get({lanes_}, type); }
  void copy_plain(mlir::Operation& op);
  void copy_any(AnyOp any);
  /// `values`, each as wide as the argument it flows into.
  mlir::SmallVector<mlir::Value> as(mlir::ValueRange values, mlir::ValueRange args);
  void copy_for(mlir::scf::ForOp fold, llvm::function_ref<bool(mlir::Operation&)> special);
  void copy_while(mlir::scf::WhileOp loop, llvm::function_ref<bool(mlir::Operation&)> special);
  void copy_if(mlir::scf::IfOp branch, llvm::function_ref<bool(mlir::Operation&)> special);

  mlir::OpBuilder& b_;
  int64_t lanes_;
  llvm::DenseSet<mlir::Value> varying_;
  mlir::IRMapping map_;
};

}  // namespace catenary
