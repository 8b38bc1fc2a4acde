// How a test commands the stand-in for NVIDIA's driver.
#pragma once

#include <dlfcn.h>

#include <functional>
#include <string>

using FakeKernel = std::function<void(const void* parameter, unsigned blocks, unsigned threads, void* stream)>;

struct FakeDriver {
  int version = 12040;
  int gpus = 2;
  const char* failing = nullptr;  ///< The function that fails,
  int code = 0;                   ///< and with what.
  int pools = 1;                  ///< Whether GPUs have memory pools.
  bool loads_all = false;         ///< Entry points that no test has told of are there too; they fail when launched.
  int contexts = 0, pushed = 0, modules = 0, allocations = 0, streams = 0, graphs = 0;
  void* stream = nullptr;  ///< that memory was last taken on
};

extern "C" {
FakeDriver* fake_driver();
void fake_kernel(const char* name, const FakeKernel& kernel);
}

/// The stand-in as a test opens it, to command it.
struct OpenedFake {
  explicit OpenedFake(const std::string& library) : handle(dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    driver = reinterpret_cast<FakeDriver* (*)()>(dlsym(handle, "fake_driver"))();
    *driver = {};
    add = reinterpret_cast<void (*)(const char*, const FakeKernel&)>(dlsym(handle, "fake_kernel"));
  }
  void* handle;
  FakeDriver* driver;
  void (*add)(const char*, const FakeKernel&);
};
