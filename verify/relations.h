// Numbers that tell how points of one component lie to one another: what laws are compared by.
#pragma once

#include <memory>

#include <catenary/verify/rows.h>
#include <catenary/verify/subject.h>
#include <catenary/verify/two_sample.h>

namespace catenary::verifying {

/// The ways from n points to n others, which are tangent vectors; of spaces without geometry the differences.
std::vector<float> displacements(const Component& c, const void* from, const void* to, int64_t n);

/// The distances of n points from n others, in the space's metric where it is known; every element of a point holds it.
std::vector<float> distances(const Component& c, const void* from, const void* to, int64_t n);

/// A batch of one component's points at three times, and what is computed from them once.
class Triples {
 public:
  /// `xt` may be absent: then pairs.
  Triples(const Component& component, const State& x0, const State& xs, const State* xt);

 private:
  friend class Relations;
  const void *x0_, *xs_, *xt_;
  std::vector<float> s_from_0_, t_from_0_, t_from_s_;  ///< By log, or by difference; the last as a distance.
};

/// The statistics of (x_0, x_s, x_t), or of (x_0, x_s) alone.
class Relations {
 public:
  /// `s`, `t`: the names of the times in messages.
  Relations(const Component& component, const State& starts, bool with_end, std::string s, std::string t);

  const std::vector<std::string>& names() const { return names_; }
  /// Looks at the scale of things in a pilot, and for roundings at the other way of drawing as well.
  void prepare(const Triples& pilot, const Triples& other, int64_t n);
  /// Whether points of both are so near x_0 that rounding is what is compared.
  bool rounded() const { return rounded_; }
  /// The statistics of samples first, first + groups, ...: what TwoSample::Read asks for of one way of drawing.
  void read(const Triples& triples, int64_t first, double* values) const;
  /// The cells of histograms where values are whole numbers: how many, else 0.
  const std::vector<int>& whole() const { return whole_; }

 private:
  std::vector<Row> rows_at(const std::vector<float>& ways, int64_t first) const;
  void read_categories(const Triples& triples, int64_t i, double* values) const;

  const Component& component_;
  bool with_end_, rounded_ = false;
  std::vector<std::string> names_;
  std::vector<int> whole_;
  size_t shown_ = 0, kept_ = 0;                 ///< Coordinates told one by one, and all together.
  std::vector<std::vector<Vector>> covectors_;  ///< [group][coordinate]
  std::vector<double> pull_;                    ///< Regression of x_s on x_t, by coordinate.
  /// What a pilot shows of one of the two.
  struct Side {
    std::vector<double> mean;  ///< By coordinate and group.
    std::vector<double> unit;  ///< What a unit of a coordinate counts for in the mix of all.
  };
  Side s_, t_;
  std::vector<double> size_;  ///< By coordinate and group: of x_0, in the coordinate's unit.
};

}  // namespace catenary::verifying
