// The order of computation and the numbering of draws, with loops.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/schedule.h>

using namespace catenary;

namespace {

bool is_draw(Op op) { return op == Op::Normal || op == Op::Uniform || op == Op::Bits; }

// The whole schedule as text: kinds in order, draws with their numbers.
std::string describe(const Schedule& s, const std::map<const Node*, DrawSite>& sites) {
  std::string text;
  for (const Node* n : s.nodes) {
    text += name_of(n->op);
    if (is_draw(n->op)) {
      const DrawSite& d = sites.at(n);
      text += fmt::format("({}:{}/{})", d.loop, d.first, d.per_point);
    }
    if (auto c = s.conditions.find(n); c != s.conditions.end()) text += fmt::format("<{}>", describe(c->second, sites));
    if (auto b = s.bodies.find(n); b != s.bodies.end()) text += fmt::format("{{{}}}", describe(b->second, sites));
    text += " ";
  }
  return text;
}

std::string describe(const std::vector<Expr>& outputs) {
  Schedule s = schedule(outputs);
  return describe(s, number_draws(s));
}

Expr walk(int64_t trips) {
  return fold(trips, 0.0, [](Expr, Expr x) { return x + normal(); });
}

Expr integer(double v) { return constant(v, Type::i32); }

}  // namespace

TEST_CASE("the schedule depends on the structure alone") {
  auto build = [] {
    Expr x = parameter("x", Type::f32, {}), noise = normal({2});
    return std::vector<Expr>{walk(3) * x + sum(noise), exp(x) * catenary::uniform()};
  };
  std::string first = describe(build());
  std::vector<Expr> clutter;  // Other nodes in other places of memory.
  for (int i = 0; i < 100; ++i) clutter.push_back(exp(parameter("x", Type::f32, {}) * double(i)));
  Expr early = exp(parameter("x", Type::f32, {}));
  CHECK(describe(build()) == first);
  CHECK(
      first ==
      "constant fold{bound bound normal(1:0/1) add } item parameter mul normal(0:0/2) sum add exp uniform(0:0/1) mul ");
}

TEST_CASE("draws are numbered in order, by kind, loops apart") {
  Expr a = normal({3}), w = bits(), b = normal(), u = catenary::uniform({2});
  Expr total = sum(a) + b + sum(u) + to_float(w);
  std::vector<Expr> outputs{total, walk(2), walk(2)};
  std::map<const Node*, DrawSite> sites = number_draws(schedule(outputs));
  auto at = [&](const Expr& e) { return sites.at(e.get()); };
  CHECK(at(a).first == 0);
  CHECK(at(b).first == 3);
  CHECK(at(b).per_point == 4);
  CHECK(at(u).first == 0);
  CHECK(at(w).first == 2);
  CHECK(at(w).per_point == 3);
  CHECK(at(w).loop == 0);
  std::vector<uint32_t> loops;
  for (const auto& [n, site] : sites)
    if (site.loop) loops.push_back(site.loop);
  std::sort(loops.begin(), loops.end());
  CHECK(loops == std::vector<uint32_t>{1, 2});
}

TEST_CASE("a loop that draws does not move the draws outside of it") {
  Expr z = normal();
  double alone = evaluate({z}, {})[0][0];
  CHECK(evaluate({walk(5) + z}, {})[0][0] - evaluate({walk(5)}, {})[0][0] == Approx(alone).epsilon(1e-14));
}

TEST_CASE("a draw inside a fold is fresh on every trip, and shared within one") {
  auto seen = fold(4, {constant(std::vector<double>(4), {4}), 0.0}, [](Expr, const std::vector<Expr>& c) {
    Expr z = normal();
    return std::vector<Expr>{concat({slice(c[0], 1, 3), reshape(z, {1})}), c[1] + abs(z - z)};
  });
  auto values = evaluate({seen[0], seen[1]}, {});
  std::sort(values[0].begin(), values[0].end());
  CHECK(std::unique(values[0].begin(), values[0].end()) == values[0].end());
  CHECK(values[1][0] == 0);
}

TEST_CASE("nested folds draw once for each pair of trips") {
  auto words = [](int64_t outer, int64_t inner) {
    Expr table = constant(std::vector<double>(6), {6}, Type::i32);
    auto push = [](const Expr& t) { return concat({slice(t, 1, 5), reshape(bits(), {1})}); };
    return fold(outer, table, [&](Expr, Expr t) { return fold(inner, t, [&](Expr, Expr u) { return push(u); }); });
  };
  Values nested = evaluate({words(2, 3)}, {})[0], flat = evaluate({words(1, 6)}, {})[0];
  // The iteration is outer * inner trips + inner: the same six words as in one loop of six.
  CHECK(nested == flat);
  std::sort(nested.begin(), nested.end());
  CHECK(std::unique(nested.begin(), nested.end()) == nested.end());
}

TEST_CASE("the outer trip of nested folds is seen inside, and its draws stay fixed there") {
  Expr pairs = fold(3, integer(0),
                    [](Expr i, Expr c) { return fold(2, c, [&](Expr j, Expr d) { return d * 10 + i * 2 + j; }); });
  CHECK(evaluate({pairs}, {})[0][0] == 12345);
  Expr spread = fold(3, 0.0, [](Expr, Expr c) {
    Expr z = normal();
    Expr sum_of_z = fold(4, 0.0, [&](Expr, Expr d) { return d + z; });
    return max(c, abs(sum_of_z - 4.0 * z));
  });
  CHECK(evaluate({spread}, {})[0][0] < 1e-14);
}

TEST_CASE("a while stops on its own condition at each point, and draws afresh on every trip") {
  // The number of uniforms until one exceeds p is geometric: here only that each trip has its own.
  auto tries = loop_while(
      {0.0, integer(0)}, [](const std::vector<Expr>& c) { return c[0] < 0.75; },
      [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{catenary::uniform(), c[1] + 1}; });
  double trips = 0;
  for (uint64_t point = 0; point < 1000; ++point) {
    auto v = evaluate({tries[0], tries[1]}, {}, {.point = point});
    CHECK(v[0][0] >= 0.75);
    trips += v[1][0];
  }
  CHECK(trips > 3500);
  CHECK(trips < 4500);
}

TEST_CASE("two hundred and fifty-five loops may draw") {
  std::vector<Expr> walks;
  for (int i = 0; i < 255; ++i) walks.push_back(walk(1));
  Schedule s = schedule(walks);
  CHECK(number_draws(s).size() == 255);
}

TEST_CASE("what a loop takes from outside is computed before it, once") {
  Expr x = parameter("x", Type::f32, {}), outside = exp(x);
  Expr e = fold(3, 0.0, [&](Expr, Expr c) { return c + outside; });
  CHECK(describe({e}) == "constant parameter exp fold{bound bound add } item ");
}
