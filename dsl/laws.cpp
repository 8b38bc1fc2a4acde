// From a component to its laws.
#include <catenary/dsl/laws.h>

#include <fmt/format.h>

#include <catenary/dsl/schedule.h>

namespace catenary {

namespace {

Law derive_unchecked(const Joint& joint, const Joint::Component& component, Question question) {
  const Process& process = *component.process;
  const Space& space = process.space();
  const Clock& clock = component.placement.clock;
  auto point = [&](const char* name) { return parameter(name, space.type(), space.point()); };
  auto checked = [&](Expr e, std::string_view what) {
    if (e.type() != space.type() || e.shape() != space.point())
      throw Error(fmt::format("the {} returns {} {}; a point of its space '{}' is {} {}", what, name_of(e.type()),
                              to_string(e.shape()), space.name(), name_of(space.type()), to_string(space.point())));
    if (e->scope) schedule({e});  // Throws at the user's line, which the selects below would hide.
    return e;
  };
  Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
  Expr x0 = point("x0"), xt = point("xt");
  auto bridge = [&](Expr start) {
    Expr between = checked(process.bridge(start, xt, clock(s), clock(t)), "bridge");
    return select(s <= 0.0, start, select(s >= t, xt, between));
  };
  switch (question) {
    case Question::prior: {
      Expr horizon = clock(constant(joint.horizon()));
      return {question, {}, checked(process.prior(horizon), "prior")};
    }
    case Question::forward:
      return {question, {x0, t}, select(t <= 0.0, x0, checked(process.forward(x0, clock(t)), "forward"))};
    case Question::bridge: return {question, {x0, xt, s, t}, bridge(x0)};
    case Question::step: {
      Estimate e = process.estimate();
      Expr estimate = parameter("estimate", e.type, e.shape);
      return {question, {estimate, xt, s, t}, bridge(checked(process.endpoint(estimate, xt, clock(t)), "endpoint"))};
    }
  }
  throw Bug("unknown question");
}

}  // namespace

Law derive(const Joint& joint, const Joint::Component& component, Question question) {
  try {
    Law law = derive_unchecked(joint, component, question);
    number_draws(schedule({law.result}));  // Refuses what the counter layout cannot hold.
    return law;
  } catch (const Error& e) {
    throw Error(
        fmt::format("joint '{}', component '{}', {}: {}", joint.name(), component.name, name_of(question), e.what()));
  }
}

}  // namespace catenary
