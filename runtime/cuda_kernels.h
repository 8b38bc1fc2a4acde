// A module's kernels on one GPU: loaded once, then launched on the caller's streams.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include <catenary/runtime/arguments.h>
#include <catenary/runtime/cuda_driver.h>
#include <catenary/runtime/module.h>
#include <catenary/runtime/run.h>
#include <catenary/runtime/state.h>

namespace catenary {

/// A time per sample in the GPU's memory, or one for all.
struct DeviceTime {
  const float* each = nullptr;
  float one = 0;
};

/// All that a kernel is launched on. Sizes and pointers, which are the GPU's, are taken on trust.
struct DeviceCall {
  Seed seed;
  int64_t first_sample = 0;
  int64_t samples = 1;
  int64_t sites = 1;                     ///< per sample
  std::span<void* const> operands;       ///< contiguous memory of samples * sites points each, in the kernel's order
  std::span<const int64_t> point_bytes;  ///< of each operand
  std::array<DeviceTime, CATENARY_MAX_TIMES> times;
  float* coefficients = nullptr;  ///< room for CudaKernels::coefficients(kernel, call) floats
  void* stream = nullptr;         ///< the driver's; null: the default one
};

class CudaKernels {
 public:
  /// Error: a module without code for GPUs, and what CudaDevice::load finds.
  CudaKernels(const Module& module, std::shared_ptr<const CudaDevice> device);

  /// Floats of workspace that a call needs.
  static int64_t coefficients(const catenary_kernel& kernel, const DeviceCall& call);

  /// Draws every point of the call: enqueues one or two kernels (more beyond 2^31 points), and does not wait for them.
  /// Error: more points a sample than a launch can number.
  void check_points(int64_t points) const;
  /// The points of the call are checked.
  void launch(const catenary_kernel& kernel, const DeviceCall& call) const;

  /// The same for a call whose operands are the GPU's and whose times are the processor's: takes room for coefficients
  /// and times in the order of the stream. `pool` and `threads` are not read.
  void run(const catenary_kernel& kernel, const KernelCall& call, void* stream) const;

  Device device() const { return {DeviceKind::cuda, device_->index()}; }

  /// Fresh memory of the GPU, elements not initialised; `what` is what it is for.
  Tensor empty(Dtype dtype, const Shape& shape, const std::string& what) const;

  /// A copy of a state of the host in this GPU's memory;
  State copied_in(const State& host) const;
  /// and back to tensors of the host, of the same shapes, once the stream has come so far.
  void copy_out(const State& there, const State& host, void* stream) const;

 private:
  struct Functions {
    void *sample_part = nullptr, *points_part = nullptr;
  };
  void launch_points(const catenary_kernel& kernel, const DeviceCall& call, int64_t first, int64_t count) const;
  void launch_grid(void* function, int64_t threads, const void* parameter, void* stream) const;

  std::shared_ptr<const CudaDevice> device_;
  std::map<const char*, std::shared_ptr<void>> code_;  // By PTX; unloaded with the last reference.
  std::map<const catenary_kernel*, Functions> functions_;
};

}  // namespace catenary
