// Mixture paths: where a uniform number lies among thresholds that rise with time.
#include <catenary/stdlib/discrete_flow.h>

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/dsl/gradient.h>
#include <catenary/stdlib/flow_time.h>

namespace catenary {

namespace {

constexpr std::string_view whose = "a discrete flow";
constexpr double infinity = std::numeric_limits<double>::infinity();

FixedLaw law_of(const Categorical& space, const DiscreteFlowOptions& options) {
  if (options.mask) return FixedLaw::point(*options.mask);
  if (options.weights.empty()) return FixedLaw::uniform(space.categories());
  if (int64_t(options.weights.size()) != space.categories())
    throw Error(fmt::format("{} on {} categories needs as many weights; found {}", whose, space.categories(),
                            options.weights.size()));
  return FixedLaw::of(whose, options.weights);
}

LogitsOptions without_mask(const Categorical& space, const DiscreteFlowOptions& options, LogitsOptions logits) {
  if (!options.mask) return logits;
  int64_t categories = space.categories(), mask = *options.mask;
  if (!options.weights.empty()) throw Error(fmt::format("{} has both weights and a mask; give one of them", whose));
  if (categories < 2)
    throw Error(fmt::format("{} with a mask needs 2 categories or more, the mask being one; found 1", whose));
  if (mask < 0 || mask >= categories)
    throw Error(fmt::format("{} has the mask {}; its categories are 0 to {}", whose, mask, categories - 1));
  logits.forbidden.push_back(mask);
  return logits;
}

void check_schedules(const DiscreteFlowOptions& options) {
  if (!options.kappa) throw Error(fmt::format("{} needs a schedule 'kappa', a function of t; none is given", whose));
  std::vector<double> kappa = flow_time::values_of(whose, "kappa", options.kappa), uniform(kappa.size());
  flow_time::check_end(whose, "kappa", kappa.front(), 0, 0);
  flow_time::check_end(whose, "kappa", kappa.back(), 1, 1);
  if (options.uniform) {
    uniform = flow_time::values_of(whose, "uniform", options.uniform);
    flow_time::check_end(whose, "uniform", uniform.front(), 0, 0);
    flow_time::check_end(whose, "uniform", uniform.back(), 1, 0);
  }
  const double rounding = 1e-6;
  auto at = [&](size_t i) { return double(i) / double(kappa.size() - 1); };
  for (size_t i = 0; i < kappa.size(); ++i) {
    if (uniform[i] < -rounding)
      throw Error(fmt::format("{} has a schedule 'uniform' that is {:.6g} at time {:.6g}; it must not be negative",
                              whose, uniform[i], at(i)));
    if (kappa[i] + uniform[i] > 1 + rounding)
      throw Error(fmt::format("{} has schedules whose sum is {:.6g} at time {:.6g}; it must be at most 1", whose,
                              kappa[i] + uniform[i], at(i)));
    if (i == 0) continue;
    if (kappa[i] < kappa[i - 1] - rounding)
      throw Error(
          fmt::format("{} has a schedule 'kappa' that falls from {:.6g} at time {:.6g} to {:.6g} at time "
                      "{:.6g}; it must not fall",
                      whose, kappa[i - 1], at(i - 1), kappa[i], at(i)));
    double before = kappa[i - 1] + uniform[i - 1], now = kappa[i] + uniform[i];
    if (now < before - rounding)
      throw Error(
          fmt::format("{} has a share of the datum, 1 - kappa - uniform, that rises from {:.6g} at time {:.6g} "
                      "to {:.6g} at time {:.6g}; it must not rise",
                      whose, 1 - before, at(i - 1), 1 - now, at(i)));
  }
}

// log(e^a + e^b).
Expr log_of_sum(const Expr& a, const Expr& b) {
  Expr high = max(a, b), low = min(a, b);
  return select(high < -1e30, high, high + log1p(exp(low - high)));
}

// True with probability part / whole, rest being the rest of whole.
Expr happens(const Expr& part, const Expr& rest, const Expr& whole) { return bernoulli(part / whole, rest / whole); }

}  // namespace

DiscreteFlow::DiscreteFlow(Categorical space, DiscreteFlowOptions options, LogitsOptions logits)
    : Jump(space, whose, without_mask(space, options, std::move(logits))),
      options_(std::move(options)),
      law_(law_of(space, options_)),
      between_(options_.mask ? FixedLaw::uniform_but(space.categories(), *options_.mask)
                             : FixedLaw::uniform(space.categories())) {
  check_schedules(options_);
}

DiscreteFlow::Shares DiscreteFlow::shares(const Expr& t) const {
  auto share = [&](const std::function<Expr(Expr)>& schedule) {
    return min(max(schedule(flow_time::within(t)), 0.0), 1.0);
  };
  Expr noise = share(options_.kappa);
  if (!options_.uniform) return {noise, constant(0), noise};
  Expr uniform = share(options_.uniform);
  return {noise, uniform, min(noise + uniform, 1.0)};
}

Expr DiscreteFlow::prior(Expr horizon) const {
  flow_time::check_horizon(whose, horizon);
  return law_.draw(bits());
}

Expr DiscreteFlow::forward(Expr x0, Expr t) const {
  Shares now = shares(t);
  Expr u = bits(), is_noise = below(u, chance(now.noise, 1.0 - now.noise)), noise = law_.draw(bits());
  if (!options_.uniform) return select(is_noise, noise, x0);
  Expr is_gone = below(u, chance(now.gone, 1.0 - now.gone));
  return select(is_noise, noise, select(is_gone, between_.draw(bits()), x0));
}

Expr DiscreteFlow::transition(Expr xs, Expr s, Expr t) const {
  if (!markov()) return Jump::transition(std::move(xs), std::move(s), std::move(t));
  Expr before = shares(s).noise, after = max(shares(t).noise, before), left = 1.0 - before;
  Expr jumps = happens(after - before, 1.0 - after, select(left > 0.0, left, 1.0));
  return select(jumps, constant(double(*options_.mask), Type::i32), xs);
}

Expr DiscreteFlow::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Shares last = shares(t), first = shares(s);
  Expr none = last.gone <= 0.0, whole = select(none, 1.0, last.gone);
  // As shares of what is gone at t: products of small numbers would underflow.
  Expr noise_s = min(first.noise, last.noise) / whole;
  if (!options_.uniform) {
    Expr stays = bernoulli(noise_s, select(none, 1.0, (last.noise - min(first.noise, last.noise)) / whole));
    return select(stays, xt, x0);
  }
  Expr noise_t = last.noise / whole, gone_s = min(first.gone, last.gone) / whole,
       gone_t = select(none, 0.0, constant(1));
  Expr q = law_.probability(xt), k = between_.probability(xt);
  Expr uniform = q * (min(gone_s, noise_t) - noise_s);
  Expr same = fma(q, noise_s, k * max(gone_s - noise_t, 0.0));
  Expr start = fma(q, max(noise_t - gone_s, 0.0), k * (gone_t - max(gone_s, noise_t)));
  start = start + select(equal(x0, xt), min((1.0 - last.gone) / whole, 1e30), 0.0);
  Expr all = uniform + same + start, possible = all > 0.0, unit = select(possible, all, 1.0);
  Expr u = bits(), is_uniform = below(u, chance(uniform / unit, (same + start) / unit));
  Expr is_same = below(u, chance((uniform + same) / unit, start / unit));
  Expr between = select(is_uniform, between_.draw(bits()), select(is_same, xt, x0));
  return select(possible, between, xt);
}

std::optional<Expr> DiscreteFlow::log_density(Expr x0, Expr xt, Expr t) const {
  Shares now = shares(t);
  auto log_of = [](const Expr& share) { return select(share > 0.0, log(share), -infinity); };
  Expr moved = log_of(now.noise) + law_.log_probability(xt), gone = now.noise * law_.complement(xt);
  if (options_.uniform) {
    moved = log_of_sum(moved, log_of(now.uniform) + between_.log_probability(xt));
    gone = fma(between_.complement(xt), now.uniform, gone);
  }
  Expr stays = select(gone < 0.5, log1p(-gone), log_of_sum(log_of(1.0 - now.gone), moved));
  return select(equal(x0, xt), stays, moved);
}

Expr DiscreteFlow::likelihood_weight(Expr t) const {
  if (!markov())
    throw Error(fmt::format("the likelihood's weight of {} is there where all noise is a mask; this one has {}", whose,
                            options_.mask ? "a schedule 'uniform' besides" : "no mask"));
  Expr kappa = shares(t).noise;
  return derivative(options_.kappa, flow_time::within(t)) / max(kappa, 1e-30);
}

std::optional<Expr> DiscreteFlow::tells(Expr xt, Expr t) const {
  if (law_.positive()) return std::nullopt;
  Expr never = law_.probability(std::move(xt)) <= 0.0;
  return options_.uniform ? never && shares(t).uniform <= 0.0 : never;
}

}  // namespace catenary
