// Flat space.
#include <catenary/stdlib/euclidean.h>

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace catenary {

namespace {

ManifoldShape flat(Shape point) {
  if (std::any_of(point.begin(), point.end(), [](int64_t n) { return n < 1; }))
    throw Error(fmt::format("space 'euclidean' needs extents above 0; found shape {}", to_string(point)));
  int dimension = int(element_count(point));
  return {
      .point = std::move(point), .dimension = dimension, .injectivity_radius = std::numeric_limits<double>::infinity()};
}

}  // namespace

Euclidean::Euclidean(Shape point) : Manifold("euclidean", flat(std::move(point))) {}

}  // namespace catenary
