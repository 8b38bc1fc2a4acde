// Whether there is a GPU to test on.
#pragma once

#include <cstdlib>

#include <catenary/runtime/cuda_driver.h>
#include <catenary/support/error.h>
#include <catch2/catch.hpp>

namespace catenary::testing {

/// Where there is none, says so; where CATENARY_NEEDS_GPU is set, as on a machine that has one, that is an error.
inline bool has_gpu() {
  try {
    CudaDevice device(0);
    return true;
  } catch (const Error& error) {
    if (std::getenv("CATENARY_NEEDS_GPU")) throw;
    WARN("SKIP: no GPU to run on. " << error.what());
    return false;
  }
}

}  // namespace catenary::testing
