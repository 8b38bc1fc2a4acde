// NVIDIA's driver, opened when a GPU is asked for: neither building nor running on a processor needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace catenary {

struct CudaFunctions;

/// One GPU: its context, code and memory. Safe to use from many threads. Throws Error where it cannot be opened or does
/// not take the code, and DeviceError, saying what was asked and what the driver answered.
class CudaDevice {
 public:
  /// GPU `index`, as the driver counts them. Errors: no driver, one that is too old, no such GPU.
  explicit CudaDevice(int index, const std::string& library = "libcuda.so.1");
  CudaDevice(const CudaDevice&) = delete;
  CudaDevice& operator=(const CudaDevice&) = delete;
  ~CudaDevice();

  int index() const { return index_; }
  std::string name() const;  ///< "cuda:0"
  int multiprocessors() const { return multiprocessors_; }

  /// Code from PTX text, which the driver compiles; `what` names it in messages. Errors: PTX newer than the driver, a
  /// GPU older than the PTX.
  void* load(const char* ptx, const std::string& what) const;
  /// What the driver says of this and of free is not asked: at the end of a process it may be gone already.
  void unload(void* code) const noexcept;
  /// An entry point of loaded code.
  void* function(void* code, const char* entry) const;

  /// Enqueues a function of one parameter, given by its address, on a stream of the driver's (null: the default one).
  void launch(void* function, uint32_t blocks, uint32_t threads, const void* parameter, void* stream) const;
  void wait(void* stream) const;
  /// The same, where what the driver says has been said or is asked by the next call.
  void finish(void* stream) const noexcept;

  /// What `enqueue` puts on the stream that it is given, as a graph, ready to be launched. Nothing of it is done yet.
  void* capture(const std::function<void(void* stream)>& enqueue) const;
  void launch_graph(void* graph, void* stream) const;
  void destroy_graph(void* graph) const noexcept;
  /// Whether what is enqueued on a stream goes into a graph that someone captures.
  bool is_captured(void* stream) const;

  /// Error: out of memory, with sizes; `what` is what the memory is for.
  void* allocate(size_t bytes, const std::string& what) const;
  void free(void* memory) const noexcept;
  /// The same in the order of a stream: memory is there for what is enqueued after, and goes back after what was
  /// before.
  void* allocate_on(void* stream, size_t bytes, const std::string& what) const;
  void free_on(void* stream, void* memory) const noexcept;

  void copy_in(void* to, const void* from, size_t bytes) const;
  /// In the order of a stream. `from` may change at once if it is pageable memory, unless reads_pageable_memory();
  /// pinned memory is read when the stream comes to it.
  void copy_in_on(void* stream, void* to, const void* from, size_t bytes) const;
  void copy_out(void* to, const void* from, size_t bytes) const;
  void copy_within_on(void* stream, void* to, const void* from, size_t bytes) const;
  /// Words that go with the call itself, in the order of a stream.
  void set_words_on(void* stream, void* to, std::span<const uint32_t> words) const;
  /// Whether the GPU reads the host's pageable memory where it lies, and so when a stream comes to it.
  bool reads_pageable_memory() const { return reads_pageable_memory_ != 0; }

 private:
  class Current;
  class Relaxed;
  void check(int result, const std::string& what) const;
  void check_allocation(int result, size_t bytes, const std::string& what) const;

  int index_, device_ = 0;
  std::unique_ptr<const CudaFunctions> driver_;
  void* context_ = nullptr;
  int multiprocessors_ = 0, reads_pageable_memory_ = 0;
};

}  // namespace catenary
