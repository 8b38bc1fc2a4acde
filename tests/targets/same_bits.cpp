// The same bits: whatever the threads, the batch, the width of vectors, the processor, and the process that compiled.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <catenary/compiler/compile.h>
#include <catenary/tests/targets/against_evaluator.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(0xfedcba9876543210, 77);
constexpr int64_t samples = 15001;  // Odd, and enough points for every thread.

const std::vector<Question> draws = {Question::transition, Question::prior, Question::forward, Question::step,
                                     Question::bridge};

/// A sampler of 7 threads, compiled once for every target.
const Sampler& sampler_for(const Target& target) {
  static std::map<std::string, Sampler> made;
  std::string key = fmt::format("{} {} {}", target.cpu, target.features, target.lanes);
  auto found = made.find(key);
  if (found == made.end())
    found = made.emplace(key, compile(all_laws("laws"), target, {.questions = draws, .sampler = {.threads = 7}})).first;
  return found->second;
}

Target host(int lanes) {
  Target target = Target::host();
  target.lanes = lanes;
  return target;
}

const Sampler& sampler() { return sampler_for(host(8)); }

const Arguments& arguments() {
  static const Arguments all = arguments_of(sampler(), samples);
  return all;
}

/// The answers to all questions for samples [first, first + count) of the arguments.
std::map<std::string, State> answers(const Sampler& sampler, DrawOptions options = {}, int64_t first = 0,
                                     int64_t count = samples) {
  const Arguments& a = arguments();
  options.first_sample = first;
  std::span s = std::span(a.s).subspan(size_t(first), size_t(count));
  std::span t = std::span(a.t).subspan(size_t(first), size_t(count));
  auto part = [&](const State& state) { return rows(state, first, count); };
  return {{"prior", sampler.prior(count, {{"atoms", {atoms}}}, seed, options)},
          {"forward", sampler.forward(part(a.x0), t, seed, options)},
          {"bridge", sampler.bridge(part(a.x0), part(a.xt), s, t, seed, options)},
          {"step", sampler.step(part(a.estimate), part(a.xt), s, t, seed, options)},
          {"transition", sampler.transition(part(a.x0), s, t, seed, options)}};
}

const std::map<std::string, State>& expected() {
  static const std::map<std::string, State> all = answers(sampler(), {.threads = 1});
  return all;
}

void same_as_expected(const std::map<std::string, State>& got, int64_t first = 0, int64_t count = samples) {
  for (const auto& [question, state] : got) {
    INFO(question << ", samples from " << first << " on, " << count << " of them");
    CHECK(same_bytes(state, rows(expected().at(question), first, count)));
  }
}

}  // namespace

TEST_CASE("the same bits for 1, 2 and 7 threads") {
  REQUIRE(sampler().threads() == 7);
  for (int threads : {1, 2, 7}) {
    INFO(threads << " threads");
    same_as_expected(answers(sampler(), {.threads = threads}));
  }
}

TEST_CASE("the same bits for a batch cut in two, wherever") {
  for (int64_t cut : {1, 2, 3, 5, 7, 63, 64, 1000, 7501, 14999, 15000}) {
    same_as_expected(answers(sampler(), {}, 0, cut), 0, cut);
    same_as_expected(answers(sampler(), {}, cut, samples - cut), cut, samples - cut);
  }
  for (int64_t first = 1; first < 60; ++first) same_as_expected(answers(sampler(), {}, first, 1), first, 1);
}

TEST_CASE("the same bits for vectors of 4, 8 and 16 lanes") {
  for (int lanes : {4, 16}) {
    INFO(lanes << " lanes");
    same_as_expected(answers(sampler_for(host(lanes))));
    // Tiles begin at other places then.
    same_as_expected(answers(sampler_for(host(lanes)), {}, 13, 1001), 13, 1001);
  }
}

#ifdef __x86_64__
TEST_CASE("the same bits for an older processor, with vectors wider than its own") {
  same_as_expected(answers(sampler_for({.cpu = "x86-64-v3", .features = "", .lanes = 16})));
}
#endif

TEST_CASE("the same bits for one time and for the same time at every sample") {
  const Arguments& a = arguments();
  const Sampler& draw = sampler();
  for (auto [s, t] : {std::pair{0.25f, 0.7f}, {0.0f, 0.7f}, {0.7f, 0.7f}, {0.0f, 0.0f}, {0.1f, 1.0f}}) {
    std::vector<float> each_s(samples, s), each_t(samples, t);
    INFO("s = " << s << ", t = " << t);
    CHECK(same_bytes(draw.forward(a.x0, t, seed), draw.forward(a.x0, each_t, seed)));
    State bridge = draw.bridge(a.x0, a.xt, s, t, seed), step = draw.step(a.estimate, a.xt, s, t, seed);
    CHECK(same_bytes(bridge, draw.bridge(a.x0, a.xt, each_s, each_t, seed)));
    CHECK(same_bytes(bridge, draw.bridge(a.x0, a.xt, s, each_t, seed)));
    CHECK(same_bytes(step, draw.step(a.estimate, a.xt, each_s, each_t, seed)));
    CHECK(same_bytes(step, draw.step(a.estimate, a.xt, each_s, t, seed)));
  }
}

// ---- against the evaluator, far out -------------------------------------------------------------

TEST_CASE("points beyond 2^31, 2^32 and 2^40 agree with the evaluator") {
  Joint joint = all_laws("laws");
  constexpr int64_t few = 7;
  Arguments a = arguments_of(sampler(), few);
  for (int64_t point : {int64_t{1} << 31, int64_t{1} << 32, int64_t{1} << 40}) {
    // The points of the atoms pass 2^31 and 2^32 within the batch.
    int64_t first = point / atoms - 2;
    DrawOptions options{.first_sample = first};
    agrees_with_evaluator(joint, Question::prior, sampler().prior(few, {{"atoms", {atoms}}}, seed, options), a, seed,
                          first);
    agrees_with_evaluator(joint, Question::forward, sampler().forward(a.x0, a.t, seed, options), a, seed, first);
    agrees_with_evaluator(joint, Question::bridge, sampler().bridge(a.x0, a.xt, a.s, a.t, seed, options), a, seed,
                          first);
    agrees_with_evaluator(joint, Question::step, sampler().step(a.estimate, a.xt, a.s, a.t, seed, options), a, seed,
                          first);
    agrees_with_evaluator(joint, Question::transition, sampler().transition(a.x0, a.s, a.t, seed, options), a, seed,
                          first);
  }
}

TEST_CASE("the last samples of a seed draw the last numbers of its stream") {
  constexpr int64_t few = 5;
  constexpr float t = 0.25f;
  for (int64_t numbers : {1, 3}) {
    Joint joint("last");
    joint.add("x", Brownian(Euclidean({numbers}), 1.0));
    Sampler last = compile(joint, Target::host(), {.questions = {Question::forward}});
    REQUIRE(last.module()->kernels[0].draws * last.module()->kernels[0].numbers == numbers);
    const int64_t first = (int64_t{1} << 50) / numbers - few;
    State x0{{"x", Tensor::empty(Dtype::f32, {few, numbers})}};
    std::ranges::fill(x0["x"].values<float>(), 0.0f);
    State xt = last.forward(x0, t, seed, {.first_sample = first});
    for (int64_t i = 0; i < few * numbers; ++i) {
      const uint64_t index = uint64_t(first * numbers + i), even = index & ~uint64_t{1};
      auto word = [&](uint64_t at) {
        return stream_value(seed.value, seed.step, stream_word(0, 0, Question::forward, DrawKind::normal), 0, at);
      };
      CHECK(xt["x"].values<const float>()[size_t(i)] ==
            Approx(std::sqrt(t) * box_muller(word(even), word(even + 1))[index & 1]).margin(2e-6));
    }
    CHECK_THROWS_AS(last.forward(x0, t, seed, {.first_sample = first + 1}), Error);
  }
}

// ---- two processes ------------------------------------------------------------------------------

namespace {

namespace fs = std::filesystem;

/// Everything that the compiler generates for a joint process: its text, every stage, the object code and the header.
void generate(const fs::path& folder) {
  fs::create_directories(folder);
  std::ofstream(folder / "joint.mlir", std::ios::binary) << to_mlir(all_laws("laws"));
  compile_to_files(all_laws("laws"), folder.string(), Target::cuda("sm_90"), {.dump = (folder / "stages").string()});
}

std::map<std::string, std::string> files_of(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files[fs::relative(entry.path(), folder).string()] = text.str();
  }
  return files;
}

constexpr const char* folder_variable = "CATENARY_TEST_FOLDER";

}  // namespace

TEST_CASE("what the second process does", "[.second_process]") {
  const char* folder = std::getenv(folder_variable);
  REQUIRE(folder);
  generate(folder);
}

TEST_CASE("two processes generate the same text and the same object code") {
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "two_processes";
  fs::remove_all(folder);
  generate(folder / "first");
  std::string program = fs::read_symlink("/proc/self/exe").string();
  std::string command = fmt::format("{}='{}' '{}' '[.second_process]' > '{}'", folder_variable,
                                    (folder / "second").string(), program, (folder / "log").string());
  REQUIRE(std::system(command.c_str()) == 0);

  auto first = files_of(folder / "first"), second = files_of(folder / "second");
  CHECK(first.size() > 30);
  for (const char* name : {"joint.mlir", "laws.h"}) CHECK(!first[name].empty());
  CHECK(first.size() == second.size());
  for (const auto& [name, text] : first) {
    INFO(name);
    CHECK(!text.empty());
    CHECK((second[name] == text));
  }
  fs::remove_all(folder);
}
