// How many times the program has allocated with operator new: every form of it is replaced by one that counts.
#include <catenary/tests/runtime/allocations.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> count = 0;

void* counted(size_t bytes, size_t alignment) {
  ++count;
  return std::aligned_alloc(alignment, (std::max<size_t>(bytes, 1) + alignment - 1) / alignment * alignment);
}

void* or_throw(void* memory) { return memory != nullptr ? memory : throw std::bad_alloc(); }

constexpr size_t usual = alignof(std::max_align_t);

}  // namespace

int64_t catenary::fake::allocations() { return count; }

void* operator new(size_t bytes) { return or_throw(counted(bytes, usual)); }
void* operator new(size_t bytes, std::align_val_t alignment) { return or_throw(counted(bytes, size_t(alignment))); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept { return counted(bytes, usual); }
void* operator new(size_t bytes, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return counted(bytes, size_t(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
