// Coordinates modulo their periods.
#include <catenary/stdlib/torus.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>

#include <catenary/dsl/gradient.h>
#include <catenary/dsl/rewrite.h>
#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/circle.h>

namespace catenary {

namespace {

constexpr double turn = 2 * std::numbers::pi;

double shortest(const std::vector<double>& periods) {
  return periods.empty() ? 0 : *std::min_element(periods.begin(), periods.end());
}

}  // namespace

Torus::Torus(std::vector<double> periods, Interval interval)
    : Manifold("torus", {.point = {int64_t(periods.size())},
                         .dimension = int(periods.size()),
                         .injectivity_radius = shortest(periods) / 2}),
      periods_(std::move(periods)),
      interval_(interval) {
  if (periods_.empty()) throw Error("space 'torus' needs a period for each coordinate; found none");
  for (double period : periods_) positive("space 'torus'", "period", period);
}

Expr Torus::wrap(Expr x, Interval interval) const {
  // The period in two floats, and the least and greatest floats of the interval.
  std::vector<double> inverse, head, tail, least, greatest;
  for (double period : periods_) {
    inverse.push_back(1 / period);
    head.push_back(double(float(period)));
    tail.push_back(period - head.back());
    double begin = interval == Interval::centred ? -period / 2 : 0, end = begin + period;
    float low = float(begin), high = float(end);
    least.push_back(low < begin ? std::nextafter(low, std::numeric_limits<float>::infinity()) : low);
    greatest.push_back(high >= end ? std::nextafter(high, -std::numeric_limits<float>::infinity()) : high);
  }
  auto table = [&](const std::vector<double>& values) { return constant(values, point()); };
  auto turned_back = [&](const Expr& x, const Expr& k) { return fma(k, -table(tail), fma(k, -table(head), x)); };
  Expr near = turned_back(x, floor(fma(x, table(inverse), interval == Interval::centred ? 0.5 : 0.0)));
  // Rounding may have chosen the period beside the right one.
  Expr over = select(near > table(greatest), 1.0, select(near < table(least), -1.0, splat(0, point())));
  return max(min(turned_back(near, over), table(greatest)), table(least));
}

Expr Torus::uniform_point() const {
  // Signed words: half a period to either side.
  return wrap(constant(periods_, point()) * (0x1p-32 * to_float(bits(point()))), interval_);
}

Expr Torus::score(Expr x, Expr y, Expr v) const {
  std::vector<double> scale;
  for (double period : periods_) scale.push_back(turn / period);
  Expr scales = constant(scale, point());
  Expr difference = parameter("differences of angles", Type::f32, point());
  Expr density = sum(CircleBrownian::log_kernel(difference, v * square(scales)));
  Expr apart = wrap(x - y, Interval::centred);
  return scales * rewrite({catenary::gradient(density, difference)}, {{difference, scales * apart}})[0];
}

TorusBrownian::TorusBrownian(Torus space, double rate)
    : Process(std::move(space)), rate_(positive("Brownian motion on space 'torus'", "rate", rate)) {}

TorusBrownian Brownian(Torus space, double rate) { return {std::move(space), rate}; }

Expr TorusBrownian::prior(Expr) const { return space().uniform_point(); }

namespace {

// Coordinate by coordinate: `law` in angles, given the period's turn and the number of the coordinate.
Expr by_coordinate(const Torus& torus, const std::function<Expr(double scale, int64_t i)>& law) {
  std::vector<Operand> displacements;
  for (int64_t i = 0; i < int64_t(torus.periods().size()); ++i) {
    double scale = turn / torus.periods()[size_t(i)];
    displacements.emplace_back(law(scale, i) / scale);
  }
  return stack(displacements);
}

}  // namespace

Expr TorusBrownian::forward(Expr x0, Expr t) const {
  return torus().exp(x0, by_coordinate(torus(), [&](double scale, int64_t) {
                       return CircleBrownian::draw_displacement(rate_ * scale * scale * t);
                     }));
}

Expr TorusBrownian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr difference = torus().log(x0, xt);
  return torus().exp(x0, by_coordinate(torus(), [&](double scale, int64_t i) {
                       double rate = rate_ * scale * scale;
                       return CircleBrownian::draw_displacement_between(scale * index(difference, i), rate * s,
                                                                        rate * (t - s));
                     }));
}

std::optional<Expr> TorusBrownian::log_density(Expr x0, Expr xt, Expr t) const {
  std::vector<double> scale;
  double logs = 0;
  for (double period : torus().periods()) {
    scale.push_back(turn / period);
    logs += std::log(scale.back());
  }
  Expr scales = constant(scale, space().point());
  return sum(CircleBrownian::log_kernel(scales * torus().log(x0, xt), rate_ * t * square(scales))) + logs;
}

std::optional<Expr> TorusBrownian::score(Expr x0, Expr xt, Expr t) const {
  return torus().score(std::move(xt), std::move(x0), rate_ * t);
}

}  // namespace catenary
