// Joint processes that draw by seven rounds of Philox: other draws than by ten, and the same on every target.
#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/tests/targets/against_evaluator.h>
#include <catenary/tests/targets/every_question.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(0xfedcba9876543210, 77);
constexpr int64_t samples = 61;
const Sites sites{{"atoms", {atoms}}};

/// Few draws, whose rounds are written out.
Joint few(JointOptions options) { return all_laws("few", options); }
/// So many that rounds become a loop.
Joint many(JointOptions options) {
  Joint joint("many", 1, options);
  joint.add("x", Brownian(CenteredEuclidean({50, 3}), 1.2), {.sites = "atoms"});
  return joint;
}

}  // namespace

TEST_CASE("seven rounds of Philox: the evaluator, the CPU, a GPU's kernels and a saved declaration agree") {
  for (Joint (*joint_of)(JointOptions) : {few, many}) {
    const Joint joint = joint_of({.rounds = 7}), usual = joint_of({});
    for (Question question : {Question::prior, Question::forward}) {
      INFO(joint.name() << " " << name_of(question));
      const CompileOptions asked_of{.questions = {Question::prior, Question::forward}};
      Sampler sampler = compile(joint, Target::host(), asked_of);
      Arguments a;
      for (int64_t i = 0; i < samples; ++i) a.t.push_back(float(1 + i * 37 % 100) / 100);
      a.x0 = sampler.prior(samples, sites, Seed(1));
      const State drawn = answer(sampler, question, a, sites, seed);
      agrees_with_evaluator(joint, question, drawn, a, seed, /*first_sample=*/0, /*tolerance=*/1e-4);
      CHECK(same_bytes(DeviceBodies(joint, question).answer(asked(question, a, seed, 0), drawn, {3, 32}, 0), drawn));
      CHECK(same_bytes(answer(compile_mlir(to_mlir(joint), "saved"), question, a, sites, seed), drawn));
      const State by_ten = answer(compile(usual, Target::host(), asked_of), question, a, sites, seed);
      for (const auto& [name, tensor] : drawn) {
        INFO(name);
        CHECK(std::memcmp(tensor.data(), by_ten[name].data(), size_t(tensor.bytes())) != 0);
      }
    }
  }
}
