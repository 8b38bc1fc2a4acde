// Interpolants: paths between a datum and a point of noise, as flow matching trains on.
#pragma once

#include <functional>

#include <catenary/dsl/process.h>
#include <catenary/stdlib/euclidean.h>

namespace catenary {

struct GeodesicInterpolationOptions {
  /// A draw of x_1. By default the space's standard_noise: uniform, on flat spaces standard normal, on products part by
  /// part.
  std::function<Expr()> noise = {};
};

/// The shortest geodesic from the datum to noise, at constant speed: x_t = exp(x_0, t log(x_0, x_1)), t from 0 to 1.
/// Other speeds are clocks. Given x_0 and x_t all between is determined: x_s = exp(x_0, (s/t) log(x_0, x_t)); with t =
/// 1 this is the training draw of flow matching between given ends. There is no density. Besides the endpoint and the
/// tangent a model may return the "velocity" v = dx_t/dt = -log(x_t, x_0) / t, a tangent vector at x_t with x_0 =
/// exp(x_t, -t v), in units of the process's own time: what its clock reads. Flow matching's own time runs from noise
/// to data, so that its velocity is -v. A step with it is Euler's, x_s = exp(x_t, (s - t) v), as long as |t v| is
/// within the injectivity radius. The loss of "velocity" is |v + log(x_t, x_0) / t|^2 in the metric at x_t, which its
/// mean given x_t is least for. In f32 the velocity that x_0 and x_t make is known up to about 1e-7 / t times the size
/// of their elements, and at an x_t that rounding takes across the cut locus of x_0 it is that of the other way; both
/// lead to x_0. Times below 1e-20 count as 1e-20 in the loss. Lipman et al.: "Flow matching for generative modeling"
/// (2023); Chen and Lipman: "Flow matching on general geometries" (2024).
class GeodesicInterpolation final : public Process {
 public:
  explicit GeodesicInterpolation(Kept<Manifold> space, GeodesicInterpolationOptions options = {});
  /// x_1. Throws Error unless the horizon is 1.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  bool markov() const override { return false; }
  bool bridges_compose() const override { return true; }
  std::vector<Estimate> estimates() const override;
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override;
  /// The bridge, which draws nothing; its velocity is -log(x_t, x_0) / t, or what the model says it is.
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override;

 private:
  const Manifold& manifold() const { return static_cast<const Manifold&>(space()); }
  Expr noise() const;
  GeodesicInterpolationOptions options_;
};

/// Functions of t on [0, 1]: a from 1 to 0, b from 0 to 1, c 0 at both ends. By default the straight line, without c.
/// What is small near t = 0 should be written so: 6e-8 is lost of what is computed as 1 less something.
struct StochasticInterpolantOptions {
  std::function<Expr(Expr t)> a = [](Expr t) { return 1.0 - t; };
  std::function<Expr(Expr t)> b = [](Expr t) { return t; };
  std::function<Expr(Expr t)> c = {};
};

/// x_t = a(t) x_0 + b(t) x_1 + c(t) z, where x_1 and z are standard normal and stay the same along the path: given x_0
/// a Gaussian process of mean a x_0 and covariance k(s, t) = b_s b_t + c_s c_t. With c, x_s depends on x_0 and on every
/// later point, so bridges do not compose: a walk back has the right law at each of its times, not along its path. With
/// l = sqrt(b^2 + c^2) and x_t = a x_0 + l n, n standard normal, a model may return besides the endpoint and the
/// tangent the "velocity", the mean of dx_t/dt given x_0 and x_t: v = a' x_0 + (l'/l) (x_t - a x_0), which without c is
/// a' x_0 + b' x_1. So x_0 = (l' x_t - l v) / (l' a - l a'). The kind is there where a/l falls throughout, by more than
/// rounding: l' a - l a' is above 1e-3 (|l'| + l); derivatives are those of the schedules' expressions
/// (dsl/gradient.h), near t = 1 those at 1 - 2^-24, since a c like sqrt(t (1 - t)) has none there. There is no "noise":
/// at t = 1, where a walk starts, it tells nothing of x_0. The loss of "velocity" is |v - that of x_0 and x_t|^2: it
/// has the least model of Albergo et al.'s, b(t, x) = E[dx_t/dt | x_t = x], and less variance where there is z. Where
/// x_1 comes paired with x_0 that holds without c; with c x_0 and x_t do not tell such an x_1, and the velocity stays
/// that of a normal one. In f32 that velocity is known up to about 1e-7 l'/l times the size of a point. Albergo, Boffi
/// and Vanden-Eijnden: "Stochastic interpolants: a unifying framework for flows and diffusions" (2023).
class StochasticInterpolant final : public Process {
 public:
  /// Throws Error for schedules that have other ends or are not finite, and where b and c are both 0 between the ends.
  explicit StochasticInterpolant(Kept<Flat> space, StochasticInterpolantOptions options = {});
  /// Standard normal. Throws Error unless the horizon is 1.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// Normal, of mean a_s x_0 + k(s,t) / k(t,t) (x_t - a_t x_0) and variance (b_s c_t - b_t c_s)^2 / k(t,t).
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;
  bool markov() const override { return false; }
  /// Without c.
  bool bridges_compose() const override { return !options_.c; }
  std::vector<Estimate> estimates() const override;
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override;
  /// x_s = a_s x_0 + (l_s / l_t) (x_t - a_t x_0): the noise n stays. Its velocity is that of x_0 and x_t, or what the
  /// model says it is.
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override;

 private:
  /// (b, c) at t: its length, and what its direction is.
  struct Noise;
  Noise noise_at(const Expr& t) const;
  /// a and l at t, and their derivatives.
  struct Motion;
  Motion motion_at(const Expr& t) const;
  bool velocity_tells_x0() const;
  const Flat& flat() const { return static_cast<const Flat&>(space()); }
  StochasticInterpolantOptions options_;
  bool has_velocity_ = false;
};

}  // namespace catenary
