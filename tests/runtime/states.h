// States for tests of the runtime: made-up data, cut batches, comparison bit by bit.
#pragma once

#include <bit>
#include <cstring>

#include <catenary/runtime/state.h>
#include <catenary/tests/runtime/fake_module.h>

namespace catenary::fake {

/// Data of the fake joint process, with `residues` sites per sample on one group and one on the other.
inline State data(int64_t samples, int64_t residues) {
  Tensor place = Tensor::empty(Dtype::f32, {samples, residues, 3}),
         region = Tensor::empty(Dtype::i32, {samples, residues}), scale = Tensor::empty(Dtype::f32, {samples});
  int64_t i = 0;
  for (float& x : place.values<float>()) x = std::sin(float(++i));
  for (int32_t& x : region.values<int32_t>()) x = int32_t(++i * 7 % regions);
  for (float& x : scale.values<float>()) x = std::cos(float(++i));
  return {{"place", place}, {"region", region}, {"scale", scale}};
}

/// Estimates for it: endpoints, and logits.
inline State estimates(int64_t samples, int64_t residues) {
  State state = data(samples, residues);
  Tensor logits = Tensor::empty(Dtype::f32, {samples, residues, regions});
  int64_t i = 0;
  for (float& x : logits.values<float>()) x = std::sin(float(++i) * 1.7f);
  return state.set("region", logits);
}

/// Samples [begin, end) of a state, without a copy.
inline State cut(const State& state, int64_t begin, int64_t end) {
  State part;
  for (const auto& [name, tensor] : state) {
    Shape shape = tensor.shape();
    shape[0] = end - begin;
    auto* first = static_cast<std::byte*>(tensor.data()) + begin * tensor.strides()[0] * element_bytes;
    part.set(name, TensorView(first, tensor.dtype(), shape));
  }
  return part;
}

inline bool same_bits(const TensorView& a, const TensorView& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && std::memcmp(a.data(), b.data(), size_t(a.bytes())) == 0;
}

inline bool same_bits(const State& a, const State& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a)
    if (!b.contains(name) || !same_bits(tensor, b[name])) return false;
  return true;
}

}  // namespace catenary::fake
