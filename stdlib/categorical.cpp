// Categories: alias tables, and draws that keep the frequency of rare categories.
#include <catenary/stdlib/categorical.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <catenary/stdlib/checks.h>

namespace catenary {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Whether k is one of these categories, which are in order: a comparison for each run of neighbours.
Expr is_among(const std::vector<int64_t>& categories, const Expr& k) {
  std::optional<Expr> among;
  for (size_t first = 0, last = 0; first < categories.size(); first = last) {
    for (last = first + 1; last < categories.size() && categories[last] == categories[last - 1] + 1;) ++last;
    Expr within = below(k - categories[first], int64_t(last - first));
    among = among ? *among || within : within;
  }
  return *among;
}

}  // namespace

Categorical::Categorical(int64_t categories) : Space("categorical", Type::i32, {}), categories_(categories) {
  if (categories < 1 || categories > int64_t{1} << 24)
    throw Error(fmt::format("space 'categorical' needs 1 to 16777216 categories; found {}", categories));
}

Expr Categorical::uniform_point() const { return uniform_int(categories_); }

Expr draw_category(int64_t categories, Expr otherwise, const std::function<Expr(Expr k)>& probability) {
  // The unit interval is 2^32 levels, of which a word is one. Each category takes its share from below, at most one half; the
  // likeliest so far is held back. What a share loses to rounding is passed on. Once a category is chosen, the level wraps around
  // and stays above the share of the likeliest, hence above all that follow.
  Expr none = constant(-1, Type::i32);
  std::vector<Expr> last =
      fold(categories, {bits(), 0.0, none, otherwise, 0.0}, [&](Expr k, const std::vector<Expr>& c) {
        const Expr &level = c[0], &rest = c[1], &chosen = c[2], &held = c[3], &most = c[4];
        Expr levels = 0x1p32 * probability(k), more = levels > most;
        Expr taken = select(more, most, levels) + rest, share = to_int(taken);
        return std::vector<Expr>{level - share, taken - to_float(share),
                                 select(below(level, share), select(more, held, k), chosen), select(more, k, held),
                                 select(more, levels, most)};
      });
  return select(last[2] < 0, last[3], last[2]);
}

LogitsOptions checked(std::string_view whose, LogitsOptions options, int64_t categories) {
  positive(whose, "temperature of its logits", options.temperature);
  std::vector<int64_t>& forbidden = options.forbidden;
  std::sort(forbidden.begin(), forbidden.end());
  forbidden.erase(std::unique(forbidden.begin(), forbidden.end()), forbidden.end());
  for (int64_t k : forbidden)
    if (k < 0 || k >= categories)
      throw Error(fmt::format("{} forbids category {}; its categories are 0 to {}", whose, k, categories - 1));
  if (int64_t(forbidden.size()) == categories)
    throw Error(fmt::format("{} forbids all of its {} categories; leave one that can be drawn", whose, categories));
  return options;
}

namespace {

// The logits less what is forbidden, and the weights that they stand for.
struct Weights {
  Weights(Expr logits, const LogitsOptions& options, std::function<Expr(const Expr& k)> possible = {})
      : logits(std::move(logits)),
        options(options),
        possible(std::move(possible)),
        categories(this->logits.shape()[0]),
        highest(find_highest()) {}

  Expr logit(const Expr& k) const {
    Expr found = at(logits, k);
    if (possible) found = select(possible(k), found, std::nan(""));
    return options.forbidden.empty() ? found : select(is_among(options.forbidden, k), std::nan(""), found);
  }
  // Relative to the highest. Of what is not a number none. Infinite logits of the same sign have equal weights.
  Expr weight(const Expr& k, double sharpness = 1) const {
    Expr found = logit(k), away = found - highest;
    if (sharpness != 1) away = sharpness * away;
    return select(found < highest, exp(away), select(equal(found, highest), 1.0, constant(0)));
  }
  // The sum of f(k), compensated: the second value is what the first has gained by rounding (Kahan).
  Expr sum(const std::function<Expr(const Expr& k)>& f) const {
    return fold(categories, {0.0, 0.0}, [&](Expr k, const std::vector<Expr>& c) {
      Expr added = f(k) - c[1], sum = c[0] + added;
      return std::vector<Expr>{sum, (sum - c[0]) - added};
    })[0];
  }

  Expr logits;
  const LogitsOptions& options;
  std::function<Expr(const Expr& k)> possible;
  int64_t categories;
  Expr highest;

 private:
  Expr find_highest() const {
    return fold(categories, -infinity, [&](Expr k, Expr most) {
      Expr found = logit(k);
      return select(found > most, found, most);
    });
  }
};

}  // namespace

Expr draw_from_logits(Expr logits, const LogitsOptions& options, std::function<Expr(const Expr& k)> possible) {
  Weights weights(std::move(logits), options, std::move(possible));
  int64_t first_allowed = 0;
  for (int64_t k : options.forbidden) first_allowed += k == first_allowed;
  double sharpness = 1 / std::clamp(options.temperature, 1e-37, 1e37);
  auto weight = [&](const Expr& k) { return weights.weight(k, sharpness); };
  Expr scale = 1.0 / weights.sum(weight);
  return draw_category(weights.categories, constant(double(first_allowed), Type::i32),
                       [&](Expr k) { return scale * weight(k); });
}

Loss cross_entropy(Expr logits, Expr x0, const LogitsOptions& options) {
  Weights weights(std::move(logits), options);
  int64_t n = weights.categories;
  Expr own = weights.logit(x0),
       others = weights.sum([&](const Expr& k) { return select(equal(k, x0), 0.0, weights.weight(k)); });
  // Where x_0 is the likeliest, others are small beside its 1; else its own weight is, beside theirs.
  Expr mine = weights.weight(x0), likeliest = own >= weights.highest;
  Expr number = select(likeliest, log1p(others), (weights.highest - own) + log(others + mine));
  number = select(mine > 0.0 || own > -infinity, number, infinity);
  if (n > 256) return number;
  std::vector<double> positions(static_cast<size_t>(n)), allowed(static_cast<size_t>(n), 1.0);
  std::iota(positions.begin(), positions.end(), 0.0);
  for (int64_t k : options.forbidden) allowed[size_t(k)] = 0;
  Expr each = weights.logits, all = others + mine;
  Expr weight = select(each < weights.highest, exp(each - weights.highest),
                       select(equal(each, weights.highest), 1.0, constant(0)));
  // That of x_0 is less by one: by the share of all the others.
  Expr gradient = select(equal(constant(positions, {n}, Type::i32), x0), -(others / all), weight / all);
  if (!options.forbidden.empty()) gradient = select(equal(constant(allowed, {n}, Type::i32), 1), gradient, 0.0);
  return {number, gradient};
}

FixedLaw FixedLaw::uniform(int64_t categories) { return {Kind::uniform, categories, true}; }

FixedLaw FixedLaw::point(int64_t category) { return {Kind::point, category, false}; }

FixedLaw FixedLaw::of(std::string_view whose, const std::vector<double>& weights) {
  double most = 0;
  for (double w : weights) {
    if (!(w >= 0) || !std::isfinite(w)) throw Error(fmt::format("{} needs weights of at least 0; found {}", whose, w));
    most = std::max(most, w);
  }
  if (!(most > 0)) throw Error(fmt::format("{} needs a weight above 0; all are 0", whose));
  std::vector<double> p;
  for (double w : weights) p.push_back(w / most);
  double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& q : p) q /= total;
  FixedLaw law(Kind::table, int64_t(weights.size()),
               std::all_of(p.begin(), p.end(), [](double q) { return float(q) > 0; }));
  law.make_table(p);
  return law;
}

void FixedLaw::make_table(const std::vector<double>& probability) {
  size_t n = probability.size();
  std::vector<double> complement(n), log_probability(n), threshold(n), alias(n), levels(n), size(n);
  std::vector<size_t> small, large;
  auto sort_in = [&](size_t i) { (levels[i] < size[i] ? small : large).push_back(i); };
  for (size_t i = 0; i < n; ++i) {
    complement[i] = 1 - probability[i];
    log_probability[i] = std::log(probability[i]);
    // The words w with multiply_high(w, n) = i.
    auto first = [n](uint64_t slot) { return ((slot << 32) + n - 1) / n; };
    size[i] = double(first(i + 1) - first(i));
    levels[i] = 0x1p32 * probability[i];
    alias[i] = double(i);
    sort_in(i);
  }
  while (!small.empty() && !large.empty()) {
    size_t few = small.back(), many = large.back();
    small.pop_back();
    large.pop_back();
    threshold[few] = std::min(std::round(0x1p32 * levels[few] / size[few]), 0x1p32 - 1);
    alias[few] = double(many);
    levels[many] -= size[few] - levels[few];
    sort_in(many);
  }
  auto vector = [n](std::vector<double> values, Type type) { return constant(std::move(values), {int64_t(n)}, type); };
  tables_ = {vector(probability, Type::f32), vector(complement, Type::f32), vector(log_probability, Type::f32),
             vector(threshold, Type::i32), vector(alias, Type::i32)};
}

Expr FixedLaw::draw(Expr word) const {
  if (kind_ == Kind::point) return constant(double(number_), Type::i32);
  Expr slot = multiply_high(word, number_);
  if (kind_ == Kind::uniform) return slot;
  return select(below(bits(), at(tables_[3], slot)), slot, at(tables_[4], slot));
}

Expr FixedLaw::probability(Expr k) const {
  if (kind_ == Kind::uniform) return constant(1 / double(number_));
  return kind_ == Kind::point ? to_float(equal(k, number_)) : at(tables_[0], k);
}

Expr FixedLaw::complement(Expr k) const {
  if (kind_ == Kind::uniform) return constant(1 - 1 / double(number_));
  return kind_ == Kind::point ? to_float(!equal(k, number_)) : at(tables_[1], k);
}

Expr FixedLaw::log_probability(Expr k) const {
  if (kind_ == Kind::uniform) return constant(-std::log(double(number_)));
  return kind_ == Kind::point ? select(equal(k, number_), constant(0), -infinity) : at(tables_[2], k);
}

}  // namespace catenary
