// Known sites on a walk: their data take the place of what a model estimates.
#pragma once

#include <vector>

#include <catenary/runtime/checks.h>
#include <catenary/runtime/known_sites.h>
#include <catenary/runtime/module.h>
#include <catenary/runtime/threads.h>

namespace catenary {

/// Puts what is known in the place of a model's estimates, so that these sites are bridged to their data.
class KnownEstimates {
 public:
  /// For tensors like those of `x`, the module's points; copies what is known. Errors: components that are not there,
  /// that are named in one of the two alone, or whose estimates are neither endpoints nor logits; other shapes or
  /// types; points that are no data.
  KnownEstimates(const Subject& subject, const Module& module, const KnownSites& known, const State& x,
                 ThreadPool& pool, int threads);

  /// Into `own`, the walk's tensors, which replace those that the model assigned: the model's memory stays as it is.
  void put(State& estimate, const State& own, ThreadPool& pool, int threads) const;

 private:
  struct Component {
    const catenary_component* declared;
    Tensor x0, where;
  };
  std::vector<Component> components_;
};

}  // namespace catenary
