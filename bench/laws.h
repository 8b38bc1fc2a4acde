// Kernels of the standard library against the hand-tuned loop.
#pragma once

#include <cstdint>

namespace bench {

/// One thread, `points` points in the cache: G points/s of each kernel, over those of the hand-tuned Ornstein-Uhlenbeck
/// loop timed in turn with it, beside the share to be reached.
void print_laws(int64_t points, int repeats, double seconds);

}  // namespace bench
