// Categories: alias tables, and draws that keep the frequency of rare categories.
#include <catenary/stdlib/categorical.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/rejection.h>

namespace catenary {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double highest_float = std::numeric_limits<float>::max();

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
// category takes its share from below, at most one half; the likeliest so far, or one that is a thousandth less likely,
// is held back. What a share loses to rounding is passed on. Once a category is chosen, the level wraps around and
// stays above what is left, hence above all that follow.
struct Levels {
  explicit Levels(Expr otherwise)
      : state{bits(), constant(0), constant(-1, Type::i32), std::move(otherwise), constant(0)} {}
  explicit Levels(std::vector<Expr> carried) : state(std::move(carried)) {}
  Levels after(const Expr& k, const Expr& probability) const {
    const Expr &level = state[0], &rest = state[1], &chosen = state[2], &held = state[3], &most = state[4];
    // By more than rounding: equal ones would be held back as it falls. What one above a half by rounding
    // has beyond 31 bits is the likeliest's.
    Expr levels = 0x1p32 * probability, more = levels > min((1 + 0x1p-10) * most, 0x1p31 + 0x1p10);
    Expr taken = min(select(more, most, levels), 0x1p31 - 0x1p7) + rest, share = to_int(taken);
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
  above_zero(whose, "temperature of its logits", options.temperature);
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

// Logits in lines that are read at once: all of few, else 16 of them.
class Lines {
 public:
  using Possible = std::function<Expr(const Expr& k)>;
  Lines(Expr logits, const LogitsOptions& options, Possible possible = {})
      : logits_(std::move(logits)),
        options_(options),
        possible_(std::move(possible)),
        categories_(logits_.shape()[0]),
        width_(categories_ <= 32 ? categories_ : 16) {}

  int64_t categories() const { return categories_; }
  int64_t width() const { return width_; }
  bool all_whole() const { return categories_ % width_ == 0; }
  int64_t count() const { return (categories_ + width_ - 1) / width_; }

  struct Line {
    Expr positions, logits;        // NaN: left out.
    std::optional<Expr> left_out;  // Forbidden, not possible, or in a line before.
  };
  // A line that has all its logits.
  Line whole(const Expr& number) const {
    if (count() == 1) return line(numbers(), logits_, {});
    Expr first = number * width_;
    return line(first + numbers(), dynamic_slice(logits_, first, width_), {});
  }
  // Any line, and behind the last lines that have none. The last begins early enough to be read at once.
  Line any(const Expr& number) const {
    Expr wanted = number * width_, first = min(wanted, categories_ - width_), positions = first + numbers();
    return line(positions, dynamic_slice(logits_, first, width_), positions < wanted);
  }
  Expr logit(const Expr& k) const {
    Expr found = catenary::at(logits_, k);
    return options_.forbidden.empty() ? found : select(is_among(options_.forbidden, k), std::nan(""), found);
  }

 private:
  Expr numbers() const {
    std::vector<double> places(static_cast<size_t>(width_));
    std::iota(places.begin(), places.end(), 0.0);
    return constant(places, {width_}, Type::i32);
  }
  Line line(Expr positions, Expr found, std::optional<Expr> out) const {
    auto leave_out = [&](const Expr& more) { out = out ? *out || more : more; };
    if (!options_.forbidden.empty()) leave_out(is_among(options_.forbidden, positions));
    if (possible_) {
      std::vector<Operand> each;
      for (int64_t i = 0; i < width_; ++i) each.emplace_back(!possible_(index(positions, i)));
      leave_out(stack(each));
    }
    if (out) found = select(*out, std::nan(""), found);
    return {std::move(positions), std::move(found), std::move(out)};
  }
  Expr logits_;
  const LogitsOptions& options_;
  Possible possible_;
  int64_t categories_, width_;
};

Expr highest_of(const Expr& logits, Expr most) {
  for (int64_t i = 0; i < logits.shape()[0]; ++i) {
    Expr found = index(logits, i);
    most = select(found > most, found, most);
  }
  return most;
}

// Of what is not a number the lower.
Expr within(const Expr& x, double low, double high) {
  Expr above = select(x > low, x, low);
  return select(above < high, above, high);
}

// Relative to `highest`, which is not lower. Of what is not a number 0. Infinite logits of the same sign have equal
// weights.
Expr weight(const Expr& logit, const Expr& highest) {
  return select(logit < highest, exp(logit - highest), to_float(equal(logit, highest)));
}

// A sum, compensated (Kahan): `lost` is what the total has gained by rounding.
struct Sum {
  Expr total = constant(0), lost = constant(0);
  // With more, in units in which what was there is `fade` times as much.
  Sum with(const Expr& more, const Expr& fade) const {
    Expr before = fade * total, corrected = more - fade * lost, now = before + corrected;
    return {now, (now - before) - corrected};
  }
};

// Weights of logits: 2^x for x = sharpness (logit - reference).
struct Scale {
  static constexpr double least = -125;  // All that lies lower, and what is not a number: too little to be drawn.
  static constexpr double most = 100;    // All that lies higher.
  static constexpr double offset = 639;  // For x + offset is a float between 512 and 1024, in multiples of 2^-14.

  double sharpness;
  Expr reference;

  // The scale on which the highest of logits weighs 1.
  static Expr reference_of(const Expr& highest) { return within(highest, -highest_float, highest_float); }
  // What weights on this scale are to be multiplied by on a higher one.
  Expr fade_to(const Expr& higher) const {
    Expr x = sharpness * (reference - higher);
    return select(x > least, exp(std::numbers::ln2 * within(x, least, 0)), 0.0);
  }
  // 2^x or more, by at most 6.2 %: 2^n (1 + f) for n + f = x (Schraudolph, 1999), x in multiples of 2^-14. The last 23
  // bits of a float between 512 and 1024 count these from 512. Of x + offset they become, nine places up, the exponent,
  // biased by 127, and the mantissa.
  Expr envelope(const Expr& logits) const {
    Expr place = within(fma(sharpness, logits - reference, offset), offset + least, offset + most);
    return from_bits(to_bits(place) << constant(9, Type::i32));
  }
  Expr envelope(const Lines::Line& line) const {
    Expr weights = envelope(line.logits);
    return line.left_out ? select(*line.left_out, 0.0, weights) : weights;
  }
  // What share of its envelope a weight is; by 2^-15 less, so that what x loses by its steps does not bring it above 1.
  Expr share(const Expr& logit) const {
    Expr x = within(sharpness * (logit - reference), least, most);
    return (1 - 0x1p-15) * exp(std::numbers::ln2 * x) / envelope(logit);
  }
};

// A draw from logits: where they are many, proposals by their envelope, which costs less than their exponentials, until
// one is accepted. Windows of lines compete to be the one that is drawn from, each by its share of the sum so far; of
// it a line is drawn, and of that a category.
class LogitsDraw {
 public:
  LogitsDraw(const Lines& lines, double temperature, Expr otherwise)
      : lines_(lines),
        otherwise_(std::move(otherwise)),
        sharpness_(std::numbers::log2e / std::clamp(temperature, 1e-37, 1e37)),
        // Windows of 2 sqrt(K): more of them compete more often, and of larger ones more is weighed again.
        lines_of_window_(std::max(int64_t(1), int64_t(std::sqrt(double(lines.categories())) / 8))) {}

  Expr drawn() const {
    if (lines_.count() == 1) return drawn_at_once();
    // Of a tile of points one or another mostly rejects its proposal, but hardly one rejects both.
    const Row row = weighed();
    Proposal once = category_of(row.first);
    std::vector<Expr> twice = where_asked(uniform() >= once.chance, {once.values[0], constant(0)}, [&] {
      Proposal again = category_of(row.second);
      return std::vector<Expr>{again.values[0], to_float(uniform() >= again.chance)};
    });
    return until_accepted(twice[1] > 0.5, {twice[0]}, [&] {
      const Scale scale{sharpness_, row.reference};
      const Expr none = constant(0, Type::i32);
      Expr total = sum_of([&](const Expr& k) { return line_at(k); }, lines_.count(), none, scale);
      return category_of(drawn_line(lines_.count(), none, scale, total), scale);
    })[0];
  }

 private:
  // Of one line, by its weights.
  Expr drawn_at_once() const {
    auto [positions, logits, left_out] = lines_.whole(constant(0, Type::i32));
    Expr highest = Scale::reference_of(highest_of(logits, constant(-infinity)));
    // e^-87, the least there is, also of what is no number: too little to be drawn beside the highest, and what all
    // have where none is above -inf.
    Expr weights = exp(within(std::numbers::ln2 * sharpness_ * (logits - highest), -87, 0));
    return among(positions, left_out ? select(*left_out, 0.0, weights) : weights);
  }

  // One of a line, by these weights.
  Expr among(const Expr& positions, const Expr& weights) const {
    Expr total = sum(weights), probabilities = weights / select(total > 0.0, total, 1.0);
    Levels levels(otherwise_);
    for (int64_t i = 0; i < lines_.width(); ++i) levels = levels.after(index(positions, i), index(probabilities, i));
    return levels.drawn();
  }

  // A window that would be drawn from if no more came, and the sum of its envelopes on its own scale.
  struct Window {
    Expr number = constant(0, Type::i32), sum = constant(0), reference = constant(0);
  };
  // The sum of what has come, and two draws of a window.
  struct Row {
    Expr reference;
    Sum sum = {};
    Window first = {}, second = {};
    std::vector<Expr> state() const {
      return {reference,       sum.total,     sum.lost,   first.number,    first.sum,
              first.reference, second.number, second.sum, second.reference};
    }
    static Row of(const std::vector<Expr>& c) { return {c[0], {c[1], c[2]}, {c[3], c[4], c[5]}, {c[6], c[7], c[8]}}; }
  };

  using Line = std::function<Lines::Line(const Expr& number)>;
  // Of `count` lines behind the first.
  static Expr sum_of(const Line& line, int64_t count, const Expr& first, const Scale& scale) {
    auto of_line = [&](const Expr& number) { return sum(scale.envelope(line(number))); };
    if (count == 1) return of_line(first);
    return fold(count, 0.0, [&](const Expr& number, const Expr& so_far) { return so_far + of_line(first + number); });
  }

  // With a window of `count` lines. Only if it rises far above what has come is its highest logit looked for.
  Row with(const Row& row, const Expr& number, int64_t count, const Line& line) const {
    const Scale scale{sharpness_, row.reference};
    const Expr first = number * lines_of_window_, added = sum_of(line, count, first, scale);
    std::vector<Expr> raised = where_asked(added > 0x1p60, {row.reference, added, constant(1)}, [&] {
      const Scale higher{sharpness_, Scale::reference_of(fold(count, row.reference, [&](Expr k, Expr so_far) {
                           return highest_of(line(first + k).logits, so_far);
                         }))};
      return std::vector<Expr>{higher.reference, sum_of(line, count, first, higher), scale.fade_to(higher.reference)};
    });
    const Expr &reference = raised[0], &more = raised[1], &fade = raised[2], before = fade * row.sum.total;
    const Sum all = row.sum.with(more, fade);
    // Where what came before is as good as nothing it may be all -inf, which even one draw in 2^32 must not come upon.
    const Expr only = !(before > 0x1p-60 * all.total), level = chance(more / all.total, before / all.total);
    auto drawn = [&](const Window& so_far) {
      Expr taken = only || below(bits(), level);
      return Window{select(taken, number, so_far.number), select(taken, more, so_far.sum),
                    select(taken, reference, so_far.reference)};
    };
    return {reference, all, drawn(row.first), drawn(row.second)};
  }

  Row weighed() const {
    const int64_t whole = lines_.categories() / lines_.width() / lines_of_window_;
    const Row none{Scale::reference_of(highest_of(lines_.whole(constant(0, Type::i32)).logits, constant(-infinity)))};
    std::vector<Expr> first = none.state();
    Row row = Row::of(fold(whole, {first.begin(), first.end()}, [&](const Expr& number, const std::vector<Expr>& c) {
      return with(Row::of(c), number, lines_of_window_, [&](const Expr& k) { return lines_.whole(k); }).state();
    }));
    const int64_t rest = lines_.count() - whole * lines_of_window_;
    if (rest == 0) return row;
    return with(row, constant(double(whole), Type::i32), rest, [&](const Expr& k) { return lines_.any(k); });
  }

  // Of any window.
  Lines::Line line_at(const Expr& number) const {
    const bool all_whole = lines_.all_whole() && lines_.count() % lines_of_window_ == 0;
    return all_whole ? lines_.whole(number) : lines_.any(number);
  }

  // Which of `count` lines behind the first, whose envelopes add up to `total`.
  Expr drawn_line(int64_t count, const Expr& first, const Scale& scale, const Expr& total) const {
    Expr whole = select(total > 0.0, total, 1.0);
    return draw_category(count, constant(0, Type::i32),
                         [&](const Expr& number) { return sum(scale.envelope(line_at(first + number))) / whole; });
  }

  Proposal category_of(const Expr& line, const Scale& scale) const {
    const Lines::Line all = line_at(line);
    Expr category = among(all.positions, scale.envelope(all));
    return {{category}, scale.share(lines_.logit(category))};
  }
  Proposal category_of(const Window& window) const {
    const Scale scale{sharpness_, window.reference};
    Expr line = window.number * lines_of_window_;
    if (lines_of_window_ > 1) line = line + drawn_line(lines_of_window_, line, scale, window.sum);
    return category_of(line, scale);
  }

  const Lines& lines_;
  Expr otherwise_;
  double sharpness_;
  int64_t lines_of_window_;
};

}  // namespace

Expr draw_from_logits(Expr logits, const LogitsOptions& options, std::function<Expr(const Expr& k)> possible) {
  int64_t first_allowed = 0;
  for (int64_t k : options.forbidden) first_allowed += k == first_allowed;
  Lines lines(std::move(logits), options, std::move(possible));
  return LogitsDraw(lines, options.temperature, constant(double(first_allowed), Type::i32)).drawn();
}

Loss cross_entropy(Expr logits, Expr x0, const LogitsOptions& options) {
  Lines lines(logits, options);
  Expr own = lines.logit(x0);
  std::vector<Expr> all = fold(lines.count(), {select(own > -infinity, own, -infinity), 0.0, 0.0},
                               [&](Expr number, const std::vector<Expr>& c) {
                                 Lines::Line line = lines.all_whole() ? lines.whole(number) : lines.any(number);
                                 Expr others = select(equal(line.positions, x0), std::nan(""), line.logits);
                                 Expr highest = highest_of(others, c[0]);
                                 Expr fade = select(c[0] < highest, exp(c[0] - highest), 1.0);
                                 Sum now = Sum{c[1], c[2]}.with(sum(weight(others, highest)), fade);
                                 return std::vector<Expr>{highest, now.total, now.lost};
                               });
  const Expr &highest = all[0], &others = all[1];
  // Where x_0 is the likeliest, others are small beside its 1; else its own weight is, beside theirs.
  Expr mine = weight(own, highest), likeliest = own >= highest;
  Expr number = select(likeliest, log1p(others), (highest - own) + log(others + mine));
  number = select(mine > 0.0 || own > -infinity, number, infinity);
  int64_t n = logits.shape()[0];
  std::vector<double> places(static_cast<size_t>(n));
  std::iota(places.begin(), places.end(), 0.0);
  Expr positions = constant(places, {n}, Type::i32);
  // That of x_0 is less by one: by the share of all the others.
  Expr total = others + mine;
  Expr gradient = select(equal(positions, x0), -(others / total), weight(logits, highest) / total);
  if (!options.forbidden.empty()) gradient = select(is_among(options.forbidden, positions), 0.0, gradient);
  return {number, gradient};
}

FixedLaw FixedLaw::uniform(int64_t categories) { return {Kind::uniform, categories, true}; }

FixedLaw FixedLaw::uniform_but(int64_t categories, int64_t left_out) {
  FixedLaw law(Kind::uniform_but, categories - 1, false);
  law.left_out_ = left_out;
  return law;
}

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
  if (kind_ == Kind::uniform_but) return select(slot < left_out_, slot, slot + 1);
  return select(below(bits(), at(tables_[3], slot)), slot, at(tables_[4], slot));
}

Expr FixedLaw::probability(Expr k) const {
  if (kind_ == Kind::uniform) return constant(1 / double(number_));
  if (kind_ == Kind::uniform_but) return select(equal(k, left_out_), 0.0, 1 / double(number_));
  return kind_ == Kind::point ? to_float(equal(k, number_)) : at(tables_[0], k);
}

Expr FixedLaw::complement(Expr k) const {
  if (kind_ == Kind::uniform) return constant(1 - 1 / double(number_));
  if (kind_ == Kind::uniform_but) return select(equal(k, left_out_), 1.0, 1 - 1 / double(number_));
  return kind_ == Kind::point ? to_float(!equal(k, number_)) : at(tables_[1], k);
}

Expr FixedLaw::log_probability(Expr k) const {
  if (kind_ == Kind::uniform) return constant(-std::log(double(number_)));
  if (kind_ == Kind::uniform_but) return select(equal(k, left_out_), -infinity, -std::log(double(number_)));
  return kind_ == Kind::point ? select(equal(k, number_), constant(0), -infinity) : at(tables_[2], k);
}

}  // namespace catenary
