// Two ways of drawing the same points, compared.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catenary/verify/subject.h>
#include <catenary/verify/two_sample.h>

namespace catenary::verifying {

/// One way of drawing (x_s, x_t), or x_s alone.
struct Way {
  State xs;
  std::optional<State> xt;
};
using DrawBoth = std::function<std::pair<Way, Way>(const State& x0, int64_t first_sample)>;

/// What is compared, in words.
struct Words {
  std::string check, compared, name_a, name_b, s, t, advice;
};

/// Compares two ways of drawing from the same starts, component by component.
class TwoWays {
 public:
  static constexpr int64_t batch = 1 << 17;

  /// `starts`: a batch of them. Session and subject outlive it.
  TwoWays(Session& session, const Subject& subject, State starts)
      : session_(session), subject_(subject), x0_(std::move(starts)) {}

  struct Result {
    double sigmas = -1, threshold = 0;
    int64_t n = 0;
    std::string sentence, where;
    std::optional<Histograms> histograms;
  };
  /// One for each component.
  using Results = std::vector<Result>;

  /// How many samples a comparison takes.
  int64_t samples() const;
  struct Comparison {
    Results& results;
    const Words& words;
    std::string where;  ///< The times, for messages.
    double share;       ///< of samples()
    DrawBoth draw;
  };
  /// Draws both ways, and adds what they say of each component to its result. Each is one of `repeated` such
  /// comparisons, at a time `at` of approximations. Batch by batch they draw in order: one may use what those before it
  /// drew from the same starts, as long as its own share is not the larger. With stop_at_failure one that is clear
  /// ends, and those after it.
  void compare(const std::vector<Comparison>& comparisons, size_t repeated, double at);
  static bool any_failed(const Results& results);
  /// A check for each component; of one that was never compared, skipped.
  void report(const Results& results, const Words& words);
  /// That of one component.
  void report(size_t component, const Result& result, const Words& words);

 private:
  struct Running;
  void add(Running& running, const Comparison& comparison, int64_t first) const;
  bool obvious(const Running& running, const Words& words, double at) const;

  Session& session_;
  const Subject& subject_;
  State x0_;
};

}  // namespace catenary::verifying
