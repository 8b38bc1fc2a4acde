// Flat spaces.
#include <catenary/stdlib/euclidean.h>

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace catenary {

namespace {

// Returns `point`; throws Error unless every extent is above 0.
Shape filled(const std::string& name, Shape point) {
  if (std::any_of(point.begin(), point.end(), [](int64_t n) { return n < 1; }))
    throw Error(fmt::format("space '{}' needs extents above 0; found shape {}", name, to_string(point)));
  return point;
}

// Of molecules of that shape. Throws Error for any other shape than [n, d] with n of 2 and more.
int centered_dimension(const Shape& point) {
  if (point.size() != 2 || point[0] < 2)
    throw Error(
        fmt::format("space 'centered_euclidean' needs points of shape [atoms, dimensions] with 2 atoms or more; found "
                    "shape {}",
                    to_string(point)));
  return int((point[0] - 1) * point[1]);
}

}  // namespace

Flat::Flat(std::string name, Shape point, int dimension)
    : Manifold(name, {.point = filled(name, std::move(point)),
                      .dimension = dimension,
                      .injectivity_radius = std::numeric_limits<double>::infinity(),
                      .curvature = 0}) {}

Euclidean::Euclidean(Shape point) : Flat("euclidean", point, int(element_count(point))) {}

CenteredEuclidean::CenteredEuclidean(Shape point) : Flat("centered_euclidean", point, centered_dimension(point)) {}

Expr CenteredEuclidean::project(Expr x) const {
  int64_t atoms = point()[0];
  Expr mean = matmul(splat(1 / double(atoms), {1, atoms}), x);
  return x - matmul(splat(1, {atoms, 1}), mean);
}

}  // namespace catenary
