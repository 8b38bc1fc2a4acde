// How many times the program has allocated with operator new.
#pragma once

#include <cstdint>

namespace catenary::fake {

int64_t allocations();

}  // namespace catenary::fake
