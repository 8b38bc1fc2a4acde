// Interpolants: geodesics, and Gaussian processes between their ends.
#include <catenary/stdlib/interpolation.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include <catenary/dsl/gradient.h>
#include <catenary/stdlib/flow_time.h>

namespace catenary {

namespace {

constexpr double shortest = 1e-20;  // A time: what rounding leaves of a way, over it, has a square that is a float.

}  // namespace

// ---- geodesics ----------------------------------------------------------------------------------

GeodesicInterpolation::GeodesicInterpolation(Kept<Manifold> space, GeodesicInterpolationOptions options)
    : Process(space), options_(std::move(options)) {}

Expr GeodesicInterpolation::noise() const {
  if (options_.noise) return options_.noise();
  try {
    return manifold().standard_noise();
  } catch (const Error&) {
    throw Error(fmt::format(
        "geodesic interpolation on space '{}' has no noise to lead to: the space declares neither "
        "uniform_point() nor origin(); give the interpolation a draw, GeodesicInterpolation(space, {{.noise "
        "= ...}})",
        space().name()));
  }
}

Expr GeodesicInterpolation::prior(Expr horizon) const {
  flow_time::check_horizon(fmt::format("geodesic interpolation on space '{}'", space().name()), horizon);
  return noise();
}

Expr GeodesicInterpolation::forward(Expr x0, Expr t) const {
  return manifold().exp(x0, flow_time::within(t) * manifold().log(x0, noise()));
}

Expr GeodesicInterpolation::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  return manifold().exp(x0, s / t * manifold().log(x0, xt));
}

std::vector<Estimate> GeodesicInterpolation::estimates() const {
  std::vector<Estimate> kinds = Process::estimates();
  kinds.push_back({"velocity", space().point()});
  return kinds;
}

Expr GeodesicInterpolation::endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  if (kind.kind != "velocity") return Process::endpoint(kind, estimate, xt, t);
  return manifold().exp(xt, -flow_time::within(t) * manifold().tangent(xt, estimate));
}

std::optional<Loss> GeodesicInterpolation::loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const {
  if (kind.kind != "velocity") return Process::loss(kind, estimate, x0, xt, t);
  Expr off = manifold().tangent(xt, estimate) - *flow_velocity(x0, xt, t);
  return manifold().inner(xt, off, off);
}

std::optional<Expr> GeodesicInterpolation::flow(Expr x0, Expr xt, Expr s, Expr t) const { return bridge(x0, xt, s, t); }

std::optional<Expr> GeodesicInterpolation::flow_velocity(Expr x0, Expr xt, Expr t) const {
  return -manifold().log(xt, x0) / max(flow_time::within(t), shortest);
}

std::optional<Expr> GeodesicInterpolation::flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt,
                                                            Expr t) const {
  if (kind.kind == "tangent") return -manifold().tangent(xt, estimate) / max(flow_time::within(t), shortest);
  if (kind.kind != "velocity") return Process::flow_velocity_by(kind, estimate, xt, t);
  return manifold().tangent(xt, estimate);
}

std::optional<Expr> GeodesicInterpolation::bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const {
  return bridge(x0, xt, s, t);
}

// ---- stochastic interpolants --------------------------------------------------------------------

namespace {

constexpr std::string_view whose = "a stochastic interpolant";
constexpr double least = 1e-37;  // Noise below it counts as none.

// l_s / l_t; 0 where there is no noise.
Expr share_of(const Expr& first, const Expr& last) {
  Expr none = last <= 0.0;
  return select(none, 0.0, first / select(none, 1.0, last));
}

}  // namespace

struct StochasticInterpolant::Noise {
  Expr length, b, c;  // b and c by the length; 0 where that is.
};

StochasticInterpolant::Noise StochasticInterpolant::noise_at(const Expr& t) const {
  Expr b = options_.b(t);
  if (!options_.c) return {abs(b), select(b < 0.0, -1.0, select(b > 0.0, 1.0, constant(0))), constant(0)};
  // By the larger first: squares of small ones would underflow.
  Expr c = options_.c(t), larger = max(abs(b), abs(c)), none = larger <= 0.0, unit = select(none, 1.0, larger);
  Expr root = sqrt(square(b / unit) + square(c / unit)), by = select(none, 1.0, root);
  return {larger * root, b / unit / by, c / unit / by};
}

StochasticInterpolant::StochasticInterpolant(Kept<Flat> space, StochasticInterpolantOptions options)
    : Process(space), options_(std::move(options)) {
  auto check = [](const char* what, const flow_time::Schedule& schedule, double first, double last) {
    if (!schedule) throw Error(fmt::format("{} needs a schedule '{}', a function of t; none is given", whose, what));
    std::vector<double> values = flow_time::values_of(whose, what, schedule);
    flow_time::check_end(whose, what, values.front(), 0, first);
    flow_time::check_end(whose, what, values.back(), 1, last);
    return values;
  };
  check("a", options_.a, 1, 0);
  std::vector<double> b = check("b", options_.b, 0, 1), c(b.size());
  if (options_.c) c = check("c", options_.c, 0, 0);
  for (size_t i = 1; i < b.size(); ++i)
    if (b[i] == 0 && c[i] == 0)
      throw Error(
          fmt::format("{} has schedules 'b' and 'c' that are both 0 at time {:.6g}; there must be noise from 0 on",
                      whose, double(i) / double(b.size() - 1)));
  has_velocity_ = velocity_tells_x0();
}

Expr StochasticInterpolant::prior(Expr horizon) const {
  flow_time::check_horizon(whose, horizon);
  return flat().tangent_normal(splat(0, space().point()));
}

Expr StochasticInterpolant::forward(Expr x0, Expr t) const {
  Expr now = flow_time::within(t);
  return fma(options_.a(now), x0, noise_at(now).length * flat().tangent_normal(x0));
}

std::optional<Expr> StochasticInterpolant::bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr before = flow_time::within(s), after = flow_time::within(t);
  Noise first = noise_at(before), last = noise_at(after);
  Expr pull = share_of(first.length, last.length) * fma(first.b, last.b, first.c * last.c);
  return fma(pull, fma(-options_.a(after), x0, xt), options_.a(before) * x0);
}

Expr StochasticInterpolant::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr mean = *bridge_mean(x0, xt, s, t);
  if (!options_.c) return mean;
  Noise first = noise_at(flow_time::within(s)), last = noise_at(flow_time::within(t));
  // The sine of the angle between (b_s, c_s) and (b_t, c_t); where the latter is 0, x_t tells nothing.
  Expr sine = select(last.length <= 0.0, 1.0, first.b * last.c - first.c * last.b);
  return fma(first.length * sine, flat().tangent_normal(x0), mean);
}

std::optional<Expr> StochasticInterpolant::log_density(Expr x0, Expr xt, Expr t) const {
  Expr now = flow_time::within(t), deviation = max(noise_at(now).length, least);
  Expr away = fma(-options_.a(now), x0, xt) / deviation;
  Expr squares = away.shape().empty() ? square(away) : dot(away, away);
  double n = flat().dimension();
  return -0.5 * squares - n * log(deviation) - n * 0.5 * std::log(2 * std::numbers::pi);
}

struct StochasticInterpolant::Motion {
  Expr a, length, a_slope, length_slope;
};

StochasticInterpolant::Motion StochasticInterpolant::motion_at(const Expr& t) const {
  Expr now = min(t, 1 - 0x1p-24);
  Noise noise = noise_at(now);
  Expr length_slope = noise.b * derivative(options_.b, now);
  if (options_.c) length_slope = fma(noise.c, derivative(options_.c, now), length_slope);
  // Where there is no noise, x_t = a x_0.
  Expr none = noise.length < least;
  return {options_.a(now), select(none, 0.0, noise.length), derivative(options_.a, now),
          select(none, 1.0, length_slope)};
}

bool StochasticInterpolant::velocity_tells_x0() const {
  auto beyond = [&](const Expr& t) {
    Motion m = motion_at(t);
    return m.length_slope * m.a - m.length * m.a_slope - 1e-3 * (abs(m.length_slope) + m.length);
  };
  try {
    std::vector<double> values = flow_time::values_of(whose, "velocity", beyond);
    return std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
  } catch (const Error&) {
    return false;  // A schedule has no derivative.
  }
}

std::vector<Estimate> StochasticInterpolant::estimates() const {
  std::vector<Estimate> kinds = Process::estimates();
  if (has_velocity_) kinds.push_back({"velocity", space().point()});
  return kinds;
}

Expr StochasticInterpolant::endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  if (kind.kind != "velocity") return Process::endpoint(kind, estimate, xt, t);
  Motion m = motion_at(t);
  Expr total = m.length_slope * m.a - m.length * m.a_slope;
  return fma(m.length_slope, xt, -(m.length * flat().project(estimate))) / total;
}

std::optional<Loss> StochasticInterpolant::loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const {
  if (kind.kind != "velocity") return Process::loss(kind, estimate, x0, xt, t);
  Expr off = flat().project(estimate) - *flow_velocity(x0, xt, t);
  return off.shape().empty() ? square(off) : dot(off, off);
}

std::optional<Expr> StochasticInterpolant::flow(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr before = flow_time::within(s), after = flow_time::within(t);
  Expr share = share_of(noise_at(before).length, noise_at(after).length);
  return fma(share, fma(-options_.a(after), x0, xt), options_.a(before) * x0);
}

std::optional<Expr> StochasticInterpolant::flow_velocity(Expr x0, Expr xt, Expr t) const {
  Motion m = motion_at(t);
  Expr rate = min(m.length_slope / max(m.length, least), 1 / shortest);
  return fma(rate, fma(-m.a, x0, xt), m.a_slope * x0);
}

std::optional<Expr> StochasticInterpolant::flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt,
                                                            Expr t) const {
  if (kind.kind != "velocity") return Process::flow_velocity_by(kind, estimate, xt, t);
  return flat().project(estimate);
}

}  // namespace catenary
