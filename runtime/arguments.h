// What a call of a sampler is told besides its tensors: seed, times, sizes, options.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <catenary/runtime/abi.h>
#include <catenary/runtime/tensor.h>

namespace catenary {

/// The key of all draws. Draws depend on (value, step, question, the component's place in the joint process, sample *
/// sites + site, the number of a sample's sites) and nothing else; calls with equal seed and step repeat each other.
/// So batches whose samples have other numbers of sites share draws, and so do two joint processes: give each a value
/// of its own. A walk draws its step n at `step` + n: walks whose steps overlap share draws likewise.
struct Seed {
  uint64_t value = 0;
  uint32_t step = 0;

  template <std::integral I>
  explicit constexpr Seed(I value, uint32_t step = 0) : value(uint64_t(value)), step(step) {}

  /// The same seed at another step.
  constexpr Seed at_step(uint32_t other) const { return Seed(value, other); }
};

/// A time for all samples, or one per sample. Per-sample times are a view: they must outlive the call.
class Times {
 public:
  /// One time for all.
  template <class T>
    requires std::is_arithmetic_v<T>
  Times(T time) : one_(double(time)) {}  // NOLINT(google-explicit-constructor)

  /// One per sample.
  Times(std::span<const float> times)  // NOLINT(google-explicit-constructor)
      : data_(times.data()), count_(int64_t(times.size())), per_sample_(true) {}
  Times(const std::vector<float>& times)
      : Times(std::span<const float>(times)) {}  // NOLINT(google-explicit-constructor)

  /// One per sample; in a GPU's memory also one for all, of shape []. A GPU's times are for samplers on it: they are
  /// read when the draws are made, and not checked to lie in [0, T] and in order. Error: not a contiguous f32 tensor
  /// of shape [samples].
  Times(const TensorView& times);  // NOLINT(google-explicit-constructor)

  bool per_sample() const { return per_sample_; }
  /// Where they are; on the host one() and each() tell them.
  Device device() const { return device_; }
  double one() const { return one_; }
  std::span<const float> each() const { return {data_, size_t(count_)}; }
  const float* data() const { return data_; }  ///< of times per sample, or in a GPU's memory
  int64_t count() const { return count_; }     ///< of times per sample

 private:
  double one_ = 0;
  const float* data_ = nullptr;
  int64_t count_ = 0;
  Device device_;
  bool per_sample_ = false;
};

/// Shapes of sites by the name of the group of sites. A group that is not named has shape [], one site per sample, and
/// its components have shape [batch, point...].
using Sites = std::map<std::string, Shape>;

/// How to draw. None of it changes what is drawn but `first_sample`.
struct DrawOptions {
  /// the number of the first sample: a batch cut in two draws the same with it, if samples have as many sites
  int64_t first_sample = 0;
  int threads = 0;         ///< at most so many of the sampler's threads; 0: all
  bool check_data = true;  ///< look for NaN, infinities and categories out of range; not in a GPU's memory
  void* stream = nullptr;  ///< on a GPU: the CUDA stream that draws are enqueued on; null: the default one
  /// On a GPU: a seed in its memory that is read when the draws are made and added to theirs, value and step: draws
  /// that are captured in a CUDA graph are new ones where it has changed between two launches.
  const catenary_device_seed* seed_memory = nullptr;
};

}  // namespace catenary
