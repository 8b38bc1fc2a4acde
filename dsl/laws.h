// Laws: the question each pipeline answers, as an expression over named parameters.
#pragma once

#include <catenary/dsl/joint.h>
#include <catenary/support/philox.h>

namespace catenary {

/// A draw as a function of named parameters.
struct Law {
  Question question;
  std::vector<Expr> parameters;  ///< Any of x0, xt, estimate, s, t, in this order.
  Expr result;
};

/// The law of one component: prior(), forward(x0, t), bridge(x0, xt, s, t) or step(estimate, xt, s, t), in the joint's
/// time, exact at its ends: forward at t = 0 is x0; bridge and step at s = 0 give x0, at s = t give xt. Throws Error
/// naming joint, component and question for what the process refuses, for a value of another type or shape than the
/// space's, and for draws that the counter layout cannot hold.
Law derive(const Joint& joint, const Joint::Component& component, Question question);

}  // namespace catenary
