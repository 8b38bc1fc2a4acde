// The arithmetic bound: fused Philox4x32-10, Box-Muller and Ornstein-Uhlenbeck loops tuned by hand.
#pragma once

#include <cstdint>

namespace bench {

/// x_t = a x_0 + s z, or x_s = a x_0 + b x_t + s z.
struct Moments {
  float a = 0, b = 0, s = 0;
};

/// Where the normals z come from: support/philox.h's layout with one normal a point.
struct Stream {
  uint64_t seed;
  uint32_t step, stream;
};

/// out[i] = a x0[i] + s z_i for `count` points from `first` on, both multiples of 128, first + count below 2^34. z_i
/// agrees with `catenary::box_muller` to 1e-6. For processors that have the instructions of the name.
void ou_forward_avx512(Moments m, Stream stream, uint64_t first, int64_t count, const float* x0, float* out);
void ou_forward_avx2(Moments m, Stream stream, uint64_t first, int64_t count, const float* x0, float* out);

/// out[i] = a x0[i] + b xt[i] + s z_i.
void ou_bridge_avx512(Moments m, Stream stream, uint64_t first, int64_t count, const float* x0, const float* xt,
                      float* out);
void ou_bridge_avx2(Moments m, Stream stream, uint64_t first, int64_t count, const float* x0, const float* xt,
                    float* out);

}  // namespace bench
