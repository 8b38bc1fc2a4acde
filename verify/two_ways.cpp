// The comparison of two ways of drawing, batch after batch.
#include <catenary/verify/two_ways.h>

#include <algorithm>

#include <fmt/format.h>

#include <catenary/verify/relations.h>

namespace catenary::verifying {

namespace {

constexpr int64_t pilot = 1 << 14;

}  // namespace

int64_t TwoWays::samples() const {
  int64_t least = 1 << 20;
  for (const Component& c : subject_.components) {
    // What is allowed to an approximation hides what more samples would show.
    auto shared = int64_t(c.categorical() ? 1 : std::min<size_t>(c.elements(), 4));
    if (c.approximation(subject_.horizon()) > 0.01) shared = 4;
    least = std::max(least, (int64_t{1} << 22) / shared);
  }
  return session_.draws(least);
}

// A comparison under way, by component.
struct TwoWays::Running {
  std::vector<Relations> relations;
  std::vector<TwoSample> samples_of;
  int64_t drawn = 0;  ///< Also what is no number, which statistics leave out.
};

void TwoWays::compare(const std::vector<Comparison>& comparisons, size_t repeated, double at) {
  std::vector<Running> all(comparisons.size());
  for (size_t j = 0; j < all.size(); ++j)
    for (const Component& c : subject_.components) {
      const Words& words = comparisons[j].words;
      const Relations& made = all[j].relations.emplace_back(c, x0_, !words.t.empty(), words.s, words.t);
      all[j].samples_of.emplace_back(made.names(), size_t(groups), made.whole());
    }
  const auto whole = double(samples());
  size_t running = all.size();  // The first so many.
  bool more = true;
  for (int64_t first = 0; more; first += batch) {
    more = false;
    size_t next = running;
    for (size_t j = 0; j < running; ++j) {
      const auto n = int64_t(comparisons[j].share * whole);
      if (first >= n) continue;
      add(all[j], comparisons[j], first);
      if (session_.options().stop_at_failure && obvious(all[j], comparisons[j].words, at)) next = std::min(next, j);
      more = more || (j < next && first + batch < n);
    }
    running = next;
  }
  for (size_t j = 0; j < all.size(); ++j)
    for (size_t k = 0; k < subject_.components.size(); ++k) {
      const Words& words = comparisons[j].words;
      const TwoSample& sample = all[j].samples_of[k];
      if (all[j].relations[k].rounded()) continue;
      auto worst = sample.worst(words.name_a, words.name_b, subject_.components[k].approximation(at));
      Result& r = comparisons[j].results[k];
      r.n = std::max(r.n, all[j].drawn);
      r.threshold = sigmas_of_probability(session_.level() / double(sample.comparisons() * repeated));
      if (!(worst.sigmas > r.sigmas)) continue;
      r.sigmas = worst.sigmas;
      r.sentence = worst.sentence;
      r.where = comparisons[j].where;
      r.histograms = sample.histograms(worst.statistic, words.name_a, words.name_b);
    }
}

void TwoWays::add(Running& running, const Comparison& comparison, int64_t first) const {
  auto [a, b] = comparison.draw(x0_, first);
  running.drawn += batch;
  for (size_t k = 0; k < subject_.components.size(); ++k) {
    const Component& c = subject_.components[k];
    Relations& relations = running.relations[k];
    Triples ta(c, x0_, a.xs, a.xt ? &*a.xt : nullptr), tb(c, x0_, b.xs, b.xt ? &*b.xt : nullptr);
    if (first == 0) relations.prepare(ta, tb, pilot);
    running.samples_of[k].add(session_.pool(), batch, [&](int64_t at, double* of_a, double* of_b) {
      relations.read(ta, at, of_a);
      relations.read(tb, at, of_b);
    });
  }
}

// Whether the samples so far are so far apart that more need not be drawn: a look that no correct law is failed by.
bool TwoWays::obvious(const Running& running, const Words& words, double at) const {
  for (size_t k = 0; k < subject_.components.size(); ++k)
    if (!running.relations[k].rounded() &&
        running.samples_of[k].worst(words.name_a, words.name_b, subject_.components[k].approximation(at)).sigmas > 20)
      return true;
  return false;
}

bool TwoWays::any_failed(const Results& results) {
  return std::any_of(results.begin(), results.end(), [](const Result& r) { return !(r.sigmas <= r.threshold); });
}

void TwoWays::report(const Results& results, const Words& words) {
  for (size_t k = 0; k < results.size(); ++k) report(k, results[k], words);
}

void TwoWays::report(size_t component, const Result& r, const Words& words) {
  const Component& c = subject_.components[component];
  if (r.n == 0) return session_.skip(c.label + words.check, "this process does not promise it");
  Check check;
  check.name = c.label + words.check;
  check.compared = words.compared;
  check.n = r.n;
  check.statistic_name = "|z|";
  check.statistic = r.sigmas;
  check.threshold = r.threshold;
  check.histograms = r.histograms;
  session_.judge(std::move(check), fmt::format("{} ({})", r.sentence, r.where), words.advice);
}

}  // namespace catenary::verifying
