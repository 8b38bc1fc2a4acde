// What a call of a sampler is told besides its tensors: seed, times, sizes, options.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <catenary/runtime/tensor.h>

namespace catenary {

/// The key of all draws. Draws depend on (value, step, question, component, sample, site) and nothing else; calls with
/// equal seed and step repeat each other.
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
  Times(std::span<const float> times) : each_(times), per_sample_(true) {}  // NOLINT(google-explicit-constructor)
  Times(const std::vector<float>& times)
      : Times(std::span<const float>(times)) {}  // NOLINT(google-explicit-constructor)

  /// One per sample. Error: not a contiguous f32 host tensor of shape [samples].
  Times(const TensorView& times);  // NOLINT(google-explicit-constructor)

  bool per_sample() const { return per_sample_; }
  double one() const { return one_; }
  std::span<const float> each() const { return each_; }

 private:
  double one_ = 0;
  std::span<const float> each_;
  bool per_sample_ = false;
};

/// Shapes of sites by the name of the group of sites. A group that is not named has shape [], one site per sample, and
/// its components have shape [batch, point...].
using Sites = std::map<std::string, Shape>;

/// How to draw. None of it changes what is drawn but `first_sample`.
struct DrawOptions {
  int64_t first_sample = 0;  ///< the number of the first sample: a batch cut in two draws the same with it
  int threads = 0;           ///< at most so many of the sampler's threads; 0: all
  bool check_data = true;    ///< look for NaN, infinities and categories out of range; not in a GPU's memory
  void* stream = nullptr;    ///< on a GPU: the CUDA stream that draws are enqueued on; null: the default one
};

}  // namespace catenary
