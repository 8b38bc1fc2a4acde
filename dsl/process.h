// Processes on a space, from data at time 0 to noise.
#pragma once

#include <optional>
#include <vector>

#include <catenary/dsl/space.h>

namespace catenary {

/// What the model returns at a point: an estimate of the data there.
struct Estimate {
  /// "endpoint" (a point of the space), "tangent", "logits", ...: a name of the process's own, see Process::estimates.
  std::string kind;
  Shape shape;
  Type type = Type::f32;
  /// Of logits: the categories that are no data, never drawn whatever their logits.
  std::vector<int64_t> forbidden = {};
  /// Whether the estimate that x_0 makes true stands for x_0 at every time. If not, it does as t -> 0.
  bool tells_x0 = true;
};

/// What a model is trained on: a number at each point.
struct Loss {
  Loss(Expr number) : number(std::move(number)) {}  // NOLINT(google-explicit-constructor)
  Loss(Expr number, Expr gradient) : number(std::move(number)), gradient(std::move(gradient)) {}
  Expr number;
  /// Its derivatives by the elements of the estimate. Absent: derived from the number.
  std::optional<Expr> gradient;
};

/// A process, given by its laws. Times are the process's own: what its clock reads. Its functions depend on their
/// arguments alone, and may be called from several threads at once.
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

  /// A draw of x_t given x_s, 0 <= s < t. By default forward(xs, t - s), which is right where the law of a step depends
  /// on its length alone; a process whose coefficients change with time overrides it.
  virtual Expr transition(Expr xs, Expr s, Expr t) const { return forward(xs, t - s); }
  /// log p(x_t | x_0), t > 0: a number, the density in the space's volume (for categories: the probability). By default
  /// not known.
  virtual std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const;
  /// The gradient of log_density at x_t, a tangent vector there; by default derived from log_density, where there is
  /// one and the space is a manifold.
  virtual std::optional<Expr> score(Expr x0, Expr xt, Expr t) const;

  /// Whether x_t is a Markov process by itself. An interpolant is one only given its endpoints: it has no transition.
  virtual bool markov() const { return true; }
  /// Whether a bridge from t to s and on to r has the law of a bridge from t to r: whether x_t is Markov given x_0.
  virtual bool bridges_compose() const { return markov(); }

  /// How far the laws drawn up to time t may be from the stated ones; 0: exact. In units of standard deviations: the
  /// mean of any statistic is off by at most that many of its own (the chi distance of the two laws).
  virtual double approximation(double t) const;

  /// What the model may return, at least one; the first unless Placement::estimate names another. By default
  /// "endpoint", a point of the space, and on a manifold "tangent", the tangent vector v at x_t with x_0 = exp(x_t, v).
  virtual std::vector<Estimate> estimates() const;
  /// The endpoint x_0 that an estimate of that kind made at (x_t, t), t > 0, stands for, or a draw of it. By default
  /// the estimate itself, and of "tangent" exp(x_t, v), with v made tangent first.
  virtual Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const;

  /// Draws x_s by the estimate made at (x_t, t) itself, 0 < s < t, where that is not the bridge from the endpoint that
  /// it stands for; x_s where the probability flow leads, where that is not the flow from there; and its velocity at
  /// x_t, t > 0, where that is not the velocity from there. By default there are none: the endpoint's serve.
  virtual std::optional<Expr> step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const;
  virtual std::optional<Expr> flow_step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const;
  virtual std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const;

  /// The loss of an estimate made at (x_t, t), t > 0, where the data are x_0; the models that it is least for on
  /// average are those that a walk asks for. By default on a manifold: of "tangent" |v - log(x_t, x_0)|^2 in the metric
  /// at x_t (Chen, Lipman: "Flow matching on general geometries", 2024); of any other kind the squared geodesic
  /// distance from x_0 to the endpoint.
  virtual std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const;
  /// What the loss is multiplied by at time t, a number; by default 1.
  virtual Expr weight(const Estimate& kind, Expr t) const;

  /// Where the probability flow of the law given x_0 takes x_t at time s < t: a deterministic x_s that, x_t being drawn
  /// by forward, has the law of a forward draw at s. By default there is none.
  virtual std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const;
  /// dx_t/dt of that flow at x_t, t > 0: f32 of a point's shape, a tangent vector at x_t. By default the derivative of
  /// flow by s at s = t, which is then to be differentiable there, and without loops over what depends on s.
  virtual std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const;
  /// The mean of x_s given both ends, 0 < s < t, where a space has means: in flat ones, and where x_s is certain. By
  /// default there is none.
  virtual std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const;

 protected:
  explicit Process(Kept<Space> space) : space_(std::move(space)) {}

 private:
  Kept<Space> space_;
};

}  // namespace catenary
