// Wrappers that give one function another result and pass the others on.
#include <catenary/tests/mutation/subjects.h>

#include <map>
#include <optional>

#include <fmt/format.h>

#include <catenary/dsl/rewrite.h>
#include <catenary/stdlib/geodesic_walk.h>

namespace catenary::testing {

namespace {

/// One function replaced: its name, the kind of estimate that it is for, its parameters, and what it returns now.
struct Replaced {
  std::string name, kind;
  std::vector<Expr> parameters;
  std::optional<Expr> result;

  /// The result for these arguments, if `function` is the one.
  std::optional<Expr> operator()(const char* function, std::vector<Expr> arguments, const std::string& of = {}) const {
    if (!result || name != function || kind != of) return std::nullopt;
    std::vector<std::pair<Expr, Expr>> pairs;
    for (size_t i = 0; i < arguments.size(); ++i) pairs.emplace_back(parameters[i], arguments[i]);
    return rewrite({*result}, pairs)[0];
  }
};

bool same_text(const std::optional<Expr>& a, const std::optional<Expr>& b) {
  return a.has_value() == b.has_value() && (!a || to_string(*a) == to_string(*b));
}

struct Leaves {
  explicit Leaves(const Space& space, Shape estimate = {}, Type estimate_type = Type::f32) {
    for (const char* name : {"x", "y", "u", "v", "x0", "xt", "xs"})
      all.emplace(name, parameter(name, space.type(), space.point()));
    for (const char* name : {"s", "t", "T", "variance"}) all.emplace(name, parameter(name, Type::f32, {}));
    all.emplace("estimate", parameter("estimate", estimate_type, std::move(estimate)));
  }
  const Expr& operator[](const char* name) const { return all.at(name); }
  std::map<std::string, Expr> all;
};

// Whether a space measures distances in its own way, not by log.
bool has_distance(const Manifold& m) {
  Leaves e(m);
  return !same_text(m.distance(e["x"], e["y"]), m.Manifold::distance(e["x"], e["y"]));
}

class MutatedManifold final : public Manifold {
 public:
  MutatedManifold(Kept<Manifold> original, Replaced replaced)
      : Manifold(original->name(), {.point = original->point(),
                                    .dimension = original->dimension(),
                                    .injectivity_radius = original->injectivity_radius(),
                                    .boundary = original->has_boundary(),
                                    .curvature = original->curvature()}),
        original_(std::move(original)),
        replaced_(std::move(replaced)) {}
  Expr project(Expr x) const override {
    return or_else(replaced_("project", {x}), [&] { return original_->project(x); });
  }
  Expr tangent(Expr x, Expr v) const override {
    return or_else(replaced_("tangent", {x, v}), [&] { return original_->tangent(x, v); });
  }
  Expr exp(Expr x, Expr v) const override {
    return or_else(replaced_("exp", {x, v}), [&] { return original_->exp(x, v); });
  }
  Expr log(Expr x, Expr y) const override {
    return or_else(replaced_("log", {x, y}), [&] { return original_->log(x, y); });
  }
  Expr inner(Expr x, Expr u, Expr v) const override {
    return or_else(replaced_("inner", {x, u, v}), [&] { return original_->inner(x, u, v); });
  }
  Expr distance(Expr x, Expr y) const override {
    if (!has_distance(*original_)) return Manifold::distance(x, y);
    return or_else(replaced_("distance", {x, y}), [&] { return original_->distance(x, y); });
  }
  Expr gradient(Expr x, Expr d) const override {
    return or_else(replaced_("gradient", {x, d}), [&] { return original_->gradient(x, d); });
  }
  Expr tangent_normal(Expr x) const override {
    return or_else(replaced_("tangent_normal", {x}), [&] { return original_->tangent_normal(x); });
  }
  Expr score(Expr x, Expr y, Expr v) const override {
    return or_else(replaced_("score", {x, y, v}), [&] { return original_->score(x, y, v); });
  }
  Expr uniform_point() const override {
    return or_else(replaced_("uniform_point", {}), [&] { return original_->uniform_point(); });
  }
  std::optional<Expr> origin() const override { return original_->origin(); }

 private:
  template <class F>
  static Expr or_else(std::optional<Expr> e, F&& f) {
    return e ? *e : f();
  }
  Kept<Manifold> original_;
  Replaced replaced_;
};

class MutatedCategories final : public Space {
 public:
  MutatedCategories(Kept<Space> original, Replaced replaced)
      : Space(original->name(), original->type(), original->point()),
        original_(std::move(original)),
        replaced_(std::move(replaced)) {}
  int64_t categories() const override { return original_->categories(); }
  Expr uniform_point() const override {
    auto mine = replaced_("uniform_point", {});
    return mine ? *mine : original_->uniform_point();
  }

 private:
  Kept<Space> original_;
  Replaced replaced_;
};

Kept<Space> space_of(const Kept<Process>& process) {
  return Kept<Space>(std::shared_ptr<const Space>(process.held(), &process->space()));
}

class MutatedProcess final : public Process {
 public:
  /// `defaults`: the functions that the original leaves to the base class.
  MutatedProcess(Kept<Process> original, Replaced replaced, std::vector<std::string> defaults)
      : Process(space_of(original)),
        original_(std::move(original)),
        replaced_(std::move(replaced)),
        defaults_(std::move(defaults)) {}
  Expr prior(Expr horizon) const override {
    auto mine = replaced_("prior", {horizon});
    return mine ? *mine : original_->prior(horizon);
  }
  Expr forward(Expr x0, Expr t) const override {
    auto mine = replaced_("forward", {x0, t});
    return mine ? *mine : original_->forward(x0, t);
  }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override {
    auto mine = replaced_("bridge", {x0, xt, s, t});
    return mine ? *mine : original_->bridge(x0, xt, s, t);
  }
  Expr transition(Expr xs, Expr s, Expr t) const override {
    if (by_default("transition")) return Process::transition(xs, s, t);
    auto mine = replaced_("transition", {xs, s, t});
    return mine ? *mine : original_->transition(xs, s, t);
  }
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    auto mine = replaced_("log_density", {x0, xt, t});
    return mine ? mine : original_->log_density(x0, xt, t);
  }
  std::optional<Expr> score(Expr x0, Expr xt, Expr t) const override {
    if (by_default("score")) return Process::score(x0, xt, t);
    auto mine = replaced_("score", {x0, xt, t});
    return mine ? mine : original_->score(x0, xt, t);
  }
  bool markov() const override { return original_->markov(); }
  bool bridges_compose() const override { return original_->bridges_compose(); }
  double approximation(double t) const override { return original_->approximation(t); }
  std::vector<Estimate> estimates() const override { return original_->estimates(); }
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    auto mine = replaced_("endpoint", {estimate, xt, t}, kind.kind);
    return mine ? *mine : original_->endpoint(kind, estimate, xt, t);
  }
  std::optional<Expr> step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override {
    auto mine = replaced_("step", {estimate, xt, s, t}, kind.kind);
    return mine ? mine : original_->step(kind, estimate, xt, s, t);
  }
  std::optional<Expr> flow_step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override {
    auto mine = replaced_("flow_step", {estimate, xt, s, t}, kind.kind);
    return mine ? mine : original_->flow_step(kind, estimate, xt, s, t);
  }
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override {
    std::optional<Loss> loss = original_->loss(kind, estimate, x0, xt, t);
    if (auto mine = replaced_("loss", {estimate, x0, xt, t}, kind.kind)) loss->number = *mine;
    if (auto mine = replaced_("loss_gradient", {estimate, x0, xt, t}, kind.kind)) loss->gradient = *mine;
    return loss;
  }
  Expr weight(const Estimate& kind, Expr t) const override { return original_->weight(kind, t); }
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override {
    auto mine = replaced_("flow", {x0, xt, s, t});
    return mine ? mine : original_->flow(x0, xt, s, t);
  }
  std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const override {
    if (by_default("flow_velocity")) return Process::flow_velocity(x0, xt, t);
    auto mine = replaced_("flow_velocity", {x0, xt, t});
    return mine ? mine : original_->flow_velocity(x0, xt, t);
  }
  std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    auto mine = replaced_("flow_velocity_by", {estimate, xt, t}, kind.kind);
    return mine ? mine : original_->flow_velocity_by(kind, estimate, xt, t);
  }
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override {
    auto mine = replaced_("bridge_mean", {x0, xt, s, t});
    return mine ? mine : original_->bridge_mean(x0, xt, s, t);
  }

 private:
  bool by_default(const std::string& function) const {
    return std::find(defaults_.begin(), defaults_.end(), function) != defaults_.end();
  }
  Kept<Process> original_;
  Replaced replaced_;
  std::vector<std::string> defaults_;
};

// Whether a process leaves its score to its density, or its velocity to its flow; one whose density, or flow, is not
// differentiated does not.
bool inherits(const std::function<std::pair<std::optional<Expr>, std::optional<Expr>>()>& own_and_inherited) {
  try {
    auto [own, inherited] = own_and_inherited();
    return same_text(own, inherited);
  } catch (const Error&) {
    return false;
  }
}

// The functions of a process that follow from others.
std::vector<std::string> defaults_of(const Process& p) {
  Leaves e(p.space());
  std::vector<std::string> names;
  if (same_text(p.transition(e["xs"], e["s"], e["t"]), p.forward(e["xs"], e["t"] - e["s"])))
    names.emplace_back("transition");
  if (inherits(
          [&] { return std::pair(p.score(e["x0"], e["xt"], e["t"]), p.Process::score(e["x0"], e["xt"], e["t"])); }))
    names.emplace_back("score");
  if (inherits([&] {
        return std::pair(p.flow_velocity(e["x0"], e["xt"], e["t"]), p.Process::flow_velocity(e["x0"], e["xt"], e["t"]));
      }))
    names.emplace_back("flow_velocity");
  return names;
}

std::vector<Function> functions_of(const Process& p) {
  Leaves e(p.space());
  std::vector<Function> list;
  auto add = [&](const char* name, std::initializer_list<const char*> names, std::optional<Expr> result) {
    if (!result) return;
    std::vector<Expr> parameters;
    for (const char* n : names) parameters.push_back(e[n]);
    list.push_back({name, parameters, *result});
  };
  std::vector<std::string> defaults = defaults_of(p);
  auto own = [&](const char* name) { return std::find(defaults.begin(), defaults.end(), name) == defaults.end(); };
  add("prior", {"T"}, p.prior(e["T"]));
  add("forward", {"x0", "t"}, p.forward(e["x0"], e["t"]));
  add("bridge", {"x0", "xt", "s", "t"}, p.bridge(e["x0"], e["xt"], e["s"], e["t"]));
  if (own("transition")) add("transition", {"xs", "s", "t"}, p.transition(e["xs"], e["s"], e["t"]));
  add("log_density", {"x0", "xt", "t"}, p.log_density(e["x0"], e["xt"], e["t"]));
  if (own("score")) add("score", {"x0", "xt", "t"}, p.score(e["x0"], e["xt"], e["t"]));
  add("flow", {"x0", "xt", "s", "t"}, p.flow(e["x0"], e["xt"], e["s"], e["t"]));
  if (own("flow_velocity")) add("flow_velocity", {"x0", "xt", "t"}, p.flow_velocity(e["x0"], e["xt"], e["t"]));
  add("bridge_mean", {"x0", "xt", "s", "t"}, p.bridge_mean(e["x0"], e["xt"], e["s"], e["t"]));
  for (const Estimate& kind : p.estimates()) {
    Leaves of(p.space(), kind.shape, kind.type);
    const Expr &estimate = of["estimate"], &x0 = of["x0"], &xt = of["xt"], &t = of["t"];
    const Expr& s = of["s"];
    if (auto step = p.step(kind, estimate, xt, s, t)) list.push_back({"step", {estimate, xt, s, t}, *step, kind.kind});
    if (auto step = p.flow_step(kind, estimate, xt, s, t))
      list.push_back({"flow_step", {estimate, xt, s, t}, *step, kind.kind});
    if (auto velocity = p.flow_velocity_by(kind, estimate, xt, t))
      list.push_back({"flow_velocity_by", {estimate, xt, t}, *velocity, kind.kind});
    // What the base class makes of the space's functions is changed there.
    Expr endpoint = p.endpoint(kind, estimate, xt, t);
    if (!same_text(endpoint, p.Process::endpoint(kind, estimate, xt, t)))
      list.push_back({"endpoint", {estimate, xt, t}, endpoint, kind.kind});
    std::optional<Loss> loss = p.loss(kind, estimate, x0, xt, t),
                        inherited = p.Process::loss(kind, estimate, x0, xt, t);
    if (!loss || (inherited && same_text(loss->number, inherited->number))) continue;
    list.push_back({"loss", {estimate, x0, xt, t}, loss->number, kind.kind});
    if (loss->gradient) list.push_back({"loss_gradient", {estimate, x0, xt, t}, *loss->gradient, kind.kind});
  }
  return list;
}

std::vector<Function> functions_of(const Space& space) {
  std::vector<Function> list;
  Leaves e(space);
  if (const auto* m = dynamic_cast<const Manifold*>(&space)) {
    list.push_back({"project", {e["x"]}, m->project(e["x"])});
    list.push_back({"tangent", {e["x"], e["v"]}, m->tangent(e["x"], e["v"])});
    list.push_back({"exp", {e["x"], e["v"]}, m->exp(e["x"], e["v"])});
    list.push_back({"log", {e["x"], e["y"]}, m->log(e["x"], e["y"])});
    list.push_back({"inner", {e["x"], e["u"], e["v"]}, m->inner(e["x"], e["u"], e["v"])});
    if (has_distance(*m)) list.push_back({"distance", {e["x"], e["y"]}, m->distance(e["x"], e["y"])});
    list.push_back({"gradient", {e["x"], e["v"]}, m->gradient(e["x"], e["v"])});
    list.push_back({"tangent_normal", {e["x"]}, m->tangent_normal(e["x"])});
  }
  try {
    list.push_back({"uniform_point", {}, space.uniform_point()});
  } catch (const Error&) {  // It has none.
  }
  return list;
}

// Factors of 1, and one dimension, would hide that they are left out; few logits how windows of them compete, and
// lines; and two categories are quicker to verify than four.
Parameters telling(const CatalogueEntry& entry, const Parameters& more) {
  Parameters given;
  if (entry.name == "stationary_jump") given = {{"categories", 590}, {"ratio", 0.99}};
  if (entry.name == "simplex_brownian") given = {{"categories", 2}};
  for (const CatalogueParameter& p : entry.parameters)
    if (p.value == 1) given[p.name] = p.name == "dimension" ? 2 : 1.25;
  for (const auto& [name, value] : more) given[name] = value;
  return given;
}

}  // namespace

Subject::Subject(const CatalogueEntry& entry, const Parameters& given)
    : entry_(entry),
      name_(entry.name),
      given_(telling(entry, given)),
      functions_(entry.is_process() ? functions_of(*entry.process(given_)) : functions_of(*entry.space(given_))) {
  for (const auto& [name, value] : given) name_ += fmt::format(", {} {}", name, value);
  if (!entry.is_process()) return;
  Kept<Process> process = entry.process(given_);
  std::vector<Function> of_space = functions_of(process->space());
  if (auto walk = process.as<GeodesicWalk>()) {
    // The space's score comes from the density, in which errors are planted as well.
    Leaves e(process->space());
    const auto& manifold = dynamic_cast<const Manifold&>(process->space());
    of_space.push_back({"score", {}, manifold.score(e["x"], e["y"], e["variance"])});
    if (auto cover = manifold.cover())
      of_space.push_back({"score", {}, cover->space->score(e["x"], e["y"], e["variance"])});
  }
  for (const Function& f : of_space) left_out_.merge(places_of(f));
}

namespace {

Replaced replaced_in(const Function* function, const Expr* result) {
  return function ? Replaced{function->name, function->kind, function->parameters, *result} : Replaced{};
}

}  // namespace

Kept<Process> Subject::process(const Function* function, const Expr* result) const {
  Kept<Process> original = entry_.process(given_);
  return MutatedProcess(original, replaced_in(function, result), defaults_of(*original));
}

Report Subject::verify(const Function* function, const Expr* result, VerifyOptions options) const {
  if (!entry_.is_process()) {
    Kept<Space> space = entry_.space(given_);
    const Replaced replaced = replaced_in(function, result);
    if (auto manifold = space.as<Manifold>()) return catenary::verify(MutatedManifold(*manifold, replaced), options);
    return catenary::verify(MutatedCategories(space, replaced), options);
  }
  options.horizon = entry_.horizon;
  options.spaces = false;
  return catenary::verify(process(function, result), options);
}

std::vector<std::string> Subject::steps_of(const Function& function) {
  const std::string& name = function.name;
  if (name == "prior") return {"extreme times", "compiled law", "prior", "independence"};
  if (name == "endpoint") return {"estimates", "oracle walk", "posterior-mean walk"};
  if (name == "loss" || name == "loss_gradient") return {"estimates"};
  if (name == "step" || name == "flow_step") return {"steps by estimates"};
  if (name == "flow") return {"flow"};
  if (name == "flow_velocity" || name == "flow_velocity_by") return {"flow velocity"};
  if (name == "bridge_mean") return {"bridge mean"};
  if (name == "log_density") return {"density", "oracle walk", "posterior-mean walk"};
  if (name == "score") return {"density"};
  if (name == "transition") return {"ends", "Chapman-Kolmogorov and bridges"};
  const std::vector<std::string> drawn = {
      "ends", "extreme times", "compiled law", "Chapman-Kolmogorov and bridges", "estimates", "oracle walk"};
  if (name == "bridge") return drawn;
  std::vector<std::string> forward = drawn;
  forward.insert(forward.end(), {"prior", "density"});
  return name == "forward" ? forward : std::vector<std::string>();  // Functions of a space: all.
}

}  // namespace catenary::testing
