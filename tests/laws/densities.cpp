// Log densities and scores against closed forms.
#include <cmath>
#include <numbers>
#include <utility>

#include <boost/math/distributions/normal.hpp>
#include <catch2/catch.hpp>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/laws/higher_sphere.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double pi = std::numbers::pi;

// The first points of `found` against those of `wanted`, to float precision.
void check_values(const Points& found, const Points& wanted, double tolerance = 3e-6) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i, found[i], wanted[i]);
    CHECK(std::abs(found[i] - wanted[i]) <= tolerance * (1 + std::abs(wanted[i])));
  }
}

struct Value {
  double log_density, score;
};

// By images, relative to the nearest; by frequencies; of the wrapped normal law at x, for variance v.
Value by_images(double x, double v) {
  double sum = 0, slope = 0;
  for (int k = -20; k <= 20; ++k) {
    double weight = std::exp(-2 * pi * k * (x + pi * k) / v);
    sum += weight;
    slope -= (x + 2 * pi * k) / v * weight;
  }
  return {std::log(sum) - x * x / (2 * v) - std::log(2 * pi * v) / 2, slope / sum};
}
Value by_frequencies(double x, double v) {
  double sum = 1, slope = 0;
  for (int k = 1; k <= 60; ++k) {
    sum += 2 * std::exp(-k * k * v / 2) * std::cos(k * x);
    slope -= 2 * k * std::exp(-k * k * v / 2) * std::sin(k * x);
  }
  return {std::log(sum / (2 * pi)), slope / sum};
}

// By harmonics, on S^d, d > 1, at an angle from the start after variance v.
Value by_harmonics(int d, double angle, double v) {
  Kernel kernel = exact_kernel(d, angle, v);
  return {kernel.log_density, -kernel.pull};
}

// By characters, of rotations by that angle, in the volume of rotation vectors.
double log_density_of_rotations(double angle, double v) {
  double sum = 0;
  for (int l = 0; l < 60; ++l)
    sum += (2 * l + 1) * std::exp(-l * (l + 1) * v / 2) * std::sin((2 * l + 1) * angle / 2) / std::sin(angle / 2);
  return std::log(sum / (8 * pi * pi));
}

// By images, on S^3: e^{v/2} (2 pi v)^{-3/2} times the sum over k of (a + 2 pi k) / sin a e^{-(a + 2 pi k)^2 / 2v}.
Value by_images_on_three_sphere(double angle, double v) {
  double sum = 0, slope = 0;
  for (int k = -20; k <= 20; ++k) {
    double away = angle + 2 * pi * k, weight = std::exp(-2 * pi * k * (angle + pi * k) / v);
    sum += away * weight;
    slope += (1 - away * away / v) * weight;
  }
  return {v / 2 - 1.5 * std::log(2 * pi * v) + std::log(sum / std::sin(angle)) - angle * angle / (2 * v),
          slope / sum - std::cos(angle) / std::sin(angle)};
}

// Of rotations: of both unit quaternions that stand for one, at half the angle, where the metric is a quarter.
Value by_images_of_rotations(double angle, double v) {
  Value near = by_images_on_three_sphere(angle / 2, v / 4), far = by_images_on_three_sphere(pi - angle / 2, v / 4);
  double share = 1 / (1 + std::exp(far.log_density - near.log_density));
  return {near.log_density - std::log(share) - std::log(8.0), (share * near.score - (1 - share) * far.score) / 2};
}

// Scores at short times are as good as the angle that they are made of.
void check_scores(const Points& found, const Points& wanted, double v) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i, found[i], wanted[i]);
    CHECK(std::abs(found[i] - wanted[i]) <= 5e-7 / v + 1e-5 * (1 + std::abs(wanted[i])));
  }
}

}  // namespace

TEST_CASE("linear Gaussian processes: log density and score") {
  Engine engine = GENERATE(from_range(engines()));
  auto line = draws_of(engine, OrnsteinUhlenbeck(Euclidean({}), {.theta = 2, .mean = -3, .sigma = 0.7}));
  auto vectors = draws_of(engine, Brownian(Euclidean({2}), 0.5));
  for (double t : {0.01f, 0.3f, 5.0f, 900.0f}) {
    CAPTURE(t);
    boost::math::normal law(-3 + 5 * std::exp(-2 * t), std::sqrt(-0.49 / 4 * std::expm1(-4 * t)));
    Points xt{-4, -3, -2.5, 0, 1.5, 2}, density, score;
    for (double x : xt) {
      density.push_back(std::log(boost::math::pdf(law, x)));
      if (std::isinf(density.back()))
        density.back() = -0.5 * std::pow((x - law.mean()) / law.standard_deviation(), 2) -
                         std::log(law.standard_deviation() * std::sqrt(2 * pi));
      score.push_back(-(x - law.mean()) / std::pow(law.standard_deviation(), 2));
    }
    check_values(line->log_density(line->repeated({2}), line->repeated(xt), t), density);
    check_values(line->score(line->repeated({2}), line->repeated(xt), t), score);

    double v = 0.5 * t;
    Points from = vectors->repeated({1, 2}, 2), to = vectors->repeated({1.5, 1, 4, 2}, 2);
    check_values(vectors->log_density(from, to, t),
                 {-1.25 / (2 * v) - std::log(2 * pi * v), -9 / (2 * v) - std::log(2 * pi * v)});
    check_values(vectors->score(from, to, t), {-0.5 / v, 1 / v, -3 / v, 0});
  }
}

TEST_CASE("circle: log density and score, by both series and across their border") {
  // They agree where both are accurate.
  for (double v : {1.0, 4.0, 9.0})
    for (double x : {0.0, 1.0, 3.1}) {
      CHECK(by_images(x, v).log_density == Approx(by_frequencies(x, v).log_density).epsilon(1e-12));
      CHECK(std::abs(by_images(x, v).score - by_frequencies(x, v).score) < 1e-12);
    }
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Circle(), 1.0));
  const Points xt{0, 1e-3f, -0.5f, 1, -2, 3, 3.1415925f, -3.1415925f};
  Points from = draws->repeated({0}), to = draws->repeated(xt);
  for (double v : {1e-6f, 0.01f, 0.3f, 1.0f, 2.0f, 3.99f, 4.0f, 4.01f, 8.0f, 30.0f, 900.0f}) {
    CAPTURE(v);
    Points density, score;
    for (double x : xt) {
      Value value = v < 2 ? by_images(x, v) : by_frequencies(x, v);
      density.push_back(value.log_density);
      score.push_back(value.score);
    }
    check_values(draws->log_density(from, to, v), density);
    // Just beside the antipode the score is a difference of pulls of pi / v.
    check_values(draws->score(from, to, v), score, 3e-6 * std::max(1.0, 3 / v));
  }
  // Across the cut at pi.
  check_values(draws->log_density(draws->repeated({3}), draws->repeated({-3}), 0.5),
               {by_images(2 * pi - 6, 0.5).log_density});
  check_values(draws->score(draws->repeated({3}), draws->repeated({-3}), 0.5), {by_images(2 * pi - 6, 0.5).score});
}

TEST_CASE("S^2 and S^3: log density and score, by all series and across their borders") {
  int d = GENERATE(2, 3);
  // Compiled alone: the evaluator takes minutes, and the verifier compares the two at single points.
  auto draws = draws_of(Engine::compiled, Brownian(Sphere(d), 1.0));
  const size_t m = size_t(d) + 1;
  // Nearer, the score is small, and off by what rounding over the angle is.
  const std::vector<double> angles{0.01, 0.05, 0.3, 1, 1.5, pi / 2, 1.6, 2, 2.5, 3, 3.1};
  Points start(m), ends;
  start[0] = 1;
  for (double angle : angles) {
    // A quarter turn to the last digit.
    ends.insert(ends.end(), {angle == pi / 2 ? 0 : double(float(std::cos(angle))), double(float(std::sin(angle)))});
    ends.insert(ends.end(), m - 2, 0.0);
  }
  Points from = draws->repeated(start, m), to = draws->repeated(ends, m);
  for (double v : {0.05f, 0.1f,  0.2f, 0.3f, 0.5f,  0.7f, 0.79f, 0.8f, 0.81f, 0.9f, 1.0f, 1.19f,
                   1.2f,  1.21f, 1.5f, 2.5f, 3.19f, 3.2f, 3.21f, 3.6f, 4.8f,  8.0f, 30.0f}) {
    CAPTURE(d, v);
    Points density, score;
    for (size_t k = 0; k < angles.size(); ++k) {
      const double angle = std::atan2(ends[k * m + 1], ends[k * m]);
      Value value = by_harmonics(d, angle, v);
      density.push_back(value.log_density);
      score.insert(score.end(), {-std::sin(angle) * value.score, std::cos(angle) * value.score});
      score.insert(score.end(), m - 2, 0.0);
    }
    check_values(draws->log_density(from, to, v), density, 5e-6);
    check_values(draws->score(from, to, v), score, 5e-6 * std::max(1.0, 3 / v));
  }
}

TEST_CASE("rotations: log density, by both series and across their border") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Rotations(), 1.0));
  const std::vector<double> angles{1e-3, 0.1, 0.6, 1, 2, 2.5, 3, 3.1};
  Points ends;
  for (double angle : angles)
    ends.insert(ends.end(), {double(float(std::cos(angle / 2))), 0, double(float(-std::sin(angle / 2))), 0});
  Points from = draws->repeated({1, 0, 0, 0}, 4), to = draws->repeated(ends, 4);
  for (double v : {0.3f, 0.7f, 1.5f, 2.5f, 3.1f, 3.2f, 3.3f, 3.6f, 4.5f, 4.8f, 5.0f, 9.0f, 30.0f}) {
    CAPTURE(v);
    Points density;
    for (size_t k = 0; k < angles.size(); ++k)
      density.push_back(log_density_of_rotations(2 * std::atan2(-ends[4 * k + 2], ends[4 * k]), v));
    check_values(draws->log_density(from, to, v), density, 5e-6);
  }
}

TEST_CASE("S^3 and rotations: log density and score by images") {
  for (double angle : {0.3, 1.0, 2.5, 3.1}) {
    CHECK(by_images_on_three_sphere(angle, 0.5).log_density == Approx(by_harmonics(3, angle, 0.5).log_density));
    CHECK(by_images_on_three_sphere(angle, 0.5).score == Approx(by_harmonics(3, angle, 0.5).score));
    CHECK(by_images_of_rotations(angle, 1).log_density == Approx(log_density_of_rotations(angle, 1)));
  }
  auto engine = GENERATE(from_range(engines()));
  auto sphere = draws_of(engine, Brownian(Sphere(3), 1.0)), rotations = draws_of(engine, Brownian(Rotations(), 1.0));
  const std::vector<double> angles{0.01, 0.1, 0.6, 1, 2, 2.5, 3, 3.1};
  Points across, turned;
  for (double angle : angles) {
    across.insert(across.end(), {double(float(std::cos(angle))), double(float(std::sin(angle))), 0, 0});
    turned.insert(turned.end(), {double(float(std::cos(angle / 2))), 0, double(float(-std::sin(angle / 2))), 0});
  }
  const Points start{1, 0, 0, 0};
  for (double v : {1e-4f, 1e-3f, 0.01f, 0.05f, 0.1f, 0.2f, 0.3f, 1.0f, 3.0f}) {
    CAPTURE(v);
    Points density, score, density_turned, score_turned;
    for (size_t k = 0; k < angles.size(); ++k) {
      double angle = std::atan2(across[4 * k + 1], across[4 * k]);
      Value value = by_images_on_three_sphere(angle, v);
      density.push_back(value.log_density);
      score.insert(score.end(), {-std::sin(angle) * value.score, std::cos(angle) * value.score, 0, 0});
      // A turn by an angle moves its quaternion by half of it.
      angle = 2 * std::atan2(-turned[4 * k + 2], turned[4 * k]);
      value = by_images_of_rotations(angle, v);
      density_turned.push_back(value.log_density);
      score_turned.insert(score_turned.end(),
                          {-std::sin(angle / 2) * value.score / 2, 0, -std::cos(angle / 2) * value.score / 2, 0});
    }
    Points from = sphere->repeated(start, 4), to = sphere->repeated(across, 4);
    check_values(sphere->log_density(from, to, v), density, 5e-6);
    check_scores(sphere->score(from, to, v), score, v);
    from = rotations->repeated(start, 4), to = rotations->repeated(turned, 4);
    check_values(rotations->log_density(from, to, v), density_turned, 5e-6);
    check_scores(rotations->score(from, to, v), score_turned, v);
  }
}

TEST_CASE("torus: log density and score are the circle's, axis by axis") {
  const std::vector<double> periods{1, 4};
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Torus(periods), 0.5));
  const Points xt{0.25, -1, 0.45f, 1.9f, -0.1f, 0.5};
  for (double t : {1e-3f, 0.1f, 1.0f, 8.0f}) {
    CAPTURE(t);
    Points density, score;
    for (size_t i = 0; i < xt.size(); i += 2) {
      density.push_back(0);
      for (size_t axis : {0, 1}) {
        const double unit = 2 * pi / periods[axis], v = 0.5 * t * unit * unit;
        Value value = v < 2 ? by_images(unit * xt[i + axis], v) : by_frequencies(unit * xt[i + axis], v);
        density.back() += value.log_density + std::log(unit);
        score.push_back(unit * value.score);
      }
    }
    Points from = draws->repeated({0, 0}, 2), to = draws->repeated(xt, 2);
    check_values(draws->log_density(from, to, t), density, 5e-6);
    check_scores(draws->score(from, to, t), score, 0.5 * t);
  }
}

TEST_CASE("stationary and absorbing jumps: log probability") {
  Engine engine = GENERATE(from_range(engines()));
  auto stationary = draws_of(engine, StationaryJump(Categorical(3), {.rate = 0.5, .weights = {1, 2, 5}}), 100);
  auto masked = draws_of(engine, AbsorbingJump(Categorical(3), {.rate = 0.5}), 100);
  for (double t : {1e-6f, 0.3f, 2.0f, 50.0f}) {
    CAPTURE(t);
    const double jumped = -std::expm1(-0.5 * t), law[] = {1 / 8.0, 2 / 8.0, 5 / 8.0};
    for (int from : {0, 1, 2})
      for (int to : {0, 1, 2}) {
        CAPTURE(from, to);
        double p = law[to] * jumped + (from == to ? 1 - jumped : 0);
        check_values(
            stationary->log_density(stationary->repeated({double(from)}), stationary->repeated({double(to)}), t),
            {std::log(p)});
        // The mask, 2, is entered and never left.
        if (from == 2 || (to != 2 && to != from)) continue;
        check_values(masked->log_density(masked->repeated({double(from)}), masked->repeated({double(to)}), t),
                     {to == 2 ? std::log(jumped) : -0.5 * t});
      }
  }
}

TEST_CASE("circle: log density and score are finite at all times") {
  auto draws = draws_of(GENERATE(from_range(engines())), Brownian(Circle(), 1.0), 3e38);
  Points from = draws->repeated({0}), to = draws->repeated({0, 1, 3.1415925f, -3.1415925f, -1});
  for (double t : {1e-37, 1e-30, 1e-10, 1e5, 1e30, 3e38}) {
    CAPTURE(t);
    Points density = draws->log_density(from, to, t), score = draws->score(from, to, t);
    auto finite = [](double v) { return std::isfinite(v); };
    CHECK(std::all_of(density.begin(), density.end(), finite));
    CHECK(std::all_of(score.begin(), score.end(), finite));
  }
}

TEST_CASE("uniform jump: log probability") {
  Engine engine = GENERATE(from_range(engines()));
  for (double k : {1.0, 2.0, 5.0, 16777216.0}) {
    auto draws = draws_of(engine, UniformJump(Categorical(int64_t(k)), 0.5), 3e30);
    Points stays = draws->repeated({0}), other = draws->repeated({1});
    for (double t : {1e-20, 1e-6, 0.01, 0.999, 1.0, 1.001, 8.0, 60.0, 900.0, 1e30}) {
      CAPTURE(k, t);
      double jumped = -std::expm1(-0.5 * double(float(t))), stay = std::log1p(-jumped * (k - 1) / k);
      if (t > 1) stay = std::log(std::exp(-0.5 * double(float(t))) + jumped / k);
      check_values(draws->log_density(stays, stays, t), {stay});
      // Near 0 and near certainty of the same category the small number itself is right.
      if (t < 0.1 && k > 1) CHECK(draws->log_density(stays, stays, t)[0] == Approx(stay).epsilon(3e-6));
      if (k > 1) check_values(draws->log_density(stays, other, t), {std::log(jumped / k)});
    }
  }
}
