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

namespace {

// Draws from probabilities, category by category. The unit interval is 2^32 levels, of which a word is one. Each
// category takes its share from below, at most one half; the likeliest so far is held back. What a share loses to
// rounding is passed on. Once a category is chosen, the level wraps around and stays above the share of the likeliest,
// hence above all that follow.
struct Levels {
  explicit Levels(Expr otherwise)
      : state{bits(), constant(0), constant(-1, Type::i32), std::move(otherwise), constant(0)} {}
  explicit Levels(std::vector<Expr> carried) : state(std::move(carried)) {}
  Levels after(const Expr& k, const Expr& probability) const {
    const Expr &level = state[0], &rest = state[1], &chosen = state[2], &held = state[3], &most = state[4];
    Expr levels = 0x1p32 * probability, more = levels > most;
    Expr taken = select(more, most, levels) + rest, share = to_int(taken);
    return Levels({level - share, taken - to_float(share), select(below(level, share), select(more, held, k), chosen),
                   select(more, k, held), select(more, levels, most)});
  }
  Expr drawn() const { return select(state[2] < 0, state[3], state[2]); }
  std::vector<Expr> state;
};

}  // namespace

Expr draw_category(int64_t categories, Expr otherwise, const std::function<Expr(Expr k)>& probability) {
  std::vector<Expr> first = Levels(std::move(otherwise)).state;
  return Levels(fold(categories, {first.begin(), first.end()},
                     [&](Expr k, const std::vector<Expr>& c) { return Levels(c).after(k, probability(k)).state; }))
      .drawn();
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

// Logits in windows that are read at once, and the weights that they stand for.
class Windows {
 public:
  using Possible = std::function<Expr(const Expr& k)>;
  Windows(Expr logits, const LogitsOptions& options, Possible possible = {})
      : logits_(std::move(logits)),
        options_(options),
        possible_(std::move(possible)),
        categories_(logits_.shape()[0]),
        // A fold that draws makes at most 65,536 trips.
        width_(std::min(categories_, 16 * ((categories_ + (1 << 20) - 1) >> 20))) {}

  int64_t count() const { return (categories_ + width_ - 1) / width_; }

  struct Window {
    Expr positions, logits;  // NaN: forbidden, not possible, or in the window before.
  };
  Window at(const Expr& number) const {
    std::vector<double> places(static_cast<size_t>(width_));
    std::iota(places.begin(), places.end(), 0.0);
    Expr positions = constant(places, {width_}, Type::i32), found = logits_;
    if (count() > 1) {
      Expr wanted = number * width_, first = min(wanted, categories_ - width_);
      positions = first + positions;
      found = dynamic_slice(logits_, first, width_);
      if (categories_ % width_ != 0) found = select(positions < wanted, std::nan(""), found);
    }
    if (possible_) {
      std::vector<Operand> each;
      for (int64_t i = 0; i < width_; ++i)
        each.emplace_back(select(possible_(index(positions, i)), index(found, i), std::nan("")));
      found = stack(each);
    }
    return {positions, without_forbidden(found, positions)};
  }
  Expr logit(const Expr& k) const { return without_forbidden(catenary::at(logits_, k), k); }

  // Relative to `highest`, which is not lower. Of what is not a number 0. Infinite logits of the same sign have equal
  // weights.
  static Expr weight(const Expr& logit, const Expr& highest, double sharpness = 1) {
    return select(logit < highest, exp(sharpness * (logit - highest)), to_float(equal(logit, highest)));
  }

  // The sum of weights, compensated (Kahan): `lost` is what the total has gained by rounding.
  struct Sum {
    Expr highest, total, lost;
    Expr before, added;  // What the total is made of: of the windows before and of the last.
    std::vector<Expr> state() const { return {highest, total, lost}; }
  };
  static Sum sum_before(const std::vector<Expr>& state) { return {state[0], state[1], state[2], state[1], state[2]}; }
  static Sum sum_after(const Sum& sum, const Expr& logits, double sharpness = 1) {
    Expr highest = highest_of(logits, sum.highest);
    Expr fade = select(sum.highest < highest, exp(sharpness * (sum.highest - highest)), 1.0);
    Expr added = catenary::sum(weight(logits, highest, sharpness)), before = fade * sum.total;
    Expr corrected = added - fade * sum.lost, total = before + corrected;
    return {highest, total, (total - before) - corrected, before, added};
  }
  static Expr highest_of(const Expr& logits, Expr most) {
    for (int64_t i = 0; i < logits.shape()[0]; ++i) {
      Expr found = index(logits, i);
      most = select(found > most, found, most);
    }
    return most;
  }

 private:
  Expr without_forbidden(const Expr& logits, const Expr& positions) const {
    if (options_.forbidden.empty()) return logits;
    return select(is_among(options_.forbidden, positions), std::nan(""), logits);
  }
  Expr logits_;
  const LogitsOptions& options_;
  Possible possible_;
  int64_t categories_, width_;
};

}  // namespace

Expr draw_from_logits(Expr logits, const LogitsOptions& options, std::function<Expr(const Expr& k)> possible) {
  Windows windows(std::move(logits), options, std::move(possible));
  int64_t first_allowed = 0;
  for (int64_t k : options.forbidden) first_allowed += k == first_allowed;
  double sharpness = 1 / std::clamp(options.temperature, 1e-37, 1e37);

  // A window takes the place of the one chosen before by its share of the sum so far.
  Expr chosen = constant(0, Type::i32);
  if (windows.count() > 1)
    chosen = fold(windows.count(), {-infinity, 0.0, 0.0, chosen}, [&](Expr number, const std::vector<Expr>& c) {
      Windows::Sum sum = Windows::sum_after(Windows::sum_before(c), windows.at(number).logits, sharpness);
      Expr taken = bernoulli(sum.added / sum.total, sum.before / sum.total);
      std::vector<Expr> next = sum.state();
      next.push_back(select(select(sum.before > 0.0, taken, sum.added > 0.0), number, c[3]));
      return next;
    })[3];

  auto [positions, found] = windows.at(chosen);
  Expr weights = Windows::weight(found, Windows::highest_of(found, constant(-infinity)), sharpness);
  Expr probabilities = weights / max(sum(weights), 1.0);  // The highest has 1.
  Levels levels(constant(double(first_allowed), Type::i32));
  for (int64_t i = 0; i < found.shape()[0]; ++i) levels = levels.after(index(positions, i), index(probabilities, i));
  return levels.drawn();
}

Loss cross_entropy(Expr logits, Expr x0, const LogitsOptions& options) {
  Windows windows(logits, options);
  Expr own = windows.logit(x0);
  std::vector<Expr> all = fold(windows.count(), {select(own > -infinity, own, -infinity), 0.0, 0.0},
                               [&](Expr number, const std::vector<Expr>& c) {
                                 auto [positions, found] = windows.at(number);
                                 Expr others = select(equal(positions, x0), std::nan(""), found);
                                 return Windows::sum_after(Windows::sum_before(c), others).state();
                               });
  const Expr &highest = all[0], &others = all[1];
  // Where x_0 is the likeliest, others are small beside its 1; else its own weight is, beside theirs.
  Expr mine = Windows::weight(own, highest), likeliest = own >= highest;
  Expr number = select(likeliest, log1p(others), (highest - own) + log(others + mine));
  number = select(mine > 0.0 || own > -infinity, number, infinity);
  int64_t n = logits.shape()[0];
  std::vector<double> places(static_cast<size_t>(n));
  std::iota(places.begin(), places.end(), 0.0);
  Expr positions = constant(places, {n}, Type::i32);
  // That of x_0 is less by one: by the share of all the others.
  Expr total = others + mine;
  Expr gradient = select(equal(positions, x0), -(others / total), Windows::weight(logits, highest) / total);
  if (!options.forbidden.empty()) gradient = select(is_among(options.forbidden, positions), 0.0, gradient);
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
