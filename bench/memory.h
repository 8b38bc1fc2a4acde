// The memory bound: loops that do nothing but move floats.
#pragma once

#include <cstdint>

namespace bench {

/// Whether stores go past the caches: best where the data are larger than them.
enum class Stores { cached, streaming };

/// out[i] = a: 4 bytes an element. `count` is a multiple of 16 and pointers are aligned to 64 bytes.
void write(Stores stores, float a, int64_t count, float* out);
/// out[i] = a x[i]: 8 bytes an element.
void scale(Stores stores, float a, int64_t count, const float* x, float* out);
/// out[i] = a x[i] + y[i]: 12 bytes an element.
void add(Stores stores, float a, int64_t count, const float* x, const float* y, float* out);

}  // namespace bench
