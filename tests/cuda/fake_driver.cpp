// A stand-in for NVIDIA's driver: device memory is the process's, and kernels are functions that a test has told of.
#include "fake_driver.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace {

FakeDriver fake;
std::map<std::string, FakeKernel> kernels;

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
  *value = attribute == 16 ? 2 : attribute == 75 ? 7 : 5;
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
  *module = const_cast<void*>(ptx);
  ++fake.modules;
  return 0;
}
int cuModuleUnload(void*) {
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
  (*static_cast<FakeKernel*>(function))(parameters[0], blocks, threads, stream);
  return 0;
}
int cuStreamSynchronize(void*) { return answer("cuStreamSynchronize"); }
int cuMemGetInfo_v2(size_t* free, size_t* total) {
  *free = 1000, *total = 80000;
  return 0;
}
int cuMemAlloc_v2(void** memory, size_t bytes) {
  if (int code = answer("cuMemAlloc_v2")) return code;
  if (bytes > 1u << 30) return 2;
  *memory = std::malloc(bytes);
  ++fake.allocations;
  return 0;
}
int cuMemFree_v2(void* memory) {
  std::free(memory);
  --fake.allocations;
  return 0;
}
int cuMemAllocAsync(void** memory, size_t bytes, void* stream) {
  fake.stream = stream;
  return cuMemAlloc_v2(memory, bytes);
}
int cuMemFreeAsync(void* memory, void*) { return cuMemFree_v2(memory); }
int cuMemcpyHtoDAsync_v2(void* to, const void* from, size_t bytes, void*) {
  std::memcpy(to, from, bytes);
  return 0;
}
int cuMemcpyHtoD_v2(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
  return 0;
}
int cuMemcpyDtoDAsync_v2(void* to, const void* from, size_t bytes, void*) {
  std::memcpy(to, from, bytes);
  return 0;
}
int cuMemcpyDtoH_v2(void* to, const void* from, size_t bytes) {
  std::memcpy(to, from, bytes);
  return 0;
}
}
