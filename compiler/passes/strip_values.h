// The numbers of a point that lie in one strip, made where a loop over strips stands.
#pragma once

#include <array>
#include <optional>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/IR/Builders.h>

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

/// Points of up to so many numbers are written out: they need no second loop.
inline constexpr int64_t most_written_out = 32;

inline bool is_long_type(mlir::Type type) { return size_of(type) > most_written_out; }
inline bool is_long(mlir::Value v) { return is_long_type(v.getType()); }
/// Whether all numbers of a constant are the same; and that number.
bool is_splat(mlir::Value v);
mlir::Value splat_of(mlir::OpBuilder& b, mlir::Value constant);
/// An i32.
mlir::Value word(mlir::OpBuilder& b, mlir::Location loc, int64_t v);
/// What `body` makes on `trips` trips, given the number of the trip (i32), of what is carried.
llvm::SmallVector<mlir::Value> on_trips(
    mlir::OpBuilder& b, mlir::Location loc, int64_t trips, mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::OpBuilder&, mlir::Value, mlir::ValueRange)> body);
/// A number of a tensor; a number itself.
mlir::Value element_of(mlir::OpBuilder& b, mlir::Location loc, mlir::Value v, llvm::ArrayRef<int64_t> at);

/// What a matrix product is made of: [rows, inner] by [inner, columns].
struct ProductShape {
  int64_t rows, inner, columns;
};
ProductShape shape_of(MatMulOp op);

/// Whether each of the numbers that an operation gives is made of few others, so that a strip of them can be.
bool is_made_in_strips(mlir::Operation& op);
/// Whether a product takes all numbers of its right side for each of its own.
bool takes_all(MatMulOp op);

/// Some of the numbers of every long value, from an index on.
struct Strip {
  Strip(mlir::Value at, int64_t numbers) : index(at), size(numbers) {}
  mlir::Value index;  ///< of its first number, an i32
  int64_t size;
  std::optional<int64_t> first;  ///< where it is known
  bool alone = false;            ///< no other is gone through, so that nothing is kept
  llvm::DenseMap<mlir::Value, mlir::Value> made;
};

class StripValues {
 public:
  /// `body` is the pipeline's.
  explicit StripValues(mlir::Block& body) : body_(body) {}

  /// The loop that makes `v` is to keep it in an array; or has, as a number of its own.
  int64_t keep(mlir::Value v) { return kept_[v] = arrays_++; }
  void is_kept(mlir::Value v, int64_t array) { kept_[v] = array, whole_.insert(v); }
  bool is_to_be_kept(mlir::Value v) const { return kept_.contains(v) && !whole_.contains(v); }
  /// An array for what a loop carries.
  int64_t new_array() { return arrays_++; }

  /// Puts a strip's numbers into an array of `numbers`.
  static void put(mlir::OpBuilder& b, mlir::Location loc, mlir::Value made, int64_t array, int64_t numbers,
                  const Strip& strip);

  /// Those of the numbers of `v` that are in the strip, made at `b`; all of a short `v`.
  mlir::Value of(mlir::OpBuilder& b, mlir::Value v, Strip& strip);

  /// A constant's numbers by rows or by columns, as a vector.
  mlir::Value table(mlir::Value constant, bool by_columns);
  /// `count` of its numbers, from an index on.
  mlir::Value run(mlir::OpBuilder& b, mlir::Location loc, mlir::Value table, mlir::Value index, int64_t count);

  /// From here on what was kept is taken from its array.
  void end_loop();

 private:
  mlir::Value make(mlir::OpBuilder& b, mlir::Value v, Strip& strip);
  mlir::Value constant_in(mlir::OpBuilder& b, mlir::arith::ConstantOp constant, Strip& strip);
  mlir::Value product_in(mlir::OpBuilder& b, MatMulOp op, Strip& strip);

  mlir::Block& body_;
  llvm::DenseMap<mlir::Value, int64_t> kept_;
  int64_t arrays_ = 0;
  llvm::DenseSet<mlir::Value> begun_, whole_;  // Kept by the loop that is being made, and by those before.
  std::array<llvm::DenseMap<mlir::Value, mlir::Value>, 2> tables_;  // By rows, by columns.
};

}  // namespace catenary
