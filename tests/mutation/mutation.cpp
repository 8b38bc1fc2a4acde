// Plants errors in every law of the standard library, one at a time, and lets the verifier look for them.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <fnmatch.h>
#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <catenary/tests/mutation/subjects.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

struct Case {
  const Subject* subject;
  const Function* function;
  Mutant mutant;
  std::string caught;  ///< by which check; "refused": it could not be compiled or drawn from; empty: it survived
  std::string key() const {
    return fmt::format("{}.{} {} {}: {}", subject->name(), function->name, mutant.where, mutant.op, mutant.change);
  }
};

// The check that caught it.
std::string caught_by(const Case& c, const VerifyOptions& options) {
  try {
    for (const Check& check : c.subject->verify(c.function, &c.mutant.result, options).checks)
      if (check.verdict == Verdict::fail) return check.name;
    return "";
  } catch (const Error&) {
    return "refused";
  }
}

void run(Case& c, uint64_t seed) {
  VerifyOptions options;
  options.seed = seed;
  options.threads = 1;
  options.stop_at_failure = true;
  options.only = Subject::steps_of(*c.function);
  c.caught = caught_by(c, options);
  if (!c.caught.empty() || options.only.empty()) return;
  options.only.clear();
  c.caught = caught_by(c, options);
}

/// Lines of "key | reason", in whose keys * stands for anything; # begins a comment.
class Equivalent {
 public:
  explicit Equivalent(const std::string& file);
  /// Whether a rule is for this key. Remembers that it was.
  bool operator()(const std::string& key) const;
  /// The rules that were for no key.
  std::vector<std::string> unused() const;

 private:
  struct Rule {
    std::string pattern, reason;
    mutable bool used = false;
  };
  std::vector<Rule> rules_;
};

Equivalent::Equivalent(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw Error(fmt::format("the list of changes that change nothing, '{}', cannot be read", file));
  for (std::string line; std::getline(in, line);) {
    size_t bar = line.find(" | ");
    if (line.empty() || line[0] == '#') continue;
    if (bar == std::string::npos) throw Error(fmt::format("'{}': a line is 'key | reason'; found '{}'", file, line));
    rules_.push_back({line.substr(0, bar), line.substr(bar + 3)});
  }
}

bool Equivalent::operator()(const std::string& key) const {
  bool found = false;
  for (const Rule& r : rules_)
    if (fnmatch(r.pattern.c_str(), key.c_str(), 0) == 0) found = r.used = true;
  return found;
}

std::vector<std::string> Equivalent::unused() const {
  std::vector<std::string> patterns;
  for (const Rule& r : rules_)
    if (!r.used) patterns.push_back(r.pattern);
  return patterns;
}

int report(const std::vector<Case>& cases, const Equivalent& equivalent, bool whole) {
  struct Count {
    int all = 0, caught = 0, refused = 0, equivalent = 0, survived = 0;
  };
  std::map<std::string, Count> counts;
  std::map<std::string, int> by;
  std::vector<const Case*> survivors, stale;
  for (const Case& c : cases) {
    for (const std::string& row : {c.subject->name() + "." + c.function->name, std::string("~ all")}) {
      Count& n = counts[row];
      ++n.all;
      if (c.caught == "refused")
        ++n.refused;
      else if (!c.caught.empty())
        ++n.caught;
      else if (equivalent(c.key()))
        ++n.equivalent;
      else
        ++n.survived;
    }
    if (!c.caught.empty()) ++by[c.caught];
    if (c.caught.empty() && !equivalent(c.key())) survivors.push_back(&c);
    if (!c.caught.empty() && equivalent(c.key())) stale.push_back(&c);
  }
  fmt::print("{:<40} {:>8} {:>8} {:>8} {:>11} {:>9}\n", "law", "mutants", "caught", "refused", "equivalent",
             "survived");
  for (const auto& [name, n] : counts)
    fmt::print("{:<40} {:>8} {:>8} {:>8} {:>11} {:>9}\n", name == "~ all" ? "all" : name, n.all, n.caught, n.refused,
               n.equivalent, n.survived);
  fmt::print("\ncaught by:\n");
  for (const auto& [name, n] : by) fmt::print("  {:<40} {:>6}\n", name, n);
  if (!survivors.empty())
    fmt::print("\nsurvivors: catch them by a better check, or list them with the reason why they change nothing\n");
  for (const Case* c : survivors) fmt::print("  {}\n", c->key());
  if (!stale.empty()) fmt::print("\nlisted as changing nothing, and caught:\n");
  for (const Case* c : stale) fmt::print("  {}  (by {})\n", c->key(), c->caught);
  std::vector<std::string> unused = whole ? equivalent.unused() : std::vector<std::string>();
  if (!unused.empty()) fmt::print("\nlisted as changing nothing, and no longer there:\n");
  for (const std::string& pattern : unused) fmt::print("  {}\n", pattern);
  return survivors.empty() && stale.empty() && unused.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Mutation testing of the verifier: are errors planted in the standard library's laws caught?");
  size_t sample = 0;
  uint64_t seed = 1;
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  std::string only_subject, only_function, list = CATENARY_SOURCE_DIR "/tests/mutation/equivalent.txt";
  bool only_list = false, verbose = false;
  app.add_option("--sample", sample, "so many mutants, drawn at random; by default all");
  app.add_option("--seed", seed, "of the sample and of the verifier's draws");
  app.add_option("--subject", only_subject, "the mutants of one entry of the catalogue");
  app.add_option("--function", only_function, "the mutants of one function");
  app.add_option("--threads", threads, "how many mutants side by side")->check(CLI::PositiveNumber);
  app.add_option("--equivalent", list, "the list of changes that change nothing");
  app.add_flag("--list", only_list, "print the mutants and stop");
  app.add_flag("--verbose", verbose, "print each mutant and what caught it");
  CLI11_PARSE(app, argc, argv);

  try {
    Equivalent equivalent(list);
    std::vector<Subject> subjects;
    for (const CatalogueEntry& e : catalogue()) subjects.emplace_back(e);
    std::vector<Case> cases;
    for (const Subject& s : subjects) {
      // What several functions share (the wrapping of an angle) is changed in the first of them.
      std::set<std::string> left_out = s.left_out();
      for (const Function& f : s.functions()) {
        if ((!only_subject.empty() && s.name() != only_subject) || (!only_function.empty() && f.name != only_function))
          continue;
        for (Mutant& m : mutants_of(f, left_out)) cases.push_back({&s, &f, std::move(m), {}});
        left_out.merge(places_of(f));
      }
    }
    const bool whole = sample == 0 && only_subject.empty() && only_function.empty();
    if (sample > 0) {
      std::erase_if(cases, [&](const Case& c) { return equivalent(c.key()); });
      std::mt19937_64 random(seed);
      std::shuffle(cases.begin(), cases.end(), random);
      if (cases.size() > sample) cases.erase(cases.begin() + int64_t(sample), cases.end());
    }
    if (only_list) {
      for (const Case& c : cases) fmt::print("{}\n", c.key());
      return 0;
    }
    // What fails unchanged tells nothing.
    std::set<const Subject*> asked;
    for (const Case& c : cases) asked.insert(c.subject);
    for (const Subject* s : asked) {
      VerifyOptions options;
      options.seed = seed;
      Report report = s->verify(nullptr, nullptr, options);
      if (!report.passed()) throw Error(fmt::format("'{}' fails as it is:\n{}", s->name(), report.table()));
    }
    std::atomic<size_t> next{0}, done{0};
    std::mutex printing;
    auto work = [&] {
      for (size_t i = next++; i < cases.size(); i = next++) {
        run(cases[i], seed);
        ++done;
        std::lock_guard lock(printing);
        if (verbose) fmt::print("{}: {}\n", cases[i].key(), cases[i].caught.empty() ? "SURVIVED" : cases[i].caught);
        if (isatty(STDERR_FILENO))
          std::cerr << fmt::format("\r{} of {} mutants", done.load(), cases.size()) << std::flush;
      }
    };
    std::vector<std::thread> workers;
    for (unsigned t = 0; t < threads; ++t) workers.emplace_back(work);
    for (std::thread& t : workers) t.join();
    if (isatty(STDERR_FILENO)) std::cerr << "\r\x1b[K";
    return report(cases, equivalent, whole);
  } catch (const std::exception& e) {
    fmt::print(stderr, "mutation: {}\n", e.what());
    return 2;
  }
}
