// Rewriting: what changes, what is shared, and loops made anew.
#include <set>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/rewrite.h>
#include <catenary/dsl/schedule.h>
#include <catenary/tests/message_of.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

Expr number(const char* name) { return parameter(name, Type::f32, {}); }
Expr integer(double v) { return constant(v, Type::i32); }

std::optional<Expr> nothing(const Expr&, const std::vector<Expr>&) { return std::nullopt; }

// Adds 1 to every constant 1.
std::optional<Expr> one_more(const Expr& node, const std::vector<Expr>&) {
  if (node->op == Op::Constant && node.type() == Type::f32 && node->values == std::vector<double>{1})
    return splat(2.0, node.shape());
  return std::nullopt;
}

std::optional<Expr> doubled_normals(const Expr& node, const std::vector<Expr>&) {
  if (node->op == Op::Normal) return 2.0 * node;
  return std::nullopt;
}

double value(const Expr& e, const std::map<std::string, Values>& given = {}) { return evaluate({e}, given)[0][0]; }

Expr walk(int64_t trips, double size) {
  return fold(trips, 0.0, [&](Expr, Expr x) { return x + size * normal(); });
}

}  // namespace

TEST_CASE("an expression without loops is rewritten where it changes") {
  Expr x = number("x"), y = number("y"), kept = exp(y);
  Expr e = sin(x + 1.0) * kept;
  Expr r = rewrite({e}, one_more)[0];
  CHECK(same(r, sin(x + 2.0) * kept));
  CHECK(same(rewrite({e}, nothing)[0], e));
  CHECK(same(rewrite({e}, {{x, y * y}})[0], sin(y * y + 1.0) * kept));
  // What takes a node's place is not rewritten again, and may hold the node.
  CHECK(same(rewrite({e}, {{x, x + 1.0}})[0], sin(x + 1.0 + 1.0) * kept));
  CHECK(same(rewrite({x + y}, {{x, y}, {y, x}})[0], y + x));
}

TEST_CASE("a replacement sees its arguments rewritten, and each node once") {
  Expr x = number("x"), e = x;
  for (int i = 0; i < 100; ++i) e = e + e;  // Written out, 2^100 terms.
  int calls = 0;
  Expr r = rewrite({e, e}, [&](const Expr& node, const std::vector<Expr>& args) -> std::optional<Expr> {
    ++calls;
    if (node->op == Op::Add) return args[0];
    return std::nullopt;
  })[1];
  CHECK(calls == 101);
  CHECK(same(r, x));
  CHECK(value(r, {{"x", {3}}}) == 3);
}

TEST_CASE("a draw stays the same draw unless it is replaced") {
  Expr z = normal(), w = normal();
  std::vector<Expr> r = rewrite({z + 1.0, z * w}, one_more);
  CHECK(same(r[0], z + 2.0));
  CHECK(same(r[1], z * w));
  CHECK(same(rewrite({z + w}, {{z, w}})[0], w + w));
  CHECK(same(rewrite({z + 1.0}, doubled_normals)[0], 2.0 * z + 1.0));
}

TEST_CASE("a loop that does not change is shared, with its draws") {
  Expr inside = walk(3, 0.5), x = number("x");
  Expr e = inside * x + 1.0;
  Expr r = rewrite({e}, one_more)[0];
  CHECK(same(r, inside * x + 2.0));
  CHECK(same(rewrite({e}, {{x, x * x}})[0], inside * (x * x) + 1.0));
}

TEST_CASE("a loop that changes is made anew") {
  Expr x = number("x");
  SECTION("its first values") {
    Expr e = fold(3, x, [](Expr, Expr c) { return 2.0 * c; });
    CHECK(value(rewrite({e}, {{x, x + 1.0}})[0], {{"x", {4}}}) == 40);
  }
  SECTION("its body, by what it takes from outside") {
    Expr e = fold(3, 0.0, [&](Expr trip, Expr c) { return c + exp(x) * to_float(trip); });
    CHECK(value(rewrite({e}, {{x, constant(0)}})[0]) == 3);
    Expr twice = rewrite({e}, {{exp(x), x}})[0];
    CHECK(value(twice, {{"x", {5}}}) == 15);
  }
  SECTION("its body, where nothing comes from outside") {
    Expr e = fold(3, 0.0, [](Expr trip, Expr c) { return c + sqrt(to_float(trip) + 1.0) * 0.0 + 1.0; });
    CHECK(value(rewrite({e}, one_more)[0]) == 6);
  }
  SECTION("its bound variables") {
    std::vector<Expr> seen;
    Expr e = fold(3, 0.0, [&](Expr trip, Expr c) {
      seen = {trip, c};
      return c + to_float(trip) + 1.0;
    });
    CHECK(value(rewrite({e}, {{seen[0], integer(5)}})[0]) == 18);
    CHECK(value(rewrite({e}, {{seen[1], 2.0 * seen[1]}})[0]) == 2 * (2 * (2 * 0 + 1) + 2) + 3);
  }
  SECTION("the condition and the body of a while") {
    auto e = loop_while(
        {1.0, integer(0)}, [&](const std::vector<Expr>& c) { return square(c[0]) < x; },
        [](Expr trip, const std::vector<Expr>& c) { return std::vector<Expr>{square(c[0]) + 1.0, trip + 1}; });
    std::vector<Expr> r = rewrite({e[0], e[1]}, {{x, 20.0 * x}});
    CHECK(evaluate(e, {{"x", {2}}}) == std::vector<Values>{{2}, {1}});
    CHECK(evaluate(r, {{"x", {2}}}) == std::vector<Values>{{26}, {3}});
    CHECK(same(r[0]->args[0], r[1]->args[0]));
  }
}

TEST_CASE("the values of one loop stay the values of one loop") {
  Expr x = number("x");
  auto fibonacci =
      fold(10, {x, 1.0}, [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[1], c[0] + c[1]}; });
  std::vector<Expr> r = rewrite({fibonacci[0] + fibonacci[1], fibonacci[1]}, {{x, constant(0)}});
  CHECK(evaluate(r, {}) == std::vector<Values>{{144}, {89}});
  CHECK(same(r[0]->args[0]->args[0], r[1]->args[0]));
  CHECK(schedule(r).bodies.size() == 1);
  // One value of a loop in place of another leaves the loop alone.
  Expr swapped = rewrite({2.0 * fibonacci[0]}, {{fibonacci[0], fibonacci[1]}})[0];
  CHECK(same(swapped, 2.0 * fibonacci[1]));
}

TEST_CASE("the draws of a loop made anew are fresh, and one in all their uses") {
  Expr x = number("x");
  Expr e = fold(4, 0.0, [&](Expr, Expr c) {
    Expr z = normal();
    return c + abs(z - z) + x * z;
  });
  Expr r = rewrite({e}, {{x, 3.0 * x}})[0];
  std::map<std::string, Values> given{{"x", {1}}};
  CHECK(value(r, given) == Approx(3 * value(e, given)).epsilon(1e-14));  // Alone, each draws the same numbers.
  auto both = evaluate({e, r}, given);
  CHECK(std::abs(both[1][0] - 3 * both[0][0]) > 1e-3);
  CHECK(number_draws(schedule({e, r})).size() == 2);
}

TEST_CASE("draws inside loops are replaced by what holds them") {
  Expr e = walk(5, 1);
  Expr r = rewrite({e}, doubled_normals)[0];
  CHECK(value(r) == Approx(2 * value(e)).epsilon(1e-14));
  // By identity too.
  const Node* body = schedule({e}).bodies.begin()->first;
  Expr draw = body->body->next[0]->args[1]->args[1];
  REQUIRE(draw->op == Op::Normal);
  CHECK(value(rewrite({e}, {{draw, draw * draw}})[0]) > 0);
}

TEST_CASE("nested loops are made anew together") {
  Expr x = number("x");
  Expr e = fold(3, 0.0, [&](Expr i, Expr c) {
    Expr z = normal(), scale = to_float(i) + 1.0;
    return fold(2, c, [&](Expr j, Expr d) { return d + scale * x * normal() + 0.0 * z + to_float(j); });
  });
  std::map<std::string, Values> given{{"x", {0.25}}};
  Expr r = rewrite({e}, {{x, x * x}})[0];
  CHECK(value(r, {{"x", {0.5}}}) == value(e, given));
  // Only the outer body, and only the inner.
  Expr outer = rewrite({e}, {{constant(1), constant(7)}})[0];
  Expr written = fold(3, 0.0, [&](Expr i, Expr c) {
    Expr z = normal(), scale = to_float(i) + 7.0;
    return fold(2, c, [&](Expr j, Expr d) { return d + scale * x * normal() + 0.0 * z + to_float(j); });
  });
  CHECK(value(outer, given) == value(written, given));
  Expr quiet = rewrite({e}, [](const Expr& node, const std::vector<Expr>&) -> std::optional<Expr> {
    if (node->op == Op::Normal) return 0.0 * node;
    return std::nullopt;
  })[0];
  CHECK(value(quiet, given) == 3);
}

TEST_CASE("rewriting deep nests of loops takes little more than making them") {
  Expr x = number("x");
  std::function<Expr(int, Expr)> nest = [&](int depth, Expr c) {
    if (depth == 0) return c + x;
    return fold(1, c, [&](Expr, Expr d) { return nest(depth - 1, d) + to_float(integer(depth)); });
  };
  Expr e = nest(40, constant(0));
  CHECK(value(rewrite({e}, {{x, 2.0 * x}})[0], {{"x", {3}}}) == 6 + 820);
}

TEST_CASE("a loop inside a body that is made anew is shared if it lies outside") {
  Expr x = number("x"), inner = walk(2, 1);
  Expr e = fold(3, 0.0, [&](Expr, Expr c) { return c + x * inner; });
  Expr r = rewrite({e + inner}, {{x, constant(2)}})[0];
  CHECK(number_draws(schedule({r})).size() == 1);
  CHECK(value(r) == Approx(7 * value(inner)).epsilon(1e-14));
}

TEST_CASE("a loop made anew with the values of another lies inside it") {
  Expr x = number("x");
  Expr series = fold(
      3, 0.0, [&](Expr k, Expr c) { return c + x * fold(2, 0.0, [&](Expr, Expr d) { return d + to_float(k) + x; }); });
  Expr e = fold(2, 1.0, [&](Expr, Expr c) {
    return fold(1, c, [&](Expr, Expr d) { return rewrite({series}, {{x, d + c}})[0]; });
  });
  auto written = [](double v) { return v * (6 * v + 6); };  // Sum over k of v (2 k + 2 v).
  CHECK(value(series, {{"x", {2}}}) == written(2));
  CHECK(value(e) == written(2 * written(2)));
}

TEST_CASE("messages: rewriting") {
  Expr x = number("x"), i = parameter("i", Type::i32, {});
  Expr e = exp(x) + 1.0;
  std::string place = fmt::format("{}:{}: ", __FILE__, __LINE__ - 1);
  std::string rule = "; a replacement must have the type and shape of what it replaces";
  CHECK(message_of([&] { rewrite({e}, {{exp(x), splat(x, {3})}}); }) ==
        place + "rewrite puts f32 [3] in the place of this 'exp', which is f32 []" + rule);
  CHECK(message_of([&] { rewrite({e}, {{exp(x), i}}); }) ==
        place + "rewrite puts i32 [] in the place of this 'exp', which is f32 []" + rule);
}
