// Clocks: the named ones, and what follows from any.
#include <catenary/dsl/clock.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include <catenary/dsl/gradient.h>

namespace catenary {

namespace {

constexpr double pi = std::numbers::pi;

Expr unit(Expr t) { return min(std::move(t), 1.0); }

}  // namespace

Clock Clock::linear(double rate) {
  if (!(rate > 0) || !std::isfinite(rate))
    throw Error(fmt::format("a linear clock needs a rate above 0; found {}", rate));
  return {[rate](Expr t) { return rate * t; }, [rate](Expr r) { return r / rate; }};
}

Clock Clock::power(double exponent) {
  if (!(exponent > 0) || !std::isfinite(exponent))
    throw Error(fmt::format("a power clock needs an exponent above 0; found {}", exponent));
  auto to = [](double e) {
    return [e](Expr t) {
      Expr x = unit(std::move(t)), y = x;
      if (e == 0.5) return sqrt(x);
      if (e != std::floor(e) || e > 8) return select(x > 0.0, pow(max(x, 1e-37), e), 0.0);
      for (int i = 1; i < int(e); ++i) y = y * x;
      return y;
    };
  };
  return {to(exponent), to(1 / exponent)};
}

Clock Clock::cosine() {
  return {[](Expr t) { return square(sin(pi / 2 * unit(std::move(t)))); },
          [](Expr r) {
            Expr y = unit(std::move(r));
            return 2 / pi * atan2(sqrt(y), sqrt(1.0 - y));
          }};
}

Clock Clock::exponential(double growth) {
  if (!(std::abs(growth) <= 80) || growth == 0)
    throw Error(fmt::format("an exponential clock needs a growth from -80 to 80 that is not 0; found {}", growth));
  double whole = std::expm1(growth);
  return {[=](Expr t) { return expm1(growth * unit(std::move(t))) * (1 / whole); },
          [=](Expr r) {
            Expr y = unit(std::move(r)), grown = whole * y;
            // Where it falls and little is left, from what is left.
            if (growth < 0)
              return select(grown > -0.5, log1p(grown), log((1.0 - y) + std::exp(growth) * y)) * (1 / growth);
            return log1p(grown) * (1 / growth);
          }};
}

Clock Clock::sigmoid(double steepness) {
  if (!(steepness > 0 && steepness <= 80))
    throw Error(fmt::format("a sigmoid clock needs a steepness above 0 and up to 80; found {}", steepness));
  // With E = e^{-k t} and h = e^{k/2}: c (1 - E) / (1 + h E), and 1 at t = 1 for c = 1 + rest.
  double k = steepness, h = std::exp(k / 2), rest = (std::exp(-k / 2) + std::exp(-k)) / -std::expm1(-k);
  return {[=](Expr t) {
            Expr fallen = -k * unit(std::move(t));
            return -(1 + rest) * expm1(fallen) / (1.0 + h * exp(fallen));
          },
          [=](Expr r) {
            Expr y = unit(std::move(r)), below = h * y + (1 + rest), gone = (1 + h) * y / below;
            // From 1 - E, or near 1 from E itself.
            Expr fallen = select(gone < 0.5, log1p(-gone), log(((1.0 - y) + rest) / below));
            return min(fallen * (-1 / k), 1.0);
          }};
}

Clock Clock::easing() {
  return {[](Expr t) {
            Expr x = unit(std::move(t));
            return x * (2.0 - x);
          },
          [](Expr r) {
            Expr y = unit(std::move(r));
            return y / (1.0 + sqrt(1.0 - y));
          }};
}

Expr Clock::derivative(Expr t) const { return catenary::derivative(*this, t); }

Expr Clock::inverse(Expr reading, double horizon) const {
  std::optional<Expr> time;
  if (is_identity()) time = reading;
  if (inverse_) time = inverse_(reading);
  if (!time) {
    // By ratios down to a factor of 2, then by halves: 7 steps from 2^125, 25 for a float's bits.
    Expr least = constant(std::max(horizon * 0x1p-125, 0x1p-125));
    auto ends = fold(33, {least, horizon}, [&](Expr, const std::vector<Expr>& c) {
      Expr middle = select(c[1] > 2.0 * c[0], sqrt(c[0]) * sqrt(c[1]), 0.5 * c[0] + 0.5 * c[1]);
      Expr early = (*this)(middle) < reading;
      return std::vector<Expr>{select(early, middle, c[0]), select(early, c[1], middle)};
    });
    time = ends[1];
  }
  Expr within = select(reading <= (*this)(constant(horizon)), min(*time, horizon), horizon);
  return select(reading <= 0.0, 0.0, within);
}

Clock Clock::then(const Clock& next) const {
  if (is_identity()) return next;
  if (next.is_identity()) return *this;
  Clock first = *this;
  auto reading = [first, next](Expr t) { return next(first(std::move(t))); };
  if (!first.inverse_ || !next.inverse_) return Clock(reading);
  return {reading, [first, next](Expr r) { return first.inverse_(next.inverse_(std::move(r))); }};
}

}  // namespace catenary
