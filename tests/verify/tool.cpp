// The command `catenary`, run as a user runs it.
#include <catch2/catch.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <sys/wait.h>
#include <nlohmann/json.hpp>

#include <catenary/stdlib/catalogue.h>
#include <catenary/stdlib/conversions.h>

using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

struct Run {
  int code;
  std::string output;  ///< stdout and stderr
};

Run run_command(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  Run result{0, {}};
  char buffer[4096];
  while (size_t n = fread(buffer, 1, sizeof buffer, pipe)) result.output.append(buffer, n);
  result.code = WEXITSTATUS(pclose(pipe));
  return result;
}

Run run(const std::string& arguments) { return run_command(fmt::format("'{}' {} 2>&1", CATENARY_TOOL, arguments)); }

fs::path folder() {
  fs::path path = fs::path(CATENARY_BUILD_DIR) / "tests" / "verify_tool";
  fs::create_directories(path);
  return path;
}

}  // namespace

TEST_CASE("list shows everything, with parameters") {
  Run list = run("list");
  CHECK(list.code == 0);
  auto json = nlohmann::json::parse(run("list --json").output);
  CHECK(json.size() == catenary::catalogue().size() + catenary::conversions::all().size());
  CHECK_THAT(list.output,
             Contains("frames_from_backbones") && Contains("backbones f32 [3, 3] to rigid_motions f32 [7]\n"));
  CHECK(json.back()["kind"] == "conversion");
  CHECK(json.back()["to"] == "metric_tensors f32 [3, 3]");
  for (const auto& entry : catenary::catalogue()) {
    CHECK_THAT(list.output, Contains(entry.name) && Contains(entry.summary));
    for (const auto& p : entry.parameters)
      CHECK_THAT(list.output, Contains(fmt::format("{} = {}: {}", p.name, p.value, p.meaning)));
  }
}

TEST_CASE("the version") {
  Run version = run("--version");
  CHECK(version.code == 0);
  CHECK_THAT(version.output, Catch::Matches("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_CASE("verify a space") {
  Run good = run("verify circle");
  CHECK(good.code == 0);
  CHECK_THAT(good.output,
             Contains("log inverts exp") && Contains("space 'circle': ") && Contains(" checks, 0 failed, 0 skipped"));
  fs::path picture = folder() / "circle.png";
  fs::remove(picture);
  Run json = run(fmt::format("verify circle --json --plot '{}'", picture.string()));
  CHECK(json.code == 0);
  CHECK(nlohmann::json::parse(json.output)["passed"] == true);
  CHECK(fs::file_size(picture) > 1000);
  CHECK(run("verify --set categories=7 categorical").code == 0);
}

TEST_CASE("a process that has not mixed by its horizon fails") {
  Run bad = run("verify uniform_jump --horizon 0.5 --stop-at-failure");
  CHECK(bad.code == 1);
  CHECK_THAT(bad.output, Contains("FAILED: prior") && Contains("look at: prior; or the horizon"));
}

TEST_CASE("several subjects: their reports, and which failed") {
  fs::path picture = folder() / "spaces.png";
  for (const char* name : {"circle", "euclidean"}) fs::remove(folder() / fmt::format("spaces-{}.png", name));
  Run spaces = run(fmt::format("verify euclidean circle --quiet --plot '{}'", picture.string()));
  CHECK(spaces.code == 0);
  CHECK_THAT(spaces.output, Contains("space 'euclidean': ") && Contains("space 'circle': ") &&
                                Contains("2 verified, 0 failed\n") && !Contains("log inverts exp"));
  CHECK(fs::exists(folder() / "spaces-euclidean.png"));
  CHECK(fs::exists(folder() / "spaces-circle.png"));
  Run mixed = run("verify circle uniform_jump --horizon 0.5 --stop-at-failure --quiet");
  CHECK(mixed.code == 1);
  CHECK_THAT(mixed.output, Contains("FAILED: prior") && Contains("2 verified, 1 failed: uniform_jump\n"));
  CHECK(nlohmann::json::parse(run("verify circle categorical --json").output).size() == 2);
}

TEST_CASE("Ctrl-C ends it with a message, and 130") {
  std::string command =
      fmt::format("timeout --foreground --preserve-status -s INT 1 '{}' verify --all 2>&1", CATENARY_TOOL);
  Run stopped = run_command(command);
  CHECK(stopped.code == 130);
  CHECK_THAT(stopped.output, Contains("catenary: interrupted"));
}

TEST_CASE("a saved declaration") {
  fs::path file = folder() / "jump.mlir";
  std::ofstream(file) << run("declare uniform_jump --set categories=3 --set rate=2").output;
  Run saved = run(fmt::format("verify '{}'", file.string()));
  CHECK(saved.code == 0);
  CHECK_THAT(saved.output, Contains("declaration '") && Contains("bridge identity") && Contains(" 0 failed"));
  Run set = run(fmt::format("verify '{}' --set rate=2", file.string()));
  CHECK(set.code == 2);
  CHECK_THAT(set.output, Contains("is a saved declaration, whose numbers are fixed: --set and --horizon do not apply"));
}

TEST_CASE("a saved conversion is none to verify") {
  fs::path file = folder() / "frames.mlir";
  Run declared = run("declare frames_from_backbones");
  CHECK(declared.code == 0);
  CHECK_THAT(declared.output, Contains("asks \"convert\""));
  std::ofstream(file) << declared.output;
  Run saved = run(fmt::format("verify '{}'", file.string()));
  CHECK(saved.code == 2);
  CHECK_THAT(saved.output, Contains("is a conversion, which has no law to verify; name the text of a joint process"));
}

TEST_CASE("of many, those without the step asked for are left out") {
  Run r = run("verify circle circle_brownian --only density --effort quick");
  CHECK(r.code == 0);
  CHECK_THAT(r.output, Contains("left out, without a step of this name: circle\n1 verified, 0 failed\n"));
  CHECK(run("verify circle circle_brownian --only density --effort quick --json").output.starts_with("["));
  CHECK(run("verify circle sphere --only density").code == 2);
}

TEST_CASE("mistakes on the command line are sentences, and exit with 2") {
  auto fails = [](const std::string& arguments, const std::string& sentence) {
    Run r = run(arguments);
    CHECK(r.code == 2);
    CHECK_THAT(r.output, Contains(sentence));
  };
  fails("verify circel", "catenary: the standard library has no 'circel'; did you mean 'circle'?");
  fails("verify nowhere.mlir",
        "catenary: 'nowhere.mlir' cannot be read; name a file that `catenary declare` or to_mlir wrote");
  fails("verify", "catenary: verify takes names of the standard library (see `catenary list`), .mlir files, or --all");
  fails("verify circle --set radius=2", "catenary: 'circle' has no parameters; 'radius' was given");
  fails("verify circle --set radius", "catenary: --set takes name=value, the value a number; found 'radius'");
  fails("verify circle --plot circle.jpg", "catenary: --plot takes a file name that ends in .png; found 'circle.jpg'");
  fails("verify circle --plot nowhere/circle.png",
        "catenary: --plot is to draw to 'nowhere/circle.png', and there is no folder 'nowhere'");
  fails("verify circle_brownian --horizon nan", "--horizon");
  // Before the first is verified.
  Run other = run("verify circle circel --json");
  CHECK(other.code == 2);
  CHECK(other.output.starts_with("catenary: the standard library has no 'circel'"));
  fails("verify circle --only geodesic",
        "catenary: space 'circle': no step is called 'geodesic'; the steps are points,");
  fails("verify circle --effort great", "--effort");
  fails("verify circle --seed -1", "--seed");
  fails("declare frames_from_matrices --set rate=2",
        "catenary: 'frames_from_matrices' is a conversion: --set and --horizon do not apply");
  fails("declare circle", "catenary: 'circle' is a space, not a process");
  fails("verify frames_from_matrices",
        "catenary: 'frames_from_matrices' is a conversion, neither a space nor a process");
  fails("", "A subcommand (list, verify, declare, kernels, laws) is required");
  fails("verfy", "The following argument was not expected: verfy");
}

TEST_CASE("docs/laws.md, which `catenary laws` prints, has every space and process, with its estimates") {
  std::ifstream in(CATENARY_SOURCE_DIR "/docs/laws.md");
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (const catenary::CatalogueEntry& entry : catenary::catalogue()) {
    INFO(entry.name);
    size_t row = text.find(fmt::format("\n| `{}` | {} |", entry.name, entry.summary));
    REQUIRE(row != std::string::npos);
    if (!entry.is_process()) continue;
    std::string kinds;
    for (const catenary::Estimate& e : entry.process()->estimates()) kinds += (kinds.empty() ? "" : ", ") + e.kind;
    CHECK_THAT(text.substr(row + 1, text.find('\n', row + 1) - row - 1), Contains(fmt::format(" | {} | ", kinds)));
  }
  CHECK(text.find("fail") == std::string::npos);
}
