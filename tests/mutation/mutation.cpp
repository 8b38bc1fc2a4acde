// Plants errors in every law of the standard library, one at a time, and lets the verifier look for them.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include <fnmatch.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <catenary/catenary.h>
#include <catenary/tests/laws/higher_sphere.h>
#include <catenary/tests/laws/three_sphere.h>
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

std::string trimmed(const std::string& text) {
  size_t first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

// The check that caught it.
std::string caught_by(const Case& c, const VerifyOptions& options) {
  try {
    for (const Check& check : c.subject->verify(c.function, &c.mutant.result, options).checks)
      if (check.verdict == Verdict::fail) return check.name;
    return "";
  } catch (const std::exception&) {
    return "refused";
  }
}

// After so many seconds of this process's time, counted from now, it is ended.
void end_after(unsigned limit) {
  const itimerval end{{0, 0}, {time_t(limit), 0}};
  setitimer(ITIMER_PROF, &end, nullptr);
}

// The mutants of what a function computes at one place.
std::vector<Mutant> mutants_at(const std::string& place, const Function& f) {
  std::set<std::string> elsewhere = places_of(f);
  elsewhere.erase(place);
  return mutants_of(f, elsewhere);
}

// Entries whose functions see more of what others share: of rotations a point and its antipode are one, and of S^3 not;
// among few categories each weighs more in a loss.
const std::vector<Subject>& further_subjects() {
  static const std::vector<Subject> subjects = [] {
    std::vector<Subject> list;
    list.emplace_back(catalogue_entry("sphere_brownian"), Parameters{{"dimension", 3}});
    list.emplace_back(catalogue_entry("stationary_jump"), Parameters{{"categories", 36}, {"ratio", 0.85}});
    return list;
  }();
  return subjects;
}

// The same change at the same place of the source, in the subject's other functions that contain it, and in those of
// further subjects.
std::vector<Case> elsewhere(const Case& c) {
  std::vector<Case> cases;
  const std::string text = to_string(c.mutant.result);
  for (const std::string& place : places_of(*c.function)) {
    if (place.substr(0, place.rfind(':')) != c.mutant.where) continue;
    for (const Mutant& m : mutants_at(place, *c.function)) {
      if (to_string(m.result) != text) continue;
      auto add = [&](const Subject& subject) {
        for (const Function& f : subject.functions())
          if (&f != c.function && places_of(f).count(place))
            for (Mutant& other : mutants_at(place, f))
              if (other.op == m.op && other.change == m.change) cases.push_back({&subject, &f, std::move(other), {}});
      };
      add(*c.subject);
      for (const Subject& subject : further_subjects()) add(subject);
      // The subject's own first, and of each those that take fewest checks.
      std::ranges::stable_sort(cases, {}, [&](const Case& other) {
        return std::pair(other.subject != c.subject, Subject::steps_of(*other.function).size());
      });
      return cases;
    }
  }
  return cases;
}

// Increments and bridges of S^3 and S^4 by the laws of their distances, with more draws than the verifier's and between
// ends where it, whose ends are drawn, hardly looks.
std::string off_the_law(const Case& c) {
  const bool forward = c.function->name == "forward", higher = c.subject->name() == "higher_sphere_brownian";
  if (!(higher || c.subject->name() == further_subjects()[0].name()) || !(forward || c.function->name == "bridge"))
    return "";
  try {
    Joint joint("joint", 1000);
    joint.add("x", c.subject->process(c.function, &c.mutant.result));
    const Sampler sampler =
        compile(joint, Target::host(),
                {.questions = {forward ? Question::forward : Question::bridge}, .sampler = {.threads = 1}});
    const double rate = c.subject->parameters().at("rate");
    auto repeated = [](const Points& x) {
      Tensor tensor = Tensor::empty(Dtype::f32, {4000000, int64_t(x.size())});
      auto values = tensor.values<float>();
      for (size_t i = 0; i < values.size(); ++i) values[i] = float(x[i % x.size()]);
      return State{{"x", tensor}};
    };
    auto points_of = [](const State& drawn) {
      auto values = drawn["x"].values<const float>();
      return Points(values.begin(), values.end());
    };
    bool follows = true;
    auto follow = [&](double off) { follows = follows && off < 1; };
    auto bridge = [&](const Points& x0, const Points& xt, double s, double t) {
      return points_of(sampler.bridge(repeated(x0), repeated(xt), s / rate, t / rate, Seed(1)));
    };
    auto increment_of = [&](double v) {
      return [&, v](const Points& x0) { return points_of(sampler.forward(repeated(x0), v / rate, Seed(1))); };
    };
    if (forward && higher)
      for (double v : {0.3, 0.95}) follow(off_the_increment_of_a_higher_sphere(4, increment_of(v), v));
    else if (forward)
      for (double v : {0.3, 1.15}) follow(off_the_increment_of_the_three_sphere(increment_of(v), v));
    else if (higher)
      for (auto [apart, first, second] : higher_sphere_rejections)
        follow(off_the_bridge_of_a_higher_sphere(4, bridge, apart, first, second));
    else
      for (auto [apart, first, second] : three_sphere_rejections)
        follow(off_the_bridge_of_the_three_sphere(bridge, apart, first, second));
    if (follows) return "";
    return fmt::format("distances to {}, in {}.{}", forward ? "the start" : "both ends", c.subject->name(),
                       c.function->name);
  } catch (const std::exception&) {
    return "refused";
  }
}

// In its own function, or where that is blind to it in others. Most errors are plain to few draws, and what is `listed`
// as changing nothing gets no more. The others get no more either, but for the density, which shows digits.
std::string caught_by(const Case& c, uint64_t seed, unsigned limit, bool listed) {
  std::vector<Case> others;
  for (Effort effort : {Effort::quick, Effort::standard}) {
    VerifyOptions options;
    options.seed = seed;
    options.threads = 1;
    options.stop_at_failure = true;
    options.effort = effort;
    auto caught = [&](const Case& mutant) {
      options.only = Subject::steps_of(*mutant.function);
      // A sixteenth of the draws, and as much to compile.
      end_after(effort == Effort::quick ? (limit + 2) / 3 : limit);
      return caught_by(mutant, options);
    };
    if (std::string by = caught(c); !by.empty()) return by;
    end_after(limit);
    if (effort == Effort::quick)
      others = elsewhere(c);
    else
      std::erase_if(others, [&](const Case& other) {
        return other.function->name != (other.subject == c.subject ? "log_density" : c.function->name);
      });
    for (const Case& other : others)
      if (std::string by = caught(other); !by.empty() && by != "refused")
        return other.subject == c.subject
                   ? fmt::format("{}, in {}", by, other.function->name)
                   : fmt::format("{}, in {}.{}", by, other.subject->name(), other.function->name);
    if (listed) return "";
    if (effort == Effort::standard) continue;
    auto off = [&](const Case& mutant) {
      end_after(limit);
      std::string by = off_the_law(mutant);
      return by == "refused" ? "" : by;
    };
    if (std::string by = off(c); !by.empty()) return by;
    for (const Case& other : others)
      if (std::string by = off(other); !by.empty()) return by;
  }
  return "";
}

// Calls `work` for 0 .. n - 1, each in a process of its own, `children` side by side, and `take` with its number and
// what it returned, in the order in which they end. A loop that an error has made endless ends after `limit` seconds of
// the processor's time (not of the clock's, for others may use the machine): "time limit".
void in_children(size_t n, unsigned children, unsigned limit, const std::function<std::string(size_t)>& work,
                 const std::function<void(size_t, const std::string&)>& take) {
  struct Child {
    size_t number;
    int pipe;
  };
  std::map<pid_t, Child> running;
  size_t next = 0;
  while (next < n || !running.empty()) {
    while (next < n && running.size() < children) {
      int ends[2];
      if (pipe(ends) != 0) throw Error("a pipe cannot be opened");
      pid_t pid = fork();
      if (pid < 0) throw Error("a process cannot be started");
      if (pid == 0) {
        close(ends[0]);
        end_after(limit);
        std::string result = work(next);
        ssize_t written = write(ends[1], result.data(), result.size());
        _exit(written == ssize_t(result.size()) ? 0 : 1);
      }
      close(ends[1]);
      running[pid] = {next++, ends[0]};
    }
    int status = 0;
    pid_t pid = wait(&status);
    auto [number, end] = running.at(pid);
    running.erase(pid);
    std::string result;
    char buffer[4096];
    for (ssize_t got; (got = read(end, buffer, sizeof buffer)) > 0;) result.append(buffer, size_t(got));
    close(end);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
      result = "time limit";
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      result = "crash";
    take(number, result);
  }
}

/// Changes that change nothing, by function, line of source and change: see the head of the file.
class Equivalent {
 public:
  explicit Equivalent(const std::string& file);
  /// Whether a rule is for this mutant. Remembers that it was.
  bool operator()(const Case& c) const;
  /// The rules that were for none.
  std::vector<std::string> unused() const;

 private:
  struct Rule {
    std::string function, file, line, change;
    mutable bool used = false;
  };
  std::vector<Rule> rules_;
};

// The text of a line of the standard library, without the spaces around it.
std::string source_line(const std::string& file, size_t number) {
  static std::map<std::string, std::vector<std::string>> lines_of;
  auto [at, added] = lines_of.try_emplace(file);
  if (added) {
    std::ifstream in(fmt::format("{}/stdlib/{}", CATENARY_SOURCE_DIR, file));
    for (std::string line; std::getline(in, line);) at->second.push_back(trimmed(line));
  }
  return number >= 1 && number <= at->second.size() ? at->second[number - 1] : "";
}

Equivalent::Equivalent(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw Error(fmt::format("the list of changes that change nothing, '{}', cannot be read", file));
  Rule head;
  size_t number = 0;
  auto require = [&](bool good) {
    if (!good)
      throw Error(
          fmt::format("'{}', line {}: a head is '[subject.function] file: line of source', and a rule below it "
                      "'change; change | reason'",
                      file, number));
  };
  for (std::string line; std::getline(in, line);) {
    ++number;
    line = trimmed(line);
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      size_t bracket = line.find("] "), colon = line.find(": ", bracket);
      require(bracket != std::string::npos && colon != std::string::npos);
      head = {line.substr(1, bracket - 1), line.substr(bracket + 2, colon - bracket - 2), line.substr(colon + 2), ""};
      continue;
    }
    size_t bar = line.rfind(" | ");
    require(bar != std::string::npos && !head.function.empty());
    std::istringstream changes(line.substr(0, bar));
    for (std::string change; std::getline(changes, change, ';');) {
      head.change = trimmed(change);
      rules_.push_back(head);
    }
  }
}

bool Equivalent::operator()(const Case& c) const {
  auto like = [](const std::string& pattern, const std::string& text) {
    return fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
  };
  size_t colon = c.mutant.where.find(':');
  std::string file = c.mutant.where.substr(0, colon);
  std::string line = colon == std::string::npos ? "" : source_line(file, std::stoul(c.mutant.where.substr(colon + 1)));
  std::string function = fmt::format("{}.{}", c.subject->name(), c.function->name);
  std::string change = fmt::format("{}: {}", c.mutant.op, c.mutant.change);
  bool found = false;
  for (const Rule& r : rules_)
    if (like(r.function, function) && r.file == file && (r.line == "*" || r.line == line) && like(r.change, change))
      found = r.used = true;
  return found;
}

std::vector<std::string> Equivalent::unused() const {
  std::vector<std::string> rules;
  for (const Rule& r : rules_)
    if (!r.used) rules.push_back(fmt::format("[{}] {}: {} / {}", r.function, r.file, r.line, r.change));
  return rules;
}

// Spaces, then processes; of both first those in which what others are made of is most telling.
std::vector<Subject> all_subjects() {
  const std::vector<std::string> spaces = {"sphere", "rotations"};
  const std::vector<std::string> processes = {"ornstein_uhlenbeck", "stationary_jump", "circle_brownian",
                                              "rotation_brownian", "trigonometric_interpolant"};
  auto rank = [&](const CatalogueEntry* e) {
    const std::vector<std::string>& telling = e->is_process() ? processes : spaces;
    return std::pair(e->is_process(), std::find(telling.begin(), telling.end(), e->name) - telling.begin());
  };
  std::vector<const CatalogueEntry*> entries;
  for (const CatalogueEntry& e : catalogue()) entries.push_back(&e);
  std::ranges::stable_sort(entries, {}, rank);
  std::vector<Subject> subjects;
  for (const CatalogueEntry* e : entries) subjects.emplace_back(*e);
  return subjects;
}

// What a log of an earlier run, one line a mutant, says of these.
void take_up(const std::string& log, std::vector<Case>& cases, std::vector<bool>& known) {
  std::map<std::string, size_t> at;
  for (size_t i = 0; i < cases.size(); ++i) at.emplace(cases[i].key(), i);
  std::ifstream in(log);
  for (std::string line; std::getline(in, line);)
    for (size_t colon = line.find(": "); colon != std::string::npos; colon = line.find(": ", colon + 1))
      if (auto found = at.find(line.substr(0, colon)); found != at.end()) {
        std::string result = line.substr(colon + 2);
        cases[found->second].caught = result == "SURVIVED" ? "" : result;
        known[found->second] = true;
      }
}

int report(const std::vector<Case>& cases, const Equivalent& equivalent, bool whole) {
  struct Count {
    int all = 0, caught = 0, refused = 0, equivalent = 0, survived = 0;
  };
  std::map<std::string, Count> counts;
  std::map<std::string, int> by;
  std::vector<const Case*> survivors, stale, crashed;
  for (const Case& c : cases) {
    for (const std::string& row : {c.subject->name() + "." + c.function->name, std::string("~ all")}) {
      Count& n = counts[row];
      ++n.all;
      if (c.caught == "refused")
        ++n.refused;
      else if (!c.caught.empty())
        ++n.caught;
      else if (equivalent(c))
        ++n.equivalent;
      else
        ++n.survived;
    }
    if (!c.caught.empty()) ++by[c.caught];
    if (c.caught == "crash") crashed.push_back(&c);
    if (c.caught.empty() && !equivalent(c)) survivors.push_back(&c);
    if (!c.caught.empty() && equivalent(c)) stale.push_back(&c);
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
  if (!crashed.empty()) fmt::print("\nthe verifier crashed on:\n");
  for (const Case* c : crashed) fmt::print("  {}\n", c->key());
  if (!stale.empty()) fmt::print("\nlisted as changing nothing, and caught:\n");
  for (const Case* c : stale) fmt::print("  {}  (by {})\n", c->key(), c->caught);
  std::vector<std::string> unused = whole ? equivalent.unused() : std::vector<std::string>();
  if (!unused.empty()) fmt::print("\nlisted as changing nothing, and no longer there:\n");
  for (const std::string& rule : unused) fmt::print("  {}\n", rule);
  return survivors.empty() && crashed.empty() && stale.empty() && unused.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Mutation testing of the verifier: are errors planted in the standard library's laws caught?");
  size_t sample = 0;
  uint64_t seed = 1;
  unsigned children = std::max(1u, std::thread::hardware_concurrency()), limit = 60;
  std::string only_subject, only_function, log, list = CATENARY_SOURCE_DIR "/tests/mutation/equivalent.txt";
  bool only_list = false, verbose = false;
  app.add_option("--sample", sample, "so many mutants, drawn at random; by default all");
  app.add_option("--seed", seed, "of the sample and of the verifier's draws");
  app.add_option("--subject", only_subject,
                 "the mutants of one entry of the catalogue, also of what it shares with others");
  app.add_option("--function", only_function, "the mutants of one function");
  app.add_option("--jobs", children, "how many mutants side by side")->check(CLI::PositiveNumber);
  app.add_option("--limit", limit, "seconds of processor time after which a mutant counts as caught")
      ->check(CLI::PositiveNumber);
  app.add_option("--equivalent", list, "the list of changes that change nothing");
  app.add_option("--log", log, "a file to append results to as they come; mutants that it has are not run again");
  app.add_flag("--list", only_list, "print the mutants and stop");
  app.add_flag("--verbose", verbose, "print each mutant and what caught it");
  CLI11_PARSE(app, argc, argv);

  // Mutants share what none of them changes; the user's own cache is left alone.
  setenv("CATENARY_CACHE", CATENARY_BUILD_DIR "/tests/mutants", /*overwrite=*/0);
  try {
    Equivalent equivalent(list);
    std::vector<Subject> subjects = all_subjects();
    std::vector<Case> cases;
    std::set<std::string> in_others;
    for (const Subject& s : subjects) {
      if (!only_subject.empty() && s.name() != only_subject) continue;
      // What several functions share (the wrapping of an angle) is changed in the first of them, and so is what several
      // entries do.
      std::set<std::string> left_out = s.left_out();
      left_out.insert(in_others.begin(), in_others.end());
      for (const Function& f : s.functions()) {
        if (only_function.empty() || f.name == only_function)
          for (Mutant& m : mutants_of(f, left_out)) cases.push_back({&s, &f, std::move(m), {}});
        left_out.merge(places_of(f));
      }
      // What a walk leaves to its space's score is changed where that is a law's own.
      for (const Function& f : s.functions())
        for (const std::string& place : places_of(f))
          if (!s.left_out().contains(place)) in_others.insert(place);
    }
    const bool whole = sample == 0 && only_subject.empty() && only_function.empty();
    if (sample > 0) {
      std::mt19937_64 random(seed);
      std::shuffle(cases.begin(), cases.end(), random);
      if (cases.size() > sample) cases.erase(cases.begin() + int64_t(sample), cases.end());
      // Only now, so that a line more in the list does not draw another sample.
      std::erase_if(cases, [&](const Case& c) { return equivalent(c); });
    }
    if (only_list) {
      for (const Case& c : cases) fmt::print("{}\n", c.key());
      return 0;
    }
    std::vector<bool> known(cases.size());
    if (!log.empty()) take_up(log, cases, known);
    std::ofstream log_file;
    if (!log.empty()) {
      log_file.open(log, std::ios::app);
      if (!log_file) throw Error(fmt::format("the log '{}' cannot be written", log));
    }
    std::vector<size_t> left;
    for (size_t i = 0; i < cases.size(); ++i)
      if (!known[i]) left.push_back(i);
    // What fails unchanged tells nothing.
    std::vector<const Subject*> asked;
    for (const Subject& s : further_subjects())
      if (!left.empty()) asked.push_back(&s);
    for (size_t i : left)
      if (std::find(asked.begin(), asked.end(), cases[i].subject) == asked.end()) asked.push_back(cases[i].subject);
    in_children(
        asked.size(), children, limit,
        [&](size_t i) {
          VerifyOptions options;
          options.seed = seed;
          options.threads = 1;
          Report report = asked[i]->verify(nullptr, nullptr, options);
          return report.passed() ? std::string() : report.table();
        },
        [&](size_t i, const std::string& failure) {
          if (!failure.empty()) throw Error(fmt::format("'{}' fails as it is: {}", asked[i]->name(), failure));
        });
    size_t done = 0;
    in_children(
        left.size(), children, limit,
        [&](size_t i) {
          const Case& c = cases[left[i]];
          return caught_by(c, seed, limit, equivalent(c));
        },
        [&](size_t i, const std::string& caught) {
          Case& c = cases[left[i]];
          c.caught = caught;
          std::string line = fmt::format("{}: {}\n", c.key(), caught.empty() ? "SURVIVED" : caught);
          if (verbose) fmt::print("{}", line);
          std::fflush(stdout);
          if (log_file.is_open()) log_file << line << std::flush;
          if (isatty(STDERR_FILENO)) std::cerr << fmt::format("\r{} of {} mutants", ++done, left.size()) << std::flush;
        });
    if (isatty(STDERR_FILENO)) std::cerr << "\r\x1b[K";
    return report(cases, equivalent, whole);
  } catch (const std::exception& e) {
    fmt::print(stderr, "mutation: {}\n", e.what());
    return 2;
  }
}
