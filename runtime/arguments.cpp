// What a call of a sampler is told besides its tensors: seed, times, sizes, options.
#include <catenary/runtime/arguments.h>

#include <cstdint>

#include <catenary/support/error.h>

namespace catenary {

Times::Times(const TensorView& times) : device_(times.device()), per_sample_(times.rank() > 0) {
  const bool on_host = device_.kind == DeviceKind::cpu;
  if (times.dtype() != Dtype::f32 || !times.is_contiguous() || times.rank() > 1 || (on_host && times.rank() == 0))
    throw Error(std::string(on_host
                                ? "times, one per sample, must be a contiguous f32 tensor of shape [samples] on the CPU"
                                : "times in a GPU's memory must be a contiguous f32 tensor of shape [samples], or of "
                                  "shape [] for all") +
                "; this one is " + to_string(times.dtype()) + " of shape " + to_string(times.shape()) +
                " and strides " + to_string(times.strides()) + " on " + to_string(device_));
  if (times.data() == nullptr || reinterpret_cast<uintptr_t>(times.data()) % alignof(float) != 0)
    throw Error(times.data() == nullptr
                    ? "times were given at a null pointer"
                    : "times were given at an address that is no float's, which are multiples of 4");
  data_ = static_cast<const float*>(times.data());
  count_ = times.size();
}

}  // namespace catenary
