// Tensors: dense arrays of f32 or i32 as pointer, device, element type, shape and strides.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace catenary {

/// Sizes of a tensor's axes, outermost first.
using Shape = std::vector<int64_t>;

/// Element types; both are four bytes.
enum class Dtype { f32 = 0, i32 = 1 };
inline constexpr int64_t element_bytes = 4;

enum class DeviceKind { cpu, cuda };

/// Where a tensor's memory is.
struct Device {
  DeviceKind kind = DeviceKind::cpu;
  int index = 0;
  bool operator==(const Device&) const = default;
};

/// The C++ types that are elements of a tensor, possibly const.
template <class T>
concept Element = std::same_as<std::remove_const_t<T>, float> || std::same_as<std::remove_const_t<T>, int32_t>;

template <Element T>
inline constexpr Dtype dtype_of = std::same_as<std::remove_const_t<T>, float> ? Dtype::f32 : Dtype::i32;

std::string to_string(Dtype dtype);                     ///< "f32" or "i32"
std::string to_string(Device device);                   ///< "cpu" or "cuda:0"
std::string to_string(std::span<const int64_t> shape);  ///< "[128, 37, 3]"

/// A tensor in memory that someone else owns. Copying a view copies no elements.
class TensorView {
 public:
  TensorView() = default;

  /// A view of `data`, row-major unless `strides` (in elements) are given. Error: a negative size, more than 2^60
  /// elements, or strides of another rank than the shape.
  TensorView(void* data, Dtype dtype, Shape shape, Shape strides = {}, Device device = {});

  /// A row-major view of host memory. A view of const elements is read-only: it can be an input and never an output.
  template <Element T>
  TensorView(T* data, Shape shape)
      : TensorView(const_cast<std::remove_const_t<T>*>(data), dtype_of<T>, std::move(shape)) {
    read_only_ = std::is_const_v<T>;
  }

  void* data() const { return data_; }
  Dtype dtype() const { return dtype_; }
  Device device() const { return device_; }
  const Shape& shape() const { return shape_; }
  const Shape& strides() const { return strides_; }  ///< in elements
  int64_t rank() const { return int64_t(shape_.size()); }
  int64_t size() const { return size_; }  ///< number of elements; a default-constructed view has none
  int64_t bytes() const { return size_ * element_bytes; }
  bool read_only() const { return read_only_; }

  /// Whether the elements lie densely in row-major order. Strides of axes of size one do not matter.
  bool is_contiguous() const;

  /// The same memory, not to be written.
  TensorView as_read_only() const;

  /// The elements' address. Error: another element type, device memory, or a mutable T of a read-only view.
  template <Element T>
  T* data_as() const {
    require_access(dtype_of<T>, std::is_const_v<T>);
    return static_cast<T*>(data_);
  }

  /// The elements of a contiguous tensor, in row-major order. Errors: those of data_as, and strides that are not dense.
  template <Element T>
  std::span<T> values() const {
    T* elements = data_as<T>();
    require_contiguous();
    return {elements, size_t(size_)};
  }

 private:
  void require_access(Dtype dtype, bool as_const) const;
  void require_contiguous() const;

  void* data_ = nullptr;
  Shape shape_;
  Shape strides_;
  int64_t size_ = 0;
  Dtype dtype_ = Dtype::f32;
  Device device_;
  bool read_only_ = false;
};

/// A view together with a share in the ownership of its memory. A Tensor made of a plain view owns nothing and borrows:
/// the memory must outlive it. Copying a Tensor copies no elements.
class Tensor : public TensorView {
 public:
  Tensor() = default;
  Tensor(TensorView view) : TensorView(std::move(view)) {}  // NOLINT(google-explicit-constructor)
  Tensor(TensorView view, std::shared_ptr<void> owner) : TensorView(std::move(view)), owner_(std::move(owner)) {}

  /// Fresh host memory, aligned to 64 bytes, elements not initialised.
  static Tensor empty(Dtype dtype, const Shape& shape);

  const std::shared_ptr<void>& owner() const { return owner_; }

  /// As those of a view. Of a temporary they are copied, since its memory may go with it.
  template <Element T>
  std::span<T> values() const& {
    return TensorView::values<T>();
  }
  template <Element T>
  std::vector<std::remove_const_t<T>> values() const&& {
    auto elements = TensorView::values<const T>();
    return {elements.begin(), elements.end()};
  }

 private:
  std::shared_ptr<void> owner_;
};

/// A dense row-major copy of a host tensor with any strides.
Tensor contiguous(const TensorView& view);

}  // namespace catenary
