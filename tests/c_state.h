// A state as the C interface takes it.
#pragma once

#include <vector>

#include <catenary/runtime/c_api.h>
#include <catenary/runtime/state.h>

namespace catenary::testing {

/// Refers to the state.
struct CState {
  std::vector<catenary_tensor> tensors;
  explicit CState(const State& state) {
    for (const auto& [name, tensor] : state)
      tensors.push_back(
          {name.c_str(), tensor.data(), int32_t(tensor.dtype()), int32_t(tensor.rank()), tensor.shape().data()});
  }
  operator catenary_state() const { return {tensors.data(), int32_t(tensors.size())}; }
};

}  // namespace catenary::testing
