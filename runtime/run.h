// The driver: runs a kernel over the points of a call, whole tiles of it at a time.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <catenary/runtime/abi.h>
#include <catenary/runtime/arguments.h>
#include <catenary/runtime/threads.h>

namespace catenary {

/// Time `data[sample * stride]` of each sample; stride 0 is one time for all.
struct TimeSource {
  const float* data = nullptr;
  int64_t stride = 0;
  bool on_gpu = false;  ///< the data are in the memory of the GPU that the call is on
};

/// All that a kernel is run on. Sizes and pointers are taken on trust: checks come before.
struct KernelCall {
  Seed seed;
  const catenary_device_seed* seed_memory = nullptr;  ///< see DrawOptions; read on a GPU alone
  int64_t first_sample = 0;
  int64_t samples = 1;
  int64_t points = 1;                    ///< of a sample, as the kernel counts them
  std::span<void* const> operands;       ///< contiguous memory of samples * points each, in the kernel's order
  std::span<const int64_t> point_bytes;  ///< of each operand
  std::array<TimeSource, CATENARY_MAX_TIMES> times;
  ThreadPool* pool = nullptr;  ///< null: the caller's thread alone
  int threads = 0;             ///< at most so many of the pool's; 0: all
};

/// Draws every point of the call. Tiles are cut in the global index (first_sample + sample) * points + point, so the
/// result does not depend on where a batch begins or how many threads share it. A tile that sticks out of the call is
/// computed in memory of the driver's own, filled up with copies of a point of the call.
void run(const catenary_kernel& kernel, const KernelCall& call);

}  // namespace catenary
