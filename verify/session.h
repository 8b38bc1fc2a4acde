// A verification under way: its steps, its checks, its progress.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <catenary/runtime/threads.h>
#include <catenary/support/philox.h>
#include <catenary/verify/verify.h>

namespace catenary::verifying {

/// The probability that the verifier fails a correct subject, all its checks together.
inline constexpr double false_alarm = 1e-6;

/// A folder for as long as this lives; path() is empty where none can be made.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Session {
 public:
  Session(std::string subject, const VerifyOptions& options);

  /// Adds a step that takes about `weight` of the whole; it calls add() for each of its checks.
  void plan(std::string name, double weight, std::function<void()> run);
  /// Runs the steps in order.
  Report run();

  /// Adds a check to the report. With stop_at_failure, a failure ends the run.
  void add(Check check);
  /// Adds a check that passes if its statistic is at most its threshold; else with its worst case and what to look at.
  void judge(Check check, std::string worst, std::string advice);
  /// The same for a check of single points: that none of n is wrong.
  void judge_points(std::string name, std::string compared, int64_t n, int64_t wrong, std::string worst,
                    std::string advice);
  /// A check that cannot be made, and why.
  void skip(std::string name, std::string reason);

  const VerifyOptions& options() const { return options_; }
  ThreadPool& pool() { return *pool_; }
  /// Calls body(i) for i from 0 to n - 1, on all threads; neighbours mostly on one.
  void each_of(int64_t n, auto&& body) {
    pool_->parallel_for(0, n, 1 << 6, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) body(size_t(i));
    });
  }
  /// How much to draw where standard effort draws `standard`: a sixteenth at quick effort, `most` times as much at
  /// high.
  int64_t draws(int64_t standard, int64_t most = 100) const;
  /// With a cache in any case: the user's, else one for as long as the session lasts.
  CompileOptions compile_options(std::vector<Question> questions) const;

  /// The same sampler where draws are to be made.
  Sampler placed(Sampler sampler) const {
    return options_.gpu ? sampler.through_gpu(*options_.gpu, options_.driver) : sampler;
  }

  /// The probability with which one statistical check of a correct subject may fail, its share in false_alarm.
  double level() const { return level_; }
  /// A joint process has more checks, which share in the same.
  void set_components(size_t count) { level_ = false_alarm / double(128 * ((count + 9) / 10)); }

 private:
  struct Step {
    std::string name;
    double weight;
    std::function<void()> run;
  };
  struct Stop {};

  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  VerifyOptions options_;
  std::shared_ptr<ThreadPool> pool_;
  std::optional<TemporaryFolder> cache_;  ///< Where the user keeps none.
  double level_ = false_alarm / 128;      ///< Ten components make about 110 statistical checks.
  std::vector<Step> steps_;
  std::vector<std::string> planned_;  ///< Their names, and of those left out.
  Report report_;
};

}  // namespace catenary::verifying
