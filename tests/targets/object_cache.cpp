// Compiled code from one run to the next: what is kept is used, is whole or is compiled again, and is never an error.
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <sys/stat.h>

#include <catenary/catenary.h>
#include <catenary/compiler/object_cache.h>
#include <catenary/support/environment.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

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

TEST_CASE("what is kept is read, and not made again") {
  fs::path folder = fresh("read");
  CompileOptions options = kept_in(folder);
  options.questions = {Question::forward};
  compile(walk(1), Target::host(), options);
  fs::path file = files_of(folder)[0];
  auto number = [&] {
    struct stat is;
    REQUIRE(stat(file.c_str(), &is) == 0);
    return is.st_ino;
  };
  auto made = number();
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(24);
  fs::last_write_time(file, long_ago);
  compile(walk(1), Target::host(), options);
  CHECK(number() == made);
  CHECK(fs::last_write_time(file) > long_ago + std::chrono::hours(1));
}

TEST_CASE(
    "compilation tells which questions are ready, and whether a cache had them; the horizon changes the prior alone") {
  fs::path folder = fresh("progress");
  std::string told;
  auto compiled = [&](double horizon) {
    told.clear();
    Joint joint("walk", horizon);
    joint.add("x", Brownian(Euclidean({}), 1));
    CompileOptions options{.questions = {Question::prior, Question::forward}, .cache = folder.string()};
    options.progress = [&](const CompileProgress& p) {
      told += fmt::format("{} {} of {}{}; ", name_of(p.question), p.done, p.of, p.from_cache ? ", kept" : "");
    };
    return compile(joint, Target::host(), options).horizon();
  };
  CHECK(compiled(1) == 1);
  CHECK(told == "prior 1 of 2; forward 2 of 2; ");
  CHECK(compiled(1) == 1);
  CHECK(told == "prior 1 of 2, kept; forward 2 of 2, kept; ");
  CHECK(compiled(2) == 2);
  CHECK(told == "prior 1 of 2; forward 2 of 2, kept; ");
  CompileOptions stops{.cache = folder.string()};
  stops.progress = [](const CompileProgress&) { throw Cancelled("enough"); };
  CHECK_THROWS_AS(compile(walk(1), Target::host(), stops), Cancelled);
}

TEST_CASE("a cache keeps to its size, and clears away what was left behind") {
  fs::path folder = fresh("full");
  auto key = [](char digit) { return std::string(64, digit); };
  CompiledQuestion question;
  question.object.assign(1000, 'x');
  const ObjectCache cache(folder, 4000);
  const auto now = fs::file_time_type::clock::now();
  auto names = [&] {
    std::string all;
    for (const fs::path& file : files_of(folder)) all += file.filename().string().substr(0, 1);
    return all;
  };
  for (char digit : {'a', 'b', 'c'}) {
    cache.keep(key(digit), question);
    fs::last_write_time(folder / (key(digit) + ".question"), now - std::chrono::hours(9 - (digit - 'a')));
  }
  write(folder / (key('d') + "-0.new"), "left behind");
  fs::last_write_time(folder / (key('d') + "-0.new"), now - std::chrono::hours(2));
  write(folder / (key('e') + "-0.new"), "being written");
  write(folder / "mine.new", std::string(5000, 'x'));
  cache.make_room();
  CHECK(names() == "abcem");
  CHECK(cache.find(key('a'))->object == question.object);  // And is used now.
  cache.keep(key('f'), question);
  cache.make_room();
  CHECK(names() == "aefm");  // Down to three quarters.
  CHECK_FALSE(cache.find(key('b')));
}

TEST_CASE("nothing is taken from a folder that others may write to, nor what stands there under another's name") {
  fs::path folder = fresh("shared");
  CompiledQuestion question;
  const std::string key(64, 'a'), other(64, 'b');
  ObjectCache(folder).keep(key, question);
  CHECK(ObjectCache(folder).find(key));
  fs::rename(folder / (key + ".question"), folder / (other + ".question"));
  CHECK_FALSE(ObjectCache(folder).find(other));
  CHECK(files_of(folder).empty());
  fs::create_directories(folder / (key + ".question"));  // It cannot be read.
  CHECK_FALSE(ObjectCache(folder).find(key));
  ObjectCache(folder).keep(other, question);
  fs::permissions(folder, fs::perms::group_write, fs::perm_options::add);
  CHECK_FALSE(ObjectCache(folder).keeps());
  CHECK_FALSE(ObjectCache(folder).find(other));
}

TEST_CASE("many threads keep and find in one folder") {
  fs::path folder = fresh("threads");
  CompiledQuestion question;
  question.kernels.push_back(
      {"forward", "atoms", 2, 1, 1, 1, 3, 4, 5, {{0, CATENARY_X0}, {0, CATENARY_OUT}}, "s", "p", "x", 4});
  question.object.assign(100000, 'x');
  const std::string key(64, 'c');
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50; ++n) {
        const ObjectCache cache(folder);
        cache.keep(key, question);
        auto found = cache.find(key);
        wrong += !found || found->object != question.object || found->kernels[0].operands[1].role != CATENARY_OUT ||
                 found->kernels[0].draws != 4 || found->kernels[0].ptx_symbol != "x";
      }
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(files_of(folder).size() == 1);
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
  setenv("CATENARY_CACHE", "", 1);
  const char* caches = getenv("XDG_CACHE_HOME");
  const std::string of_user = caches ? caches : "";
  CHECK(with("XDG_CACHE_HOME", "/caches") == fs::path("/caches/catenary"));
  // A relative one is to be ignored.
  for (const char* none : {"", "caches"}) {
    const fs::path found = with("XDG_CACHE_HOME", none);
    CHECK((found.empty() || (found.is_absolute() && found.parent_path().filename() == ".cache")));
  }
  caches ? setenv("XDG_CACHE_HOME", of_user.c_str(), 1) : unsetenv("XDG_CACHE_HOME");
  before ? setenv("CATENARY_CACHE", restored.c_str(), 1) : unsetenv("CATENARY_CACHE");
}
