// Arithmetic of the generated program written as formulas, the same for a number and for a vector of lanes.
#pragma once

#include <initializer_list>
#include <optional>

#include <mlir/IR/Builders.h>
#include <mlir/IR/Value.h>

namespace catenary {

/// A number of type f32, f64, i1, i32 or i64, or a vector of such numbers, together with where the next operation goes.
///
/// Each operator emits one operation of the arith or math dialect, chosen by the element type, without fast-math flags:
/// what is written is what is computed, to the bit. Where one operand is a number and the other a vector, the number is
/// broadcast, so what is common to all lanes is computed once.
class Lane {
 public:
  Lane(mlir::OpBuilder& builder, mlir::Location loc, mlir::Value value)
      : builder_(&builder), loc_(loc), value_(value) {}

  mlir::Value value() const { return value_; }

  /// The constant of this value's type. Integers are taken modulo 2^width.
  Lane constant(double number) const;

  Lane to_f64() const;    ///< f32 -> f64.
  Lane to_f32() const;    ///< f64 -> f32, to nearest; i32 (signed) -> f32, to nearest.
  Lane to_i64() const;    ///< i32 (unsigned) -> i64.
  Lane low_word() const;  ///< i64 -> i32, modulo 2^32.
  Lane bits() const;      ///< The bits of an f32 as i32, of an f64 as i64.
  Lane as_f32() const;    ///< The f32 of these 32 bits.

  /// The result of an operation created here.
  template <class Op, class... Arguments>
  Lane emit(Arguments... arguments) const {
    return {*builder_, loc_, Op::create(*builder_, loc_, arguments...)};
  }

 private:
  mlir::OpBuilder* builder_;
  mlir::Location loc_;
  mlir::Value value_;
};

/// The second operand of an operator: a value, or a constant of the first operand's type.
class Term {
 public:
  Term(Lane lane) : lane_(lane) {}
  Term(double number) : number_(number) {}

  Lane like(const Lane& first) const { return lane_ ? *lane_ : first.constant(number_); }

 private:
  std::optional<Lane> lane_;
  double number_ = 0;
};

Lane operator+(Lane a, Term b);
Lane operator-(Lane a, Term b);
Lane operator-(double a, Lane b);
Lane operator-(Lane a);  ///< A float with the other sign.
Lane operator*(Lane a, Term b);
Lane operator/(Lane a, Term b);
Lane operator&(Lane a, Term b);
Lane operator|(Lane a, Term b);
Lane operator^(Lane a, Term b);
Lane operator<<(Lane a, int bits);
Lane shift_right_unsigned(Lane a, int bits);
Lane shift_right_signed(Lane a, int bits);

/// Comparisons of floats are false where an operand is NaN; those of integers are signed.
Lane operator<(Lane a, Term b);
Lane operator>(Lane a, Term b);
Lane equal(Lane a, Term b);

/// a where the flag holds, else b.
Lane select(Lane flag, Lane a, Term b);

/// a * b + c, rounded once.
Lane fma(Lane a, Term b, Term c);

Lane abs(Lane a);
Lane sqrt(Lane a);

/// 0, stride, 2 stride, ...: a vector of `count` integers.
mlir::Value numbers(mlir::OpBuilder& b, mlir::Location loc, mlir::Type integer, int64_t count, int64_t stride = 1);

/// c[0] + c[1] x + c[2] x^2 + ..., by Horner's rule, each step one fma.
Lane polynomial(Lane x, std::initializer_list<double> c);

}  // namespace catenary
