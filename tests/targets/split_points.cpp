// Points that are split into their numbers: every question against the evaluator, and the same bits however a call is
// cut, on a GPU, and beside a component that keeps them whole.
#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/tests/targets/against_evaluator.h>
#include <catenary/tests/targets/device_bodies.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(0xfedcba9876543210, 77);
constexpr int64_t samples = 61, rows_of_point = 7, numbers = 21;

const std::vector<Question> questions = {Question::prior,         Question::forward,    Question::bridge,
                                         Question::step,          Question::transition, Question::score,
                                         Question::loss_gradient, Question::flow_step,  Question::mean_step};

/// Pictures of 7 x 3 numbers, `atoms` a sample.
Joint pictures() {
  Joint joint("pictures");
  joint.add("x", OrnsteinUhlenbeck(Euclidean({rows_of_point, 3}), {.theta = 0.7, .mean = 0.25, .sigma = 1.2}),
            {.clock = Clock::cosine(), .sites = "atoms"});
  return joint;
}

Arguments arguments_for(const Sampler& sampler) {
  Arguments a;
  for (int64_t i = 0; i < samples; ++i) {
    a.t.push_back(float(1 + i * 37 % 100) / 100);
    a.s.push_back(a.t.back() * float(i * 17 % 9) / 8);
  }
  a.x0 = sampler.prior(samples, {{"atoms", {atoms}}}, Seed(1));
  a.xt = sampler.forward(a.x0, a.t, Seed(2));
  a.estimate = sampler.prior(samples, {{"atoms", {atoms}}}, Seed(3));
  return a;
}

State answer(const Sampler& sampler, Question question, const Arguments& a, const DrawOptions& options = {}) {
  switch (question) {
    case Question::prior: return sampler.prior(int64_t(a.t.size()), {{"atoms", {atoms}}}, seed, options);
    case Question::forward: return sampler.forward(a.x0, a.t, seed, options);
    case Question::bridge: return sampler.bridge(a.x0, a.xt, a.s, a.t, seed, options);
    case Question::step: return sampler.step(a.estimate, a.xt, a.s, a.t, seed, options);
    case Question::transition: return sampler.transition(a.x0, a.s, a.t, seed, options);
    case Question::score: return sampler.score(a.x0, a.xt, a.t, options);
    case Question::loss_gradient: return sampler.loss_gradient(a.estimate, a.x0, a.xt, a.t, options);
    case Question::flow_step: return sampler.flow_step(a.estimate, a.xt, a.s, a.t, options);
    default: return sampler.mean_step(a.estimate, a.xt, a.s, a.t, options);
  }
}

Arguments part_of(const Arguments& a, int64_t first, int64_t count) {
  auto of = [&](const std::vector<float>& times) {
    return std::vector<float>(times.begin() + first, times.begin() + first + count);
  };
  return {rows(a.x0, first, count), rows(a.xt, first, count), rows(a.estimate, first, count), of(a.s), of(a.t)};
}

}  // namespace

TEST_CASE("split points agree with the evaluator") {
  const Joint joint = pictures();
  const Sampler sampler = compile(joint, Target::host(), {.questions = questions});
  for (const catenary_kernel& kernel : std::span(sampler.module()->kernels, questions.size()))
    CHECK(kernel.numbers == numbers);
  const Arguments a = arguments_for(sampler);
  for (int64_t first : {int64_t{0}, int64_t{3}, int64_t{1} << 33})
    for (Question question : questions) {
      INFO(name_of(question) << ", samples from " << first << " on");
      // A score divides what rounding leaves of a difference, some 1e-7, by the variance, here from 4e-4 on.
      const double tolerance = question == Question::score ? 3e-4 : 1e-5;
      agrees_with_evaluator(joint, question, answer(sampler, question, a, {.first_sample = first}), a, seed, first,
                            tolerance);
    }
}

TEST_CASE("split points: the same bits for a batch cut in two, for every width of vectors, and on a GPU") {
  const Joint joint = pictures();
  const Sampler sampler = compile(joint, Target::host(), {.questions = questions, .sampler = {.threads = 3}});
  const Arguments a = arguments_for(sampler);
  for (Question question : questions) {
    INFO(name_of(question));
    const State whole = answer(sampler, question, a);
    for (int64_t cut : {1, 2, 30, 60}) {
      CHECK(same_bytes(answer(sampler, question, part_of(a, 0, cut)), rows(whole, 0, cut)));
      CHECK(same_bytes(answer(sampler, question, part_of(a, cut, samples - cut), {.first_sample = cut}),
                       rows(whole, cut, samples - cut)));
    }
    for (int lanes : {4, 8, 16}) {
      Target target = Target::host();
      target.lanes = lanes;
      CHECK(same_bytes(answer(compile(joint, target, {.questions = {question}}), question, a), whole));
    }
  }
  const DeviceBodies bridge(joint, Question::bridge);
  for (int64_t first : {0, 5}) {
    const State wanted = answer(sampler, Question::bridge, a, {.first_sample = first});
    const Asked asked{{{CATENARY_X0, &a.x0}, {CATENARY_XT, &a.xt}}, {a.s, a.t}, seed, first, samples};
    for (Grid grid : {Grid{1, 1}, Grid{9, 256}}) CHECK(same_bytes(bridge.answer(asked, wanted, grid, 1), wanted));
  }
}

TEST_CASE("split points: the same bits as beside a component that keeps them whole") {
  const Sampler alone = compile(pictures(), Target::host(), {.questions = {Question::prior, Question::forward}});
  Joint both = pictures();
  both.add("angle", Brownian(Circle(), 1.0), {.sites = "atoms"});
  const Sampler beside = compile(both, Target::host(), {.questions = {Question::prior, Question::forward}});
  CHECK(beside.module()->kernels[0].numbers == 1);
  const State x0 = beside.prior(samples, {{"atoms", {atoms}}}, seed), xt = beside.forward(x0, 0.3, seed);
  const State only{{"x", x0["x"]}};
  CHECK(same_bytes(alone.prior(samples, {{"atoms", {atoms}}}, seed), only));
  CHECK(same_bytes(alone.forward(only, 0.3, seed), State{{"x", xt["x"]}}));
}
