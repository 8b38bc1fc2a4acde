// One call of a sampler: its arguments checked and bound, then its kernels run.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <string>
#include <vector>

#include <catenary/runtime/arguments.h>
#include <catenary/runtime/checks.h>
#include <catenary/runtime/module.h>
#include <catenary/runtime/run.h>
#include <catenary/runtime/state.h>

namespace catenary {

class CudaKernels;

/// Where a call runs: on the processor, or on a GPU in the order of a stream.
struct Place {
  const CudaKernels* gpu = nullptr;
  void* stream = nullptr;
  const catenary_device_seed* seed_memory = nullptr;  ///< see DrawOptions
};

/// Refers to what it binds: states, times, sites must outlive it. Its own bookkeeping fits a buffer on the stack unless
/// the joint process is large, so that a call allocates nothing.
class Call {
 public:
  Call(const Module& module, const Subject& subject, Place place = {});

  /// Takes a state's tensors for a role and checks names, tensors, and that batch and sites agree with what was bound
  /// before.
  void bind(int role, const State& state);

  /// Sets batch and sites where no tensor tells them. Errors: no samples, an unknown group of sites, no sites.
  void set_extents(int64_t samples, const Sites& sites);

  /// Binds t, or s and t, after the tensors.
  void set_times(const Times& t);
  void set_times(const Times& s, const Times& t);

  /// Looks for NaN, infinities and categories out of range in all inputs of that role; not in a GPU's memory.
  void check_data(int role, ThreadPool& pool, int threads) const;

  /// Tensors of a role, of the call's batch and sites, not initialised.
  State allocate(int role) const;

  /// Runs the kernels of the question. Errors: outputs that overlap inputs or each other; samples beyond what counters
  /// can number; a seed in a GPU's memory on the processor.
  void run(Question question, Seed seed, int64_t first_sample, ThreadPool& pool, int threads);

  int64_t samples() const { return samples_; }

 private:
  struct Group {
    std::span<const int64_t> sites;
    int component = -1;  // which set it; -1: none yet
    int role = -1;       // -1: set by set_extents
  };

  const TensorView* bound(int component, int role) const {
    return bound_[size_t(component) * CATENARY_ROLES + size_t(role)];
  }
  Device device() const;
  void agree(int component, int role, const TensorView& tensor);
  void set_time(size_t index, const Times& times);
  int64_t site_count(int group) const;
  void check_overlap();
  /// Of a sample, as the kernel counts them.
  int64_t points_of(const catenary_kernel& kernel) const;
  void check_range(const catenary_kernel& kernel, int64_t first_sample) const;

  const Module& module_;
  Subject subject_;
  Place place_;
  std::array<std::byte, 4096> buffer_;
  std::pmr::monotonic_buffer_resource memory_;
  std::pmr::vector<const TensorView*> bound_;  // [component][role]
  std::pmr::vector<Group> groups_;
  int64_t samples_ = 0;
  int batch_component_ = -1;  // which set the batch; -1: set_extents
  int batch_role_ = -1;
  std::array<float, CATENARY_MAX_TIMES> one_time_ = {};
  std::array<TimeSource, CATENARY_MAX_TIMES> times_ = {};
};

}  // namespace catenary
