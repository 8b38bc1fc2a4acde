// Jump processes at any rates, against exp(Q t) in double precision.
#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/stdlib/generator_jump.h>
#include <catenary/support/philox.h>
#include <catenary/tests/laws/categories.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// exp(Q t) by uniformization and squaring, all terms positive.
Matrix exponential(const std::vector<double>& q, double t) {
  auto k = size_t(std::lround(std::sqrt(double(q.size()))));
  double fastest = 0;
  for (size_t i = 0; i < k; ++i) fastest = std::max(fastest, -q[i * k + i]);
  int squarings = std::max(0, int(std::ceil(std::log2(fastest * t))) + 4);
  double step = std::ldexp(t, -squarings) * fastest;
  Matrix r(k, std::vector<double>(k)), power(k, std::vector<double>(k));
  for (size_t i = 0; i < k; ++i)
    for (size_t j = 0; j < k; ++j) {
      power[i][j] = double(i == j);
      r[i][j] = power[i][j] + q[i * k + j] / fastest;
    }
  Matrix sum = power;
  double factor = 1;
  for (int n = 1; n < int(k) + 20 && factor > 1e-100; ++n) {
    power = product(power, r);
    factor *= step / n;
    for (size_t i = 0; i < k; ++i)
      for (size_t j = 0; j < k; ++j) sum[i][j] += factor * power[i][j];
  }
  for (int n = 0; n <= squarings; ++n) {
    for (auto& row : sum) {
      double total = 0;
      for (double p : row) total += p;
      for (double& p : row) p /= total;
    }
    if (n < squarings) sum = product(sum, sum);
  }
  return sum;
}

std::vector<double> with_diagonal(std::vector<double> rates, size_t k) {
  for (size_t i = 0; i < k; ++i) {
    rates[i * k + i] = 0;
    double leaves = 0;
    for (size_t j = 0; j < k; ++j) leaves += rates[i * k + j];
    rates[i * k + i] = -leaves;
  }
  return rates;
}

// Onward around a ring, and seldom back.
std::vector<double> ring(size_t k, double back) {
  std::vector<double> rates(k * k);
  for (size_t i = 0; i < k; ++i) {
    rates[i * k + (i + 1) % k] = 1;
    rates[i * k + (i + k - 1) % k] += back;
  }
  return with_diagonal(rates, k);
}

// Every rate, from e^{-spread} to 1.
std::vector<double> wild(size_t k, double spread) {
  std::vector<double> rates;
  for (size_t i = 0; i < k * k; ++i) rates.push_back(std::exp(-spread * uniform_of(stream_value(11, 0, 0, 0, i))));
  return with_diagonal(rates, k);
}

// The definition of OrdinalJump.
std::vector<double> ordinal(int k, double rate, double width) {
  auto weight = [&](int n) { return std::exp(-n * n / (2 * width * width)); };
  double total = 0;
  for (int n = 1; n < k; ++n) total += 2 * weight(n);
  std::vector<double> rates;
  for (int i = 0; i < k; ++i)
    for (int j = 0; j < k; ++j) rates.push_back(rate * weight(i - j) / total);
  return with_diagonal(rates, size_t(k));
}

// The compiled log density of all pairs against log exp(Q t), to `tolerance` of themselves and of their logarithms.
void check_log_density(const Kept<Process>& process, const std::vector<double>& q, const std::vector<double>& times,
                       double tolerance) {
  Joint joint("joint", 1e9);
  joint.add("x", process);
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::log_density}});
  auto k = int32_t(process->space().categories());
  Tensor from = Tensor::empty(Dtype::i32, {k * k}), to = Tensor::empty(Dtype::i32, {k * k});
  for (int32_t i = 0; i < k * k; ++i) {
    from.values<int32_t>()[size_t(i)] = i / k;
    to.values<int32_t>()[size_t(i)] = i % k;
  }
  for (double t : times) {
    State made = sampler.log_density(State{{"x", from}}, State{{"x", to}}, t);
    auto found = made["x"].values<const float>();
    Matrix p = exponential(q, double(float(t)));
    double worst = 0;
    size_t at = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      double wanted = std::log(p[i / size_t(k)][i % size_t(k)]);
      double off = std::abs(double(found[i]) - wanted) / (1 + std::abs(wanted));
      if (off <= worst) continue;
      worst = off;
      at = i;
    }
    CAPTURE(t, at / size_t(k), at % size_t(k), found[at]);
    CHECK(worst < tolerance);
  }
}

}  // namespace

TEST_CASE("generator jump: log probability against exp(Q t)") {
  const std::vector<double> generators[] = {ring(2, 0),  ring(4, 0.25),      ring(12, 0),        wild(6, 3),
                                            wild(6, 13), ordinal(9, 2, 2.5), ordinal(5, 0.3, 40)};
  for (const std::vector<double>& q : generators) {
    CAPTURE(q);
    auto k = int64_t(std::lround(std::sqrt(double(q.size()))));
    check_log_density(GeneratorJump(Categorical(k), {.rates = q}), q,
                      {1e-12, 1e-8, 1e-7, 3e-6, 1e-3, 0.05, 0.3, 0.5, 1.0, 1.7, 4.0, 9.0, 33.0, 150.0, 1e4, 1e8}, 2e-6);
  }
  // Rates down to 1e-29, against which two jumps or more win within the tables.
  check_log_density(OrdinalJump(Categorical(9), {.rate = 2, .width = 0.7}), ordinal(9, 2, 0.7),
                    {1e-7, 3e-6, 1e-3, 0.05, 0.3, 1.0, 4.0, 33.0, 1e4}, 2e-6);
}

TEST_CASE("generator jump: many categories") {
  const std::vector<double> q = wild(384, 3);
  const GeneratorJump process(Categorical(384), {.rates = q});
  check_log_density(process, q, {0.02}, 2e-6);
  auto draws = draws_of(Engine::compiled, process);
  const Matrix by_half = exponential(q, 0.01);
  Points start = draws->repeated({5}), end = draws->repeated({300});
  check_categories(draws->forward(start, 0.01, 1), by_half[5]);
  check_categories(draws->bridge(start, end, 0.01, 0.02, 2), bridge_law(by_half, by_half, 5, 300));
}

TEST_CASE("generator jump: forward, prior and bridge") {
  Engine engine = GENERATE(from_range(engines()));
  for (const std::vector<double>& q : {ring(4, 0.25), wild(4, 6)}) {
    CAPTURE(q);
    auto draws = draws_of(engine, GeneratorJump(Categorical(4), {.rates = q}), 1e6);
    Points start = draws->repeated({1});
    check_categories(draws->prior(1), exponential(q, 1e5)[0]);
    for (double t : {1e-4, 0.3, 2.0, 40.0}) check_categories(draws->forward(start, t, 2), exponential(q, t)[1]);
    CHECK(draws->forward(start, 1e-12, 3) == start);
    for (auto [s, t] : {std::pair(0.01, 0.02), {0.25, 9.0}, {500.0, 900.0}})
      for (int end : {1, 3}) {
        CAPTURE(s, t, end);
        check_categories(draws->bridge(start, draws->repeated({double(end)}), s, t, 4),
                         bridge_law(exponential(q, s), exponential(q, t - s), 1, end));
      }
  }
}

TEST_CASE("generator jump: bridges over short times, and between far categories") {
  auto draws = draws_of(Engine::compiled, GeneratorJump(Categorical(6), {.rates = ring(6, 0)}));
  Points start = draws->repeated({0}), next = draws->repeated({1}), third = draws->repeated({3});
  // One jump, at a uniform time; three, whose number by time s is binomial.
  check_categories(draws->bridge(start, next, 0.25e-12, 1e-12, 1), {3, 1, 0, 0, 0, 0});
  check_categories(draws->bridge(start, third, 0.25e-6, 1e-6, 2), {27, 27, 9, 1, 0, 0});
  check_categories(draws->bridge(start, third, 0.25e-15, 1e-15, 3), {27, 27, 9, 1, 0, 0});
  CHECK(draws->bridge(start, start, 0.25e-12, 1e-12, 4) == start);
}

TEST_CASE("generator jump: it is the uniform and the stationary jump process where its rates are theirs") {
  const std::vector<double> pi{.05, .05, .2, .3, .4};
  std::vector<double> q;
  for (size_t i = 0; i < 5; ++i) q.insert(q.end(), pi.begin(), pi.end());
  q = with_diagonal(q, 5);
  auto draws = draws_of(Engine::compiled, GeneratorJump(Categorical(5), {.rates = q}));
  // Oracles.
  Points density = draws->log_density(draws->repeated({0}), draws->repeated({0, 1}), 1.0);
  CHECK(std::exp(density[0]) == Approx(.3994854691).epsilon(3e-6));
  CHECK(std::exp(density[1]) == Approx(.0316060279).epsilon(3e-6));
  check_categories(draws->prior(1), pi);
  std::vector<double> quarter = with_diagonal(std::vector<double>(16, 0.25), 4);
  auto uniform = draws_of(Engine::compiled, GeneratorJump(Categorical(4), {.rates = quarter}));
  check_categories(uniform->bridge(uniform->repeated({2}), uniform->repeated({0}), 1, 5, 1),
                   {.1678, .1562, .5198, .1562});
}

TEST_CASE("ordinal jump: rates by their definition") {
  const Engine engine = Engine::compiled;
  auto draws = draws_of(engine, OrdinalJump(Categorical(7), {.rate = 2, .width = 1.5}));
  std::vector<double> q = ordinal(7, 2, 1.5);
  check_log_density(OrdinalJump(Categorical(7), {.rate = 2, .width = 1.5}), q, {0.01, 1, 30}, 2e-6);
  check_categories(draws->forward(draws->repeated({2}), 0.5, 1), exponential(q, 0.5)[2]);
  check_categories(draws->prior(1), std::vector<double>(7, 1));
  // So narrow that only neighbours are reached.
  auto narrow = draws_of(engine, OrdinalJump(Categorical(3), {.rate = 1, .width = 1e-3}));
  check_categories(narrow->forward(narrow->repeated({0}), 1, 2),
                   exponential(with_diagonal({0, .5, 0, .5, 0, .5, 0, .5, 0}, 3), 1)[0]);
  auto one = draws_of(engine, OrdinalJump(Categorical(1), {}));
  Points only = one->repeated({0});
  CHECK(one->forward(only, 1, 1) == only);
  CHECK(one->bridge(only, only, 1, 2, 1) == only);
}

namespace {

// From k to k - 1 at the rate k: every one of k dies at the rate 1.
std::vector<double> deaths(size_t k) {
  std::vector<double> rates(k * k);
  for (size_t i = 1; i < k; ++i) rates[i * k + i - 1] = double(i);
  return with_diagonal(rates, k);
}

double binomial(int n, int k, double p) {
  return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1)) * std::pow(p, k) *
         std::pow(1 - p, n - k);
}

}  // namespace

// Of n each lives until t with probability e^{-t}: the number left is binomial. Given that m are left at t, each of the
// n - m that have died lived until s with probability (e^{-s} - e^{-t}) / (1 - e^{-t}).
TEST_CASE("generator jump: pure deaths") {
  auto draws = draws_of(Engine::compiled, GeneratorJump(Categorical(5), {.rates = deaths(5)}), 100);
  Points start = draws->repeated({4});
  auto law = [](int n, int offset, double p) {
    std::vector<double> law(5);
    for (int k = 0; k <= n; ++k) law[size_t(k + offset)] = binomial(n, k, p);
    return law;
  };
  CHECK(draws->prior(1) == draws->repeated({0}));
  for (double t : {1e-3, 0.4, 3.0}) check_categories(draws->forward(start, t, 2), law(4, 0, std::exp(-t)));
  for (auto [s, t] : {std::pair(0.25e-12, 1e-12), {0.01, 0.02}, {0.5, 1.5}, {2.0, 90.0}})
    for (int end : {0, 1, 3, 4}) {
      CAPTURE(s, t, end);
      double lived = (std::expm1(-t) - std::expm1(-s)) / std::expm1(-t);
      check_categories(draws->bridge(start, draws->repeated({double(end)}), s, t, 3), law(4 - end, end, lived));
    }
  // No way leads there: what is asked for stays where it is.
  CHECK(draws->bridge(draws->repeated({1}), start, 0.5, 1.5, 4) == start);
  for (double t : {1e-6, 0.4, 3.0, 40.0}) {
    Points density = draws->log_density(draws->repeated({4}), draws->repeated({0, 1, 2, 3, 4}), t);
    Points back = draws->log_density(draws->repeated({0, 1, 2, 3, 4}), draws->repeated({4}), t);
    for (int k = 0; k < 5; ++k) {
      CAPTURE(t, k, density[size_t(k)]);
      double wanted =
          std::lgamma(5) - std::lgamma(k + 1) - std::lgamma(5 - k) - k * t + (4 - k) * std::log(-std::expm1(-t));
      CHECK(std::abs(density[size_t(k)] - wanted) < 2e-6 * (1 + std::abs(wanted)));
      if (k < 4) CHECK(back[size_t(k)] == -INFINITY);
    }
  }
  CHECK(draws->log_density(start, start, 90.0)[0] < -170);
  std::vector<Statistic> statistics = {[](const double* a, const double* b) { return double(a[0] == b[0]); },
                                       [](const double* a, const double* b) { return a[0] + 3 * b[0]; }};
  check_identities(*draws, draws->repeated({0, 1, 2, 3, 4}), 0.25, 0.75, statistics);
  // Of logits only those who can have become x_t are drawn: at s near 0, by themselves.
  Points logits = draws->repeated({0, 1, -1, 2, 0.5}, 5);
  check_categories(draws->step(logits, draws->repeated({2}), 1e-30, 1, 5), softmax({-INFINITY, -INFINITY, -1, 2, 0.5}));
  CHECK(draws->step(logits, start, 1e-30, 1, 6) == start);
}

TEST_CASE("generator jump: a ring that is entered for good, and one category that is") {
  // 0 and 1 lead to the ring of 2, 3 and 4, and 0 is never entered.
  std::vector<double> q =
      with_diagonal({0, 1, .5, 0, 0, 0, 0, 0, .3, 0, 0, 0, 0, 1, .2, 0, 0, .2, 0, 1, 0, 0, 1, .2, 0}, 5);
  auto draws = draws_of(Engine::compiled, GeneratorJump(Categorical(5), {.rates = q}), 1e4);
  check_categories(draws->prior(1), {0, 0, 1, 1, 1});
  for (int from : {0, 1, 2})
    check_categories(draws->forward(draws->repeated({double(from)}), 1.5, 2), exponential(q, 1.5)[size_t(from)]);
  for (int end : {2, 3})
    check_categories(draws->bridge(draws->repeated({0}), draws->repeated({double(end)}), 1.5, 4, 3),
                     bridge_law(exponential(q, 1.5), exponential(q, 2.5), 0, end));
  // The absorbing jump process, of which this is another way to tell.
  std::vector<double> absorbed = with_diagonal({0, 0, 2, 0, 0, 2, 0, 0, 0}, 3);
  auto masked = draws_of(Engine::compiled, GeneratorJump(Categorical(3), {.rates = absorbed}), 1e4);
  for (double t : {1e-9, 0.1, 1.0, 40.0}) {
    Points density = masked->log_density(masked->repeated({1}), masked->repeated({0, 1, 2}), t);
    CHECK(density[0] == -INFINITY);
    CHECK(density[1] == Approx(-2 * double(float(t))).epsilon(2e-6).margin(1e-6));
    CHECK(std::exp(density[2]) == Approx(-std::expm1(-2 * double(float(t)))).epsilon(2e-6));
  }
  CHECK(masked->prior(1) == masked->repeated({2}));
}

TEST_CASE("generator jump: a step is the sum over endpoints") {
  std::vector<double> logits{0.5, -INFINITY, 1, 2}, q = ring(4, 0.25);
  auto draws =
      draws_of(Engine::compiled, GeneratorJump(Categorical(4), {.rates = q}, {.temperature = 0.5, .forbidden = {2}}));
  check_categories(draws->step(draws->repeated(logits, 4), draws->repeated({1}), 0.5, 2, 1),
                   step_law(exponential(q, 0.5), exponential(q, 1.5), softmax({1, -INFINITY, -INFINITY, 4}), 1));
}

TEST_CASE("generator jump: sixty categories") {
  check_log_density(OrdinalJump(Categorical(60), {.rate = 1, .width = 2}), ordinal(60, 1, 2), {0.5, 20, 900}, 3e-6);
}

TEST_CASE("generator jump: the identities of all processes") {
  auto draws = draws_of(Engine::compiled, GeneratorJump(Categorical(3), {.rates = ring(3, 0.1)}));
  std::vector<Statistic> statistics = {[](const double* a, const double* b) { return double(a[0] == b[0]); },
                                       [](const double* a, const double* b) { return a[0] + 3 * b[0]; }};
  for (auto [s, t] : {std::pair(0.25, 0.5), {0.5, 2.0}})
    check_identities(*draws, draws->repeated({0, 1, 2, 2}), s, t, statistics);
}
