// Ahead of time: a C program that links the runtime alone draws the same bits as code compiled just in time.
#include <sys/wait.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include <catenary/compiler/compile.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/targets/all_laws.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace catenary;
using namespace catenary::testing;

namespace {

namespace fs = std::filesystem;

constexpr int64_t samples = 37;  // As in deploy.c, and so are seed and first sample.

const std::vector<Question> questions = {Question::prior,        Question::forward,    Question::bridge,
                                         Question::step,         Question::transition, Question::loss,
                                         Question::loss_gradient};

struct Outcome {
  int status;
  std::string output;  ///< stdout and stderr.
};

Outcome run(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  std::string output;
  for (char buffer[4096]; size_t n = fread(buffer, 1, sizeof buffer, pipe);) output.append(buffer, n);
  int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, output};
}

std::string bytes_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string bytes_of(const State& state) {
  std::string bytes;
  for (const char* name : {"place", "direction", "molecule", "course", "depth", "position", "angle", "kind"})
    bytes.append(static_cast<const char*>(state[name].data()), size_t(state[name].bytes()));
  return bytes;
}

/// What deploy.c does, with a sampler compiled just in time.
std::string drawn_just_in_time() {
  Sampler sampler = compile(all_laws("deployed"), Target::host(), {.questions = questions});
  Arguments a = arguments_of(sampler, samples);
  Seed seed(0xfedcba9876543210, 77);
  DrawOptions options{.first_sample = 11};
  State prior = sampler.prior(samples, {{"atoms", {atoms}}}, seed, options);
  State forward = sampler.forward(prior, a.t, seed, options);
  State bridge = sampler.bridge(prior, forward, a.s, a.t, seed, options);
  State step = sampler.step(estimate_from(prior), forward, a.s, a.t, seed, options);
  State transition = sampler.transition(prior, a.s, a.t, seed, options);
  State loss = sampler.loss(estimate_from(prior), bridge, forward, 0.5, options);
  State gradient = sampler.loss_gradient(estimate_from(prior), bridge, forward, 0.5, options);
  return bytes_of(prior) + bytes_of(forward) + bytes_of(bridge) + bytes_of(step) + bytes_of(transition) +
         bytes_of(loss) + bytes_of(gradient);
}

/// Builds tests/aot/<program>.c as folder/<program>, with the header and the archive that are there and the runtime.
void build_program(const fs::path& folder, const std::string& program, const std::string& compiled) {
  fs::path runtime = CATENARY_RUNTIME_LIBRARY;
  Outcome built = run(fmt::format(
      "{0} {1} -std=c11 -pedantic -Wall -Wextra -Werror -I'{2}/include' -I'{3}' '{4}/tests/aot/{5}.c' '{3}/{6}.a' "
      "'{7}' -Wl,-rpath,'{8}' -o '{3}/{5}'",
      CATENARY_C_COMPILER, CATENARY_C_FLAGS, CATENARY_BUILD_DIR, folder.string(), CATENARY_SOURCE_DIR, program,
      compiled, runtime.string(), runtime.parent_path().string()));
  INFO(built.output);
  REQUIRE(built.status == 0);
  CHECK(built.output == "");
}

/// The program of deploy.c, built once in a folder of its own.
struct Deployed {
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "deployed";
  std::string program = (folder / "deploy").string();

  Deployed() {
    fs::remove_all(folder);
    compile_to_files(all_laws("deployed"), folder.string(), Target::host(), {.questions = questions});
    build_program(folder, "deploy", "deployed");
  }
};

const Deployed& deployed() {
  static const Deployed made;
  return made;
}

}  // namespace

TEST_CASE("a C program draws the same bits as the compiler's own process") {
  std::string drawn = (deployed().folder / "drawn").string();
  Outcome ran = run(fmt::format("'{}' '{}'", deployed().program, drawn));
  INFO(ran.output);
  REQUIRE(ran.status == 0);  // 4: it has seen a library of LLVM's in its own memory.
  CHECK(ran.output == "forward: t is 2; joint 'deployed' runs from 0 to 1, so t must be in [0, 1]\n");
  std::string expected = drawn_just_in_time(), got = bytes_of(fs::path(drawn));
  size_t points = 2 + 3 + 4 + 1 + 4 + atoms * (3 + 1 + 1), numbers = 5 + 3 * atoms;
  size_t gradients = points + atoms * (kinds - 1);
  CHECK(expected.size() == size_t(samples) * 4 * (5 * points + numbers + gradients));
  CHECK((got == expected));
}

TEST_CASE("the program loads Catenary's runtime and no library of LLVM's") {
  // What ldd prints.
  Outcome loaded = run(fmt::format("LD_TRACE_LOADED_OBJECTS=1 '{}'", deployed().program));
  INFO(loaded.output);
  CHECK(loaded.status == 0);
  CHECK(loaded.output.find("libcatenary_runtime.so") != std::string::npos);
  for (const char* library : {"LLVM", "MLIR"}) CHECK(loaded.output.find(library) == std::string::npos);
}

TEST_CASE("a C program converts to the same bits as the compiler's own process") {
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "deployed_conversion";
  fs::remove_all(folder);
  compile_to_files(conversions::frames_from_backbones(), folder.string());
  build_program(folder, "convert", "frames_from_backbones");
  Tensor backbones = Tensor::empty(Dtype::f32, {samples, atoms, 3, 3});
  auto values = backbones.values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(float(i * i % 1009));
  std::ofstream((folder / "atoms").string(), std::ios::binary)
      .write(static_cast<const char*>(backbones.data()), backbones.bytes());
  Outcome ran = run(fmt::format("'{0}/convert' '{0}/atoms' '{0}/frames'", folder.string()));
  INFO(ran.output);
  REQUIRE(ran.status == 0);
  CHECK(ran.output ==
        "convert: component 'frames_from_backbones' of the output has shape [37, 5]; its points are [7] (space "
        "'rigid_motions'), so the shape must be [batch, sites..., 7]\n");
  Tensor frames = compile(conversions::frames_from_backbones())(backbones);
  CHECK((bytes_of(folder / "frames") == std::string(static_cast<const char*>(frames.data()), size_t(frames.bytes()))));
}

TEST_CASE("PTX is in the archive beside the CPU's code, and a C program finds it by the header") {
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "deployed_gpu";
  fs::remove_all(folder);
  compile_to_files(all_laws("both"), folder.string(), Target::cuda("sm_80"), {.questions = {Question::forward}});
  std::ofstream(folder / "main.c") << R"(#include <stdio.h>
#include "both.h"
int main(void) {
  for (int k = 0; k < catenary_both.kernel_count; ++k) {
    const catenary_device_kernel* device = catenary_both.kernels[k].device;
    fputs(k == 0 ? device->ptx : "", stdout);
    printf("// %s %s %d\n", device->sample_part, device->points_part, device->group);
  }
  return 0;
})";
  Outcome built = run(fmt::format(
      "{} {} -std=c11 -Wall -Wextra -Werror -I'{}/include' '{}/main.c' '{}/both.a' -o "
      "'{}/main'",
      CATENARY_C_COMPILER, CATENARY_C_FLAGS, CATENARY_BUILD_DIR, folder.string(), folder.string(), folder.string()));
  INFO(built.output);
  REQUIRE(built.status == 0);
  Outcome ran = run(fmt::format("'{}/main'", folder.string()));
  REQUIRE(ran.status == 0);
  CHECK(ran.output.find(".version 7.0\n.target sm_80\n") != std::string::npos);
  for (const char* part : {"0_samples", "0_points", "1_samples", "1_points"})
    CHECK(ran.output.find(fmt::format(".visible .entry catenary_both_forward_{}(", part)) != std::string::npos);
  CHECK(
      ran.output.ends_with("// catenary_both_forward_0_samples catenary_both_forward_0_points 4\n"
                           "// catenary_both_forward_1_samples catenary_both_forward_1_points 4\n"));
}

TEST_CASE("a header and an archive that were not written together do not link") {
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "deployed_apart";
  fs::remove_all(folder);
  auto write = [&](const char* into, double rate, const Target& target) {
    Joint joint("apart");
    joint.add("x", Brownian(Euclidean({}), rate));
    compile_to_files(joint, (folder / into).string(), target, {.questions = {Question::forward}});
  };
  write("one", 1, Target::host());
  write("other_rate", 2, Target::host());
  Target other = Target::host();
  other.lanes = other.lanes == 4 ? 8 : 4;
  write("other_target", 1, other);
  std::ofstream(folder / "main.c") << "#include \"apart.h\"\nint main(void) { return catenary_apart.name[0] != 'a'; }";
  auto link = [&](const char* header, const char* archive) {
    return run(fmt::format("{0} {1} -std=c11 -I'{2}/include' -I'{3}/{4}' '{3}/main.c' '{3}/{5}/apart.a' -o '{3}/main'",
                           CATENARY_C_COMPILER, CATENARY_C_FLAGS, CATENARY_BUILD_DIR, folder.string(), header,
                           archive));
  };
  for (const char* archive : {"other_rate", "other_target"}) {
    Outcome apart = link("one", archive);
    CHECK(apart.status != 0);
    CHECK(apart.output.find("catenary_apart_name_") != std::string::npos);
  }
  Outcome together = link("one", "one");
  INFO(together.output);
  CHECK(together.status == 0);
  CHECK(run(fmt::format("'{}/main'", folder.string())).status == 0);
}

TEST_CASE("a joint process that C would know by one of the library's own names is refused") {
  std::set<std::string> names;
  for (const char* header : {"abi.h", "c_api.h"}) {
    const std::string text = bytes_of(fs::path(CATENARY_SOURCE_DIR) / "runtime" / header);
    const std::regex name("\\bcatenary_([a-z0-9_]+)");
    for (std::sregex_iterator found(text.begin(), text.end(), name), end; found != end; ++found)
      names.insert((*found)[1]);
  }
  REQUIRE(names.size() > 30);
  for (const std::string& name : names) {
    Joint joint(name);
    joint.add("x", Brownian(Circle(), 1.0));
    CHECK(
        message_of([&] { compile_to_files(joint, CATENARY_BUILD_DIR); }) ==
        fmt::format("'{0}' would be catenary_{0} in C, which is a name of the library itself; give it another", name));
  }
}

TEST_CASE("the header has the joint process's tables and nothing of the machine that wrote it") {
  std::string header = bytes_of(deployed().folder / "deployed.h");
  CHECK(header.starts_with("/* 'deployed', compiled: link deployed.a and libcatenary_runtime. */\n"));
  CHECK(header.find("static const catenary_module catenary_deployed = {") != std::string::npos);
  CHECK(header.find(CATENARY_BUILD_DIR) == std::string::npos);
  CHECK(header.find(CATENARY_SOURCE_DIR) == std::string::npos);
  CHECK(bytes_of(deployed().folder / "deployed.a").starts_with("!<arch>\n"));
}
