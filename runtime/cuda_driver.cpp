// The few functions of the driver that are needed, by their names in its library.
#include <catenary/runtime/cuda_driver.h>

#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

// As in NVIDIA's cuda.h, whose handles are pointers to us.
struct CudaFunctions {
  void* library = nullptr;
  int (*init)(unsigned) = nullptr;
  int (*version)(int*) = nullptr;
  int (*error_text)(int, const char**) = nullptr;
  int (*device_count)(int*) = nullptr;
  int (*device)(int*, int) = nullptr;
  int (*attribute)(int*, int, int) = nullptr;
  int (*retain)(void**, int) = nullptr;
  int (*release)(int) = nullptr;
  int (*push)(void*) = nullptr;
  int (*pop)(void**) = nullptr;
  int (*load)(void**, const void*) = nullptr;
  int (*unload)(void*) = nullptr;
  int (*function)(void**, void*, const char*) = nullptr;
  int (*load_function)(void*) = nullptr;  // Since CUDA 12.4; null before.
  int (*launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**,
                void**) = nullptr;
  int (*wait)(void*) = nullptr;
  int (*memory)(size_t*, size_t*) = nullptr;
  int (*allocate)(void**, size_t) = nullptr;
  int (*free)(void*) = nullptr;
  int (*allocate_on)(void**, size_t, void*) = nullptr;
  int (*free_on)(void*, void*) = nullptr;
  int (*copy_in)(void*, const void*, size_t) = nullptr;
  int (*copy_in_on)(void*, const void*, size_t, void*) = nullptr;
  int (*copy_out)(void*, const void*, size_t) = nullptr;
  int (*copy_within)(void*, const void*, size_t, void*) = nullptr;
  int (*set_words)(void*, unsigned, size_t, void*) = nullptr;
  int (*make_stream)(void**, unsigned) = nullptr;
  int (*end_stream)(void*) = nullptr;
  int (*begin_capture)(void*, int) = nullptr;
  int (*end_capture)(void*, void**) = nullptr;
  int (*capture_status)(void*, int*) = nullptr;
  int (*exchange_capture_mode)(int*) = nullptr;
  int (*instantiate)(void**, void*, unsigned long long) = nullptr;
  int (*launch_graph)(void*, void*) = nullptr;
  int (*end_graph)(void*) = nullptr;
  int (*end_graph_source)(void*) = nullptr;
};

namespace {

constexpr int least_version = 11040;  // CUDA 11.4, the first whose graphs take memory in the order of a stream.

enum Result { success = 0, out_of_memory = 2, no_binary = 209, invalid_ptx = 218, ptx_too_new = 222 };
enum CaptureMode { relaxed = 2 };
enum Attribute {
  multiprocessor_count = 16,
  capability_major = 75,
  capability_minor = 76,
  pageable_by_host_tables = 100,
  memory_pools = 115
};

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

std::unique_ptr<const CudaFunctions> open(const std::string& asked, const std::string& library) {
  auto f = std::make_unique<CudaFunctions>();
  f->library = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!f->library)
    throw Error(fmt::format("{}: NVIDIA's driver cannot be opened ({}); install it, or stay on the processor", asked,
                            dlerror()));
  auto find = [&](auto& function, const char* symbol) {
    void* found = dlsym(f->library, symbol);
    if (!found)
      throw Error(
          fmt::format("{}: '{}' is no driver of NVIDIA's, or too old: it has no {}; a driver for CUDA {} or later "
                      "is needed",
                      asked, library, symbol, version_text(least_version)));
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
  };
  find(f->init, "cuInit");
  find(f->version, "cuDriverGetVersion");
  find(f->error_text, "cuGetErrorString");
  find(f->device_count, "cuDeviceGetCount");
  find(f->device, "cuDeviceGet");
  find(f->attribute, "cuDeviceGetAttribute");
  find(f->retain, "cuDevicePrimaryCtxRetain");
  find(f->release, "cuDevicePrimaryCtxRelease_v2");
  find(f->push, "cuCtxPushCurrent_v2");
  find(f->pop, "cuCtxPopCurrent_v2");
  find(f->load, "cuModuleLoadData");
  find(f->unload, "cuModuleUnload");
  find(f->function, "cuModuleGetFunction");
  find(f->launch, "cuLaunchKernel");
  find(f->wait, "cuStreamSynchronize");
  find(f->memory, "cuMemGetInfo_v2");
  find(f->allocate, "cuMemAlloc_v2");
  find(f->free, "cuMemFree_v2");
  find(f->allocate_on, "cuMemAllocAsync");
  find(f->free_on, "cuMemFreeAsync");
  find(f->copy_in, "cuMemcpyHtoD_v2");
  find(f->copy_in_on, "cuMemcpyHtoDAsync_v2");
  find(f->copy_out, "cuMemcpyDtoH_v2");
  find(f->copy_within, "cuMemcpyDtoDAsync_v2");
  find(f->set_words, "cuMemsetD32Async");
  find(f->make_stream, "cuStreamCreate");
  find(f->end_stream, "cuStreamDestroy_v2");
  find(f->begin_capture, "cuStreamBeginCapture_v2");
  find(f->end_capture, "cuStreamEndCapture");
  find(f->capture_status, "cuStreamIsCapturing");
  find(f->exchange_capture_mode, "cuThreadExchangeStreamCaptureMode");
  find(f->instantiate, "cuGraphInstantiateWithFlags");
  find(f->launch_graph, "cuGraphLaunch");
  find(f->end_graph, "cuGraphExecDestroy");
  find(f->end_graph_source, "cuGraphDestroy");
  f->load_function = reinterpret_cast<int (*)(void*)>(dlsym(f->library, "cuFuncLoad"));
  return f;
}

}  // namespace

/// Makes the device's context this thread's for a while.
class CudaDevice::Current {
 public:
  explicit Current(const CudaDevice& device) : device_(device) {
    device.check(device.driver_->push(device.context_), "making its context current");
  }
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;
  ~Current() {
    void* popped;
    device_.driver_->pop(&popped);
  }

 private:
  const CudaDevice& device_;
};

/// Lets this thread load code, take, free and copy memory while a graph is captured elsewhere, which a framework's
/// capture would forbid.
class CudaDevice::Relaxed {
 public:
  explicit Relaxed(const CudaDevice& device) : device_(device) { device_.driver_->exchange_capture_mode(&mode_); }
  Relaxed(const Relaxed&) = delete;
  Relaxed& operator=(const Relaxed&) = delete;
  ~Relaxed() { device_.driver_->exchange_capture_mode(&mode_); }

 private:
  const CudaDevice& device_;
  int mode_ = relaxed;
};

CudaDevice::CudaDevice(int index, const std::string& library) : index_(index), driver_(open(name(), library)) {
  check(driver_->init(0), "starting the driver");
  int version = 0, count = 0;
  check(driver_->version(&version), "asking for the driver's version");
  if (version < least_version)
    throw Error(fmt::format("{}: NVIDIA's driver is for CUDA {}; one for CUDA {} or later is needed", name(),
                            version_text(version), version_text(least_version)));
  check(driver_->device_count(&count), "counting GPUs");
  if (index < 0 || index >= count)
    throw Error(count == 0 ? fmt::format("{}: the driver finds no GPU here", name())
                           : fmt::format("{}: there is no such GPU; the driver finds {}, cuda:0 to cuda:{}", name(),
                                         count, count - 1));
  check(driver_->device(&device_, index), "opening it");
  check(driver_->attribute(&multiprocessors_, multiprocessor_count, device_), "counting its multiprocessors");
  check(driver_->attribute(&reads_pageable_memory_, pageable_by_host_tables, device_), "asking what memory it reads");
  int pools = 0;
  check(driver_->attribute(&pools, memory_pools, device_), "asking for memory pools");
  if (pools == 0)
    throw Error(
        fmt::format("{}: this GPU, or the way in which it is shared, has no memory pools, which draws take "
                    "their workspace from",
                    name()));
  check(driver_->retain(&context_, device_), "taking its context");
}

CudaDevice::~CudaDevice() {
  if (context_) driver_->release(device_);
}

std::string CudaDevice::name() const { return fmt::format("cuda:{}", index_); }

void CudaDevice::check(int result, const std::string& what) const {
  if (result == success) return;
  const char* text = nullptr;
  driver_->error_text(result, &text);
  throw DeviceError(fmt::format("{}: {} failed: {} (code {} of NVIDIA's driver)", name(), what,
                                text ? text : "no such error is known", result));
}

void* CudaDevice::load(const char* ptx, const std::string& what) const {
  Current current(*this);
  const Relaxed allowed(*this);
  void* code = nullptr;
  int result = driver_->load(&code, ptx);
  if (result == ptx_too_new)
    throw Error(
        fmt::format("{}: {} was compiled for a newer driver than this one; update the driver, or compile for an "
                    "older architecture such as sm_80",
                    name(), what));
  if (result == no_binary || result == invalid_ptx) {
    int major = 0, minor = 0;
    check(driver_->attribute(&major, capability_major, device_), "asking for its architecture");
    check(driver_->attribute(&minor, capability_minor, device_), "asking for its architecture");
    // "invalid PTX" is also what the driver says of text that it cannot compile for another reason.
    const char* target = std::strstr(ptx, ".target sm_");
    const long made_for = target ? std::strtol(target + std::strlen(".target sm_"), nullptr, 10) : 0;
    if (result == no_binary || made_for > 10 * major + minor)
      throw Error(
          fmt::format("{}: {} cannot run on this GPU, which is an sm_{}{}; compile it for that, or for an older "
                      "one",
                      name(), what, major, minor));
  }
  check(result, "loading " + what);
  return code;
}

void CudaDevice::unload(void* code) const noexcept {
  void* popped = nullptr;
  if (driver_->push(context_) != success) return;
  {
    const Relaxed allowed(*this);
    driver_->unload(code);
  }
  driver_->pop(&popped);
}

void* CudaDevice::function(void* code, const char* entry) const {
  Current current(*this);
  void* found = nullptr;
  const Relaxed allowed(*this);
  check(driver_->function(&found, code, entry), fmt::format("finding '{}'", entry));
  // Else it is brought to the GPU by its first launch, which may be one that is captured.
  if (driver_->load_function) check(driver_->load_function(found), fmt::format("loading '{}'", entry));
  return found;
}

void CudaDevice::launch(void* function, uint32_t blocks, uint32_t threads, const void* parameter, void* stream) const {
  Current current(*this);
  void* parameters[] = {const_cast<void*>(parameter)};
  check(driver_->launch(function, blocks, 1, 1, threads, 1, 1, 0, stream, parameters, nullptr), "launching a kernel");
}

void CudaDevice::wait(void* stream) const {
  Current current(*this);
  check(driver_->wait(stream), "waiting for a stream");
}

void CudaDevice::finish(void* stream) const noexcept {
  void* popped = nullptr;
  if (driver_->push(context_) != success) return;
  driver_->wait(stream);
  driver_->pop(&popped);
}

void* CudaDevice::capture(const std::function<void(void* stream)>& enqueue) const {
  Current current(*this);
  constexpr unsigned beside_the_default_one = 1;
  void *stream = nullptr, *source = nullptr, *graph = nullptr;
  check(driver_->make_stream(&stream, beside_the_default_one), "making a stream");
  const auto end_stream = [this](void* made) { driver_->end_stream(made); };
  const std::unique_ptr<void, decltype(end_stream)> owned_stream(stream, end_stream);
  check(driver_->begin_capture(stream, relaxed), "beginning to capture a graph");
  const auto end_source = [this](void* made) { driver_->end_graph_source(made); };
  std::unique_ptr<void, decltype(end_source)> owned_source(nullptr, end_source);
  try {
    enqueue(stream);
  } catch (...) {
    driver_->end_capture(stream, &source);
    owned_source.reset(source);
    throw;
  }
  check(driver_->end_capture(stream, &source), "capturing a graph");
  owned_source.reset(source);
  check(driver_->instantiate(&graph, source, 0), "making a graph ready");
  return graph;
}

void CudaDevice::launch_graph(void* graph, void* stream) const {
  Current current(*this);
  check(driver_->launch_graph(graph, stream), "launching a graph");
}

void CudaDevice::destroy_graph(void* graph) const noexcept {
  void* popped = nullptr;
  if (driver_->push(context_) != success) return;
  driver_->end_graph(graph);
  driver_->pop(&popped);
}

bool CudaDevice::is_captured(void* stream) const {
  if (stream == nullptr) return false;  // The default stream cannot be.
  Current current(*this);
  int status = 0;
  check(driver_->capture_status(stream, &status), "asking for the state of a stream");
  return status != 0;
}

void CudaDevice::check_allocation(int result, size_t bytes, const std::string& what) const {
  if (result == out_of_memory) {
    size_t free = 0, total = 0;
    check(driver_->memory(&free, &total), "asking for its memory");
    throw DeviceError(fmt::format("{}: {} needs {} bytes, and {} of its {} are free; use smaller batches", name(), what,
                                  bytes, free, total));
  }
  check(result, fmt::format("taking {} bytes for {}", bytes, what));
}

void* CudaDevice::allocate(size_t bytes, const std::string& what) const {
  Current current(*this);
  const Relaxed allowed(*this);
  void* memory = nullptr;
  check_allocation(driver_->allocate(&memory, bytes), bytes, what);
  return memory;
}

void* CudaDevice::allocate_on(void* stream, size_t bytes, const std::string& what) const {
  Current current(*this);
  void* memory = nullptr;
  check_allocation(driver_->allocate_on(&memory, bytes, stream), bytes, what);
  return memory;
}

void CudaDevice::free(void* memory) const noexcept {
  void* popped = nullptr;
  if (driver_->push(context_) != success) return;
  {
    const Relaxed allowed(*this);
    driver_->free(memory);
  }
  driver_->pop(&popped);
}

void CudaDevice::free_on(void* stream, void* memory) const noexcept {
  void* popped = nullptr;
  if (driver_->push(context_) != success) return;
  driver_->free_on(memory, stream);
  driver_->pop(&popped);
}

void CudaDevice::copy_in_on(void* stream, void* to, const void* from, size_t bytes) const {
  Current current(*this);
  check(driver_->copy_in_on(to, from, bytes, stream), fmt::format("copying {} bytes to it", bytes));
}

void CudaDevice::copy_in(void* to, const void* from, size_t bytes) const {
  Current current(*this);
  const Relaxed allowed(*this);
  check(driver_->copy_in(to, from, bytes), fmt::format("copying {} bytes to it", bytes));
}

void CudaDevice::copy_out(void* to, const void* from, size_t bytes) const {
  Current current(*this);
  const Relaxed allowed(*this);
  check(driver_->copy_out(to, from, bytes), fmt::format("copying {} bytes from it", bytes));
}

void CudaDevice::copy_within_on(void* stream, void* to, const void* from, size_t bytes) const {
  Current current(*this);
  check(driver_->copy_within(to, from, bytes, stream), fmt::format("copying {} bytes within it", bytes));
}

void CudaDevice::set_words_on(void* stream, void* to, std::span<const uint32_t> words) const {
  Current current(*this);
  for (size_t k = 0; k < words.size(); ++k)
    check(driver_->set_words(static_cast<uint32_t*>(to) + k, words[k], 1, stream), "setting a word of it");
}

}  // namespace catenary
