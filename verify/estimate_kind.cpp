// Laws of a joint of one component, evaluated; conjugate gradients.
#include <catenary/verify/estimate_kind.h>

#include <cmath>
#include <limits>

namespace catenary::verifying {

namespace {

// Where a search begins.
Vector some(size_t n) {
  Vector e(n);
  for (size_t k = 0; k < n; ++k) e[k] = std::sin(double(k + 1));
  return e;
}

}  // namespace

double size_of(const Vector& v) {
  double most = 0;
  for (double x : v) most = larger(most, std::abs(x));
  return most;
}

EstimateKind::EstimateKind(const Component& c, const Estimate& estimate, double horizon, const Clock& clock)
    : c_(c), estimate_(estimate), joint_("kind", horizon) {
  joint_.add(c.name, c.declared->process, {.clock = clock, .estimate = estimate.kind});
  const auto& placed = joint_.components()[0];
  auto evaluator = [&](Question question) { return Evaluator(std::vector{derive(joint_, placed, question).result}); };
  endpoint_ = evaluator(Question::step);
  if (answers(placed, Question::loss)) loss_ = evaluator(Question::loss);
  if (answers(placed, Question::loss_gradient)) gradient_ = evaluator(Question::loss_gradient);
  if (answers(placed, Question::flow_step)) flow_ = evaluator(Question::flow_step);
  if (answers(placed, Question::flow_velocity)) velocity_ = evaluator(Question::flow_velocity);
  if (estimate.kind == "score" && answers(placed, Question::score)) score_ = evaluator(Question::score);
}

bool EstimateKind::steps_itself() const {
  const Process& process = *c_.declared->process;
  auto point = [&](const char* name) { return parameter(name, process.space().type(), process.space().point()); };
  Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
  return bool(process.step(estimate_, parameter("estimate", estimate_.type, estimate_.shape), point("xt"), s, t));
}

Sampler EstimateKind::compiled(const Session& session) const {
  std::vector<Question> questions = {Question::step};
  if (has_loss()) questions.push_back(Question::loss);
  if (has_gradient()) questions.push_back(Question::loss_gradient);
  if (has_velocity()) questions.push_back(Question::flow_velocity);
  if (steps_itself())
    for (Question q : {Question::score, Question::flow_step})
      if (answers(joint_.components()[0], q)) questions.push_back(q);
  return session.placed(compile(joint_, session.options().target, session.compile_options(questions)));
}

std::optional<Vector> EstimateKind::truth(const Place& at) const {
  if (is_point()) return at.x0;
  if (score_) return ask(*score_, at, {});
  if (is_logits()) {
    Vector logits(size_t(element_count(estimate_.shape)), -std::numeric_limits<double>::infinity());
    logits[size_t(at.x0[0])] = 0;
    return logits;
  }
  return has_gradient() ? least_of_square(at) : std::nullopt;
}

std::optional<Vector> EstimateKind::least_of_square(const Place& at) const {
  auto n = size_t(element_count(estimate_.shape));
  Vector e = some(n), g = gradient(at, e), d = combine(-1, g, 0, g);
  const double first = norm(g);
  if (!(first > 0)) return {};
  // The best so far, for near the least of a steep loss rounding leads away again.
  Vector best = e;
  double left = first;
  for (size_t trip = 0; trip < 2 * n + 8 && left > 1e-12 * first; ++trip) {
    Vector curved = combine(1, gradient(at, combine(1, e, 1, d)), -1, g);
    double curvature = dot(d, curved);
    if (!(curvature > 0)) break;  // It has no least, or none that is nearer than rounding.
    e = combine(1, e, -dot(g, d) / curvature, d);
    Vector next = gradient(at, e);
    d = combine(-1, next, dot(next, next) / dot(g, g), d);
    g = next;
    if (!(norm(g) < left)) continue;
    left = norm(g);
    best = e;
  }
  if (!(left <= 1e-6 * first)) return {};
  // The part that the loss does not see is still the start's.
  if (c_.geometry && n == at.xt.size())
    if (Vector seen = c_.geometry->tangent(at.xt, best); norm(gradient(at, seen)) <= left + 1e-12 * first) return seen;
  return best;
}

bool EstimateKind::has_no_least(const Place& at) const {
  Vector e = some(size_t(element_count(estimate_.shape))), g = gradient(at, e);
  if (!(norm(g) > 0)) return true;
  return loss(at, combine(1, e, -1e6 * (1 + norm(e)) / norm(g), g)) < -1e3 * (1 + std::abs(loss(at, e)));
}

Vector EstimateKind::other(const Place& at, const Vector& truth, const Vector& other_x0, uint64_t i) const {
  if (is_point()) return other_x0;
  Vector v(truth.size());
  for (size_t k = 0; k < v.size(); ++k) v[k] = std::sin(double(3 * k + 1) + 0.7 * double(i));
  // Of logits some have the right category for the likeliest.
  if (is_logits() && i % 3 == 0) v[size_t(at.x0[0])] += 3;
  if (is_logits() || !std::isfinite(size_of(truth))) return v;
  return combine(1, truth, std::max(size_of(truth), 1e-3 * std::max(size_of(at.x0), size_of(at.xt))), v);
}

Vector EstimateKind::moved(const Vector& from, double h, const Vector& v) const {
  if (is_point() && c_.geometry) return c_.geometry->exp(from, combine(h, v, 0, v));
  return combine(1, from, h, v);
}

bool EstimateKind::reflected(const Vector& from, double h, const Vector& v) const {
  if (!is_point() || !c_.geometry || !c_.geometry->space().has_boundary()) return false;
  auto returns = [&](double by) {
    Vector back = c_.geometry->log(from, moved(from, by, v));
    return size_of(combine(1, back, -by, v)) <= 1e-3 * h * size_of(v);
  };
  return !returns(h) || !returns(-h);
}

Vector EstimateKind::direction(const Vector& from, uint64_t i) const {
  Vector v(from.size());
  for (size_t k = 0; k < v.size(); ++k) v[k] = std::cos(double(2 * k) + double(i));
  return is_point() && c_.geometry ? c_.geometry->tangent(from, v) : v;
}

Vector EstimateKind::ask(const Evaluator& function, const Place& at, const Vector& estimate, double s) const {
  // At s = 0 a step is the endpoint itself.
  return function({{"estimate", estimate}, {"x0", at.x0}, {"xt", at.xt}, {"s", {s}}, {"t", {at.t}}},
                  {.question = Question::step})[0];
}

}  // namespace catenary::verifying
