// Two sets of samples compared by many statistics at once, as they come.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <catenary/verify/report.h>

namespace catenary::verifying {

/// The |z| that a standard normal exceeds with probability p.
double sigmas_of_probability(double p);
/// The same for a chi-square of so many degrees of freedom.
double sigmas_of_chi_square(double chi_square, double degrees);

/// One statistic at one sample, by both ways of drawing it.
struct Pair {
  double a, b;
};

/// Compares two ways of drawing, a and b, by the means, the second moments and the histograms of several statistics, overall and
/// within groups of samples. Sample i of a is paired with sample i of b: their differences have mean 0 if the laws agree,
/// whether the two are independent or exchangeable.
class TwoSample {
 public:
  /// `statistics`: their names. Samples belong to one of `groups` groups.
  TwoSample(std::vector<std::string> statistics, size_t groups);
  TwoSample(const TwoSample&) = delete;

  /// Sets centres and cells from a pilot: pilot[s] are values of statistic s by both ways. whole[s] > 0: its values are whole
  /// numbers below that, at most 64, a cell each.
  void calibrate(const std::vector<std::vector<double>>& pilot, const std::vector<int>& whole = {});

  /// Sums over some of the samples; sums of disjoint sets are merged in a fixed order, so that results do not depend on threads.
  class Sums {
   public:
    explicit Sums(const TwoSample& of);
    /// values[s] of one sample.
    void add(size_t group, std::span<const Pair> values);

   private:
    friend class TwoSample;
    struct Moments {
      double n = 0, d = 0, dd = 0, e = 0, ee = 0, f = 0, ff = 0, ffff = 0;
    };
    const TwoSample& of_;
    std::vector<Moments> moments_;   ///< [statistic][group]
    std::vector<double> counts_[2];  ///< [statistic][cell]
    bool finite_ = true;
    size_t not_finite_ = 0;  ///< The statistic that was not, if any.
  };
  void merge(const Sums& sums);

  struct Worst {
    double sigmas = 0;  ///< infinity where a value is not finite
    size_t statistic = 0;
    int group = -1;        ///< -1: all
    std::string sentence;  ///< "the mean of ... is 1.3 standard deviations larger"
  };
  /// The largest deviation beyond `allowed`, in the units of |z|; chi distances of the two laws up to `allowed` are expected.
  Worst worst(const std::string& name_a, const std::string& name_b, double allowed = 0) const;
  /// How many deviations `worst` looks at.
  size_t comparisons() const;
  double samples() const;
  Histograms histograms(size_t statistic, std::string name_a, std::string name_b) const;
  const std::vector<std::string>& statistics() const { return names_; }

 private:
  static constexpr size_t cells_ = 66;  // The outer two take the tails.
  std::vector<std::string> names_;
  size_t groups_;
  std::vector<double> centre_, low_, scale_;
  Sums sums_;
};

}  // namespace catenary::verifying
