// What is compared of a law's density and of its draws.
#pragma once

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <catenary/verify/rows.h>

namespace catenary::verifying {

inline constexpr size_t most_dimensions = 8;

/// Coordinates of a tangent vector; the first d are used.
using Coordinates = std::array<double, most_dimensions>;

/// Of each coordinate its mean, its mean square and its shares in eight cells half a deviation wide, all in deviations
/// of a proposal from its mean; of the whole the mean square distance; last the number of points.
class DensityStatistics {
 public:
  DensityStatistics(size_t d, const Coordinates& mean, const Coordinates& width) : d_(d), mean_(mean), width_(width) {}

  /// How many there are, but for the number of points.
  size_t count() const { return d_ * per_ + 1; }
  std::string name(size_t s) const;

  /// Sums over points, and over points of weight 1 the sums of squares.
  struct Sums {
    std::vector<double> of, squares;
    Sums& operator+=(const Sums& other);
  };
  Sums none() const { return {std::vector<double>(count() + 1), std::vector<double>(count() + 1)}; }
  /// Adds a tile of points: a row for each coordinate, and their weights.
  void add(std::span<const Row> coordinates, const Row& weight, Sums& to) const;
  /// The mean of statistic s over points of weight 1, and of its square.
  std::pair<double, double> mean(const Sums& sums, size_t s) const;

 private:
  static constexpr size_t cells_ = 8, per_ = 2 + cells_;
  size_t d_;
  Coordinates mean_, width_;
};

}  // namespace catenary::verifying
