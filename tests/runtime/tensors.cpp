// Tensors, states, and the borders to DLPack and xtensor.
#include <catch2/catch.hpp>

#include <array>

#include <catenary/runtime/dlpack.h>
#include <catenary/runtime/sampler.h>
#include <catenary/runtime/xtensor.h>
#include <catenary/tests/runtime/states.h>

using namespace catenary;
using namespace catenary::fake;

TEST_CASE("a view knows its shape, strides and whether it is dense") {
  std::array<float, 24> numbers = {};
  TensorView view(numbers.data(), {2, 3, 4});
  CHECK(view.size() == 24);
  CHECK(view.bytes() == 96);
  CHECK(view.rank() == 3);
  CHECK(view.strides() == Shape{12, 4, 1});
  CHECK(view.is_contiguous());
  CHECK_FALSE(view.read_only());
  CHECK(view.data_as<float>() == numbers.data());
  CHECK(TensorView(std::as_const(numbers).data(), {24}).read_only());
  CHECK_FALSE(TensorView(numbers.data(), Dtype::f32, {3, 4}, {1, 3}).is_contiguous());
  CHECK(TensorView(numbers.data(), Dtype::f32, {1, 4}, {99, 1}).is_contiguous());
  CHECK(TensorView(numbers.data(), Dtype::f32, {}).size() == 1);
  CHECK(TensorView(numbers.data(), Dtype::f32, {3, 0}).size() == 0);
  CHECK(TensorView().size() == 0);
}

TEST_CASE("contiguous copies strided tensors densely") {
  std::array<int32_t, 6> numbers = {0, 1, 2, 3, 4, 5};
  Tensor turned = contiguous(TensorView(numbers.data(), Dtype::i32, {3, 2}, {1, 3}));
  CHECK(std::ranges::equal(turned.values<const int32_t>(), std::array{0, 3, 1, 4, 2, 5}));
  Tensor backwards = contiguous(TensorView(numbers.data() + 5, Dtype::i32, {6}, {-1}));
  CHECK(std::ranges::equal(backwards.values<const int32_t>(), std::array{5, 4, 3, 2, 1, 0}));
  Tensor repeated = contiguous(TensorView(numbers.data() + 4, Dtype::i32, {2, 2}, {0, 1}));
  CHECK(std::ranges::equal(repeated.values<const int32_t>(), std::array{4, 5, 4, 5}));
}

TEST_CASE("a tensor owns memory aligned to 64 bytes and shares it when copied") {
  Tensor tensor = Tensor::empty(Dtype::f32, {5, 3});
  CHECK(reinterpret_cast<uintptr_t>(tensor.data()) % 64 == 0);
  Tensor copy = tensor;
  CHECK(copy.data() == tensor.data());
  CHECK(tensor.owner().use_count() == 2);
  TensorView view = tensor;
  CHECK(Tensor(view).owner() == nullptr);
}

TEST_CASE("a state keeps its components in order, and a clone has memory of its own") {
  std::array<float, 2> a = {1, 2}, b = {3, 4};
  State state{{"second", TensorView(a.data(), {2})}};
  state.set("first", TensorView(b.data(), {2}));
  std::string names;
  for (const auto& [name, tensor] : state) names += name + " ";
  CHECK(names == "second first ");
  State clone = state.clone();
  clone["first"].values<float>()[0] = 9;
  CHECK(b[0] == 3);
  state["first"] = clone["first"];
  CHECK(state.at("first").data() == clone["first"].data());
  CHECK(state.set("first", TensorView(b.data(), {2})).size() == 2);
}

TEST_CASE("what a temporary state holds outlives it") {
  auto made = [] {
    State state{{"a", Tensor::empty(Dtype::f32, {4})}};
    for (float& v : state["a"].values<float>()) v = 3;
    return state;
  };
  float sum = 0;
  for (float v : made()["a"].values<float>()) sum += v;
  CHECK(sum == 12);
  const Tensor& kept = made()["a"];
  CHECK(kept.values<const float>()[3] == 3);
}

TEST_CASE("DLPack tensors come in with offset and strides, and their deleter runs once") {
  static int deleted;
  deleted = 0;
  std::array<float, 8> numbers = {0, 1, 2, 3, 4, 5, 6, 7};
  int64_t shape[] = {3, 2}, strides[] = {2, 1};
  DLManagedTensor managed{};
  managed.dl_tensor = {numbers.data(), {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, strides, 2 * sizeof(float)};
  managed.deleter = [](DLManagedTensor*) { ++deleted; };
  {
    Tensor tensor = from_dlpack(&managed);
    CHECK(std::ranges::equal(tensor.values<const float>(), std::array{2, 3, 4, 5, 6, 7}));
    Tensor copy = tensor;
    tensor = Tensor();
    CHECK(deleted == 0);
  }
  CHECK(deleted == 1);
  CHECK(view(managed.dl_tensor).data() == numbers.data() + 2);
  CHECK(deleted == 1);

  managed.dl_tensor.dtype.bits = 64;
  CHECK_THROWS_AS(from_dlpack(&managed), Error);
  CHECK(deleted == 2);
}

TEST_CASE("a tensor goes out as DLPack and keeps its memory until the consumer lets go") {
  Tensor tensor = Tensor::empty(Dtype::i32, {2, 3});
  std::weak_ptr<void> memory = tensor.owner();
  tensor.values<int32_t>()[5] = 42;
  DLManagedTensor* out = to_dlpack(tensor);
  CHECK(out->dl_tensor.ndim == 2);
  CHECK(out->dl_tensor.dtype.code == kDLInt);
  tensor = Tensor();
  CHECK_FALSE(memory.expired());
  {
    Tensor back = from_dlpack(out);
    CHECK(back.shape() == Shape{2, 3});
    CHECK(back.values<const int32_t>()[5] == 42);
  }
  CHECK(memory.expired());
}

TEST_CASE("xtensor containers are seen without a copy and copied back out") {
  xt::xarray<float> places = {{1, 2, 3}, {4, 5, 6}};
  CHECK(view(places).data() == places.data());
  CHECK(view(places).shape() == Shape{2, 3});
  CHECK(view(places).is_contiguous());
  CHECK(view(std::as_const(places)).read_only());
  xt::xtensor<int32_t, 1> regions_of = {3, 1};
  CHECK(view(regions_of).dtype() == Dtype::i32);
  xt::xtensor<float, 3> thin = xt::ones<float>({4, 1, 1});
  CHECK(view(thin).is_contiguous());
  xt::xarray<float, xt::layout_type::column_major> columns = places;
  CHECK_FALSE(view(columns).is_contiguous());
  CHECK((to_xarray<float>(view(columns)) == places));
  CHECK((to_xarray<int32_t>(view(regions_of)) == regions_of));
  CHECK_THROWS_AS(to_xarray<float>(view(regions_of)), Error);

  Sampler sampler = Sampler::load(module<8, 1>());
  xt::xarray<float> scales = {0.5f, -0.5f};
  State made =
      sampler.forward({{"place", view(places)}, {"region", view(regions_of)}, {"scale", view(scales)}}, 0.5, Seed(1));
  xt::xarray<float> noised = to_xarray<float>(made["place"]);
  CHECK(noised.shape()[0] == 2);
  CHECK(noised(1, 2) == made["place"].values<const float>()[5]);
}
