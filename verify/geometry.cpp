// Functions of a manifold, called with numbers.
#include <catenary/verify/geometry.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace catenary::verifying {

std::string text_of(const Vector& x) {
  auto number = [](double v) { return std::isnan(v) ? std::string("nan") : fmt::format("{:.6g}", v); };
  if (x.size() == 1) return number(x[0]);
  std::string text = "[";
  for (size_t i = 0; i < x.size() && i < 8; ++i) text += (i > 0 ? ", " : "") + number(x[i]);
  return text + (x.size() > 8 ? ", ...]" : "]");
}

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double norm(const Vector& a) { return std::sqrt(dot(a, a)); }

Vector combine(double a, const Vector& x, double b, const Vector& y) {
  Vector v(x.size());
  for (size_t i = 0; i < v.size(); ++i) v[i] = a * x[i] + b * y[i];
  return v;
}

std::vector<Vector> directions(size_t elements, size_t most) {
  std::vector<Vector> result(std::min(elements, most), Vector(elements));
  for (size_t k = 0; k < result.size(); ++k) {
    if (elements <= most) {
      result[k][k] = 1;
      continue;
    }
    for (size_t j = 0; j < elements; ++j)
      result[k][j] = philox4x32({uint32_t(j), uint32_t(k), 0, 0}, {0, 0})[0] >> 31 ? 1 : -1;
  }
  return result;
}

namespace {

// The function as the bridge of a process, which takes two points to a third.
class Wrapped final : public Process {
 public:
  Wrapped(Kept<Space> space, std::function<Expr(Expr, Expr)> function)
      : Process(std::move(space)), function_(std::move(function)) {}
  Expr prior(Expr) const override { return space().uniform_point(); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr a, Expr b, Expr, Expr) const override { return function_(std::move(a), std::move(b)); }

 private:
  std::function<Expr(Expr, Expr)> function_;
};

}  // namespace

Probe::Probe(Session& session, Kept<Space> space, const std::function<Expr(Expr, Expr)>& function)
    : point_(space->point()), dtype_(space->type() == Type::f32 ? Dtype::f32 : Dtype::i32) {
  Joint joint("probe");
  joint.add("x", Wrapped(std::move(space), function));
  sampler_ =
      std::async([joint, target = session.options().target, options = session.compile_options({Question::bridge})] {
        return compile(joint, target, options);
      }).share();
}

void Probe::operator()(const void* a, const void* b, void* out, int64_t n, uint64_t seed, int64_t first) const {
  Shape shape = point_;
  shape.insert(shape.begin(), n);
  auto view = [&](const void* data) { return TensorView(const_cast<void*>(data), dtype_, shape); };
  State result{{"x", view(out)}};
  sampler_.get().bridge_into(result, State{{"x", view(a)}}, State{{"x", view(b)}}, 0.5, 1.0, Seed(seed),
                             {.first_sample = first, .check_data = false});
}

Geometry::Geometry(Kept<Manifold> space) : space_(std::move(space)) {
  auto leaf = [&](const char* name) { return parameter(name, space_->type(), space_->point()); };
  Expr x = leaf("x"), v = leaf("v"), w = leaf("w");
  project_.emplace(std::vector{space_->project(x)});
  tangent_.emplace(std::vector{space_->tangent(x, v)});
  exp_.emplace(std::vector{space_->exp(x, v)});
  log_.emplace(std::vector{space_->log(x, v)});
  inner_.emplace(std::vector{space_->inner(x, v, w)});
  distance_.emplace(std::vector{space_->distance(x, v)});
  gradient_.emplace(std::vector{space_->gradient(x, v)});
  normal_.emplace(std::vector{space_->tangent_normal(x)});
  auto origin = space_->origin();
  if (origin) origin_.emplace(std::vector{*origin});
  ambient_.emplace(std::vector{origin ? space_->exp(*origin, space_->tangent_normal(*origin))
                                      : space_->project(catenary::normal(space_->point()))});
  try {
    uniform_.emplace(std::vector{space_->uniform_point()});
  } catch (const Error&) {
    uniform_.reset();  // It has no uniform law.
  }
}

Vector Geometry::call(const Evaluator& function, const Vector& x, const Vector& v, uint64_t seed, uint64_t draw) const {
  return function({{"x", x}, {"v", v}}, {.seed = seed, .point = draw})[0];
}

Vector Geometry::project(const Vector& x) const { return call(*project_, x, x); }
Vector Geometry::tangent(const Vector& x, const Vector& v) const { return call(*tangent_, x, v); }
Vector Geometry::exp(const Vector& x, const Vector& v) const { return call(*exp_, x, v); }
Vector Geometry::log(const Vector& x, const Vector& y) const { return call(*log_, x, y); }
double Geometry::inner(const Vector& x, const Vector& u, const Vector& v) const {
  return (*inner_)({{"x", x}, {"v", u}, {"w", v}})[0][0];
}
double Geometry::length(const Vector& x, const Vector& v) const { return std::sqrt(inner(x, v, v)); }
double Geometry::distance(const Vector& x, const Vector& y) const { return call(*distance_, x, y)[0]; }
Vector Geometry::gradient(const Vector& x, const Vector& derivatives) const { return call(*gradient_, x, derivatives); }
Vector Geometry::tangent_normal(const Vector& x, uint64_t draw) const { return call(*normal_, x, x, 2, draw); }
Vector Geometry::some_point(uint64_t draw) const {
  Vector none(elements());
  return call(uniform_ ? *uniform_ : *ambient_, none, none, 1, draw);
}

std::optional<Vector> Geometry::origin() const {
  Vector zero(elements());
  if (origin_) return call(*origin_, zero, zero);
  return project(zero) == zero ? std::optional(zero) : std::nullopt;
}

Frame Geometry::frame(const Vector& x, size_t most) const {
  Frame frame;
  size_t n = elements();
  auto axis = [&](size_t i) {
    Vector e(n);
    e[i] = 1;
    return tangent(x, e);
  };
  std::vector<Vector> axes;
  for (size_t i = 0; i < n; ++i) axes.push_back(axis(i));
  std::vector<Vector> left = axes;
  if (size_t(space_->dimension()) > most) {
    left = directions(n, most);
    for (Vector& v : left) v = tangent(x, v);
  }
  // Gram and Schmidt, the longest remainder first: the last ones of dependent axes are rounding.
  while (frame.vectors.size() < most) {
    size_t best = 0;
    double longest = 0;
    for (size_t i = 0; i < left.size(); ++i) {
      double square = inner(x, left[i], left[i]);
      if (square < -1e-9) return {};
      if (square > longest) {
        longest = square;
        best = i;
      }
    }
    if (!(longest > 1e-10)) break;
    Vector u = combine(1 / std::sqrt(longest), left[best], 0, left[best]);
    for (Vector& v : left) v = combine(1, v, -inner(x, u, v), u);
    Vector covector(n);
    for (size_t j = 0; j < n; ++j) covector[j] = inner(x, u, axes[j]);
    frame.vectors.push_back(std::move(u));
    frame.covectors.push_back(std::move(covector));
  }
  return frame;
}

}  // namespace catenary::verifying
