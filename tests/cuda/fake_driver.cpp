// A stand-in for NVIDIA's driver: device memory is the process's, and kernels are functions that a test has told of.
#include "fake_driver.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

FakeDriver fake;
std::map<std::string, FakeKernel> kernels;

// What was put on a stream while it was captured, and what it took of memory.
struct Graph {
  std::vector<std::function<void()>> work;
  std::vector<void*> memory;
  int mode = 0;
};
std::map<void*, Graph> captured;  // By stream.
int thread_mode = 0;              // As a thread begins: what may spoil any capture is forbidden.

// Now, or whenever the graph is launched that the stream is captured for.
int put(void* stream, std::function<void()> work) {
  auto found = captured.find(stream);
  if (found == captured.end())
    work();
  else
    found->second.work.push_back(std::move(work));
  return 0;
}

bool forbidden() {
  return thread_mode != 2 &&
         std::any_of(captured.begin(), captured.end(), [](auto& of) { return of.second.mode != 2; });
}

int answer(const char* function) { return fake.failing && std::strcmp(fake.failing, function) == 0 ? fake.code : 0; }

}  // namespace

extern "C" {

FakeDriver* fake_driver() { return &fake; }
void fake_kernel(const char* name, const FakeKernel& kernel) { kernels[name] = kernel; }

int cuInit(unsigned) { return answer("cuInit"); }
int cuDriverGetVersion(int* version) {
  *version = fake.version;
  return 0;
}
int cuGetErrorString(int code, const char** text) {
  *text = code == 999 ? nullptr : "the text of the error";
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = fake.gpus;
  return 0;
}
int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}
int cuDeviceGetAttribute(int* value, int attribute, int) {
  *value = attribute == 16 ? 2 : attribute == 75 ? 7 : attribute == 76 ? 5 : attribute == 115 ? fake.pools : 0;
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) {
  *context = &fake;
  ++fake.contexts;
  return answer("cuDevicePrimaryCtxRetain");
}
int cuDevicePrimaryCtxRelease_v2(int) {
  --fake.contexts;
  return 0;
}
int cuCtxPushCurrent_v2(void*) {
  ++fake.pushed;
  return 0;
}
int cuCtxPopCurrent_v2(void**) {
  --fake.pushed;
  return 0;
}
int cuModuleLoadData(void** module, const void* ptx) {
  if (int code = answer("cuModuleLoadData")) return code;
  if (forbidden()) return 900;
  *module = const_cast<void*>(ptx);
  ++fake.modules;
  return 0;
}
int cuModuleUnload(void*) {
  if (forbidden()) return 900;
  --fake.modules;
  return 0;
}
int cuModuleGetFunction(void** function, void*, const char* name) {
  auto found = kernels.find(name);
  if (found == kernels.end()) {
    *function = nullptr;
    return fake.loads_all ? 0 : 500;
  }
  *function = &found->second;
  return 0;
}
int cuLaunchKernel(void* function, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned, unsigned, unsigned,
                   void* stream, void** parameters, void**) {
  if (int code = answer("cuLaunchKernel")) return code;
  if (!function) return 500;
  auto* kernel = static_cast<FakeKernel*>(function);
  if (captured.count(stream) == 0) return (*kernel)(parameters[0], blocks, threads, stream), 0;
  // The driver knows how large a parameter is; here those of sample parts are the only small ones.
  auto named = std::find_if(kernels.begin(), kernels.end(), [&](auto& k) { return &k.second == kernel; });
  const auto* bytes = static_cast<const char*>(parameters[0]);
  std::vector<char> parameter(bytes, bytes + (named->first.ends_with("_samples") ? 40 : 4096));
  return put(stream, [=] { (*kernel)(parameter.data(), blocks, threads, stream); });
}
int cuStreamSynchronize(void*) { return answer("cuStreamSynchronize"); }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
  *free = 1000, *total = 80000;
  return 0;
}
int cuMemAlloc_v2(void** memory, size_t bytes) {
  if (int code = answer("cuMemAlloc_v2")) return code;
  if (forbidden()) return 900;
  if (bytes > 1u << 30) return 2;
  *memory = std::malloc(bytes);
  ++fake.allocations;
  return 0;
}
int cuMemFree_v2(void* memory) {
  if (forbidden()) return 900;
  std::free(memory);
  --fake.allocations;
  return 0;
}
int cuMemAllocAsync(void** memory, size_t bytes, void* stream) {
  fake.stream = stream;
  int mode = std::exchange(thread_mode, 2);
  int code = cuMemAlloc_v2(memory, bytes);
  thread_mode = mode;
  return code;
}
int cuMemFreeAsync(void* memory, void* stream) {
  auto found = captured.find(stream);
  if (found == captured.end()) return cuMemFree_v2(memory);
  found->second.memory.push_back(memory);
  return 0;
}
int cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, void* stream) {
  if (captured.count(stream) > 0)
    return 901;  // The driver would read `from` at each launch; nothing here may ask that.
  std::memcpy(to, from, bytes);
  return 0;
}
int cuMemcpyHtoD_v2(void* to, const void* from, size_t bytes) {
  if (forbidden()) return 900;
  std::memcpy(to, from, bytes);
  return 0;
}
int cuMemcpyDtoDAsync_v2(void* to, const void* from, size_t bytes, void* stream) {
  return put(stream, [=] { std::memcpy(to, from, bytes); });
}
int cuMemcpyDtoH_v2(void* to, const void* from, size_t bytes) {
  if (forbidden()) return 900;
  std::memcpy(to, from, bytes);
  return 0;
}
int cuMemsetD32Async(void* to, unsigned word, size_t count, void* stream) {
  return put(stream, [=] { std::fill_n(static_cast<unsigned*>(to), count, word); });
}
int cuStreamCreate(void** stream, unsigned) {
  *stream = std::malloc(1);
  ++fake.streams;
  return 0;
}
int cuStreamDestroy_v2(void* stream) {
  std::free(stream);
  --fake.streams;
  return 0;
}
int cuStreamBeginCapture_v2(void* stream, int mode) {
  if (int code = answer("cuStreamBeginCapture_v2")) return code;
  captured[stream].mode = mode;
  return 0;
}
int cuStreamEndCapture(void* stream, void** graph) {
  if (int code = answer("cuStreamEndCapture")) {
    for (void* memory : captured[stream].memory) std::free(memory), --fake.allocations;
    captured.erase(stream);
    *graph = nullptr;
    return code;
  }
  *graph = new Graph(std::move(captured[stream]));
  captured.erase(stream);
  ++fake.graphs;
  return 0;
}
int cuStreamIsCapturing(void* stream, int* status) {
  *status = int(captured.count(stream));
  return 0;
}
int cuThreadExchangeStreamCaptureMode(int* mode) {
  std::swap(thread_mode, *mode);
  return 0;
}
int cuGraphInstantiateWithFlags(void** made, void* graph, unsigned long long) {
  if (int code = answer("cuGraphInstantiateWithFlags")) return code;
  auto* source = static_cast<Graph*>(graph);
  *made = new Graph{source->work, std::exchange(source->memory, {}), 0};
  ++fake.graphs;
  return 0;
}
int cuGraphLaunch(void* graph, void* stream) {
  if (int code = answer("cuGraphLaunch")) return code;
  for (auto& work : static_cast<Graph*>(graph)->work) put(stream, work);
  return 0;
}
int cuGraphDestroy(void* graph) {
  auto* ended = static_cast<Graph*>(graph);
  for (void* memory : ended->memory) std::free(memory), --fake.allocations;
  delete ended;
  --fake.graphs;
  return 0;
}
int cuGraphExecDestroy(void* graph) { return cuGraphDestroy(graph); }
}
