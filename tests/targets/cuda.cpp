// Launching on a GPU: by a stand-in for the driver that runs the kernels here, and where there is a GPU, on it.
#include <catch2/catch.hpp>

#include <catenary/runtime/cuda_kernels.h>
#include <catenary/tests/cuda/fake_driver.h>
#include <catenary/tests/targets/all_laws.h>
#include <catenary/tests/targets/device_bodies.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(0xfedcba9876543210, 77);
constexpr int64_t samples = 301, first_sample = 3;

const std::vector<Question> questions = {Question::prior, Question::forward, Question::bridge, Question::step,
                                         Question::transition};

bool is_output(int role) { return role == CATENARY_OUT; }

/// A question answered on a GPU: tensors are copied there and back.
State answer(const CudaKernels& kernels, const Module& module, const CudaDevice& device, Question question,
             const std::map<int, const State*>& given, const std::vector<std::vector<float>>& times,
             const State& like) {
  std::vector<void*> taken;
  auto take = [&](size_t bytes) { return taken.emplace_back(device.allocate(bytes, "a test")); };
  State out;
  for (const auto& [name, tensor] : like) out.set(name, Tensor::empty(tensor.dtype(), tensor.shape()));
  for (const catenary_kernel* kernel : module.kernels(question)) {
    auto tensor_of = [&](const catenary_operand& operand) -> const Tensor& {
      return (is_output(operand.role) ? out
                                      : *given.at(operand.role))[module.components()[size_t(operand.component)].name];
    };
    auto operands_of = std::span(kernel->operands, size_t(kernel->operand_count));
    DeviceCall call{.seed = seed, .first_sample = first_sample, .samples = samples};
    std::vector<void*> operands;
    std::vector<int64_t> point_bytes;
    for (const catenary_operand& operand : operands_of) {
      const Tensor& tensor = tensor_of(operand);
      const catenary_component& component = module.components()[size_t(operand.component)];
      const catenary_point& point = operand.role == CATENARY_ESTIMATE ? component.estimate : component.point;
      call.sites = tensor.size() / samples / point.size;
      point_bytes.push_back(point.size * 4);
      operands.push_back(take(size_t(tensor.bytes())));
      if (!is_output(operand.role)) device.copy_in(operands.back(), tensor.data(), size_t(tensor.bytes()));
    }
    for (size_t j = 0; j < times.size(); ++j) {
      call.times[j].one = times[j][0];
      if (times[j].size() == 1) continue;
      void* each = take(times[j].size() * sizeof(float));
      device.copy_in(each, times[j].data(), times[j].size() * sizeof(float));
      call.times[j].each = static_cast<const float*>(each);
    }
    call.operands = operands, call.point_bytes = point_bytes;
    call.coefficients = static_cast<float*>(take(size_t(CudaKernels::coefficients(*kernel, call) + 1) * sizeof(float)));
    kernels.run(*kernel, call);
    device.wait(nullptr);
    for (size_t i = 0; i < operands.size(); ++i)
      if (is_output(operands_of[i].role))
        device.copy_out(tensor_of(operands_of[i]).data(), operands[i], size_t(tensor_of(operands_of[i]).bytes()));
  }
  for (void* memory : taken) device.free(memory);
  return out;
}

/// All questions that draw, on this GPU and on the processor.
void same_bits_on(const std::shared_ptr<const CudaDevice>& device) {
  Sampler cpu = compile(all_laws("laws"), Target::cuda("sm_80"), {.questions = questions});
  Module module(cpu.module(), nullptr);
  CudaKernels kernels(module, device);
  Arguments a = arguments_of(cpu, samples);
  DrawOptions options{.first_sample = first_sample};
  auto check = [&](Question question, const std::map<int, const State*>& given,
                   const std::vector<std::vector<float>>& times, const State& wanted) {
    INFO(name_of(question) << " with " << (times.empty() ? 0 : times[0].size()) << " times");
    CHECK(same_bytes(answer(kernels, module, *device, question, given, times, wanted), wanted));
  };
  check(Question::prior, {}, {}, cpu.prior(samples, {{"atoms", {atoms}}}, seed, options));
  for (bool each : {false, true}) {
    std::vector<float> s = each ? a.s : std::vector{0.25f}, t = each ? a.t : std::vector{0.75f};
    Times at_s = each ? Times(s) : Times(s[0]), at_t = each ? Times(t) : Times(t[0]);
    check(Question::forward, {{CATENARY_X0, &a.x0}}, {t}, cpu.forward(a.x0, at_t, seed, options));
    check(Question::bridge, {{CATENARY_X0, &a.x0}, {CATENARY_XT, &a.xt}}, {s, t},
          cpu.bridge(a.x0, a.xt, at_s, at_t, seed, options));
    check(Question::step, {{CATENARY_ESTIMATE, &a.estimate}, {CATENARY_XT, &a.xt}}, {s, t},
          cpu.step(a.estimate, a.xt, at_s, at_t, seed, options));
    check(Question::transition, {{CATENARY_XS, &a.x0}}, {s, t}, cpu.transition(a.x0, at_s, at_t, seed, options));
  }
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
  {
    auto device = std::make_shared<const CudaDevice>(1, CATENARY_FAKE_CUDA_DRIVER);
    CHECK(device->name() == "cuda:1");
    same_bits_on(device);
    CHECK(fake.driver->contexts == 1);
  }
  CHECK(fake.driver->contexts == 0);
  CHECK(fake.driver->modules == 0);
  CHECK(fake.driver->pushed == 0);
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
  const catenary_kernel kernel = {
      "forward", "", 8, 2, 1, 3, 1, &operand, [](const catenary_sample_args*) {}, [](const catenary_tile_args*) {},
      &code};
  const catenary_module raw = {
      CATENARY_ABI_VERSION, uint32_t(counter_layout_version), "toy", 1, 1, &component, 1, &kernel};
  CudaKernels kernels(Module(&raw, nullptr), std::make_shared<const CudaDevice>(0, CATENARY_FAKE_CUDA_DRIVER));

  auto* memory = reinterpret_cast<char*>(uintptr_t{1} << 40);  // Never read.
  void* operands[] = {memory};
  const int64_t point_bytes[] = {4}, sites = 1000000001;
  int stream = 0;
  float times = 0, coefficients = 0;
  DeviceCall call{.seed = Seed(7, 8),
                  .first_sample = 10,
                  .samples = 5,
                  .sites = sites,
                  .operands = operands,
                  .point_bytes = point_bytes,
                  .coefficients = &coefficients,
                  .stream = &stream};
  call.times[0].each = &times;
  CHECK(CudaKernels::coefficients(kernel, call) == 15);
  kernels.run(kernel, call);
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
  call.times[0] = {nullptr, 0.5f}, call.samples = 1, call.sites = 1000;
  CHECK(CudaKernels::coefficients(kernel, call) == 3);
  kernels.run(kernel, call);
  CHECK(sample.times[0] == nullptr);
  CHECK(sample.time[0] == 0.5f);
  REQUIRE(launches.size() == 1);
  CHECK(launches[0].args.sample_multiplier == 0);
  CHECK(launches[0].blocks == 1);
}

TEST_CASE("on a GPU, kernels give the CPU's bits") {
  std::shared_ptr<const CudaDevice> device;
  try {
    device = std::make_shared<const CudaDevice>(0);
  } catch (const Error& error) {
    WARN("SKIP: no GPU to run on. " << error.what());
    return;
  }
  same_bits_on(device);
}
