// Log densities and scores against closed forms.
#include <cmath>
#include <numbers>

#include <boost/math/distributions/normal.hpp>
#include <catch2/catch.hpp>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/laws/draws.h>

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
