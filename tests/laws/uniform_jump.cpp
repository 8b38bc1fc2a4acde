// The uniform jump process against its transition matrix, and draws from logits.
#include <limits>

#include <catch2/catch.hpp>

#include <catenary/stdlib/jump.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), none = std::numeric_limits<double>::quiet_NaN();

// Chi-square over the categories of positive probability; the others must not occur.
void check_categories(const Points& x, std::vector<double> law) {
  std::vector<double> counts = count(x, law.size()), observed, expected;
  double total = 0;
  for (double p : law) total += p;
  for (size_t k = 0; k < law.size(); ++k) {
    if (law[k] == 0) {
      CHECK(counts[k] == 0);
      continue;
    }
    observed.push_back(counts[k]);
    expected.push_back(law[k] / total * double(x.size()));
  }
  if (expected.size() > 1) CHECK(chi_square(observed, expected) < chi_square_bound(expected.size() - 1));
}

std::vector<double> transition(int64_t categories, double decay, int from) {
  std::vector<double> law(size_t(categories), (1 - decay) / double(categories));
  law[size_t(from)] += decay;
  return law;
}

std::vector<double> bridge_law(int64_t categories, double rate, int x0, int xt, double s, double t) {
  std::vector<double> law = transition(categories, std::exp(-rate * s), x0);
  for (int k = 0; k < int(categories); ++k)
    law[size_t(k)] *= transition(categories, std::exp(-rate * (t - s)), k)[size_t(xt)];
  return law;
}

std::vector<double> softmax(const std::vector<double>& logits) {
  double highest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> law;
  for (double l : logits) law.push_back(std::exp(l - highest));
  return law;
}

}  // namespace

TEST_CASE("uniform jump: forward and prior") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, UniformJump(Categorical(5), 1.0));
  Points start = draws->repeated({2});
  // P11 and P12 at (rate, t) = (1, 1) and (0.5, 10): oracles.
  check_categories(draws->forward(start, 1, 1), {.1264241118, .1264241118, .4943035529, .1264241118, .1264241118});
  check_categories(draws->forward(start, 5, 2), transition(5, std::exp(-5.0), 2));
  check_categories(draws->forward(start, 500, 3), std::vector<double>(5, 0.2));
  check_categories(draws->forward(start, 0x1p-5, 4), transition(5, std::exp(-0x1p-5), 2));
  auto half = draws_of(engine, UniformJump(Categorical(5), 0.5));
  check_categories(half->forward(start, 10, 5), {.1986524106, .1986524106, .2053903576, .1986524106, .1986524106});
  check_categories(draws->prior(6), std::vector<double>(5, 0.2));
  // At 1e-12 a jump falls below the resolution of 2^-32.
  CHECK(draws->forward(start, 1e-12, 7) == start);
}

// The first law: oracles, K = 4, rate 1, s = 1, t = 5, x_0 = 3, x_t = 1 of categories numbered from 1.
TEST_CASE("uniform jump: bridge") {
  auto draws = draws_of(GENERATE(from_range(engines())), UniformJump(Categorical(4), 1.0));
  Points third = draws->repeated({2}), first = draws->repeated({0});
  std::vector<double> law = bridge_law(4, 1, 2, 0, 1, 5);
  double total = law[0] + law[1] + law[2] + law[3];
  std::vector<double> published{.1678, .1562, .5198, .1562};
  for (size_t k = 0; k < 4; ++k) CHECK(std::abs(law[k] / total - published[k]) < 5e-5);
  check_categories(draws->bridge(third, first, 1, 5, 1), law);
  for (auto [s, t] : {std::pair(0.25, 0.5), {0.5, 8.0}, {7.75, 8.0}, {200.0, 400.0}, {1.0, 400.0}}) {
    CAPTURE(s, t);
    check_categories(draws->bridge(third, first, s, t, 2), bridge_law(4, 1, 2, 0, s, t));
    check_categories(draws->bridge(third, third, s, t, 3), bridge_law(4, 1, 2, 2, s, t));
  }
  // Over a short time there is one jump, at a uniform time.
  check_categories(draws->bridge(third, first, 0.25e-12, 1e-12, 4), {1, 0, 3, 0});
  CHECK(draws->bridge(third, third, 0.25e-12, 1e-12, 5) == third);
}

TEST_CASE("uniform jump: one category, and many") {
  Engine engine = GENERATE(from_range(engines()));
  auto one = draws_of(engine, UniformJump(Categorical(1), 1.0));
  Points only = one->repeated({0});
  CHECK(one->prior(1) == only);
  CHECK(one->forward(only, 1, 1) == only);
  CHECK(one->bridge(only, only, 1, 2, 1) == only);
  CHECK(one->step(one->repeated({-3}), only, 1, 2, 1) == only);

  int64_t most = int64_t{1} << 24;
  auto many = draws_of(engine, UniformJump(Categorical(most), 1.0));
  Points x = many->forward(many->repeated({double(most - 1)}), 1, 1);
  std::vector<double> stays, low;
  CHECK(std::all_of(x.begin(), x.end(), [&](double k) { return k >= 0 && k < double(most); }));
  for (double k : x) {
    stays.push_back(k == double(most - 1));
    low.push_back(k < double(most / 2));
  }
  CHECK(std::abs(z_of_mean(stays, std::exp(-1.0))) < z_bound());
  CHECK(std::abs(z_of_mean(low, (1 - std::exp(-1.0)) / 2)) < z_bound());
}

TEST_CASE("a step draws an endpoint from the logits, then a bridge") {
  Engine engine = GENERATE(from_range(engines()));
  std::vector<double> logits{0.5, -inf, 1, 2, -1};
  auto draws = draws_of(engine, UniformJump(Categorical(5), 1.0));
  Points now = draws->repeated({1}), estimate = draws->repeated(logits, 5);
  std::vector<double> start = softmax(logits), law(5);
  check_categories(draws->step(estimate, now, 0, 2, 1), start);
  double total = start[0] + start[1] + start[2] + start[3] + start[4];
  for (int y = 0; y < 5; ++y) {
    std::vector<double> b = bridge_law(5, 1, y, 1, 0.5, 2);
    double sum = b[0] + b[1] + b[2] + b[3] + b[4];
    for (size_t k = 0; k < 5; ++k) law[k] += start[size_t(y)] / total * b[k] / sum;
  }
  check_categories(draws->step(estimate, now, 0.5, 2, 2), law);
}

TEST_CASE("logits of any size, and forbidden categories") {
  auto draws = draws_of(GENERATE(from_range(engines())), UniformJump(Categorical(4), 1.0));
  Points now = draws->repeated({0});
  auto drawn = [&](const std::vector<double>& logits) { return draws->step(draws->repeated(logits, 4), now, 0, 1, 7); };
  check_categories(drawn({1e30, 1e30, -1e30, 0}), {1, 1, 0, 0});
  check_categories(drawn({-1e30, -1e30, -inf, -inf}), {1, 1, 0, 0});
  check_categories(drawn({-inf, -inf, -inf, -88}), {0, 0, 0, 1});
  check_categories(drawn({0, 0, 0, -200}), {1, 1, 1, 0});
}

TEST_CASE("logits that the runtime refuses give a category all the same") {
  auto draws = evaluated_draws(UniformJump(Categorical(4), 1.0), 1);
  auto drawn = [&](const std::vector<double>& logits) {
    return draws->step(draws->repeated(logits, 4), draws->repeated({0}), 0, 1, 7);
  };
  check_categories(drawn({inf, 3, inf, -inf}), {1, 0, 1, 0});
  check_categories(drawn({-inf, -inf, -inf, -inf}), {1, 1, 1, 1});
  check_categories(drawn({none, 1, 2, none}), {0, 0, 1, 0});
  check_categories(drawn({none, none, none, none}), {1, 0, 0, 0});
}

TEST_CASE("rare categories keep their frequency wherever they stand") {
  auto draws = draws_of(GENERATE(from_range(engines())), UniformJump(Categorical(8), 1.0));
  double rare = 40 / double(draws->size());
  std::vector<double> law{rare, 0.2, rare, 0.5, rare, 0.3, rare, rare}, logits;
  for (double p : law) logits.push_back(std::log(p));
  check_categories(draws->step(draws->repeated(logits, 8), draws->repeated({0}), 0, 1, 3), law);
}

TEST_CASE("the uniform jump process obeys the identities of all processes") {
  auto draws = draws_of(GENERATE(from_range(engines())), UniformJump(Categorical(3), 1.0));
  std::vector<Statistic> statistics = {[](const double* a, const double* b) { return double(a[0] == b[0]); },
                                       [](const double* a, const double* b) { return a[0] + 3 * b[0]; }};
  for (auto [s, t] : {std::pair(0.25, 0.5), {0.5, 2.0}})
    check_identities(*draws, draws->repeated({0, 1, 2, 2}), s, t, statistics);
}
