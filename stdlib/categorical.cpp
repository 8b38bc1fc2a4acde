// Categories: the uniform jump process, and a draw from logits.
#include <catenary/stdlib/categorical.h>

#include <cmath>
#include <limits>

#include <catenary/stdlib/checks.h>

namespace catenary {

Categorical::Categorical(int64_t categories) : Space("categorical", Type::i32, {}), categories_(categories) {
  if (categories < 1 || categories > int64_t{1} << 24)
    throw Error(fmt::format("space 'categorical' needs 1 to 16777216 categories; found {}", categories));
}

Expr Categorical::uniform_point() const { return uniform_int(categories_); }

UniformJump::UniformJump(Categorical space, double rate)
    : Process(std::move(space)), rate_(positive("a uniform jump process", "rate", rate)) {}

Expr UniformJump::prior(Expr) const { return space().uniform_point(); }

Expr UniformJump::forward(Expr x0, Expr t) const {
  Expr jumps = bernoulli(-expm1(-rate_ * t), exp(-rate_ * t));
  return select(jumps, space().uniform_point(), x0);
}

Expr UniformJump::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr before = -rate_ * s, after = -rate_ * (t - s);
  Expr a = exp(before), not_a = -expm1(before), b = exp(after), not_b = -expm1(after);
  Expr from_start = a * not_b, from_end = not_a * b, elsewhere = not_a * not_b;
  Expr ends = from_start + from_end, stays = double(space().categories()) * a * b;
  Expr total_equal = ends + elsewhere + stays, total_unequal = ends + elsewhere;

  Expr elsewhere_equal = chance(elsewhere / total_equal, (ends + stays) / total_equal);
  Expr elsewhere_unequal = chance(elsewhere / total_unequal, ends / total_unequal);
  Expr goes_elsewhere = below(bits(), select(equal(x0, xt), elsewhere_equal, elsewhere_unequal));
  // One word serves both outcomes: which category elsewhere, or which end.
  Expr word = bits();
  Expr end = select(below(word, chance(from_start / ends, from_end / ends)), x0, xt);
  return select(goes_elsewhere, multiply_high(word, space().categories()), end);
}

std::optional<Expr> UniformJump::log_density(Expr x0, Expr xt, Expr t) const {
  Expr passed = rate_ * t, jumped = -expm1(-passed);
  auto k = double(space().categories());
  // Near 1 the probability is told by its complement, near 1 / K by its parts.
  Expr stays = select(passed < 0.5, log1p(-(1 - 1 / k) * jumped), log(exp(-passed) + jumped / k));
  return select(equal(x0, xt), stays, log(jumped) - std::log(k));
}

Expr UniformJump::endpoint(Expr logits, Expr, Expr) const {
  int64_t categories = space().categories();
  std::vector<Expr> best =
      fold(categories, {constant(-std::numeric_limits<double>::infinity()), constant(0, Type::i32)},
           [&](Expr k, const std::vector<Expr>& c) {
             Expr logit = at(logits, k), better = logit > c[0];
             return std::vector<Expr>{select(better, logit, c[0]), select(better, k, c[1])};
           });
  Expr highest = best[0], likeliest = best[1];
  // Infinite logits of the same sign have equal weights.
  auto weight = [&](const Expr& k) {
    Expr logit = at(logits, k);
    return select(logit >= highest, 1.0, exp(logit - highest));
  };
  Expr total = fold(categories, 0.0, [&](Expr k, Expr sum) { return sum + weight(k); });

  // The unit interval is 2^32 levels, of which each category but the likeliest takes its share, at most one half. Once one is
  // chosen, the level wraps around and stays above the likeliest's share, hence above all that follow.
  Expr scale = 0x1p32 / total;
  return fold(categories, {bits(), likeliest}, [&](Expr k, const std::vector<Expr>& c) {
    Expr share = select(equal(k, likeliest), 0, to_int(scale * weight(k)));
    Expr chosen = below(c[0], share);
    return std::vector<Expr>{c[0] - share, select(chosen, k, c[1])};
  })[1];
}

}  // namespace catenary
