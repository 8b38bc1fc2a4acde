// Sums over tiles of points.
#include <catenary/verify/density_statistics.h>

#include <algorithm>

#include <fmt/format.h>

namespace catenary::verifying {

std::string DensityStatistics::name(size_t s) const {
  if (s == d_ * per_) return "the mean square distance (in deviations)";
  std::string which = d_ > 1 ? fmt::format(" of coordinate {}", s / per_ + 1) : "";
  if (s % per_ == 0) return fmt::format("the mean{} of the way from x_0 (in deviations)", which);
  if (s % per_ == 1) return fmt::format("the mean square{} of the way from x_0 (in deviations)", which);
  return fmt::format("the share of the ways from x_0 in cell {}{} (half a deviation wide)", s % per_ - 1, which);
}

DensityStatistics::Sums& DensityStatistics::Sums::operator+=(const Sums& other) {
  for (size_t s = 0; s < of.size(); ++s) {
    of[s] += other.of[s];
    squares[s] += other.squares[s];
  }
  return *this;
}

void DensityStatistics::add(std::span<const Row> coordinates, const Row& weight, Sums& to) const {
  Row distance{};
  for (size_t k = 0; k < d_; ++k) {
    const double mean = mean_[k], unit = 1 / width_[k];
    double sum = 0, square = 0, fourth = 0;
    std::array<int32_t, tile> cell;
#pragma omp simd reduction(+ : sum, square, fourth)
    for (size_t i = 0; i < tile; ++i) {
      double z = (coordinates[k][i] - mean) * unit, zz = z * z;
      distance[i] += zz;
      sum += weight[i] * z;
      square += weight[i] * zz;
      fourth += weight[i] * zz * zz;
      cell[i] = int32_t(std::min(std::max(0.0, z * 2 + double(cells_) / 2), double(cells_ - 1)));
    }
    double *of = &to.of[k * per_], *squares = &to.squares[k * per_];
    of[0] += sum;
    of[1] += square;
    squares[0] += square;
    squares[1] += fourth;
    for (size_t i = 0; i < tile; ++i) of[2 + cell[i]] += weight[i];
  }
  double sum = 0, square = 0, all = 0;
#pragma omp simd reduction(+ : sum, square, all)
  for (size_t i = 0; i < tile; ++i) {
    sum += weight[i] * distance[i];
    square += weight[i] * distance[i] * distance[i];
    all += weight[i];
  }
  to.of[d_ * per_] += sum;
  to.squares[d_ * per_] += square;
  to.of[count()] += all;
}

std::pair<double, double> DensityStatistics::mean(const Sums& sums, size_t s) const {
  const double n = sums.of[count()], mean = sums.of[s] / n;
  // A share is the mean of what is 0 or 1.
  const bool share = s < d_ * per_ && s % per_ > 1;
  return {mean, share ? mean : sums.squares[s] / n};
}

}  // namespace catenary::verifying
