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

void TwoWays::compare(Results& results, const Words& words, const std::string& where, double share, size_t repeated,
                      double at, const DrawBoth& draw) {
  bool with_end = !words.t.empty();
  size_t count = subject_.components.size();
  std::vector<Relations> relations;
  std::vector<std::unique_ptr<TwoSample>> samples_of;
  for (const Component& c : subject_.components) {
    relations.emplace_back(c, x0_, with_end, words.s, words.t);
    samples_of.push_back(
        std::make_unique<TwoSample>(relations.back().names(), size_t(groups), relations.back().whole()));
  }
  auto n = int64_t(share * double(samples()));
  int64_t drawn = 0;  // Also what is no number, which statistics leave out.
  for (int64_t first = 0; first < n; first += batch) {
    auto [a, b] = draw(x0_, first);
    drawn += batch;
    for (size_t k = 0; k < count; ++k) {
      const Component& c = subject_.components[k];
      Triples ta(c, x0_, a.xs, a.xt ? &*a.xt : nullptr), tb(c, x0_, b.xs, b.xt ? &*b.xt : nullptr);
      if (first == 0) relations[k].prepare(ta, pilot);
      samples_of[k]->add(session_.pool(), batch,
                         [&](int64_t i, Pair* values) { relations[k].read(ta, tb, i, values); });
    }
    if (session_.options().stop_at_failure && obvious(samples_of, words, at)) break;
  }
  for (size_t k = 0; k < count; ++k) {
    auto worst = samples_of[k]->worst(words.name_a, words.name_b, subject_.components[k].approximation(at));
    double level = session_.level() / double(samples_of[k]->comparisons() * repeated);
    Result& r = results[k];
    r.n = std::max(r.n, drawn);
    r.threshold = sigmas_of_probability(level);
    if (!(worst.sigmas > r.sigmas)) continue;
    r.sigmas = worst.sigmas;
    r.sentence = worst.sentence;
    r.where = where;
    r.histograms = samples_of[k]->histograms(worst.statistic, words.name_a, words.name_b);
  }
}

// Whether the samples so far are so far apart that more need not be drawn: a look that no correct law is failed by.
bool TwoWays::obvious(const std::vector<std::unique_ptr<TwoSample>>& samples_of, const Words& words, double at) const {
  for (size_t k = 0; k < samples_of.size(); ++k)
    if (samples_of[k]->worst(words.name_a, words.name_b, subject_.components[k].approximation(at)).sigmas > 20)
      return true;
  return false;
}

bool TwoWays::any_failed(const Results& results) {
  return std::any_of(results.begin(), results.end(), [](const Result& r) { return !(r.sigmas <= r.threshold); });
}

void TwoWays::report(const Results& results, const Words& words) {
  for (size_t k = 0; k < results.size(); ++k) {
    const Component& c = subject_.components[k];
    const Result& r = results[k];
    if (r.n == 0) {
      session_.skip(c.label + words.check, "this process does not promise it");
      continue;
    }
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
}

}  // namespace catenary::verifying
