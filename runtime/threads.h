// A pool of threads over ranges of integers.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace catenary {

/// Threads that share out ranges. Any number of callers may use one pool at once, also from inside a body. The child of
/// a fork has none of them: there the caller does all by itself. No body may fork and go on.
class ThreadPool {
 public:
  /// A reference to a callable of (begin, end); it must outlive the call it is passed to.
  class Body {
   public:
    template <class F>
      requires(!std::same_as<std::remove_cvref_t<F>, Body>)
    Body(F&& body)  // NOLINT(google-explicit-constructor)
        : object_(const_cast<void*>(static_cast<const void*>(&body))),
          call_([](void* object, int64_t begin, int64_t end) {
            (*static_cast<std::remove_reference_t<F>*>(object))(begin, end);
          }) {}
    void operator()(int64_t begin, int64_t end) const { call_(object_, begin, end); }

   private:
    void* object_;
    void (*call_)(void*, int64_t, int64_t);
  };

  /// `threads` counts the caller: a pool of one starts no thread. 0: CATENARY_THREADS, or else one per processor.
  /// Error: outside 0..1024, or the system refuses that many.
  explicit ThreadPool(int threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;

  /// Calls `body` on disjoint ranges that cover [begin, end), each at least `grain` long but the last, on at most
  /// `threads` threads (0: all of the pool), the caller's among them. Returns when all are done; rethrows the first
  /// exception of a body, after which ranges not yet begun are left out.
  void parallel_for(int64_t begin, int64_t end, int64_t grain, Body body, int threads = 0);

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace catenary
