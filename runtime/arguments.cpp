// What a call of a sampler is told besides its tensors: seed, times, sizes, options.
#include <catenary/runtime/arguments.h>

#include <catenary/support/error.h>

namespace catenary {

Times::Times(const TensorView& times) : per_sample_(true) {
  if (times.dtype() != Dtype::f32 || times.rank() != 1 || times.device().kind != DeviceKind::cpu ||
      !times.is_contiguous())
    throw Error("times, one per sample, must be a contiguous f32 tensor of shape [samples] on the CPU; this one is " +
                to_string(times.dtype()) + " of shape " + to_string(times.shape()) + " and strides " +
                to_string(times.strides()) + " on " + to_string(times.device()));
  each_ = times.values<const float>();
}

}  // namespace catenary
