// The C interface: same bits as the C++ one, messages in place of exceptions.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include <catenary/runtime/c_api.h>
#include <catenary/runtime/sampler.h>
#include <catenary/tests/c_state.h>
#include <catenary/tests/runtime/states.h>

using namespace catenary;
using namespace catenary::fake;
using catenary::testing::CState;

TEST_CASE("the C interface draws the same bits as the C++ one") {
  catenary_sampler* c = nullptr;
  catenary_message message;
  REQUIRE(catenary_load(module<8, 2>(), 1, &c, &message) == CATENARY_OK);
  Sampler sampler = Sampler::load(module<8, 2>());
  const int64_t samples = 9;
  State x0 = data(samples, 5), out = x0.clone(), estimate = estimates(samples, 5);
  const float s = 0.25f, t = 0.75f;
  std::vector<float> each(size_t(samples), 0.75f);
  catenary_draw draw = {};
  draw.seed = 11, draw.step = 2, draw.first_sample = 3;
  const Seed seed(11, 2);
  const DrawOptions options{.first_sample = 3};

  CHECK(catenary_prior(c, CState(out), &draw, nullptr) == CATENARY_OK);
  CHECK(same_bits(out, sampler.prior(samples, {{"residues", {5}}}, seed, options)));
  CHECK(catenary_forward(c, CState(out), CState(x0), {&t, 1}, &draw, &message) == CATENARY_OK);
  CHECK(std::string(message.text).empty());
  State xt = sampler.forward(x0, t, seed, options);
  CHECK(same_bits(out, xt));
  CHECK(catenary_forward(c, CState(out), CState(x0), {each.data(), samples}, &draw, nullptr) == CATENARY_OK);
  CHECK(same_bits(out, xt));
  CHECK(catenary_bridge(c, CState(out), CState(x0), CState(xt), {&s, 1}, {each.data(), samples}, &draw, nullptr) ==
        CATENARY_OK);
  CHECK(same_bits(out, sampler.bridge(x0, xt, s, t, seed, options)));
  CHECK(catenary_step(c, CState(out), CState(estimate), CState(xt), {&s, 1}, {&t, 1}, &draw, nullptr) == CATENARY_OK);
  CHECK(same_bits(out, sampler.step(estimate, xt, s, t, seed, options)));
  CHECK(catenary_transition(c, CState(out), CState(xt), {&s, 1}, {&t, 1}, &draw, nullptr) == CATENARY_OK);
  CHECK(same_bits(out, sampler.transition(xt, s, t, seed, options)));
  State density = sampler.log_density(x0, xt, t, options), made = density.clone();
  for (auto& [name, tensor] : made) std::ranges::fill(tensor.values<float>(), 0.0f);
  CHECK(catenary_log_density(c, CState(made), CState(x0), CState(xt), {&t, 1}, &draw, nullptr) == CATENARY_OK);
  CHECK(same_bits(made, density));
  CHECK(catenary_score(c, CState(out), CState(x0), CState(xt), {&t, 1}, &draw, &message) == CATENARY_INVALID);
  catenary_release(c);
  catenary_release(nullptr);

  REQUIRE(catenary_load(scores_module<8, 2>(), 1, &c, &message) == CATENARY_OK);
  State from{{"place", x0["place"]}}, to{{"place", xt["place"]}}, score = from.clone();
  CHECK(catenary_score(c, CState(score), CState(from), CState(to), {&t, 1}, &draw, nullptr) == CATENARY_OK);
  CHECK(same_bits(score, Sampler::load(scores_module<8, 2>()).score(from, to, t)));
  catenary_release(c);
}

TEST_CASE("the C interface answers bad input with a message") {
  catenary_sampler* c = nullptr;
  catenary_message message;
  auto says = [&](int code, int wanted, const std::string& text) {
    CHECK(code == wanted);
    CHECK(std::string(message.text) == text);
  };
  catenary_module old = *module<8, 2>();
  old.abi_version = 99;
  says(catenary_load(&old, 1, &c, &message), CATENARY_INVALID,
       "this module was compiled for version 99 of the interface and this runtime has version " +
           std::to_string(CATENARY_ABI_VERSION) + "; compile it again with the Catenary that it runs with");
  CHECK(c == nullptr);
  says(catenary_load(module<8, 2>(), 1, nullptr, &message), CATENARY_INVALID,
       "catenary_load was given nowhere to put the sampler (a null pointer)");
  says(catenary_load(nullptr, 1, &c, &message), CATENARY_INVALID, "load was given a null module");
  catenary_module torn = *module<8, 2>();
  torn.kernel_count = 1;
  says(catenary_load(&torn, 1, &c, &message), CATENARY_FAULT,
       "catenary bug: module 'protein' has 1 kernels for 'prior' and 2 groups of sites");

  REQUIRE(catenary_load(module<8, 2>(), 1, &c, &message) == CATENARY_OK);
  State x0 = data(2, 3), out = x0.clone();
  const float t = 0.5f;
  catenary_draw draw = {};
  CState good(x0), into(out);
  says(catenary_forward(nullptr, into, good, {&t, 1}, &draw, &message), CATENARY_INVALID,
       "the sampler is a null pointer; catenary_load makes one");
  says(catenary_forward(c, into, good, {&t, 1}, nullptr, &message), CATENARY_INVALID,
       "the draw is a null pointer; give a catenary_draw, zero-initialised but for its seed");
  says(catenary_forward(c, into, good, {nullptr, 1}, &draw, &message), CATENARY_INVALID,
       "t has no values; give one time for all samples or one per sample");
  says(catenary_forward(c, into, {nullptr, 2}, {&t, 1}, &draw, &message), CATENARY_INVALID,
       "x0 has 2 tensors at a null pointer");
  const float late = 3.0f;
  says(catenary_forward(c, into, good, {&late, 1}, &draw, &message), CATENARY_INVALID,
       "forward: t is 3; joint 'protein' runs from 0 to 2, so t must be in [0, 2]");

  CState bad(x0);
  bad.tensors[1].component = nullptr;
  says(catenary_forward(c, into, bad, {&t, 1}, &draw, &message), CATENARY_INVALID,
       "tensor 1 of x0 has no component name (a null pointer)");
  bad.tensors[1].component = "place";
  says(catenary_forward(c, into, bad, {&t, 1}, &draw, &message), CATENARY_INVALID,
       "component 'place' was given twice in x0");
  bad.tensors[1] = good.tensors[1];
  bad.tensors[1].dtype = 5;
  says(catenary_forward(c, into, bad, {&t, 1}, &draw, &message), CATENARY_INVALID,
       "component 'region' has dtype 5; it must be CATENARY_F32 (0) or CATENARY_I32 (1)");
  bad.tensors[1] = good.tensors[1];
  bad.tensors[1].shape = nullptr;
  says(catenary_forward(c, into, bad, {&t, 1}, &draw, &message), CATENARY_INVALID,
       "component 'region' has rank 2 and no shape; give a shape of rank sizes");
  bad.tensors[1] = good.tensors[1];
  x0["region"].values<int32_t>()[4] = 10;
  says(catenary_forward(c, into, bad, {&t, 1}, &draw, &message), CATENARY_INVALID,
       "forward: component 'region' of x0 holds 10 at sample 1, site [1]; its categories are 0 to 9 (space "
       "'categorical')");
  catenary_draw elsewhere = {};
  elsewhere.gpu_times = 1;
  says(catenary_forward(c, into, good, {&t, 1}, &elsewhere, &message), CATENARY_INVALID,
       "the draw says that its times are in a GPU's memory; this sampler's tensors are the host's");
  elsewhere = {};
  draw.trust_data = 1;
  CHECK(catenary_forward(c, into, bad, {&t, 1}, &draw, &message) == CATENARY_OK);
  const catenary_device_seed other = {1, 2};
  elsewhere.trust_data = 1, elsewhere.seed_memory = &other;
  says(catenary_forward(c, into, good, {&t, 1}, &elsewhere, &message), CATENARY_INVALID,
       "forward: a seed in a GPU's memory was given; this sampler runs on the CPU");

  catenary_sampler* gpu = c;
  says(catenary_on_gpu(nullptr, 0, nullptr, &gpu, &message), CATENARY_INVALID,
       "catenary_on_gpu was given a null pointer as sampler; catenary_load makes one");
  CHECK(gpu == nullptr);
  says(catenary_through_gpu(c, 0, nullptr, nullptr, &message), CATENARY_INVALID,
       "catenary_through_gpu was given nowhere to put the sampler (a null pointer)");
  gpu = c;
  CHECK(catenary_on_gpu(c, 0, "no-such-driver.so", &gpu, &message) == CATENARY_INVALID);
  CHECK(std::string(message.text).find("no-such-driver.so") != std::string::npos);
  CHECK(gpu == nullptr);
  catenary_release(c);
}
