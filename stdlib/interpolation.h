// Interpolants: paths between a datum and a point of noise, as flow matching trains on.
#pragma once

#include <functional>

#include <catenary/dsl/process.h>
#include <catenary/stdlib/euclidean.h>

namespace catenary {

struct GeodesicInterpolationOptions {
  /// A draw of x_1. By default uniform; on flat spaces standard normal.
  std::function<Expr()> noise = {};
};

/// The shortest geodesic from the datum to noise, at constant speed: x_t = exp(x_0, t log(x_0, x_1)), t from 0 to 1. Other speeds
/// are clocks. Given x_0 and x_t all between is determined: x_s = exp(x_0, (s/t) log(x_0, x_t)); with t = 1 this is the training draw
/// of flow matching between given ends. There is no density.
/// Lipman et al.: "Flow matching for generative modeling" (2023); Chen and Lipman: "Flow matching on general geometries" (2024).
class GeodesicInterpolation final : public Process {
 public:
  explicit GeodesicInterpolation(Kept<Manifold> space, GeodesicInterpolationOptions options = {});
  /// x_1. Throws Error unless the horizon is 1.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  bool markov() const override { return false; }
  bool bridges_compose() const override { return true; }

 private:
  const Manifold& manifold() const { return static_cast<const Manifold&>(space()); }
  Expr noise() const;
  GeodesicInterpolationOptions options_;
};

/// Functions of t on [0, 1]: a from 1 to 0, b from 0 to 1, c 0 at both ends. By default the straight line, without c. What is small
/// near t = 0 should be written so: 6e-8 is lost of what is computed as 1 less something.
struct StochasticInterpolantOptions {
  std::function<Expr(Expr t)> a = [](Expr t) { return 1.0 - t; };
  std::function<Expr(Expr t)> b = [](Expr t) { return t; };
  std::function<Expr(Expr t)> c = {};
};

/// x_t = a(t) x_0 + b(t) x_1 + c(t) z, where x_1 and z are standard normal and stay the same along the path: given x_0 a Gaussian
/// process of mean a x_0 and covariance k(s, t) = b_s b_t + c_s c_t. With c, x_s depends on x_0 and on every later point, so bridges
/// do not compose: a walk back has the right law at each of its times, not along its path.
/// Albergo, Boffi and Vanden-Eijnden: "Stochastic interpolants: a unifying framework for flows and diffusions" (2023).
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

 private:
  /// (b, c) at t: its length, and what its direction is.
  struct Noise;
  Noise noise_at(const Expr& t) const;
  const Flat& flat() const { return static_cast<const Flat&>(space()); }
  StochasticInterpolantOptions options_;
};

}  // namespace catenary
