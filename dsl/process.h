// Processes on a space, from data at time 0 to noise.
#pragma once

#include <optional>

#include <catenary/dsl/space.h>

namespace catenary {

/// What the model returns at a point: an estimate of the data there.
struct Estimate {
  /// "endpoint" (a point of the space) or "logits" (unnormalised log-probabilities of the categories).
  std::string kind;
  Shape shape;
  Type type = Type::f32;
  /// Of logits: the categories that are no data, never drawn whatever their logits.
  std::vector<int64_t> forbidden = {};
};

/// A process, given by its laws. Times are the process's own: what its clock reads. Its functions depend on their arguments
/// alone, and may be called from several threads at once.
class Process {
 public:
  virtual ~Process() = default;
  const Space& space() const { return *space_; }

  /// A draw of x_T, the law that a walk back starts from.
  virtual Expr prior(Expr horizon) const = 0;
  /// A draw of x_t given x_0, t > 0.
  virtual Expr forward(Expr x0, Expr t) const = 0;
  /// A draw of x_s given x_0 and x_t, 0 < s < t.
  virtual Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const = 0;

  /// A draw of x_t given x_s, 0 <= s < t. By default forward(xs, t - s), which is right where the law of a step depends on its
  /// length alone; a process whose coefficients change with time overrides it.
  virtual Expr transition(Expr xs, Expr s, Expr t) const { return forward(xs, t - s); }
  /// log p(x_t | x_0), t > 0: a number, the density in the space's volume (for categories: the probability). By default not known.
  virtual std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const;
  /// The gradient of log_density at x_t, a tangent vector there; by default derived from log_density, where there is one and
  /// the space is a manifold.
  virtual std::optional<Expr> score(Expr x0, Expr xt, Expr t) const;

  /// Whether x_t is a Markov process by itself. An interpolant is one only given its endpoints: it has no transition.
  virtual bool markov() const { return true; }
  /// Whether a bridge from t to s and on to r has the law of a bridge from t to r: whether x_t is Markov given x_0.
  virtual bool bridges_compose() const { return markov(); }

  /// How far the laws drawn up to time t may be from the stated ones; 0: exact. In units of standard deviations: the mean of any
  /// statistic is off by at most that many of its own (the chi distance of the two laws).
  virtual double approximation(double t) const;

  /// What the model returns; by default a point of the space.
  virtual Estimate estimate() const { return {"endpoint", space().point(), space().type()}; }
  /// The endpoint x_0 that an estimate made at (x_t, t) stands for, or a draw of it.
  virtual Expr endpoint(Expr estimate, Expr xt, Expr t) const;

 protected:
  explicit Process(Kept<Space> space) : space_(std::move(space)) {}

 private:
  Kept<Space> space_;
};

}  // namespace catenary
