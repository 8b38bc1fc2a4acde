// Loops over tiles that are pipelined: which ones, and that no number of tiles changes a bit.
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

/// Values that a trip of the kernel's loop hands on, its counter among them.
int64_t handed_on(const Joint& joint, Question question) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "pipeline_tiles";
  fs::remove_all(folder);
  CompileOptions options{.questions = {question}, .dump = folder.string()};
  compile(joint, Target::host(), options);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename().string().find("llvm-pipelined") == std::string::npos) continue;
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const std::string all = text.str();
    int64_t count = 0;
    for (size_t at = all.find("_points("); (at = all.find(" = phi ", at)) != std::string::npos; ++at) ++count;
    return count;
  }
  FAIL("no stage was written");
  return 0;
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
#endif

TEST_CASE("pipelined tiles: the bits of a GPU's kernels, for any number of them") {
  for (Joint (*joint_of)() : {short_chain, long_chain}) {
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

TEST_CASE("pipelined tiles: nothing before the first or behind the last is touched") {
  for (Joint (*joint_of)() : {short_chain, long_chain}) {
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
