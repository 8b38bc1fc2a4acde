// Draws and densities from tables of exp(Q t).
#include <catenary/stdlib/generator_jump.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/generator_tables.h>

namespace catenary {

namespace {

// How many pieces lie before each stretch: the first, and those of the stretches before it.
std::vector<double> before(const std::vector<double>& pieces_of) {
  std::vector<double> sums(pieces_of.size());
  std::exclusive_scan(pieces_of.begin(), pieces_of.end(), sums.begin(), 1.0);
  return sums;
}

}  // namespace

GeneratorJump::GeneratorJump(Categorical space, GeneratorJumpOptions options, LogitsOptions logits)
    : GeneratorJump(space, "a generator jump process", options.rates, std::move(logits)) {}

GeneratorJump::GeneratorJump(Categorical space, std::string_view whose, const std::vector<double>& rates,
                             LogitsOptions logits)
    : GeneratorJump(space, whose, GeneratorTables(whose, rates, size_t(space.categories())), std::move(logits)) {}

GeneratorJump::GeneratorJump(Categorical space, std::string_view whose, GeneratorTables&& tables, LogitsOptions logits)
    : Jump(space, whose, std::move(logits)),
      fastest_(tables.fastest),
      first_(tables.first()),
      earlier_(tables.earlier_stretches),
      stretches_(int64_t(tables.pieces_of.size())),
      pieces_of_(constant(tables.pieces_of, {stretches_})),
      pieces_before_(constant(before(tables.pieces_of), {stretches_}, Type::i32)),
      polynomials_(constant(std::move(tables.polynomials), {tables.numbers()})),
      jumps_(constant(tables.jumps, {int64_t(tables.jumps.size())})),
      stationary_(FixedLaw::of(whose, tables.stationary)) {
  std::vector<double> starts(tables.k);
  for (size_t i = 0; i < tables.k * tables.k; ++i) starts[i % tables.k] += tables.way(i / tables.k, i % tables.k);
  if (std::ranges::any_of(starts, [&](double n) { return n < double(tables.k); }))
    starts_ = constant(starts, {int64_t(tables.k)}, Type::i32);
}

GeneratorJump::Place GeneratorJump::place(Expr time) const {
  // Counted from the time 1 / fastest, about which logarithms are most accurate.
  Expr passed = fastest_ * time, logarithm = log(max(passed, 1e-37)), within = passed < first_;
  auto first = double(-earlier_), last = first + double(stretches_);
  Expr at_time = min(max(logarithm / std::log(GeneratorTables::stretch), first), last);
  Expr stretch = min(floor(at_time), last - 1), number = to_int(stretch) + earlier_;
  Expr pieces = at(pieces_of_, number), along = (at_time - stretch) * pieces, piece = min(floor(along), pieces - 1.0);
  int64_t numbers = space().categories() * space().categories() * int64_t(GeneratorTables::coefficients);
  return {select(within, 0, (to_int(piece) + at(pieces_before_, number)) * numbers),
          select(within, passed / first_, along - piece), select(within, logarithm - std::log(first_), 0.0)};
}

Expr GeneratorJump::log_probability(const Expr& from, const Expr& to, const Place& place) const {
  constexpr auto degree = int64_t(GeneratorTables::degree);
  Expr pair = from * space().categories() + to, first = place.piece + pair * (degree + 1);
  Expr sum = at(polynomials_, first + degree);
  for (int64_t m = degree; m-- > 0;) sum = fma(place.along, sum, at(polynomials_, first + m));
  return fma(place.before, at(jumps_, pair), sum);
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

constexpr std::string_view ordinal = "an ordinal jump process";

std::vector<double> ordinal_rates(int64_t categories, const OrdinalJumpOptions& options) {
  positive(ordinal, "rate", options.rate);
  positive(ordinal, "width", options.width);
  GeneratorTables::check_size(ordinal, size_t(categories));
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
    : GeneratorJump(space, ordinal, ordinal_rates(space.categories(), options), std::move(logits)) {}

}  // namespace catenary
