// Fused Ornstein-Uhlenbeck draws against this machine's arithmetic and memory, and the latency of compiling.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <random>

#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <catenary/catenary.h>
#include <catenary/examples/01_cities/sphere.h>

#include "hand_tuned.h"
#include "laws.h"
#include "measure.h"
#include "memory.h"

using namespace bench;
using catenary::DrawOptions;
using catenary::Question;
using catenary::Sampler;
using catenary::Seed;
using catenary::State;
using catenary::Target;
using catenary::Tensor;

namespace {

struct Options {
  int64_t cached = 1 << 16;
  int64_t large = 1 << 25;
  int threads = 2;
  int repeats = 9;
  double milliseconds = 30;
  std::string compile;
  bool laws = false;
  int gpu = -1;
};

constexpr double theta = 0.5, sigma = 1, t = 0.7, s = 0.3;
constexpr Seed seed(0x243f6a8885a308d3);
constexpr int64_t unit = 128;  // rivals take whole multiples of it

catenary::Joint joint_named(const std::string& name, catenary::JointOptions options = {}) {
  if (name == "cities") return cities::joint(/*regions=*/9, /*walk_steps=*/32);
  catenary::Joint joint("ou", 1, options);
  joint.add("x", catenary::OrnsteinUhlenbeck(catenary::Euclidean({}), {.theta = theta, .sigma = sigma}));
  return joint;
}

Moments moments_of(Question question) {
  if (question == Question::forward)
    return {float(std::exp(-theta * t)), 0, float(sigma * std::sqrt(-std::expm1(-2 * theta * t) / (2 * theta)))};
  double whole = std::sinh(theta * t), left = std::sinh(theta * s), right = std::sinh(theta * (t - s));
  return {float(right / whole), float(left / whole), float(sigma * std::sqrt(left * right / (whole * theta)))};
}

struct Buffers {
  State x0, xt, out;
  float *px0, *pxt, *pout;
  explicit Buffers(int64_t elements) {
    std::mt19937 random(1);
    for (State* state : {&x0, &xt, &out}) {
      state->set("x", Tensor::empty(catenary::Dtype::f32, {elements}));
      for (float& v : (*state)["x"].values<float>()) v = float(int32_t(random())) * 0x1p-30f;
    }
    px0 = x0["x"].data_as<float>();
    pxt = xt["x"].data_as<float>();
    pout = out["x"].data_as<float>();
  }
};

/// One who does the job, and the rows that bound it.
struct Row {
  std::string name;
  std::vector<std::string> bounds;
  std::function<void(int64_t at, int64_t count)> part;  // of a rival: a range of elements
  std::function<void()> whole;                          // of a sampler: a call
  std::vector<Figure> rates = {};                       // Gelem/s, by number of threads
};

class Comparison {
 public:
  explicit Comparison(const Options& options)
      : options_(options),
        pool_(std::make_shared<catenary::ThreadPool>(options.threads)),
        has_avx2_(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")),
        has_avx512_(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")),
        host_(Target::host()),
        ours_(compiled(host_)),
        ours_v3_(compiled({.cpu = "x86-64-v3", .features = "+avx2,+fma", .lanes = 8})),
        seven_rounds_(compiled(host_, {.rounds = catenary::fewest_philox_rounds})) {
    fmt::print(
        "Catenary for {} with {} lanes, and for x86-64-v3 with 8. Gelem/s: median of {} runs taken in turn [least .. "
        "most]. "
        "Shares of the bound (the lesser of memory and the hand-tuned loop) and gains compare best runs.\n",
        host_.cpu, host_.lanes, options.repeats);
  }

  void kernel(Question question, bool large) {
    std::vector<Row> rows;
    for (int threads : {1, options_.threads}) {
      int64_t elements = large ? options_.large : options_.cached * threads;
      Buffers buffers(elements);
      auto now = rows_of(question, large, threads, buffers);
      std::vector<Candidate> candidates;
      for (const Row& row : now)
        candidates.push_back({row.name, row.whole ? row.whole : [&row, elements, threads, this] {
                                pool_->parallel_for(
                                    0, elements / unit, 64,
                                    [&](int64_t begin, int64_t end) { row.part(begin * unit, (end - begin) * unit); },
                                    threads);
                              }});
      measure(candidates, options_.repeats, options_.milliseconds * 1e-3);
      if (rows.empty()) {
        check(question, buffers);
        rows = now;
      }
      for (size_t i = 0; i < rows.size(); ++i) {
        auto rate = [&](double seconds) { return double(elements) / seconds * 1e-9; };
        const Figure& f = candidates[i].seconds;
        rows[i].rates.push_back({rate(f.median), rate(f.most), rate(f.least)});
      }
    }
    fmt::print("\n{:<46}{:^30}{:^30}{:>8}\n",
               fmt::format("OU {}, {}", name_of(question), large ? "in memory" : "in the second cache"), "1 thread",
               fmt::format("{} threads", options_.threads), "gain");
    for (const Row& row : rows) print(row, rows);
  }

  /// A call so small that only the way to the kernel counts.
  void small_call() {
    Buffers buffers(64);
    std::vector<Candidate> call = {{"", [&] { ours_.forward_into(buffers.out, buffers.x0, t, seed, {.threads = 1}); }}};
    measure(call, options_.repeats, options_.milliseconds * 1e-3);
    const Figure& f = call[0].seconds;
    fmt::print("\nOU forward of 64 elements: {:.0f} ns a call [{:.0f} .. {:.0f}]\n", 1e9 * f.median, 1e9 * f.least,
               1e9 * f.most);
  }

 private:
  Sampler compiled(const Target& target, catenary::JointOptions options = {}) const {
    return catenary::compile(joint_named("ou", options), target, {.sampler = {.pool = pool_}});
  }

  std::vector<Row> rows_of(Question question, bool large, int threads, Buffers& b) const {
    const bool forward = question == Question::forward;
    const Moments m = moments_of(question);
    const Stream stream{seed.value, seed.step, catenary::stream_word(0, 0, question, catenary::DrawKind::normal)};
    const float *x0 = b.px0, *xt = b.pxt;
    float* out = b.pout;
    auto memory = [=](int64_t at, int64_t n) {
      Stores stores = large ? Stores::streaming : Stores::cached;
      forward ? scale(stores, m.a, n, x0 + at, out + at) : add(stores, m.a, n, x0 + at, xt + at, out + at);
    };
    auto hand_tuned = [=](auto ou_forward, auto ou_bridge) {
      return [=](int64_t at, int64_t n) {
        forward ? ou_forward(m, stream, uint64_t(at), n, x0 + at, out + at)
                : ou_bridge(m, stream, uint64_t(at), n, x0 + at, xt + at, out + at);
      };
    };
    auto sampled = [&b, forward, threads](const Sampler& sampler, bool check_data) {
      return [&b, &sampler, forward, options = DrawOptions{.threads = threads, .check_data = check_data}] {
        forward ? sampler.forward_into(b.out, b.x0, t, seed, options)
                : sampler.bridge_into(b.out, b.x0, b.xt, s, t, seed, options);
      };
    };
    const std::string moved = fmt::format("memory, {} bytes an element", forward ? 8 : 12);
    const std::string avx512 = "hand-tuned, AVX-512", avx2 = "hand-tuned, AVX2", best = has_avx512_ ? avx512 : avx2;
    std::vector<Row> rows = {{moved, {}, memory, {}}};
    if (has_avx512_) rows.push_back({avx512, {}, hand_tuned(ou_forward_avx512, ou_bridge_avx512), {}});
    if (has_avx2_) rows.push_back({avx2, {}, hand_tuned(ou_forward_avx2, ou_bridge_avx2), {}});
    rows.push_back({"Catenary", {moved, best}, {}, sampled(ours_, false)});
    rows.push_back({"Catenary, looking for NaN in the data", {moved, best}, {}, sampled(ours_, true)});
    rows.push_back({"Catenary, 7 rounds of Philox", {moved, best}, {}, sampled(seven_rounds_, false)});
    rows.push_back({"Catenary, x86-64-v3", {moved, avx2}, {}, sampled(ours_v3_, false)});
    if (forward && !large)
      rows.push_back({"normal_distribution, mt19937: of Catenary",
                      {"Catenary"},
                      [=](int64_t at, int64_t n) {
                        thread_local std::mt19937 random(1);
                        std::normal_distribution<float> normal;
                        for (int64_t i = at; i < at + n; ++i) out[i] = m.a * x0[i] + m.s * normal(random);
                      },
                      {}});
    return rows;
  }

  void print(const Row& row, const std::vector<Row>& rows) const {
    fmt::print("  {:<42}", row.name);
    for (size_t k = 0; k < row.rates.size(); ++k) {
      double bound = std::numeric_limits<double>::infinity();
      for (const Row& other : rows)
        if (std::ranges::count(row.bounds, other.name)) bound = std::min(bound, other.rates[k].most);
      const Figure& f = row.rates[k];
      fmt::print("{:>7.3f} {:<15}{:>6} ", f.median, fmt::format("[{:.3f} .. {:.3f}]", f.least, f.most),
                 row.bounds.empty() ? "" : fmt::format("{:.0f} %", 100 * f.most / bound));
    }
    fmt::print("{:>8.2f}\n", row.rates[1].most / row.rates[0].most);
  }

  /// The rivals do the same job: results differ by rounding alone.
  void check(Question question, Buffers& b) const {
    if (!has_avx2_) return;
    auto rows = rows_of(question, false, 1, b);
    auto row_named = [&](const char* name) { return *std::ranges::find(rows, name, &Row::name); };
    row_named("Catenary").whole();
    std::vector<float> ours(b.pout, b.pout + unit);
    row_named("hand-tuned, AVX2").part(0, unit);
    for (size_t i = 0; i < ours.size(); ++i)
      if (!(std::abs(ours[i] - b.pout[i]) < 1e-5f))
        throw catenary::Error(fmt::format("bench: element {} of OU {} is {}, of the hand-tuned loop {}.", i,
                                          name_of(question), ours[i], b.pout[i]));
  }

  Options options_;
  std::shared_ptr<catenary::ThreadPool> pool_;
  bool has_avx2_, has_avx512_;
  Target host_;
  Sampler ours_, ours_v3_, seven_rounds_;
};

/// Bandwidth of stores alone, in GB/s; the other traffics stand in the tables of the kernels.
void print_write_bandwidth(const Options& o) {
  catenary::ThreadPool pool(o.threads);
  fmt::print("\nWrite bandwidth, GB/s\n");
  for (bool large : {false, true})
    for (int threads : {1, o.threads}) {
      int64_t elements = large ? o.large : o.cached * threads;
      Tensor tensor = Tensor::empty(catenary::Dtype::f32, {elements});
      float* out = tensor.data_as<float>();
      auto range = [&](int64_t begin, int64_t end) {
        write(large ? Stores::streaming : Stores::cached, 1, (end - begin) * unit, out + begin * unit);
      };
      std::vector<Candidate> one = {{"", [&] { pool.parallel_for(0, elements / unit, 64, range, threads); }}};
      measure(one, o.repeats, o.milliseconds * 1e-3);
      auto rate = [&](double seconds) { return 4e-9 * double(elements) / seconds; };
      const Figure& f = one[0].seconds;
      fmt::print("  {:<42}{:>7.1f} [{:.1f} .. {:.1f}]\n",
                 fmt::format("{}, {} thread{}", large ? "memory" : "second cache", threads, threads > 1 ? "s" : ""),
                 rate(f.median), rate(f.most), rate(f.least));
    }
}

double compile_milliseconds(const std::string& name) {
  catenary::Joint joint = joint_named(name);
  auto start = std::chrono::steady_clock::now();
  catenary::compile(joint);
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

/// Each figure from processes of its own, which compile nothing before.
void print_compile_latency(const Options& o) {
  fmt::print("\nCompiling, ms\n");
  std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  auto folder = std::filesystem::temp_directory_path() / fmt::format("catenary-bench-{}", getpid());
  auto time = [&](const std::string& name, const std::string& cache) {
    FILE* child = popen(fmt::format("CATENARY_CACHE='{}' '{}' --compile {}", cache, self, name).c_str(), "r");
    double milliseconds = 0;
    bool read = child != nullptr && std::fscanf(child, "%lf", &milliseconds) == 1;
    if (child == nullptr || pclose(child) != 0 || !read)
      throw catenary::Error(fmt::format("bench: a child process that compiles '{}' failed.", name));
    return milliseconds;
  };
  for (std::string name : {"ou", "cities"}) {
    time(name, folder.string());
    for (std::string cache : {std::string("off"), folder.string()}) {
      std::vector<double> taken;
      for (int i = 0; i < o.repeats; ++i) taken.push_back(time(name, cache));
      Figure f = figure_of(taken);
      fmt::print("  {:<42}{:>7.1f} [{:.1f} .. {:.1f}]\n", name + (cache == "off" ? ", cold" : ", from the cache"),
                 f.median, f.least, f.most);
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  CLI::App app("Times fused Ornstein-Uhlenbeck draws against this machine's bounds, and compiling.");
  app.option_defaults()->always_capture_default();
  app.add_option("--cached", o.cached, "Elements a thread, for the second cache")->check(CLI::Range(1 << 12, 1 << 24));
  app.add_option("--large", o.large, "Elements, for memory")->check(CLI::Range(1 << 20, 1 << 30));
  app.add_option("--threads", o.threads, "Threads to compare with one")->check(CLI::Range(2, 256));
  app.add_option("--repeats", o.repeats, "Runs of each figure")->check(CLI::Range(1, 1000));
  app.add_option("--milliseconds", o.milliseconds, "Least time of a run")->check(CLI::Range(1.0, 10000.0));
  app.add_option("--compile", o.compile, "Only compile this joint, and print how many milliseconds that took")
      ->check(CLI::IsMember({"ou", "cities"}));
  app.add_flag("--laws", o.laws, "Only the kernels of the standard library, against the hand-tuned loop");
  app.add_option("--gpu", o.gpu, "Only the same kernels on this GPU, against copies within its memory")
      ->check(CLI::NonNegativeNumber);
  CLI11_PARSE(app, argc, argv);
  o.cached = (o.cached + unit - 1) / unit * unit;
  o.large = (o.large + unit - 1) / unit * unit;
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  try {
    if (!o.compile.empty()) {
      fmt::print("{}\n", compile_milliseconds(o.compile));
      return 0;
    }
    if (o.laws) {
      print_laws(o.cached, o.repeats, o.milliseconds * 1e-3);
      return 0;
    }
    if (o.gpu >= 0) {
      print_gpu(o.gpu, o.large, o.repeats, o.milliseconds * 1e-3);
      return 0;
    }
    Comparison comparison(o);
    for (Question question : {Question::forward, Question::bridge})
      for (bool large : {false, true}) comparison.kernel(question, large);
    print_write_bandwidth(o);
    comparison.small_call();
    print_compile_latency(o);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
