// Compiled code from one run to the next: what is kept is used, is whole or is compiled again, and is never an error.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catenary/catenary.h>
#include <catenary/support/environment.h>
#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace catenary;

namespace {

namespace fs = std::filesystem;

Joint walk(double rate) {
  Joint joint("walk", 1);
  joint.add("x", Brownian(Euclidean({}), rate));
  return joint;
}

CompileOptions kept_in(const fs::path& folder) {
  return {.questions = {Question::forward, Question::bridge}, .cache = folder.string()};
}

std::vector<float> drawn(const Sampler& sampler) {
  State x0{{"x", Tensor::empty(Dtype::f32, {100})}};
  std::ranges::fill(x0["x"].values<float>(), 1.0f);
  State xt = sampler.forward(x0, 0.5, Seed(3));
  auto values = xt["x"].values<const float>();
  return {values.begin(), values.end()};
}

std::string bytes_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}
void write(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

std::vector<fs::path> files_of(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

// A folder of this test's own that is not there yet.
fs::path fresh(const std::string& name) {
  fs::path folder = fs::path(CATENARY_BUILD_DIR) / "tests" / "caches" / name;
  fs::remove_all(folder);
  return folder;
}

}  // namespace

TEST_CASE("what was compiled is kept, a file for each question, and gives the same bits") {
  fs::path folder = fresh("same");
  std::vector<float> compiled = drawn(compile(walk(1), Target::host(), {.cache = "off"}));
  CHECK_FALSE(fs::exists(folder));
  CHECK(drawn(compile(walk(1), Target::host(), kept_in(folder))) == compiled);
  std::vector<fs::path> files = files_of(folder);
  REQUIRE(files.size() == 2);
  for (const fs::path& file : files) CHECK(file.extension() == ".question");
  CHECK((fs::status(folder).permissions() & (fs::perms::group_all | fs::perms::others_all)) == fs::perms::none);
  CHECK(drawn(compile(walk(1), Target::host(), kept_in(folder))) == compiled);
  auto from_text = [&] {
    return drawn(compile_mlir(to_mlir(walk(1)), "walk.mlir", Target::host(), {.cache = folder.string()}));
  };
  CHECK(from_text() == compiled);
  files = files_of(folder);
  CHECK(from_text() == compiled);
  CHECK(files_of(folder) == files);
}

TEST_CASE("the code that runs is the kept one") {
  fs::path slow = fresh("slow"), fast = fresh("fast");
  CompileOptions options = kept_in(slow);
  options.questions = {Question::forward};
  std::vector<float> slowly = drawn(compile(walk(1), Target::host(), options));
  options.cache = fast.string();
  std::vector<float> quickly = drawn(compile(walk(4), Target::host(), options));
  CHECK(slowly != quickly);
  // The file of one under the name of the other.
  fs::copy_file(files_of(slow)[0], files_of(fast)[0], fs::copy_options::overwrite_existing);
  CHECK(drawn(compile(walk(4), Target::host(), options)) == slowly);
}

TEST_CASE("what code depends on is told apart") {
  fs::path folder = fresh("keys");
  CompileOptions options = kept_in(folder);
  options.questions = {Question::forward};
  size_t files = 0;
  auto another = [&](const Joint& joint, const Target& target) {
    compile_to_files(joint, fresh("files").string(), target, options);
    size_t before = std::exchange(files, files_of(folder).size());
    return files == before + 1;
  };
  Target target = Target::host();
  CHECK(another(walk(1), target));
  CHECK_FALSE(another(walk(1), target));
  CHECK(another(walk(2), target));
  target.lanes = target.lanes == 8 ? 4 : 8;
  CHECK(another(walk(1), target));
  target.cpu = "x86-64-v3";
  target.features = "+avx2,+fma";
  CHECK(another(walk(1), target));
  target.features += ",+bmi2";
  CHECK(another(walk(1), target));
  target.gpu = "sm_80";
  CHECK(another(walk(1), target));
  std::string header = bytes_of(fs::path(CATENARY_BUILD_DIR) / "tests" / "caches" / "files" / "walk.h");
  CHECK_FALSE(another(walk(1), target));
  CHECK(bytes_of(fs::path(CATENARY_BUILD_DIR) / "tests" / "caches" / "files" / "walk.h") == header);
}

TEST_CASE("a file that is not whole is compiled again") {
  fs::path folder = fresh("broken");
  CompileOptions options = kept_in(folder);
  options.questions = {Question::forward};
  std::vector<float> right = drawn(compile(walk(1), Target::host(), options));
  fs::path file = files_of(folder)[0];
  const std::string whole = bytes_of(file);
  std::string changed = whole;
  changed[changed.size() / 2] ^= 1;
  for (const std::string& bytes : {std::string(), whole.substr(0, 20), whole.substr(0, whole.size() - 1), changed}) {
    write(file, bytes);
    CHECK(drawn(compile(walk(1), Target::host(), options)) == right);
    CHECK((bytes_of(file) == whole));
  }
}

TEST_CASE("a folder that cannot be used is no error, and stages are always those of a compilation") {
  fs::path place = fresh("no_folder");
  fs::create_directories(place.parent_path());
  write(place, "a file");
  std::vector<float> right = drawn(compile(walk(1), Target::host(), {.cache = "off"}));
  CHECK(drawn(compile(walk(1), Target::host(), kept_in(place))) == right);
  CHECK(drawn(compile(walk(1), Target::host(), kept_in(place / "below"))) == right);
  CHECK(bytes_of(place) == "a file");

  fs::path folder = fresh("with_stages"), stages = fresh("stages");
  CompileOptions options = kept_in(folder);
  options.dump = stages.string();
  compile(walk(1), Target::host(), options);
  CHECK_FALSE(fs::exists(folder));
  CHECK(fs::exists(stages / "forward"));
}

TEST_CASE("the folder of the environment") {
  // As ctest runs it, and so that nothing of the user's is touched.
  const char* before = getenv("CATENARY_CACHE");
  const std::string restored = before ? before : "";
  auto with = [](const char* variable, const char* value) {
    setenv(variable, value, 1);
    return read_environment().cache;
  };
  CHECK(with("CATENARY_CACHE", "off") == fs::path());
  CHECK(with("CATENARY_CACHE", "some/where") == fs::path("some/where"));
  const char* caches = getenv("XDG_CACHE_HOME");
  const std::string of_user = caches ? caches : "";
  setenv("XDG_CACHE_HOME", "caches", 1);
  CHECK(with("CATENARY_CACHE", "") == fs::path("caches/catenary"));
  setenv("XDG_CACHE_HOME", "", 1);
  CHECK(read_environment().cache == fs::path(getenv("HOME")) / ".cache" / "catenary");
  caches ? setenv("XDG_CACHE_HOME", of_user.c_str(), 1) : unsetenv("XDG_CACHE_HOME");
  before ? setenv("CATENARY_CACHE", restored.c_str(), 1) : unsetenv("CATENARY_CACHE");
}
