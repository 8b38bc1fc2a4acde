// exp(Q t) in tables: squarings, and polynomials in log t through what they give.
#include <catenary/stdlib/generator_jump.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <catenary/stdlib/checks.h>

namespace catenary {

namespace {

using Matrix = std::vector<double>;  // K x K, row major.

// Times are in units of the mean stay in the category that is left fastest. The tables begin at `shortest`; a stretch
// is a factor `stretch` of time, and holds a power of two of pieces.
constexpr double shortest = 0x1p-24, stretch = 4;
constexpr int earlier_stretches = 12, most_stretches = 26, most_pieces = 32;
constexpr int64_t most_numbers = int64_t{1} << 24;
constexpr size_t degree = 8, coefficients = degree + 1;
constexpr double least = 1e-300, never = -700;  // A probability that is taken as 0, and its logarithm then.
constexpr double impossible = -std::numeric_limits<double>::infinity();

Matrix product(const Matrix& a, const Matrix& b, size_t k) {
  Matrix c(k * k);
  for (size_t i = 0; i < k; ++i)
    for (size_t m = 0; m < k; ++m)
      if (double weight = a[i * k + m]; weight != 0)
        for (size_t j = 0; j < k; ++j) c[i * k + j] += weight * b[m * k + j];
  return c;
}

// Rows are kept at 1, or rounding would double with every squaring.
Matrix squared(const Matrix& a, size_t k) {
  Matrix c = product(a, a, k);
  for (size_t i = 0; i < k; ++i) {
    double total = std::accumulate(&c[i * k], &c[i * k] + k, 0.0);
    for (size_t j = 0; j < k; ++j) c[i * k + j] /= total;
  }
  return c;
}

// The Chebyshev nodes of (0, 1).
std::vector<double> nodes() {
  std::vector<double> x;
  for (size_t i = 0; i < degree; ++i)
    x.push_back(0.5 - 0.5 * std::cos((2 * double(i) + 1) * std::numbers::pi / (2 * degree)));
  return x;
}

// Row i: the coefficients of the polynomial that is 1 at node i and 0 at the others.
std::vector<std::vector<double>> cardinals(const std::vector<double>& x) {
  std::vector<std::vector<double>> rows;
  for (size_t i = 0; i < x.size(); ++i) {
    std::vector<double> p{1};
    for (size_t m = 0; m < x.size(); ++m) {
      if (m == i) continue;
      p.push_back(0);
      for (size_t c = p.size(); c-- > 0;) p[c] = ((c > 0 ? p[c - 1] : 0) - x[m] * p[c]) / (x[i] - x[m]);
    }
    rows.push_back(p);
  }
  return rows;
}

// The least number of jumps from i to j, K where there is no way.
std::vector<double> least_jumps(const Matrix& rates, size_t k) {
  std::vector<double> jumps(k * k, double(k));
  for (size_t i = 0; i < k; ++i) {
    std::vector<size_t> reached{i};
    jumps[i * k + i] = 0;
    for (size_t n = 0; n < reached.size(); ++n)
      for (size_t j = 0; j < k; ++j)
        if (rates[reached[n] * k + j] > 0 && jumps[i * k + j] == double(k)) {
          jumps[i * k + j] = jumps[i * k + reached[n]] + 1;
          reached.push_back(j);
        }
  }
  return jumps;
}

// The generator in units of its fastest rate, its diagonal made from the rest of each row.
Matrix checked_rates(std::string_view whose, const std::vector<double>& rates, size_t k, double& fastest) {
  if (rates.size() != k * k)
    throw Error(fmt::format("{} on {} categories needs {} x {} rates; found {} numbers", whose, k, k, k, rates.size()));
  Matrix unit = rates;
  fastest = 0;
  for (size_t i = 0; i < k; ++i) {
    double leaves = 0;
    for (size_t j = 0; j < k; ++j) {
      double rate = rates[i * k + j];
      if (!std::isfinite(rate) || (i != j && rate < 0))
        throw Error(
            fmt::format("{} needs finite rates of at least 0 from each category to others; found {} from {} to {}",
                        whose, rate, i, j));
      if (i != j) leaves += rate;
    }
    if (std::abs(leaves + rates[i * k + i]) > 1e-6 * leaves)
      throw Error(
          fmt::format("{} needs rows of rates that sum to 0; row {} sums to {}: its diagonal element must be {}", whose,
                      i, leaves + rates[i * k + i], -leaves));
    unit[i * k + i] = -leaves;
    fastest = std::max(fastest, leaves);
  }
  if (!std::isfinite(fastest)) throw Error(fmt::format("{} has rates that sum to more than a number holds", whose));
  if (k > 1)
    for (double& rate : unit) rate /= fastest;
  return unit;
}

}  // namespace

struct GeneratorJump::Tables {
  Tables(std::string_view whose, const std::vector<double>& rates, size_t categories) : k(categories) {
    unit = checked_rates(whose, rates, k, fastest);
    jumps = least_jumps(unit, k);
    check_end(whose);
    while (!fits(whose)) pieces_per_stretch *= 2;
    // Before the tables P = A t^n (1 + c t): at their beginning log P rises with log t by n + c t.
    for (size_t i = 0; i < k * k; ++i) {
      double rise = polynomials[i * coefficients + 1] * pieces_per_stretch / std::log(stretch);
      bends.push_back(polynomials[i * coefficients] <= never ? 0 : rise - jumps[i]);
    }
  }

  bool way(size_t from, size_t to) const { return jumps[from * k + to] < double(k); }

  // Categories that are not left for good: those that are reached again from wherever they lead. There is one law at
  // the end where they all reach one another.
  void check_end(std::string_view whose) {
    for (size_t i = 0; i < k; ++i) {
      stays.push_back(true);
      for (size_t j = 0; j < k; ++j) stays[i] = stays[i] && (way(j, i) || !way(i, j));
    }
    auto first = size_t(std::find(stays.begin(), stays.end(), true) - stays.begin());
    for (size_t j = first + 1; j < k; ++j)
      if (stays[j] && !way(first, j))
        throw Error(
            fmt::format("{} needs one law at the end, whatever the start; it ends about category {} or about {}, and "
                        "there is no way from one to the other: give it one, or make each a process of its own",
                        whose, first, j));
  }

  // exp(Q t) for t up to 4 `shortest`: e^{-t} sum t^n (I + Q)^n / n!, all of whose terms are positive.
  Matrix at_short(double t) const {
    Matrix step = unit, power(k * k), sum(k * k);
    for (size_t i = 0; i < k; ++i) {
      step[i * k + i] += 1;
      power[i * k + i] = sum[i * k + i] = 1;
    }
    double most = 0, factor = 1;
    for (double n : jumps) most = n < double(k) ? std::max(most, n) : most;
    for (int64_t n = 1; double(n) <= most + 3 && factor > least; ++n) {
      power = product(power, step, k);
      factor *= t / double(n);
      for (size_t i = 0; i < k * k; ++i) sum[i] += factor * power[i];
    }
    for (double& p : sum) p *= std::exp(-t);
    return sum;
  }

  // Of tables that end with stretch `last`.
  void check_size(std::string_view whose, int last) const {
    if ((last + 1) * pieces_per_stretch * int64_t(k * k * coefficients) > most_numbers)
      throw Error(
          fmt::format("{} on {} categories needs tables of more than {} numbers; take fewer categories, or a "
                      "structured process (UniformJump, StationaryJump, AbsorbingJump)",
                      whose, k, most_numbers));
  }

  // Makes the tables; false: they need more pieces.
  bool fits(std::string_view whose) {
    check_size(whose, earlier_stretches);
    std::vector<double> along = nodes(), offsets{0};
    const std::vector<std::vector<double>> basis = cardinals(along);
    offsets.insert(offsets.end(), along.begin(), along.end());
    for (double between : {0.003, 0.05, 0.5, 0.95, 0.997}) offsets.push_back(between);
    std::vector<Matrix> p;
    for (int piece = 0; piece < pieces_per_stretch; ++piece)
      for (double offset : offsets)
        p.push_back(at_short(shortest * std::pow(stretch, (piece + offset) / pieces_per_stretch)));

    polynomials.clear();
    for (int s = 0;; ++s) {
      if (s == most_stretches)
        throw Error(fmt::format(
            "{} forgets its start too slowly: after {:.2g} times its shortest mean stay its rows still differ", whose,
            shortest * std::pow(stretch, s)));
      check_size(whose, s);
      for (int piece = 0; piece < pieces_per_stretch; ++piece)
        for (size_t pair = 0; pair < k * k; ++pair)
          if (!add_polynomial(&p[size_t(piece) * offsets.size()], pair, offsets, basis)) return false;
      for (Matrix& m : p) m = squared(squared(m, k), k);
      if (s >= earlier_stretches && forgotten(p[0])) break;
    }
    stationary.assign(p[0].begin(), p[0].begin() + std::ptrdiff_t(k));
    return true;
  }

  // log P = c_0 + x (c_1 + ... + c_8 x^7), x along the piece, through the value at 0 and at the nodes.
  bool add_polynomial(const Matrix* p, size_t pair, const std::vector<double>& offsets,
                      const std::vector<std::vector<double>>& basis) {
    std::vector<double> c(coefficients), logs;
    bool seldom = false;
    for (size_t i = 0; i < offsets.size(); ++i) {
      seldom = seldom || p[i][pair] < least;
      logs.push_back(std::log(p[i][pair]));
    }
    c[0] = jumps[pair] == double(k) ? impossible : seldom ? never : logs[0];
    for (size_t i = 0; i < degree && !seldom; ++i)
      for (size_t m = 0; m < degree; ++m) c[m + 1] += (logs[i + 1] - logs[0]) / offsets[i + 1] * basis[i][m];
    for (double& value : c) value = double(float(value));
    for (size_t i = coefficients; i < offsets.size() && !seldom; ++i) {
      double sum = 0;
      for (size_t m = degree; m > 0; --m) sum = sum * offsets[i] + c[m];
      sum *= offsets[i];
      if (std::abs(sum - (logs[i] - logs[0])) > 3e-7 * std::max(1.0, std::abs(sum)) && pieces_per_stretch < most_pieces)
        return false;
    }
    polynomials.insert(polynomials.end(), c.begin(), c.end());
    return true;
  }

  // All rows are the law at the end, in which categories that are left for good have no share.
  bool forgotten(const Matrix& p) const {
    for (size_t i = 0; i < k * k; ++i)
      if (stays[i % k] ? std::abs(p[i] / p[i % k] - 1) > 1e-9 : p[i] >= least) return false;
    return true;
  }

  size_t k;
  double fastest = 0;
  int pieces_per_stretch = 1;
  Matrix unit;
  std::vector<bool> stays;
  std::vector<double> jumps, bends, polynomials, stationary;
};

GeneratorJump::GeneratorJump(Categorical space, GeneratorJumpOptions options, LogitsOptions logits)
    : GeneratorJump(space, "a generator jump process", options.rates, std::move(logits)) {}

GeneratorJump::GeneratorJump(Categorical space, std::string_view whose, const std::vector<double>& rates,
                             LogitsOptions logits)
    : GeneratorJump(space, whose, Tables(whose, rates, size_t(space.categories())), std::move(logits)) {}

GeneratorJump::GeneratorJump(Categorical space, std::string_view whose, const Tables& tables, LogitsOptions logits)
    : Jump(space, whose, std::move(logits)),
      fastest_(tables.fastest),
      pieces_per_e_(tables.pieces_per_stretch / std::log(stretch)),
      earlier_(earlier_stretches * tables.pieces_per_stretch),
      pieces_(int64_t(tables.polynomials.size() / (tables.k * tables.k * coefficients))),
      polynomials_(constant(tables.polynomials, {int64_t(tables.polynomials.size())})),
      jumps_(constant(tables.jumps, {int64_t(tables.jumps.size())})),
      bends_(constant(tables.bends, {int64_t(tables.bends.size())})),
      stationary_(FixedLaw::of(whose, tables.stationary)) {
  std::vector<double> starts(tables.k);
  for (size_t i = 0; i < tables.k * tables.k; ++i) starts[i % tables.k] += tables.way(i / tables.k, i % tables.k);
  if (std::ranges::any_of(starts, [&](double n) { return n < double(tables.k); }))
    starts_ = constant(starts, {int64_t(tables.k)}, Type::i32);
}

GeneratorJump::Place GeneratorJump::place(Expr time) const {
  // Counted from the time 1 / fastest, about which logarithms are most accurate.
  Expr passed = log(max(fastest_ * time, 1e-37));
  auto first = double(-earlier_), last = first + double(pieces_);
  Expr at = min(max(pieces_per_e_ * passed, first), last), piece = min(floor(at), last - 1);
  int64_t numbers = space().categories() * space().categories() * int64_t(coefficients);
  Expr before = min(passed - std::log(shortest), 0.0);
  return {(to_int(piece) + earlier_) * numbers, at - piece, before, expm1(before)};
}

Expr GeneratorJump::log_probability(const Expr& from, const Expr& to, const Place& place) const {
  Expr pair = from * space().categories() + to, first = place.piece + pair * int64_t(coefficients);
  Expr sum = at(polynomials_, first + int64_t(degree));
  for (size_t m = degree; m-- > 0;) sum = fma(place.along, sum, at(polynomials_, first + int64_t(m)));
  return fma(place.before, at(jumps_, pair), fma(place.short_of, at(bends_, pair), sum));
}

Expr GeneratorJump::prior(Expr) const { return stationary_.draw(bits()); }

Expr GeneratorJump::forward(Expr x0, Expr t) const {
  Place all = place(std::move(t));
  return draw_category(space().categories(), x0, [&](Expr k) { return exp(log_probability(x0, k, all)); });
}

Expr GeneratorJump::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Place before = place(s), after = place(t - s), all = place(t);
  Expr whole = max(log_probability(x0, xt, all), -1e30);
  return draw_category(space().categories(), xt, [&](Expr k) {
    return exp(log_probability(x0, k, before) + log_probability(k, xt, after) - whole);
  });
}

std::optional<Expr> GeneratorJump::log_density(Expr x0, Expr xt, Expr t) const {
  return log_probability(x0, xt, place(std::move(t)));
}

std::optional<Expr> GeneratorJump::tells(Expr xt, Expr) const {
  if (!starts_) return std::nullopt;
  return at(*starts_, xt) <= 1;
}

GeneratorJump::Start GeneratorJump::possible(Expr xt) const {
  if (!starts_) return {};
  int64_t n = space().categories();
  return [=, this](const Expr& k) { return at(jumps_, k * n + xt) < double(n); };
}

namespace {

std::vector<double> ordinal_rates(int64_t categories, const OrdinalJumpOptions& options) {
  positive("an ordinal jump process", "rate", options.rate);
  positive("an ordinal jump process", "width", options.width);
  // Relative to the weight of a neighbour, which for a narrow width is all there is.
  auto weight = [&](int64_t n) { return std::exp(-(double(n * n) - 1) / 2 / options.width / options.width); };
  double total = 0;
  for (int64_t n = 1; n < categories; ++n) total += 2 * weight(n);
  std::vector<double> rates(size_t(categories * categories));
  for (int64_t i = 0; i < categories; ++i) {
    double leaves = 0;
    for (int64_t j = 0; j < categories; ++j)
      if (i != j) leaves += rates[size_t(i * categories + j)] = options.rate * (weight(i - j) / total);
    rates[size_t(i * categories + i)] = -leaves;
  }
  return rates;
}

}  // namespace

OrdinalJump::OrdinalJump(Categorical space, OrdinalJumpOptions options, LogitsOptions logits)
    : GeneratorJump(space, "an ordinal jump process", ordinal_rates(space.categories(), options), std::move(logits)) {}

}  // namespace catenary
