// The text of every error about GPUs, by a stand-in for NVIDIA's driver.
#include <dlfcn.h>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/runtime/cuda_kernels.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/cuda/fake_driver.h>
#include <catenary/tests/message_of.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

std::string opening(int index, const std::string& library = CATENARY_FAKE_CUDA_DRIVER) {
  return message_of([&] { CudaDevice device(index, library); });
}

/// A joint compiled for GPUs, whose kernels the stand-in knows; they do nothing.
Sampler toy_known_to(const OpenedFake& fake) {
  Joint joint("toy");
  joint.add("x", Brownian(Euclidean({}), 1.0));
  Sampler sampler = compile(joint, Target::cuda("sm_80"));
  for (int k = 0; k < sampler.module()->kernel_count; ++k) {
    const catenary_device_kernel* code = sampler.module()->kernels[k].device;
    for (const char* entry : {code->sample_part, code->points_part})
      if (entry) fake.add(entry, [](const void*, unsigned, unsigned, void*) {});
  }
  return sampler;
}

}  // namespace

TEST_CASE("cuda messages: no driver, and what is none") {
  CHECK(
      opening(0, "libcuda_of_nobody.so") ==
      "cuda:0: NVIDIA's driver cannot be opened (libcuda_of_nobody.so: cannot open shared object file: No such file or "
      "directory); install it, or stay on the processor");
  CHECK(
      opening(1, "libm.so.6") ==
      "cuda:1: 'libm.so.6' is no driver of NVIDIA's, or too old: it has no cuInit; a driver for CUDA 11.4 or later is "
      "needed");
}

TEST_CASE("cuda messages: drivers and GPUs") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  CHECK(opening(1) == "no error");
  CHECK(opening(2) == "cuda:2: there is no such GPU; the driver finds 2, cuda:0 to cuda:1");
  CHECK(opening(-1) == "cuda:-1: there is no such GPU; the driver finds 2, cuda:0 to cuda:1");
  fake.driver->pools = 0;
  CHECK(opening(0) ==
        "cuda:0: this GPU, or the way in which it is shared, has no memory pools, which draws take their workspace "
        "from");
  fake.driver->gpus = 0;
  CHECK(opening(0) == "cuda:0: the driver finds no GPU here");
  fake.driver->version = 10020;
  CHECK(opening(0) == "cuda:0: NVIDIA's driver is for CUDA 10.2; one for CUDA 11.4 or later is needed");
  fake.driver->failing = "cuInit", fake.driver->code = 803;
  CHECK(opening(0) == "cuda:0: starting the driver failed: the text of the error (code 803 of NVIDIA's driver)");
  fake.driver->code = 999;
  CHECK(opening(0) == "cuda:0: starting the driver failed: no such error is known (code 999 of NVIDIA's driver)");
}

TEST_CASE("cuda messages: code that does not fit the driver or the GPU") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  auto device = std::make_shared<const CudaDevice>(0, CATENARY_FAKE_CUDA_DRIVER);
  Joint joint("toy");
  joint.add("x", Brownian(Euclidean({}), 1.0));
  Sampler with = compile(joint, Target::cuda("sm_80")), without = compile(joint);
  auto loading = [&](const Sampler& sampler) {
    return message_of([&] { CudaKernels(Module(sampler.module(), nullptr), device); });
  };
  CHECK(loading(without) == "cuda:0: joint 'toy' has no code for GPUs; compile it for Target::cuda");
  CHECK(loading(with) ==
        "cuda:0: finding 'catenary_toy_prior_0_points' failed: the text of the error (code 500 of NVIDIA's driver)");
  fake.driver->failing = "cuModuleLoadData", fake.driver->code = 222;
  CHECK(loading(with) ==
        "cuda:0: joint 'toy' was compiled for a newer driver than this one; update the driver, or compile for an older "
        "architecture such as sm_80");
  CHECK(fake.driver->modules == 0);
  for (int code : {209, 218}) {
    fake.driver->code = code;
    CHECK(loading(with) ==
          "cuda:0: joint 'toy' cannot run on this GPU, which is an sm_75; compile it for that, or for an older one");
  }
  fake.driver->code = 700;
  CHECK(loading(with) == "cuda:0: loading joint 'toy' failed: the text of the error (code 700 of NVIDIA's driver)");
}

TEST_CASE("cuda messages: a sampler on a GPU") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  const Sampler cpu = toy_known_to(fake);
  Sampler gpu = cpu.on_gpu(1, CATENARY_FAKE_CUDA_DRIVER);
  State here = cpu.prior(4, Seed(1)), there = gpu.prior(4, Seed(1));
  CHECK(there["x"].device() == Device{DeviceKind::cuda, 1});
  CHECK(message_of([&] { gpu.forward(here, 0.5, Seed(1)); }) ==
        "forward: component 'x' of x0 is on cpu; this sampler runs on cuda:1, so copy it there first");
  CHECK(message_of([&] { cpu.forward(there, 0.5, Seed(1)); }) ==
        "forward: component 'x' of x0 is on cuda:1; this sampler runs on the CPU, so copy it to host memory first");
  auto model = [&](const ModelInput&, State& estimate) { estimate = here; };
  CHECK(
      message_of([&] { gpu.reverse(model, {1, 0}, 4, Seed(1)); }) ==
      "reverse, step 1 of 1 (time 1): component 'x' of the estimate is on cpu; this sampler runs on cuda:1, so copy it "
      "there first");
  CHECK(message_of([&] { gpu.reverse(model, {1, 0}, 4, Seed(1), {.known = KnownSites()}); }) ==
        "reverse: known sites are put into estimates on a processor; on a GPU let the model write them");
  int stream = 0;
  gpu.forward(there, 0.5, Seed(1), {.stream = &stream});
  CHECK(fake.driver->stream == &stream);
  CHECK(message_of([&] { gpu.prior(int64_t{1} << 29, Seed(1)); }) ==
        "cuda:1: component 'x' needs 2147483648 bytes, and 1000 of its 80000 are free; use smaller batches");
  State out = gpu.prior(4, Seed(2));
  fake.driver->failing = "cuMemAlloc_v2", fake.driver->code = 2;
  int coefficients = cpu.module()->kernels[1].coefficient_count;
  CHECK(cpu.module()->kernels[1].pipeline == std::string("forward"));
  CHECK(
      message_of([&] { gpu.forward_into(out, there, std::vector<float>(4, 0.5f), Seed(1)); }) ==
      fmt::format("cuda:1: the workspace of forward for 4 samples needs {} bytes, and 1000 of its 80000 are free; use "
                  "smaller batches",
                  4 * 4 * (1 + coefficients)));
}

TEST_CASE("cuda messages: seeds and times in a GPU's memory, and graphs") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  const Sampler cpu = toy_known_to(fake);
  Sampler gpu = cpu.on_gpu(1, CATENARY_FAKE_CUDA_DRIVER);
  State here = cpu.prior(4, Seed(1)), there = gpu.prior(4, Seed(1)), out = gpu.prior(4, Seed(1));
  catenary_device_seed seed{1, 2};
  CHECK(message_of([&] { cpu.forward(here, 0.5, Seed(1), {.seed_memory = &seed}); }) ==
        "forward: a seed in a GPU's memory was given; this sampler runs on the CPU");

  std::vector<float> memory(4, 0.5f);
  auto times = [&](int index, Shape shape, Dtype dtype = Dtype::f32) {
    return TensorView(memory.data(), dtype, std::move(shape), {}, {DeviceKind::cuda, index});
  };
  CHECK(message_of([&] { Times(times(1, {4}, Dtype::i32)); }) ==
        "times in a GPU's memory must be a contiguous f32 tensor of shape [samples], or of shape [] for all; this one "
        "is i32 of shape [4] and strides [1] on cuda:1");
  auto at_address = [&](uintptr_t address) {
    return message_of([&] { Times(TensorView(reinterpret_cast<void*>(address), Dtype::f32, {4}, {}, gpu.device())); });
  };
  CHECK(at_address(0) == "times were given at a null pointer");
  CHECK(at_address(4098) == "times were given at an address that is no float's, which are multiples of 4");
  CHECK(message_of([&] {
          gpu.forward(there, 0.5, Seed(1), {.seed_memory = reinterpret_cast<const catenary_device_seed*>(4100)});
        }) == "forward: the seed in the GPU's memory lies at an address that is no multiple of 8");
  State between{{"x", TensorView(reinterpret_cast<void*>(4098), Dtype::f32, {4}, {}, gpu.device())}};
  CHECK(message_of([&] { gpu.forward(between, 0.5, Seed(1)); }) ==
        "forward: component 'x' of x0 lies at an address that is not a multiple of 4 bytes; copy it to memory aligned "
        "for its elements");
  CHECK(message_of([&] { cpu.forward(here, times(1, {4}), Seed(1)); }) ==
        "forward: t is on cuda:1; this sampler runs on the CPU");
  CHECK(message_of([&] { gpu.through_gpu(1, CATENARY_FAKE_CUDA_DRIVER).forward(here, times(1, {4}), Seed(1)); }) ==
        "forward: t is on cuda:1; this sampler runs on the CPU");
  CHECK(message_of([&] { gpu.forward(there, times(0, {4}), Seed(1)); }) ==
        "forward: t is on cuda:0; this sampler runs on cuda:1");
  CHECK(message_of([&] { gpu.forward(there, times(1, {3}), Seed(1)); }) ==
        "forward: t has 3 values and the batch has 4 samples; give one time for all or one per sample");
  CHECK(message_of([&] { gpu.bridge(there, out, times(1, {}), times(1, {4}), Seed(1)); }) ==
        "bridge: s is one time for all in the GPU's memory and t has one per sample; give both per sample, or both for "
        "all");
  CHECK(message_of([&] { gpu.bridge(there, out, memory, times(1, {}), Seed(1)); }) ==
        "bridge: t is one time for all in the GPU's memory and s has one per sample; give both per sample, or both for "
        "all");
  State same{{"x", TensorView(memory.data(), Dtype::f32, {4}, {}, {DeviceKind::cuda, 1})}};
  CHECK(message_of([&] { gpu.forward_into(same, there, times(1, {}), Seed(1)); }) ==
        "forward: component 'x' of the output overlaps the times in memory; give the output memory of its own");

  const CudaDevice device(1, CATENARY_FAKE_CUDA_DRIVER);
  auto model = [&](const ModelInput&, State& estimate) { estimate = there; };
  auto capturing = [&](const std::function<void(void*)>& enqueue) {
    return message_of([&] { device.destroy_graph(device.capture(enqueue)); });
  };
  CHECK(capturing([&](void* stream) { gpu.forward_into(out, there, 0.5, Seed(1), {.stream = stream}); }) == "no error");
  CHECK(capturing([&](void* stream) {
          gpu.forward_into(out, there, std::vector<float>(4, 0.5f), Seed(1), {.stream = stream});
        }) ==
        "cuda:1: a graph would read the times of each sample again at each launch, and forward's are in the host's "
        "memory; give times in the GPU's");
  CHECK(capturing([&](void* stream) { gpu.reverse(model, {1, 0}, 4, Seed(1), {.stream = stream}); }) ==
        "reverse: a graph is being captured from the stream, and would outlive the walk's memory; capture the walk by "
        "capture_reverse, or a step by step_into with tensors of your own");
  for (const Sampler& sampler : {cpu, gpu.through_gpu(1, CATENARY_FAKE_CUDA_DRIVER)})
    CHECK(message_of([&] { sampler.capture_reverse(model, {1, 0}, 4); }) ==
          "capture_reverse: only a sampler on a GPU has walks to capture (Sampler::on_gpu)");
  CHECK(message_of(
            [&] { gpu.capture_reverse(model, {1, 0}, 4, {.progress = [](const WalkProgress&) { return true; }}); }) ==
        "capture_reverse: a captured walk goes without coming back to the host, on the stream of each launch; "
        "leave observe, progress and stream out");
  auto throwing = [](const ModelInput&, State&) { throw std::runtime_error("no weights"); };
  CHECK(message_of([&] { gpu.capture_reverse(throwing, {1, 0}, 4); }) ==
        "reverse, step 1 of 1 (time 1): the model threw: no weights");
  const CapturedWalk walk = gpu.capture_reverse(model, {1, 0}, 4);
  CHECK(capturing([&](void* stream) { walk(Seed(1), stream); }) ==
        "cuda:1: a captured walk was launched on a stream that is being captured, whose graph would outlive the walk's "
        "memory; launch it on another stream");

  // Where a framework captures, it forbids to take memory in the common way.
  auto begin = reinterpret_cast<int (*)(void*, int)>(dlsym(fake.handle, "cuStreamBeginCapture_v2"));
  auto end = reinterpret_cast<int (*)(void*, void**)>(dlsym(fake.handle, "cuStreamEndCapture"));
  auto destroy = reinterpret_cast<int (*)(void*)>(dlsym(fake.handle, "cuGraphDestroy"));
  auto allocate = reinterpret_cast<int (*)(void**, size_t)>(dlsym(fake.handle, "cuMemAlloc_v2"));
  int stream = 0;
  void *graph = nullptr, *taken = nullptr;
  begin(&stream, 0);
  CHECK(allocate(&taken, 1) == 900);
  CHECK(message_of([&] { gpu.forward(there, 0.5, Seed(1), {.stream = &stream}); }) == "no error");
  // Nor may code be loaded in the common way, or what is here be copied there and back.
  CHECK(message_of([&] { cpu.on_gpu(1, CATENARY_FAKE_CUDA_DRIVER); }) == "no error");
  const int loaded = fake.driver->modules;
  CHECK(message_of([&] { cpu.through_gpu(1, CATENARY_FAKE_CUDA_DRIVER).forward(here, 0.5, Seed(1)); }) == "no error");
  CHECK(fake.driver->modules == loaded);
  end(&stream, &graph);
  destroy(graph);

  for (auto [function, doing] : {std::pair("cuStreamBeginCapture_v2", "beginning to capture a graph"),
                                 {"cuStreamEndCapture", "capturing a graph"},
                                 {"cuGraphInstantiateWithFlags", "making a graph ready"},
                                 {"cuGraphLaunch", "launching a graph"}}) {
    fake.driver->failing = function, fake.driver->code = 901;
    CHECK(message_of([&] { gpu.capture_reverse(model, {1, 0}, 4)(Seed(1)); }) ==
          fmt::format("cuda:1: {} failed: the text of the error (code 901 of NVIDIA's driver)", doing));
  }
  fake.driver->failing = nullptr;
  CHECK(fake.driver->pushed == 0);
  CHECK(fake.driver->streams == 0);
  CHECK(fake.driver->graphs == 1);
}

TEST_CASE("cuda messages: memory, launches, streams") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  const CudaDevice device(0, CATENARY_FAKE_CUDA_DRIVER);
  CHECK(
      message_of([&] { device.allocate(size_t{1} << 31, "the noise of 1000 samples"); }) ==
      "cuda:0: the noise of 1000 samples needs 2147483648 bytes, and 1000 of its 80000 are free; use smaller batches");
  auto failing = [&](const char* function) { fake.driver->failing = function, fake.driver->code = 700; };
  failing("cuMemAlloc_v2");
  CHECK(message_of([&] { device.allocate(8, "noise"); }) ==
        "cuda:0: taking 8 bytes for noise failed: the text of the error (code 700 of NVIDIA's driver)");
  failing("cuLaunchKernel");
  CHECK(message_of([&] { device.launch(nullptr, 1, 1, nullptr, nullptr); }) ==
        "cuda:0: launching a kernel failed: the text of the error (code 700 of NVIDIA's driver)");
  failing("cuStreamSynchronize");
  CHECK(message_of([&] { device.wait(nullptr); }) ==
        "cuda:0: waiting for a stream failed: the text of the error (code 700 of NVIDIA's driver)");
  CHECK(fake.driver->pushed == 0);
}
