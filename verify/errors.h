// Errors at single points, each with what is allowed there.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <catenary/verify/geometry.h>

namespace catenary::verifying {

/// The worst of many errors, each with the tolerance that it has at its place.
class Errors {
 public:
  /// `sentence` tells the case; it is asked for if the case is the worst so far and out of tolerance. Any thread.
  void offer(double error, double tolerance, const std::function<std::string()>& sentence);
  Check check(std::string name, std::string compared, std::string advice) const;
  bool any() const { return n_ > 0; }

 private:
  std::mutex mutex_;
  int64_t n_ = 0;
  double share_ = 0;
  std::string sentence_;
};

using Inputs = std::vector<Vector>;

/// How far a stable formula in f32 may be from `exact` = f(inputs): as far as f moves when the inputs are off by some
/// roundings, and some roundings of the result (the mixed forward-backward error of Higham: "Accuracy and stability of
/// numerical algorithms", 2002, section 1.5). Vectors below 1e-18, whose squares underflow, count as that.
double f32_tolerance(const std::function<Vector(const Inputs&)>& f, const Inputs& inputs, const Vector& exact);

/// How far a score may be besides, as log densities may: a logarithm off by a rounding is a density off by one.
inline constexpr double log_tolerance = 0x1p-18;

/// Whether f32 holds all of these numbers, with room for what is on the way to them.
bool f32_holds(const Vector& x);

}  // namespace catenary::verifying
