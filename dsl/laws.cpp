// From a component to its laws.
#include <catenary/dsl/laws.h>

#include <fmt/format.h>

#include <catenary/dsl/schedule.h>

namespace catenary {

namespace {

// What a process may have or not; throws Error where it has none.
Expr value_of(const Process& process, Question question, Expr x0, Expr xt, Expr t) {
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
  // Besides the joint's ends those of the clock: where it still reads 0, or stands between s and t, the process has no time.
  Expr at_s = clock(s), at_t = clock(t);
  bool moved = !same(at_t, t);
  Expr t_at_start = moved ? t <= 0.0 || at_t <= 0.0 : t <= 0.0;
  Expr no_time = moved ? s >= t || at_s >= at_t : s >= t;
  Expr s_at_start = moved ? s <= 0.0 || (at_s <= 0.0 && at_s < at_t) : s <= 0.0;
  auto bridge = [&](Expr start) {
    Expr between = checked(process.bridge(start, xt, at_s, at_t), "bridge");
    return select(s_at_start, start, select(no_time, xt, between));
  };
  switch (question) {
    case Question::prior: {
      Expr horizon = clock(constant(joint.horizon()));
      return {question, {}, checked(process.prior(horizon), "prior")};
    }
    case Question::forward:
      return {question, {x0, t}, select(t_at_start, x0, checked(process.forward(x0, at_t), "forward"))};
    case Question::bridge: return {question, {x0, xt, s, t}, bridge(x0)};
    case Question::step: {
      Estimate e = process.estimate();
      Expr estimate = parameter("estimate", e.type, e.shape);
      return {question, {estimate, xt, s, t}, bridge(checked(process.endpoint(estimate, xt, at_t), "endpoint"))};
    }
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
      Expr value = value_of(process, question, x0, xt, at_t);
      return {question, {x0, xt, t}, expected(value, "log density", Type::f32, {}, "it must be")};
    }
    case Question::score: {
      Expr value = value_of(process, question, x0, xt, at_t);
      return {question, {x0, xt, t}, expected(value, "score", Type::f32, space.point(), "it must be")};
    }
  }
  throw Bug("unknown question");
}

}  // namespace

Law derive(const Joint& joint, const Joint::Component& component, Question question) {
  try {
    Law law = derive_unchecked(joint, component, question);
    bool draws = !number_draws(schedule({law.result})).empty();  // Refuses what the counter layout cannot hold.
    if (draws && (question == Question::log_density || question == Question::score))
      throw Error("it draws, and a function of x0, xt and t must not");
    return law;
  } catch (const Error& e) {
    throw Error(
        fmt::format("joint '{}', component '{}', {}: {}", joint.name(), component.name, name_of(question), e.what()));
  }
}

bool answers(const Joint::Component& component, Question question) {
  if (question == Question::transition) return component.process->markov();
  if (question != Question::log_density && question != Question::score) return true;
  const Space& space = component.process->space();
  try {
    Expr x0 = parameter("x0", space.type(), space.point()), xt = parameter("xt", space.type(), space.point());
    value_of(*component.process, question, x0, xt, parameter("t", Type::f32, {}));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace catenary
