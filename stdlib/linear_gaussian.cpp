// Linear Gaussian processes: the algebra they share, then each one's moments.
#include <catenary/stdlib/linear_gaussian.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include <fmt/ranges.h>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/gradient.h>
#include <catenary/stdlib/checks.h>

namespace catenary {

namespace {

bool is_zero(const PerCoordinate& value) { return !value.each && value.values[0] == 0; }

// Sums in which what is absent is 0; each rounded once.
using Term = std::optional<Expr>;
Term sum_of(const Term& a, const Term& b) { return a && b ? *a + *b : a ? a : b; }
Term fma_of(const Term& a, const Expr& x, const Term& b) { return !a ? b : b ? fma(*a, x, *b) : *a * x; }

// decay x = base x + rest x, with base x exact: so that near 1 the rounding of the decay is not that of its product.
struct Split {
  bool one;         // base 1, rest 0
  Term base, rest;  // base 0 or 1
};
Split split(const LinearGaussian::Moments& m) {
  if (!m.decay) return {true, {}, {}};
  if (!m.change) return {false, {}, m.decay};
  Expr near = *m.decay > 0.5;
  return {false, select(near, constant(1), constant(0)), select(near, *m.change, *m.decay)};
}
Term base_of(const Split& decay, const Expr& x) { return decay.one ? x : decay.base ? Term(*decay.base * x) : Term(); }

// The integral of e^{-rate u} over u from 0 to d; where rate d is tiny, d.
Expr integral_of_decay(const Expr& rate, const Expr& d) {
  Expr passed = rate * d;
  return select(passed < 1e-8, d, -expm1(-passed) / rate);
}

}  // namespace

// ---- what all share -----------------------------------------------------------------------------

LinearGaussian::LinearGaussian(Kept<Flat> space, Covariance covariance)
    : Process(space), covariance_(std::move(covariance)) {
  int64_t elements = element_count(space->point()), size = covariance_.size();
  if (size == 0) return;
  if (space->dimension() != elements)
    throw Error(
        fmt::format("a covariance needs a space that is the whole of R^n; found space '{}' of dimension {} in R^{}",
                    space->name(), space->dimension(), elements));
  if (size != elements)
    throw Error(fmt::format("a covariance on points of {} elements needs {} numbers; found {}", elements,
                            elements * elements, size * size));
}

Expr LinearGaussian::noise() const {
  return covariance_.size() ? covariance_.normal(space().point()) : flat().tangent_normal(splat(0.0, space().point()));
}

PerCoordinate LinearGaussian::sized(std::string_view whose, std::string_view what, PerCoordinate value) const {
  int64_t elements = element_count(space().point());
  if (value.each && int64_t(value.values.size()) != elements)
    throw Error(fmt::format("{} needs one {}, or one for each of the {} elements of a point; found {}", whose, what,
                            elements, value.values.size()));
  return value;
}

PerCoordinate LinearGaussian::separate(std::string_view whose, std::string_view what, PerCoordinate value) const {
  if (value.each && flat().dimension() != element_count(space().point()))
    throw Error(fmt::format("{} needs one {} for all coordinates, which space '{}' joins; found {} of them", whose,
                            what, space().name(), value.values.size()));
  if (value.each && covariance_.size())
    throw Error(fmt::format("{} needs one {} for all coordinates, which its covariance joins; found {} of them", whose,
                            what, value.values.size()));
  return sized(whose, what, std::move(value));
}

PerCoordinate LinearGaussian::scale(std::string_view whose, std::string_view what, PerCoordinate value) const {
  for (double v : value.values) positive(whose, what, v);
  return separate(whose, what, std::move(value));
}

PerCoordinate LinearGaussian::place(std::string_view whose, std::string_view what, PerCoordinate value) const {
  for (double v : value.values)
    if (!std::isfinite(v)) throw Error(fmt::format("{} needs a finite {}; found {}", whose, what, v));
  value = sized(whose, what, std::move(value));
  if (is_zero(value)) return value;
  Expr point = splat(spread(value), space().point());
  std::vector<Values> found = evaluate({point, flat().project(point)}, {});
  for (size_t i = 0; i < found[0].size(); ++i)
    if (!(std::abs(found[0][i] - found[1][i]) <= 1e-6 * (1 + std::abs(found[0][i]))))
      throw Error(fmt::format("{} needs a {} that is a point of space '{}'; found [{}]", whose, what, space().name(),
                              fmt::join(found[0], ", ")));
  return value;
}

Expr LinearGaussian::spread(const PerCoordinate& value) const {
  return value.each ? constant(value.values, space().point()) : constant(value.values[0]);
}

Expr LinearGaussian::prior(Expr horizon) const {
  Moments all = moments(constant(0), horizon);
  return *fma_of(all.deviation, noise(), all.shift);
}

Expr LinearGaussian::forward(Expr x0, Expr t) const { return transition(std::move(x0), constant(0), std::move(t)); }

Expr LinearGaussian::transition(Expr xs, Expr s, Expr t) const {
  Moments step = moments(s, t);
  Split decay = split(step);
  Term mean = sum_of(base_of(decay, xs), fma_of(decay.rest, xs, step.shift));
  return *fma_of(step.deviation, noise(), mean);
}

LinearGaussian::Between LinearGaussian::between(const Expr& x0, const Expr& xt, const Expr& s, const Expr& t) const {
  Moments first = moments(constant(0), s), second = moments(s, t);
  // Relative to the larger deviation at time t: squares of small ones would underflow. Where there is none at all, x_s
  // is what x_0 becomes.
  Expr before = second.decay ? *second.decay * first.deviation : first.deviation;
  Expr larger = max(before, second.deviation), none = larger <= 0.0, unit = select(none, 1.0, larger);
  Expr p = before / unit, q = select(none, 1.0, second.deviation / unit), total = p * p + q * q;
  Expr from_start = q * q / total, from_end = p * (first.deviation / unit) / total;
  Term shift = first.shift ? Term(from_start * *first.shift) : Term();
  if (second.shift) shift = sum_of(shift, -from_end * *second.shift);
  // The mean as base x_0 + from_end (x_t - base x_0) + rest x_0 + shift: where the base is 1, what is small comes from
  // differences.
  Split decay = split(first);
  Term base = base_of(decay, x0), rest;
  if (first.decay) rest = from_start * *first.decay;
  if (decay.base) rest = select(*decay.base > 0.0, from_start * *first.change - from_end * *second.change, *rest);
  Term mean = fma_of(from_end, base ? xt - *base : xt, fma_of(rest, x0, shift));
  return {*sum_of(base, mean), first.deviation * q / sqrt(total)};
}

Expr LinearGaussian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Between law = between(x0, xt, s, t);
  return fma(law.deviation, noise(), law.mean);
}

std::optional<Expr> LinearGaussian::bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const {
  return between(x0, xt, s, t).mean;
}

Expr LinearGaussian::signal_to_noise(Expr t) const {
  Moments all = moments(constant(0), std::move(t));
  Expr root = (all.decay ? *all.decay : constant(1)) / max(all.deviation, 1e-30);
  return square(min(root, 1e15));
}

Expr LinearGaussian::away_from_mean(const Moments& all, const Expr& x0, const Expr& xt) const {
  Split decay = split(all);
  Term base = base_of(decay, x0), mean = fma_of(decay.rest, x0, all.shift);
  Expr away = base ? xt - *base : xt;
  return mean ? away - *mean : away;
}

std::optional<Expr> LinearGaussian::log_density(Expr x0, Expr xt, Expr t) const {
  Moments all = moments(constant(0), t);
  Expr away = away_from_mean(all, x0, xt);
  // Scaled first: the square of a far point would overflow, and so would one over a small variance.
  away = away / all.deviation;
  if (covariance_.size()) away = covariance_.whiten(away);
  Expr squares = away.shape().empty() ? square(away) : dot(away, away);
  double n = flat().dimension();
  Expr volume = all.deviation.shape().empty() ? n * log(all.deviation) : sum(log(all.deviation));
  return -0.5 * squares - volume - (covariance_.log_volume() + n * 0.5 * std::log(2 * std::numbers::pi));
}

std::vector<Estimate> LinearGaussian::estimates() const {
  std::vector<Estimate> kinds = Process::estimates();
  for (const char* kind : {"noise", "score", "velocity"}) kinds.push_back({kind, space().point()});
  return kinds;
}

namespace {

constexpr double least = 1e-30;  // What is divided by is not below.

Expr bounded(const Expr& x) { return min(max(x, -1e30), 1e30); }

}  // namespace

Expr LinearGaussian::endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  bool velocity = kind.kind == "velocity", score = kind.kind == "score";
  if (!velocity && !score && kind.kind != "noise") return Process::endpoint(kind, estimate, xt, t);
  Moments all = moments(constant(0), t);
  const Expr& d = all.deviation;
  // What rounding took x_t out of the space by would grow as the decay falls.
  auto point_of = [&](const Expr& x) { return flat().project(bounded(x)); };
  Expr given = flat().project(estimate);
  if (score) given = -(d * (covariance_.size() ? covariance_.times(given) : given));
  // What is small comes from the difference to x_t where the decay is near 1, so that its rounding is not that of x_t.
  if (!velocity) {
    Expr off = *fma_of(d, given, all.shift);
    if (!all.decay) return point_of(xt - off);
    Expr a = max(*all.decay, least), far = (xt - off) / a;
    return point_of(all.change ? select(a > 0.5, xt - fma(*all.change, xt, off) / a, far) : far);
  }
  Expr a = all.decay.value_or(constant(1)), unit = max(max(a, d), least), p = a / unit, q = d / unit;
  Expr total = unit * (p * p + q * q), off = q * given;
  if (all.shift) off = off + p * *all.shift;
  Expr far = (p * xt - off) / total;
  if (all.decay && !all.change) return point_of(far);
  Expr change = q * d;
  if (all.change) change = fma(p, *all.change, change);
  return point_of(select(a > 0.5 && d < 0.5, xt - fma(change, xt, off) / total, far));
}

std::optional<Loss> LinearGaussian::loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const {
  bool velocity = kind.kind == "velocity", score = kind.kind == "score";
  if (!velocity && !score && kind.kind != "noise") return Process::loss(kind, estimate, x0, xt, t);
  Moments all = moments(constant(0), t);
  const Expr& d = all.deviation;
  Expr noise = away_from_mean(all, x0, xt) / max(d, least), given = flat().project(estimate);
  if (score) given = -(d * (covariance_.size() ? covariance_.times(given) : given));
  Expr off = given - (velocity ? fma(all.decay.value_or(constant(1)), noise, -(d * x0)) : noise);
  return off.shape().empty() ? square(off) : dot(off, off);
}

std::optional<Expr> LinearGaussian::flow(Expr x0, Expr xt, Expr s, Expr t) const {
  Moments now = moments(constant(0), t), then = moments(constant(0), s);
  Expr noise = (then.deviation / max(now.deviation, least)) * away_from_mean(now, x0, xt);
  Split decay = split(then);
  return sum_of(base_of(decay, x0), fma_of(decay.rest, x0, sum_of(noise, then.shift)));
}

LinearGaussian::Slopes LinearGaussian::slopes(Expr t) const {
  const Moments all = moments(constant(0), t);
  // Of a time for each element where the moment has one.
  auto slope = [&](const Expr& moment, const std::function<Expr(const Moments&)>& of) {
    return derivative([&](Expr at) { return of(moments(constant(0), std::move(at))); }, splat(t, moment.shape()));
  };
  std::optional<Expr> decay, shift;
  if (all.decay) decay = slope(*all.decay, [](const Moments& m) { return *m.decay; });
  if (all.shift) shift = slope(*all.shift, [](const Moments& m) { return *m.shift; });
  return {decay, slope(all.deviation, [](const Moments& m) { return m.deviation; }) / max(all.deviation, least), shift};
}

std::optional<Expr> LinearGaussian::flow_velocity(Expr x0, Expr xt, Expr t) const {
  const Slopes slope = slopes(t);
  return fma_of(slope.log_deviation, away_from_mean(moments(constant(0), t), x0, xt),
                fma_of(slope.decay, x0, slope.shift));
}

std::optional<Expr> LinearGaussian::flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  const bool velocity = kind.kind == "velocity", tangent = kind.kind == "tangent", score = kind.kind == "score";
  if (!velocity && !tangent && !score && kind.kind != "noise") return Process::flow_velocity_by(kind, estimate, xt, t);
  const Moments all = moments(constant(0), t);
  const Slopes slope = slopes(t);
  const Expr& d = all.deviation;
  Expr given = flat().project(estimate), a = all.decay.value_or(constant(1));
  // x_t - m, and D n and x_0 of which one is told.
  Expr off = all.shift ? xt - *all.shift : xt, noise = d * given, x0 = xt;
  if (velocity) {
    Expr unit = max(max(a, d), least), p = a / unit, q = d / unit, total = unit * (p * p + q * q);
    noise = d * ((p * given + q * off) / total);
    x0 = (p * off - q * given) / total;
  } else if (tangent) {
    x0 = xt + given;
    noise = -(a * given);
    if (all.decay) noise = fma(-(all.change ? *all.change : a - 1.0), xt, noise);
    if (all.shift) noise = noise - *all.shift;
  } else {
    if (score) noise = -(d * (d * (covariance_.size() ? covariance_.times(given) : given)));
    if (all.decay) x0 = (off - noise) / max(a, least);
  }
  return fma_of(slope.log_deviation, noise, fma_of(slope.decay, x0, slope.shift));
}

// ---- covariances --------------------------------------------------------------------------------

struct Covariance::Factor {
  int64_t size;
  std::vector<double> lower, inverse;
  double log_volume;
};

Covariance::Covariance(std::vector<double> matrix) {
  auto n = size_t(std::llround(std::sqrt(double(matrix.size()))));
  if (matrix.empty() || n * n != matrix.size())
    throw Error(fmt::format("a covariance is a square matrix; found {} numbers", matrix.size()));
  double largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, matrix[i * n + i]);
  auto refuse = [](size_t i, size_t j, double v, std::string_view must) {
    throw Error(fmt::format("a covariance {}; found {} in row {}, column {}", must, v, i, j));
  };
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      double v = matrix[i * n + j];
      if (!std::isfinite(v)) refuse(i, j, v, "is finite");
      if (!(std::abs(v - matrix[j * n + i]) <= 1e-9 * largest)) refuse(i, j, v, "is symmetric");
    }
  Factor f{int64_t(n), std::move(matrix), std::vector<double>(n * n), 0};
  std::vector<double>&l = f.lower, &inverse = f.inverse;
  for (size_t j = 0; j < n; ++j) {
    double variance = l[j * n + j];
    for (size_t k = 0; k < j; ++k) l[j * n + j] -= l[j * n + k] * l[j * n + k];
    // What rounding leaves of nothing is no variance.
    if (!(l[j * n + j] > 1e-12 * variance))
      throw Error(
          fmt::format("a covariance is positive definite; element {} has no variance given those before it", j));
    double root = l[j * n + j] = std::sqrt(l[j * n + j]);
    f.log_volume += std::log(root);
    for (size_t i = j + 1; i < n; ++i) {
      for (size_t k = 0; k < j; ++k) l[i * n + j] -= l[i * n + k] * l[j * n + k];
      l[i * n + j] /= root;
      l[j * n + i] = 0;
    }
  }
  for (size_t j = 0; j < n; ++j)
    for (size_t i = j; i < n; ++i) {
      double rest = i == j;
      for (size_t k = j; k < i; ++k) rest -= l[i * n + k] * inverse[k * n + j];
      inverse[i * n + j] = rest / l[i * n + i];
    }
  factor_ = std::make_shared<const Factor>(std::move(f));
}

int64_t Covariance::size() const { return factor_ ? factor_->size : 0; }

Expr Covariance::normal(const Shape& point) const {
  int64_t n = factor_->size;
  return reshape(matmul(constant(factor_->lower, {n, n}), catenary::normal({n})), point);
}

Expr Covariance::whiten(Expr v) const {
  int64_t n = factor_->size;
  return matmul(constant(factor_->inverse, {n, n}), reshape(std::move(v), {n}));
}

Expr Covariance::times(Expr v) const {
  int64_t n = factor_->size;
  Expr lower = constant(factor_->lower, {n, n});
  Shape shape = v.shape();
  return reshape(matmul(lower, matmul(transpose(lower), reshape(std::move(v), {n}))), shape);
}

double Covariance::log_volume() const { return factor_ ? factor_->log_volume : 0; }

// ---- the processes ------------------------------------------------------------------------------

Expr exp_of_product(const Expr& rate, const Expr& t) {
  std::vector<double> tails;
  for (double v : rate->values) tails.push_back(v - double(float(v)));
  Expr tail = constant(std::move(tails), rate.shape()), product = min(max(rate * t, -100.0), 80.0);
  Expr rounded = max(min(fma(rate, t, -product) + tail * t, 1.0), -1.0), e = exp(product);
  return fma(e, rounded, e);
}

EuclideanBrownian::EuclideanBrownian(Kept<Flat> space, BrownianOptions options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)), rate_(1), drift_(0) {
  std::string whose = fmt::format("Brownian motion on space '{}'", this->space().name());
  rate_ = scale(whose, "rate", std::move(options.rate));
  drift_ = place(whose, "drift", std::move(options.drift));
}

LinearGaussian::Moments EuclideanBrownian::moments(Expr s, Expr t) const {
  Expr passed = t - s, root = spread(map([](double rate) { return std::sqrt(rate); }, rate_));
  std::optional<Expr> shift;
  if (!is_zero(drift_)) shift = spread(drift_) * passed;
  return {{}, root * sqrt(passed), shift};
}

OrnsteinUhlenbeck::OrnsteinUhlenbeck(Kept<Flat> space, OrnsteinUhlenbeckOptions options, Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)), theta_(1), mean_(0), sigma_(1) {
  constexpr std::string_view whose = "an Ornstein-Uhlenbeck process";
  theta_ = scale(whose, "theta", std::move(options.theta));
  mean_ = place(whose, "mean", std::move(options.mean));
  sigma_ = scale(whose, "sigma", std::move(options.sigma));
}

LinearGaussian::Moments OrnsteinUhlenbeck::moments(Expr s, Expr t) const {
  Expr passed = t - s, theta = spread(theta_), twice = spread(map([](double v) { return 2 * v; }, theta_));
  std::optional<Expr> shift;
  if (!is_zero(mean_)) shift = -spread(mean_) * expm1(-theta * passed);
  Expr back = spread(map([](double v) { return -v; }, theta_));
  return {exp_of_product(back, passed), spread(sigma_) * sqrt(integral_of_decay(twice, passed)), shift};
}

Expr OrnsteinUhlenbeck::prior(Expr) const {
  Expr deviation = spread(map([](double sigma, double theta) { return sigma / std::sqrt(2 * theta); }, sigma_, theta_));
  return *fma_of(deviation, noise(), is_zero(mean_) ? Term() : spread(mean_));
}

ScheduledOrnsteinUhlenbeck::ScheduledOrnsteinUhlenbeck(Kept<Flat> space, ScheduledOrnsteinUhlenbeckOptions options,
                                                       Covariance covariance)
    : LinearGaussian(std::move(space), std::move(covariance)), theta_(1), mean_(0), terms_(std::move(options.terms)) {
  constexpr std::string_view whose = "an Ornstein-Uhlenbeck process with a schedule";
  theta_ = scale(whose, "theta", std::move(options.theta));
  mean_ = place(whose, "mean", std::move(options.mean));
  terms_.insert(terms_.begin(), {.weight = std::move(options.variance), .rate = 0});
  PerCoordinate all = 0;
  for (auto& [weight, rate] : terms_) {
    weight = separate(whose, &weight == &terms_[0].weight ? "variance" : "weight", std::move(weight));
    rate = separate(whose, "rate", std::move(rate));
    map(
        [&](double w, double r) {
          if (!(w >= 0) || !std::isfinite(w) || !std::isfinite(r))
            throw Error(
                fmt::format("{} needs a variance and weights that are 0 or above, and finite rates; found {} e^({} t)",
                            whose, w, r));
          return w;
        },
        weight, rate);
    all = map(std::plus(), all, weight);
  }
  scale(whose, "variance in all", all);
}

LinearGaussian::Moments ScheduledOrnsteinUhlenbeck::moments(Expr s, Expr t) const {
  Expr passed = t - s, variance = constant(0);
  PerCoordinate back = map(std::negate(), theta_), back_twice = map([](double v) { return -2 * v; }, theta_);
  for (const auto& [weight, rate] : terms_) {
    // Of two ways to write the term the one that decays: from its end, or from its beginning.
    PerCoordinate fall = map(std::minus(), rate, back_twice);
    Expr from_end = spread(fall) >= 0.0;
    Expr then = exp_of_product(spread(rate), select(from_end, t, s)) *
                exp_of_product(spread(back_twice), select(from_end, 0.0, passed));
    Expr size = spread(map([](double v) { return std::abs(v); }, fall));
    variance = variance + spread(weight) * then * integral_of_decay(size, passed);
  }
  std::optional<Expr> shift;
  if (!is_zero(mean_)) shift = -spread(mean_) * expm1(spread(back) * passed);
  return {exp_of_product(spread(back), passed), sqrt(variance), shift};
}

}  // namespace catenary
