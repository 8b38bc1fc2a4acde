// Moments of linear diffusions by Gauss-Legendre on panels.
#include <catenary/stdlib/linear_diffusion.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/gradient.h>
#include <catenary/dsl/schedule.h>
#include <catenary/stdlib/checks.h>

namespace catenary {

namespace {

constexpr std::string_view whose = "a linear diffusion";
constexpr int order = 8, levels = 16;

// On [0, 1]: nodes, weights of the integral over the whole, and `rest[i][j]`, those of the integral from node i to 1 of
// the polynomial through all nodes.
struct Rule {
  std::array<double, order> node, weight;
  std::array<std::array<double, order>, order> rest;
};

// P_0 .. P_order at x (Legendre polynomials, by their recurrence).
std::array<double, order + 1> legendre(double x) {
  std::array<double, order + 1> p{1, x};
  for (int k = 1; k < order; ++k) p[k + 1] = ((2 * k + 1) * x * p[k] - k * p[k - 1]) / (k + 1);
  return p;
}

Rule gauss_legendre() {
  std::array<double, order> x{}, weight{};
  for (int i = 0; i < order; ++i) {
    x[i] = -std::cos(std::numbers::pi * (i + 0.75) / (order + 0.5));
    double slope = 0;
    for (int newton = 0; newton < 8; ++newton) {
      auto p = legendre(x[i]);
      slope = order * (x[i] * p[order] - p[order - 1]) / (x[i] * x[i] - 1);
      x[i] -= p[order] / slope;
    }
    weight[i] = 2 / ((1 - x[i] * x[i]) * slope * slope);
  }
  Rule rule;
  for (int i = 0; i < order; ++i) {
    rule.node[i] = (1 + x[i]) / 2;
    rule.weight[i] = weight[i] / 2;
    // The polynomial through the nodes is the sum over k of (2k + 1)/2 (sum_j weight_j P_k(x_j) f_j) P_k, and the
    // integral of P_k from x to 1 is (P_{k-1}(x) - P_{k+1}(x)) / (2k + 1).
    auto at_i = legendre(x[i]);
    for (int j = 0; j < order; ++j) {
      auto at_j = legendre(x[j]);
      double sum = 1 - x[i];
      for (int k = 1; k < order; ++k) sum += at_j[k] * (at_i[k - 1] - at_i[k + 1]);
      rule.rest[i][j] = weight[j] * sum / 4;
    }
  }
  return rule;
}

// Where each panel starts and how wide it is, as shares of the interval; exact as floats.
struct Panels {
  std::vector<double> start, width;
};
Panels panels(int64_t pieces) {
  std::vector<double> cuts{0};
  for (int j = levels; j >= 1; --j) cuts.push_back(std::ldexp(1.0, -j));
  for (int j = 2; j <= levels; ++j) cuts.push_back(1 - std::ldexp(1.0, -j));
  cuts.push_back(1);
  Panels p;
  for (size_t k = 0; k + 1 < cuts.size(); ++k)
    for (int64_t i = 0; i < pieces; ++i) {
      p.width.push_back((cuts[k + 1] - cuts[k]) / double(pieces));
      p.start.push_back(cuts[k] + double(i) * p.width.back());
    }
  return p;
}

Shape joined(const Shape& a, const Shape& b) { return a.empty() ? b : a; }

}  // namespace

LinearDiffusion::LinearDiffusion(Kept<Flat> space, LinearDiffusionOptions options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)), options_(std::move(options)) {
  positive(whose, "horizon", options_.horizon);
  if (!options_.noise) throw Error(fmt::format("{} needs a noise, a function of t; none is given", whose));
  const Shape& point = this->space().point();
  bool joins = flat().dimension() != element_count(point), one = joins || this->covariance().size();
  auto shape_of = [&](const char* what, const std::function<Expr(Expr)>& coefficient) -> Shape {
    if (!coefficient) return {};
    Expr value = coefficient(parameter("t", Type::f32, {}));
    if (value.type() != Type::f32 || !(value.shape().empty() || value.shape() == point))
      throw Error(fmt::format("{}'s {} gives {} {}; it must be f32, a number or of a point's shape {}", whose, what,
                              name_of(value.type()), to_string(value.shape()), to_string(point)));
    if (!number_draws(schedule({value})).empty())
      throw Error(fmt::format("{}'s {} draws; it must be a function of t alone", whose, what));
    return value.shape();
  };
  Shape drift = shape_of("drift", options_.drift), offset = shape_of("offset", options_.offset),
        noise = shape_of("noise", options_.noise);
  if (one && !(drift.empty() && noise.empty()))
    throw Error(fmt::format("{} needs a drift and a noise that are numbers, since {} joins coordinates", whose,
                            joins ? fmt::format("space '{}'", this->space().name()) : "its covariance"));
  if (joins && options_.offset)
    throw Error(
        fmt::format("{} with an offset would leave space '{}'; leave the offset out", whose, this->space().name()));
  drift_ = drift;
  deviation_ = joined(drift, noise);
  shift_ = joined(drift, offset);
  choose_pieces();
}

LinearGaussian::Moments LinearDiffusion::moments(Expr s, Expr t) const { return moments(s, t, pieces_); }

LinearGaussian::Moments LinearDiffusion::moments(const Expr& s, const Expr& t, int64_t pieces) const {
  static const Rule rule = gauss_legendre();
  const Panels cut = panels(pieces);
  auto count = int64_t(cut.start.size());
  Expr starts = constant(cut.start, {count}), widths = constant(cut.width, {count});
  Expr from = min(s, options_.horizon), length = min(t, options_.horizon) - from;

  // From panel to panel: the integral of the drift; and by the length, lest they underflow, the variance and the shift
  // so far.
  std::vector<Operand> first{splat(0.0, drift_), splat(0.0, deviation_), splat(0.0, shift_)};
  std::vector<Expr> last = fold(count, first, [&](Expr panel, const std::vector<Expr>& so_far) {
    Expr start = at(starts, panel), width = at(widths, panel), scale = length * width;
    std::vector<Expr> times, drifts;
    for (double x : rule.node) times.push_back(fma(length, fma(width, x, start), from));
    if (options_.drift)
      for (const Expr& u : times) drifts.push_back(options_.drift(u));
    // The drift's integral over the panel, or from a node to its end.
    auto integral = [&](const std::array<double, order>& weights) {
      Expr sum = weights[0] * drifts[0];
      for (int j = 1; j < order; ++j) sum = fma(weights[j], drifts[j], sum);
      return scale * sum;
    };
    Expr whole = options_.drift ? integral(rule.weight) : constant(0), kept = exp(whole);
    Expr variance = constant(0), shift = constant(0);
    for (int i = 0; i < order; ++i) {
      Expr noise = options_.noise(times[i]);
      std::optional<Expr> decay;
      if (options_.drift) decay = exp(integral(rule.rest[i]));
      variance = fma(rule.weight[i], square(decay ? *decay * noise : noise), variance);
      if (!options_.offset) continue;
      Expr offset = options_.offset(times[i]);
      shift = fma(rule.weight[i], decay ? *decay * offset : offset, shift);
    }
    return std::vector<Expr>{so_far[0] + whole, splat(fma(square(kept), so_far[1], width * variance), deviation_),
                             splat(fma(kept, so_far[2], width * shift), shift_)};
  });
  std::optional<Expr> shift;
  if (options_.offset) shift = length * last[2];
  std::optional<Expr> decay, change;
  if (options_.drift) {
    decay = exp(last[0]);
    change = expm1(last[0]);
  }
  return {decay, sqrt(length) * sqrt(last[1]), shift, change};
}

LinearGaussian::Slopes LinearDiffusion::slopes(Expr t) const {
  Expr now = min(t, options_.horizon), over = t > options_.horizon;
  Moments all = moments(constant(0), now);
  Expr growth = 0.5 * square(options_.noise(now) / max(all.deviation, 1e-30));
  std::optional<Expr> decay, shift;
  if (options_.drift) {
    Expr drift = options_.drift(now);
    growth = drift + growth;
    decay = select(over, 0.0, drift * *all.decay);
    if (all.shift) shift = drift * *all.shift;
  }
  if (options_.offset) {
    Expr offset = options_.offset(now);
    shift = select(over, 0.0, shift ? *shift + offset : offset);
  }
  return {decay, select(over, 0.0, growth), shift};
}

void LinearDiffusion::choose_pieces() {
  constexpr int64_t most = 16;
  constexpr double tolerance = 0x1p-23;  // Constants are floats.
  Expr s = parameter("s", Type::f32, {}), t = parameter("t", Type::f32, {});
  auto evaluator = [&](int64_t pieces) {
    Moments m = moments(s, t, pieces);
    return Evaluator({m.decay.value_or(constant(1)), m.deviation, m.shift.value_or(constant(0))});
  };
  std::vector<std::pair<double, double>> pairs;
  for (double share : {1.0, 0.5, 0.1, 1e-3, 1e-12})
    for (double part : {0.0, 0.1, 0.5, 0.9, 1 - 1e-6})
      pairs.emplace_back(part * share * options_.horizon, share * options_.horizon);

  Evaluator coarse = evaluator(1);
  for (pieces_ = 1;; pieces_ *= 2) {
    Evaluator fine = evaluator(2 * pieces_);
    std::optional<std::string> differs;
    for (auto [from, to] : pairs) {
      auto a = coarse({{"s", {from}}, {"t", {to}}}), b = fine({{"s", {from}}, {"t", {to}}});
      auto compare = [&](size_t k, const char* what) {
        for (size_t i = 0; i < a[k].size(); ++i) {
          double x = a[k][i], y = b[k][i], size = std::abs(y);
          // A decay e^f is as good as f is, and nothing is left below e^-80; a shift matters beside the deviation.
          if (k == 0) size = y * std::max(1.0, std::abs(std::log(std::max(y, 1e-34)))) + 1e-34;
          if (k == 2) size += b[1][b[1].size() == 1 ? 0 : i];
          if (!(std::abs(y) < 1e30))
            throw Error(
                fmt::format("{}'s {} from s = {:.4g} to t = {:.4g} is {:.4g}; bound its coefficients, or shorten "
                            "its horizon",
                            whose, what, from, to, y));
          if (!(std::abs(x - y) <= tolerance * size))
            differs = fmt::format("{} from s = {:.4g} to t = {:.4g}", what, from, to);
        }
      };
      compare(0, "decay");
      compare(1, "deviation");
      compare(2, "shift");
    }
    if (!differs) break;
    if (pieces_ == most)
      throw Error(
          fmt::format("{}'s {} is not accurate with {} panels: its coefficients jump, turn too often or have a "
                      "pole; smooth them, or shorten the horizon",
                      whose, *differs, 2 * levels * most));
    coarse = fine;
  }
  auto all = coarse({{"s", {0.0}}, {"t", {options_.horizon}}});
  if (*std::min_element(all[1].begin(), all[1].end()) <= 0)
    throw Error(fmt::format("{} needs noise before its horizon {}; its noise is 0", whose, options_.horizon));
}

// ---- schedules ----------------------------------------------------------------------------------

namespace {

Expr slope_of(const std::function<Expr(Expr)>& f, const Expr& t) { return derivative(f, splat(t, f(t).shape())); }

// Throws Error unless on (0, horizon] the number is finite and, as far as rounding tells, not below 0: what it would be
// else, in words.
void check_schedule(const std::function<Expr(Expr)>& number, double horizon, std::string_view below) {
  Expr t = parameter("t", Type::f32, {}), value = number(t);
  if (!number_draws(schedule({value})).empty())
    throw Error(fmt::format("the schedule of {} draws; it must be a function of t alone", whose));
  Evaluator at({value});
  constexpr int parts = 1024;
  for (int i = 1; i <= parts; ++i) {
    const double now = horizon * i / parts;
    const Values found = at({{"t", {now}}})[0];
    for (double v : found)
      if (!std::isfinite(v) || v < -1e-6)
        throw Error(fmt::format("the schedule of {} {} at time {:.6g}", whose,
                                std::isfinite(v) ? below : "has no finite slope, or an alpha of 0,", now));
  }
}

std::function<Expr(Expr)> root_of_rate(std::function<Expr(Expr)> rate, double horizon) {
  check_schedule(rate, horizon, "has a signal-to-noise ratio that rises");
  return [rate = std::move(rate)](const Expr& t) { return sqrt(max(rate(t), 0.0)); };
}

void check_given(const std::function<Expr(Expr)>& function, const char* name) {
  if (!function) throw Error(fmt::format("the schedule of {} needs {}, a function of t; none is given", whose, name));
}

}  // namespace

LinearDiffusionOptions by_marginals(std::function<Expr(Expr t)> alpha, std::function<Expr(Expr t)> sigma,
                                    double horizon) {
  positive(whose, "horizon", horizon);
  check_given(alpha, "alpha");
  check_given(sigma, "sigma");
  check_schedule(alpha, horizon, "has an alpha below 0");
  auto drift = [alpha](const Expr& t) { return slope_of(alpha, t) / alpha(t); };
  auto rate = [drift, sigma](const Expr& t) { return 2.0 * sigma(t) * (slope_of(sigma, t) - drift(t) * sigma(t)); };
  return {.drift = drift, .noise = root_of_rate(rate, horizon), .horizon = horizon};
}

LinearDiffusionOptions by_log_signal_to_noise(std::function<Expr(Expr t)> lambda, double horizon) {
  positive(whose, "horizon", horizon);
  check_given(lambda, "lambda");
  // beta = -lambda' sigma^2, sigma^2 = 1 / (1 + e^lambda). At time 0 itself lambda may be infinite.
  auto rate = [lambda](const Expr& t) {
    Expr now = max(t, 1e-30);
    return -slope_of(lambda, now) / (1.0 + exp(lambda(now)));
  };
  return {.drift = [rate](const Expr& t) { return -0.5 * rate(t); },
          .noise = root_of_rate(rate, horizon),
          .horizon = horizon};
}

}  // namespace catenary
