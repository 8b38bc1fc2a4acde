// Plain loops, vectorised by the compiler, and their streaming versions.
#include "memory.h"

#include <immintrin.h>

namespace bench {

namespace {

template <class Value>
inline void stream(int64_t count, float* out, Value value) {
  for (int64_t i = 0; i < count; i += 4) _mm_stream_ps(out + i, value(i));
  _mm_sfence();
}

}  // namespace

__attribute__((target_clones("avx512f", "avx2", "default"))) void write_cached(float a, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = a;
}

__attribute__((target_clones("avx512f", "avx2", "default"))) void scale_cached(float a, int64_t count, const float* x,
                                                                               float* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = a * x[i];
}

__attribute__((target_clones("avx512f", "avx2", "default"))) void add_cached(float a, int64_t count, const float* x,
                                                                             const float* y, float* __restrict out) {
  for (int64_t i = 0; i < count; ++i) out[i] = a * x[i] + y[i];
}

void write(Stores stores, float a, int64_t count, float* out) {
  if (stores == Stores::cached) return write_cached(a, count, out);
  stream(count, out, [=](int64_t) { return _mm_set1_ps(a); });
}

void scale(Stores stores, float a, int64_t count, const float* x, float* out) {
  if (stores == Stores::cached) return scale_cached(a, count, x, out);
  stream(count, out, [=](int64_t i) { return _mm_mul_ps(_mm_set1_ps(a), _mm_load_ps(x + i)); });
}

void add(Stores stores, float a, int64_t count, const float* x, const float* y, float* out) {
  if (stores == Stores::cached) return add_cached(a, count, x, y, out);
  stream(count, out,
         [=](int64_t i) { return _mm_add_ps(_mm_mul_ps(_mm_set1_ps(a), _mm_load_ps(x + i)), _mm_load_ps(y + i)); });
}

}  // namespace bench
