// The hand-tuned loops with AVX2 and FMA (x86-64-v3): eight normals a vector.
#include <immintrin.h>

#include "hand_tuned_loops.h"

namespace bench {

namespace {

struct Avx2 {
  using Words = __m256i;
  using Floats = __m256;
  static constexpr int lanes = 8;

  static Words all(uint64_t v) { return _mm256_set1_epi64x(int64_t(v)); }
  static Words block_order(uint64_t first) { return _mm256_add_epi64(all(first), _mm256_setr_epi64x(0, 2, 1, 3)); }
  static Words add(Words a, Words b) { return _mm256_add_epi64(a, b); }
  static Words mul(Words a, Words b) { return _mm256_mul_epu32(a, b); }
  static Words high(Words v) { return _mm256_srli_epi64(v, 32); }
  static Words exclusive_or(Words a, Words b) { return _mm256_xor_si256(a, b); }
  static Words exclusive_or(Words a, Words b, Words c) { return exclusive_or(exclusive_or(a, b), c); }
  static Words pack(Words even, Words odd) {
    return _mm256_blend_epi32(even, _mm256_shuffle_epi32(odd, _MM_SHUFFLE(2, 2, 0, 0)), 0xAA);
  }
  template <int n>
  static Words shift_left(Words v) {
    return _mm256_slli_epi32(v, n);
  }

  static Floats all(float v) { return _mm256_set1_ps(v); }
  static Floats load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Floats v) { _mm256_storeu_ps(p, v); }
  static Floats to_float(Words v) { return _mm256_cvtepi32_ps(v); }
  static Floats mul(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
  static Floats negative_fma(Floats a, Floats b, Floats c) { return _mm256_fnmadd_ps(a, b, c); }
  static Floats root(Floats v) { return _mm256_sqrt_ps(v); }
  /// v with the sign bit of s flipped in.
  static Floats flip(Floats v, Words s) { return _mm256_xor_ps(v, _mm256_and_ps(_mm256_castsi256_ps(s), all(-0.0f))); }
  /// Where the word is below 2^31, f = 2 u is split into 2^e (y + 2) / 2; elsewhere f = y and e = 0.
  static void split(Floats f, Words word, Floats& y, Floats& e) {
    Words bits = _mm256_castps_si256(f), ones = _mm256_set1_epi32(0x3f800000);
    Words exponent = _mm256_sub_epi32(_mm256_srli_epi32(bits, 23), _mm256_set1_epi32(127));
    Words mantissa = _mm256_or_si256(_mm256_and_si256(bits, _mm256_set1_epi32(0x007fffff)), ones);
    y = _mm256_blendv_ps(_mm256_sub_ps(_mm256_castsi256_ps(mantissa), all(2.0f)), f, _mm256_castsi256_ps(word));
    e = _mm256_cvtepi32_ps(_mm256_andnot_si256(_mm256_srai_epi32(word, 31), exponent));
  }
  static Floats low_pairs(Floats even, Floats odd) { return _mm256_unpacklo_ps(even, odd); }
  static Floats high_pairs(Floats even, Floats odd) { return _mm256_unpackhi_ps(even, odd); }
};

constexpr int chains = 4;

}  // namespace

void ou_forward_avx2(Moments m, Stream s, uint64_t first, int64_t count, const float* x0, float* out) {
  ou_loop<Avx2, chains, false>(m, s, first, count, x0, nullptr, out);
}

void ou_bridge_avx2(Moments m, Stream s, uint64_t first, int64_t count, const float* x0, const float* xt, float* out) {
  ou_loop<Avx2, chains, true>(m, s, first, count, x0, xt, out);
}

}  // namespace bench
