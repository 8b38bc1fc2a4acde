// The rounding that the bits of draws depend on.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace catenary {

/// Rounding to nearest and no flush of subnormals while it lives, whatever the caller's thread does.
class PlainArithmetic {
 public:
#if defined(__x86_64__)
  PlainArithmetic() : saved_(_mm_getcsr()) { _mm_setcsr(0x1f80); }
  ~PlainArithmetic() { _mm_setcsr(saved_); }
#elif defined(__aarch64__)
  PlainArithmetic() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
  }
  ~PlainArithmetic() { asm volatile("msr fpcr, %0" : : "r"(saved_)); }
#else
  PlainArithmetic() : saved_(0) {}
#endif
  PlainArithmetic(const PlainArithmetic&) = delete;
  PlainArithmetic& operator=(const PlainArithmetic&) = delete;

 private:
#if defined(__aarch64__)
  uint64_t saved_;
#else
  unsigned saved_;
#endif
};

}  // namespace catenary
