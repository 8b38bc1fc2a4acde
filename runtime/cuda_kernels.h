// A module's kernels on one GPU: loaded once, then launched on the caller's streams.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include <catenary/runtime/arguments.h>
#include <catenary/runtime/cuda_driver.h>
#include <catenary/runtime/module.h>
#include <catenary/runtime/run.h>
#include <catenary/runtime/state.h>

namespace catenary {

/// A time per sample in the GPU's memory, or one for all there or here.
struct DeviceTime {
  const float* memory = nullptr;  ///< null: `one`
  float one = 0;
  bool per_sample = true;  ///< in memory
};

/// All that a kernel is launched on. Sizes and pointers, which are the GPU's, are taken on trust.
struct DeviceCall {
  Seed seed;
  const catenary_device_seed* seed_memory = nullptr;  ///< the GPU's; see DrawOptions
  int64_t first_sample = 0;
  int64_t samples = 1;
  int64_t points = 1;                    ///< of a sample, as the kernel counts them
  std::span<void* const> operands;       ///< contiguous memory of samples * points each, in the kernel's order
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

  /// The same for a call whose operands are the GPU's: takes room for coefficients and the processor's times in the
  /// order of the stream. `pool` and `threads` are not read. Error: a stream that is being captured, where it would
  /// copy times.
  void run(const catenary_kernel& kernel, const KernelCall& call, void* stream) const;

  /// What `enqueue` puts on the stream that it is given, as a graph whose launches draw with the seed of their own:
  /// calls are to read it at `seed_memory`, which is the GPU's.
  using Enqueue = std::function<void(void* stream, const catenary_device_seed* seed_memory)>;
  class Graph {
   public:
    Graph(std::shared_ptr<const CudaDevice> device, const Enqueue& enqueue);
    /// Enqueues it. Launches of one graph wait for one another if they are on one stream; they must be. Any thread.
    /// Error: a stream that is being captured, whose graph would outlive this one's memory.
    void launch(Seed seed, void* stream) const;

   private:
    std::shared_ptr<const CudaDevice> device_;
    std::shared_ptr<void> seed_memory_, graph_;
    mutable std::mutex told_;  // A seed is set and drawn with before the next one is.
  };
  Graph captured(const Enqueue& enqueue) const { return {device_, enqueue}; }
  bool is_captured(void* stream) const { return device_->is_captured(stream); }

  Device device() const { return {DeviceKind::cuda, device_->index()}; }

  /// Fresh memory of the GPU, elements not initialised; `what` is what it is for. What is enqueued must be done with it
  /// before it is dropped.
  Tensor empty(Dtype dtype, const Shape& shape, const std::string& what) const;
  /// Waits for what is enqueued on a stream, whatever becomes of it.
  void finish(void* stream) const noexcept { device_->finish(stream); }

  /// A copy of a state of the host in this GPU's memory, there when this returns; in the order of a stream,
  State copied_in(const State& host, void* stream) const;
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
