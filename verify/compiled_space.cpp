// The functions of a space in f32, and the laws of its draws.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/support/philox.h>
#include <catenary/verify/space_checks.h>

namespace catenary::verifying {

namespace {

constexpr double float_rounding = 0x1p-24, infinity = std::numeric_limits<double>::infinity();

}  // namespace

void SpaceChecks::compiled() {
  Probe exp(session_, space_, [this](Expr x, Expr v) { return space_->exp(x, v); });
  Probe log(session_, space_, [this](Expr x, Expr y) { return space_->log(x, y); });
  Probe project(session_, space_, [this](Expr x, Expr) { return space_->project(x); });
  Probe tangent(session_, space_, [this](Expr x, Expr v) { return space_->tangent(x, v); });
  size_t m = geometry_.elements();
  size_t within = 0;
  std::vector<Vector> xs, vs;
  std::vector<float> x, v;
  std::vector<double> radii;
  for (const Place& p : places_) {
    std::vector<double> of_place = lengths(p);
    within = of_place.size();
    for (double r : far_lengths(p)) of_place.push_back(r);
    for (double r : {0.0, 1e-30, 1e-20, 1e-12}) of_place.push_back(r);
    for (double r : of_place) {
      auto put = [](std::vector<float>& to, const Vector& from) {
        for (double e : from) to.push_back(float(e));
      };
      put(x, p.x);
      put(v, combine(r, p.direction, 0, p.direction));
      xs.emplace_back(x.end() - int64_t(m), x.end());
      vs.emplace_back(v.end() - int64_t(m), v.end());
      radii.push_back(r);
    }
  }
  size_t each = radii.size() / places_.size();
  auto n = int64_t(xs.size());
  std::vector<float> y(x.size()), w(x.size()), again(x.size()), projected(x.size()), tangents(x.size());
  exp(x.data(), v.data(), y.data(), n);
  log(x.data(), y.data(), w.data(), n);
  exp(x.data(), w.data(), again.data(), n);
  project(y.data(), y.data(), projected.data(), n);
  tangent(x.data(), v.data(), tangents.data(), n);
  Errors exps, logs, returns, projects, is_tangent;
  for (size_t i = 0; i < size_t(n); ++i) {
    auto vector = [&](const std::vector<float>& from) {
      return Vector(from.begin() + int64_t(i * m), from.begin() + int64_t((i + 1) * m));
    };
    Vector yf = vector(y), wf = vector(w), exact = geometry_.exp(xs[i], vs[i]);
    double r = radii[i], unit = 32 * float_rounding * (size_of(exact) + std::max(norm(vs[i]), r));
    exps.offer(apart(yf, exact), unit * std::max(1.0, r), [&] {
      return fmt::format("compiled to f32, exp(x, v) is {}; in double precision {}; x = {}, v = {}", text_of(yf),
                         text_of(exact), text_of(xs[i]), text_of(vs[i]));
    });
    Vector ahead = geometry_.log(xs[i], yf);
    bool inverts = i % each < within;
    double amplified = inverts ? amplification(xs[i], geometry_.project(yf), ahead, i) : 1;
    double error = inverts ? norm(combine(1, wf, -1, vs[i])) : std::isfinite(norm(wf)) ? 0 : infinity;
    logs.offer(error, unit * amplified, [&] {
      return fmt::format(
          "compiled to f32, log(x, exp(x, v)) is {}, {:.3g} away from v = {}, where |v| = {:.4g}, x = {}; {}",
          text_of(wf), error, text_of(vs[i]), r, text_of(xs[i]), radius_sentence());
    });
    returns.offer(apart(vector(again), yf), 4 * unit * std::max(1.0, r), [&] {
      return fmt::format(
          "compiled to f32, exp(x, log(x, y)) is {}, and y = {}, where x = {}, and y lies {:.4g} along a geodesic",
          text_of(vector(again)), text_of(yf), text_of(xs[i]), r);
    });
    projects.offer(norm(combine(1, vector(projected), -1, yf)), unit * std::max(1.0, r), [&] {
      return fmt::format("compiled to f32, project takes {}, made by exp, to {}", text_of(yf),
                         text_of(vector(projected)));
    });
    Vector t = geometry_.tangent(xs[i], vs[i]);
    is_tangent.offer(norm(combine(1, vector(tangents), -1, t)), unit * (1 + norm(vs[i])), [&] {
      return fmt::format("compiled to f32, tangent(x, v) is {}; in double precision {}; x = {}, v = {}",
                         text_of(vector(tangents)), text_of(t), text_of(xs[i]), text_of(vs[i]));
    });
  }
  std::string range = fmt::format("|v| from 0 and 1e-30 to {:.4g}", *std::max_element(radii.begin(), radii.end()));
  std::string advice =
      "a formula that cancels: 1 - cos, acos near 1, a difference of large numbers; or a division by 0";
  add(exps.check("exp in f32", "exp(x, v) compiled, against double precision, " + range, advice));
  add(logs.check("log in f32", "log(x, exp(x, v)) compiled, against v, up to the injectivity radius; finite beyond",
                 advice));
  add(returns.check("exp of log in f32", "exp(x, log(x, y)) compiled, against y, " + range, advice));
  add(projects.check("project in f32", "project(exp(x, v)) compiled, against exp(x, v), " + range, advice));
  add(is_tangent.check("tangent in f32", "tangent(x, v) compiled, against double precision", advice));
}

int64_t SpaceChecks::samples() const {
  int64_t n = (int64_t{1} << 22) / std::clamp(space_->dimension(), 1, 4);
  return session_.options().effort == Effort::high ? 100 * n : n;
}

void SpaceChecks::compare(const std::string& name, const std::string& compared, std::vector<std::string> statistics,
                          const Fill& fill, const Read& read, const std::string& name_a, const std::string& name_b,
                          const std::string& advice) {
  const int64_t batch = 1 << 18;
  size_t m = geometry_.elements();
  TwoSample sample(std::move(statistics), 1);
  std::vector<float> a(size_t(batch) * m), b(size_t(batch) * m);
  int64_t n = samples();
  for (int64_t first = 0; first < n; first += batch) {
    fill(a.data(), b.data(), batch, first);
    sample.add(session_.pool(), batch, [&](int64_t i, Pair* values) {
      read(&a[size_t(i) * m], &b[size_t(i) * m], values, uint64_t(first + i));
    });
  }
  auto worst = sample.worst(name_a, name_b);
  Check check;
  check.name = label_ + name;
  check.compared = compared;
  check.n = int64_t(sample.samples());
  check.statistic_name = "|z|";
  check.statistic = worst.sigmas;
  check.threshold = sigmas_of_probability(session_.level() / double(sample.comparisons()));
  check.histograms = sample.histograms(worst.statistic, name_a, name_b);
  session_.judge(std::move(check), worst.sentence, advice);
}

void SpaceChecks::noise() {
  Probe draw(session_, space_, [this](Expr x, Expr) { return space_->tangent_normal(x); });
  size_t m = geometry_.elements(), d = frame_.vectors.size();
  const Vector& x = places_[0].x;
  std::vector<std::string> names;
  for (size_t k = 0; k < d; ++k) names.push_back(fmt::format("the noise along tangent direction {}", k + 1));
  for (size_t k = 0; k + 1 < d; ++k)
    names.push_back(fmt::format("the product of the noise along directions {} and {}", k + 1, k + 2));
  names.emplace_back("the square length of the noise");
  std::vector<float> points(size_t(1 << 18) * m);
  for (size_t i = 0; i < points.size(); ++i) points[i] = float(x[i % m]);
  compare(
      "tangent noise", "tangent_normal(x) along orthonormal directions, against standard normals", std::move(names),
      [&](float* a, float* b, int64_t n, int64_t first) {
        draw(points.data(), points.data(), a, n, session_.options().seed, first);
        std::fill(b, b + n * int64_t(m), 0.0f);
      },
      [&](const float* a, const float*, Pair* out, uint64_t number) {
        Pair square{0, 0};
        for (size_t k = 0; k < d; ++k) {
          double along = 0;
          for (size_t j = 0; j < m; ++j) along += frame_.covectors[k][j] * double(a[j]);
          uint64_t index = number * (d + d % 2) + k;
          auto word = [&](uint64_t i) { return stream_value(session_.options().seed + 1, 0, 0, 0, i); };
          out[k] = {along, box_muller(word(index & ~uint64_t{1}), word(index | 1))[index & 1]};
          square.a += out[k].a * out[k].a;
          square.b += out[k].b * out[k].b;
        }
        for (size_t k = 0; k + 1 < d; ++k) out[d + k] = {out[k].a * out[k + 1].a, out[k].b * out[k + 1].b};
        out[2 * d - 1] = square;
      },
      "by tangent_normal", "in standard normals",
      "tangent_normal must be standard normal in the metric that inner gives: variance 1 along every unit vector");
}

void SpaceChecks::uniform() {
  if (!geometry_.has_uniform())
    return session_.skip(label_ + "uniform points", "the space declares no uniform_point()");
  Probe points(session_, space_, [this](Expr, Expr) { return space_->uniform_point(); });
  Probe moved(session_, space_,
              [this](Expr x, Expr) { return space_->project(space_->exp(x, space_->tangent_normal(x))); });
  size_t m = geometry_.elements(), shown = std::min<size_t>(m, 8);
  std::vector<std::string> names;
  for (size_t k = 0; k < shown; ++k) names.push_back(m == 1 ? "x" : fmt::format("x[{}]", k));
  for (size_t k = 0; k + 1 < shown; ++k) names.push_back(fmt::format("x[{}] x[{}]", k, k + 1));
  std::vector<float> start(size_t(1 << 18) * m);
  uint64_t seed = session_.options().seed;
  compare(
      "uniform points", "uniform_point(), against the end of a random geodesic from it: geodesics preserve volume",
      std::move(names),
      [&](float* a, float* b, int64_t n, int64_t first) {
        points(b, b, start.data(), n, seed + 3, first);
        moved(start.data(), start.data(), b, n, seed + 4, first);
        points(b, b, a, n, seed + 5, first);
      },
      [&](const float* a, const float* b, Pair* out, uint64_t) {
        for (size_t k = 0; k < shown; ++k) out[k] = {a[k], b[k]};
        for (size_t k = 0; k + 1 < shown; ++k) out[shown + k] = {double(a[k]) * a[k + 1], double(b[k]) * b[k + 1]};
      },
      "by uniform_point", "after a random geodesic", "uniform_point must be uniform in the volume of the metric");
}

}  // namespace catenary::verifying
