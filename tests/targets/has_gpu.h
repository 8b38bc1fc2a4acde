// Whether there is a GPU to test on.
#pragma once

#include <catenary/runtime/cuda_driver.h>
#include <catenary/support/error.h>
#include <catch2/catch.hpp>

namespace catenary::testing {

/// Where there is none, says so.
inline bool has_gpu() {
  try {
    CudaDevice device(0);
    return true;
  } catch (const Error& error) {
    WARN("SKIP: no GPU to run on. " << error.what());
    return false;
  }
}

}  // namespace catenary::testing
