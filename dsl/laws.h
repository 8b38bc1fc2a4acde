// Laws: the question each pipeline answers, as an expression over named parameters.
#pragma once

#include <catenary/dsl/joint.h>
#include <catenary/support/philox.h>

namespace catenary {

/// A draw, or from log_density on a value, as a function of named parameters.
struct Law {
  Question question;
  std::vector<Expr> parameters;  ///< Any of x0, xs, estimate, xt, s, t, in this order; or source.
  Expr result;
};

/// The law of one component in the joint's time, exact at its ends:
///   prior()                     a point
///   forward(x0, t)              a point; at t = 0 x0
///   bridge(x0, xt, s, t)        a point; at s = 0 x0, at s = t xt
///   step(estimate, xt, s, t)    the same, from the endpoint that the estimate stands for, or by a step of its own
///   transition(xs, s, t)        a point; at s = t xs
///   log_density(x0, xt, t)      an f32 number, t > 0
///   score(x0, xt, t)            f32 of a point's shape, t > 0
///   loss(x0, estimate, xt, t)   an f32 number, t > 0: the process's loss times its weight
///   loss_gradient(the same)     f32 of the estimate's shape: the derivatives of the loss by its elements
///   flow_step(estimate, xt, s, t)   a point; as step, by the flow in place of the bridge
///   mean_step(estimate, xt, s, t)   a point; as step, by the bridge's mean
///   flow_velocity(estimate, xt, t)  f32 of a point's shape, t > 0: dx_t/dt of the flow, in the joint's time
/// Beside components that have a flow, or means, those of integers are drawn as by step; beside those that have a
/// score, or a velocity, theirs is 0. Where the clock reads 0 at t, an estimate that is not an endpoint itself stands
/// for x_t. A component does not move while its clock stands: x_t is x0 where the clock reads 0 at t, x_s is x_t where
/// it reads the same at both (but x0 at s = 0). Throws Error naming joint, component and question for what the process
/// refuses or does not give, for a value of another type or shape, for draws that the counter layout cannot hold, and
/// for any draw in what is not drawn.
Law derive(const Joint& joint, const Joint::Component& component, Question question);

/// Whether the process gives this law: from log_density on they are its to give, a transition it has where it is
/// Markov, the others always. Where it gives none, derive says why.
bool answers(const Joint::Component& component, Question question);
/// Whether it is in its joint process: components of integers go on where another one goes by its flow or its means,
/// and have no gradient where another one has.
bool answers(const Joint& joint, const Joint::Component& component, Question question);

}  // namespace catenary
