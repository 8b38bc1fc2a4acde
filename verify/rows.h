// Elements of points by rows of samples that lie side by side, for vector code.
#pragma once

#include <array>
#include <span>
#include <vector>

#include <catenary/verify/geometry.h>
#include <catenary/verify/two_sample.h>

namespace catenary::verifying {

inline constexpr auto tile = size_t(TwoSample::tile);

/// A number of each sample of a tile.
using Row = std::array<double, tile>;

/// A row for each element of points first, first + step, ... of `points`, which have `elements` each.
inline std::vector<Row> rows_of(std::span<const float> points, size_t elements, size_t first, size_t step) {
  std::vector<Row> rows(elements);
  for (size_t i = 0; i < tile; ++i)
    for (size_t j = 0; j < elements; ++j) rows[j][i] = double(points[(first + i * step) * elements + j]);
  return rows;
}

/// The coordinate that a covector gives of points by rows.
inline Row along(const std::vector<Row>& rows, const Vector& covector) {
  Row sum{};
  for (size_t j = 0; j < rows.size(); ++j) {
    const double c = covector[j];
    if (c == 0) continue;  // Most of them, in a flat space.
#pragma omp simd
    for (size_t i = 0; i < tile; ++i) sum[i] += c * rows[j][i];
  }
  return sum;
}

}  // namespace catenary::verifying
