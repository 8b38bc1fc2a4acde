// Tensors to and from xtensor; the one place that includes its headers.
#pragma once

#include <algorithm>

#include <xtensor/xarray.hpp>
#include <xtensor/xtensor.hpp>

#include <catenary/runtime/tensor.h>

namespace catenary {

namespace detail {
template <class T, class Container>
TensorView view_of(T* data, const Container& container) {
  Shape shape(container.shape().begin(), container.shape().end());
  Shape strides(container.strides().begin(), container.strides().end());
  TensorView result(const_cast<std::remove_const_t<T>*>(data), dtype_of<T>, std::move(shape), std::move(strides));
  return std::is_const_v<T> ? result.as_read_only() : result;
}
}  // namespace detail

/// A view of an xtensor container of float or int32_t, valid while the container lives and keeps its shape.
/// Of a const container the view is read-only. Expressions and temporaries do not compile: evaluate them into a
/// variable first.
template <Element T, xt::layout_type L>
TensorView view(xt::xarray<T, L>& array) {
  return detail::view_of(array.data(), array);
}
template <Element T, xt::layout_type L>
TensorView view(const xt::xarray<T, L>& array) {
  return detail::view_of(array.data(), array);
}
template <Element T, xt::layout_type L>
TensorView view(const xt::xarray<T, L>&& array) = delete;

template <Element T, size_t N, xt::layout_type L>
TensorView view(xt::xtensor<T, N, L>& tensor) {
  return detail::view_of(tensor.data(), tensor);
}
template <Element T, size_t N, xt::layout_type L>
TensorView view(const xt::xtensor<T, N, L>& tensor) {
  return detail::view_of(tensor.data(), tensor);
}
template <Element T, size_t N, xt::layout_type L>
TensorView view(const xt::xtensor<T, N, L>&& tensor) = delete;

/// A copy of a host tensor with any strides. Error: another element type than T.
template <Element T>
xt::xarray<T> to_xarray(const TensorView& tensor) {
  tensor.data_as<const T>();
  const Tensor dense = contiguous(tensor);
  xt::xarray<T> result(typename xt::xarray<T>::shape_type(tensor.shape().begin(), tensor.shape().end()));
  std::ranges::copy(dense.values<const T>(), result.data());
  return result;
}

}  // namespace catenary
