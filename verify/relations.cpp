// Displacements in an orthonormal frame at x_0, what is left of them given both ends, distances; for categories,
// equalities.
#include <catenary/verify/relations.h>

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace catenary::verifying {

namespace {

constexpr size_t most_shown = 3, most_kept = 16, most_statistics = 3 * most_shown + 3;
constexpr int most_cells = 64;

}  // namespace

std::vector<float> displacements(const Component& c, const void* from, const void* to, int64_t n) {
  std::vector<float> result(size_t(n) * c.elements());
  if (c.log) {
    (*c.log)(from, to, result.data(), n);
    return result;
  }
  const auto *a = static_cast<const float*>(from), *b = static_cast<const float*>(to);
  for (size_t i = 0; i < result.size(); ++i) result[i] = b[i] - a[i];
  return result;
}

std::vector<float> distances(const Component& c, const void* from, const void* to, int64_t n) {
  size_t m = c.elements();
  std::vector<float> result(size_t(n) * m);
  if (c.distance) {
    (*c.distance)(from, to, result.data(), n);
    return result;
  }
  const auto *a = static_cast<const float*>(from), *b = static_cast<const float*>(to);
  for (size_t i = 0; i < result.size(); i += m) {
    double square = 0;
    for (size_t j = i; j < i + m; ++j) square += (double(b[j]) - double(a[j])) * (double(b[j]) - double(a[j]));
    result[i] = float(std::sqrt(square));
  }
  return result;
}

Triples::Triples(const Component& c, const State& x0, const State& xs, const State* xt)
    : x0_(x0[c.name].data()), xs_(xs[c.name].data()), xt_(xt ? (*xt)[c.name].data() : nullptr) {
  if (c.categorical()) return;
  int64_t n = x0[c.name].shape()[0];
  s_from_0_ = displacements(c, x0_, xs_, n);
  if (!xt) return;
  t_from_0_ = displacements(c, x0_, xt_, n);
  t_from_s_ = distances(c, xs_, xt_, n);
}

Relations::Relations(const Component& component, const State& starts, bool with_end, std::string s, std::string t)
    : component_(component), with_end_(with_end) {
  auto name = [&](std::string text, int cells = 0) {
    names_.push_back(std::move(text));
    whole_.push_back(cells);
  };
  if (component.categorical()) {
    auto k = int(std::min<int64_t>(component.border->point.categories, most_cells));
    name(fmt::format("{} = x_0", s), 2);
    if (with_end) name(fmt::format("{} = {}", s, t), 2);
    name(fmt::format("category {}", s), k);
    if (with_end && k * k <= most_cells) name(fmt::format("the pair of categories {} and {}", s, t), k * k);
    return;
  }
  size_t m = component.elements();
  for (int64_t g = 0; g < groups; ++g) {
    const auto* x0 = element_of<float>(starts, component, g);
    auto& covectors = covectors_.emplace_back();
    if (component.geometry) covectors = component.geometry->frame(Vector(x0, x0 + m), most_kept).covectors;
    if (!component.geometry)
      for (size_t k = 0; k < std::min(m, most_kept); ++k) {
        covectors.emplace_back(m);
        covectors.back()[k] = 1;
      }
  }
  kept_ = covectors_[0].size();
  for (const auto& c : covectors_) kept_ = std::min(kept_, c.size());
  shown_ = std::min(kept_, most_shown);
  pull_.resize(kept_);
  mean_s_.resize(kept_ * size_t(groups));
  mean_t_.resize(kept_ * size_t(groups));
  for (size_t k = 0; k < kept_; ++k)
    for (int64_t g = 0; g < groups; ++g) {
      const auto* x0 = element_of<float>(starts, component, g);
      const Vector& covector = covectors_[size_t(g)][k];
      size_.push_back(norm(Vector(x0, x0 + m)) * norm(covector));
    }
  for (size_t k = 0; k < shown_; ++k) {
    std::string which = kept_ > 1 ? fmt::format(", coordinate {}", k + 1) : "";
    name(fmt::format("the way from x_0 to {}{}", s, which));
    if (!with_end) continue;
    name(fmt::format("what is left of {} given x_0 and {}{}", s, t, which));
    name(fmt::format("the product of the ways from x_0 to {} and to {}{}", s, t, which));
  }
  name(fmt::format("the square deviation of {} from its mean", s));
  if (!with_end) return;
  name(fmt::format("the square of what is left of {} given x_0 and {}", s, t));
  name(fmt::format("the square distance from {} to {}", s, t));
}

double Relations::along(const std::vector<float>& way, int64_t i, size_t k) const {
  const Vector& c = covectors_[size_t(i % groups)][k];
  const float* v = &way[size_t(i) * c.size()];
  double sum = 0;
  for (size_t j = 0; j < c.size(); ++j) sum += c[j] * double(v[j]);
  return sum;
}

void Relations::prepare(const Triples& pilot, int64_t n) {
  if (component_.categorical()) return;
  for (size_t k = 0; k < kept_; ++k) {
    double* mean_s = &mean_s_[k * size_t(groups)];
    double* mean_t = &mean_t_[k * size_t(groups)];
    std::fill_n(mean_s, groups, 0.0);
    std::fill_n(mean_t, groups, 0.0);
    double share = double(groups) / double(n), product = 0, square = 0;
    for (int64_t i = 0; i < n; ++i) mean_s[i % groups] += share * along(pilot.s_from_0_, i, k);
    if (!with_end_) continue;
    for (int64_t i = 0; i < n; ++i) mean_t[i % groups] += share * along(pilot.t_from_0_, i, k);
    for (int64_t i = 0; i < n; ++i) {
      double t = along(pilot.t_from_0_, i, k) - mean_t[i % groups];
      product += t * (along(pilot.s_from_0_, i, k) - mean_s[i % groups]);
      square += t * t;
    }
    pull_[k] = square > 0 && std::isfinite(product / square) ? product / square : 0;
  }
}

void Relations::read(const Triples& x, int64_t i, double* values) const {
  if (component_.categorical()) return read_categories(x, i, values);
  size_t m = component_.elements(), group = size_t(i % groups);
  double way = 0, rest = 0;
  for (size_t k = 0; k < kept_; ++k) {
    double ds = along(x.s_from_0_, i, k) - mean_s_[k * size_t(groups) + group];
    way += ds * ds;
    if (k < shown_) *values++ = ds;
    if (!with_end_) continue;
    double mean_t = mean_t_[k * size_t(groups) + group], dt = along(x.t_from_0_, i, k) - mean_t;
    double left = ds - pull_[k] * dt;
    // Where x_0 and x_t tell x_s, what is left is rounding: of x_0, of the way and of its mean.
    double rounded = size_[k * size_t(groups) + group] + std::abs(dt) + std::abs(mean_t);
    if (std::abs(left) < 1e-6 * rounded) left = 0;
    rest += left * left;
    if (k < shown_) {
      *values++ = left;
      *values++ = ds * dt;
    }
  }
  *values++ = way;
  if (!with_end_) return;
  *values++ = rest;
  auto distance = double(x.t_from_s_[size_t(i) * m]);
  *values++ = distance * distance;
}

void Relations::read(const Triples& a, const Triples& b, int64_t i, Pair* values) const {
  std::array<double, most_statistics> by_a, by_b;
  read(a, i, by_a.data());
  read(b, i, by_b.data());
  for (size_t s = 0; s < names_.size(); ++s) values[s] = {by_a[s], by_b[s]};
}

// Points of several categories are told by their first.
void Relations::read_categories(const Triples& x, int64_t i, double* values) const {
  size_t m = component_.elements();
  auto at = [&](const void* points) { return static_cast<const int32_t*>(points) + size_t(i) * m; };
  const int32_t *x0 = at(x.x0_), *xs = at(x.xs_), *xt = with_end_ ? at(x.xt_) : nullptr;
  auto same = [m](const int32_t* a, const int32_t* b) {
    return m == 1 ? *a == *b : std::equal(a, a + m, b);  // The library compares as bytes, by a call.
  };
  *values++ = same(xs, x0);
  if (with_end_) *values++ = same(xs, xt);
  auto k = int32_t(std::min<int64_t>(component_.border->point.categories, most_cells));
  auto cell = [k](int32_t category) { return category < k ? category : category % k; };  // Divisions are slow.
  *values++ = cell(*xs);
  if (with_end_ && k * k <= most_cells) *values++ = cell(*xs) * k + cell(*xt);
}

}  // namespace catenary::verifying
