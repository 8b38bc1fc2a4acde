// Steps, one after another.
#include <catenary/verify/session.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catenary/runtime/walk.h>
#include <catenary/support/environment.h>

namespace catenary::verifying {

TemporaryFolder::TemporaryFolder() {
  std::error_code failure;
  std::string made = (std::filesystem::temp_directory_path(failure) / "catenary.XXXXXX").string();
  if (!failure && mkdtemp(made.data())) path_ = made;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Session::Session(std::string subject, const VerifyOptions& options)
    : options_(options), pool_(std::make_shared<ThreadPool>(options.threads)) {
  report_.subject = std::move(subject);
  report_.false_alarm = false_alarm;
  if (read_environment().cache.empty()) cache_.emplace();
  if (options_.gpu) options_.target = Target::cuda("sm_80");  // Later GPUs take its code as well.
}

void Session::plan(std::string name, double weight, std::function<void()> run) {
  const auto& only = options_.only;
  planned_.push_back(name);
  if (!only.empty() && std::find(only.begin(), only.end(), name) == only.end()) return;
  steps_.push_back({std::move(name), weight, std::move(run)});
}

void Session::add(Check check) {
  bool failed = check.verdict == Verdict::fail;
  report_.checks.push_back(std::move(check));
  if (failed && options_.stop_at_failure) throw Stop{};
}

void Session::judge(Check check, std::string worst, std::string advice) {
  if (!(check.statistic <= check.threshold)) {
    check.verdict = Verdict::fail;
    check.worst = std::move(worst);
    check.advice = std::move(advice);
  }
  add(std::move(check));
}

void Session::judge_points(std::string name, std::string compared, int64_t n, int64_t wrong, std::string worst,
                           std::string advice) {
  Check check;
  check.name = std::move(name);
  check.compared = std::move(compared);
  check.n = n;
  check.statistic_name = "points that are wrong";
  check.statistic = double(wrong);
  judge(std::move(check), std::move(worst), std::move(advice));
}

void Session::skip(std::string name, std::string reason) {
  Check check;
  check.name = std::move(name);
  check.verdict = Verdict::skipped;
  check.worst = std::move(reason);
  add(std::move(check));
}

int64_t Session::draws(int64_t standard, int64_t most) const {
  switch (options_.effort) {
    case Effort::quick: return standard / 16;
    case Effort::standard: return standard;
    case Effort::high: return standard * most;
  }
  return standard;
}

CompileOptions Session::compile_options(std::vector<Question> questions) const {
  CompileOptions options;
  options.questions = std::move(questions);
  options.sampler.pool = pool_;
  if (cache_ && !cache_->path().empty()) options.cache = cache_->path();
  return options;
}

Report Session::run() {
  if (steps_.empty())
    throw NoSuchStep(fmt::format("{}: no step is called '{}'; the steps are {}", report_.subject,
                                 fmt::join(options_.only, "' or '"), fmt::join(planned_, ", ")));
  double total = 0, done = 0;
  for (const Step& step : steps_) total += step.weight;
  try {
    for (const Step& step : steps_) {
      if (options_.progress && !options_.progress({step.name, done / total}))
        throw Cancelled(fmt::format("the verification of {} was cancelled before '{}'", report_.subject, step.name));
      step.run();
      done += step.weight;
    }
  } catch (const Stop&) {
    done = total;  // What comes after the first failure is left out.
  }
  report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  return report_;
}

}  // namespace catenary::verifying
