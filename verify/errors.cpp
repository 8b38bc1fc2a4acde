// The worst of many; and inputs moved by roundings of either sign.
#include <catenary/verify/errors.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <catenary/support/philox.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity(), rounding = 0x1p-24, smallest = 1e-18;
// Of the inputs: moved by about `moved` roundings, which stand for `backward`. Of the result: `forward`.
constexpr double moved = 4, backward = 128, forward = 64;
constexpr int trials = 6;

}  // namespace

void Errors::offer(double error, double tolerance, const std::function<std::string()>& sentence) {
  std::lock_guard lock(mutex_);
  ++n_;
  double share = std::isfinite(error) && std::isfinite(tolerance) ? error / tolerance : infinity;
  if (n_ > 1 && share <= share_) return;
  share_ = share;
  if (share > 1) sentence_ = sentence();
}

Check Errors::check(std::string name, std::string compared, std::string advice) const {
  Check c;
  c.name = std::move(name);
  c.compared = std::move(compared);
  c.n = n_;
  c.statistic_name = "error/tol";
  c.statistic = share_;
  c.threshold = 1;
  if (share_ > 1) {
    c.verdict = Verdict::fail;
    c.worst = sentence_;
    c.advice = std::move(advice);
  }
  return c;
}

double f32_tolerance(const std::function<Vector(const Inputs&)>& f, const Inputs& inputs, const Vector& exact) {
  double farthest = 0;
  uint64_t word = 0;
  for (int trial = 0; trial < trials; ++trial) {
    Inputs off = inputs;
    for (Vector& input : off) {
      // No less than the usual number of its vector: a rounding turns vectors.
      const double usual = std::max(norm(input) / std::sqrt(double(input.size())), smallest);
      for (double& x : input) {
        double by = (double(stream_value(7, 0, 0, 0, word++)) - 0x1p31) * 0x1p-31;
        x += (by + std::copysign(0.5, by)) * moved * rounding * std::max(std::abs(x), usual);
      }
    }
    double away = norm(combine(1, f(off), -1, exact));
    farthest = std::max(farthest, std::isfinite(away) ? away : 0);
  }
  return backward / moved * farthest + forward * rounding * std::max(norm(exact), smallest);
}

bool f32_holds(const Vector& x) {
  return std::ranges::all_of(x, [](double e) { return std::abs(e) <= 1e35; });
}

}  // namespace catenary::verifying
