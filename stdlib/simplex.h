// The probability simplex with the Fisher-Rao metric.
#pragma once

#include <functional>
#include <vector>

#include <catenary/stdlib/sphere.h>

namespace catenary {

/// Probabilities of K >= 2 categories, points [K], with the Fisher-Rao metric sum u_i v_i / p_i. Tangent vectors sum to
/// 0. By u = sqrt(p) it is the part of a sphere where no coordinate is negative, and 2 u has the metric of that of
/// radius 2: the distance is 2 acos(sum sqrt(p_i q_i)), at most pi. Amari and Nagaoka: "Methods of information
/// geometry" (2000).
///
/// It has a boundary, where a p_i is 0. Geodesics are those of the sphere, p = u^2 after it: at the boundary they are
/// reflected, and exp is there for vectors of any length. Shortest ways do not touch the boundary between their ends,
/// so that exp inverts log everywhere; log inverts exp until the geodesic reaches the boundary, 2 asin(sqrt(p_i)) away
/// from p.
///
/// At the boundary itself u_i moves while p_i = u_i^2 does not: a tangent vector would not say where to. So every p_i
/// is read as at least 2^-80, which lies 2^-39 away. No other value is special.
class Simplex final : public Manifold {
 public:
  explicit Simplex(int categories);
  /// p / sum p with its negative elements set to 2^-80: nearest in the metric, which goes on to all positive vectors;
  /// if none is positive, the category of the largest.
  Expr project(Expr p) const override;
  /// v - p sum v: orthogonal in the metric.
  Expr tangent(Expr p, Expr v) const override;
  Expr exp(Expr p, Expr v) const override;
  Expr log(Expr p, Expr q) const override;
  /// Of the law of a Brownian motion that is reflected at the boundary. On the sphere it is that of all images (+-w_1,
  /// ..., +-w_K) of w = sqrt(q), which pull like the one point w_i tanh(c u_i w_i), c being the slope of the log of the
  /// sphere's kernel by the cosine. From v = 4 / K log(max(0.65 K, 2.4)) on by the harmonics of orders 2 and 4 instead.
  /// What both are off by: docs/walks.md.
  Expr score(Expr p, Expr q, Expr v) const override;
  Expr inner(Expr p, Expr u, Expr v) const override;
  Expr distance(Expr p, Expr q) const override;
  /// The natural gradient p (d - sum p d).
  Expr gradient(Expr p, Expr derivatives) const override;
  Expr tangent_normal(Expr p) const override;
  /// u uniform on the sphere: the law of Dirichlet(1/2, ..., 1/2).
  Expr uniform_point() const override;
  /// The sphere of u, of radius 2. The signs of an image are drawn one by one, as if the log of the kernel were linear
  /// in the cosine, and accepted by what it lacks of that, its derivative taken for linear: exact for small v.
  std::optional<Cover> cover() const override;
};

/// Brownian motion on the simplex of 2 to 8 categories, reflected at the boundary, as exact as on spheres: sqrt(p) is
/// one on the sphere S^{K-1}, a quarter as fast, of whose coordinates no sign is told. The prior is uniform.
class SimplexBrownian final : public HeatFlow {
 public:
  SimplexBrownian(Simplex space, double rate);
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// Of the 2^K points (+-w_1, ..., +-w_K) of the sphere that are w = sqrt(x_t) here one is drawn by the heat kernel
  /// from sqrt(x_0), then the bridge there. Where all but w weigh less than e^-40 of it, none is.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// In the volume of the metric, which is 2^{K - 1} times that of the sphere: the sum over these points.
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> score(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override;

 private:
  /// What is carried over all images of w but itself, each with its weight, relative to that of w, in the kernel from
  /// u; `first` where they do not count.
  using Carry = std::function<std::vector<Expr>(Expr image, Expr weight, const std::vector<Expr>& carried)>;
  std::vector<Expr> over_images(const Expr& u, const Expr& w, const Expr& t, const std::vector<Expr>& first,
                                const Carry& carry) const;
  /// The sum of the weights of all, w's 1 among them.
  Expr total_over_images(const Expr& u, const Expr& w, const Expr& t) const;
  Expr draw_image(const Expr& u, const Expr& w, const Expr& t) const;

  SphereBrownian sphere_;
};

/// Brownian motion on the simplex, `rate` its variance per unit of time along each tangent direction of the metric.
/// Throws Error for more than 8 categories, where GeodesicWalk is the named approximation.
SimplexBrownian Brownian(Simplex space, double rate);

}  // namespace catenary
