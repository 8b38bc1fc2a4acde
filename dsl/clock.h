// Clocks: monotone changes of time.
#pragma once

#include <functional>

#include <catenary/dsl/expr.h>

namespace catenary {

/// Process time as a non-decreasing function of the joint's time, 0 at 0. Joint::add checks both over the joint's
/// horizon.
///
/// The named ones but identity and linear go from 0 at 0 to 1 at 1 and stay there; `then` puts them in other units:
/// Clock::linear(1 / T).then(Clock::cosine()).then(Clock::linear(R)) goes from 0 to R in the time T. What they read is
/// accurate to rounding, also near 0; where it is an exponential or a power other than a whole one up to 8, to rounding
/// times the exponent of e in it.
class Clock {
 public:
  /// Process time is the joint's time.
  Clock() = default;
  /// Any non-decreasing expression of t that is 0 at 0.
  explicit Clock(std::function<Expr(Expr)> reading) : reading_(std::move(reading)) {}
  /// The same with its inverse in closed form.
  Clock(std::function<Expr(Expr)> reading, std::function<Expr(Expr)> inverse)
      : reading_(std::move(reading)), inverse_(std::move(inverse)) {}

  static Clock identity() { return {}; }
  /// Runs `rate` times as fast.
  static Clock linear(double rate);
  /// t^exponent, exponent above 0.
  static Clock power(double exponent);
  /// (1 - cos(pi t)) / 2: slow at both ends.
  static Clock cosine();
  /// (e^{growth t} - 1) / (e^{growth} - 1), the sum of a geometric series: slow at first where growth is above 0, fast
  /// where it is below. -80 <= growth <= 80, not 0.
  static Clock exponential(double growth);
  /// The logistic function of steepness (t - 1/2), moved and scaled so that it is 0 at 0 and 1 at 1. 0 < steepness
  /// <= 80.
  static Clock sigmoid(double steepness);
  /// 1 - (1 - t)^2: fast at first.
  static Clock easing();

  /// What it reads at time t.
  Expr operator()(Expr t) const { return reading_ ? reading_(std::move(t)) : t; }
  /// How fast it runs at time t, by gradient().
  Expr derivative(Expr t) const;
  /// The first time in [0, horizon] at which it reads `reading` or more; the horizon if there is none. In closed form
  /// where that was given, else by bisection down to neighbouring floats.
  Expr inverse(Expr reading, double horizon) const;
  /// The clock that reads `next` at what this one reads.
  Clock then(const Clock& next) const;
  bool is_identity() const { return !reading_; }

 private:
  std::function<Expr(Expr)> reading_, inverse_;
};

}  // namespace catenary
