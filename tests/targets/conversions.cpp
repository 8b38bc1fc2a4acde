// Every conversion of the standard library on every target: the same bits, however it is compiled, cut and shared out.
#include <random>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/runtime/cuda_kernels.h>
#include <catenary/runtime/xtensor.h>
#include <catenary/tests/cuda/fake_driver.h>
#include <catenary/tests/targets/all_laws.h>
#include <catenary/tests/targets/device_bodies.h>
#include <catenary/tests/targets/ptx.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr int64_t samples = 1201, sites = 3;

/// One of i32, which takes another number of elements than it gives.
Conversion one_hot() {
  return {"one_hot", {"kinds", {2}, Type::i32}, "rows", [](const Expr& kinds) {
            std::vector<Operand> rows;
            for (int i = 0; i < 2; ++i) {
              std::vector<Operand> row;
              for (int k = 0; k < 5; ++k) row.push_back(to_int(equal(index(kinds, i), k)));
              rows.push_back(stack(row));
            }
            return stack(rows);
          }};
}

std::vector<Conversion> all() {
  std::vector<Conversion> list = conversions::all();
  list.push_back(one_hot());
  return list;
}

/// Points of unit length, so that they serve as rotations too; of i32, small integers; metric tensors are positive.
Tensor source_of(const Conversion& conversion) {
  Shape shape = conversion.from().shape;
  int64_t elements = element_count(shape);
  shape.insert(shape.begin(), {samples, sites});
  std::mt19937 engine(1);
  if (conversion.from().type == Type::i32) {
    Tensor kinds = Tensor::empty(Dtype::i32, shape);
    for (int32_t& v : kinds.values<int32_t>()) v = int32_t(engine() % 7) - 1;
    return kinds;
  }
  std::normal_distribution<float> normal;
  Tensor points = Tensor::empty(Dtype::f32, shape);
  auto values = points.values<float>();
  for (size_t i = 0; i < values.size(); i += size_t(elements)) {
    double square = 0;
    for (int64_t e = 0; e < elements; ++e) square += std::pow(values[i + size_t(e)] = normal(engine), 2);
    // A frame's rotation are its last four numbers.
    double unit = elements == 7 ? 0 : square;
    for (int64_t e = 3; elements == 7 && e < 7; ++e) unit += std::pow(values[i + size_t(e)], 2);
    for (int64_t e = 0; e < elements; ++e) values[i + size_t(e)] /= float(std::sqrt(unit));
    for (int64_t e = 0; conversion.from().name == "metric_tensors" && e < 9; e += 4) values[i + size_t(e)] += 2;
  }
  return points;
}

bool same(const Tensor& a, const Tensor& b) { return same_bytes(State{{"x", a}}, State{{"x", b}}); }

Tensor part(const Tensor& tensor, int64_t first, int64_t count) {
  return rows(State{{"x", tensor}}, first, count)["x"];
}

Target host(int lanes) {
  Target target = Target::host();
  target.lanes = lanes;
  return target;
}

}  // namespace

TEST_CASE("a conversion agrees with the evaluator") {
  for (const Conversion& conversion : all()) {
    INFO(conversion.name());
    Tensor source = source_of(conversion), got = compile(conversion)(source);
    Shape shape = conversion.to().shape;
    shape.insert(shape.begin(), {samples, sites});
    CHECK(got.shape() == shape);
    Evaluator evaluator({conversion.result()});
    int64_t taken = element_count(conversion.from().shape), given = element_count(conversion.to().shape);
    auto number = [](const Tensor& tensor, int64_t at) {
      return tensor.dtype() == Dtype::f32 ? double(tensor.values<const float>()[size_t(at)])
                                          : double(tensor.values<const int32_t>()[size_t(at)]);
    };
    for (int64_t i = 0; i < samples * sites; ++i) {
      Values point;
      for (int64_t e = 0; e < taken; ++e) point.push_back(number(source, i * taken + e));
      Values wanted = evaluator({{"source", point}})[0];
      for (int64_t e = 0; e < given; ++e) CHECK(std::abs(number(got, i * given + e) - wanted[size_t(e)]) < 2e-5);
    }
  }
}

TEST_CASE("a conversion has the same bits on every target, in any batch and by any number of threads") {
  for (const Conversion& conversion : all()) {
    INFO(conversion.name());
    Tensor source = source_of(conversion);
    Converter convert = compile(conversion, Target::cuda("sm_80"), {.sampler = {.threads = 7}});
    Tensor wanted = convert(source, {.threads = 1});
    CHECK(same(convert(source), wanted));
    for (int lanes : {4, 8, 16}) CHECK(same(compile(conversion, host(lanes))(source), wanted));
#ifdef __x86_64__
    CHECK(same(compile(conversion, {.cpu = "x86-64-v3", .features = "", .lanes = 16})(source), wanted));
#endif
    for (int64_t cut : {1, 3, 8, 500, 1200}) {
      CHECK(same(convert(part(source, 0, cut)), part(wanted, 0, cut)));
      CHECK(same(convert(part(source, cut, samples - cut)), part(wanted, cut, samples - cut)));
    }
    // Written to memory of the caller's; and read from text.
    Tensor out = Tensor::empty(wanted.dtype(), wanted.shape());
    convert(source, out);
    CHECK(same(out, wanted));
    Converter read(compile_mlir(to_mlir(conversion), "saved.mlir"));
    CHECK(read.name() == conversion.name());
    CHECK(same(read(source), wanted));

    State given{{conversion.name(), source}}, like{{conversion.name(), wanted}};
    Asked asked{{{CATENARY_SOURCE, &given}}, {}, Seed(0), 0, samples};
    DeviceBodies device(conversion);
    for (Grid grid : {Grid{1, 1}, Grid{9, 256}})
      for (int64_t shift : {0, 1}) CHECK(same_bytes(device.answer(asked, like, grid, shift), like));
    const catenary_module& module = *convert.sampler().module();
    REQUIRE(module.kernel_count == 1);
    REQUIRE(module.kernels[0].device);
    CHECK(module.kernels[0].device->sample_part == nullptr);
    check_exact(module.kernels[0].device->ptx);
  }
}

TEST_CASE("a conversion is launched on a GPU: by a stand-in for the driver") {
  OpenedFake fake(CATENARY_FAKE_CUDA_DRIVER);
  Conversion conversion = conversions::frames_from_backbones();
  DeviceBodies bodies(conversion);
  const std::string& symbol = bodies.kernels()[0].points_symbol;
  void* streamed = nullptr;
  fake.add(symbol.c_str(), [&](const void* parameter, unsigned blocks, unsigned threads, void* stream) {
    bodies.launch(symbol, parameter, {blocks, threads});
    streamed = stream;
  });
  Converter cpu = compile(conversion, Target::cuda("sm_80")), gpu = cpu.on_gpu(1, CATENARY_FAKE_CUDA_DRIVER);
  auto device = std::make_shared<const CudaDevice>(1, CATENARY_FAKE_CUDA_DRIVER);
  CudaKernels kernels(Module(cpu.sampler().module(), nullptr), device);
  Tensor source = source_of(conversion), wanted = cpu(source);
  Tensor there = kernels.empty(source.dtype(), source.shape(), "source");
  device->copy_in(there.data(), source.data(), size_t(source.bytes()));
  int stream = 0;
  Tensor made = gpu(there, {.stream = &stream}), back = Tensor::empty(wanted.dtype(), wanted.shape());
  CHECK(made.device() == Device{DeviceKind::cuda, 1});
  CHECK(streamed == &stream);
  device->copy_out(back.data(), made.data(), size_t(made.bytes()));
  CHECK(same(back, wanted));
}

TEST_CASE("what one converts may be an xtensor, with any number of sites' axes") {
  Converter to_frames = compile(conversions::frames_from_backbones());
  CHECK(std::string(to_frames.name()) == "frames_from_backbones");
  CHECK(to_frames.from().size == 9);
  CHECK(to_frames.to().size == 7);
  xt::xarray<float> atoms = xt::zeros<float>({2, 4, 5, 3, 3});
  Tensor frames = to_frames(view(atoms));
  CHECK(frames.shape() == Shape{2, 4, 5, 7});
  // Three atoms at the origin: see quaternion::from_backbone.
  for (size_t i = 0; i < frames.values<float>().size(); ++i) CHECK(frames.values<float>()[i] == (i % 7 == 3 ? 1 : 0));
  xt::xtensor<float, 3> one = xt::zeros<float>({1, 3, 3});
  CHECK(to_frames(view(one)).shape() == Shape{1, 7});
}
