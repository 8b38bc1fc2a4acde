// The circle: angles modulo a turn, and the winding numbers of a bridge.
#include <catenary/stdlib/circle.h>

#include <cmath>
#include <numbers>

#include <catenary/dsl/gradient.h>
#include <catenary/stdlib/checks.h>
#include <catenary/stdlib/radial_flow.h>
#include <catenary/stdlib/rejection.h>

namespace catenary {

namespace {

constexpr double pi = std::numbers::pi, turn = 2 * pi;
constexpr double turn_head = double(float(turn)), turn_tail = turn - turn_head;
constexpr double largest_angle = 0x1.921fb4p+1;  // The largest float below pi.

Expr within(Expr x) { return max(min(x, largest_angle), -largest_angle); }

// x less k turns, the turn in two floats.
Expr turned_back(Expr x, Expr k) { return fma(k, -turn_tail, fma(k, -turn_head, x)); }

// x less whole turns: within half a turn, but for what rounding leaves.
Expr near_angle(const Expr& x) { return turned_back(x, floor(fma(x, 1 / turn, 0.5))); }

// Rounding may have chosen the turn beside the right one.
Expr settled(const Expr& near) {
  Expr over = select(near > largest_angle, 1.0, select(near < -largest_angle, -1.0, constant(0)));
  return within(turned_back(near, over));
}

// wrap, for draws: one in a million has to be settled.
Expr wrapped_draw(const Expr& x) {
  Expr near = near_angle(x);
  return where_asked(abs(near) > largest_angle, {near}, [&] { return std::vector{settled(near)}; })[0];
}

// A variance from which on the circle is mixed: cos and sin keep e^{-24} of their means. More would only cost digits.
constexpr double mixed = 48;

}  // namespace

Expr Circle::wrap(Expr x) { return settled(near_angle(x)); }

Expr Circle::uniform_point() const { return within(pi * 0x1p-31 * to_float(bits())); }

Expr Circle::score(Expr x, Expr y, Expr v) const { return CircleBrownian::slope(wrap(x - y), v); }

Expr Circle::flow(Expr x, Expr y, Expr u, Expr w) const {
  return wrap(y + CircleBrownian::flown(wrap(x - y), std::move(u), std::move(w)));
}

CircleBrownian::CircleBrownian(Circle space, double rate)
    : HeatFlow(std::move(space), "Brownian motion on space 'circle'", rate) {}

CircleBrownian Brownian(Circle space, double rate) { return {std::move(space), rate}; }

Expr CircleBrownian::prior(Expr) const { return space().uniform_point(); }

// A point that rounding leaves beside the interval becomes its end. The turns of a sum x are off by 2^-24 (2 |x| / turn
// + 1/2) at most, so that is at most 2^-24 (2 |x| + pi) away, some roundings of x. No branch: tiles are pipelined.
Expr CircleBrownian::forward(Expr x0, Expr t) const { return within(near_angle(x0 + draw_displacement(rate_ * t))); }

Expr CircleBrownian::draw_displacement(Expr v) { return sqrt(min(v, mixed)) * normal(v.shape()); }

namespace {

// Windings of weights below exp(-23), 2^-33, are left out.
constexpr double lost = 23;

// The weights of winding numbers beside that of no turn: of `turns` away from the start, and back, so that one turn
// back comes first. `scale` = 2 pi / v.
struct Windings {
  Windings(const Expr& difference, Expr s) : away(abs(difference)), scale(std::move(s)) {}
  // Half turns in two floats: beside the antipode their rounding would show. Times `scale` last: what depends on time
  // alone is computed for every sample.
  Expr weight(const Expr& turns, const Expr& apart) const {
    return exp(scale * (turns * -fma(turns, turn_tail / 2, fma(turns, turn_head / 2, apart))));
  }
  Expr on(const Expr& turns) const { return weight(turns, away); }
  Expr back(const Expr& turns) const { return weight(turns, -away); }

  Expr away, scale, nearest = back(constant(1));
};

// exp(-turn scale), and what is below exp(-80) as that: it is added to 1, or multiplies weights that are left out.
Expr falloff(const Expr& scale) { return exp(-min(turn * scale, 80.0)); }

// Farther windings in pairs, on(n) and back(n + 1), which are at most exp(-2 pi^2 n^2 / v): from the farthest that is
// not left out in to the first. Each weight is the one before times what grows by a constant factor. `carried` goes on
// with (pair, carried).
std::vector<Expr> farthest_in(
    const Windings& w, const std::vector<Operand>& carried,
    const std::function<std::vector<Expr>(const Expr& back, const Expr& on, const std::vector<Expr>& carried)>& step) {
  Expr last = floor(sqrt(lost / pi / w.scale)), fall = falloff(w.scale);
  std::vector<Operand> first = {last, w.back(last + 1.0), w.on(last), exp(w.scale * fma(last, turn, pi - w.away)),
                                exp(w.scale * fma(last, turn, w.away - pi))};
  first.insert(first.end(), carried.begin(), carried.end());
  std::vector<Expr> end = loop_while(
      first, [](const std::vector<Expr>& c) { return c[0] > 0.5; },
      [&](Expr, const std::vector<Expr>& c) {
        std::vector<Expr> next = {c[0] - 1.0, c[1] * c[3], c[2] * c[4], c[3] * fall, c[4] * fall};
        for (Expr& e : step(c[1], c[2], {c.begin() + 5, c.end()})) next.push_back(std::move(e));
        return next;
      });
  return {end.begin() + 5, end.end()};
}

// The winding number at this level of the unit interval.
Expr winding_at(const Expr& uniform, const Expr& difference, const Windings& w) {
  Expr total = farthest_in(w, {0.0}, [](const Expr& back, const Expr& on, const std::vector<Expr>& c) {
    return std::vector<Expr>{c[0] + (back + on)};
  })[0];
  // From the farthest winding in, so that the rarest take the smallest levels, which floats resolve best.
  Expr level = (total + w.nearest + 1.0) * uniform;
  auto passed = [&](const Expr& share) { return to_float(level < share); };
  // Shares, and how many of them are beyond the level. The rank counts from within: none is 0, back(1) is 1, on(1) is
  // 2, back(2) is 3, ...
  std::vector<Expr> beyond =
      farthest_in(w, {0.0, 0.0}, [&](const Expr& back, const Expr& on, const std::vector<Expr>& c) {
        Expr first = c[0] + back, second = first + on;
        return std::vector<Expr>{second, c[1] + (passed(first) + passed(second))};
      });
  Expr rank = beyond[1] + passed(beyond[0] + w.nearest), turns = floor(0.5 * (rank + 1.0));
  Expr against = select(difference < 0.0, turns, -turns);
  return select(turns + turns > rank, against, -against);
}

// Most levels are above the share of all that wind. The nearest has exp(-a), a = 2 pi (pi - |difference|) / v, and
// exp(a) is at least the first terms of its series, for which a is rounded down. With q = exp(-2 pi^2 / v) those
// farther have together S = q + 2 (q^4 + q^9 + ...) at no difference, 2 (q^2 + q^6 + ...) at half a turn, and, being
// convex, at most one of these in between: less than q + q^2 + q^3 + ... A hundredth is for rounding.
Expr draw_winding(const Expr& difference, const Expr& scale) {
  Expr q = falloff(0.5 * scale), farther = 1.01 * (q / (1.0 - q));
  Expr apart = largest_angle - abs(difference), a = scale * select(apart > 0.0, apart, 0.0);
  Expr grown = constant(1.0 / 24);
  for (double c : {1.0 / 6, 1.0 / 2, 1.0, 1.0}) grown = fma(grown, a, c);
  Expr uniform = 0x1p-31 * (to_float(bits() >> 1) + 0.5);
  // Then it mostly is none or the nearest, of weights 1 and w. A level u (1 + w) that is S beyond their borders, 0 and
  // w, stays beyond them if S is added to 1 + w and to the borders.
  auto near = [&] {
    Windings w(difference, scale);
    Expr level = uniform * (1.0 + w.nearest);
    Expr back = level < w.nearest, beyond = level - select(back, 0.0, w.nearest);
    Expr winding = select(back, select(difference < 0.0, 1.0, -1.0), 0.0);
    return where_asked(beyond < farther, {winding}, [&] { return std::vector{winding_at(uniform, difference, w)}; });
  };
  return where_asked(grown * (uniform - farther) < 1.01, {constant(0)}, near)[0];
}

}  // namespace

Expr CircleBrownian::draw_way(Expr difference, Expr v) {
  Expr least = max(v, 1e-37), scale = turn / least;  // Finite for every v.
  // Few points of small variances can have windings: the nearest has the weight exp(-scale (pi - |difference|)).
  Expr border = largest_angle - lost / turn * least;
  Shape shape = border.shape();
  if (shape.empty())
    return where_asked(abs(difference) >= border, {difference},
                       [&] { return std::vector{fma(draw_winding(difference, scale), turn, difference)}; })[0];
  return where_asked(max_of(abs(difference) - border) >= 0.0, {difference}, [&] {
    std::vector<Operand> windings;
    for (int64_t i = 0; i < shape[0]; ++i) windings.emplace_back(draw_winding(index(difference, i), index(scale, i)));
    return std::vector{fma(stack(windings), turn, difference)};
  })[0];
}

Expr CircleBrownian::draw_displacement_between(Expr difference, Expr first, Expr second) {
  Expr before = min(first, mixed), after = min(second, mixed), total = before + after;
  return fma(before / total, draw_way(difference, total), sqrt(before / total * after) * normal(difference.shape()));
}

Expr CircleBrownian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  return wrapped_draw(x0 + draw_displacement_between(near_angle(xt - x0), rate_ * s, rate_ * (t - s)));
}

// The log of the density of an angle `difference` after variance v: by images, and for large v by the Fourier series,
// both to rounding. Terms left out are below e^{-59} of the density (images, v = 4) and e^{-31} (frequencies, v = 4).
// Each series is kept to its own variances, so that the one not taken is finite, and so is its gradient.
Expr CircleBrownian::log_kernel(Expr difference, Expr v) {
  constexpr double border = 4;
  difference = within(std::move(difference));  // As a float half a turn may lie beyond it, and the next image nearer.
  Expr small = max(min(v, border), 1e-37);
  // Relative to the nearest one. Half turns in two floats: beside the antipode their rounding would show.
  auto image = [&](double k) {
    Expr halfway = fma(k, turn_tail / 2, fma(k, turn_head / 2, difference));
    return exp(-turn * k / small * halfway);
  };
  Expr others = image(3) + image(-3) + image(2) + image(-2) + image(1) + image(-1);
  Expr by_images = log1p(others) - 0.5 * (square(difference / sqrt(small)) + log(turn * small));

  Expr large = max(v, border), c = cos(difference);
  Expr waves =
      exp(-4.5 * large) * (4.0 * c * c - 3.0) * c + exp(-2.0 * large) * (2.0 * c * c - 1.0) + exp(-0.5 * large) * c;
  Expr by_frequencies = log1p(2.0 * waves) - std::log(turn);
  return select(v < border, by_images, by_frequencies);
}

Expr CircleBrownian::slope(Expr difference, Expr v) {
  return derivative([&](const Expr& d) { return log_kernel(d, v); }, difference);
}

Expr CircleBrownian::flown(Expr difference, Expr u, Expr w) {
  Expr away = abs(difference), along = select(difference < 0.0, -1.0, splat(1, difference.shape()));
  return along * radial_flow::closed(away, std::move(u), std::move(w),
                                     [](Expr r, Expr, Expr v) { return -slope(std::move(r), std::move(v)); });
}

std::optional<Expr> CircleBrownian::log_density(Expr x0, Expr xt, Expr t) const {
  return log_kernel(Circle::wrap(xt - x0), rate_ * t);
}

}  // namespace catenary
