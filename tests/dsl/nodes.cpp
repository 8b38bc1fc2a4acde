// Every node kind against values worked out by hand, with its edge cases.
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/schedule.h>

using namespace catenary;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
constexpr double lowest = -2147483648.0, highest = 2147483647.0;

struct Case {
  Op op;
  Expr expression;
  Values expected;
  std::map<std::string, Values> given = {};
};

// Equal, or equal to the last few bits where std::exp and its like are involved; NaN equals NaN; zeros have a sign.
bool agrees(double got, double expected) {
  if (std::isnan(expected)) return std::isnan(got);
  if (expected == 0) return got == 0 && std::signbit(got) == std::signbit(expected);
  return std::abs(got - expected) <= 4e-16 * std::abs(expected) || got == expected;
}

void check(const Case& c) {
  Values got = evaluate({c.expression}, c.given)[0];
  INFO(fmt::format("{}: got {}, expected {}\n{}", name_of(c.op), got, c.expected, to_string(c.expression)));
  REQUIRE(got.size() == c.expected.size());
  for (size_t i = 0; i < got.size(); ++i) CHECK(agrees(got[i], c.expected[i]));
}

void collect(const Schedule& s, std::set<Op>& ops) {
  for (const Node* n : s.nodes) ops.insert(n->op);
  for (const auto& [n, body] : s.bodies) collect(body, ops);
  for (const auto& [n, condition] : s.conditions) collect(condition, ops);
}

Expr floats(Values v) { return constant(v, {int64_t(v.size())}); }
Expr ints(Values v) { return constant(v, {int64_t(v.size())}, Type::i32); }
Expr flags(Values v) { return ints(v) > 0; }
Expr integer(double v) { return constant(v, Type::i32); }

// Functions of one and of two floats, elementwise over tables that go in as parameters: a compiler cannot fold them.
Case one(Op op, Expr (*f)(Operand), Values x, Values expected) {
  Expr in = parameter("x", Type::f32, {int64_t(x.size())});
  return {op, f(in), std::move(expected), {{"x", x}}};
}
Case two(Op op, Expr (*f)(Operand, Operand), Type type, Values x, Values y, Values expected) {
  Shape shape{int64_t(x.size())};
  Expr a = parameter("x", type, shape), b = parameter("y", type, shape);
  return {op, f(a, b), std::move(expected), {{"x", x}, {"y", y}}};
}
Case two(Op op, Expr (*f)(Operand, Operand), Values x, Values y, Values expected) {
  return two(op, f, Type::f32, std::move(x), std::move(y), std::move(expected));
}
Case whole(Op op, Expr (*f)(Operand, Operand), Values x, Values y, Values expected) {
  return two(op, f, Type::i32, std::move(x), std::move(y), std::move(expected));
}

std::vector<Case> leaves() {
  Expr p = parameter("p", Type::f32, {2}), number = parameter("n", Type::i32, {});
  return {
      {Op::Constant, constant(0.1), {double(0.1f)}},
      {Op::Constant, floats({1, -0.0, inf, nan}), {1, -0.0, inf, nan}},
      {Op::Constant, splat(2.5, {3}), {2.5, 2.5, 2.5}},
      {Op::Constant, integer(4294967295.0), {-1}},
      {Op::Constant, integer(lowest), {lowest}},
      {Op::Parameter, p, {3, 0.1}, {{"p", {3, 0.1}}}},
      {Op::Parameter, number, {-7}, {{"n", {-7}}}},
      {Op::Bound, fold(4, integer(10), [](Expr trip, Expr c) { return c + trip; }), {16}},
  };
}

// Words 0, 1, ... of the streams at (seed 0, step 0, component 0, forward, point 0), from a Philox written apart from
// this one.
std::vector<Case> draws() {
  return {
      {Op::Bits, bits({5}), {1299916284, -681647375, 649863063, -967999204, -2038014926}},
      {Op::Uniform, uniform({2}), {0.3026602864265442, 0.8412915468215942}},
      {Op::Normal, normal({3}), {-0.519328890264545, -0.15046263912591554, 0.3951405154251811}},
  };
}

std::vector<Case> elementary() {
  double tiny = 1e-10;
  return {
      one(Op::Neg, [](Operand x) { return -x; }, {2.5, 0, -0.0, inf, nan}, {-2.5, -0.0, 0, -inf, nan}),
      one(Op::Abs, abs, {-2.5, -0.0, -inf, nan, 3}, {2.5, 0, inf, nan, 3}),
      one(Op::Floor, floor, {-0.5, 2, 2.9, -0.0, -inf, nan, -3}, {-1, 2, 2, -0.0, -inf, nan, -3}),
      one(Op::Sqrt, sqrt, {4, 0, -0.0, -1, inf, 1e-40}, {2, 0, -0.0, nan, inf, 1e-20}),
      one(Op::Exp, exp, {0, 1, -1, inf, -inf, nan}, {1, 2.718281828459045, 0.36787944117144233, inf, 0, nan}),
      one(Op::Expm1, expm1, {tiny, 0, -0.0, -inf, inf, 1}, {1.00000000005e-10, 0, -0.0, -1, inf, 1.718281828459045}),
      one(Op::Log, log, {1, 0, -0.0, -1, inf, nan, 10}, {0, -inf, -inf, nan, inf, nan, 2.302585092994046}),
      one(Op::Log1p, log1p, {tiny, 0, -1, -2, inf, 1}, {9.9999999995e-11, 0, -inf, nan, inf, 0.6931471805599453}),
      one(Op::Sin, sin, {0, -0.0, 1, 0x1p30, -0x1p30, inf, nan}, {0, -0.0, 0.8414709848078965, nan, nan, nan, nan}),
      one(Op::Sin, sin, {1073741760}, {-0.9656948568117218}),
      one(Op::Cos, cos, {0, 1, 0x1p30, -inf, nan}, {1, 0.5403023058681398, nan, nan, nan}),
      two(Op::Add, operator+, {1, inf, -0.0, nan}, {2, -inf, -0.0, 1}, {3, nan, -0.0, nan}),
      two(Op::Sub, operator-, {1, inf, 0}, {2, inf, 0}, {-1, nan, 0}),
      two(Op::Mul, operator*, {3, 0, -0.0, 1e300}, {2, inf, 5, 1e300}, {6, nan, -0.0, inf}),
      two(Op::Div, operator/, {1, 1, -1, 0, 1}, {2, 0, 0, 0, inf}, {0.5, inf, -inf, nan, 0}),
      two(Op::Min, min, {1, nan, 1, -inf, 0, -0.0}, {2, 1, nan, inf, -0.0, 0}, {1, nan, nan, -inf, -0.0, -0.0}),
      two(Op::Max, max, {1, nan, 1, -inf, 0, -0.0}, {2, 1, nan, inf, -0.0, 0}, {2, nan, nan, inf, 0, 0}),
      two(Op::Atan2, atan2, {0, -0.0, 0, 1, -1, 1, nan, inf}, {-1, -1, 1, 0, 0, 1, 1, inf},
          {3.141592653589793, -3.141592653589793, 0, 1.5707963267948966, -1.5707963267948966, 0.7853981633974483, nan,
           0.7853981633974483}),
      {Op::Fma, fma(floats({2, inf, 3}), floats({3, 0, 0x1p-24}), floats({4, 1, -0.0})), {10, nan, 3 * 0x1p-24}},
  };
}

std::vector<Case> integers() {
  return {
      whole(Op::Add, operator+, {highest, -1, lowest}, {1, 1, -1}, {lowest, 0, highest}),
      whole(Op::Sub, operator-, {lowest, 0, 5}, {1, lowest, 7}, {highest, lowest, -2}),
      whole(Op::Mul, operator*, {65536, 123456789, -3, lowest}, {65536, 987654321, 7, -1}, {0, -67153019, -21, lowest}),
      whole(Op::Min, min, {-1, lowest}, {1, highest}, {-1, lowest}),
      whole(Op::Max, max, {-1, lowest}, {1, highest}, {1, highest}),
      whole(Op::MulHigh, multiply_high, {-1, lowest, 65536, -1}, {-1, 2, 65536, 10}, {-2, 1, 1, 9}),
      whole(Op::And, operator&, {12, -1}, {10, 7}, {8, 7}),
      whole(Op::Or, operator|, {12, lowest}, {10, 7}, {14, -2147483641}),
      whole(Op::Xor, operator^, {12, -1}, {10, lowest}, {6, highest}),
      whole(Op::Shl, operator<<, {1, 1, 1, 3, -1}, {31, 32, -1, 31, 4}, {lowest, 0, 0, lowest, -16}),
      whole(Op::Shr, operator>>, {-1, lowest, -1, -1, 8}, {28, 31, 32, -1, 0}, {15, 1, 0, 0, 8}),
      whole(Op::Less, operator<, {-1, 1, 1}, {1, -1, 1}, {1, 0, 0}),
      whole(Op::LessEqual, operator<=, {-1, 1, 1}, {1, -1, 1}, {1, 0, 1}),
      whole(Op::Equal, equal, {-1, 3}, {1, 3}, {0, 1}),
      whole(Op::Below, below, {1, -1, 5, lowest}, {-1, 1, 5, highest}, {1, 0, 0, 0}),
      {Op::Sub, -ints({lowest, 3}), {lowest, -3}},
  };
}

std::vector<Case> choices() {
  Expr c = flags({1, 0, 1}), d = flags({1, 1, 0});
  return {
      two(Op::Less, operator<, {1, 2, nan, -0.0}, {2, 1, 1, 0}, {1, 0, 0, 0}),
      two(Op::LessEqual, operator<=, {1, 1, nan, -0.0}, {2, 1, nan, 0}, {1, 1, 0, 1}),
      two(Op::Less, operator>, {1, 2, nan}, {2, 1, 1}, {0, 1, 0}),
      two(Op::LessEqual, operator>=, {1, 1, nan}, {2, 1, 1}, {0, 1, 0}),
      two(Op::Equal, equal, {1, -0.0, nan, inf}, {1, 0, nan, inf}, {1, 1, 0, 1}),
      {Op::And, c && d, {1, 0, 0}},
      {Op::Or, c || d, {1, 1, 1}},
      {Op::Xor, c ^ d, {0, 1, 1}},
      {Op::Not, !c, {0, 1, 0}},
      {Op::Select, select(c, floats({1, 2, 3}), nan), {1, nan, 3}},
      {Op::Select, select(c, nan, floats({1, 2, 3})), {nan, 2, nan}},
      {Op::Select, select(constant(1) < 2.0, floats({1, 2}), floats({3, 4})), {1, 2}},
      {Op::Select, select(c, ints({1, 2, 3}), 9), {1, 9, 3}},
      {Op::Select, select(c, d, !d), {1, 0, 0}},
      {Op::ToFloat, to_float(ints({-3, highest})), {-3, highest}},
      {Op::ToFloat, to_float(c), {1, 0, 1}},
      {Op::ToInt,
       to_int(floats({2.9, -2.9, -0.5, nan, 1e10, -1e10, inf, 2147483520})),
       {2, -2, 0, 0, highest, lowest, highest, 2147483520}},
      {Op::ToInt, to_int(c), {1, 0, 1}},
      {Op::ToBits,
       to_bits(floats({1, -2, 0, -0.0, inf, 0x1p-149})),
       {0x3f800000, -0x40000000, 0, lowest, 0x7f800000, 1}},
      {Op::FromBits, from_bits(ints({0x3f800000, -0x40000000, lowest, 0x7f800000, 1})), {1, -2, -0.0, inf, 0x1p-149}},
  };
}

std::vector<Case> shapes() {
  Expr matrix = constant({1, 2, 3, 4, 5, 6}, {2, 3}), number = parameter("n", Type::f32, {}), row = floats({7, 8, 9});
  Expr table = floats({10, 20, 30});
  auto entry = [&](double i) { return Case{Op::At, at(table, integer(i)), {std::clamp(i, 0.0, 2.0) * 10 + 10}}; };
  return {
      {Op::Splat, splat(number, {2, 2}), {4, 4, 4, 4}, {{"n", {4}}}},
      {Op::Splat, floats({1, 2}) + number, {5, 6}, {{"n", {4}}}},
      {Op::Slice, slice(row, 1, 2), {8, 9}},
      {Op::Slice, slice(matrix, 1, 1), {4, 5, 6}},
      {Op::Slice, index(matrix, 0), {1, 2, 3}},
      {Op::Reshape, reshape(matrix, {3, 2}), {1, 2, 3, 4, 5, 6}},
      {Op::Transpose, transpose(matrix), {1, 4, 2, 5, 3, 6}},
      {Op::Concat, concat({matrix, constant({0, 0, 1}, {1, 3})}), {1, 2, 3, 4, 5, 6, 0, 0, 1}},
      {Op::Concat, stack({row, row}), {7, 8, 9, 7, 8, 9}},
      {Op::Concat, stack({integer(1), 2, 3}), {1, 2, 3}},
      entry(0),
      entry(2),
      entry(3),
      entry(-1),
      entry(highest),
      entry(lowest),
      {Op::At, at(parameter("p", Type::i32, {2}), 1), {6}, {{"p", {5, 6}}}},
      {Op::At, dynamic_slice(table, integer(1), 2), {20, 30}},
      {Op::At, dynamic_slice(table, integer(highest), 2), {20, 30}},
      {Op::At, dynamic_slice(table, integer(lowest), 2), {10, 20}},
      {Op::At, dynamic_slice(table, 2, 3), {10, 20, 30}},
      {Op::At, dynamic_slice(parameter("p", Type::i32, {2}), 1, 1), {6}, {{"p", {5, 6}}}},
      {Op::Sum, sum(matrix), {21}},
      {Op::Sum, sum(floats({inf, -inf})), {nan}},
      {Op::Sum, sum(floats({-0.0, -0.0})), {-0.0}},
      {Op::Sum, sum(ints({highest, 1, 1})), {lowest + 1}},
      {Op::MinOf, min_of(matrix), {1}},
      {Op::MinOf, min_of(floats({1, nan, -2})), {nan}},
      {Op::MinOf, min_of(ints({3, lowest})), {lowest}},
      {Op::MaxOf, max_of(matrix), {6}},
      {Op::MaxOf, max_of(floats({nan, 1})), {nan}},
      {Op::MaxOf, max_of(ints({-3, -2})), {-2}},
      {Op::Dot, dot(row, floats({1, 0, -1})), {-2}},
      {Op::Dot, dot(matrix, matrix), {91}},
      {Op::MatMul, matmul(matrix, row), {50, 122}},
      {Op::MatMul, matmul(matrix, transpose(matrix)), {14, 32, 32, 77}},
      {Op::MatMul, matmul(constant({1, 2}, {2, 1}), constant({3, 4, 5}, {1, 3})), {3, 4, 5, 6, 8, 10}},
  };
}

std::vector<Case> loops() {
  auto fibonacci = [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[1], c[0] + c[1]}; };
  auto few = fold(10, {integer(0), integer(1)}, fibonacci);
  auto none = fold(0, {integer(3), integer(4)}, fibonacci);
  Expr n = parameter("n", Type::f32, {});
  auto halve = loop_while(
      {n, integer(0)}, [](const std::vector<Expr>& c) { return c[0] >= 1.0; },
      [](Expr trip, const std::vector<Expr>& c) { return std::vector<Expr>{0.5 * c[0], trip + 1}; });
  auto endless = loop_while(
      {integer(0)}, [](const std::vector<Expr>& c) { return c[0] >= 0; },
      [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[0] + 1}; });
  return {
      {Op::Fold, few[0], {55}},
      {Op::Item, few[1], {89}},
      {Op::Fold, none[0], {3}},
      {Op::Item, none[1], {4}},
      {Op::While, halve[0], {0.625}, {{"n", {10}}}},
      {Op::Item, halve[1], {4}, {{"n", {10}}}},
      {Op::While, halve[1], {0}, {{"n", {0.5}}}},
      {Op::While, halve[0], {nan}, {{"n", {nan}}}},
      {Op::While, endless[0], {65536}},
  };
}

}  // namespace

TEST_CASE("every node kind has the value worked out by hand") {
  std::set<Op> tried;
  for (const auto& group : {leaves(), draws(), elementary(), integers(), choices(), shapes(), loops()})
    for (const Case& c : group) {
      check(c);
      std::set<Op> used;
      collect(schedule({c.expression}), used);
      INFO(fmt::format("a case for {} that does not use it", name_of(c.op)));
      CHECK(used.count(c.op) == 1);
      tried.insert(c.op);
    }
#define CATENARY_OP(kind, text, arity, family) \
  {                                            \
    INFO("no case for node kind " << text);    \
    CHECK(tried.count(Op::kind) == 1);         \
  }
#include <catenary/dsl/ops.def>
#undef CATENARY_OP
}

TEST_CASE("functions composed of nodes are accurate where the plain formula is not") {
  auto value = [](const Expr& e) { return evaluate({e}, {})[0][0]; };
  auto x = [](double v) { return parameter("x", Type::f32, {}) * 0.0 + constant(std::vector<double>{v}, {1}); };
  auto near = [&](Expr e, double expected) {
    double got = evaluate({e}, {{"x", {0}}})[0][0];
    INFO(fmt::format("got {}, expected {}", got, expected));
    CHECK(std::abs(got - expected) <= 1e-14 * std::abs(expected));
  };
  near(tan(x(0.5)), std::tan(0.5));
  near(asin(x(0.5)), std::asin(0.5));
  near(asin(x(0x1p-40)), 0x1p-40);
  near(asin(x(-1)), -std::acos(0.0));
  near(acos(x(0.5)), std::acos(0.5));
  near(acos(x(1 - 0x1p-20)), std::acos(1 - 0x1p-20));
  near(acos(x(-1)), std::acos(-1.0));
  near(atan(x(3)), std::atan(3.0));
  for (double v : {-3.0, -0x1p-30, 0x1p-30, 0.5, 3.0, 40.0, 80.0}) {
    near(sinh(x(v)), std::sinh(v));
    near(cosh(x(v)), std::cosh(v));
    near(tanh(x(v)), std::tanh(v));
    near(asinh(x(v)), std::asinh(v));
  }
  near(asinh(x(-0x1p100)), std::asinh(-0x1p100));
  near(asinh(x(1e9)), std::asinh(1e9));
  // x / 3 - x^3 / 45 + ... near 0.
  near(langevin(x(0)), 0);
  near(langevin(x(-0x1p-16)), -(0x1p-16 / 3 - 0x1p-48 / 45));
  near(langevin(x(0.25)), 0.0829881650735965683);
  near(langevin(x(1)), 1 / std::tanh(1.0) - 1);
  near(langevin(x(-2)), 0.5 - 1 / std::tanh(2.0));
  near(langevin(x(40)), 1 - 1 / 40.0);
  near(pow(x(2), 0.5), std::sqrt(2.0));
  near(square(x(-3)), 9);
  near(sinc(x(0)), 1);
  near(sinc(x(0x1p-20)), std::sin(0x1p-20) / 0x1p-20);
  near(sinc(x(2)), std::sin(2.0) / 2);
  for (double a : {1e-6, 0.1, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.125, -3.0}) {
    auto got = evaluate({sinc_within_pi(x(a)), cos_within_pi(x(a))}, {{"x", {0}}});
    CHECK(std::abs(got[0][0] - std::sin(a) / a) < 2e-8);
    CHECK(std::abs(got[1][0] - std::cos(a)) < 2e-8);
  }
  CHECK(value(norm(floats({3, 4}))) == 5);
  CHECK(evaluate({cross(floats({1, 2, 3}), floats({4, 5, 6}))}, {})[0] == Values{-3, 6, -3});
}
