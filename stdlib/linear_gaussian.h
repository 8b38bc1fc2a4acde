// Processes on flat spaces whose transitions are linear in the state with Gaussian noise.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <catenary/dsl/process.h>
#include <catenary/stdlib/euclidean.h>

namespace catenary {

/// A number for all coordinates of a point, or one for each (row-major): `{.theta = 2}`, `{.theta = {1, 2, 5}}`.
struct PerCoordinate {
  PerCoordinate(double all) : values{all}, each(false) {}
  PerCoordinate(std::initializer_list<double> of_each) : PerCoordinate(std::vector<double>(of_each)) {}
  PerCoordinate(std::vector<double> of_each) : values(std::move(of_each)), each(true) {}
  std::vector<double> values;
  bool each;
};
/// f of the number, or of each; a number for all is that of every coordinate.
template <class F>
PerCoordinate map(F&& f, PerCoordinate a) {
  for (double& v : a.values) v = f(v);
  return a;
}
template <class F>
PerCoordinate map(F&& f, PerCoordinate a, PerCoordinate b) {
  if (!a.each) a.values.resize(b.values.size(), a.values[0]);
  if (!b.each) b.values.resize(a.values.size(), b.values[0]);
  std::transform(a.values.begin(), a.values.end(), b.values.begin(), a.values.begin(), f);
  a.each = a.each || b.each;
  return a;
}

/// The covariance of a point's noise: a positive definite matrix over its elements in row-major order, itself
/// row-major. By default the identity, drawn as the space's standard normal.
class Covariance {
 public:
  Covariance() = default;
  /// Throws Error unless the matrix is square, symmetric and positive definite.
  explicit Covariance(std::vector<double> matrix);
  /// The number of rows; 0: the identity of any size.
  int64_t size() const;
  /// L z with L L^T the covariance and z standard normal, in the shape of a point.
  Expr normal(const Shape& point) const;
  /// L^{-1} v as a vector.
  Expr whiten(Expr v) const;
  /// C v, in the shape of v.
  Expr times(Expr v) const;
  /// log det L.
  double log_volume() const;

 private:
  struct Factor;
  std::shared_ptr<const Factor> factor_;
};

/// A linear Gaussian process. It is declared by the moments of its transitions; everything else follows from them.
class LinearGaussian : public Process {
 public:
  /// x_t given x_s is normal with mean decay x_s + shift and covariance deviation^2 C, C the process's covariance. Each
  /// a number or of a point's shape (then C is the identity); expressions of s and t alone, decay and deviation not
  /// below 0. Deviations are stated rather than variances because the square of a small one is not a float.
  struct Moments {
    std::optional<Expr> decay;  ///< Absent: 1.
    Expr deviation;
    std::optional<Expr> shift = {};  ///< Absent: 0.
    std::optional<Expr> change =
        {};  ///< decay - 1, where the deviation is so small that the rounding of a decay near 1 matters.
  };

  /// Those of the transition from time s to time t, 0 <= s < t.
  virtual Moments moments(Expr s, Expr t) const = 0;

  /// The law of x_T for data at the origin.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// With the transitions 0 -> s (A_s, D_s, m_s) and s -> t (A, D, m), V = A^2 D_s^2 + D^2: x_s is normal with mean
  /// (D^2 / V) (A_s x_0 + m_s) + (D_s^2 / V) A (x_t - m) and variance D_s^2 D^2 / V (Bayes' rule for normals).
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  Expr transition(Expr xs, Expr s, Expr t) const override;
  /// -1/2 |w|^2 - n log deviation - log det L - n/2 log(2 pi), with w = L^{-1} (x_t - mean) / deviation, C = L L^T, and
  /// n the dimension of the space.
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

  /// With x_t = A x_0 + m + D n, the noise n of covariance C, a model may return
  ///   "endpoint"  x_0
  ///   "tangent"   x_0 - x_t
  ///   "noise"     n: Ho, Jain, Abbeel: "Denoising diffusion probabilistic models" (2020)
  ///   "score"     the gradient of log p(x_t | x_0) at x_t, -C^{-1} n / D: Song et al. (2021)
  ///   "velocity"  v = A n - D x_0, the v-prediction of Salimans and Ho: "Progressive distillation" (2022)
  /// The velocity of the probability flow (Sampler::flow_velocity) is another: it has the derivatives of A, D and m in
  /// the place of -D, A and 0.
  /// x_0 from noise and score is (x_t - m - D n) / A, as badly told as A is small; of velocity it is
  /// (A (x_t - m) - D v) / (A^2 + D^2). Elements of x_0 stop at 1e30.
  std::vector<Estimate> estimates() const override;
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  /// The square of the difference to what the data and x_t make of the estimate: of the endpoint, tangent, noise or
  /// velocity. Of "score" that of the noises -D C score: D^2 |score - that of p|^2 where C is the identity, weighted as
  /// by Song et al. (2021).
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override;
  /// x_s = mean_s + (D_s / D_t) (x_t - mean_t): the noise stays. With an estimate for x_0 it is DDIM without noise,
  /// Song, Meng, Ermon: "Denoising diffusion implicit models" (2021).
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// A' x_0 + m' + D' n: x_0 and n as the estimate has them, where one of them follows from the other and x_t.
  std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override;

  /// A^2 / D^2 up to 1e30, of which weights of losses are made (Placement::weight; t is the process's time): a number,
  /// or one for each element of a point. The square loss of the noise is that of the endpoint times this, and where A^2
  /// + D^2 is 1, that of the velocity is it times this + 1. Weights of endpoints in use are min(this, 5) (Hang et al.:
  /// "Efficient diffusion training via min-SNR weighting strategy", 2023), max(this, 1) (Salimans and Ho, 2022) and, of
  /// Elucidated, this + 1 / (deviation of the data)^2 (Karras et al., 2022).
  Expr signal_to_noise(Expr t) const;

 protected:
  /// Throws Error for a covariance of another size, or on a space that is not the whole of R^n.
  explicit LinearGaussian(Kept<Flat> space, Covariance covariance = {});
  const Flat& flat() const { return static_cast<const Flat&>(space()); }
  const Covariance& covariance() const { return covariance_; }
  /// Normal with covariance C, in the shape of a point.
  Expr noise() const;
  /// Returns `value`; throws Error naming `what` unless there is one number for all coordinates or one for each element
  /// of a point, this only where neither the space nor the covariance joins coordinates.
  PerCoordinate separate(std::string_view whose, std::string_view what, PerCoordinate value) const;
  /// The same for a scale: every number is above 0.
  PerCoordinate scale(std::string_view whose, std::string_view what, PerCoordinate value) const;
  /// Likewise for a place: finite, and a point of the space.
  PerCoordinate place(std::string_view whose, std::string_view what, PerCoordinate value) const;
  /// How fast the moments from time 0 to t change with t: A', D' / D and m'. By default the derivatives of `moments`,
  /// which is then to have no loops.
  struct Slopes {
    std::optional<Expr> decay;  ///< Absent: 0.
    Expr log_deviation;
    std::optional<Expr> shift;  ///< Absent: 0.
  };
  virtual Slopes slopes(Expr t) const;
  /// x_t - mean_t, given x_0.
  Expr away_from_mean(const Moments& all, const Expr& x0, const Expr& xt) const;
  /// A constant: a number, or of a point's shape.
  Expr spread(const PerCoordinate& value) const;

 private:
  PerCoordinate sized(std::string_view whose, std::string_view what, PerCoordinate value) const;
  /// The bridge's law; the deviation of each element of the noise.
  struct Between {
    Expr mean, deviation;
  };
  Between between(const Expr& x0, const Expr& xt, const Expr& s, const Expr& t) const;
  Covariance covariance_;
};

/// dX = drift dt + sqrt(rate) dW.
struct BrownianOptions {
  PerCoordinate rate = 1;  ///< Variance per unit of time.
  PerCoordinate drift = 0;
};

/// Brownian motion: x_t given x_0 is N(x_0 + drift t, rate t C). A walk back starts at N(drift T, rate T C), which is
/// the law of x_T where the data are much narrower than sqrt(rate T).
class EuclideanBrownian final : public LinearGaussian {
 public:
  EuclideanBrownian(Kept<Flat> space, BrownianOptions options, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;

 private:
  PerCoordinate rate_, drift_;
};

/// Brownian motion on a flat space, `rate` its variance per unit of time.
template <std::derived_from<Flat> Space>
EuclideanBrownian Brownian(Space space, double rate, Covariance covariance = {}) {
  return {std::move(space), {.rate = rate}, std::move(covariance)};
}
template <std::derived_from<Flat> Space>
EuclideanBrownian Brownian(Space space, BrownianOptions options, Covariance covariance = {}) {
  return {std::move(space), std::move(options), std::move(covariance)};
}

/// dX = theta (mean - X) dt + sigma dW.
struct OrnsteinUhlenbeckOptions {
  PerCoordinate theta = 1;
  PerCoordinate mean = 0;
  PerCoordinate sigma = 1;
};

/// x_t given x_0 is N(mean + e^{-theta t} (x_0 - mean), sigma^2 (1 - e^{-2 theta t}) / (2 theta) C); the prior is the
/// stationary law N(mean, sigma^2 / (2 theta) C). Uhlenbeck and Ornstein: "On the theory of the Brownian motion"
/// (1930).
class OrnsteinUhlenbeck final : public LinearGaussian {
 public:
  OrnsteinUhlenbeck(Kept<Flat> space, OrnsteinUhlenbeckOptions options, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;
  Expr prior(Expr horizon) const override;

 private:
  PerCoordinate theta_, mean_, sigma_;
};

/// A term weight e^{rate t}.
struct Exponential {
  PerCoordinate weight;
  PerCoordinate rate;
};

/// dX = theta (mean - X) dt + sqrt(v(t)) dW, v(t) = variance + the sum of the terms, of which none is negative.
struct ScheduledOrnsteinUhlenbeckOptions {
  PerCoordinate theta = 1;
  PerCoordinate mean = 0;
  PerCoordinate variance = 1;
  std::vector<Exponential> terms = {};
};

/// From s to t, d = t - s, the noise's variance is a sum of closed forms: of w e^{b u} it is
/// w (e^{b t} - e^{b s - 2 theta d}) / (b + 2 theta). The prior is the law of x_T for data at the origin. Exponents
/// stop at 80, where floats end.
class ScheduledOrnsteinUhlenbeck final : public LinearGaussian {
 public:
  ScheduledOrnsteinUhlenbeck(Kept<Flat> space, ScheduledOrnsteinUhlenbeckOptions options, Covariance covariance = {});
  Moments moments(Expr s, Expr t) const override;

 private:
  PerCoordinate theta_, mean_;
  std::vector<Exponential> terms_;
};

/// e^{rate t} for a constant rate, to rounding whatever the exponent: that of the rate and of the product is made up
/// for. Exponents stop at 80.
Expr exp_of_product(const Expr& rate, const Expr& t);

}  // namespace catenary
