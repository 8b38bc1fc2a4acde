// What is said of modules that cannot be loaded, or were not compiled for what is asked.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <vector>

#include <catenary/runtime/sampler.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/runtime/states.h>

using namespace catenary;
using namespace catenary::fake;
using catenary::testing::message_of;

TEST_CASE("errors: loading") {
  auto loading = [](const catenary_module* module) { return message_of([&] { Sampler::load(module); }); };
  CHECK(loading(nullptr) == "load was given a null module");
  catenary_module other = *module<8, 2>();
  other.abi_version = CATENARY_ABI_VERSION + 1;
  CHECK(loading(&other) ==
        fmt::format("this module was compiled for version {} of the interface and this runtime has version {}; compile "
                    "it again with the Catenary that it runs with",
                    CATENARY_ABI_VERSION + 1, CATENARY_ABI_VERSION));
  other = *module<8, 2>();
  other.counter_layout = 9;
  CHECK(loading(&other) ==
        "module 'protein' draws by version 9 of the counter layout and this runtime by version 1; compile it again "
        "with the Catenary that it runs with");
#if defined(__x86_64__)
  // FMA4 was in a few processors of 2011 to 2017; names that the runtime does not know are nothing to it.
  other = *module<8, 2>();
  other.processor = "bdver2";
  other.needs = "a,fma4,b";
  CHECK(loading(&other) ==
        "module 'protein' was compiled for processor 'bdver2', and this one has no fma4; compile it here "
        "(Target::host()), or for a processor whose features both have (the least is x86-64-v3)");
#endif
  other = *module<8, 2>();
  other.kernel_count = 4;
  const State x0 = data(4, 3);
  CHECK(message_of([&] { Sampler::load(&other).bridge(x0, x0, 0.1, 0.2, Seed(1)); }) ==
        "bridge: joint 'protein' was compiled without the pipeline 'bridge'; compile it with that one "
        "(CompileOptions::questions)");
  CHECK(message_of([&] { Sampler::load(module<8, 2>()).score(x0, x0, 0.2); }) ==
        "score: joint 'protein' was compiled without the pipeline 'score'; compile it with that one "
        "(CompileOptions::questions)");
  CHECK(message_of([] { Sampler::load(module<8, 2>(), {}, {.threads = 2000}); }) ==
        "a pool of 2000 threads was asked for; the number must be from 1 to 1024, or 0 for CATENARY_THREADS or one per "
        "processor");
}

TEST_CASE("errors: a module's kernels that make no sense are bugs, told of when it is loaded") {
  const catenary_module& sound = *module<8, 2>();
  auto told = [&](const std::function<void(catenary_kernel&)>& change) -> std::string {
    std::vector<catenary_kernel> kernels(sound.kernels, sound.kernels + sound.kernel_count);
    change(kernels[0]);
    catenary_module other = sound;
    other.kernels = kernels.data();
    try {
      Sampler::load(&other);
    } catch (const Bug& bug) {
      return bug.what();
    }
    return "nothing";
  };
  const std::string whose =
      fmt::format("catenary bug: kernel '{}' on sites '{}' ", sound.kernels[0].pipeline, sound.kernels[0].sites);
  CHECK(told([](catenary_kernel&) {}) == "nothing");
  CHECK(told([](catenary_kernel& k) { k.lanes = 0; }) == whose + "has no sensible number of lanes");
  CHECK(told([](catenary_kernel& k) { k.group = 3; }) == whose + "has a group that is not 1, 2 or 4");
  for (int32_t tile : {0, 1, 17, 65538})
    CHECK(told([&](catenary_kernel& k) { k.tile = tile; }) == whose + "has a tile that is not made of groups");
  CHECK(told([](catenary_kernel& k) { k.numbers = 0; }) == whose + "has points of no numbers");
  CHECK(told([](catenary_kernel& k) { k.numbers = 2; }) == whose + "has an operand that its numbers do not divide");
  CHECK(told([](catenary_kernel& k) { ++k.time_count; }) == whose + "takes another number of times than its question");
  CHECK(told([](catenary_kernel& k) { k.points_part = nullptr; }) == whose + "has no points part");
  CHECK(told([](catenary_kernel& k) { k.coefficient_count = 1, k.sample_part = nullptr; }) ==
        whose + "has coefficients and no sample part");
  CHECK(told([](catenary_kernel& k) { k.operand_count = 0; }) == whose + "has no operands");
  for (catenary_operand operand : {catenary_operand{-1, CATENARY_OUT}, {3, CATENARY_OUT}, {0, CATENARY_ROLES}})
    CHECK(told([&](catenary_kernel& k) { k.operands = &operand, k.operand_count = 1; }) ==
          whose + "has an operand of no component or role");
  const catenary_operand elsewhere{2, CATENARY_OUT};
  CHECK(told([&](catenary_kernel& k) { k.operands = &elsewhere, k.operand_count = 1; }) ==
        whose + "has an operand on other sites");
}
