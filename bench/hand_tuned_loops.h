// The hand-tuned loop over a vector type V, which each level's file gives and compiles for its instructions.
// By hand: Philox on 64-bit lanes with junk left in the high halves; rounds on constants folded; `chains` independent
// vectors side by side; words paired such that two unpacks put the normals in the order of their points.
#pragma once

#include "hand_tuned.h"

namespace bench {

inline constexpr uint64_t philox_m0 = 0xD2511F53, philox_m1 = 0xCD9E8D57;

/// The keys of the ten rounds, and what the first two make of the constant counter words.
struct Rounds {
  uint64_t k0[10], k1[10];
  uint64_t c0_after_1, c1_after_1, c3_after_2;
  uint64_t c2_of_1, c2_of_2;  ///< xored into c2 by that round

  Rounds(const Stream& s, uint32_t c1) {
    uint32_t key0 = uint32_t(s.seed), key1 = uint32_t(s.seed >> 32);
    for (int r = 0; r < 10; ++r, key0 += 0x9E3779B9, key1 += 0xBB67AE85) k0[r] = key0, k1[r] = key1;
    uint64_t b = philox_m1 * s.step;
    c0_after_1 = uint32_t(b >> 32) ^ c1 ^ k0[0];
    c1_after_1 = uint32_t(b);
    c2_of_1 = s.stream ^ k1[0];
    uint64_t a = philox_m0 * c0_after_1;
    c2_of_2 = uint32_t(a >> 32) ^ k1[1];
    c3_after_2 = uint32_t(a);
  }
};

/// The polynomial with coefficients c, lowest first.
template <class V, int n>
inline typename V::Floats horner(typename V::Floats x, const float (&c)[n]) {
  auto p = V::all(c[n - 1]);
  for (int i = n - 2; i >= 0; --i) p = V::fma(p, x, V::all(c[i]));
  return p;
}

template <class V, int chains, bool bridge>
inline void ou_loop(Moments m, const Stream& stream, uint64_t first, int64_t count, const float* x0, const float* xt,
                    float* out) {
  using Words = typename V::Words;
  using Floats = typename V::Floats;
  constexpr int blocks = V::lanes / 2, points = 4 * blocks;  // of one vector of words
  const Rounds k(stream, uint32_t(first / 4 >> 32));
  const Words mul0 = V::all(philox_m0), mul1 = V::all(philox_m1);

  // s^2 goes into the polynomial of -ln u = -e ln 2 - ln m, in y = 2 m - 2 (or, near u = 1, in y = -2 (1 - u) and e =
  // 0).
  float s2 = m.s * m.s;
  const float minus_log[8] = {-0.49999994f * s2,   0.12500804f * s2,  -0.041500854f * s2, 0.016904815f * s2,
                              -0.0015111893f * s2, 0.011790444f * s2, 0.0080940546f * s2, 0.0045258360f * s2};
  constexpr float cosine[4] = {0.99999997f, -0.30842425f, 0.015849911f, -0.00031887747f};   // cos(pi/4 v) in v^2
  constexpr float sine[4] = {0.78539816f, -0.080745435f, 0.0024900068f, -0.000035954291f};  // sin(pi/4 v) / v in v^2
  const Floats minus_ln2 = V::all(-0.69314718f * s2), scale = V::all(0x1p-31f), half = V::all(0x1p-32f);

  // Lane 2 i holds block i, lane 2 i + 1 block blocks / 2 + i; the product with m0 goes on by addition.
  Words product[chains];
  for (int c = 0; c < chains; ++c) product[c] = V::mul(V::block_order(uint32_t(first / 4) + c * blocks), mul0);
  const Words advance = V::all(philox_m0 * blocks * chains);

  for (int64_t i = 0; i < count; i += chains * points) {
    Words c0[chains], c1[chains], c2[chains], c3[chains];
    for (int c = 0; c < chains; ++c) {
      Words a = product[c];
      product[c] = V::add(a, advance);
      Words b = V::mul(V::exclusive_or(V::high(a), V::all(k.c2_of_1)), mul1);
      c0[c] = V::exclusive_or(V::high(b), V::all(k.c1_after_1 ^ k.k0[1]));
      c1[c] = b;
      c2[c] = V::exclusive_or(a, V::all(k.c2_of_2));
      c3[c] = V::all(k.c3_after_2);
    }
    for (int r = 2; r < 10; ++r)
      for (int c = 0; c < chains; ++c) {
        Words a = V::mul(c0[c], mul0), b = V::mul(c2[c], mul1);
        c0[c] = V::exclusive_or(V::high(b), c1[c], V::all(k.k0[r]));
        c1[c] = b;
        c2[c] = V::exclusive_or(V::high(a), c3[c], V::all(k.k1[r]));
        c3[c] = a;
      }
    for (int c = 0; c < chains; ++c) {
      const int64_t at = i + c * points;
      Words w0 = V::pack(c0[c], c2[c]), w1 = V::pack(c1[c], c3[c]);
      Floats y, e;
      V::split(V::fma(V::to_float(w0), scale, half), w0, y, e);
      Floats radius = V::root(V::fma(y, horner<V>(y, minus_log), V::mul(e, minus_ln2)));
      Floats v = V::mul(V::to_float(w1), scale), v2 = V::mul(v, v);
      Floats cos = horner<V>(v2, cosine), sin = horner<V>(v2, sine);
      Floats even = V::mul(V::flip(radius, V::template shift_left<31>(w1)), V::negative_fma(sin, v, cos));
      Floats odd = V::mul(V::flip(radius, V::template shift_left<30>(w1)), V::fma(sin, v, cos));
      auto finish = [&](Floats z, int64_t j) {
        z = V::fma(V::all(m.a), V::load(x0 + j), z);
        if constexpr (bridge) z = V::fma(V::all(m.b), V::load(xt + j), z);
        V::store(out + j, z);
      };
      finish(V::low_pairs(even, odd), at);
      finish(V::high_pairs(even, odd), at + points / 2);
    }
  }
}

}  // namespace bench
