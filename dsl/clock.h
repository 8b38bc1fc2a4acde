// Clocks: monotone changes of time.
#pragma once

#include <functional>

#include <catenary/dsl/expr.h>

namespace catenary {

/// Process time as a non-decreasing function of the joint's time, 0 at 0.
class Clock {
 public:
  /// Process time is the joint's time.
  Clock() : reading_([](Expr t) { return t; }) {}
  /// Any non-decreasing expression of t that is 0 at 0.
  explicit Clock(std::function<Expr(Expr)> reading) : reading_(std::move(reading)) {}
  /// Runs `rate` times as fast.
  static Clock linear(double rate);
  Expr operator()(Expr t) const { return reading_(std::move(t)); }

 private:
  std::function<Expr(Expr)> reading_;
};

}  // namespace catenary
