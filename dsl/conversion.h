// Conversions: from one way of storing points to another.
#pragma once

#include <functional>
#include <string>

#include <catenary/dsl/expr.h>

namespace catenary {

/// What values at a point are called, and how they are stored.
struct Stored {
  std::string name;  ///< "rotation_matrices"
  Shape shape;
  Type type = Type::f32;
};

/// A function of one point, compiled to a kernel over all points of a batch.
class Conversion {
 public:
  /// `name`: letters, digits and underscores, not starting with a digit. `function` gives, of a value stored as `from`
  /// says, another, called `to`; it is called once, here. Throws Error, naming the conversion, for what it may not give
  /// (booleans, more axes than 4), for draws, and for parameters other than its argument.
  Conversion(std::string name, Stored from, std::string to, const std::function<Expr(Expr)>& function);

  const std::string& name() const { return name_; }
  const Stored& from() const { return from_; }
  const Stored& to() const { return to_; }
  /// The parameter "source" that stands for what is converted, and what it becomes.
  const Expr& source() const { return source_; }
  const Expr& result() const { return result_; }

 private:
  std::string name_;
  Stored from_, to_;
  Expr source_, result_;
};

}  // namespace catenary
