// Spaces: where a variable lives.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <catenary/dsl/expr.h>

namespace catenary {

/// A value of a class derived from Base, kept by its base: `Brownian(Sphere(2))` copies the sphere once.
template <class Base>
class Kept {
 public:
  template <class T>
    requires std::derived_from<T, Base>
  Kept(T value) : held_(std::make_shared<const T>(std::move(value))) {}
  template <class T>
    requires std::derived_from<T, Base>
  Kept(std::shared_ptr<const T> held) : held_(std::move(held)) {}
  template <class T>
    requires std::derived_from<T, Base>
  Kept(const Kept<T>& other) : held_(other.held_) {}
  const Base& operator*() const { return *held_; }
  const Base* operator->() const { return held_.get(); }
  const std::shared_ptr<const Base>& held() const { return held_; }
  /// The same value as a `Derived`, where it is one.
  template <class Derived>
  std::optional<Kept<Derived>> as() const {
    auto held = std::dynamic_pointer_cast<const Derived>(held_);
    return held ? std::optional(Kept<Derived>(std::move(held))) : std::nullopt;
  }

 private:
  template <class>
  friend class Kept;
  std::shared_ptr<const Base> held_;
};

/// The most axes of a value at one point.
inline constexpr size_t max_point_rank = 4;

/// A space: its name, and what the value at one point looks like.
class Space {
 public:
  virtual ~Space() = default;
  const std::string& name() const { return name_; }
  Type type() const { return type_; }
  const Shape& point() const { return point_; }
  /// The number of categories if points are categories 0 .. n - 1, else 0.
  virtual int64_t categories() const { return 0; }
  /// A draw from the space's reference law: uniform where the space is compact.
  virtual Expr uniform_point() const;

 protected:
  Space(std::string name, Type type, Shape point) : name_(std::move(name)), type_(type), point_(std::move(point)) {}

 private:
  std::string name_;
  Type type_;
  Shape point_;
};

/// How a manifold's points are stored, and its dimension.
struct ManifoldShape {
  Shape point;
  int dimension;
  /// Up to this length every geodesic is the shortest between its ends, so that log inverts exp. Infinity if all are;
  /// 0: not stated.
  double injectivity_radius = 0;
  /// Whether there is a boundary, at which geodesics are reflected: log then inverts exp up to it alone.
  bool boundary = false;
  /// At least the absolute value of every sectional curvature: what the error of geodesic walks grows with.
  double curvature = 1;
};

struct Cover;

/// A Riemannian manifold of points of shape `point`; tangent vectors have the shape of a point (ambient coordinates).
/// A user's own space overrides these; nothing else is needed to walk on it.
class Manifold : public Space {
 public:
  int dimension() const { return dimension_; }
  double injectivity_radius() const { return injectivity_radius_; }
  bool has_boundary() const { return boundary_; }
  double curvature() const { return curvature_; }
  /// The nearest point of the manifold to x.
  virtual Expr project(Expr x) const = 0;
  /// The orthogonal projection of v to the tangent space at x.
  virtual Expr tangent(Expr x, Expr v) const = 0;
  /// The end of the geodesic that leaves x with velocity v, after unit time.
  virtual Expr exp(Expr x, Expr v) const = 0;
  /// The shortest v with exp(x, v) = y.
  virtual Expr log(Expr x, Expr y) const = 0;
  /// The metric: the inner product of the tangent vectors u and v at x; by default that of the ambient space.
  virtual Expr inner(Expr x, Expr u, Expr v) const;
  /// The length of the shortest geodesic from x to y; by default that of log(x, y) in the metric.
  virtual Expr distance(Expr x, Expr y) const;
  /// The gradient at x of a function whose derivatives by the elements of x are given: the tangent vector g with
  /// inner(x, g, v) = dot(derivatives, v) for every tangent v. By default tangent(x, derivatives), right for metrics
  /// inherited from the ambient space.
  virtual Expr gradient(Expr x, Expr derivatives) const { return tangent(x, derivatives); }
  /// A standard normal tangent vector at x; by default a normal of the ambient space, made tangent (right for metrics
  /// inherited from it).
  virtual Expr tangent_normal(Expr x) const { return tangent(x, normal(point())); }
  /// The gradient at x of the log of the heat kernel from y at variance v (generator 1/2 Laplace-Beltrami). The default
  /// log(x, y) / v is its limit for small v; a space that knows its kernel overrides it.
  virtual Expr score(Expr x, Expr y, Expr v) const { return log(x, y) / v; }
  /// Where the probability flow of the heat kernel from y takes x, from the variance u to w < u: dx/dv = -score / 2,
  /// which takes the law at u to that at w. By default the score is followed, see `follow`.
  virtual Expr flow(Expr x, Expr y, Expr u, Expr w) const;
  /// Of a space without a uniform law: the point that data lie about. A Brownian motion's prior is its law from there.
  virtual std::optional<Expr> origin() const { return std::nullopt; }
  /// A draw of the noise that flows end in unless they name another: uniform; on a space that has an origin, exp of a
  /// standard normal tangent vector there.
  virtual Expr standard_noise() const;
  /// What the space is a folded form of, where geodesics are reflected at a boundary; by default nothing.
  virtual std::optional<Cover> cover() const;

 protected:
  Manifold(std::string name, ManifoldShape shape)
      : Space(std::move(name), Type::f32, std::move(shape.point)),
        dimension_(shape.dimension),
        injectivity_radius_(shape.injectivity_radius),
        boundary_(shape.boundary),
        curvature_(shape.curvature) {}

 private:
  int dimension_;
  double injectivity_radius_;
  bool boundary_;
  double curvature_;
};

/// Follows a score that depends on the variance along its probability flow, from x at the variance u to w < u. Five
/// steps while the variance falls by a factor e, at most 48, each by Euler's method along geodesics in one, two and
/// three parts, extrapolated: an error of third order in a step, and none in flat space where the score is
/// log(x, y) / v. Figures: docs/walks.md.
Expr follow(const Manifold& manifold, Expr x, Expr u, Expr w, const std::function<Expr(Expr x, Expr v)>& score);

/// A manifold that is folded into another, lengths kept: its Brownian motion, folded, is that of the other, reflected.
struct Cover {
  Kept<Manifold> space;
  std::function<Expr(Expr x)> lift;  ///< A point that is folded to x,
  std::function<Expr(Expr u)> fold;
  /// A draw of one of the points that are folded to the same as w, by the heat kernel from u after variance v.
  std::function<Expr(Expr u, Expr w, Expr v)> image;
};

}  // namespace catenary
