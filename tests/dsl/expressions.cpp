// Handles, interning and the typing of nodes.
#include <thread>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/expr.h>

using namespace catenary;

namespace {

Expr number(const char* name) { return parameter(name, Type::f32, {}); }

}  // namespace

TEST_CASE("equal expressions share one node") {
  Expr x = number("x"), y = number("y");
  CHECK(same(x, number("x")));
  CHECK_FALSE(same(x, y));
  CHECK_FALSE(same(x, parameter("x", Type::i32, {})));
  CHECK_FALSE(same(x, parameter("x", Type::f32, {1})));
  CHECK(same(x + y, x + y));
  CHECK_FALSE(same(x + y, y + x));
  CHECK_FALSE(same(x + y, x - y));
  CHECK(same(exp(x) * 2.0, exp(number("x")) * 2));
  CHECK_FALSE(same(constant(0.0), constant(-0.0)));
  CHECK(same(constant(std::nan("")), constant(std::nan(""))));
  CHECK_FALSE(same(constant(1), constant(1, Type::i32)));
  CHECK(same(slice(constant({1, 2, 3}, {3}), 0, 2), slice(constant({1, 2, 3}, {3}), 0, 2)));
  CHECK_FALSE(same(slice(constant({1, 2, 3}, {3}), 0, 2), slice(constant({1, 2, 3}, {3}), 1, 2)));
}

TEST_CASE("every draw and every loop is its own") {
  CHECK_FALSE(same(normal(), normal()));
  CHECK_FALSE(same(bits(), bits()));
  CHECK_FALSE(same(catenary::uniform(), catenary::uniform()));
  auto count = [] { return fold(3, 0.0, [](Expr, Expr c) { return c + 1.0; }); };
  CHECK_FALSE(same(count(), count()));
}

TEST_CASE("a node lives as long as a handle to it or to what is made of it") {
  auto expression = [] { return number("kept") + 1.0; };
  Expr e = expression();
  const Node* sum = e.get();
  Expr twice = e * 2.0;
  e = number("other");
  CHECK(expression().get() == sum);
  CHECK(evaluate({twice}, {{"kept", {2}}})[0] == Values{6});
  twice = e;
  CHECK(evaluate({expression()}, {{"kept", {3}}})[0] == Values{4});
}

TEST_CASE("numbers take the type and shape of what stands beside them") {
  Expr i = parameter("i", Type::i32, {2}), v = parameter("v", Type::f32, {2});
  CHECK((i + 1).type() == Type::i32);
  CHECK((1 + i).shape() == Shape{2});
  CHECK((v * 2).type() == Type::f32);
  CHECK((2 * v).shape() == Shape{2});
  CHECK(same(v * 2, v * splat(2.0, {2})));
  CHECK((number("x") * v).shape() == Shape{2});
  CHECK((i < 3).type() == Type::boolean);
  // What is not 0 is true.
  CHECK(same(constant({2, 0, 0.5}, {3}, Type::boolean), constant({1, 0, 1}, {3}, Type::boolean)));
  CHECK(select(i < 3, 1.0, 0.0).shape() == Shape{2});
  CHECK(select(number("x") < 0.0, v, 0.0).shape() == Shape{2});
  CHECK(same(i & 4294967295.0, i & -1));
  CHECK(stack({number("x"), 1.0}).shape() == Shape{2});
  CHECK(stack({v, v}).shape() == Shape{2, 2});
  CHECK(matmul(constant(std::vector<double>(6), {3, 2}), v).shape() == Shape{3});
  CHECK(index(constant(std::vector<double>(6), {3, 2}), 2).shape() == Shape{2});
  CHECK(same(to_float(v), v));
  CHECK(same(to_int(i), i));
  CHECK(same(reshape(v, {2}), v));
}

TEST_CASE("an expression prints one node a line") {
  Expr x = number("x");
  CHECK(to_string(exp(x) + exp(x)) == "%0 = parameter x : f32 []\n%1 = exp %0 : f32 []\n%2 = add %1 %1 : f32 []\n");
}

TEST_CASE("threads may build expressions at once") {
  auto build = [](double& result) {
    for (int round = 0; round < 200; ++round) {
      Expr e = parameter("shared", Type::f32, {});
      for (int i = 0; i < 20; ++i) e = sin(e) * double(i) + 1.0;
      result = evaluate({e}, {{"shared", {0.5}}})[0][0];
    }
  };
  double a = 0, b = 1;
  std::thread other(build, std::ref(a));
  build(b);
  other.join();
  CHECK(a == b);
}
