// One kind of estimate of a component, in double precision: what it stands for, its loss, and which one is true.
#pragma once

#include <optional>
#include <string>

#include <catenary/verify/subject.h>

namespace catenary::verifying {

/// The largest absolute value; NaN where an element is.
double size_of(const Vector& v);

class EstimateKind {
 public:
  /// Up to the process's own time `horizon`; with a clock, the joint's, in which its times then are.
  EstimateKind(const Component& c, const Estimate& estimate, double horizon, const Clock& clock = {});

  struct Place {
    Vector x0, xt;
    double t;
  };
  const std::string& name() const { return estimate_.kind; }
  bool has_loss() const { return bool(loss_); }
  bool has_gradient() const { return bool(gradient_); }
  const Estimate& estimate() const { return estimate_; }
  bool has_score() const { return bool(score_); }
  /// Whether the process steps by the estimate itself, and not by way of an endpoint.
  bool steps_itself() const;
  /// Whether the estimate is a point of the space.
  bool is_point() const { return estimate_.kind == "endpoint"; }
  bool is_logits() const { return c_.categorical() && estimate_.kind == "logits"; }

  Vector endpoint(const Place& at, const Vector& estimate) const { return ask(*endpoint_, at, estimate); }
  double loss(const Place& at, const Vector& estimate) const { return ask(*loss_, at, estimate)[0]; }
  Vector gradient(const Place& at, const Vector& estimate) const { return ask(*gradient_, at, estimate); }
  /// Where the flow leads by time s; where the process has one.
  Vector flown(const Place& at, const Vector& estimate, double s) const { return ask(*flow_, at, estimate, s); }
  bool has_velocity() const { return bool(velocity_); }
  /// That of the flow at x_t, where has_velocity().
  Vector velocity(const Place& at, const Vector& estimate) const { return ask(*velocity_, at, estimate); }
  /// All these compiled, and steps and the score where they are there; times are the process's own.
  Sampler compiled(const Session& session) const;

  /// The estimate that x_0 makes true: of points, scores and logits it is known, else the least of a loss that is a
  /// square. Absent where there is no such loss.
  std::optional<Vector> truth(const Place& at) const;
  /// Whether the loss is the same for all estimates, or falls below all bounds.
  bool has_no_least(const Place& at) const;
  /// Another estimate: i tells which.
  Vector other(const Place& at, const Vector& truth, const Vector& other_x0, uint64_t i) const;

  /// The estimate gone h along direction v, which is made tangent where it is a point of a manifold.
  Vector moved(const Vector& from, double h, const Vector& v) const;
  Vector direction(const Vector& from, uint64_t i) const;
  /// Whether a boundary lies between the estimate and where it is moved to, either way.
  bool reflected(const Vector& from, double h, const Vector& v) const;

 private:
  Vector ask(const Evaluator& function, const Place& at, const Vector& estimate, double s = 0) const;
  std::optional<Vector> least_of_square(const Place& at) const;

  const Component& c_;
  Estimate estimate_;
  Joint joint_;
  std::optional<Evaluator> endpoint_, score_, loss_, gradient_, flow_, velocity_;
};

}  // namespace catenary::verifying
