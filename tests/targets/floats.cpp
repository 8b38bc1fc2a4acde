// What the caller's thread and the rounding of times must not do to draws.
#include <catch2/catch.hpp>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <catenary/catenary.h>
#include <catenary/tests/runtime/states.h>

using namespace catenary;
using catenary::fake::same_bits;

namespace {

Joint line(double horizon) {
  Joint joint("line", horizon);
  joint.add("x", Brownian(Euclidean({}), 1.0));
  return joint;
}

State filled(int64_t n, float value) {
  State state{{"x", Tensor::empty(Dtype::f32, {n})}};
  for (float& x : state["x"].values<float>()) x = value;
  return state;
}

}  // namespace

#if defined(__x86_64__)
TEST_CASE("the caller's rounding and its flushing of subnormals do not reach the draws, and stay as they were") {
  Sampler sampler = compile(line(1));
  for (int64_t n : {40, 200000}) {
    State x0 = filled(n, 1e-40f), wanted = sampler.bridge(x0, x0, 1e-39, 2e-39, Seed(1));
    CHECK(wanted["x"].values<const float>()[0] != 0);
    const unsigned before = _mm_getcsr();
    for (unsigned changed : {before | 0x8040u, before | 0x2000u, before | 0x6000u}) {  // FTZ and DAZ; down; to zero.
      _mm_setcsr(changed);
      State made = sampler.bridge(x0, x0, 1e-39, 2e-39, Seed(1));
      const unsigned after = _mm_getcsr();
      _mm_setcsr(before);
      CHECK((after & 0xffc0u) == (changed & 0xffc0u));
      CHECK(same_bits(made, wanted));
    }
  }
}
#endif

TEST_CASE("a walk from an initial state may start at the horizon as a float, which may lie above it") {
  Sampler sampler = compile(line(0.1));
  REQUIRE(double(0.1f) > 0.1);
  State start = filled(5, 2), data = filled(5, 1);
  auto model = [&](const ModelInput&, State& estimate) { estimate = data; };
  CHECK(same_bits(sampler.reverse(model, {double(0.1f), 0}, 5, Seed(1), {.initial = start}), data));
}
