// Displacements in an orthonormal frame at x_0, what is left of them given both ends, distances; for categories,
// equalities.
#include <catenary/verify/relations.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace catenary::verifying {

namespace {

constexpr size_t most_shown = 3, most_kept = 16;
constexpr int most_cells = 64;

// How much of coordinate k, in deviations, there is in the mix of all: of each about as much, and no two alike.
double share_of_mix(size_t k) {
  return (k % 4 == 1 || k % 4 == 2 ? -1 : 1) * (1 + 0.5 * std::fmod(0.618 * double(k), 1));
}

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
    covectors = component.geometry ? component.geometry->frame(Vector(x0, x0 + m), most_kept).covectors
                                   : directions(m, most_kept);
  }
  kept_ = covectors_[0].size();
  for (const auto& c : covectors_) kept_ = std::min(kept_, c.size());
  shown_ = std::min(kept_, most_shown);
  pull_.resize(kept_);
  for (Side* side : {&s_, &t_}) {
    side->mean.resize(kept_ * size_t(groups));
    side->unit.resize(kept_);
  }
  for (size_t k = 0; k < kept_; ++k)
    for (int64_t g = 0; g < groups; ++g) {
      const auto* x0 = element_of<float>(starts, component, g);
      const Vector& covector = covectors_[size_t(g)][k];
      size_.push_back(norm(Vector(x0, x0 + m)) * norm(covector));
    }
  for (size_t k = 0; k < shown_ + (kept_ > 1); ++k) {
    std::string which = k == shown_ ? ", a mix of all coordinates"
                        : kept_ > 1 ? fmt::format(", coordinate {}", k + 1)
                                    : "";
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

// Of a tile of one group.
std::vector<Row> Relations::rows_at(const std::vector<float>& ways, int64_t first) const {
  return rows_of(ways, component_.elements(), size_t(first), size_t(groups));
}

void Relations::prepare(const Triples& pilot, const Triples& other, int64_t n) {
  if (component_.categorical()) return;
  // Calls body(group, coordinate, its values) for a tile of the pilot's ways.
  auto each_coordinate = [&](const std::vector<float>& ways, auto&& body) {
    TwoSample::each_tile(0, n, groups, [&](int64_t first) {
      const size_t group = size_t(first % groups);
      const std::vector<Row> rows = rows_at(ways, first);
      for (size_t k = 0; k < kept_; ++k) body(group, k, along(rows, covectors_[group][k]));
    });
  };
  auto look = [&](Side& side, const std::vector<float>& ways) {
    std::fill(side.mean.begin(), side.mean.end(), 0.0);
    each_coordinate(ways, [&](size_t group, size_t k, const Row& row) {
      for (double v : row) side.mean[k * size_t(groups) + group] += v * double(groups) / double(n);
    });
    std::vector<double> square(kept_);
    each_coordinate(ways, [&](size_t group, size_t k, const Row& row) {
      const double mean = side.mean[k * size_t(groups) + group];
      for (double v : row) square[k] += (v - mean) * (v - mean) / double(n);
    });
    for (size_t k = 0; k < kept_; ++k) {
      const double unit = share_of_mix(k) / std::sqrt(square[k]);
      side.unit[k] = std::isfinite(unit) ? unit : 0;
    }
    return square;
  };
  // Whether a coordinate varies by a few roundings of x_0.
  auto narrow = [&](const std::vector<double>& square) {
    for (size_t i = 0; i < size_.size(); ++i) {
      const double deviation = std::sqrt(square[i / size_t(groups)]);
      if (deviation > 0 && deviation < 16 * 0x1p-24 * size_[i]) return true;
    }
    return false;
  };
  Side of_other = s_;
  const bool narrow_s = narrow(look(s_, pilot.s_from_0_));
  rounded_ = narrow_s && narrow(look(of_other, other.s_from_0_));
  if (!with_end_) return;
  const std::vector<double> square = look(t_, pilot.t_from_0_);
  std::vector<double> product(kept_);
  TwoSample::each_tile(0, n, groups, [&](int64_t first) {
    const size_t group = size_t(first % groups);
    const std::vector<Row> rows_s = rows_at(pilot.s_from_0_, first), rows_t = rows_at(pilot.t_from_0_, first);
    for (size_t k = 0; k < kept_; ++k) {
      const Row s = along(rows_s, covectors_[group][k]), t = along(rows_t, covectors_[group][k]);
      const size_t at = k * size_t(groups) + group;
      for (size_t i = 0; i < tile; ++i) product[k] += (t[i] - t_.mean[at]) * (s[i] - s_.mean[at]) / double(n);
    }
  });
  for (size_t k = 0; k < kept_; ++k)
    pull_[k] = square[k] > 0 && std::isfinite(product[k] / square[k]) ? product[k] / square[k] : 0;
}

void Relations::read(const Triples& x, int64_t first, double* values) const {
  if (component_.categorical()) {
    for (int64_t i = 0; i < int64_t(tile); ++i) read_categories(x, first + i * groups, values + i);
    return;
  }
  const size_t m = component_.elements(), group = size_t(first % groups);
  auto tell = [&](const Row& row) { values = std::copy(row.begin(), row.end(), values); };
  const std::vector<Row> rows_s = rows_at(x.s_from_0_, first);
  const std::vector<Row> rows_t = with_end_ ? rows_at(x.t_from_0_, first) : std::vector<Row>();
  Row way{}, rest{}, mix_s{}, mix_t{}, mix_left{};
  for (size_t k = 0; k < kept_; ++k) {
    const size_t at = k * size_t(groups) + group;
    const double mean_s = s_.mean[at], mean_t = t_.mean[at], pull = pull_[k], size = size_[at];
    const double unit_s = s_.unit[k], unit_t = t_.unit[k];
    Row s = along(rows_s, covectors_[group][k]);
#pragma omp simd
    for (size_t i = 0; i < tile; ++i) {
      s[i] -= mean_s;
      way[i] += s[i] * s[i];
      mix_s[i] += unit_s * s[i];
    }
    if (k < shown_) tell(s);
    if (!with_end_) continue;
    Row t = along(rows_t, covectors_[group][k]), left, product;
#pragma omp simd
    for (size_t i = 0; i < tile; ++i) {
      double dt = t[i] - mean_t, of_s = s[i] - pull * dt;
      // Where x_0 and x_t tell x_s, what is left is rounding: of x_0, of the way and of its mean.
      double rounded = size + std::abs(dt) + std::abs(mean_t);
      left[i] = std::abs(of_s) < 1e-6 * rounded ? 0 : of_s;
      rest[i] += left[i] * left[i];
      product[i] = s[i] * dt;
      mix_t[i] += unit_t * dt;
      mix_left[i] += unit_s * left[i];
    }
    if (k < shown_) {
      tell(left);
      tell(product);
    }
  }
  if (kept_ > 1) {
    tell(mix_s);
    if (with_end_) {
      tell(mix_left);
      for (size_t i = 0; i < tile; ++i) mix_s[i] *= mix_t[i];
      tell(mix_s);
    }
  }
  tell(way);
  if (!with_end_) return;
  tell(rest);
  Row distances;
  for (size_t i = 0; i < tile; ++i) {
    auto distance = double(x.t_from_s_[(size_t(first) + i * size_t(groups)) * m]);
    distances[i] = distance * distance;
  }
  tell(distances);
}

// Points of several categories are told by their first.
void Relations::read_categories(const Triples& x, int64_t i, double* values) const {
  size_t m = component_.elements();
  auto at = [&](const void* points) { return static_cast<const int32_t*>(points) + size_t(i) * m; };
  const int32_t *x0 = at(x.x0_), *xs = at(x.xs_), *xt = with_end_ ? at(x.xt_) : nullptr;
  auto same = [m](const int32_t* a, const int32_t* b) {
    return m == 1 ? *a == *b : std::equal(a, a + m, b);  // The library compares as bytes, by a call.
  };
  auto tell = [&](double value) {
    *values = value;
    values += tile;
  };
  tell(same(xs, x0));
  if (with_end_) tell(same(xs, xt));
  auto k = int32_t(std::min<int64_t>(component_.border->point.categories, most_cells));
  auto cell = [k](int32_t category) { return category < k ? category : category % k; };  // Divisions are slow.
  tell(cell(*xs));
  if (with_end_ && k * k <= most_cells) tell(cell(*xs) * k + cell(*xt));
}

}  // namespace catenary::verifying
