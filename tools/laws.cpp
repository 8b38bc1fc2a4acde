// Rows of the table: each process is compiled, timed and verified.
#include <catenary/tools/laws.h>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/laws.h>

namespace catenary {

namespace {

// Nanoseconds per call of `draw` and per draw in it: the least of several, after one to warm up.
double nanoseconds(int64_t draws, const std::function<void()>& draw) {
  double least = 1e300;
  for (int i = 0; i < 6; ++i) {
    auto begin = std::chrono::steady_clock::now();
    draw();
    std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    if (i > 0) least = std::min(least, took.count() / double(draws));
  }
  return least;
}

struct Cost {
  double forward, bridge;
};

// At half the horizon, the bridge back to a quarter of it.
Cost cost_of(const Joint& joint) {
  constexpr int64_t draws = 1 << 16;
  Sampler sampler =
      compile(joint, Target::host(), {.questions = {Question::prior, Question::forward, Question::bridge}});
  DrawOptions one{.threads = 1};
  State x0 = sampler.prior(draws, Seed(1)), xt = sampler.forward(x0, joint.horizon() / 2, Seed(2)), out = xt;
  out.set("x", Tensor::empty(xt["x"].dtype(), xt["x"].shape()));
  double t = joint.horizon() / 2;
  return {nanoseconds(draws, [&] { sampler.forward_into(out, x0, t, Seed(3), one); }),
          nanoseconds(draws, [&] { sampler.bridge_into(out, x0, xt, t / 2, t, Seed(4), one); })};
}

std::string verdict_of(const Report& report) {
  auto failed = std::count_if(report.checks.begin(), report.checks.end(),
                              [](const Check& c) { return c.verdict == Verdict::fail; });
  auto made = std::count_if(report.checks.begin(), report.checks.end(),
                            [](const Check& c) { return c.verdict != Verdict::skipped; });
  return failed ? fmt::format("**{} of {} checks fail**", failed, made) : fmt::format("{} checks pass", made);
}

}  // namespace

std::string table_of_laws(const std::function<Report(const CatalogueEntry&)>& verify) {
  std::string spaces = "| space | points | verdict |\n|---|---|---|\n";
  std::string processes =
      "| process | what it is | space | law | density | score | estimates | forward, ns | bridge, ns | verdict |\n"
      "|---|---|---|---|---|---|---|---|---|---|\n";
  for (const CatalogueEntry& entry : catalogue()) {
    if (!entry.is_process()) {
      spaces += fmt::format("| `{}` | {} | {} |\n", entry.name, entry.summary, verdict_of(verify(entry)));
      continue;
    }
    Kept<Process> process = entry.process();
    Joint joint(entry.name, entry.horizon);
    joint.add("x", process);
    double off = process->approximation(entry.horizon);
    Cost cost = cost_of(joint);
    auto has = [&](Question question) { return answers(joint.components()[0], question) ? "yes" : ""; };
    std::vector<std::string> kinds;
    for (const Estimate& e : process->estimates()) kinds.push_back(e.kind);
    processes += fmt::format(
        "| `{}` | {} | {} | {} | {} | {} | {} | {:.2g} | {:.2g} | {} |\n", entry.name, entry.summary,
        process->space().name(), off == 0 ? "exact" : fmt::format("off by {:.2g}", off), has(Question::log_density),
        has(Question::score), fmt::join(kinds, ", "), cost.forward, cost.bridge, verdict_of(verify(entry)));
  }
  return spaces + "\n" + processes;
}

}  // namespace catenary
