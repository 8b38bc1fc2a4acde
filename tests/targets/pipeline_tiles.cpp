// Loops over tiles that are pipelined, and those made straight for it: which ones, and that neither the number of tiles
// nor how many of them branch changes a bit.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/targets/every_question.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(0x0f1e2d3c4b5a6978, 5);

Joint of(Kept<Process> process) {
  Joint joint("tiles", 1);
  joint.add("x", std::move(process));
  return joint;
}

/// A chain of some 140 cycles, which two stages hold; one of some 250 among few operations, which takes three.
Joint short_chain() { return of(OrnsteinUhlenbeck(Euclidean({}), {.theta = 0.5})); }
Joint long_chain() { return of(GeodesicInterpolation(catenary::Sphere(2))); }

/// Tiles branch: in a bridge where an angle may have wound, from half a turn less 3.66 variances on; in a forward where
/// rounding leaves an angle beside the interval.
Joint winding(const std::string& sites = "") {
  Joint joint("tiles", 1);
  joint.add("x", Brownian(Circle(), 1), {.sites = sites});
  return joint;
}
Joint winding_alone() { return winding(); }
Joint settling() { return of(Brownian(Torus({1, 2}), 1)); }

/// The last stage of LLVM's code for a kernel.
std::string code_of(const Joint& joint, Question question) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "pipeline_tiles";
  fs::remove_all(folder);
  CompileOptions options{.questions = {question}, .dump = folder.string()};
  compile(joint, Target::host(), options);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename().string().find("llvm-pipelined") == std::string::npos) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    return text.str();
  }
  FAIL("no stage was written");
  return {};
}

/// Values that a trip of the kernel's loop hands on, its counter among them.
int64_t handed_on(const Joint& joint, Question question) {
  const std::string all = code_of(joint, question);
  int64_t count = 0;
  for (size_t at = all.find("_points("); (at = all.find(" = phi ", at)) != std::string::npos; ++at) ++count;
  return count;
}

bool is_straightened(const Joint& joint, Question question) {
  return code_of(joint, question).find("_points.straight(") != std::string::npos;
}

/// `like`'s values between two pages that nothing may touch.
Tensor fenced(const Tensor& like) {
  const auto page = size_t(sysconf(_SC_PAGESIZE)), bytes = size_t(like.bytes());
  REQUIRE(bytes % page == 0);
  auto* all =
      static_cast<char*>(mmap(nullptr, bytes + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(all != MAP_FAILED);
  mprotect(all, page, PROT_NONE);
  mprotect(all + page + bytes, page, PROT_NONE);
  std::memcpy(all + page, like.data(), bytes);
  return {TensorView(all + page, like.dtype(), like.shape()),
          std::shared_ptr<void>(all, [=](void* p) { munmap(p, bytes + 2 * page); })};
}

}  // namespace

#ifdef __x86_64__
TEST_CASE("tiles are pipelined where one takes long, and has few numbers alive") {
  CHECK(handed_on(short_chain(), Question::forward) > 4);
  CHECK(handed_on(long_chain(), Question::bridge) > 4);
  CHECK(handed_on(short_chain(), Question::flow_step) == 1);                             // Too short a chain.
  CHECK(handed_on(of(Brownian(Hyperbolic(3), 1)), Question::bridge) == 1);               // Too many numbers.
  CHECK(handed_on(of(Brownian(CenteredEuclidean({5, 3}), 1)), Question::forward) == 1);  // Enough at once.
}

TEST_CASE("tiles that branch are made straight where they are pipelined then") {
  CHECK(is_straightened(winding(), Question::bridge));
  CHECK(is_straightened(settling(), Question::forward));
  CHECK_FALSE(is_straightened(winding(), Question::forward));                      // No branch.
  CHECK_FALSE(is_straightened(of(Brownian(Rotations(), 1)), Question::forward));   // Points in chunks.
  CHECK_FALSE(is_straightened(of(Brownian(Hyperbolic(3), 1)), Question::bridge));  // Too many numbers.
}
#endif

TEST_CASE("pipelined tiles: the bits of a GPU's kernels, for any number of them") {
  for (Joint (*joint_of)() : {short_chain, long_chain, winding_alone, settling}) {
    const Joint joint = joint_of();
    for (Question question : {Question::forward, Question::bridge}) {
      Sampler sampler = compile(joint, Target::host(), {.questions = {Question::prior, Question::forward, question}});
      DeviceBodies bodies(joint, question);
      for (int64_t samples : {1, 31, 32, 33, 64, 65, 128, 129, 1000}) {
        INFO(name_of(question) << " of " << samples);
        Arguments a;
        for (int64_t i = 0; i < samples; ++i) {
          a.s.push_back(float(i % 50) / 100);
          a.t.push_back(float(50 + i * 37 % 50) / 100);
        }
        a.x0 = sampler.prior(samples, Seed(1)), a.xt = sampler.forward(a.x0, a.t, Seed(2));
        const State drawn = answer(sampler, question, a, {}, seed, {.threads = 1});
        CHECK(same_bytes(bodies.answer(asked(question, a, seed, 0), drawn, {3, 32}, 0), drawn));
      }
    }
  }
}

TEST_CASE("straight tiles: the bits of a GPU's kernels, however many branch") {
  const Joint joint = winding("atoms");
  Sampler sampler = compile(joint, Target::host());
  DeviceBodies bodies(joint, Question::bridge);
  constexpr int64_t atoms = 36000;
  // Of the points between `first` and `last` one in `every` may wind; all others end where they began. So in each call
  // no tile branches, then one in fifty or so, every second one, all, and none again; or all at once.
  struct Stretch {
    int64_t first, last, every;
  };
  for (const std::vector<Stretch>& stretches :
       {std::vector<Stretch>{{9000, 16000, 1601}, {16000, 22000, 64}, {22000, 30000, 16}}, {{0, 1000, 1}}, {}}) {
    Arguments a{{}, {}, {}, {0.1f}, {0.3f}};
    a.x0 = sampler.prior(1, {{"atoms", {atoms}}}, Seed(1));
    a.xt = State{{"x", Tensor::empty(Dtype::f32, a.x0["x"].shape())}};
    auto from = a.x0["x"].values<const float>();
    auto to = a.xt["x"].values<float>();
    std::ranges::copy(from, to.begin());
    for (auto [first, last, every] : stretches)
      for (int64_t i = first; i < last; i += every) to[size_t(i)] += from[size_t(i)] < 0 ? 3.1f : -3.1f;
    const State drawn = sampler.bridge(a.x0, a.xt, a.s, a.t, seed, {.threads = 1});
    CHECK(same_bytes(bodies.answer(asked(Question::bridge, a, seed, 0), drawn, {3, 32}, 0), drawn));
  }
}

TEST_CASE("pipelined tiles: nothing before the first or behind the last is touched") {
  for (Joint (*joint_of)() : {short_chain, long_chain, winding_alone}) {
    Sampler sampler = compile(joint_of(), Target::host());
    const State x0 = sampler.prior(4096, Seed(1)), xt = sampler.forward(x0, 0.7, Seed(2));
    const State here{{"x", fenced(x0["x"])}}, there{{"x", fenced(xt["x"])}};
    State out{{"x", fenced(x0["x"])}};
    for (int threads : {1, 2}) {
      sampler.forward_into(out, here, 0.7, Seed(2), {.threads = threads, .check_data = false});
      CHECK(same_bytes(out, xt));
      sampler.bridge_into(out, here, there, 0.2, 0.7, seed, {.threads = threads, .check_data = false});
      CHECK(same_bytes(out, sampler.bridge(x0, xt, 0.2, 0.7, seed)));
    }
  }
}
