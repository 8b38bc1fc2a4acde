// Coordinates modulo their periods.
#include <catenary/stdlib/torus.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/rejection.h>

namespace catenary {

namespace {

constexpr double turn = 2 * std::numbers::pi;

double shortest(const std::vector<double>& periods) {
  return periods.empty() ? 0 : *std::min_element(periods.begin(), periods.end());
}

// Coordinates times these are angles,
Expr to_angles(const Torus& torus) {
  std::vector<double> scales;
  for (double period : torus.periods()) scales.push_back(turn / period);
  return constant(scales, torus.point());
}
// and angles times these coordinates.
Expr from_angles(const Torus& torus) { return constant(torus.periods(), torus.point()) / turn; }

}  // namespace

Torus::Torus(std::vector<double> periods, Interval interval)
    : Manifold("torus", {.point = {int64_t(periods.size())},
                         .dimension = int(periods.size()),
                         .injectivity_radius = shortest(periods) / 2,
                         .curvature = 0}),
      periods_(std::move(periods)),
      interval_(interval) {
  if (periods_.empty()) throw Error("space 'torus' needs a period for each coordinate; found none");
  for (double period : periods_) positive("space 'torus'", "period", period);
}

Expr Torus::table(const std::function<double(double period)>& of) const {
  std::vector<double> values;
  for (double period : periods_) values.push_back(of(period));
  return constant(values, point());
}

// The period in two floats.
Expr Torus::turned_back(const Expr& x, const Expr& k) const {
  auto head = [](double period) { return -double(float(period)); };
  auto tail = [](double period) { return double(float(period)) - period; };
  return fma(k, table(tail), fma(k, table(head), x));
}

Expr Torus::near_point(const Expr& x, Interval interval) const {
  Expr turns = fma(x, table([](double period) { return 1 / period; }), interval == Interval::centred ? 0.5 : 0.0);
  return turned_back(x, floor(turns));
}

Expr Torus::least(Interval interval) const {
  return table([&](double period) {
    double begin = interval == Interval::centred ? -period / 2 : 0;
    float low = float(begin);
    return double(low < begin ? std::nextafter(low, std::numeric_limits<float>::infinity()) : low);
  });
}

Expr Torus::greatest(Interval interval) const {
  return table([&](double period) {
    double end = interval == Interval::centred ? period / 2 : period;
    float high = float(end);
    return double(high >= end ? std::nextafter(high, -std::numeric_limits<float>::infinity()) : high);
  });
}

// Rounding may have chosen the period beside the right one.
Expr Torus::settled(const Expr& near, Interval interval) const {
  Expr low = least(interval), high = greatest(interval);
  Expr over = select(near > high, 1.0, select(near < low, -1.0, splat(0, point())));
  return max(min(turned_back(near, over), high), low);
}

Expr Torus::wrap(Expr x, Interval interval) const { return settled(near_point(x, interval), interval); }

Expr Torus::wrapped_draw(Expr x) const {
  Expr near = near_point(x, interval_);
  Expr beyond = max_of(max(near - greatest(interval_), least(interval_) - near));
  return where_asked(beyond > 0.0, {near}, [&] { return std::vector{settled(near, interval_)}; })[0];
}

Expr Torus::uniform_point() const {
  // Signed words: half a period to either side.
  return wrap(constant(periods_, point()) * (0x1p-32 * to_float(bits(point()))), interval_);
}

Expr Torus::score(Expr x, Expr y, Expr v) const {
  Expr scales = to_angles(*this), apart = wrap(x - y, Interval::centred);
  return scales * CircleBrownian::slope(scales * apart, v * square(scales));
}

Expr Torus::flow(Expr x, Expr y, Expr u, Expr w) const {
  Expr scales = to_angles(*this), squares = square(scales), apart = scales * wrap(x - y, Interval::centred);
  return wrap(y + from_angles(*this) * CircleBrownian::flown(apart, u * squares, w * squares), interval_);
}

TorusBrownian::TorusBrownian(Torus space, double rate)
    : HeatFlow(std::move(space), "Brownian motion on space 'torus'", rate) {}

TorusBrownian Brownian(Torus space, double rate) { return {std::move(space), rate}; }

Expr TorusBrownian::prior(Expr) const { return space().uniform_point(); }

Expr TorusBrownian::forward(Expr x0, Expr t) const {
  Expr variances = rate_ * square(to_angles(torus())) * t;
  return torus().wrapped_draw(x0 + from_angles(torus()) * CircleBrownian::draw_displacement(variances));
}

Expr TorusBrownian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr rates = rate_ * square(to_angles(torus()));
  Expr apart = to_angles(torus()) * torus().near_point(xt - x0, Interval::centred);
  Expr displacement = CircleBrownian::draw_displacement_between(apart, rates * s, rates * (t - s));
  return torus().wrapped_draw(x0 + from_angles(torus()) * displacement);
}

std::optional<Expr> TorusBrownian::log_density(Expr x0, Expr xt, Expr t) const {
  double logs = 0;
  for (double period : torus().periods()) logs += std::log(turn / period);
  Expr scales = to_angles(torus());
  return sum(CircleBrownian::log_kernel(scales * torus().log(x0, xt), rate_ * t * square(scales))) + logs;
}

}  // namespace catenary
