// Processes and joints: the checks and defaults behind the declarations.
#include <catenary/dsl/joint.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <catenary/dsl/checks.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/gradient.h>
#include <catenary/dsl/rewrite.h>
#include <catenary/dsl/schedule.h>

namespace catenary {

double Process::approximation(double) const { return 0; }

std::optional<Expr> Process::log_density(Expr, Expr, Expr) const { return std::nullopt; }

std::optional<Expr> Process::score(Expr x0, Expr xt, Expr t) const {
  const auto* manifold = dynamic_cast<const Manifold*>(&space());
  if (!manifold) return std::nullopt;
  // Differentiated where x_t is a leaf of its own, so that nothing is carried through what x_t, x_0 and t are made of.
  Expr at = parameter("x_t of the score", space().type(), space().point());
  std::optional<Expr> density = log_density(std::move(x0), at, std::move(t));
  if (!density) return std::nullopt;
  return rewrite({manifold->gradient(at, gradient(*density, at))}, {{at, std::move(xt)}})[0];
}

std::vector<Estimate> Process::estimates() const {
  std::vector<Estimate> kinds{{"endpoint", space().point(), space().type()}};
  if (dynamic_cast<const Manifold*>(&space())) kinds.push_back({"tangent", space().point()});
  return kinds;
}

Expr Process::endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr) const {
  const auto* manifold = dynamic_cast<const Manifold*>(&space());
  if (!manifold || kind.kind != "tangent") return estimate;
  return manifold->exp(xt, manifold->tangent(xt, std::move(estimate)));
}

std::optional<Expr> Process::step(const Estimate&, Expr, Expr, Expr, Expr) const { return std::nullopt; }
std::optional<Expr> Process::flow_step(const Estimate&, Expr, Expr, Expr, Expr) const { return std::nullopt; }
std::optional<Expr> Process::flow_velocity_by(const Estimate&, Expr, Expr, Expr) const { return std::nullopt; }

std::optional<Loss> Process::loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const {
  const auto* manifold = dynamic_cast<const Manifold*>(&space());
  if (!manifold) return std::nullopt;
  if (kind.kind == "tangent") {
    Expr off = manifold->tangent(xt, estimate) - manifold->log(xt, x0);
    return manifold->inner(xt, off, off);
  }
  Expr end = endpoint(kind, estimate, xt, std::move(t));
  // The gradient of the square distance to x_0 is -2 log(end, x_0) (the lemma of Gauss); its inner products with v are
  // the derivatives along v. That is finite where distances are not differentiable.
  Expr v = parameter("v of the loss", Type::f32, space().point());
  Expr by_end = gradient(manifold->inner(end, -2.0 * manifold->log(end, x0), v), v);
  Expr number = square(manifold->distance(std::move(x0), end));
  if (same(end, estimate)) return Loss(number, by_end);
  Expr fixed = parameter("derivatives of the loss", Type::f32, space().point());
  Expr along = fixed.shape().empty() ? fixed * end : dot(fixed, end);
  return Loss(number, rewrite({gradient(along, estimate)}, {{fixed, by_end}})[0]);
}

Expr Process::weight(const Estimate&, Expr) const { return constant(1); }

std::optional<Expr> Process::flow(Expr, Expr, Expr, Expr) const { return std::nullopt; }
std::optional<Expr> Process::bridge_mean(Expr, Expr, Expr, Expr) const { return std::nullopt; }

std::optional<Expr> Process::flow_velocity(Expr x0, Expr xt, Expr t) const {
  Expr s = parameter("s of the flow", Type::f32, {}), u = parameter("a covector", Type::f32, xt.shape());
  std::optional<Expr> led = flow(std::move(x0), std::move(xt), s, t);
  if (!led || led->type() != Type::f32) return std::nullopt;
  if (led->shape() != u.shape())
    throw Error(fmt::format("the flow returns f32 {}; a point of its space '{}' is f32 {}", to_string(led->shape()),
                            space().name(), to_string(u.shape())));
  // A derivative by s is the gradient, by u, of that of dot(u, flow), which is linear in u. What is left of u asks
  // whether a branch is taken, that is, whether a sum of its elements is 0: any that do not cancel will do.
  Expr along = gradient(u.shape().empty() ? u * *led : dot(u, *led), s);
  std::vector<double> some(size_t(element_count(u.shape())));
  for (size_t i = 0; i < some.size(); ++i) some[i] = 1 + std::abs(std::sin(double(i + 1)));
  return rewrite({gradient(along, u)}, {{s, t}, {u, constant(some, u.shape())}})[0];
}

Estimate Joint::Component::estimate() const {
  std::vector<Estimate> kinds = process->estimates();
  if (kinds.empty())
    throw Error("the process has no estimate for a model to return; estimates() must give one or more");
  std::string names;
  for (const Estimate& e : kinds) {
    if (placement.estimate.empty() || e.kind == placement.estimate) return e;
    names += (names.empty() ? "" : ", ") + e.kind;
  }
  throw Error(fmt::format("the process on space '{}' has no estimate '{}'; it has {}", process->space().name(),
                          placement.estimate, names));
}

namespace {

// Times of [0, horizon] at which functions of time are looked at.
constexpr int parts = 1024;
double time_of(int part, double horizon) { return part * (horizon / parts); }

// Of a function of the time "t" that must be an f32 number and must not draw; else throws Error, in the words that
// `what` (a clock) `does` (reads) such a number.
Evaluator of_time(const Expr& number, std::string_view does, std::string_view what) {
  if (number.type() != Type::f32 || !number.shape().empty())
    throw Error(fmt::format("it {} {} {}; {} {} an f32 number", does, name_of(number.type()), to_string(number.shape()),
                            what, does));
  if (!number_draws(schedule({number})).empty())
    throw Error(fmt::format("it draws; {} must be a function of time alone", what));
  return Evaluator({number});
}

// Throws Error unless the clock is a function of time that is 0 at 0, does not fall on [0, horizon], and moves.
void check_clock(const Clock& clock, double horizon) {
  if (clock.is_identity()) return;
  Evaluator read = of_time(clock(parameter("t", Type::f32, {})), "reads", "a clock");
  std::vector<double> readings;
  for (int i = 0; i <= parts; ++i) {
    double now = time_of(i, horizon), value = read({{"t", {now}}})[0][0];
    if (!std::isfinite(value)) throw Error(fmt::format("it reads {} at time {:.6g}; it must be finite", value, now));
    readings.push_back(value);
  }
  if (readings[0] != 0) throw Error(fmt::format("it reads {:.6g} at time 0; it must read 0", readings[0]));
  // Falls that rounding makes are not its own.
  double allowed = 1e-12 * *std::max_element(readings.begin(), readings.end());
  for (int i = 1; i <= parts; ++i)
    if (readings[i] < readings[i - 1] - allowed)
      throw Error(fmt::format("it falls from {:.6g} at time {:.6g} to {:.6g} at time {:.6g}; it must not fall",
                              readings[i - 1], time_of(i - 1, horizon), readings[i], time_of(i, horizon)));
  if (!(readings[parts] > 0))
    throw Error(fmt::format("it still reads 0 at the horizon {:.6g}; the component would never move", horizon));
}

// Throws Error unless the weight is a function of time, finite and not below 0 on (0, horizon].
void check_weight(const std::function<Expr(Expr)>& weight, double horizon) {
  if (!weight) return;
  Evaluator read = of_time(weight(parameter("t", Type::f32, {})), "is", "a weight");
  for (int i = 1; i <= parts; ++i) {
    double now = time_of(i, horizon), value = read({{"t", {now}}})[0][0];
    if (!std::isfinite(value) || value < 0)
      throw Error(fmt::format("it is {:.6g} at time {:.6g}; it must be a finite number of at least 0", value, now));
  }
}

}  // namespace

Joint::Joint(std::string name, double horizon, JointOptions options)
    : name_(std::move(name)), horizon_(horizon), options_(options) {
  if (!is_identifier(name_))
    throw Error(fmt::format("a joint process is named by letters, digits and underscores; found '{}'", name_));
  if (!(horizon > 0) || !std::isfinite(horizon))
    throw Error(fmt::format("joint '{}' needs a horizon (the time of pure noise) above 0; found {}", name_, horizon));
  if (options.rounds != philox_rounds && options.rounds != fewest_philox_rounds)
    throw Error(fmt::format("joint '{}' draws by Philox with {} or {} rounds; {} were asked for", name_, philox_rounds,
                            fewest_philox_rounds, options.rounds));
}

size_t Joint::add(std::string name, Kept<Process> process, Placement placement) {
  if (!is_identifier(name))
    throw Error(
        fmt::format("joint '{}': a component is named by letters, digits and underscores; found '{}'", name_, name));
  for (const Component& c : components_)
    if (c.name == name)
      throw Error(fmt::format("joint '{}' already has a component '{}'; names are unique", name_, name));
  if (components_.size() >= 65536)
    throw Error(fmt::format("joint '{}' has 65,536 components; that is the most there may be", name_));
  auto checked = [&](const char* what, auto&& check, const auto& function) {
    try {
      check(function, horizon_);
    } catch (const Error& e) {
      throw Error(fmt::format("joint '{}', component '{}', {}: {}", name_, name, what, e.what()));
    }
  };
  checked("clock", check_clock, placement.clock);
  checked("weight of its loss", check_weight, placement.weight);
  Component component{std::move(name), std::move(process), std::move(placement)};
  try {
    const Space& space = component.process->space();
    check_shape(fmt::format("points of space '{}'", space.name()), space.point());
    check_shape("estimates", component.estimate().shape);
  } catch (const Error& e) {
    throw Error(fmt::format("joint '{}', component '{}': {}", name_, component.name, e.what()));
  }
  components_.push_back(std::move(component));
  return components_.size() - 1;
}

}  // namespace catenary
