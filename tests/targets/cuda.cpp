// Launching on a GPU: by a stand-in for the driver that runs the kernels here, and where there is a GPU, on it.
#include <catch2/catch.hpp>

#include <catenary/runtime/cuda_kernels.h>
#include <catenary/runtime/dlpack.h>
#include <catenary/tests/c_state.h>
#include <catenary/tests/cuda/fake_driver.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/targets/all_laws.h>
#include <catenary/tests/targets/device_bodies.h>
#include <catenary/tests/targets/has_gpu.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(0xfedcba9876543210, 77);
constexpr int64_t samples = 301, first_sample = 3;

const std::vector<Question> questions = {Question::prior, Question::forward, Question::bridge, Question::step,
                                         Question::transition};

/// A state in a GPU's memory, and back.
State copied(const State& state, const CudaDevice& device, const CudaKernels& memory) {
  State made;
  for (const auto& [name, tensor] : state) {
    bool in = tensor.device() == Device{};
    Tensor copy =
        in ? memory.empty(tensor.dtype(), tensor.shape(), name) : Tensor::empty(tensor.dtype(), tensor.shape());
    if (in)
      device.copy_in(copy.data(), tensor.data(), size_t(tensor.bytes()));
    else
      device.copy_out(copy.data(), tensor.data(), size_t(tensor.bytes()));
    made.set(name, copy);
  }
  return made;
}

/// The C interface: tensors of the GPU, a captured draw with times and a seed that stand there, and tensors of the
/// host.
void same_bits_by_c(const CudaDevice& device, const CudaKernels& memory, const std::string& driver, const Sampler& cpu,
                    const Arguments& a) {
  catenary_sampler *loaded = nullptr, *on = nullptr, *through = nullptr;
  catenary_message message;
  REQUIRE(catenary_load(cpu.module(), 1, &loaded, &message) == CATENARY_OK);
  REQUIRE(catenary_on_gpu(loaded, device.index(), driver.c_str(), &on, &message) == CATENARY_OK);
  REQUIRE(catenary_through_gpu(loaded, device.index(), driver.c_str(), &through, &message) == CATENARY_OK);
  catenary_release(loaded);

  catenary_draw draw = {};
  draw.seed = seed.value, draw.step = seed.step, draw.first_sample = first_sample;
  const DrawOptions options{.first_sample = first_sample};
  const State x0 = copied(a.x0, device, memory), xt = copied(a.xt, device, memory), out = copied(a.x0, device, memory);
  auto there = [&] {
    device.wait(nullptr);
    return copied(out, device, memory);
  };
  const catenary_times each = {a.t.data(), samples};
  CHECK(catenary_forward(on, CState(out), CState(x0), each, &draw, nullptr) == CATENARY_OK);
  const State forward = cpu.forward(a.x0, a.t, seed, options), here = a.x0.clone();
  CHECK(same_bytes(there(), forward));
  CHECK(catenary_forward(through, CState(here), CState(a.x0), each, &draw, nullptr) == CATENARY_OK);
  CHECK(same_bytes(here, forward));

  const Tensor each_s = memory.empty(Dtype::f32, {samples}, "s"), each_t = memory.empty(Dtype::f32, {samples}, "t"),
               seed_memory = memory.empty(Dtype::i32, {4}, "a seed");
  auto at = [](const Tensor& times) { return catenary_times{static_cast<const float*>(times.data()), times.size()}; };
  draw.gpu_times = 1;
  draw.seed_memory = static_cast<const catenary_device_seed*>(seed_memory.data());
  void* graph = device.capture([&](void* stream) {
    draw.stream = stream;
    CHECK(catenary_bridge(on, CState(out), CState(x0), CState(xt), at(each_s), at(each_t), &draw, nullptr) ==
          CATENARY_OK);
  });
  const catenary_device_seed more{5, 6};
  device.copy_in(each_t.data(), a.t.data(), size_t(each_t.bytes()));
  device.copy_in(each_s.data(), a.s.data(), size_t(each_s.bytes()));
  device.copy_in(seed_memory.data(), &more, sizeof more);
  device.launch_graph(graph, nullptr);
  const Seed other(seed.value + more.value, seed.step + 6);
  CHECK(same_bytes(there(), cpu.bridge(a.x0, a.xt, a.s, a.t, other, options)));
  device.destroy_graph(graph);

  draw.stream = nullptr;
  CHECK(catenary_forward(through, CState(here), CState(a.x0), at(each_t), &draw, nullptr) == CATENARY_INVALID);
  CHECK(catenary_forward(on, CState(out), CState(x0), {at(each_t).values + 7, 1}, &draw, nullptr) == CATENARY_OK);
  CHECK(same_bytes(there(), cpu.forward(a.x0, a.t[7], other, options)));
  catenary_release(on);
  catenary_release(through);
}

/// All questions that draw, on this GPU and on the processor.
void same_bits_on(int index, const std::string& driver) {
  Sampler cpu = compile(all_laws("laws"), Target::cuda("sm_80"), {.questions = questions});
  Sampler gpu = cpu.on_gpu(index, driver);
  auto device = std::make_shared<const CudaDevice>(index, driver);
  CudaKernels kernels(Module(cpu.module(), nullptr), device);
  Arguments a = arguments_of(cpu, samples);
  auto there = [&](const State& state) { return copied(state, *device, kernels); };
  State x0 = there(a.x0), xt = there(a.xt), estimate = there(a.estimate);
  DrawOptions options{.first_sample = first_sample};
  auto check = [&](const char* question, const State& got, const State& wanted) {
    INFO(question);
    device->wait(nullptr);
    CHECK(same_bytes(copied(got, *device, kernels), wanted));
  };
  Sites sites = {{"atoms", {atoms}}};
  check("prior", gpu.prior(samples, sites, seed, options), cpu.prior(samples, sites, seed, options));
  for (auto [s, t] : {std::pair<Times, Times>{a.s, a.t}, {0.25f, 0.75f}, {0.0f, a.t}}) {
    INFO((s.per_sample() ? "a time each" : "one time for all"));
    check("forward", gpu.forward(x0, t, seed, options), cpu.forward(a.x0, t, seed, options));
    check("bridge", gpu.bridge(x0, xt, s, t, seed, options), cpu.bridge(a.x0, a.xt, s, t, seed, options));
    check("step", gpu.step(estimate, xt, s, t, seed, options), cpu.step(a.estimate, a.xt, s, t, seed, options));
    check("transition", gpu.transition(x0, s, t, seed, options), cpu.transition(a.x0, s, t, seed, options));
  }

  // A walk whose model always says the same, in memory of its own.
  auto model = [](const State& answer) { return [&](const ModelInput&, State& estimate) { estimate = answer; }; };
  WalkOptions walk{.sites = sites, .first_sample = first_sample};
  check("reverse", gpu.reverse(model(estimate), {1, 0.5, 0.25, 0}, samples, seed, walk),
        cpu.reverse(model(a.estimate), {1, 0.5, 0.25, 0}, samples, seed, walk));

  // The same for tensors of the host, which are copied.
  Sampler through = cpu.through_gpu(index, driver);
  CHECK(same_bytes(through.prior(samples, sites, seed, options), cpu.prior(samples, sites, seed, options)));
  CHECK(same_bytes(through.forward(a.x0, a.t, seed, options), cpu.forward(a.x0, a.t, seed, options)));
  CHECK(same_bytes(through.step(a.estimate, a.xt, a.s, a.t, seed, options),
                   cpu.step(a.estimate, a.xt, a.s, a.t, seed, options)));
  CHECK_THROWS_AS(through.forward(a.x0, 2.0, seed, options), Error);
  auto walked = [&](const Sampler& sampler) {
    std::vector<State> seen;
    WalkOptions noted = walk;
    noted.initial = a.xt;
    noted.observe = [&](int64_t, double, const State& state) { seen.push_back(state.clone()); };
    auto answers = [&](const ModelInput& input, State& estimate) {
      seen.push_back(input.state.clone());
      estimate = a.estimate;
    };
    seen.push_back(sampler.reverse(answers, {1, 0.5, 0.25, 0}, samples, seed, noted));
    return seen;
  };
  const std::vector<State> there_seen = walked(through), here_seen = walked(cpu);
  REQUIRE(there_seen.size() == 8);
  for (size_t k = 0; k < 8; ++k) CHECK(same_bytes(there_seen[k], here_seen[k]));

  auto silent = [](const ModelInput&, State&) {};
  const std::string unwritten = message_of([&] { through.reverse(silent, {1, 0}, samples, seed, walk); });
  INFO(unwritten);
  CHECK(unwritten.find("did not write") != std::string::npos);

  // Views of memory that others own, as they come by DLPack.
  State views, out;
  for (const auto& [name, tensor] : x0) {
    std::vector<int64_t> shape(tensor.shape());
    DLTensor described{tensor.data(),
                       {kDLCUDA, index},
                       int32_t(shape.size()),
                       {uint8_t(tensor.dtype() == Dtype::f32 ? kDLFloat : kDLInt), 32, 1},
                       shape.data(),
                       nullptr,
                       0};
    views.set(name, view(described));
    out.set(name, kernels.empty(tensor.dtype(), tensor.shape(), name));
  }
  gpu.forward_into(out, views, 0.5, seed, options);
  check("forward_into", out, cpu.forward(a.x0, 0.5, seed, options));

  same_bits_by_c(*device, kernels, driver, cpu, a);

  // Seeds and times that the GPU finds in its memory.
  Tensor seed_memory = kernels.empty(Dtype::i32, {4}, "a seed");
  auto put_seed = [&](Seed told) {
    const catenary_device_seed value{told.value, told.step};
    device->copy_in(seed_memory.data(), &value, sizeof value);
  };
  auto put = [&](Tensor& to, const std::vector<float>& values) {
    device->copy_in(to.data(), values.data(), size_t(to.bytes()));
  };
  DrawOptions found = options;
  found.seed_memory = static_cast<const catenary_device_seed*>(seed_memory.data());
  Tensor one_s = kernels.empty(Dtype::f32, {}, "s"), one_t = kernels.empty(Dtype::f32, {}, "t");
  Tensor each_s = kernels.empty(Dtype::f32, {samples}, "s"), each_t = kernels.empty(Dtype::f32, {samples}, "t");
  put(one_s, {0.25f}), put(one_t, {0.75f}), put(each_s, a.s), put(each_t, a.t);
  const Seed told(1, 5);
  put_seed(Seed(seed.value - 1, seed.step - 5));
  check("prior", gpu.prior(samples, sites, told, found), cpu.prior(samples, sites, seed, options));
  check("forward", gpu.forward(x0, one_t, told, found), cpu.forward(a.x0, 0.75f, seed, options));
  check("bridge", gpu.bridge(x0, xt, each_s, each_t, told, found), cpu.bridge(a.x0, a.xt, a.s, a.t, seed, options));
  check("step", gpu.step(estimate, xt, 0.0f, each_t, told, found),
        cpu.step(a.estimate, a.xt, 0.0f, a.t, seed, options));
  check("transition", gpu.transition(x0, one_s, 0.75f, told, found), cpu.transition(a.x0, 0.25f, 0.75f, seed, options));
  check("bridge, times here and there", gpu.bridge(x0, xt, a.s, each_t, seed, options),
        cpu.bridge(a.x0, a.xt, a.s, a.t, seed, options));

  // Draws that are captured in a graph: each launch finds what then stands there.
  void* graph = device->capture([&](void* stream) {
    DrawOptions captured = found;
    captured.stream = stream;
    gpu.step_into(out, estimate, xt, each_s, each_t, told, captured);
  });
  for (uint64_t value : {3, 4}) {
    std::vector<float> s = a.s, t = a.t;
    for (float& time : s) time /= float(value);
    put_seed(Seed(value - 1)), put(each_s, s);
    device->launch_graph(graph, nullptr);
    check("captured step", out, cpu.step(a.estimate, a.xt, s, t, Seed(value, 5), options));
  }
  device->destroy_graph(graph);

  // A walk as a whole. What its model gives is the graph's as long as there is one.
  std::weak_ptr<void> given;
  {
    auto answers = [&](const ModelInput& input) {
      State mine = there(a.estimate);
      given = mine.begin()->tensor.owner();
      CHECK(input.seed_memory != nullptr);
      CHECK(input.seed.step == uint32_t(input.step));
      return mine;
    };
    WalkOptions resumed = walk;
    resumed.initial = xt;
    const CapturedWalk from_prior = gpu.capture_reverse(answers, {1, 0.5, 0.25, 0}, samples, walk),
                       from_xt = gpu.capture_reverse(model(estimate), {1, 0.5, 0.25}, samples, resumed);
    resumed.initial = a.xt;
    for (Seed other : {seed, Seed(5, 6)}) {
      check("captured walk", from_prior(other),
            cpu.reverse(model(a.estimate), {1, 0.5, 0.25, 0}, samples, other, walk));
      check("captured walk from x_t", from_xt(other),
            cpu.reverse(model(a.estimate), {1, 0.5, 0.25}, samples, other, resumed));
    }
    CHECK(!given.expired());
  }
  CHECK(given.expired());
}

}  // namespace

TEST_CASE("launched through a stand-in for the driver, kernels give the CPU's bits") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  std::vector<std::shared_ptr<DeviceBodies>> bodies;
  for (Question question : questions) {
    auto body = bodies.emplace_back(std::make_shared<DeviceBodies>(all_laws("laws"), question));
    for (const KernelEntry& kernel : body->kernels())
      for (const std::string& symbol : {kernel.sample_symbol, kernel.points_symbol})
        fake.add(symbol.c_str(), [body, symbol](const void* parameter, unsigned blocks, unsigned threads, void*) {
          body->launch(symbol, parameter, {blocks, threads});
        });
  }
  same_bits_on(1, CATENARY_FAKE_CUDA_DRIVER);
  CHECK(fake.driver->contexts == 0);
  CHECK(fake.driver->modules == 0);
  CHECK(fake.driver->allocations == 0);
  CHECK(fake.driver->pushed == 0);
  CHECK(fake.driver->streams == 0);
  CHECK(fake.driver->graphs == 0);
}

TEST_CASE("launches beyond 2^31 points are cut at samples, and grids are no larger than the GPU") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  struct Launch {
    catenary_device_points_args args;
    void* operand;
    unsigned blocks, threads;
    void* stream;
  };
  std::vector<Launch> launches;
  catenary_device_sample_args sample = {};
  fake.add("points", [&](const void* parameter, unsigned blocks, unsigned threads, void* stream) {
    auto* args = static_cast<const catenary_device_points_args*>(parameter);
    launches.push_back({*args, *reinterpret_cast<void* const*>(args + 1), blocks, threads, stream});
  });
  fake.add("samples", [&](const void* parameter, unsigned, unsigned, void*) {
    sample = *static_cast<const catenary_device_sample_args*>(parameter);
  });
  const catenary_device_kernel code = {"ptx", "samples", "points", 4};
  const catenary_point point = {CATENARY_F32, 0, {}, 1, 0};
  const catenary_component component = {"x", "line", "", point, point, "endpoint"};
  const catenary_operand operand = {0, CATENARY_OUT};
  const catenary_kernel kernel = {"forward",
                                  "",
                                  8,
                                  2,
                                  16,
                                  1,
                                  1,
                                  3,
                                  1,
                                  0,
                                  1,
                                  &operand,
                                  [](const catenary_sample_args*) {},
                                  [](const catenary_tile_args*) {},
                                  &code};
  const catenary_module raw = {
      CATENARY_ABI_VERSION, uint32_t(counter_layout_version), "toy", "any", "", 1, 1, &component, 1, &kernel};
  CudaKernels kernels(Module(&raw, nullptr), std::make_shared<const CudaDevice>(0, CATENARY_FAKE_CUDA_DRIVER));

  auto* memory = reinterpret_cast<char*>(uintptr_t{1} << 40);  // Never read.
  void* operands[] = {memory};
  const int64_t point_bytes[] = {4}, sites = 1000000001;
  int stream = 0;
  float times = 0, coefficients = 0;
  DeviceCall call{.seed = Seed(7, 8),
                  .first_sample = 10,
                  .samples = 5,
                  .points = sites,
                  .operands = operands,
                  .point_bytes = point_bytes,
                  .coefficients = &coefficients,
                  .stream = &stream};
  call.times[0].memory = &times;
  CHECK(CudaKernels::coefficients(kernel, call) == 15);
  kernels.launch(kernel, call);
  CHECK(sample.times[0] == &times);
  CHECK(sample.coefficients == &coefficients);
  CHECK(sample.count == 5);
  REQUIRE(launches.size() == 3);
  for (int64_t k = 0; k < 3; ++k) {
    const auto& [args, data, blocks, threads, on] = launches[size_t(k)];
    uint64_t first_point = uint64_t((10 + 2 * k) * sites);
    CHECK(args.seed == 7);
    CHECK(args.step == 8);
    CHECK(args.first_group * 4 + args.skipped == first_point);
    CHECK(args.skipped < 4);
    CHECK(args.points == uint32_t(k < 2 ? 2 * sites : sites));
    CHECK(args.coefficients == &coefficients + 2 * k);
    CHECK(args.coefficient_stride == 5);
    CHECK((uint64_t(sites) * args.sample_multiplier >> args.sample_shift) == 1);
    CHECK(data == memory + 2 * k * sites * 4);
    CHECK(blocks == 16);  // The stand-in has 2 multiprocessors.
    CHECK(threads == CATENARY_DEVICE_THREADS);
    CHECK(on == &stream);
  }

  launches.clear();
  call.times[0] = {nullptr, 0.5f}, call.samples = 1, call.points = 1000;
  CHECK(CudaKernels::coefficients(kernel, call) == 3);
  kernels.launch(kernel, call);
  CHECK(sample.times[0] == nullptr);
  CHECK(sample.time[0] == 0.5f);
  REQUIRE(launches.size() == 1);
  CHECK(launches[0].args.sample_multiplier == 0);
  CHECK(launches[0].blocks == 1);
}

TEST_CASE("on a GPU, kernels give the CPU's bits", "[gpu]") {
  if (has_gpu()) same_bits_on(0, "libcuda.so.1");
}

TEST_CASE("a GPU's errors are sentences", "[gpu]") {
  if (!has_gpu()) return;
  CHECK(message_of([] { CudaDevice(1000); }).find("cuda:1000: there is no such GPU; the driver finds") == 0);
  CudaDevice device(0);
  const std::string room = message_of([&] { device.allocate(size_t{1} << 50, "this test"); });
  INFO(room);
  CHECK(room.find("cuda:0: this test needs 1125899906842624 bytes, and ") == 0);
  // The newest architecture that LLVM knows; a GPU that is one takes it.
  Sampler newer = compile(all_laws("laws"), Target::cuda("sm_121"), {.questions = {Question::prior}});
  const std::string refused = message_of([&] { newer.on_gpu(0); });
  INFO(refused);
  CHECK((refused == "no error" || refused.find("cuda:0: joint 'laws' ") == 0));
}

// In a process of its own: the driver gives up the whole context.
TEST_CASE("an address that is not the GPU's is told of when the stream is waited for", "[.illegal]") {
  REQUIRE(has_gpu());
  Joint joint("alone");
  joint.add("x", Brownian(Euclidean({}), 1.0));
  Sampler gpu = compile(joint, Target::cuda("sm_80"), {.questions = {Question::prior}}).on_gpu(0);
  State nowhere{{"x", TensorView(reinterpret_cast<void*>(4096), Dtype::f32, {samples}, {}, gpu.device())}};
  CudaDevice device(0);
  gpu.prior_into(nowhere, seed);
  const std::string message = message_of([&] { device.wait(nullptr); });
  INFO(message);
  CHECK(message.find("cuda:0: waiting for a stream failed: ") == 0);
}
