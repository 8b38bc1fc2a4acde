// The oracle: a model that knows the data, and draws x_0 from its exact posterior given x_t.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <catenary/runtime/sampler.h>

#include "places.h"

namespace cities {

/// The heat kernel on the sphere at variance v > 0, in double precision.
class HeatKernel {
 public:
  explicit HeatKernel(double v);

  /// 4 pi times the density at a point whose angle to the start has this cosine: sum_l (2l + 1) e^{-l(l+1)v/2}
  /// P_l(cosine). Between the nodes of a table it is interpolated, which costs 5e-6 of the peak at most. For v < 0.02
  /// it is sqrt(theta / sin theta) e^{-theta^2 / 2v}, up to a factor, divided by its value at `reference`; the true
  /// kernel differs from that by less than v theta^2 / 60.
  double density(double cosine, double reference) const;

  /// Beyond the angle with this cosine the density is less than e^{-40} of what it is at `reference`.
  double negligible(double reference) const;

 private:
  double v_;
  std::vector<double> table_;  // by cosine from -1 to 1; empty for small v
};

/// At time t, "x_0 is datum i" has a probability proportional to the heat kernel from datum i's place to the place,
/// times the probability of a jump from datum i's region to the region. The draw comes from Philox keyed by the walk's
/// seed, with step and sample in the counter: the same for any number of threads.
class Oracle {
 public:
  /// Both components are noised at `rate`. `data` must outlive the oracle.
  Oracle(const Places& data, double rate, std::shared_ptr<catenary::ThreadPool> pool);
  void operator()(const catenary::ModelInput& input, catenary::State& estimate);
  double seconds() const { return seconds_; }  ///< spent in all calls

 private:
  const Places& data_;
  double rate_;
  std::shared_ptr<catenary::ThreadPool> pool_;
  double seconds_ = 0;
};

}  // namespace cities
