// A GPU's kernels: run on a processor they give the CPU's bits; as PTX they say how each operation rounds.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include <catch2/catch.hpp>

#include <catenary/examples/01_cities/sphere.h>
#include <catenary/tests/targets/all_laws.h>
#include <catenary/tests/targets/device_bodies.h>
#include <catenary/tests/targets/ptx.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(0xfedcba9876543210, 77);
constexpr int64_t samples = 301;

/// Compares the CPU's answer with the device's in several grids and at several places in memory.
void same_bits(const DeviceBodies& device, const Asked& asked, const State& wanted) {
  for (Grid grid : {Grid{1, 1}, Grid{3, 32}, Grid{9, 256}})
    for (int64_t shift : {0, 1, 2}) {
      INFO(grid.blocks << " blocks of " << grid.threads << " threads, operands shifted by " << shift << " elements");
      CHECK(same_bytes(device.answer(asked, wanted, grid, shift), wanted));
    }
}

/// Asks every question that draws; with one time for all samples, and with one each.
void same_draws(const Joint& joint, const Sites& sites, const std::function<State(const State&)>& estimate_from) {
  Sampler cpu = compile(
      joint, Target::host(),
      {.questions = {Question::prior, Question::forward, Question::bridge, Question::step, Question::transition}});
  State x0 = cpu.prior(samples, sites, Seed(1)), xt = cpu.forward(x0, joint.horizon() / 2, Seed(2));
  State estimate = estimate_from(x0);
  DeviceBodies prior(joint, Question::prior), forward(joint, Question::forward), bridge(joint, Question::bridge),
      step(joint, Question::step), transition(joint, Question::transition);
  for (int64_t first : {0, 1, 2, 3, 1001})
    for (bool each : {false, true}) {
      INFO("samples from " << first << " on, " << (each ? "a time each" : "one time for all"));
      std::vector<float> s, t;
      for (int64_t i = 0; i < (each ? samples : 1); ++i) {
        t.push_back(float(joint.horizon()) * float(1 + i * 37 % 101) / 101);
        s.push_back(t.back() * float((i + 5) * 17 % 9) / 8);
      }
      Times at_s = each ? Times(s) : Times(s[0]), at_t = each ? Times(t) : Times(t[0]);
      DrawOptions options{.first_sample = first};
      auto asked = [&](std::map<int, const State*> given, std::vector<float> a, std::vector<float> b) {
        return Asked{std::move(given), {std::move(a), std::move(b)}, seed, first, samples};
      };
      same_bits(prior, asked({}, {}, {}), cpu.prior(samples, sites, seed, options));
      same_bits(forward, asked({{CATENARY_X0, &x0}}, t, {}), cpu.forward(x0, at_t, seed, options));
      same_bits(bridge, asked({{CATENARY_X0, &x0}, {CATENARY_XT, &xt}}, s, t),
                cpu.bridge(x0, xt, at_s, at_t, seed, options));
      same_bits(step, asked({{CATENARY_ESTIMATE, &estimate}, {CATENARY_XT, &xt}}, s, t),
                cpu.step(estimate, xt, at_s, at_t, seed, options));
      same_bits(transition, asked({{CATENARY_XS, &x0}}, s, t), cpu.transition(x0, at_s, at_t, seed, options));
    }
}

}  // namespace

TEST_CASE("the GPU's kernels give the CPU's bits: every law of the standard library") {
  same_draws(all_laws("laws"), {{"atoms", {atoms}}}, estimate_from);
}

TEST_CASE("the GPU's kernels give the CPU's bits: log densities and scores") {
  Joint joint("dense", 2);
  joint.add("angle", Brownian(Circle(), 4.0));
  joint.add("place", OrnsteinUhlenbeck(Euclidean({3}), {.theta = 0.7}), {.clock = Clock::linear(0.3)});
  Sampler cpu =
      compile(joint, Target::host(), {.questions = {Question::prior, Question::log_density, Question::score}});
  State x0 = cpu.prior(samples, Seed(1)), xt = cpu.prior(samples, Seed(2));
  std::vector<float> t;
  for (int64_t i = 0; i < samples; ++i) t.push_back(2 * float(1 + i * 37 % 101) / 101);
  Asked asked{{{CATENARY_X0, &x0}, {CATENARY_XT, &xt}}, {t}, seed, 0, samples};
  same_bits(DeviceBodies(joint, Question::log_density), asked, cpu.log_density(x0, xt, t));
  same_bits(DeviceBodies(joint, Question::score), asked, cpu.score(x0, xt, t));
}

TEST_CASE("threads share no block: a group may be larger than in the CPU's tiles") {
  for (auto [numbers, cpu, gpu] : {std::array{1, 4, 4}, {5, 2, 4}, {10, 1, 2}, {8, 1, 1}}) {
    Joint joint("group");
    std::vector<double> means(static_cast<size_t>(numbers));  // Each another, so that a point is not split.
    std::iota(means.begin(), means.end(), 0.0);
    joint.add("x", OrnsteinUhlenbeck(Euclidean({numbers}), {.mean = means}));
    Sampler sampler = compile(joint, Target::cuda("sm_90"), {.questions = {Question::forward}});
    CHECK(sampler.module()->kernels[0].tile == cpu * Target::host().lanes);
    CHECK(sampler.module()->kernels[0].device->group == gpu);
  }
  CHECK(compile(all_laws("laws")).module()->kernels[0].device == nullptr);
}

TEST_CASE("a point's sample is found without a division") {
  for (uint32_t sites : {1u, 2u, 3u, 5u, 7u, 64u, 641u, 65535u, 65537u, 0x7fffffefu, 0x7ffffff0u}) {
    uint32_t multiplier, shift;
    catenary_device_sample_of(sites, &multiplier, &shift);
    auto check = [&](uint64_t i) {
      if (i <= CATENARY_DEVICE_POINTS && (i * multiplier >> shift) != i / sites)
        FAIL("point " << i << " with " << sites << " sites a sample");
    };
    for (uint64_t i = 0; i < 1000; ++i) check(i), check(CATENARY_DEVICE_POINTS - i);
    for (uint64_t k = 1; k <= 100000; ++k) {
      uint64_t at = k * 21474 / sites * sites;
      check(at), check(at + sites - 1);
      if (at) check(at - 1);
    }
  }
}

// ---- PTX ----------------------------------------------------------------------------------------

namespace {

namespace fs = std::filesystem;

/// The joint processes of the lessons, and one of many components; tests/targets/catalogue.cpp has every process.
std::vector<Joint> all_joints() {
  std::vector<Joint> joints;
  Joint& day = joints.emplace_back("day", 8.0);
  day.add("wind", Brownian(Circle(), 1.0));
  day.add("sky", UniformJump(Categorical(3), 1.0));
  joints.push_back(cities::joint(10, 32));
  joints.push_back(all_laws("laws"));
  return joints;
}

std::vector<Question> questions_of(const Joint& joint) {
  std::vector<Question> questions;
  for (size_t q = 0; q < question_names.size(); ++q) {
    bool all = true;
    for (const auto& component : joint.components()) all &= answers(component, Question(q));
    if (all) questions.push_back(Question(q));
  }
  return questions;
}

/// The kernels' PTX, by question.
std::map<std::string, std::string> ptx_of(const Joint& joint, const std::string& architecture) {
  Sampler sampler = compile(joint, Target::cuda(architecture), {.questions = questions_of(joint)});
  std::map<std::string, std::string> texts;
  const catenary_module& module = *sampler.module();
  for (int k = 0; k < module.kernel_count; ++k) {
    const catenary_kernel& kernel = module.kernels[k];
    REQUIRE(kernel.device);
    std::string text = kernel.device->ptx;
    INFO(joint.name() << " " << kernel.pipeline);
    CHECK(text.find(fmt::format(".visible .entry {}(", kernel.device->points_part)) != std::string::npos);
    CHECK((kernel.device->sample_part != nullptr) == (kernel.coefficient_count > 0));
    if (kernel.device->sample_part)
      CHECK(text.find(fmt::format(".visible .entry {}(", kernel.device->sample_part)) != std::string::npos);
    texts[kernel.pipeline] = text;
  }
  return texts;
}

}  // namespace

TEST_CASE(
    "fast PTX has approximate roots and quotients and fuses products, and nothing else; the processor stays exact") {
  Joint joint = all_laws("laws");
  const std::vector<Question> questions = {Question::forward, Question::bridge};
  Sampler exact = compile(joint, Target::cuda("sm_80"), {.questions = questions});
  Sampler fast = compile(joint, Target::cuda("sm_80", Precision::fast), {.questions = questions});
  std::set<std::string> more, other;
  for (int k = 0; k < fast.module()->kernel_count; ++k) {
    auto before = float_instructions(exact.module()->kernels[k].device->ptx);
    for (const std::string& instruction : float_instructions(fast.module()->kernels[k].device->ptx))
      (before.count(instruction) ? other : more).insert(instruction);
    std::string ptx = fast.module()->kernels[k].device->ptx;
    for (const char* never : {".ftz", "call", ".extern"}) CHECK(ptx.find(never) == std::string::npos);
  }
  // Without `.rn` a product may be fused with a sum.
  CHECK(more == std::set<std::string>{"sqrt.approx.f32", "div.full.f32", "add.f32", "sub.f32", "mul.f32", "add.f64"});
  for (const char* gone : {"sqrt.rn.f32", "div.rn.f32", "rcp.rn.f32", "mul.rn.f32"}) CHECK(other.count(gone) == 0);
  Arguments a = arguments_of(compile(joint), samples);
  CHECK(same_bytes(fast.forward(a.x0, a.t, seed), exact.forward(a.x0, a.t, seed)));
}

TEST_CASE("PTX of every lesson says how each operation rounds, and asks nothing of a library") {
  for (const Joint& joint : all_joints())
    for (const auto& [question, ptx] : ptx_of(joint, "sm_80")) {
      INFO(joint.name() << " " << question);
      CHECK(ptx.find(".version 7.0\n.target sm_80\n") != std::string::npos);
      check_exact(ptx);
    }
}

TEST_CASE("a group of points is read and written 16 bytes at a time, and no division is made") {
  Joint joint("ou");
  joint.add("x", OrnsteinUhlenbeck(Euclidean({}), {.theta = 1}));
  std::string ptx = ptx_of(joint, "sm_90")["forward"];
  CHECK(ptx.find(".version 7.8\n.target sm_90\n") != std::string::npos);
  std::string points = ptx.substr(ptx.find(".entry catenary_ou_forward_0_points("));
  CHECK(points.find("ld.global.v4.b32") != std::string::npos);
  CHECK(points.find("st.global.v4.b32") != std::string::npos);
  for (const char* never : {"div.", "rem.", "ld.param.b8", "ld.b32", "st.b32"}) {
    INFO(never);
    CHECK(points.find(never) == std::string::npos);
  }
}

TEST_CASE("ptxas assembles the PTX of every lesson") {
  if (std::system("ptxas --version > /dev/null 2>&1") != 0) {
    WARN("SKIP: no ptxas in PATH, so PTX is not assembled here");
    return;
  }
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "ptx";
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const char* architecture : {"sm_80", "sm_90"})
    for (const Joint& joint : all_joints())
      for (const auto& [question, ptx] : ptx_of(joint, architecture)) {
        std::string file = (folder / fmt::format("{}_{}_{}", joint.name(), question, architecture)).string();
        std::ofstream(file + ".ptx") << ptx;
        INFO(file);
        CHECK(std::system(
                  fmt::format("ptxas -arch={} '{}.ptx' -o '{}.cubin' > '{}.log' 2>&1", architecture, file, file, file)
                      .c_str()) == 0);
      }
}
