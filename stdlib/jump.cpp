// Jumps to a category drawn from a fixed law.
#include <catenary/stdlib/jump.h>

#include <catenary/stdlib/checks.h>

namespace catenary {

Jump::Jump(Categorical space, std::string_view whose, LogitsOptions logits)
    : Process(space), logits_(checked(whose, std::move(logits), space.categories())) {}

std::vector<Estimate> Jump::estimates() const {
  return {{"logits", {space().categories()}, Type::f32, logits_.forbidden}, {"endpoint", {}, Type::i32}};
}

std::optional<Expr> Jump::tells(Expr, Expr) const { return std::nullopt; }

Jump::Start Jump::possible(Expr) const { return {}; }

Expr Jump::endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  Expr end = kind.kind == "endpoint" ? estimate : draw_from_logits(std::move(estimate), logits_, possible(xt));
  std::optional<Expr> known = tells(xt, std::move(t));
  return known ? select(*known, xt, end) : end;
}

std::optional<Loss> Jump::loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const {
  Loss loss = kind.kind == "endpoint" ? Loss(to_float(!equal(estimate, x0)))
                                      : cross_entropy(std::move(estimate), std::move(x0), logits_);
  if (std::optional<Expr> known = tells(std::move(xt), std::move(t))) {
    loss.number = select(*known, 0.0, loss.number);
    if (loss.gradient) loss.gradient = select(*known, 0.0, *loss.gradient);
  }
  return loss;
}

MixingJump::MixingJump(Categorical space, std::string_view whose, double rate, FixedLaw law, LogitsOptions logits)
    : Jump(space, whose, std::move(logits)), rate_(positive(whose, "rate", rate)), law_(std::move(law)) {}

Expr MixingJump::prior(Expr) const { return law_.draw(bits()); }

Expr MixingJump::forward(Expr x0, Expr t) const {
  Expr jumps = bernoulli(-expm1(-rate_ * t), exp(-rate_ * t));
  return select(jumps, law_.draw(bits()), x0);
}

Expr MixingJump::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr before = -rate_ * s, after = -rate_ * (t - s);
  Expr a = exp(before), not_a = -expm1(before), b = exp(after), not_b = -expm1(after);
  Expr from_start = a * not_b, from_end = not_a * b, elsewhere = not_a * not_b;
  Expr ends = from_start + from_end, pi = law_.probability(xt);
  Expr stays = a * b, total_equal = stays + pi * (ends + elsewhere), total_unequal = ends + elsewhere;

  Expr elsewhere_equal = chance(pi * elsewhere / total_equal, (stays + pi * ends) / total_equal);
  Expr elsewhere_unequal = chance(elsewhere / total_unequal, ends / total_unequal);
  Expr goes_elsewhere = below(bits(), select(equal(x0, xt), elsewhere_equal, elsewhere_unequal));
  // One word serves both outcomes: which category elsewhere, or which end.
  Expr word = bits();
  Expr end = select(below(word, chance(from_start / ends, from_end / ends)), x0, xt);
  Expr between = select(goes_elsewhere, law_.draw(word), end);
  return law_.positive() ? between : select(pi <= 0.0, xt, between);
}

std::optional<Expr> MixingJump::tells(Expr xt, Expr) const {
  if (law_.positive()) return std::nullopt;
  return law_.probability(std::move(xt)) <= 0.0;
}

std::optional<Expr> MixingJump::log_density(Expr x0, Expr xt, Expr t) const {
  Expr passed = min(rate_ * t, 1e30), jumped = -expm1(-passed);
  Expr arrives = log(jumped) + law_.log_probability(xt);
  // Near 1 the probability is told by its complement, elsewhere by its two parts.
  Expr parts = max(-passed, arrives) + log1p(exp(-abs(passed + arrives)));
  Expr stays = select(passed < 0.5, log1p(-law_.complement(xt) * jumped), parts);
  return select(equal(x0, xt), stays, arrives);
}

UniformJump::UniformJump(Categorical space, double rate, LogitsOptions logits)
    : MixingJump(space, "a uniform jump process", rate, FixedLaw::uniform(space.categories()), std::move(logits)) {}

namespace {

FixedLaw stationary(const Categorical& space, const std::vector<double>& weights) {
  if (int64_t(weights.size()) != space.categories())
    throw Error(fmt::format("a stationary jump process on {} categories needs as many weights; found {}",
                            space.categories(), weights.size()));
  return FixedLaw::of("a stationary jump process", weights);
}

int64_t mask_of(const Categorical& space, const AbsorbingJumpOptions& options) {
  int64_t mask = options.mask.value_or(space.categories() - 1);
  if (space.categories() < 2)
    throw Error("an absorbing jump process needs 2 categories or more, the mask being one; found 1");
  if (mask < 0 || mask >= space.categories())
    throw Error(fmt::format("an absorbing jump process has the mask {}; its categories are 0 to {}", mask,
                            space.categories() - 1));
  return mask;
}

LogitsOptions without(int64_t mask, LogitsOptions logits) {
  logits.forbidden.push_back(mask);
  return logits;
}

}  // namespace

StationaryJump::StationaryJump(Categorical space, StationaryJumpOptions options, LogitsOptions logits)
    : MixingJump(space, "a stationary jump process", options.rate, stationary(space, options.weights),
                 std::move(logits)) {}

AbsorbingJump::AbsorbingJump(Categorical space, AbsorbingJumpOptions options, LogitsOptions logits)
    : MixingJump(space, "an absorbing jump process", options.rate, FixedLaw::point(mask_of(space, options)),
                 without(mask_of(space, options), std::move(logits))),
      mask_(mask_of(space, options)) {}

Expr AbsorbingJump::likelihood_weight(Expr t) const { return rate() / expm1(rate() * t); }

Expr AbsorbingJump::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr masked = expm1(-rate() * t);
  Expr stays = bernoulli(expm1(-rate() * s) / masked, exp(-rate() * s) * (expm1(-rate() * (t - s)) / masked));
  return select(stays || !equal(xt, mask_), xt, x0);
}

}  // namespace catenary
