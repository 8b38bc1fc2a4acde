// Brownian motion on the circle against its Fourier and winding series.
#include <numbers>
#include <utility>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/euclidean.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

double by_windings(double x, double v) {
  double sum = 0;
  for (int k = -20; k <= 20; ++k) sum += std::exp(-(x + 2 * pi * k) * (x + 2 * pi * k) / (2 * v));
  return sum / std::sqrt(2 * pi * v);
}
double by_frequencies(double x, double v) {
  double sum = 1;
  for (int k = 1; k <= 40; ++k) sum += 2 * std::exp(-k * k * v / 2) * std::cos(k * x);
  return sum / (2 * pi);
}
double density(double x, double v) { return v < 2 ? by_windings(x, v) : by_frequencies(x, v); }

// The distribution function of a density on [-pi, pi), known up to a factor, by the trapezoid rule.
class Distribution {
 public:
  explicit Distribution(const std::function<double(double)>& f) : total_(cells + 1) {
    for (int i = 0; i < cells; ++i) total_[i + 1] = total_[i] + f(place(i)) + f(place(i + 1));
  }
  double operator()(double x) const {
    double position = (x + pi) / (2 * pi) * cells;
    int cell = std::clamp(int(position), 0, cells - 1);
    return (total_[cell] + (position - cell) * (total_[cell + 1] - total_[cell])) / total_[cells];
  }

 private:
  static constexpr int cells = 20000;
  static double place(int i) { return -pi + 2 * pi * i / cells; }
  std::vector<double> total_;
};

void check_on_circle(const Points& x) {
  CHECK(std::all_of(x.begin(), x.end(), [](double v) { return v >= -pi && v < pi; }));
}

}  // namespace

TEST_CASE("log inverts exp up to half a turn") {
  CHECK(Circle().injectivity_radius() == pi);
  CHECK(Euclidean({2}).injectivity_radius() == INFINITY);
}

TEST_CASE("wrap is exact at the ends") {
  Expr x = parameter("x", Type::f32, {});
  const Evaluator wrapped({Circle::wrap(x)});
  auto wrap = [&](double v) { return wrapped({{"x", {double(float(v))}}})[0][0]; };
  for (double v : {0.0, 1.0, -1.0, 3.1415925, -3.1415925}) CHECK(wrap(v) == double(float(v)));
  for (double centre : {pi, -pi, 3 * pi, -3 * pi, 2 * pi, 101 * pi, 1e6 * pi})
    for (int away = -50; away <= 50; ++away) {
      float v = float(centre);
      for (int i = 0; i < std::abs(away); ++i) v = std::nextafter(v, away < 0 ? -INFINITY : INFINITY);
      double w = wrap(v);
      CAPTURE(v, w);
      CHECK((w >= -pi && w < pi));
      CHECK(std::abs(std::sin((w - double(v)) / 2)) < 2e-7);
    }
  for (double v : {1e10, -1e20, 3e38}) CHECK((wrap(v) >= -pi && wrap(v) < pi));
}

TEST_CASE("the two series of the density agree") {
  for (double x : {0.0, 1.0, 3.0}) CHECK(by_windings(x, 2) == Approx(by_frequencies(x, 2)).epsilon(1e-13));
}

TEST_CASE("circle: forward and prior") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Circle(), 2.0), 1e6);
  for (double v : {0.01, 0.3, 1.0, 4.0, 30.0, 300.0, 2e6}) {
    CAPTURE(v);
    Points x = draws->forward(draws->repeated({2.5}), v / 2, 1);
    check_on_circle(x);
    CHECK(ks_distance(x, Distribution([&](double y) { return density(y - 2.5, v); })) < ks_bound(x.size()));
    for (int k = 1; k <= 3; ++k) {
      std::vector<double> cosines, sines;
      for (double y : x) {
        cosines.push_back(std::cos(k * (y - 2.5)));
        sines.push_back(std::sin(k * (y - 2.5)));
      }
      CHECK(std::abs(z_of_mean(cosines, std::exp(-k * k * v / 2))) < z_bound());
      CHECK(std::abs(z_of_mean(sines, 0)) < z_bound());
    }
  }
  Points x = draws->prior(2);
  check_on_circle(x);
  CHECK(ks_distance(x, Distribution([](double) { return 1.0; })) < ks_bound(x.size()));
}

TEST_CASE("circle: bridge") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Circle(), 1.0), 1e6);
  struct Case {
    double x0, xt, s, t;
  };
  for (auto [x0, xt, s, t] : {
           Case{0.5, 2.9, 0.3, 1},      // the near image
           Case{3.0, -3.0, 0.25, 0.5},  // across the cut
           Case{0, -pi, 0.5, 1},        // antipodes: both ways alike
           Case{-1.5, 1.5, 0.2, 0.5},   // nearly so, in little time: few points go the other way
           Case{0.1, 3.0, 2, 6},        // a few windings
           Case{1, -2, 4, 9.5},         // the last that needs only three
           Case{1, -2, 5, 30},          // many
           Case{1, -2, 40, 80},
           Case{1, -2, 0.5, 300},    // the far end is forgotten
           Case{1, -2, 299.5, 300},  // the near end is forgotten
           Case{1, -2, 5e5, 1e6},    // both are
       }) {
    CAPTURE(x0, xt, s, t);
    Points x = draws->bridge(draws->repeated({x0}), draws->repeated({xt}), s, t, 1);
    check_on_circle(x);
    auto law = [&, x0 = x0, xt = xt, s = s, t = t](double y) { return density(y - x0, s) * density(xt - y, t - s); };
    CHECK(ks_distance(x, Distribution(law)) < ks_bound(x.size()));
  }
}

// Rounding chooses the turn beside the right one about once in a million draws: here mostly.
TEST_CASE("circle: draws are on it, whatever whole turns their data have") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Circle(), 1.0));
  Points x0;
  for (int place = 0; size_t(place) < draws->size(); ++place) {
    auto x = float((2 * (place % 1000) - 999) * pi);
    const int away = place / 1000 % 5 - 2;
    for (int i = 0; i < std::abs(away); ++i) x = std::nextafter(x, away < 0 ? -INFINITY : INFINITY);
    x0.push_back(double(x));
  }
  check_on_circle(draws->forward(x0, 1e-30, 1));
  check_on_circle(draws->bridge(x0, x0, 1e-30, 2e-30, 1));
}

// In the law of a bridge far windings are hidden by its noise, so they are counted here.
TEST_CASE("winding numbers follow their weights") {
  constexpr int most = 30;
  Expr d = parameter("d", Type::f32, {}), v = parameter("v", Type::f32, {});
  const Evaluator winding({floor((CircleBrownian::draw_way(d, v) - d) / (2 * pi) + 0.5)});
  for (auto [difference, variance] : {std::pair(0.5, 0.1),
                                      {-3.05, 0.1},
                                      {3.0, 0.7},
                                      {-3.1, 2.0},
                                      {3.1, 9.0},
                                      {0.0, 12.0},
                                      {-2.0, 15.0},
                                      {-3.1, 96.0},
                                      {1.0, 400.0}}) {
    CAPTURE(difference, variance);
    std::vector<double> counts(2 * most + 1), weights(2 * most + 1);
    double total = 0;
    for (int k = -most; k <= most; ++k) {
      double away = double(float(difference)) + 2 * pi * k;
      total += weights[size_t(k + most)] = std::exp(-away * away / (2 * double(float(variance))));
    }
    for (uint64_t point = 0; point < 20000; ++point) {
      Values k = winding({{"d", {double(float(difference))}}, {"v", {double(float(variance))}}}, {.point = point})[0];
      ++counts.at(size_t(k[0] + most));
    }
    // Rare windings share a cell with their neighbour towards 0.
    for (double& w : weights) w *= 20000 / total;
    for (size_t i = 0, j = 2 * most; i < most; ++i, --j)
      for (size_t cell : {i, j})
        if (weights[cell] < 10) {
          size_t inwards = cell == i ? cell + 1 : cell - 1;
          weights[inwards] += std::exchange(weights[cell], 0);
          counts[inwards] += std::exchange(counts[cell], 0);
        }
    std::erase(counts, 0.0);
    std::erase(weights, 0.0);
    REQUIRE(counts.size() == weights.size());
    if (counts.size() > 1) CHECK(chi_square(counts, weights) < chi_square_bound(counts.size() - 1));
  }
}

// A draw of it is the way of a path that ends x0 away after variance t; or a list of ways.
struct Way final : Process {
  explicit Way(const Shape& shape) : Process(Euclidean(shape)) {}
  Expr prior(Expr) const override { return normal(space().point()); }
  Expr forward(Expr x0, Expr t) const override {
    return CircleBrownian::draw_way(x0, x0.shape().empty() ? t : splat(t, x0.shape()));
  }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
};

// Where windings begin to be drawn, and where those beyond the nearest do.
TEST_CASE("rare windings are not left out") {
  constexpr int64_t batch = 1 << 22, batches = 16;
  const Shape shape = GENERATE(Shape{}, Shape{2}), batch_shape = shape.empty() ? Shape{batch} : Shape{batch / 2, 2};
  Joint joint("ways", 32);
  joint.add("x", Way(shape));
  const Sampler sampler = compile(joint, Target::host(), {.questions = {Question::forward}});
  for (auto [difference, variance] :
       {std::pair(2.92, 0.7), {2.4, 0.7}, {-2.0, 0.7}, {0.0, 1.65}, {0.5, 4.0}, {0.0, 12.0}, {-2.9, 30.0}}) {
    CAPTURE(difference, variance);
    State x0{{"x", Tensor::empty(Dtype::f32, batch_shape)}}, way = x0;
    std::ranges::fill(x0["x"].values<float>(), float(difference));
    way.set("x", Tensor::empty(Dtype::f32, batch_shape));
    double found = 0, straight = 0, total = 0;
    for (int64_t k = 0; k < batches; ++k) {
      sampler.forward_into(way, x0, variance, Seed(1, uint32_t(k)));
      found +=
          double(std::ranges::count_if(way["x"].values<const float>(), [](float x) { return std::abs(x) > 3.2f; }));
    }
    for (int k = -5; k <= 5; ++k) {
      const double away = double(float(difference)) + 2 * pi * k, v = double(float(variance));
      const double weight = std::exp(-away * away / (2 * v));
      total += weight;
      if (k == 0) straight = weight;
    }
    const double expected = batch * batches * (1 - straight / total);
    CHECK(expected > 500);
    CHECK(std::abs(found - expected) < z_bound() * std::sqrt(expected));
  }
}

TEST_CASE("beyond half a turn, where rounding may leave a difference, the other way is the shorter") {
  constexpr int64_t n = 1 << 20;
  constexpr float difference = 0x1.921fb6p+1f, variance = 1e-7f;  // The float above pi.
  Joint joint("ways", 32);
  joint.add("x", Way({}));
  const Sampler sampler = compile(joint, Target::host(), {.questions = {Question::forward}});
  State x0{{"x", Tensor::empty(Dtype::f32, {n})}};
  std::ranges::fill(x0["x"].values<float>(), difference);
  const State way = sampler.forward(x0, double(variance), Seed(1));
  const auto back = double(std::ranges::count_if(way["x"].values<const float>(), [](float x) { return x < 0; }));
  const double longer = double(difference), shorter = 2 * pi - longer;
  const double p = 1 / (1 + std::exp((shorter * shorter - longer * longer) / (2 * double(variance))));
  CHECK(std::abs(back - n * p) < z_bound() * std::sqrt(n * p * (1 - p)));
}

TEST_CASE("circle: a bridge over a short time is the bridge on the line") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Circle(), 1.0));
  for (double t : {1e-4, 1e-12, 1e-30}) {
    CAPTURE(t);
    double exact = double(float(t)), s = 0.25 * exact, deviation = std::sqrt(0.75 * s);
    std::vector<double> x = draws->bridge(draws->repeated({0}), draws->repeated({0}), s, exact, 1);
    for (double& v : x) v /= deviation;
    CHECK(ks_distance(x, normal_cdf) < ks_bound(x.size()));
  }
}

TEST_CASE("the circle obeys the identities of all processes") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Circle(), 1.0));
  std::vector<Statistic> statistics;
  for (int k = 1; k <= 2; ++k) {
    statistics.push_back([k](const double* a, const double* b) { return std::cos(k * (a[0] - b[0])); });
    statistics.push_back(
        [k](const double* a, const double* b) { return std::sin(k * (a[0] - b[0])) + std::sin(a[0]); });
  }
  for (auto [s, t] : {std::pair(0.25, 0.5), {0.5, 2.0}, {4.0, 5.0}})
    check_identities(*draws, draws->repeated({-3, 0.5, 2}), s, t, statistics);
}
