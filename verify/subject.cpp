// Compiling what is verified; choosing where samples start.
#include <catenary/verify/subject.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace catenary::verifying {

std::optional<Kept<Space>> Component::space() const {
  if (!declared) return {};
  return Kept<Space>(std::shared_ptr<const Space>(declared->process.held(), &declared->process->space()));
}

Tensor Component::certain(const State& x0) const {
  if (estimates_endpoint()) return x0[name];
  auto categories = size_t(border->estimate.size);
  auto points = x0[name].values<const int32_t>();
  Tensor logits = Tensor::empty(Dtype::f32, {int64_t(points.size()), int64_t(categories)});
  auto values = logits.values<float>();
  std::fill(values.begin(), values.end(), -std::numeric_limits<float>::infinity());
  for (size_t i = 0; i < points.size(); ++i) values[i * categories + size_t(points[i])] = 0;
  return logits;
}

State Subject::certain(const State& x0) const {
  State estimate;
  for (const Component& c : components) estimate.set(c.name, c.certain(x0));
  return estimate;
}

int64_t Subject::with_estimates(int64_t n) const {
  int64_t largest = 1;
  for (const Component& c : components) largest = std::max<int64_t>(largest, c.border->estimate.size);
  while (n > 1 && n * largest > int64_t{1} << 28) n /= 2;
  return n;
}

State Subject::by_certain(const State& x0,
                          const std::function<State(const State& estimate, int64_t first, int64_t n)>& draw) const {
  const int64_t n = x0[components[0].name].shape()[0], part = with_estimates(n);
  if (part == n) return draw(certain(x0), 0, n);
  State whole;
  for (int64_t first = 0; first < n; first += part) {
    const State drawn = draw(certain(part_of(x0, first, part)), first, part);
    for (const auto& [name, tensor] : drawn) {
      if (first == 0) {
        Shape shape = tensor.shape();
        shape[0] = n;
        whole.set(name, Tensor::empty(tensor.dtype(), shape));
      }
      std::memcpy(static_cast<char*>(whole[name].data()) + first * (tensor.bytes() / part), tensor.data(),
                  tensor.bytes());
    }
  }
  return whole;
}

std::vector<int32_t> Component::possible_data() const {
  std::vector<int32_t> data;
  for (int32_t k = 0; k < border->point.categories; ++k)
    if (std::find(forbidden.begin(), forbidden.end(), k) == forbidden.end()) data.push_back(k);
  return data;
}

double Component::clock(double t) const {
  if (!declared) return t;
  Expr at = parameter("t", Type::f32, {});
  return evaluate({declared->placement.clock(at)}, {{"t", {t}}})[0][0];
}

double Component::approximation(double t) const { return declared ? declared->process->approximation(clock(t)) : 0; }

namespace {

constexpr Question all_questions[] = {Question::prior, Question::forward,    Question::bridge,
                                      Question::step,  Question::transition, Question::log_density,
                                      Question::score, Question::flow_step,  Question::mean_step};

Component declared_component(Session& session, const Joint::Component& declared) {
  Component c;
  c.declared = declared;
  c.forbidden = declared.estimate().forbidden;
  if (auto manifold = c.space()->as<Manifold>()) {
    Kept<Manifold> space = *manifold;
    c.geometry = std::make_shared<Geometry>(space);
    c.exp = std::make_shared<Probe>(session, space, [space](Expr x, Expr v) { return space->exp(x, v); });
    c.log = std::make_shared<Probe>(session, space, [space](Expr x, Expr y) { return space->log(x, y); });
    c.distance = std::make_shared<Probe>(
        session, space, [space](Expr x, Expr y) { return splat(space->distance(x, y), space->point()); });
    c.project = std::make_shared<Probe>(session, space, [space](Expr x, Expr) { return space->project(x); });
  }
  return c;
}

void add_borders(Subject& subject) {
  auto borders = subject.sampler->components();
  subject.components.resize(borders.size());
  for (size_t i = 0; i < borders.size(); ++i) {
    Component& c = subject.components[i];
    c.name = borders[i].name;
    c.label = borders.size() > 1 ? c.name + ": " : "";
    c.border = &borders[i];
  }
}

}  // namespace

Sampler Subject::compile(const Target& target, CompileOptions options, bool* from_cache) const {
  if (from_cache) {
    *from_cache = false;
    options.progress = [=](const CompileProgress& p) { *from_cache = *from_cache || p.from_cache; };
  }
  return joint ? catenary::compile(*joint, target, options) : compile_mlir(mlir, file, target, options);
}

Subject subject_of(Session& session, const Joint& joint) {
  Subject subject;
  // An estimate that says x_0 with certainty is known of endpoints and logits alone: kinds that are the default
  // everywhere.
  subject.joint.emplace(joint.name(), joint.horizon(), joint.options());
  for (auto c : joint.components()) {
    c.placement.estimate.clear();
    subject.joint->add(c.name, c.process, c.placement);
  }
  std::vector<Question> questions;
  for (Question q : all_questions) {
    bool all = true;
    for (const auto& c : subject.joint->components()) all = all && answers(*subject.joint, c, q);
    if (all) questions.push_back(q);
  }
  // What geometry needs is compiled beside the process.
  for (const auto& c : subject.joint->components()) subject.components.push_back(declared_component(session, c));
  subject.sampler = session.placed(
      subject.compile(session.options().target, session.compile_options(questions), &subject.from_cache));
  add_borders(subject);
  return subject;
}

Subject subject_of(Session& session, const std::string& mlir, const std::string& name) {
  Subject subject;
  subject.mlir = mlir;
  subject.file = name;
  subject.sampler =
      session.placed(subject.compile(session.options().target, session.compile_options({}), &subject.from_cache));
  if (subject.sampler->answers(Question::convert))
    throw Error(
        fmt::format("'{}' is a conversion, which has no law to verify; name the text of a joint process", name));
  add_borders(subject);
  auto forbidden = forbidden_categories(mlir, name);
  for (Component& c : subject.components) {
    c.forbidden = forbidden.at(c.name);
    if (!c.estimates_endpoint() && std::string_view(c.border->estimate_kind) != "logits")
      throw Error(
          fmt::format("component '{}' of '{}' has its estimate as '{}'; the verifier makes endpoints and logits, "
                      "so save the declaration with one of those",
                      c.name, name, c.border->estimate_kind));
  }
  return subject;
}

State starting_points(const Subject& subject, int64_t n) {
  State state;
  std::optional<State> drawn;
  for (const Component& c : subject.components) {
    Shape shape(c.border->point.shape, c.border->point.shape + c.border->point.rank);
    shape.insert(shape.begin(), n);
    Tensor tensor = Tensor::empty(c.border->point.dtype == CATENARY_F32 ? Dtype::f32 : Dtype::i32, shape);
    size_t m = c.elements();
    if (c.categorical()) {
      std::vector<int32_t> data = c.possible_data();
      auto values = tensor.values<int32_t>();
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = data[i / m % size_t(groups) * (data.size() - 1) / (size_t(groups) - 1)];
    } else {
      std::vector<Vector> starts;
      for (uint64_t g = 0; g < uint64_t(groups); ++g) {
        if (c.geometry) {
          starts.push_back(c.geometry->some_point(g));
        } else {
          if (!drawn) drawn = subject.sampler->prior(groups, Seed(99));
          const auto* x = element_of<float>(*drawn, c, int64_t(g));
          starts.emplace_back(x, x + m);
        }
      }
      // The origin, where there is one: there priors of spaces without a uniform law are the law of x_T.
      if (auto origin = c.geometry ? c.geometry->origin() : std::nullopt) starts[0] = *origin;
      auto values = tensor.values<float>();
      for (size_t i = 0; i < values.size(); ++i) values[i] = float(starts[i / m % size_t(groups)][i % m]);
    }
    state.set(c.name, tensor);
  }
  return state;
}

State part_of(const State& state, int64_t first, int64_t n) {
  State part;
  for (const auto& [name, tensor] : state) {
    Shape shape = tensor.shape();
    int64_t bytes = tensor.bytes() / shape[0];
    shape[0] = n;
    part.set(name, TensorView(static_cast<char*>(tensor.data()) + first * bytes, tensor.dtype(), shape));
  }
  return part;
}

State state_with(const State& starts, const Component& c, const void* points, int64_t n) {
  State state;
  for (const auto& [name, tensor] : starts) {
    Shape shape = tensor.shape();
    shape[0] = n;
    const void* data = name == c.name && points ? points : tensor.data();
    state.set(name, TensorView(const_cast<void*>(data), tensor.dtype(), shape));
  }
  return state;
}

DrawOptions unchecked(int64_t first) {
  DrawOptions options;
  options.first_sample = first;
  options.check_data = false;
  return options;
}

Vector vector_of(const Component& c, const State& state, int64_t i) {
  Vector x;
  for (size_t j = 0; j < c.elements(); ++j)
    x.push_back(c.border->point.dtype == CATENARY_I32 ? double(element_of<int32_t>(state, c, i)[j])
                                                      : double(element_of<float>(state, c, i)[j]));
  return x;
}

}  // namespace catenary::verifying
