// Tensors: dense arrays of f32 or i32 as pointer, device, element type, shape and strides.
#include <catenary/runtime/tensor.h>

#include <cstring>
#include <new>
#include <utility>

#include <catenary/support/error.h>

namespace catenary {
namespace {

constexpr int64_t most_elements = int64_t{1} << 60;
constexpr std::align_val_t alignment{64};

int64_t element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (int64_t axis : shape) {
    if (axis < 0) throw Error("a tensor of shape " + to_string(shape) + " cannot be: a size is negative");
    if (__builtin_mul_overflow(count, axis, &count) || count > most_elements)
      throw Error("a tensor of shape " + to_string(shape) + " has more than 2^60 elements");
  }
  return count;
}

Shape row_major(std::span<const int64_t> shape) {
  Shape strides(shape.size());
  int64_t stride = 1;
  for (size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  return strides;
}

}  // namespace

std::string to_string(Dtype dtype) { return dtype == Dtype::f32 ? "f32" : "i32"; }

std::string to_string(Device device) {
  return device.kind == DeviceKind::cpu ? "cpu" : "cuda:" + std::to_string(device.index);
}

std::string to_string(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t axis = 0; axis < shape.size(); ++axis) text += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
  return text + "]";
}

TensorView::TensorView(void* data, Dtype dtype, Shape shape, Shape strides, Device device)
    : data_(data),
      shape_(std::move(shape)),
      strides_(std::move(strides)),
      size_(element_count(shape_)),
      dtype_(dtype),
      device_(device) {
  if (strides_.empty()) strides_ = row_major(shape_);
  if (strides_.size() != shape_.size())
    throw Error("a tensor of shape " + to_string(shape_) + " needs one stride per axis, not " + to_string(strides_));
}

bool TensorView::is_contiguous() const {
  if (size_ == 0) return true;
  int64_t dense = 1;
  for (size_t axis = shape_.size(); axis-- > 0; dense *= shape_[axis])
    if (shape_[axis] != 1 && strides_[axis] != dense) return false;
  return true;
}

TensorView TensorView::as_read_only() const {
  TensorView result = *this;
  result.read_only_ = true;
  return result;
}

void TensorView::require_access(Dtype dtype, bool as_const) const {
  if (dtype != dtype_)
    throw Error("a tensor of " + to_string(dtype_) + " (shape " + to_string(shape_) + ") was read as " +
                to_string(dtype) + "; ask for its elements as " + (dtype_ == Dtype::f32 ? "float" : "int32_t"));
  if (device_.kind != DeviceKind::cpu)
    throw Error("a tensor on " + to_string(device_) + " (shape " + to_string(shape_) +
                ") was read on the CPU; copy it to host memory first");
  if (read_only_ && !as_const)
    throw Error("a read-only tensor (shape " + to_string(shape_) +
                ") was asked for elements to write; ask for its elements as const");
}

void TensorView::require_contiguous() const {
  if (!is_contiguous())
    throw Error("a tensor of shape " + to_string(shape_) + " and strides " + to_string(strides_) +
                " is not contiguous; contiguous(view) makes a dense copy");
}

Tensor Tensor::empty(Dtype dtype, const Shape& shape) {
  const size_t bytes = size_t(TensorView(nullptr, dtype, shape).bytes());
  void* data = ::operator new(bytes, alignment, std::nothrow);
  if (data == nullptr)
    throw Error("a tensor of shape " + to_string(shape) + " needs " + std::to_string(bytes) +
                " bytes, more memory than there is; draw fewer samples at a time");
  std::shared_ptr<void> memory(data, [](void* taken) { ::operator delete(taken, alignment); });
  return {TensorView(data, dtype, shape), std::move(memory)};
}

Tensor contiguous(const TensorView& view) {
  if (view.device().kind != DeviceKind::cpu)
    throw Error("a tensor on " + to_string(view.device()) + " (shape " + to_string(view.shape()) +
                ") was read on the CPU; copy it to host memory first");
  if (view.size() > 0 && view.data() == nullptr)
    throw Error("a tensor of shape " + to_string(view.shape()) + " was read that has no memory (a null pointer)");
  Tensor copy = Tensor::empty(view.dtype(), view.shape());
  if (view.size() == 0) return copy;
  auto* to = static_cast<std::byte*>(copy.data());
  const auto* from = static_cast<const std::byte*>(view.data());
  if (view.is_contiguous()) {
    std::memcpy(to, from, size_t(view.bytes()));
    return copy;
  }
  Shape index(view.shape().size());
  for (int64_t element = 0, offset = 0; element < view.size(); ++element) {
    std::memcpy(to + element * element_bytes, from + offset * element_bytes, element_bytes);
    for (size_t axis = index.size(); axis-- > 0;) {
      offset += view.strides()[axis];
      if (++index[axis] < view.shape()[axis]) break;
      offset -= index[axis] * view.strides()[axis];
      index[axis] = 0;
    }
  }
  return copy;
}

}  // namespace catenary
