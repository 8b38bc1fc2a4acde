// What a space promises of points and tangent vectors; the order of its checks.
#include <catenary/verify/space.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <catenary/stdlib/product.h>
#include <catenary/verify/space_checks.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string multiple_of_pi(double r) {
  for (auto [value, name] :
       {std::pair(std::numbers::pi, "pi"), {std::numbers::pi / 2, "pi / 2"}, {2 * std::numbers::pi, "2 pi"}})
    if (std::abs(r / value - 1) < 1e-6) return name;
  return fmt::format("{:.6g}", r);
}

}  // namespace

SpaceChecks::SpaceChecks(Session& session, Kept<Manifold> space, std::string label)
    : session_(session),
      label_(std::move(label)),
      space_(space),
      geometry_(space),
      ambient_(std::vector{normal(space->point())}) {}

void SpaceChecks::plan() {
  session_.plan(label_ + "points", 1, [this] {
    prepare();
    points();
  });
  // Along geodesics: nothing can be said where no direction has a length.
  auto plan = [this](const std::string& name, void (SpaceChecks::*check)()) {
    session_.plan(label_ + name, 4, [this, name, check] {
      prepare();
      if (!frame_.vectors.empty()) return (this->*check)();
      session_.skip(label_ + name, fmt::format("inner(x, v, v) is not positive for tangent vectors v of '{}': see the "
                                               "check of its metric",
                                               space_->name()));
    });
  };
  plan("geodesics", &SpaceChecks::geodesics);
  plan("compiled geometry", &SpaceChecks::compiled);
  plan("tangent noise", &SpaceChecks::noise);
  session_.plan(label_ + "uniform points", 4, [this] { uniform(); });
}

void SpaceChecks::prepare() {
  if (std::exchange(prepared_, true)) return;
  choose_places();
  if (places_.empty()) return;
  frame_ = geometry_.frame(places_[0].x, 32);
  find_radius();
}

void SpaceChecks::add(Check check) {
  check.name = label_ + check.name;
  session_.add(std::move(check));
}

double SpaceChecks::apart(const Vector& a, const Vector& b) const {
  double ambient = norm(combine(1, a, -1, b));
  if (ambient < 1e-12) return ambient;
  double own = geometry_.distance(a, b);
  return own < 0.1 ? std::min(ambient, own) : ambient;
}

std::string SpaceChecks::radius_sentence() const {
  std::string name = space_->name();
  if (space_->has_boundary()) return fmt::format("geodesics of '{}' are reflected at its boundary", name);
  if (declared() && std::isinf(radius_))
    return fmt::format("the space '{}' says that every geodesic is the shortest", name);
  return fmt::format("the injectivity radius of '{}' is {} ({})", name, multiple_of_pi(radius_),
                     declared() ? "as declared" : "as found: it declares none");
}

double SpaceChecks::reach() const { return std::isfinite(radius_) ? radius_ : 4; }

void SpaceChecks::choose_places() {
  for (uint64_t i = 0; i < 32; ++i) {
    Vector x = geometry_.some_point(i);
    // From the origin, where there is one, lengths reach the ends of coordinates exactly.
    if (auto origin = geometry_.origin(); origin && i % 8 == 7) x = *origin;
    Vector n = geometry_.tangent_normal(x, i);
    if (auto origin = geometry_.origin(); origin && i % 8 == 3) n = geometry_.log(x, *origin);
    double length = geometry_.length(x, n);
    if (length > 0) places_.push_back({x, combine(1 / length, n, 0, n), 0});
  }
}

void SpaceChecks::find_radius() {
  auto comes_back = [&](const Place& p, double r, double tolerance) {
    Vector v = combine(r, p.direction, 0, p.direction);
    return geometry_.length(p.x, combine(1, geometry_.log(p.x, geometry_.exp(p.x, v)), -1, v)) <= tolerance * r;
  };
  radius_ = space_->injectivity_radius();
  if (space_->has_boundary()) {
    // Each place has its own: the way to the boundary. That of most is not short.
    std::vector<double> found;
    for (Place& p : places_) {
      for (p.radius = 1e-4; p.radius < 8 && comes_back(p, 1.02 * p.radius, 1e-6);) p.radius *= 1.02;
      found.push_back(p.radius);
    }
    std::sort(found.begin(), found.end());
    if (found[found.size() / 2] < 0.1)
      for (Place& p : places_) p.radius = std::max(p.radius, 0.1);
    radius_ = std::max(found.back(), 0.1);
    return;
  }
  if (!declared()) {
    radius_ = infinity;
    for (const Place& p : places_)
      for (int i = 1; i < 128 && i / 16.0 < radius_; ++i)
        if (!comes_back(p, i / 16.0, 1e-3)) radius_ = (i - 1) / 16.0;
    // Where not even short ways come back, that is the failure to report.
    if (radius_ < 0.25) radius_ = 0.25;
  }
  for (Place& p : places_) p.radius = radius_;
}

Vector SpaceChecks::ambient(uint64_t draw) const { return ambient_({}, {.seed = 3, .point = draw})[0]; }

std::vector<double> SpaceChecks::lengths(const Place& p) const {
  std::vector<double> r;
  double longest = std::isfinite(p.radius) ? p.radius : reach();
  for (int i = -14; i < -1; ++i) r.push_back(std::min(std::pow(10, i / 2.0), longest / 2));
  for (double share : {0.1, 0.25, 0.5, 0.75, 0.9, 0.99}) r.push_back(share * longest);
  if (declared() && std::isfinite(radius_)) r.push_back(0.999 * radius_);
  return r;
}

std::vector<double> SpaceChecks::far_lengths(const Place& p) {
  const double radius = p.radius;
  if (!std::isfinite(radius)) return {};
  return {radius,
          std::nextafter(float(radius), 0.0f),
          std::nextafter(float(radius), 100.0f),
          3 * radius,
          1.001 * radius,
          1.3 * radius,
          1.9 * radius,
          2 * radius,
          3.7 * radius,
          30 * radius};
}

double SpaceChecks::amplification(const Vector& x, const Vector& y, const Vector& log, uint64_t draw) const {
  double h = 1e-6, largest = 1;
  for (uint64_t k = 0; k < 2; ++k) {
    Vector n = ambient(1000 + 2 * draw + k), moved = geometry_.project(combine(1, y, h / norm(n), n));
    double by = norm(combine(1, moved, -1, y));
    if (by > 0.01 * h) largest = std::max(largest, norm(combine(1, geometry_.log(x, moved), -1, log)) / by);
  }
  return largest;
}

void SpaceChecks::points() {
  Errors idempotent, on_space, tangent, orthogonal, gradient;
  size_t dimension = 0;
  bool positive = !places_.empty();
  for (size_t i = 0; i < places_.size(); ++i) {
    const Vector& x = places_[i].x;
    on_space.offer(norm(combine(1, geometry_.project(x), -1, x)), 1e-6 * size_of(x), [&] {
      return fmt::format("the point {} moves to {} by project", text_of(x), text_of(geometry_.project(x)));
    });
    // Where points fill the ambient space, project brings every one of its points to one way of writing it.
    const bool fills = size_t(space_->dimension()) == geometry_.elements();
    for (double away : {1e-3, 0.1, 1.0, fills ? 30.0 : 0.5, fills ? 1000.0 : 0.01}) {
      Vector z = combine(1, x, away, ambient(i)), p = geometry_.project(z);
      idempotent.offer(norm(combine(1, geometry_.project(p), -1, p)), 1e-6 * size_of(p), [&] {
        return fmt::format("project takes {} to {}, and that to {}", text_of(z), text_of(p),
                           text_of(geometry_.project(p)));
      });
      Vector moved = combine(1, z, -1, p);
      Vector way = geometry_.tangent(p, moved);
      double along = norm(way), own = geometry_.distance(p, z);
      // At an edge the nearest point is where the way to z leaves the space.
      const double step = 1e-3;
      if (!fills) along = std::min(along, norm(combine(1, geometry_.project(combine(1, p, step, way)), -1, p)) / step);
      if (std::isfinite(own)) along = std::min(along, own);
      nearest_.offer(along, 1e-5 * (size_of(z) + norm(moved)), [&] {
        return fmt::format("project takes {} to {}, {:.3g} along the space from the point nearest to it", text_of(z),
                           text_of(p), along);
      });
    }
    // Tangent vectors are the directions in which project moves.
    Vector w = geometry_.tangent(x, ambient(i + 100)), again = geometry_.tangent(x, w);
    tangent.offer(norm(combine(1, again, -1, w)), 1e-6 * size_of(w), [&] {
      return fmt::format("at {} tangent takes the vector {}, which it made itself, to {}", text_of(x), text_of(w),
                         text_of(again));
    });
    // Short in the metric as well, so that it ends within a boundary.
    const double h = 1e-5 / std::max(1.0, geometry_.length(x, w) / std::max(norm(w), 1e-30));
    Vector moved =
        combine(0.5 / h, geometry_.project(combine(1, x, h, w)), -0.5 / h, geometry_.project(combine(1, x, -h, w)));
    tangent.offer(norm(combine(1, moved, -1, w)), 1e-4 * size_of(w), [&] {
      return fmt::format("at {} tangent returns {}, which leaves the space: project takes it to {}", text_of(x),
                         text_of(w), text_of(moved));
    });
    Vector z = ambient(i + 200), rest = combine(1, z, -1, geometry_.tangent(x, z));
    Vector out = combine(0.5 / h, geometry_.project(combine(1, x, h, rest)), -0.5 / h,
                         geometry_.project(combine(1, x, -h, rest)));
    tangent.offer(norm(out), 1e-4 * size_of(rest), [&] {
      return fmt::format("at {} tangent takes {} off as leading out of the space, and project leaves {} of it",
                         text_of(x), text_of(rest), text_of(out));
    });
    orthogonal.offer(std::abs(geometry_.inner(x, rest, w)), 1e-5 * norm(rest) * norm(w) + 1e-6, [&] {
      return fmt::format(
          "at {} what tangent takes off {} is not orthogonal to the space: its inner product with {} is {:.3g}",
          text_of(x), text_of(z), text_of(w), geometry_.inner(x, rest, w));
    });
    Vector derivatives = ambient(i + 300), rising = geometry_.gradient(x, derivatives);
    double by = geometry_.inner(x, rising, w), expected = dot(derivatives, w);
    gradient.offer(std::abs(by - expected), 1e-5 * norm(derivatives) * norm(w) + 1e-6, [&] {
      return fmt::format(
          "a function whose derivatives at {} are {} changes along {} by {:.6g}; the inner product with its gradient "
          "is {:.6g}",
          text_of(x), text_of(derivatives), text_of(w), expected, by);
    });
    gradient.offer(norm(combine(1, geometry_.tangent(x, rising), -1, rising)), 1e-5 * size_of(rising), [&] {
      return fmt::format("the gradient {} at {} of a function whose derivatives are {} is not tangent", text_of(rising),
                         text_of(x), text_of(derivatives));
    });
    if (i < 4) {
      Frame frame = i == 0 ? frame_ : geometry_.frame(x, 32);
      positive = positive && !frame.vectors.empty();
      dimension = std::max(dimension, frame.vectors.size());
    }
  }
  add(on_space.check("points", "x drawn from the space, against project(x)",
                     "uniform_point must return points of the space; project must leave them alone"));
  add(idempotent.check("project", "project(project(z)) against project(z)",
                       "project must return a point of the space for every z near it"));
  add(tangent.check("tangent",
                    "tangent(x, v) against itself made tangent again, and against what project does to x + h v",
                    "tangent must remove all that points out of the space at x, and nothing else"));
  add(orthogonal.check("tangent is orthogonal", "inner(x, v - tangent(x, v), w) against 0 for tangent w",
                       "tangent must be the orthogonal projection in the metric that inner gives"));
  add(gradient.check("gradient", "inner(x, gradient(x, derivatives), v) against dot(derivatives, v)",
                     "a space whose inner is not the ambient one must override gradient (and tangent_normal)"));
  Check metric;
  metric.name = "metric";
  metric.compared = "the number of independent tangent directions at x, against the dimension";
  metric.n = int64_t(places_.size());
  metric.statistic_name = "dimension";
  auto expected = size_t(std::min(space_->dimension(), 32));
  metric.statistic = double(dimension);
  metric.threshold = double(expected);
  if (!positive || dimension != expected) {
    metric.verdict = Verdict::fail;
    metric.worst = positive
                       ? fmt::format("the tangent vectors at {} span {} dimensions; the space '{}' says it has {}",
                                     text_of(places_[0].x), dimension, space_->name(), space_->dimension())
                       : fmt::format("inner(x, v, v) is not positive for tangent vectors v of '{}'", space_->name());
    metric.advice = "the dimension given to the space, tangent, and inner";
  }
  add(metric);
}

namespace {

// Categories: every one equally often.
void categories(Session& session, const Kept<Space>& space, const std::string& label) {
  Probe draw(session, space, [&](Expr, Expr) { return space->uniform_point(); });
  int64_t n = session.draws(int64_t{1} << 22, 64), k = space->categories(), cells = std::min<int64_t>(k, 4096),
          outside = 0;
  const int64_t batch = 1 << 18;
  auto cell_count = size_t(cells);
  std::vector<double> counts(cell_count), expected(cell_count);
  for (int64_t i = 0; i < k; ++i) expected[size_t(i % cells)] += double(n) / double(k);
  std::vector<int32_t> none(batch), x(batch);
  for (int64_t first = 0; first < n; first += batch) {
    draw(none.data(), none.data(), x.data(), batch, session.options().seed, first);
    for (int32_t v : x) v >= 0 && v < k ? counts[size_t(v % cells)] += 1 : double(++outside);
  }
  double chi_square = 0;
  size_t worst = 0;
  auto deviation = [&](size_t c) { return (counts[c] - expected[c]) * (counts[c] - expected[c]) / expected[c]; };
  for (size_t c = 0; c < size_t(cells); ++c) {
    chi_square += deviation(c);
    if (deviation(c) > deviation(worst)) worst = c;
  }
  Check check;
  check.name = label + "uniform points";
  check.compared = "uniform_point(), against equal shares of all categories";
  check.n = n;
  check.statistic_name = "|z|";
  check.statistic = outside > 0 ? infinity : sigmas_of_chi_square(chi_square, double(cells - 1));
  check.threshold = sigmas_of_probability(session.level());
  if (k <= 64) {
    Histograms h{"category", {-1.5}, "by uniform_point", "equal shares", {0}, {0}};
    for (int64_t c = 0; c <= k + 1; ++c) {
      h.edges.push_back(double(c) - 0.5);
      bool inside = c < k;
      h.a.push_back(inside ? counts[size_t(c)] / double(n) : 0);
      h.b.push_back(inside ? 1 / double(k) : 0);
    }
    h.a.pop_back();
    h.b.pop_back();
    check.histograms = std::move(h);
  }
  session.judge(std::move(check),
                outside > 0 ? fmt::format("{} of {} points are no category 0 .. {}", outside, n, k - 1)
                            : fmt::format("category {} comes {:.0f} times; {:.0f} are expected", worst, counts[worst],
                                          expected[worst]),
                "uniform_point");
}

}  // namespace

namespace {

// Each part but those that are the same as one before. By themselves: a length that is long on one may be short on
// another.
std::shared_ptr<void> plan_parts(Session& session, const Product& product, const std::string& label) {
  auto kept = std::make_shared<std::vector<std::shared_ptr<void>>>();
  std::set<const Manifold*> planned;
  for (const auto& [name, space] : product.parts())
    if (planned.insert(&*space).second) kept->push_back(plan_space(session, space, label + "part " + name + ": "));
  return kept;
}

}  // namespace

std::shared_ptr<void> plan_space(Session& session, const Kept<Space>& space, const std::string& label) {
  if (auto product = space.as<Product>()) return plan_parts(session, **product, label);
  if (auto manifold = space.as<Manifold>()) {
    auto checks = std::make_shared<SpaceChecks>(session, *manifold, label);
    checks->plan();
    return checks;
  }
  if (space->categories() > 0)
    session.plan(label + "uniform points", 1, [&session, space, label] { categories(session, space, label); });
  else
    session.plan(label + "points", 0, [&session, space, label] {
      session.skip(label + "geometry",
                   fmt::format("space '{}' is neither a manifold nor categories: only processes on it can be checked",
                               space->name()));
    });
  return nullptr;
}

}  // namespace catenary::verifying
