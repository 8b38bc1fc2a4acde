// Points of many numbers, split into them or gone through in strips: every question against the evaluator, and the same
// bits however a call is cut, on a GPU, and beside a component that has them compiled otherwise.
#include <algorithm>
#include <cmath>
#include <span>

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

/// A component "x" of points of so many numbers, `atoms` sites a sample; and which of the questions split them.
struct Large {
  Joint joint;
  int64_t numbers;
  std::vector<Question> questions, split;
  double tolerance = 1e-5;
};

Joint joint_of(const char* name, Kept<Process> process) {
  Joint joint(name);
  joint.add("x", std::move(process), {.clock = Clock::cosine(), .sites = "atoms"});
  return joint;
}

const std::vector<Question> of_each_number = {
    Question::prior, Question::forward,       Question::bridge,    Question::step,      Question::transition,
    Question::score, Question::loss_gradient, Question::flow_step, Question::mean_step, Question::flow_velocity};

std::vector<double> neighbours_alike(int64_t n) {
  std::vector<double> covariance;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) covariance.push_back(std::exp(-0.4 * double(std::abs(i - j))));
  return covariance;
}

std::vector<double> rates(int64_t n) {
  std::vector<double> rates;
  for (int64_t i = 0; i < n; ++i) rates.push_back(0.3 + 0.1 * double(i));
  return rates;
}

/// Pictures of 7 x 3 numbers, which are split; centred molecules of 17 atoms, whose 51 numbers are 4 strips and a
/// quarter, of points that draw odd numbers of words; spectra of 64, which are 4 strips; series of 37
/// numbers, each like its neighbours; 35 features, each with a rate of its own; and directions in 40 dimensions, of
/// which some numbers are asked for by themselves; and walks in 36 and of 34 shares, which carry the point from step to
/// step.
std::vector<Large> large_points() {
  auto process = [](const Flat& space) { return OrnsteinUhlenbeck(space, {.theta = 0.7, .mean = 0.25, .sigma = 1.2}); };
  std::vector<Question> all = of_each_number;
  all.insert(all.end(), {Question::log_density, Question::loss});
  const std::vector<Question> sums = {Question::prior, Question::forward, Question::log_density, Question::loss};
  const std::vector<Question> interpolated = {Question::prior,        Question::forward, Question::bridge,
                                              Question::step,         Question::loss,    Question::flow_step,
                                              Question::loss_gradient};
  const double far = 1e-4;  // Bridges of walks between ends that are nearly opposite magnify what rounding does.
  const std::vector<Question> walked = {Question::prior, Question::forward, Question::bridge, Question::step,
                                        Question::loss};
  // Steps without noise, and a gradient, of centred points are centred as they are.
  const std::vector<Question> centred = {Question::loss_gradient, Question::flow_step, Question::mean_step,
                                         Question::flow_velocity};
  const Euclidean features({35});
  const OrnsteinUhlenbeck each_its_rate(features, {.theta = rates(35), .mean = 0.25, .sigma = 1.2});
  const Covariance alike(neighbours_alike(37));
  return {{joint_of("pictures", process(Euclidean({7, 3}))), 21, of_each_number, of_each_number},
          {joint_of("molecules", Brownian(CenteredEuclidean({17, 3}), 1.2)), 51, all, centred},
          {joint_of("spectra", process(Euclidean({64}))), 64, sums, {Question::prior, Question::forward}},
          {joint_of("series", Brownian(Euclidean({37}), 1.2, alike)), 37, all, centred},
          {joint_of("features", each_its_rate), 35, all, {Question::loss_gradient}},
          {joint_of("directions", GeodesicInterpolation(catenary::Sphere(39))), 40, interpolated, {}},
          {joint_of("journeys", GeodesicWalk(catenary::Sphere(35), {.rate = 1, .steps = 3})), 36, walked, {}, far},
          {joint_of("shares", GeodesicWalk(Simplex(34), {.rate = 0.1, .steps = 3})), 34, walked, {}, far}};
}

Arguments arguments_for(const Sampler& sampler) {
  Arguments a;
  for (int64_t i = 0; i < samples; ++i) {
    a.t.push_back(float(1 + i * 37 % 100) / 100);
    a.s.push_back(a.t.back() * float(i * 17 % 9) / 8);
  }
  a.x0 = sampler.prior(samples, sites, Seed(1));
  a.xt = sampler.forward(a.x0, a.t, Seed(2));
  a.estimate = sampler.prior(samples, sites, Seed(3));
  return a;
}

Arguments part_of(const Arguments& a, int64_t first, int64_t count) {
  auto of = [&](const std::vector<float>& times) {
    return std::vector<float>(times.begin() + first, times.begin() + first + count);
  };
  return {rows(a.x0, first, count), rows(a.xt, first, count), rows(a.estimate, first, count), of(a.s), of(a.t)};
}

}  // namespace

TEST_CASE("large points agree with the evaluator") {
  for (const Large& large : large_points()) {
    const Sampler sampler = compile(large.joint, Target::host(), {.questions = large.questions});
    const std::span kernels(sampler.module()->kernels, large.questions.size());
    for (const catenary_kernel& kernel : kernels) {
      const bool split =
          std::ranges::any_of(large.split, [&](Question q) { return std::string_view(kernel.pipeline) == name_of(q); });
      CHECK(kernel.numbers == (split ? large.numbers : 1));
    }
    const Arguments a = arguments_for(sampler);
    for (int64_t first : {int64_t{0}, int64_t{3}, int64_t{1} << 33})
      for (Question question : large.questions) {
        INFO(large.joint.name() << ", " << name_of(question) << ", samples from " << first << " on");
        // A score divides what rounding leaves of a difference, some 1e-7, by the variance, here from 4e-4 on.
        const double tolerance = question == Question::score ? 3e-4 : large.tolerance;
        agrees_with_evaluator(large.joint, question, answer(sampler, question, a, sites, seed, {.first_sample = first}),
                              a, seed, first, tolerance);
      }
  }
}

TEST_CASE("large points: the same bits for a batch cut in two, for every width of vectors, and on a GPU") {
  std::vector<int> other_widths{4, 8, 16};
  CHECK(std::erase(other_widths, Target::host().lanes) == 1);
  size_t widths_taken = 0;
  for (const Large& large : large_points()) {
    const Sampler sampler =
        compile(large.joint, Target::host(), {.questions = large.questions, .sampler = {.threads = 3}});
    const Arguments a = arguments_for(sampler);
    for (Question question : large.questions) {
      INFO(large.joint.name() << ", " << name_of(question));
      const State whole = answer(sampler, question, a, sites, seed);
      for (int64_t cut : {1, 2, 30, 60}) {
        CHECK(same_bytes(answer(sampler, question, part_of(a, 0, cut), sites, seed), rows(whole, 0, cut)));
        CHECK(same_bytes(answer(sampler, question, part_of(a, cut, samples - cut), sites, seed, {.first_sample = cut}),
                         rows(whole, cut, samples - cut)));
      }
      // Of the other widths each question takes one, in turn.
      Target target = Target::host();
      target.lanes = other_widths[widths_taken++ % 2];
      INFO("in vectors of " << target.lanes);
      CHECK(
          same_bytes(answer(compile(large.joint, target, {.questions = {question}}), question, a, sites, seed), whole));
    }
    for (Question question : {Question::forward, large.questions.back()}) {
      INFO(large.joint.name() << ", " << name_of(question));
      const DeviceBodies bodies(large.joint, question);
      for (int64_t first : {0, 5}) {
        const State wanted = answer(sampler, question, a, sites, seed, {.first_sample = first});
        for (Grid grid : {Grid{1, 1}, Grid{9, 256}})
          CHECK(same_bytes(bodies.answer(asked(question, a, seed, first), wanted, grid, 1), wanted));
      }
    }
  }
}

TEST_CASE("large points: the same bits beside a component that has them compiled otherwise") {
  for (const Large& large : large_points()) {
    const Sampler alone = compile(large.joint, Target::host(), {.questions = {Question::prior, Question::forward}});
    Joint both = large.joint;
    both.add("angle", Brownian(Circle(), 1.0), {.sites = "atoms"});
    const Sampler beside = compile(both, Target::host(), {.questions = {Question::prior, Question::forward}});
    CHECK(beside.module()->kernels[0].numbers == 1);
    const State x0 = beside.prior(samples, sites, seed), xt = beside.forward(x0, 0.3, seed);
    const State only{{"x", x0["x"]}};
    CHECK(same_bytes(alone.prior(samples, sites, seed), only));
    CHECK(same_bytes(alone.forward(only, 0.3, seed), State{{"x", xt["x"]}}));
  }
}
