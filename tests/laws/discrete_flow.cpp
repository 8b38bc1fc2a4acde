// Discrete flows against the law of the whole path, summed over what it is made of.
#include <limits>

#include <catch2/catch.hpp>

#include <catenary/stdlib/discrete_flow.h>
#include <catenary/tests/laws/categories.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// Shares at a time, in double precision.
struct At {
  double noise, gone;
};

const std::vector<double> some_law{.05, .05, .2, .3, .4}, with_none{.25, 0, .25, .5, 0}, mask{0, 0, 0, 0, 1};

// Of what is uniform, between datum and noise: never the mask.
double uniform_share(const std::vector<double>& q, size_t k) {
  const double of_mask = k + 1 == q.size() ? 0 : 1 / double(q.size() - 1);
  return q == mask ? of_mask : 1 / double(q.size());
}

// p(x_s = i, x_t = j | x_0): over the intervals of u on which both are the same function of x_1 and n, then over these.
Matrix law_of_both(const std::vector<double>& q, At s, At t, int x0) {
  size_t k = q.size();
  std::vector<double> cuts{0, s.noise, s.gone, t.noise, t.gone, 1};
  std::sort(cuts.begin(), cuts.end());
  Matrix law(k, std::vector<double>(k));
  for (size_t c = 0; c + 1 < cuts.size(); ++c) {
    double length = cuts[c + 1] - cuts[c], u = (cuts[c] + cuts[c + 1]) / 2;
    for (size_t x1 = 0; x1 < k; ++x1)
      for (size_t n = 0; n < k; ++n) {
        auto at = [&](At now) { return u < now.noise ? x1 : u < now.gone ? n : size_t(x0); };
        law[at(s)][at(t)] += length * q[x1] * uniform_share(q, n);
      }
  }
  return law;
}

std::vector<double> column(const Matrix& law, int j) {
  std::vector<double> values;
  for (const auto& row : law) values.push_back(row[size_t(j)]);
  return values;
}

// Half way, a part of the categories is uniform: kappa = t (1 + t) / 2 and uniform = t (1 - t).
DiscreteFlowOptions by_way_of_uniform() {
  return {.kappa = [](Expr t) { return 0.5 * t * (1.0 + t); }, .uniform = [](Expr t) { return t * (1.0 - t); }};
}
At shares(double t, bool between) { return between ? At{t * (1 + t) / 2, t * (1 + t) / 2 + t * (1 - t)} : At{t, t}; }

DiscreteFlow flow(bool between, const std::vector<double>& law) {
  DiscreteFlowOptions options = between ? by_way_of_uniform() : DiscreteFlowOptions{};
  if (law == mask)
    options.mask = 4;
  else
    options.weights = law;
  return DiscreteFlow(Categorical(5), options);
}

}  // namespace

TEST_CASE("discrete flows: noised categories and bridges") {
  Engine engine = GENERATE(from_range(engines()));
  for (bool between : {false, true})
    for (const auto& q : {some_law, with_none, mask}) {
      CAPTURE(between, q);
      auto draws = draws_of(engine, flow(between, q), 1);
      check_categories(draws->prior(1), q);
      Points x0 = draws->repeated({2});
      for (auto [s, t] : {std::pair(0.25, 0.75), {0.5, 0.625}}) {
        CAPTURE(s, t);
        Matrix both = law_of_both(q, shares(s, between), shares(t, between), 2);
        std::vector<double> at_t(5);
        for (const auto& row : both)
          for (size_t j = 0; j < 5; ++j) at_t[j] += row[j];
        check_categories(draws->forward(x0, t, 2), at_t);
        for (int xt : {2, 4})
          if (at_t[size_t(xt)] > 0)
            check_categories(draws->bridge(x0, draws->repeated({double(xt)}), s, t, 3), column(both, xt));
      }
    }
}

TEST_CASE("discrete flows: tiny times, and a step of one rounding") {
  Engine engine = GENERATE(from_range(engines()));
  for (bool between : {false, true}) {
    CAPTURE(between);
    auto draws = draws_of(engine, flow(between, some_law), 1);
    Points x0 = draws->repeated({2}), x1 = draws->repeated({0});
    CHECK(draws->forward(x0, 1e-12, 1) == x0);
    CHECK(draws->bridge(x0, x0, 0.25e-12, 1e-12, 2) == x0);
    for (double t : {1e-12, 1e-30}) {
      // In the limit kappa is t / 2 and uniform t, or kappa is t: of what has moved by t a quarter had by t / 4.
      auto limit = [&](double u) { return between ? At{u / 2, u * 1.5} : At{u, u}; };
      check_categories(draws->bridge(x0, x1, t / 4, t, 3),
                       column(law_of_both(some_law, limit(0.025), limit(0.1), 2), 0));
    }
    CHECK(draws->bridge(x0, x1, 1 - 0x1p-24, 1, 4)[0] == 0);
  }
}

TEST_CASE("discrete flows: a step is the sum over starts, and what is no noise stays") {
  Engine engine = GENERATE(from_range(engines()));
  std::vector<double> logits{0.5, -inf, 1, 2, -1}, start = softmax(logits);
  for (bool between : {false, true}) {
    CAPTURE(between);
    auto draws = draws_of(engine, flow(between, with_none), 1);
    Points estimate = draws->repeated(logits, 5);
    for (int xt : {2, 4}) {
      CAPTURE(xt);
      bool never = !between && xt == 4;
      std::vector<double> law(5);
      for (int y = 0; y < 5; ++y) {
        std::vector<double> p = column(law_of_both(with_none, shares(0.25, between), shares(0.5, between), y), xt);
        double total = 0;
        for (double v : p) total += v;
        for (size_t i = 0; i < 5 && total > 0; ++i) law[i] += start[size_t(y)] * p[i] / total;
      }
      if (never) law = {0, 0, 0, 0, 1};
      check_categories(draws->step(estimate, draws->repeated({double(xt)}), 0.25, 0.5, 1), law);
    }
  }
  // The mask is never drawn from logits.
  auto masked = draws_of(engine, flow(false, mask), 1);
  std::vector<double> allowed = start;
  allowed[4] = 0;
  check_categories(masked->step(masked->repeated(logits, 5), masked->repeated({4}), 0, 0.5, 1), allowed);
}

TEST_CASE("discrete flows: a mask makes it Markov") {
  auto draws = draws_of(GENERATE(from_range(engines())), flow(false, mask), 1);
  Points x = draws->repeated({2});
  check_categories(draws->transition(x, 0.25, 0.5, 1), {0, 0, 2, 0, 1});
  check_categories(draws->transition(x, 0.5, 1, 2), mask);
  CHECK(draws->transition(draws->repeated({4}), 0.25, 0.5, 3) == draws->repeated({4}));
  CHECK(DiscreteFlow(Categorical(5), {.mask = 4}).markov());
  CHECK_FALSE(DiscreteFlow(Categorical(5)).markov());
  CHECK_FALSE(flow(true, mask).markov());
}

TEST_CASE("discrete flows: log probability") {
  Engine engine = GENERATE(from_range(engines()));
  for (bool between : {false, true})
    for (const auto& q : {some_law, with_none, mask}) {
      CAPTURE(between, q);
      auto draws = draws_of(engine, flow(between, q), 1);
      for (double t : {1e-20, 0.25, 0.9, 1.0}) {
        Points all = draws->log_density(draws->repeated({2}), draws->repeated({0, 1, 2, 3, 4}), t);
        auto [noise, gone] = shares(double(float(t)), between);
        for (int xt = 0; xt < 5; ++xt) {
          CAPTURE(t, xt);
          const double p = uniform_share(q, size_t(xt));
          double moved = noise * q[size_t(xt)] + (gone - noise) * p;
          if (t < 1e-3 && between) moved = t / 2 * q[size_t(xt)] + t * p;
          double out = noise * (1 - q[size_t(xt)]) + (gone - noise) * (1 - p);
          double wanted = xt != 2 ? std::log(moved) : out < 0.5 ? std::log1p(-out) : std::log(1 - gone + moved);
          double found = all[size_t(xt)];
          if (std::isinf(wanted))
            CHECK(found == wanted);
          else
            CHECK(found == Approx(wanted).epsilon(3e-6).margin(1e-30));
        }
      }
    }
}
