// The hand-tuned loops with AVX-512: sixteen normals a vector.
#include <immintrin.h>

#include "hand_tuned_loops.h"

namespace bench {

namespace {

struct Avx512 {
  using Words = __m512i;
  using Floats = __m512;
  static constexpr int lanes = 16;

  static Words all(uint64_t v) { return _mm512_set1_epi64(int64_t(v)); }
  static Words block_order(uint64_t first) {
    return _mm512_add_epi64(all(first), _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7));
  }
  static Words add(Words a, Words b) { return _mm512_add_epi64(a, b); }
  static Words mul(Words a, Words b) { return _mm512_mul_epu32(a, b); }
  static Words high(Words v) { return _mm512_srli_epi64(v, 32); }
  static Words exclusive_or(Words a, Words b) { return _mm512_xor_si512(a, b); }
  static Words exclusive_or(Words a, Words b, Words c) { return _mm512_ternarylogic_epi64(a, b, c, 0x96); }
  static Words pack(Words even, Words odd) { return _mm512_mask_shuffle_epi32(even, 0xAAAA, odd, _MM_PERM_CCAA); }
  template <int n>
  static Words shift_left(Words v) {
    return _mm512_slli_epi32(v, n);
  }

  static Floats all(float v) { return _mm512_set1_ps(v); }
  static Floats load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, Floats v) { _mm512_storeu_ps(p, v); }
  static Floats to_float(Words v) { return _mm512_cvtepi32_ps(v); }
  static Floats mul(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
  static Floats negative_fma(Floats a, Floats b, Floats c) { return _mm512_fnmadd_ps(a, b, c); }
  static Floats root(Floats v) { return _mm512_sqrt_ps(v); }
  /// v with the sign bit of s flipped in.
  static Floats flip(Floats v, Words s) {
    return _mm512_castsi512_ps(
        _mm512_ternarylogic_epi32(_mm512_castps_si512(v), s, _mm512_set1_epi32(int(0x80000000)), 0x78));
  }
  /// Where the word is below 2^31, f = 2 u is split into 2^e (y + 2) / 2; elsewhere f = y and e = 0.
  static void split(Floats f, Words word, Floats& y, Floats& e) {
    __mmask16 small = _mm512_cmpge_epi32_mask(word, _mm512_setzero_si512());
    y = _mm512_mask_sub_ps(f, small, _mm512_getmant_ps(f, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src), all(2.0f));
    e = _mm512_maskz_getexp_ps(small, f);
  }
  static Floats low_pairs(Floats even, Floats odd) { return _mm512_unpacklo_ps(even, odd); }
  static Floats high_pairs(Floats even, Floats odd) { return _mm512_unpackhi_ps(even, odd); }
};

constexpr int chains = 4;

}  // namespace

void ou_forward_avx512(Moments m, Stream s, uint64_t first, int64_t count, const float* x0, float* out) {
  ou_loop<Avx512, chains, false>(m, s, first, count, x0, nullptr, out);
}

void ou_bridge_avx512(Moments m, Stream s, uint64_t first, int64_t count, const float* x0, const float* xt,
                      float* out) {
  ou_loop<Avx512, chains, true>(m, s, first, count, x0, xt, out);
}

}  // namespace bench
