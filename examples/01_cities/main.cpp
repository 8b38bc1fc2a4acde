// Places and regions of the world, noised together and walked back from pure noise around an oracle.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <catenary/catenary.h>

#include "oracle.h"
#include "picture.h"
#include "places.h"
#include "sphere.h"
#include "statistics.h"

using namespace cities;
using catenary::Seed;
using catenary::State;
using catenary::Tensor;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Options {
  int64_t samples = 20000;
  int64_t steps = 64;
  int64_t walk_steps = 32;
  int64_t seed = 1970;
  int threads = 0;
  bool quick = false;
  std::string data, out;
};

Options parse(int argc, char** argv) {
  Options o;
  CLI::App app(
      "Noises the places and regions of the time-zone table, and walks back from pure noise with an oracle as the "
      "model.");
  app.option_defaults()->always_capture_default();
  auto samples = app.add_option("--samples", o.samples, "Samples to draw")->check(CLI::Range(100, 100'000'000));
  auto steps = app.add_option("--steps", o.steps, "Steps of the walk back")->check(CLI::Range(1, 100'000));
  app.add_option("--walk-steps", o.walk_steps, "Geodesic steps in each draw of a place")->check(CLI::Range(1, 65536));
  app.add_option("--seed", o.seed, "Seed of all draws");
  app.add_option("--threads", o.threads, "Threads; 0: one per processor")->check(CLI::Range(0, 1024));
  app.add_option("--data", o.data, "Table in the format of zone1970.tab; by default the system's");
  app.add_option("--out", o.out, "Picture to write")->check([](const std::string& name) {
    return name.ends_with(".png") ? "" : "the name of the picture ends in .png";
  });
  app.add_flag("--quick", o.quick, "Few samples and steps, for a test");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  if (o.quick && !*samples) o.samples = 4000;
  if (o.quick && !*steps) o.steps = 16;
  if (o.out.empty()) o.out = std::string(CATENARY_PICTURES) + (o.quick ? "/cities_quick.png" : "/cities.png");
  return o;
}

/// The data, each datum as often as any other, as many as there are samples.
State repeated(const Places& data, int64_t samples) {
  State all{{"place", Tensor::empty(catenary::Dtype::f32, {samples, 3})},
            {"region", Tensor::empty(catenary::Dtype::i32, {samples})}};
  auto places = all["place"].values<float>();
  auto regions = all["region"].values<int32_t>();
  for (size_t i = 0; i < regions.size(); ++i) {
    const Place& datum = data.places[i % data.places.size()];
    std::ranges::copy(datum.point, &places[3 * i]);
    regions[i] = datum.region;
  }
  return all;
}

/// A bar where a person watches, else a line now and then.
bool show_progress(const catenary::WalkProgress& at) {
  if (isatty(STDERR_FILENO)) {
    auto done = size_t(40 * at.step / at.steps);
    fmt::print(stderr, "\r  walking back [{:<40}] {}/{}  t = {:.4f} ", std::string(done, '='), at.step, at.steps,
               at.time);
    if (at.step == at.steps) fmt::print(stderr, "\r{:80}\r", "");
  } else if (at.step * 4 / at.steps != (at.step - 1) * 4 / at.steps) {
    fmt::print(stderr, "  walking back: step {} of {}\n", at.step, at.steps);
  }
  std::fflush(stderr);
  return true;
}

/// How the regions came out, and whether data law and samples agree.
bool print_shares(const Places& data, const State& made) {
  std::vector<double> region_shares(data.regions.size());
  for (const Place& place : data.places) region_shares[size_t(place.region)] += 1.0 / double(data.places.size());
  std::vector<double> place_shares(data.places.size(), 1.0 / double(data.places.size()));
  auto counts = count_regions(made, data);
  double n = double(made["region"].size());

  fmt::print("\n  {:<12} {:>7} {:>10} {:>10} {:>8}\n", "region", "places", "data", "samples", "z");
  for (size_t r = 0; r < counts.size(); ++r) {
    double share = region_shares[r], sampled = double(counts[r]) / n;
    fmt::print("  {:<12} {:>7.0f} {:>8.2f} % {:>8.2f} % {:>+8.2f}\n", data.regions[r],
               share * double(data.places.size()), 100 * share, 100 * sampled,
               (sampled - share) / std::sqrt(share * (1 - share) / n));
  }
  ChiSquare regions = chi_square(counts, region_shares), places = chi_square(count_places(made, data), place_shares);
  fmt::print("\n  all regions: chi-square {:.1f} on {} degrees of freedom, p = {:.3f}\n", regions.value,
             regions.freedom, regions.p);
  fmt::print("  all places:  chi-square {:.1f} on {} degrees of freedom, p = {:.3f}\n", places.value, places.freedom,
             places.p);
  // The two together raise a false alarm once in a hundred thousand runs.
  return regions.p > 5e-6 && places.p > 5e-6;
}

struct Moment {
  double time;
  State noised, walked;
};

void print_moments(const std::vector<Moment>& moments, const Places& data) {
  fmt::print("\n  {:>8}   {:^34}   {:^34}\n", "", "kilometres to the nearest place", "region is that place's");
  fmt::print("  {:>8}   {:>16} {:>17}   {:>16} {:>17}\n", "t", "data noised", "walked back", "data noised",
             "walked back");
  for (const Moment& m : moments) {
    Nearness noised = nearness(m.noised, data), walked = nearness(m.walked, data);
    auto km = [](Mean mean) { return fmt::format("{:.1f} +- {:.1f}", mean.value, mean.error); };
    auto share = [](Mean mean) { return fmt::format("{:.2f} +- {:.2f} %", 100 * mean.value, 100 * mean.error); };
    fmt::print("  {:>8.5f}   {:>16} {:>17}   {:>16} {:>17}\n", m.time, km(noised.kilometres), km(walked.kilometres),
               share(noised.agreement), share(walked.agreement));
  }
}

int run(const Options& o) {
  const Places data = read_places(o.data);
  auto start = Clock::now();
  auto pool = std::make_shared<catenary::ThreadPool>(o.threads);
  const catenary::Sampler sampler = catenary::compile(joint(int64_t(data.regions.size()), o.walk_steps),
                                                      catenary::Target::host(), {.sampler = {.pool = pool}});
  fmt::print("{} places in {} regions; compiled in {:.0f} ms\n\n{}", data.places.size(), data.regions.size(),
             1e3 * seconds_since(start), sampler.describe());

  // Quadratic in the step, so that the walk slows down as the places come into sight.
  std::vector<double> times;
  for (int64_t i = o.steps; i >= 0; --i) times.push_back(std::pow(double(i) / double(o.steps), 2) * sampler.horizon());

  // Noise the data to some of the times that the walk will pass.
  std::vector<Moment> moments;
  const State clean = repeated(data, o.samples);
  for (double part : {1.0, 0.5, 0.25, 0.125, 1.0 / double(o.steps), 0.0}) {
    double t = times[size_t(std::lround((1 - part) * double(o.steps)))];
    if (moments.empty() || t < moments.back().time) moments.push_back({t, sampler.forward(clean, t, Seed(o.seed)), {}});
  }

  // And walk back.
  Oracle oracle(data, noise, pool);
  catenary::WalkOptions walk;
  walk.progress = show_progress;
  walk.observe = [&](int64_t, double time, const State& state) {
    for (Moment& m : moments)
      if (m.time == time) m.walked = state.clone();
  };
  start = Clock::now();
  const State made = sampler.reverse(std::ref(oracle), times, o.samples, Seed(o.seed), walk);
  double seconds = seconds_since(start), per_step = 1e3 / double(o.steps);

  bool right = print_shares(data, made);
  print_moments(moments, data);
  fmt::print(
      "\n  {} samples, {} steps, {} threads: {:.2f} s; a step takes {:.2f} ms in the model and {:.2f} ms in Catenary\n",
      o.samples, o.steps, sampler.threads(), seconds, per_step * oracle.seconds(),
      per_step * (seconds - oracle.seconds()));

  // Top to bottom: the data dissolve on the left; on the right, bottom to top, they come out of the noise.
  const Moment &last = moments.front(), &middle = moments[std::min<size_t>(3, moments.size() - 2)],
               &first = moments[moments.size() - 2];
  if (auto folder = std::filesystem::path(o.out).parent_path(); !folder.empty()) {
    std::error_code ignored;  // draw_maps says what cannot be written
    std::filesystem::create_directories(folder, ignored);
  }
  draw_maps(o.out, "The world's time zones, dissolved in noise and walked back", data.regions,
            {{fmt::format("data: {} places", data.places.size()), repeated(data, int64_t(data.places.size())), 0.8},
             {fmt::format("↑ walked back to t = {:.4f}", first.time), first.walked},
             {fmt::format("↓ noised to t = {:.3f}", middle.time), middle.noised},
             {fmt::format("↑ walked back to t = {:.3f}", middle.time), middle.walked},
             {"↓ noised to t = 1", last.noised},
             {"pure noise, where the walk starts", last.walked}});
  fmt::print("\n  {}\n", o.out);
  if (!right) fmt::print(stderr, "01_cities: the samples do not follow the law of the data (see p above).\n");
  return right ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
}
