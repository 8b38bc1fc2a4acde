// Processes on flat space whose transitions are linear in the state with Gaussian noise.
#pragma once

#include <optional>

#include <catenary/dsl/process.h>
#include <catenary/stdlib/euclidean.h>

namespace catenary {

/// A linear Gaussian process, every coordinate by itself. A process is declared by the moments of its transitions; everything
/// else follows from them.
class LinearGaussian : public Process {
 public:
  /// x_t given x_s is normal with mean decay x_s + shift and the variance given. Expressions of s and t alone.
  struct Moments {
    Expr decay;
    Expr variance;
    std::optional<Expr> shift = {};  ///< Absent: 0.
  };

  /// Those of the transition from time s to time t, 0 <= s < t.
  virtual Moments moments(Expr s, Expr t) const = 0;

  /// The law of x_T for data at the origin.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// With the transitions 0 -> s (A_s, V_s, m_s) and s -> t (A, V, m), V_t = A^2 V_s + V: x_s is normal with mean
  /// (V / V_t) (A_s x_0 + m_s) + (V_s / V_t) A (x_t - m) and variance V_s V / V_t (Bayes' rule for normals).
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  Expr transition(Expr xs, Expr s, Expr t) const override;
  /// Of n coordinates with variance V each: -1/2 |x_t - mean|^2 / V - n/2 log(2 pi V).
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

 protected:
  explicit LinearGaussian(Euclidean space) : Process(std::move(space)) {}
};

/// Brownian motion: dX = sqrt(rate) dW.
class EuclideanBrownian final : public LinearGaussian {
 public:
  EuclideanBrownian(Euclidean space, double rate);
  Moments moments(Expr s, Expr t) const override;

 private:
  double rate_;
};

/// Brownian motion on flat space, `rate` its variance per unit of time. The prior is N(0, rate T): a walk back starts there,
/// which is the law of x_T where the data are much narrower than sqrt(rate T).
EuclideanBrownian Brownian(Euclidean space, double rate);

/// dX = theta (mean - X) dt + sigma dW.
struct OrnsteinUhlenbeckOptions {
  double theta = 1;
  double mean = 0;
  double sigma = 1;
};

/// x_t given x_0 is N(mean + e^{-theta t} (x_0 - mean), sigma^2 (1 - e^{-2 theta t}) / (2 theta)); the prior is the stationary
/// law N(mean, sigma^2 / (2 theta)). Uhlenbeck and Ornstein: "On the theory of the Brownian motion" (1930).
class OrnsteinUhlenbeck final : public LinearGaussian {
 public:
  OrnsteinUhlenbeck(Euclidean space, OrnsteinUhlenbeckOptions options);
  Moments moments(Expr s, Expr t) const override;
  Expr prior(Expr horizon) const override;

 private:
  OrnsteinUhlenbeckOptions options_;
};

}  // namespace catenary
