// Jump processes with a law of arrival against their transition matrices, and draws from logits.
#include <functional>
#include <limits>
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/rewrite.h>
#include <catenary/stdlib/jump.h>
#include <catenary/tests/laws/categories.h>
#include <catenary/tests/laws/identities.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), none = std::numeric_limits<double>::quiet_NaN();

Matrix mixing(const std::vector<double>& pi, double decay) {
  Matrix p(pi.size(), pi);
  for (size_t i = 0; i < pi.size(); ++i)
    for (size_t j = 0; j < pi.size(); ++j) p[i][j] = (1 - decay) * pi[j] + (i == j ? decay : 0);
  return p;
}

std::vector<double> transition(int64_t categories, double decay, int from) {
  return mixing(std::vector<double>(size_t(categories), 1 / double(categories)), decay)[size_t(from)];
}

std::vector<double> bridge_law(int64_t categories, double rate, int x0, int xt, double s, double t) {
  std::vector<double> pi(size_t(categories), 1 / double(categories));
  return testing::bridge_law(mixing(pi, std::exp(-rate * s)), mixing(pi, std::exp(-rate * (t - s))), x0, xt);
}

/// A draw with the word 2^32 - x_0 in place of random bits.
class OfWord final : public Process {
 public:
  explicit OfWord(Expr drawn) : Process(Categorical(1 << 24)), drawn_(std::move(drawn)) {}
  Expr prior(Expr) const override { return constant(0, Type::i32); }
  Expr forward(Expr x0, Expr) const override {
    return rewrite({drawn_}, [&](const Expr& node, const std::vector<Expr>&) {
      return node->op == Op::Bits ? std::optional(0 - x0) : std::nullopt;
    })[0];
  }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }

 private:
  Expr drawn_;
};

/// A draw from fixed logits, whose first proposals are refused, or the second as well.
class Refusing final : public Process {
 public:
  Refusing(std::vector<double> logits, int proposals)
      : Process(Categorical(int64_t(logits.size()))), logits_(std::move(logits)), proposals_(proposals) {}
  Expr prior(Expr) const override { return constant(0, Type::i32); }
  Expr forward(Expr, Expr) const override {
    Expr drawn = draw_from_logits(constant(logits_, {int64_t(logits_.size())}), {});
    int found = 0;
    Expr refusing = rewrite({drawn}, [&](const Expr& node, const std::vector<Expr>& args) {
      const bool proposed = node->op == Op::LessEqual && args[1]->op == Op::Uniform,
                 refused = proposed && proposals_ > (args[1]->scope ? 1 : 0);
      found += refused;
      return refused ? std::optional(equal(constant(0), 0.0)) : std::nullopt;
    })[0];
    if (found != proposals_) throw Error("the draw is not made as this test has it");
    return refusing;
  }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }

 private:
  std::vector<double> logits_;
  int proposals_;
};

std::vector<int32_t> drawn_by_words(const Expr& drawn, const std::vector<int32_t>& below_the_top) {
  Joint joint("words");
  joint.add("x", OfWord(drawn));
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::forward}});
  Tensor words = Tensor::empty(Dtype::i32, {int64_t(below_the_top.size())});
  std::copy(below_the_top.begin(), below_the_top.end(), words.values<int32_t>().begin());
  State made = sampler.forward(State{{"x", words}}, 0.5, Seed(1));
  auto values = made["x"].values<const int32_t>();
  return {values.begin(), values.end()};
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

TEST_CASE("a step draws an endpoint from the logits, then a bridge: the sum over endpoints") {
  Engine engine = GENERATE(from_range(engines()));
  std::vector<double> logits{0.5, -inf, 1, 2, -1}, pi{.05, .05, .2, .3, .4}, start = softmax(logits);
  const Kept<Process> processes[] = {UniformJump(Categorical(5), 1.0),
                                     StationaryJump(Categorical(5), {.rate = 1, .weights = pi}),
                                     AbsorbingJump(Categorical(5), {.rate = 1, .mask = 1})};
  const std::vector<double> laws[] = {std::vector<double>(5, 0.2), pi, {0, 1, 0, 0, 0}};
  for (size_t p = 0; p < 3; ++p) {
    CAPTURE(p);
    auto draws = draws_of(engine, processes[p]);
    Points now = draws->repeated({1}), estimate = draws->repeated(logits, 5);
    check_categories(draws->step(estimate, now, 0, 2, 1), start);
    Matrix before = mixing(laws[p], std::exp(-0.5)), after = mixing(laws[p], std::exp(-1.5));
    check_categories(draws->step(estimate, now, 0.5, 2, 2), step_law(before, after, start, 1));
  }
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
  check_categories(drawn({none, 1, 2, none}), {0, std::exp(-1), 1, 0});
  check_categories(drawn({none, none, none, none}), {1, 1, 1, 1});
  check_categories(drawn({none, -inf, none, -inf}), {1, 1, 1, 1});
}

TEST_CASE("rare categories keep their frequency wherever they stand") {
  auto draws = draws_of(GENERATE(from_range(engines())), UniformJump(Categorical(8), 1.0));
  double rare = 40 / double(draws->size());
  std::vector<double> law{rare, 0.2, rare, 0.5, rare, 0.3, rare, rare}, logits;
  for (double p : law) logits.push_back(std::log(p));
  check_categories(draws->step(draws->repeated(logits, 8), draws->repeated({0}), 0, 1, 3), law);
}

TEST_CASE("a tail of categories of 1e-7 keeps its frequency") {
  constexpr int64_t k = 256, n = 1 << 15, rounds = 512;
  Joint joint("tail");
  joint.add("x", UniformJump(Categorical(k), 1.0));
  Sampler sampler = compile(joint, Target::host(), {.questions = {Question::step}});
  Tensor now = Tensor::empty(Dtype::i32, {n}), logits = Tensor::empty(Dtype::f32, {n, k});
  std::fill(now.values<int32_t>().begin(), now.values<int32_t>().end(), 0);
  for (size_t i = 0; i < size_t(n * k); ++i)
    logits.values<float>()[i] = float(std::log(i % size_t(k) == 100 ? 0.6 : i % size_t(k) == 200 ? 0.4 : 1e-7));
  int64_t tail = 0;
  for (uint64_t seed = 0; seed < uint64_t(rounds); ++seed) {
    State made = sampler.step(State{{"x", logits}}, State{{"x", now}}, 0, 1, Seed(seed));
    for (int32_t x : made["x"].values<const int32_t>()) tail += x != 100 && x != 200;
  }
  // Some 426, as of a Poisson law.
  const double expected = double(n * rounds) * 254e-7 / (1 + 254e-7);
  CHECK(std::abs(double(tail) - expected) < z_bound() * std::sqrt(expected));
}

TEST_CASE("draws from rows of 50,257 and 65,536 logits") {
  for (int64_t k : {50257, 65536}) {
    CAPTURE(k);
    constexpr int64_t n = 256, rounds = 128;
    Joint joint("wide");
    joint.add("x", UniformJump(Categorical(k), 1.0));
    Sampler sampler = compile(joint, Target::host(), {.questions = {Question::step}});
    Tensor now = Tensor::empty(Dtype::i32, {n}), logits = Tensor::empty(Dtype::f32, {n, k});
    std::fill(now.values<int32_t>().begin(), now.values<int32_t>().end(), 0);
    // Three likely words, the first and the last category among them; a tail that falls, of a tenth in all.
    auto logit = [&](int64_t i) {
      return i == 0 ? 10.8 : i == k - 1 ? 10.2 : i == k / 3 ? 11.4 : -3.0 * double(i) / double(k);
    };
    // Words by themselves; the tail by its quarters, and by what is left of division by 16, the place in a line.
    auto bucket = [&](int64_t i) {
      return i == 0 ? 0 : i == k - 1 ? 1 : i == k / 3 ? 2 : 3 + (4 * i / k) * 16 + i % 16;
    };
    std::vector<double> law(3 + 64), drawn;
    double total = 0;
    for (int64_t i = 0; i < k; ++i) {
      logits.values<float>()[size_t(i)] = float(logit(i));
      law[size_t(bucket(i))] += std::exp(logit(i));
      total += std::exp(logit(i));
    }
    for (double& share : law) share /= total;
    CHECK((law[0] + law[1] + law[2] > 0.7 && law[0] + law[1] + law[2] < 0.95));
    for (int64_t row = 1; row < n; ++row)
      std::copy_n(logits.values<float>().begin(), k, logits.values<float>().begin() + row * k);
    for (uint64_t seed = 0; seed < uint64_t(rounds); ++seed) {
      State made = sampler.step(State{{"x", logits}}, State{{"x", now}}, 0, 1, Seed(seed), {.check_data = seed == 0});
      for (int32_t x : made["x"].values<const int32_t>()) drawn.push_back(double(bucket(x)));
    }
    check_categories(drawn, law);
  }
}

TEST_CASE("shares lose nothing to rounding, however many categories") {
  // The likeliest comes with the highest words. 2^32 / 65,521 is 65,551 levels and 98 % of one more.
  constexpr int64_t k = 65521;
  Expr equal_shares = draw_category(k, constant(0, Type::i32), [](Expr) { return constant(1.0 / double(k)); });
  CHECK(drawn_by_words(equal_shares, {1, 64000, 67000, 66000 + 65552}) == std::vector<int32_t>{0, 0, k - 1, k - 2});
}

TEST_CASE("logits in more than one window") {
  Engine engine = GENERATE(from_range(engines()));
  // Of more than 32 windows are lines of 16, the last of which may be shorter. Rising, falling and level logits; some
  // infinite.
  for (int64_t k : {32, 33, 37, 48}) {
    CAPTURE(k);
    std::vector<double> rising, uneven;
    for (int64_t i = 0; i < k; ++i) {
      rising.push_back(0.1 * double(i));
      uneven.push_back(i % 5 == 3 ? -inf : double(i * 7 % 11) * 0.3);
    }
    std::vector<double> falling(rising.rbegin(), rising.rend());
    auto draws = draws_of(engine, UniformJump(Categorical(k), 1.0));
    for (const std::vector<double>& logits : {rising, falling, uneven, std::vector<double>(size_t(k), -1e30)})
      check_categories(draws->step(draws->repeated(logits, k), draws->repeated({0}), 0, 1, 3), softmax(logits));
  }
  auto some = draws_of(engine, UniformJump(Categorical(40), 1.0, {.temperature = 0.5, .forbidden = {0, 16, 17, 39}}));
  std::vector<double> logits(40), law(40);
  for (size_t i = 0; i < 40; ++i) {
    logits[i] = double(i % 7) * 0.2;
    law[i] = i == 0 || i == 16 || i == 17 || i == 39 ? -inf : 2 * logits[i];
  }
  check_categories(some->step(some->repeated(logits, 40), some->repeated({0}), 0, 1, 3), softmax(law));
  auto one = draws_of(engine, UniformJump(Categorical(40), 1.0, {.forbidden = [] {
                                            std::vector<int64_t> all;
                                            for (int64_t i = 0; i < 39; ++i) all.push_back(i);
                                            return all;
                                          }()}));
  CHECK(one->step(one->repeated(logits, 40), one->repeated({0}), 0, 1, 3) == one->repeated({39}));
}

TEST_CASE("logits and temperatures of any size, in more than one window") {
  constexpr size_t k = 40;
  auto check = [](Draws& draws, const std::function<double(size_t)>& logit,
                  const std::function<double(size_t)>& weight) {
    std::vector<double> logits, law;
    for (size_t i = 0; i < k; ++i) logits.push_back(logit(i)), law.push_back(weight(i));
    check_categories(draws.step(draws.repeated(logits, k), draws.repeated({0}), 0, 1, 3), law);
  };
  Engine engine = GENERATE(from_range(engines()));
  auto plain = draws_of(engine, UniformJump(Categorical(k), 1.0));
  // A float of 1e9 has neighbours 64 away.
  for (double large : {1e9, 1e30, -1e9})
    check(
        *plain, [&](size_t i) { return large + (i % 20 == 7 ? 64 : 0); },
        [&](size_t i) { return double(large > 1e29 || i % 20 == 7); });
  check(
      *plain, [](size_t i) { return i % 20 == 7 ? 1e38
                                    : i % 3     ? -1e38
                                                : 2e9; }, [](size_t i) { return i % 20 == 7; });
  auto icy = draws_of(engine, UniformJump(Categorical(k), 1.0, {.temperature = 1e-300}));
  check(*icy, [](size_t i) { return 9 + (i % 20 == 7 ? 1e-6 : 0); }, [](size_t i) { return i % 20 == 7; });
  check(*icy, [](size_t i) { return double(i); }, [](size_t i) { return i == k - 1; });
  auto hot = draws_of(engine, UniformJump(Categorical(k), 1.0, {.temperature = 1e300}));
  check(*hot, [](size_t i) { return i % 20 == 7 ? -inf : double(i); }, [](size_t i) { return i % 20 != 7; });
  check(*hot, [](size_t i) { return i < 16 ? -1e32 : 1e32; }, [](size_t) { return 1; });
  check(*hot, [](size_t i) { return i < 16 ? -inf : 1e32; }, [](size_t i) { return i >= 16; });
  // The runtime refuses these.
  auto evaluated = evaluated_draws(UniformJump(Categorical(k), 1.0), 1);
  check(
      *evaluated, [](size_t i) { return i % 20 == 7 ? inf
                                        : i % 3     ? none
                                                    : double(i); },
      [](size_t i) { return i % 20 == 7; });
  check(*evaluated, [](size_t i) { return i % 2 ? none : -inf; }, [](size_t) { return 1; });
}

TEST_CASE("logits in windows of several lines") {
  // Of 2 and 3 lines of 16 logits; the last window has fewer, the last line is whole or not.
  constexpr int64_t n = 1 << 16;
  for (int64_t k : {256, 262, 600}) {
    CAPTURE(k);
    Joint joint("windows");
    joint.add("x", UniformJump(Categorical(k), 1.0, {.forbidden = {0, 31, k - 1}}));
    Sampler sampler = compile(joint, Target::host(), {.questions = {Question::step}});
    Tensor now = Tensor::empty(Dtype::i32, {n}), estimate = Tensor::empty(Dtype::f32, {n, k});
    std::fill(now.values<int32_t>().begin(), now.values<int32_t>().end(), 0);
    auto check = [&](const std::function<double(int64_t)>& logit) {
      std::vector<double> logits;
      for (int64_t i = 0; i < k; ++i) logits.push_back(logit(i));
      for (size_t i = 0; i < size_t(n * k); ++i) estimate.values<float>()[i] = float(logits[i % size_t(k)]);
      for (int64_t i : {int64_t(0), int64_t(31), k - 1}) logits[size_t(i)] = -inf;
      State made = sampler.step(State{{"x", estimate}}, State{{"x", now}}, 0, 1, Seed(4));
      auto drawn = made["x"].values<const int32_t>();
      check_categories(Points(drawn.begin(), drawn.end()), softmax(logits));
    };
    check([](int64_t i) { return 0.02 * double(i); });
    check([](int64_t i) { return -0.02 * double(i); });
    check([](int64_t i) { return i % 5 == 3 ? -inf : double(i * 7 % 11) * 0.3; });
    check([&](int64_t i) { return i == k - 1 ? 1e30 : -1e30; });
    // Envelopes of powers of two exceed them by 6 % where the exponent's fraction is 0.44: a proposal in 17 is
    // rejected.
    check([](int64_t i) { return i % 2 ? 0 : -0.5573 * std::numbers::ln2; });
    check([&](int64_t i) { return i == k / 2 ? 0 : -7.5573 * std::numbers::ln2; });
    // Once as far as weights are added on one scale, with as much before as after.
    check([&](int64_t i) { return i < 48 ? 0 : i < k / 2 ? 38 : 39.2; });
    // By more than a float's range, slowly, at once, and within the last window.
    check([](int64_t i) { return 0.7 * double(i); });
    check([&](int64_t i) { return -0.7 * double(k - i) * (i % 3); });
    check([&](int64_t i) { return double(i % 4) + (i < k / 2 ? -500 : 0); });
    check([&](int64_t i) { return double(i % 4) + (i < k / 2 ? 0 : -500); });
    check([&](int64_t i) { return double(i % 4) + (i < k - 30 ? 0 : 45) + (i < k - 10 ? 0 : 45); });
    // A last window, or all windows but that, without a category.
    check([&](int64_t i) { return i < k - 24 ? 0.01 * double(i) : -inf; });
    check([&](int64_t i) { return i < k - 24 ? -inf : 0.01 * double(i); });
  }
}

TEST_CASE("logits that are proposed once, twice and more often") {
  for (int refused : {0, 1, 2})
    for (int64_t k : {40, 262}) {
      CAPTURE(refused, k);
      auto check = [&](const std::function<double(int64_t)>& logit) {
        std::vector<double> logits, law(3);
        for (int64_t i = 0; i < k; ++i) logits.push_back(logit(i));
        auto draws = draws_of(Engine::compiled, Refusing(logits, refused));
        Points classes;
        for (uint64_t seed = 0; seed < (k == 40 ? 16 : 2); ++seed)
          for (double x : draws->forward(draws->repeated({0}), 1, seed)) classes.push_back(double(int64_t(x) % 3));
        std::vector<double> all = softmax(logits);
        for (size_t i = 0; i < all.size(); ++i) law[i % 3] += all[i];
        check_categories(classes, law);
      };
      // Of 1, 2^-0.25 and 2^-0.75 times the highest weight: accepted with probability 1, 0.961 and 0.951.
      check([](int64_t i) { return -0.25 * double(i % 3 == 2 ? 3 : i % 3) * std::numbers::ln2; });
      check([&](int64_t i) { return (i < k / 2 ? 0 : 45) + double(i % 3) * 0.3; });
    }
}

TEST_CASE("65,536 logits are summed to rounding") {
  // Without compensation the windows' sums, 8.8 each, are rounded up far more often than down: by 4e-5 in all.
  constexpr int64_t k = 65536;
  Sampler sampler = [] {
    Joint joint("many");
    joint.add("x", UniformJump(Categorical(k), 1.0));
    return compile(joint, Target::host(), {.questions = {Question::forward, Question::loss}});
  }();
  Tensor estimate = Tensor::empty(Dtype::f32, {1, k}), data = Tensor::empty(Dtype::i32, {1});
  std::fill(estimate.values<float>().begin(), estimate.values<float>().end(), float(std::log(0.55)));
  estimate.values<float>()[7] = 0, data.values<int32_t>()[0] = 100;
  State x0_state{{"x", data}};
  double loss = sampler.loss(State{{"x", estimate}}, x0_state, x0_state, 1)["x"].values<const float>()[0];
  double weight = std::exp(double(float(std::log(0.55))));
  CHECK(std::abs(loss - std::log((1 + weight * 65535) / weight)) < 3e-6);
}

TEST_CASE("temperature, and categories that are forbidden") {
  Engine engine = GENERATE(from_range(engines()));
  const std::vector<double> logits{0.5, 3, 1, 2, -1, 4};
  auto drawn = [&](LogitsOptions options, const std::vector<double>& given) {
    auto draws = draws_of(engine, UniformJump(Categorical(6), 1.0, std::move(options)));
    return draws->step(draws->repeated(given, 6), draws->repeated({0}), 0, 1, 7);
  };
  std::vector<double> cool = logits, warm = logits;
  for (double& l : cool) l /= 0.25;
  for (double& l : warm) l /= 8;
  check_categories(drawn({.temperature = 0.25}, logits), softmax(cool));
  check_categories(drawn({.temperature = 8}, logits), softmax(warm));
  check_categories(drawn({.temperature = 1e-300}, logits), {0, 0, 0, 0, 0, 1});
  check_categories(drawn({.temperature = 1e300}, {0, -inf, 1e30, 0, 0, 0}), {1, 0, 1, 1, 1, 1});
  check_categories(drawn({.forbidden = {5, 0, 1, 5}}, logits), softmax({-inf, -inf, 1, 2, -1, -inf}));
  check_categories(drawn({.forbidden = {0, 1, 3}}, {9, 9, 1e30, 9, 1e30, -inf}), {0, 0, 1, 0, 1, 0});
  check_categories(drawn({.forbidden = {1, 5}}, {0.5, 3, 1, 2, -1, 1e30}), softmax({0.5, -inf, 1, 2, -1, -inf}));
  // Where the logits forbid all that is left, what is left is drawn all the same.
  auto draws = evaluated_draws(UniformJump(Categorical(4), 1.0, {.forbidden = {0, 3}}), 1);
  check_categories(draws->step(draws->repeated({0, -inf, -inf, 0}, 4), draws->repeated({0}), 0, 1, 7), {0, 1, 1, 0});
}

TEST_CASE("stationary jump: forward, prior and bridge") {
  Engine engine = GENERATE(from_range(engines()));
  const std::vector<double> pi{.05, .05, .2, .3, .4};
  // In any unit.
  auto draws = draws_of(engine, StationaryJump(Categorical(5), {.rate = 1, .weights = {1, 1, 4, 6, 8}}));
  Points first = draws->repeated({0}), last = draws->repeated({4});
  // P11 and P12 at (rate, t) = (1, 1) and (0.5, 10): oracles.
  std::vector<double> one = mixing(pi, std::exp(-1))[0], ten = mixing(pi, std::exp(-5))[0];
  CHECK(std::abs(one[0] - .3994854691) + std::abs(one[1] - .0316060279) < 1e-9);
  CHECK(std::abs(ten[0] - .0564010496) + std::abs(ten[1] - .0496631027) < 1e-9);
  check_categories(draws->forward(first, 1, 1), one);
  check_categories(
      draws_of(engine, StationaryJump(Categorical(5), {.rate = 0.5, .weights = pi}))->forward(first, 10, 2), ten);
  check_categories(draws->prior(3), pi);
  for (auto [s, t] : {std::pair(0.25, 0.5), {0.5, 8.0}, {7.75, 8.0}, {200.0, 400.0}, {1.0, 400.0}}) {
    CAPTURE(s, t);
    Matrix before = mixing(pi, std::exp(-s)), after = mixing(pi, std::exp(-(t - s)));
    check_categories(draws->bridge(first, last, s, t, 4), testing::bridge_law(before, after, 0, 4));
    check_categories(draws->bridge(first, first, s, t, 5), testing::bridge_law(before, after, 0, 0));
  }
  check_categories(draws->bridge(first, last, 0.25e-12, 1e-12, 6), {3, 0, 0, 0, 1});
  CHECK(draws->bridge(last, last, 0.25e-12, 1e-12, 7) == last);
}

TEST_CASE("stationary jump: categories that are never entered") {
  auto draws = draws_of(GENERATE(from_range(engines())),
                        StationaryJump(Categorical(4), {.rate = 1, .weights = {0, 0.5, 0, 1.5}}));
  const std::vector<double> pi{0, 0.25, 0, 0.75};
  Points never = draws->repeated({0}), often = draws->repeated({3});
  check_categories(draws->prior(1), pi);
  for (auto [s, t] : {std::pair(0.25, 0.5), {0.5, 8.0}, {100.0, 300.0}}) {
    CAPTURE(s, t);
    Matrix before = mixing(pi, std::exp(-s)), after = mixing(pi, std::exp(-(t - s)));
    check_categories(draws->forward(never, t, 2), mixing(pi, std::exp(-t))[0]);
    check_categories(draws->bridge(never, often, s, t, 3), testing::bridge_law(before, after, 0, 3));
    CHECK(draws->bridge(never, never, s, t, 4) == never);
    // No path leads from 3 to 0: what is seen now is believed.
    CHECK(draws->bridge(often, never, s, t, 5) == never);
  }
  CHECK(draws->step(draws->repeated({0, 0, 0, 0}, 4), never, 0, 1, 6) == never);
}

TEST_CASE("stationary jump: a law of 50,000 categories keeps its tail") {
  auto draws = draws_of(Engine::compiled,
                        StationaryJump(Categorical(50000), {.rate = 1, .weights = [] {
                                                              std::vector<double> weights;
                                                              for (int k = 0; k < 50000; ++k)
                                                                weights.push_back(k < 2 ? 0.49 / (k + 1) : 1e-7);
                                                              return weights;
                                                            }()}));
  double total = 0.735 + 49998e-7;
  std::vector<double> kinds, tail;
  for (double k : draws->prior(1)) {
    kinds.push_back(std::min(k, 2.0));
    if (k >= 2) tail.push_back(k / 50000);
  }
  check_categories(kinds, {0.49 / total, 0.245 / total, 49998e-7 / total});
  CHECK(ks_distance(tail, [](double x) { return std::clamp(x, 0.0, 1.0); }) < ks_bound(tail.size()) + 4e-5);
}

TEST_CASE("absorbing jump") {
  Engine engine = GENERATE(from_range(engines()));
  auto draws = draws_of(engine, AbsorbingJump(Categorical(4), {.rate = 0.5}));
  auto other = draws_of(engine, AbsorbingJump(Categorical(4), {.rate = 0.5, .mask = 1}));
  Points data = draws->repeated({2}), mask = draws->repeated({3});
  CHECK(draws->prior(1) == mask);
  CHECK(other->prior(1) == draws->repeated({1}));
  check_categories(draws->forward(data, 2, 2), {0, 0, std::exp(-1.0), 1 - std::exp(-1.0)});
  check_categories(other->forward(data, 2, 2), {0, 1 - std::exp(-1.0), std::exp(-1.0), 0});
  CHECK(draws->forward(mask, 2, 3) == mask);
  for (auto [s, t] :
       {std::pair(0.25, 0.5), {0.5, 8.0}, {7.75, 8.0}, {200.0, 400.0}, {0.25e-12, 1e-12}, {1e-4, 900.0}}) {
    CAPTURE(s, t);
    double stays = std::expm1(-0.5 * s) / std::expm1(-0.5 * t);
    check_categories(draws->bridge(data, mask, s, t, 4), {0, 0, 1 - stays, stays});
    CHECK(draws->bridge(data, data, s, t, 5) == data);
    CHECK(draws->bridge(mask, mask, s, t, 6) == mask);
    CHECK(draws->bridge(mask, data, s, t, 7) == data);
  }
}

TEST_CASE("absorbing jump: the mask is never data, and what is not masked is") {
  auto draws =
      draws_of(GENERATE(from_range(engines())), AbsorbingJump(Categorical(4), {.rate = 1}, {.temperature = 2}));
  Points data = draws->repeated({2}), mask = draws->repeated({3});
  Points estimate = draws->repeated({0, 2, -1, 50}, 4);
  check_categories(draws->step(estimate, mask, 0, 1, 1), softmax({0, 1, -0.5, -inf}));
  CHECK(draws->step(estimate, data, 0, 1, 2) == data);
  CHECK(draws->step(estimate, data, 0.5, 1, 3) == data);
}

TEST_CASE("jump processes obey the identities of all processes") {
  const Kept<Process> processes[] = {UniformJump(Categorical(3), 1.0),
                                     StationaryJump(Categorical(3), {.rate = 1, .weights = {1, 3, 0}}),
                                     AbsorbingJump(Categorical(3), {.rate = 1})};
  Engine engine = GENERATE(from_range(engines()));
  std::vector<Statistic> statistics = {[](const double* a, const double* b) { return double(a[0] == b[0]); },
                                       [](const double* a, const double* b) { return a[0] + 3 * b[0]; }};
  for (const Kept<Process>& process : processes) {
    auto draws = draws_of(engine, process);
    for (auto [s, t] : {std::pair(0.25, 0.5), {0.5, 2.0}})
      check_identities(*draws, draws->repeated({0, 1, 2, 2}), s, t, statistics);
  }
}
