// Tensors to and from DLPack.
#include <catenary/runtime/dlpack.h>

#include <iterator>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {
namespace {

Dtype dtype_from(DLDataType type) {
  if (type.bits == 32 && type.lanes == 1) {
    if (type.code == kDLFloat) return Dtype::f32;
    if (type.code == kDLInt) return Dtype::i32;
  }
  static constexpr const char* codes[] = {"int", "uint", "float", "opaque", "bfloat", "complex"};
  throw Error(
      fmt::format("a DLPack tensor has elements of {}{}{}; Catenary takes float32 and int32, so convert it first",
                  type.code < std::size(codes) ? codes[type.code] : "an unknown type of ", type.bits,
                  type.lanes == 1 ? "" : fmt::format("x{}", type.lanes)));
}

Device device_from(DLDevice device) {
  switch (device.device_type) {
    case kDLCPU:
    case kDLCUDAHost: return {};
    case kDLCUDA: return {DeviceKind::cuda, device.device_id};
    default:
      throw Error("a DLPack tensor is on a device of type " + std::to_string(int(device.device_type)) +
                  "; Catenary takes CPU (1), CUDA (2) and pinned CUDA host memory (3), so copy it first");
  }
}

/// What an exported tensor points to, and what keeps it alive.
struct Exported {
  DLManagedTensor managed;
  Tensor tensor;
};

}  // namespace

TensorView view(const DLTensor& tensor) {
  if (tensor.ndim < 0 || (tensor.ndim > 0 && tensor.shape == nullptr))
    throw Error(fmt::format("a DLPack tensor has {} axes and {}; that is no tensor", tensor.ndim,
                            tensor.shape == nullptr ? "no shape (a null pointer)" : "a shape"));
  Shape shape(tensor.shape, tensor.shape + tensor.ndim);
  Shape strides;
  if (tensor.strides != nullptr) strides.assign(tensor.strides, tensor.strides + tensor.ndim);
  auto* data = static_cast<std::byte*>(tensor.data);
  return {data ? data + tensor.byte_offset : nullptr, dtype_from(tensor.dtype), std::move(shape), std::move(strides),
          device_from(tensor.device)};
}

Tensor from_dlpack(DLManagedTensor* tensor) {
  if (tensor == nullptr) throw Error("from_dlpack was given a null tensor");
  std::shared_ptr<void> owner(tensor, [](void* managed) {
    auto* self = static_cast<DLManagedTensor*>(managed);
    if (self->deleter != nullptr) self->deleter(self);
  });
  return {view(tensor->dl_tensor), std::move(owner)};
}

DLManagedTensor* to_dlpack(const Tensor& tensor) {
  if (tensor.owner() == nullptr)
    throw Error("to_dlpack was given a tensor (shape " + to_string(tensor.shape()) +
                ") that borrows its memory; contiguous(view) makes a copy that owns it");
  if (tensor.read_only())
    throw Error("to_dlpack was given a read-only tensor (shape " + to_string(tensor.shape()) +
                "), which DLPack cannot say; contiguous(view) makes a copy");
  auto exported = std::make_unique<Exported>(Exported{{}, tensor});
  DLTensor& described = exported->managed.dl_tensor;
  described.data = tensor.data();
  described.device = {tensor.device().kind == DeviceKind::cpu ? kDLCPU : kDLCUDA, tensor.device().index};
  described.ndim = int(tensor.rank());
  described.dtype = {uint8_t(tensor.dtype() == Dtype::f32 ? kDLFloat : kDLInt), 32, 1};
  described.shape = const_cast<int64_t*>(exported->tensor.shape().data());
  described.strides = const_cast<int64_t*>(exported->tensor.strides().data());
  described.byte_offset = 0;
  exported->managed.manager_ctx = exported.get();
  exported->managed.deleter = [](DLManagedTensor* self) { delete static_cast<Exported*>(self->manager_ctx); };
  return &exported.release()->managed;
}

}  // namespace catenary
