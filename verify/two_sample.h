// Two sets of samples compared by many statistics at once, as they come.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <catenary/runtime/threads.h>
#include <catenary/verify/report.h>

namespace catenary::verifying {

/// The |z| that a standard normal exceeds with probability p.
double sigmas_of_probability(double p);
/// The same for a mean in units of a standard error that is itself estimated, with so many degrees of freedom:
/// Student's t.
double sigmas_of_few(double p, double degrees);
/// The |z| of a chi-square of so many degrees of freedom.
double sigmas_of_chi_square(double chi_square, double degrees);

/// Compares two ways of drawing, a and b, by the means, the second moments and the histograms of several statistics,
/// overall and within groups of samples. Sample i of a is paired with sample i of b: their differences have mean 0 if
/// the laws agree, whether the two are independent or exchangeable.
class TwoSample {
 public:
  /// `statistics`: their names. Samples belong to one of `groups` groups, a power of 2 up to 64: sample i to group
  /// i % groups. whole[s] > 0: the values of statistic s are whole numbers below that, at most 64, with a cell each in
  /// its histogram.
  TwoSample(std::vector<std::string> statistics, size_t groups, std::vector<int> whole = {});

  /// So many samples of one group are read at a time: they lie side by side, for vector code.
  static constexpr int64_t tile = 64;
  /// Calls body(first) for every tile of samples begin .. end - 1 of `groups` groups; their number is a multiple of
  /// both.
  static void each_tile(int64_t begin, int64_t end, int64_t groups, auto&& body) {
    for (int64_t i = begin; i < end; i += groups * tile)
      for (int64_t g = 0; g < groups; ++g) body(i + g);
  }
  /// Reads samples first, first + groups, ... of a batch, `tile` of them: what statistic s is at the i-th of them goes
  /// to a[s * tile + i] and b[s * tile + i].
  using Read = std::function<void(int64_t first, double* a, double* b)>;
  /// Adds samples 0 .. n - 1 of a batch, n a multiple of 4,096. The first batch also sets centres and cells. `read` is
  /// called from many threads; results do not depend on their number.
  void add(ThreadPool& pool, int64_t n, const Read& read);

  struct Worst {
    double sigmas = 0;  ///< infinity where a value is not finite
    size_t statistic = 0;
    int group = -1;        ///< -1: all
    std::string sentence;  ///< "the mean of ... is 1.3 standard deviations larger"
  };
  /// The largest deviation beyond `allowed`, in the units of |z|; chi distances of the two laws up to `allowed` are
  /// expected.
  Worst worst(const std::string& name_a, const std::string& name_b, double allowed = 0) const;
  /// How many deviations `worst` looks at.
  size_t comparisons() const;
  double samples() const;
  Histograms histograms(size_t statistic, std::string name_a, std::string name_b) const;
  const std::vector<std::string>& statistics() const { return names_; }

 private:
  static constexpr size_t cells_ = 66;  // The outer two take the tails.
  /// Of d = a - b and of e = a^2 - b^2, about the centre; f is a there.
  struct Moments {
    double n = 0, d = 0, dd = 0, e = 0, ee = 0, f = 0, ff = 0, ffff = 0;
    Moments& operator+=(const Moments& other) {
      n += other.n;
      d += other.d;
      dd += other.dd;
      e += other.e;
      ee += other.ee;
      f += other.f;
      ff += other.ff;
      ffff += other.ffff;
      return *this;
    }
  };
  /// Sums over some of the samples.
  struct Sums {
    std::vector<Moments> moments;      ///< [statistic][group]
    std::vector<int64_t> counts[2];    ///< [statistic][cell]
    std::optional<size_t> not_finite;  ///< A statistic that was not.
  };
  Sums no_sums() const;
  /// Sets centres and cells by n samples,
  void calibrate(ThreadPool& pool, const Read& read, int64_t n);
  /// those of one statistic by its values in them.
  void calibrate(size_t s, std::vector<double>& pilot);
  void add_tile(Sums& sums, size_t group, const double* a, const double* b) const;
  void merge(const Sums& sums);

  std::vector<std::string> names_;
  size_t groups_;
  std::vector<int> whole_;
  std::vector<double> centre_, low_, scale_;
  Sums sums_;
};

}  // namespace catenary::verifying
