// Interpolants: geodesics, and Gaussian processes between their ends.
#include <catenary/stdlib/interpolation.h>

#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include <catenary/stdlib/flow_time.h>

namespace catenary {

// ---- geodesics ----------------------------------------------------------------------------------

GeodesicInterpolation::GeodesicInterpolation(Kept<Manifold> space, GeodesicInterpolationOptions options)
    : Process(space), options_(std::move(options)) {}

Expr GeodesicInterpolation::noise() const {
  if (options_.noise) return options_.noise();
  if (dynamic_cast<const Flat*>(&space())) return manifold().tangent_normal(splat(0, space().point()));
  return space().uniform_point();
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

// ---- stochastic interpolants --------------------------------------------------------------------

namespace {

constexpr std::string_view whose = "a stochastic interpolant";

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
}

Expr StochasticInterpolant::prior(Expr horizon) const {
  flow_time::check_horizon(whose, horizon);
  return flat().tangent_normal(splat(0, space().point()));
}

Expr StochasticInterpolant::forward(Expr x0, Expr t) const {
  Expr now = flow_time::within(t);
  return fma(options_.a(now), x0, noise_at(now).length * flat().tangent_normal(x0));
}

Expr StochasticInterpolant::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr before = flow_time::within(s), after = flow_time::within(t);
  Noise first = noise_at(before), last = noise_at(after);
  Expr none = last.length <= 0.0, ratio = select(none, 0.0, first.length / select(none, 1.0, last.length));
  Expr pull = ratio * fma(first.b, last.b, first.c * last.c);
  Expr mean = fma(pull, fma(-options_.a(after), x0, xt), options_.a(before) * x0);
  if (!options_.c) return mean;
  // The sine of the angle between (b_s, c_s) and (b_t, c_t); where the latter is 0, x_t tells nothing.
  Expr sine = select(none, 1.0, first.b * last.c - first.c * last.b);
  return fma(first.length * sine, flat().tangent_normal(x0), mean);
}

std::optional<Expr> StochasticInterpolant::log_density(Expr x0, Expr xt, Expr t) const {
  Expr now = flow_time::within(t), deviation = max(noise_at(now).length, 1e-37);
  Expr away = fma(-options_.a(now), x0, xt) / deviation;
  Expr squares = away.shape().empty() ? square(away) : dot(away, away);
  double n = flat().dimension();
  return -0.5 * squares - n * log(deviation) - n * 0.5 * std::log(2 * std::numbers::pi);
}

}  // namespace catenary
