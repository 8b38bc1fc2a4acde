// The functions of a space in f32, and the laws of its draws.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/support/philox.h>
#include <catenary/verify/rows.h>
#include <catenary/verify/space_checks.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

std::vector<Vector> SpaceChecks::in_f32(Errors& errors, const std::string& text, const Compared& function,
                                        const std::vector<Vector>& a, const std::vector<Vector>& b,
                                        const std::function<bool(size_t)>& only_finite) {
  const size_t m = geometry_.elements(), n = a.size();
  std::vector<float> from_a, from_b, out(n * m);
  for (size_t i = 0; i < n; ++i) {
    from_a.insert(from_a.end(), a[i].begin(), a[i].end());
    from_b.insert(from_b.end(), b[i].begin(), b[i].end());
  }
  Probe(session_, space_, function.compiled)(from_a.data(), from_b.data(), out.data(), int64_t(n));
  std::vector<Vector> results;
  for (size_t i = 0; i < n; ++i) results.emplace_back(out.begin() + int64_t(i * m), out.begin() + int64_t((i + 1) * m));
  auto exactly = [&](const Inputs& at) { return function.exact(at[0], at[1]); };
  auto away = [&](const Vector& x, const Vector& y) {
    return function.gives_points ? apart(x, y) : norm(combine(1, x, -1, y));
  };
  session_.pool().parallel_for(0, int64_t(n), 16, [&](int64_t first, int64_t last) {
    for (auto i = size_t(first); i < size_t(last); ++i) {
      Vector exact = function.exact(a[i], b[i]);
      if (!f32_holds(exact)) continue;
      const bool any = only_finite && only_finite(i) && std::isfinite(norm(results[i]));
      errors.offer(any ? 0 : away(results[i], exact), f32_tolerance(exactly, {a[i], b[i]}, exact), [&] {
        return fmt::format("compiled to f32, {} is {}; in double precision {}; {} = {}, {} = {}", text,
                           text_of(results[i]), text_of(exact), function.a, text_of(a[i]), function.b, text_of(b[i]));
      });
    }
  });
  return results;
}

void SpaceChecks::leads_back(Errors& errors, const std::vector<Vector>& x, const std::vector<Vector>& way,
                             const std::vector<Vector>& y, const std::function<bool(size_t)>& left_out) {
  session_.pool().parallel_for(0, int64_t(x.size()), 16, [&](int64_t first, int64_t last) {
    for (auto i = size_t(first); i < size_t(last); ++i) {
      if (left_out && left_out(i)) continue;
      Vector end = geometry_.exp(x[i], way[i]), exact = geometry_.exp(x[i], geometry_.log(x[i], y[i]));
      double known = f32_tolerance([&](const Inputs& at) { return geometry_.exp(at[0], at[1]); }, {x[i], way[i]}, end) +
                     f32_tolerance([&](const Inputs& at) { return geometry_.exp(at[0], geometry_.log(at[0], at[1])); },
                                   {x[i], y[i]}, exact);
      errors.offer(apart(end, y[i]), known, [&] {
        return fmt::format("compiled to f32, log(x, y) is {}; exp(x, that) is {}, {:.3g} away from y = {}; x = {}",
                           text_of(way[i]), text_of(end), apart(end, y[i]), text_of(y[i]), text_of(x[i]));
      });
    }
  });
}

double SpaceChecks::blur(const Vector& x) const {
  double farthest = 0;
  for (uint64_t k = 0; k < 4; ++k) {
    double rounding = 0x1p-24 * norm(x) / std::sqrt(double(x.size()));
    double moved = geometry_.distance(x, geometry_.project(combine(1, x, rounding, ambient(3000 + k))));
    farthest = std::isfinite(moved) ? std::max(farthest, moved) : infinity;
  }
  return farthest;
}

void SpaceChecks::compiled() {
  auto single = [&](Expr number) { return splat(std::move(number), space_->point()); };
  auto repeat = [&](double number) { return Vector(geometry_.elements(), number); };
  const Compared exp{"x", "v", [&](Expr x, Expr v) { return space_->exp(x, v); },
                     [&](const Vector& x, const Vector& v) { return geometry_.exp(x, v); }, true};
  const Compared log{"x", "y", [&](Expr x, Expr y) { return space_->log(x, y); },
                     [&](const Vector& x, const Vector& y) { return geometry_.log(x, y); }};
  const Compared project{"x", "z", [&](Expr, Expr z) { return space_->project(z); },
                         [&](const Vector&, const Vector& z) { return geometry_.project(z); }, true};
  const Compared tangent{"x", "v", [&](Expr x, Expr v) { return space_->tangent(x, v); },
                         [&](const Vector& x, const Vector& v) { return geometry_.tangent(x, v); }};
  const Compared gradient{"x", "d", [&](Expr x, Expr d) { return space_->gradient(x, d); },
                          [&](const Vector& x, const Vector& d) { return geometry_.gradient(x, d); }};
  const Compared inner{"x", "v", [&](Expr x, Expr v) { return single(space_->inner(x, v, v)); },
                       [&](const Vector& x, const Vector& v) { return repeat(geometry_.inner(x, v, v)); }};
  const Compared distance{"x", "y", [&](Expr x, Expr y) { return single(space_->distance(x, y)); },
                          [&](const Vector& x, const Vector& y) { return repeat(geometry_.distance(x, y)); }};

  std::vector<Vector> x, v, near, sizes;
  std::vector<double> lengths_of;
  std::vector<bool> shortest;  // Whether log gives v back.
  auto rounded = [](Vector e) {
    for (double& number : e) number = double(float(number));
    return e;
  };
  for (size_t i = 0; i < places_.size(); ++i) {
    const Place& p = places_[i];
    auto add = [&](double r, bool comes_back) {
      x.push_back(rounded(p.x));
      v.push_back(rounded(combine(r, p.direction, 0, p.direction)));
      lengths_of.push_back(r);
      shortest.push_back(comes_back);
    };
    for (double r : {0.0, 1e-30, 1e-20, 1e-12}) add(r, true);
    for (double r : lengths(p)) add(r, true);
    for (double r : far_lengths(p)) add(r, false);
    if (std::isinf(p.radius))
      for (double r : {10.0, 30.0, 1e3, 1e10, 1e15}) add(r, r < 1e2);
    for (double size : {1e-15, 1.0, 1e3, 1e15, 1e25}) {
      // Where points have a size of their own, what is lost to overflow is lost.
      if (size > 1e20 && std::isfinite(p.radius) && !space_->has_boundary()) continue;
      near.push_back(rounded(p.x));
      sizes.push_back(rounded(combine(size, ambient(2000 + i), 0, p.x)));
    }
  }
  Errors exps, logs, returns, projects, tangents, metrics;
  std::vector<Vector> y = in_f32(exps, "exp(x, v)", exp, x, v);
  in_f32(projects, "project(z)", project, x, y);
  in_f32(projects, "project(z)", project, near, sizes);
  // Where a space ends before exp does.
  for (Vector& end : y)
    if (Vector inside = geometry_.project(end); norm(combine(1, inside, -1, end)) > 1e-3 * size_of(end))
      end = rounded(inside);
  std::vector<bool> vague;  // Whether what f32 holds of y does not tell where it lies.
  for (size_t i = 0; i < y.size(); ++i) vague.push_back(!(blur(y[i]) < 3e-5 * (1 + geometry_.distance(x[i], y[i]))));
  auto beyond = [&](size_t i) { return !shortest[i] || vague[i]; };
  auto unclear = [&](size_t i) { return vague[i]; };
  std::vector<Vector> way = in_f32(logs, "log(x, y)", log, x, y, beyond),
                      back = in_f32(logs, "log(y, x)", log, y, x, beyond);
  // From end to end.
  std::vector<Vector> ends = y;
  std::rotate(ends.begin(), ends.begin() + std::ptrdiff_t(y.size() / places_.size()), ends.end());
  auto anywhere = [](size_t) { return true; };
  in_f32(logs, "log(x, y)", log, y, ends, anywhere);
  in_f32(logs, "the distance of x and y", distance, y, ends, anywhere);
  in_f32(logs, "the distance of x and y", distance, x, y, beyond);
  in_f32(exps, "exp(x, v)", exp, x, way);
  in_f32(exps, "exp(x, v)", exp, y, back, unclear);
  leads_back(returns, x, way, y, unclear);
  leads_back(returns, y, back, x, unclear);
  in_f32(tangents, "tangent(x, v)", tangent, x, v);
  in_f32(tangents, "tangent(x, v)", tangent, y, v, unclear);
  in_f32(metrics, "inner(x, v, v)", inner, x, v);
  in_f32(metrics, "inner(x, v, v)", inner, y, back, unclear);
  in_f32(metrics, "gradient(x, d)", gradient, x, v);
  in_f32(metrics, "gradient(x, d)", gradient, y, v, unclear);
  std::string range = fmt::format("|v| from 0 and 1e-30 to {:.4g}", std::ranges::max(lengths_of));
  std::string advice =
      "a formula that cancels: 1 - cos, acos near 1, a difference of large numbers; or a division by 0";
  add(exps.check("exp in f32", "exp(x, v) compiled, against double precision, " + range, advice));
  add(logs.check("log in f32",
                 "log(x, y), log(y, x) and the distance compiled, against double precision, up to the injectivity "
                 "radius; finite beyond",
                 advice));
  add(returns.check("exp of log in f32", "exp(x, log(x, y)), log compiled, against y, " + range, advice));
  add(projects.check("project in f32",
                     "project compiled, against double precision, of points and of vectors from 1e-15 to 1e25",
                     advice));
  add(tangents.check("tangent in f32", "tangent(x, v) compiled, against double precision", advice));
  add(metrics.check("metric in f32", "inner(x, v, v) and gradient(x, d) compiled, against double precision", advice));
}

int64_t SpaceChecks::samples() const {
  return session_.draws((int64_t{1} << 22) / std::clamp(space_->dimension(), 1, 4));
}

void SpaceChecks::compare(const std::string& name, const std::string& compared, std::vector<std::string> statistics,
                          const Fill& fill, const Read& read, const std::string& name_a, const std::string& name_b,
                          const std::string& advice) {
  const int64_t batch = 1 << 18;
  size_t m = geometry_.elements();
  const size_t count = statistics.size();
  TwoSample sample(std::move(statistics), 1);
  std::vector<float> a(size_t(batch) * m), b(size_t(batch) * m);
  int64_t n = samples();
  for (int64_t first = 0; first < n; first += batch) {
    fill(a.data(), b.data(), batch, first);
    sample.add(session_.pool(), batch, [&](int64_t at, double* of_a, double* of_b) {
      std::vector<Pair> values(count);
      for (size_t i = 0; i < tile; ++i) {
        const size_t point = size_t(at) + i;
        read(&a[point * m], &b[point * m], values.data(), uint64_t(first) + point);
        for (size_t s = 0; s < count; ++s) {
          of_a[s * tile + i] = values[s].a;
          of_b[s * tile + i] = values[s].b;
        }
      }
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
