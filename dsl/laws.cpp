// From a component to its laws.
#include <catenary/dsl/laws.h>

#include <algorithm>

#include <fmt/format.h>

#include <catenary/dsl/checks.h>
#include <catenary/dsl/gradient.h>
#include <catenary/dsl/schedule.h>

namespace catenary {

namespace {

// Steps that draw nothing where points have real numbers.
bool is_step(Question question) { return question == Question::flow_step || question == Question::mean_step; }

// What a process may have or not; throws Error where it has none.
Expr density_of(const Process& process, Question question, Expr x0, Expr xt, Expr t) {
  bool density = question == Question::log_density;
  if (!density && process.space().type() != Type::f32)
    throw Error(fmt::format("points of space '{}' are {}; only those of f32 have a score", process.space().name(),
                            name_of(process.space().type())));
  std::optional<Expr> value = density ? process.log_density(x0, xt, t) : process.score(x0, xt, t);
  if (value) return *value;
  throw Error(fmt::format(
      "the process on space '{}' has no {}; override {} in it", process.space().name(), density ? "density" : "score",
      density ? "log_density" : "score, or on a manifold log_density, from which the score follows,"));
}

// Times t are the joint's.
Expr loss_of(const Joint::Component& component, Question question, Expr estimate, Expr x0, Expr xt, Expr t) {
  const Process& process = *component.process;
  const Estimate kind = component.estimate();
  Expr at_t = component.placement.clock(t);
  std::optional<Loss> loss = process.loss(kind, estimate, x0, xt, at_t);
  if (!loss)
    throw Error(fmt::format("the process on space '{}' has no loss for its estimate '{}'; override loss in it",
                            process.space().name(), kind.kind));
  if (loss->number.type() != Type::f32 || !loss->number.shape().empty())
    throw Error(fmt::format("the loss returns {} {}; it must be f32 []", name_of(loss->number.type()),
                            to_string(loss->number.shape())));
  if (question == Question::loss_gradient && kind.type != Type::f32)
    throw Error(fmt::format("the estimate '{}' is {}; a loss has derivatives by f32 elements alone", kind.kind,
                            name_of(kind.type)));
  Expr value = question == Question::loss ? loss->number
               : loss->gradient           ? *loss->gradient
                                          : gradient(loss->number, estimate);
  const auto& placed = component.placement.weight;
  Expr weight = placed ? placed(std::move(t)) : process.weight(kind, std::move(at_t));
  if (weight.type() != Type::f32 || !weight.shape().empty())
    throw Error(fmt::format("the weight of the loss is {} {}; it must be f32 []", name_of(weight.type()),
                            to_string(weight.shape())));
  return same(weight, constant(1)) ? value : weight * value;
}

// Where a step without a draw leads, by an estimate that stands for x_0.
Expr led_to(const Process& process, Question question, const Estimate& kind, const Expr& estimate, const Expr& x0,
            const Expr& xt, const Expr& s, const Expr& t) {
  bool flow = question == Question::flow_step;
  std::optional<Expr> found = flow ? process.flow_step(kind, estimate, xt, s, t) : process.bridge_mean(x0, xt, s, t);
  if (!found && flow) found = process.flow(x0, xt, s, t);
  if (found) return *found;
  throw Error(fmt::format("the process on space '{}' has no {}; walk by steps that draw{}", process.space().name(),
                          flow ? "flow" : "mean of its bridge",
                          process.space().type() == Type::i32 ? ", as categories must"
                          : flow                              ? ", or override flow in it"
                                                              : ", or override bridge_mean in it"));
}

// dx_t/dt of the flow in the process's own time, by an estimate that stands for x_0.
Expr velocity_of(const Process& process, const Estimate& kind, const Expr& estimate, const Expr& x0, const Expr& xt,
                 const Expr& t) {
  std::optional<Expr> found = process.flow_velocity_by(kind, estimate, xt, t);
  if (!found) found = process.flow_velocity(x0, xt, t);
  if (found) return *found;
  throw Error(fmt::format(
      "the process on space '{}' has no flow, and so no velocity{}", process.space().name(),
      process.space().type() == Type::i32 ? "; categories jump" : "; override flow or flow_velocity in it"));
}

// Whether it is of integers, which have no such law, beside components that have it: they are drawn, or have no
// gradient to go along.
bool rests_beside_others(const Joint& joint, const Joint::Component& component, Question question) {
  if (!is_step(question) && question != Question::score && question != Question::flow_velocity) return false;
  auto by_itself = [&](const Joint::Component& c) { return answers(c, question); };
  return component.process->space().type() == Type::i32 && !by_itself(component) &&
         std::ranges::any_of(joint.components(), by_itself);
}

Law derive_unchecked(const Joint& joint, const Joint::Component& component, Question question) {
  const Process& process = *component.process;
  const Space& space = process.space();
  const Clock& clock = component.placement.clock;
  auto point = [&](const char* name) { return parameter(name, space.type(), space.point()); };
  auto describe = [](Type type, const Shape& shape) { return fmt::format("{} {}", name_of(type), to_string(shape)); };
  auto expected = [&](Expr e, std::string_view what, Type type, const Shape& shape, std::string_view must) {
    if (e.type() != type || e.shape() != shape)
      throw Error(
          fmt::format("the {} returns {}; {} {}", what, describe(e.type(), e.shape()), must, describe(type, shape)));
    if (e->scope) schedule({e});  // Throws at the user's line, which the selects below would hide.
    return e;
  };
  auto checked = [&](Expr e, std::string_view what) {
    return expected(std::move(e), what, space.type(), space.point(),
                    fmt::format("a point of its space '{}' is", space.name()));
  };
  Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
  Expr x0 = point("x0"), xt = point("xt");
  // Besides the joint's ends those of the clock: where it still reads 0, or stands between s and t, the process has no
  // time.
  Expr at_s = clock(s), at_t = clock(t);
  bool moved = !same(at_t, t);
  Expr t_at_start = moved ? t <= 0.0 || at_t <= 0.0 : t <= 0.0;
  Expr no_time = moved ? s >= t || at_s >= at_t : s >= t;
  Expr s_at_start = moved ? s <= 0.0 || (at_s <= 0.0 && at_s < at_t) : s <= 0.0;
  auto between_ends = [&](const Expr& start, const Expr& between) {
    return select(s_at_start, start, select(no_time, xt, between));
  };
  auto bridge = [&](const Expr& start) {
    return between_ends(start, checked(process.bridge(start, xt, at_s, at_t), "bridge"));
  };
  Estimate kind = component.estimate();
  Expr estimate = parameter("estimate", kind.type, kind.shape);
  // An endpoint that is told with the help of x_t needs a time to have passed.
  auto endpoint = [&] {
    Expr end = checked(process.endpoint(kind, estimate, xt, at_t), "endpoint");
    return same(end, estimate) || space.type() != Type::f32 ? end : select(t_at_start, xt, end);
  };
  auto step = [&]() -> Law {
    std::optional<Expr> own = process.step(kind, estimate, xt, at_s, at_t);
    return {question, {estimate, xt, s, t}, own ? between_ends(endpoint(), checked(*own, "step")) : bridge(endpoint())};
  };
  const Expr nowhere = splat(0.0, space.point());
  switch (question) {
    case Question::prior: {
      Expr horizon = clock(constant(joint.horizon()));
      return {question, {}, checked(process.prior(horizon), "prior")};
    }
    case Question::forward:
      return {question, {x0, t}, select(t_at_start, x0, checked(process.forward(x0, at_t), "forward"))};
    case Question::bridge: return {question, {x0, xt, s, t}, bridge(x0)};
    case Question::step: return step();
    case Question::transition: {
      if (!process.markov())
        throw Error(
            fmt::format("the process on space '{}' is not Markov by itself, so it has no transition; ask for forward "
                        "from x0, or for "
                        "bridge between x0 and a later x_t",
                        space.name()));
      Expr xs = point("xs");
      return {question, {xs, s, t}, select(no_time, xs, checked(process.transition(xs, at_s, at_t), "transition"))};
    }
    case Question::log_density: {
      Expr value = density_of(process, question, x0, xt, at_t);
      return {question, {x0, xt, t}, expected(value, "log density", Type::f32, {}, "it must be")};
    }
    case Question::score: {
      if (rests_beside_others(joint, component, question)) return {question, {x0, xt, t}, nowhere};
      Expr value = density_of(process, question, x0, xt, at_t);
      return {question, {x0, xt, t}, expected(value, "score", Type::f32, space.point(), "it must be")};
    }
    case Question::loss:
    case Question::loss_gradient: {
      bool number = question == Question::loss;
      Expr value = loss_of(component, question, estimate, x0, xt, t);
      return {question,
              {x0, estimate, xt, t},
              expected(value, number ? "loss" : "gradient of the loss", Type::f32, number ? Shape{} : kind.shape,
                       "it must be")};
    }
    case Question::flow_step:
    case Question::mean_step: {
      if (rests_beside_others(joint, component, question)) return step();
      Expr start = endpoint();
      return {question,
              {estimate, xt, s, t},
              between_ends(start, checked(led_to(process, question, kind, estimate, start, xt, at_s, at_t),
                                          question == Question::flow_step ? "flow" : "mean of the bridge"))};
    }
    case Question::flow_velocity: {
      if (rests_beside_others(joint, component, question)) return {question, {estimate, xt, t}, nowhere};
      Expr value = expected(velocity_of(process, kind, estimate, endpoint(), xt, at_t), "velocity of the flow",
                            Type::f32, space.point(), "it must be");
      return {question, {estimate, xt, t}, moved ? select(t_at_start, 0.0, clock.derivative(t) * value) : value};
    }
    case Question::convert: throw Error("a process converts nothing; declare a Conversion, and compile it by itself");
  }
  throw Bug("unknown question");
}

}  // namespace

Law derive(const Joint& joint, const Joint::Component& component, Question question) {
  try {
    Law law = derive_unchecked(joint, component, question);
    const Schedule nodes = schedule({law.result});
    check_parameters(nodes, law.parameters);
    bool draws = !number_draws(nodes).empty();  // Refuses what the counter layout cannot hold.
    const bool may = is_drawn(question) || (is_step(question) && component.process->space().type() == Type::i32);
    if (draws && !may)
      throw Error(question < Question::loss ? "it draws, and a function of x0, xt and t must not"
                                            : "it draws, and a function of its arguments must not");
    return law;
  } catch (const Error& e) {
    throw Error(
        fmt::format("joint '{}', component '{}', {}: {}", joint.name(), component.name, name_of(question), e.what()));
  }
}

bool answers(const Joint::Component& component, Question question) {
  if (question == Question::transition) return component.process->markov();
  if (is_drawn(question)) return true;
  if (question == Question::convert) return false;
  const Process& process = *component.process;
  const Space& space = process.space();
  try {
    Estimate kind = component.estimate();
    Expr x0 = parameter("x0", space.type(), space.point()), xt = parameter("xt", space.type(), space.point());
    Expr estimate = parameter("estimate", kind.type, kind.shape);
    Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
    if (is_step(question))
      led_to(process, question, kind, estimate, x0, xt, s, t);
    else if (question == Question::flow_velocity)
      velocity_of(process, kind, estimate, x0, xt, t);
    else if (question < Question::loss)
      density_of(process, question, x0, xt, t);
    else
      loss_of(component, question, estimate, x0, xt, t);
    return true;
  } catch (const Error&) {
    return false;
  }
}

bool answers(const Joint& joint, const Joint::Component& component, Question question) {
  return answers(component, question) || rests_beside_others(joint, component, question);
}

}  // namespace catenary
