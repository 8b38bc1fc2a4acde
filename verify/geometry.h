// A manifold as functions of numbers: in double precision, and as compiled to f32.
#pragma once

#include <cmath>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include <catenary/dsl/evaluate.h>
#include <catenary/verify/session.h>

namespace catenary::verifying {

/// A point or an ambient vector.
using Vector = std::vector<double>;

/// A function of two points, compiled: a point. Draws are allowed.
class Probe {
 public:
  /// Begins to compile it; the first call waits, and throws what was wrong with it.
  Probe(Session& session, Kept<Space> space, const std::function<Expr(Expr a, Expr b)>& function);
  /// n points of a and b, one after another, to n points; of the space's element type. The points are numbers first,
  /// first + 1, ... of the seed's draws.
  void operator()(const void* a, const void* b, void* out, int64_t n, uint64_t seed = 0, int64_t first = 0) const;

 private:
  Shape point_;
  Dtype dtype_;
  std::shared_future<Sampler> sampler_;
};

/// Orthonormal tangent vectors at a point, and what gives a tangent vector's coordinates along them.
struct Frame {
  std::vector<Vector> vectors;
  std::vector<Vector> covectors;  ///< Coordinate k of a tangent vector is the dot product with covectors[k].
};

/// A manifold in double precision.
class Geometry {
 public:
  explicit Geometry(Kept<Manifold> space);

  const Manifold& space() const { return *space_; }
  size_t elements() const { return size_t(element_count(space_->point())); }
  Vector project(const Vector& x) const;
  Vector tangent(const Vector& x, const Vector& v) const;
  Vector exp(const Vector& x, const Vector& v) const;
  Vector log(const Vector& x, const Vector& y) const;
  double inner(const Vector& x, const Vector& u, const Vector& v) const;
  double length(const Vector& x, const Vector& v) const;
  double distance(const Vector& x, const Vector& y) const;
  Vector gradient(const Vector& x, const Vector& derivatives) const;
  /// Draw number `draw` of a standard normal tangent vector at x.
  Vector tangent_normal(const Vector& x, uint64_t draw) const;
  /// Draw number `draw` of a point: uniform where the space has a uniform law; else a standard normal way from its
  /// origin; else a projected normal of the ambient space.
  Vector some_point(uint64_t draw) const;
  bool has_uniform() const { return bool(uniform_); }
  /// The space's origin, or the zero vector where that is a point.
  std::optional<Vector> origin() const;

  /// At most `most` vectors: near the axes where the space has no more dimensions, else each with a share of all axes.
  /// Empty where the metric is not positive.
  Frame frame(const Vector& x, size_t most) const;

 private:
  Vector call(const Evaluator& function, const Vector& x, const Vector& v, uint64_t seed = 0, uint64_t draw = 0) const;

  Kept<Manifold> space_;
  std::optional<Evaluator> project_, tangent_, exp_, log_, inner_, distance_, gradient_, normal_, uniform_, ambient_,
      origin_;
};

/// "[0.1, 0.2]", or a number by itself.
std::string text_of(const Vector& x);

double dot(const Vector& a, const Vector& b);
double norm(const Vector& a);
/// The larger of two, NaN where one is: std::max would drop it.
inline double larger(double a, double b) { return std::isnan(a) || a >= b ? a : b; }
/// Independent directions: the axes, or `most` that have a share of every axis each, where there are more axes.
std::vector<Vector> directions(size_t elements, size_t most);
Vector combine(double a, const Vector& x, double b, const Vector& y);  ///< a x + b y

}  // namespace catenary::verifying
