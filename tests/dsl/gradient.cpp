// The gradient of every node kind against central differences, and where differences say nothing.
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/gradient.h>
#include <catenary/dsl/schedule.h>
#include <catenary/stdlib/jump.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/sphere.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// A number made of x: weighted, so that no two elements count alike.
Expr weighted(const Expr& e) {
  if (e.shape().empty()) return e;
  Values weights;
  for (int64_t i = 0; i < element_count(e.shape()); ++i) weights.push_back(1.5 + 0.5 * double(i));
  return dot(e, constant(weights, e.shape()));
}

struct Case {
  Op op;
  Expr x;
  Expr f;
  Values at;
};

Case one(Op op, const std::function<Expr(Expr)>& f, Values at, Shape shape) {
  Expr x = parameter("x", Type::f32, std::move(shape));
  return {op, x, weighted(f(x)), std::move(at)};
}
Case one(Op op, const std::function<Expr(Expr)>& f, Values at) {
  Shape shape{int64_t(at.size())};
  return one(op, f, std::move(at), std::move(shape));
}
// The first half of x against the second.
Case two(Op op, const std::function<Expr(Expr, Expr)>& f, Values at) {
  int64_t half = int64_t(at.size()) / 2;
  return one(op, [&](const Expr& x) { return f(slice(x, 0, half), slice(x, half, half)); }, std::move(at));
}
// x times what depends on x through integers or booleans alone: its derivative is 0.
Case flat(Op op, const std::function<Expr(Expr)>& f) {
  return one(op, [&](const Expr& x) { return x * to_float(f(x)); }, {-2.3, 0.4, 1.7, 3.2});
}
Case flat(Op op, const std::function<Expr(Expr, Expr)>& f) {
  return flat(op, [&](const Expr& x) { return f(to_int(x), to_int(2.0 * x)); });
}

Values differences(const Case& c) {
  Evaluator value({c.f});
  Values result;
  for (size_t i = 0; i < c.at.size(); ++i) {
    double h = 1e-5;
    Values up = c.at, down = c.at;
    up[i] += h;
    down[i] -= h;
    result.push_back((value({{"x", up}})[0][0] - value({{"x", down}})[0][0]) / (2 * h));
  }
  return result;
}

std::vector<Case> elementwise() {
  return {
      one(Op::Neg, [](Expr x) { return -x; }, {0.5, -2}),
      one(Op::Abs, [](Expr x) { return abs(x); }, {0.5, -2}),
      one(Op::Floor, [](Expr x) { return x * floor(x); }, {0.5, -2.5}),
      one(Op::Sqrt, [](Expr x) { return sqrt(x); }, {0.5, 2}),
      one(Op::Exp, [](Expr x) { return exp(x); }, {0.5, -2}),
      one(Op::Expm1, [](Expr x) { return expm1(x); }, {0.5, -2}),
      one(Op::Log, [](Expr x) { return log(x); }, {0.5, 2}),
      one(Op::Log1p, [](Expr x) { return log1p(x); }, {0.5, -0.5}),
      one(Op::Sin, [](Expr x) { return sin(x); }, {0.5, -2}),
      one(Op::Cos, [](Expr x) { return cos(x); }, {0.5, -2}),
      two(Op::Add, [](Expr x, Expr y) { return x + y; }, {0.5, -2, 3, 4}),
      two(Op::Sub, [](Expr x, Expr y) { return x - y; }, {0.5, -2, 3, 4}),
      two(Op::Mul, [](Expr x, Expr y) { return x * y; }, {0.5, -2, 3, 4}),
      two(Op::Div, [](Expr x, Expr y) { return x / y; }, {0.5, -2, 3, -4}),
      two(Op::Min, [](Expr x, Expr y) { return min(x, y); }, {0.5, 5, 3, 4}),
      two(Op::Max, [](Expr x, Expr y) { return max(x, y); }, {0.5, 5, 3, 4}),
      two(Op::Atan2, [](Expr y, Expr x) { return atan2(y, x); }, {0.5, -1, 1, -2, 1, 2, -3, 0.1}),
      two(Op::Fma, [](Expr x, Expr y) { return fma(x, y, x * x); }, {0.5, -2, 3, 4}),
      two(Op::Select, [](Expr x, Expr y) { return select(x < y, x * y, y); }, {0.5, 5, 3, 4}),
      // One node, many uses.
      one(Op::Mul, [](Expr x) { return square(square(x)) + x * sin(x); }, {0.5, -2}),
  };
}

std::vector<Case> shapes() {
  auto run = [](double first) {
    return [first](Expr x) { return square(dynamic_slice(x, constant(first, Type::i32), 2)); };
  };
  auto entry = [](double at) { return [at](Expr x) { return square(catenary::at(x, constant(at, Type::i32))); }; };
  Values six{0.5, -2, 3, 1, 4, -0.7};
  return {
      one(Op::Splat, [](Expr x) { return splat(x, {3}); }, {0.5}, {}),
      one(Op::Slice, [](Expr x) { return square(slice(x, 1, 2)); }, {0.5, -2, 3, 4}),
      one(Op::Slice, [](Expr x) { return square(slice(x, 0, 1)); }, six, {2, 3}),
      one(Op::Slice, [](Expr x) { return square(index(x, 1)); }, six, {2, 3}),
      one(Op::Reshape, [](Expr x) { return square(reshape(x, {3, 2})); }, six, {2, 3}),
      one(Op::Transpose, [](Expr x) { return square(transpose(x)); }, six, {2, 3}),
      one(Op::Concat, [](Expr x) { return square(concat({slice(x, 2, 2), constant({1}, {1}), x})); }, {1, 2, 3, 4}),
      one(Op::At, entry(1), {0.5, -2, 3}),
      one(Op::At, entry(-4), {0.5, -2, 3}),
      one(Op::At, entry(7), {0.5, -2, 3}),
      one(Op::At, run(1), {0.5, -2, 3, 1.5}),
      one(Op::At, run(7), {0.5, -2, 3}),
      one(Op::Sum, [](Expr x) { return square(sum(x)); }, six, {2, 3}),
      one(Op::MinOf, [](Expr x) { return square(min_of(x)); }, six, {2, 3}),
      one(Op::MaxOf, [](Expr x) { return square(max_of(x)); }, six, {2, 3}),
      two(
          Op::Dot, [](Expr x, Expr y) { return dot(x, y); }, six),
      one(Op::Dot, [](Expr x) { return dot(x, x); }, six, {2, 3}),
      one(Op::MatMul, [](Expr x) { return matmul(x, transpose(x)); }, six, {2, 3}),
      one(
          Op::MatMul, [](Expr x) { return matmul(reshape(slice(x, 0, 4), {2, 2}), slice(x, 4, 2)); }, six),
  };
}

std::vector<Case> without_slope() {
  auto flags = [](Expr x) { return x > 1.0; };
  return {
      flat(Op::ToInt, [](Expr x) { return to_int(x); }),
      flat(Op::ToBits, [](Expr x) { return to_bits(x) >> 30; }),
      flat(Op::FromBits, [](Expr x) { return from_bits(0x3f000000 + (to_int(x) & 0xffff)); }),
      flat(Op::ToFloat, flags),
      flat(Op::Not, [&](Expr x) { return !flags(x); }),
      flat(Op::Less, [](Expr x) { return x < 1.0; }),
      flat(Op::LessEqual, [](Expr x) { return x <= 1.0; }),
      flat(Op::Equal, [](Expr x) { return equal(floor(x), 1.0); }),
      flat(Op::Below, [](Expr a, Expr b) { return below(a, b); }),
      flat(Op::MulHigh, [](Expr a, Expr b) { return multiply_high(a, b); }),
      flat(Op::And, [](Expr a, Expr b) { return a & b; }),
      flat(Op::Or, [](Expr a, Expr b) { return a | b; }),
      flat(Op::Xor, [](Expr a, Expr b) { return a ^ b; }),
      flat(Op::Shl, [](Expr a, Expr b) { return a << b; }),
      flat(Op::Shr, [](Expr a, Expr b) { return a >> b; }),
  };
}

std::vector<Case> around() {
  Expr x = parameter("x", Type::f32, {2});
  auto series = fold(4, {0.0, 1.0}, [](Expr trip, const std::vector<Expr>& c) {
    return std::vector<Expr>{c[0] + c[1], c[1] * to_float(trip + 1)};
  });
  Expr halved = loop_while(
      {10.0}, [](const std::vector<Expr>& c) { return c[0] > 1.0; },
      [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{0.5 * c[0]}; })[0];
  // A loop that counts by x, and gives an integer.
  Expr count = loop_while(
      {constant(0, Type::i32)}, [&](const std::vector<Expr>& c) { return to_float(c[0]) < 4.0 * index(x, 0); },
      [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[0] + 1}; })[0];
  auto times = [&](Op op, const Expr& e) { return Case{op, x, weighted(e * square(x)), {0.3, -2}}; };
  return {
      times(Op::Constant, constant(3)),
      times(Op::Parameter, x),
      times(Op::Normal, normal()),
      times(Op::Uniform, uniform({2})),
      times(Op::Bits, to_float(bits() & 7)),
      times(Op::Fold, series[0]),
      times(Op::Item, series[1]),
      times(Op::While, halved),
      times(Op::While, to_float(count)),
  };
}

// Inside a loop's body: there x is a bound variable.
Case bound() {
  Expr x = parameter("x", Type::f32, {2});
  Expr slope = fold(2, 0.0, [&](Expr trip, Expr c) {
    Expr f = exp(0.5 * c) + square(c);
    return c + 0.1 * gradient(f, c) + to_float(trip);
  });
  return {Op::Bound, x, weighted(slope * x), {0.3, -2}};
}

void check(const Case& c) {
  Values got = evaluate({gradient(c.f, c.x)}, {{"x", c.at}})[0], expected = differences(c);
  INFO(fmt::format("{}: got {}, differences {}\n{}", name_of(c.op), got, expected, to_string(c.f)));
  REQUIRE(got.size() == expected.size());
  for (size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] - expected[i]) <= 1e-8 * (1 + std::abs(expected[i])));
}

void collect(const Schedule& s, std::set<Op>& ops) {
  for (const Node* n : s.nodes) ops.insert(n->op);
  for (const auto& [n, body] : s.bodies) collect(body, ops);
}

Values slope(const std::function<Expr(Expr)>& f, Values at) {
  Expr x = parameter("x", Type::f32, {int64_t(at.size())});
  return evaluate({gradient(f(x), x)}, {{"x", at}})[0];
}

}  // namespace

TEST_CASE("the gradient of every node kind agrees with central differences") {
  std::set<Op> tried;
  for (const auto& group : {elementwise(), shapes(), without_slope(), around(), {bound()}})
    for (const Case& c : group) {
      check(c);
      std::set<Op> used;
      collect(schedule({c.f}), used);
      INFO(fmt::format("a case for {} that does not use it", name_of(c.op)));
      CHECK(used.count(c.op) == 1);
      tried.insert(c.op);
    }
#define CATENARY_OP(kind, text, arity, family)       \
  {                                                  \
    INFO("no gradient case for node kind " << text); \
    CHECK(tried.count(Op::kind) == 1);               \
  }
#include <catenary/dsl/ops.def>
#undef CATENARY_OP
}

TEST_CASE("functions composed of nodes have their derivatives") {
  double v = 0.4;
  CHECK(slope([](Expr x) { return sum(tanh(x)); }, {v})[0] == Approx(1 - std::pow(std::tanh(v), 2)).epsilon(1e-13));
  CHECK(slope([](Expr x) { return sum(sinh(x)); }, {v})[0] == Approx(std::cosh(v)).epsilon(1e-13));
  CHECK(slope([](Expr x) { return sum(cosh(x)); }, {v})[0] == Approx(std::sinh(v)).epsilon(1e-13));
  CHECK(slope([](Expr x) { return sum(acos(x)); }, {v})[0] == Approx(-1 / std::sqrt(1 - v * v)).epsilon(1e-13));
  CHECK(slope([](Expr x) { return sum(sinc(x)); }, {0})[0] == 0);
}

TEST_CASE("a tie belongs to the first argument, and abs has no slope at 0") {
  auto first = [](Expr x) { return index(x, 0); };
  auto second = [](Expr x) { return index(x, 1); };
  CHECK(slope([&](Expr x) { return min(first(x), second(x)); }, {2, 2}) == Values{1, 0});
  CHECK(slope([&](Expr x) { return max(first(x), second(x)); }, {2, 2}) == Values{1, 0});
  CHECK(slope([](Expr x) { return min_of(x); }, {3, 2, 2}) == Values{0, 1, 0});
  CHECK(slope([](Expr x) { return max_of(x); }, {2, 3, 3}) == Values{0, 1, 0});
  CHECK(slope([](Expr x) { return sum(abs(x)); }, {0, -1}) == Values{0, -1});
}

TEST_CASE("the branch that is not taken adds nothing, whatever it holds") {
  auto unless_zero = [](const std::function<Expr(Expr)>& f) {
    return slope([&](Expr x) { return sum(select(equal(x, 0.0), 3.0 * x, f(x))); }, {0, 0.25});
  };
  auto derivative = [&](const std::function<Expr(Expr)>& f, double expected) {
    Values got = unless_zero(f);
    CHECK(got[0] == 3);
    CHECK(got[1] == Approx(expected).epsilon(1e-13));
  };
  derivative([](Expr x) { return sqrt(x); }, 1);
  derivative([](Expr x) { return log(x); }, 4);
  derivative([](Expr x) { return x * log(x); }, std::log(0.25) + 1);
  derivative([](Expr x) { return sin(1.0 / x); }, -16 * std::cos(4.0));
  derivative([](Expr x) { return exp(-1.0 / square(x)); }, std::exp(-16.0) * 2 * 64);
  derivative([](Expr x) { return atan2(x, x) + x; }, 1);
  derivative([](Expr x) { return max(sqrt(x), 0.25); }, 1);
  auto of_whole = [](const std::function<Expr(Expr)>& f) {
    return slope([&](Expr x) { return select(equal(index(x, 0), 0.0), sum(x), f(x)); }, {0, 2});
  };
  CHECK(of_whole([](Expr x) { return dot(1.0 / x, x / x); }) == Values{1, 1});
  CHECK(of_whole([](Expr x) { return sum(matmul(reshape(1.0 / x, {2, 1}), reshape(x / x, {1, 2}))); }) == Values{1, 1});
}

TEST_CASE("what f does not depend on has gradient 0, and an inner node is a variable like any other") {
  Expr x = parameter("x", Type::f32, {2}), y = parameter("y", Type::f32, {}), e = exp(x);
  CHECK(evaluate({gradient(square(y), x)}, {})[0] == Values{0, 0});
  CHECK(evaluate({gradient(sum(square(e)) + sum(x), e)}, {{"x", {0, 1}}})[0][1] == Approx(2 * std::exp(1.0)));
  CHECK(same(gradient(y, y), constant(1.0)));
}

TEST_CASE("a derivative is by the function's argument alone, element by element") {
  Expr x = parameter("x", Type::f32, {3}), number = parameter("number", Type::f32, {});
  std::map<std::string, Values> at{{"x", {0.5, 2, -1}}, {"number", {2}}};
  CHECK(evaluate({derivative([](Expr a) { return a * square(a); }, x)}, at)[0] == Values{0.75, 12, 3});
  CHECK(evaluate({derivative([&](Expr a) { return a * square(number); }, number)}, at)[0] == Values{4});
  auto twice = [&](Expr a) { return derivative([&](Expr b) { return a * square(b); }, a); };
  CHECK(evaluate({derivative(twice, number)}, at)[0] == Values{8});
}

TEST_CASE("a gradient of a gradient") {
  Expr x = parameter("x", Type::f32, {});
  Expr second = gradient(gradient(log(cosh(x)), x), x);
  CHECK(evaluate({second}, {{"x", {0.7}}})[0][0] == Approx(1 - std::pow(std::tanh(0.7), 2)).epsilon(1e-12));
}

TEST_CASE("the work of a gradient is a small multiple of the function's") {
  Expr x = parameter("x", Type::f32, {}), e = x;
  for (int i = 0; i < 200; ++i) e = e * e + sin(e);  // Written out, 4^200 terms.
  CHECK(schedule({gradient(e, x)}).nodes.size() < 6 * schedule({e}).nodes.size());
}

namespace {

// x_t is x_0 plus a normal; every answer but the density is of no interest.
struct Spread final : Process {
  explicit Spread(Kept<Space> space) : Process(std::move(space)) {}
  Expr prior(Expr) const override { return normal(space().point()); }
  Expr forward(Expr x0, Expr t) const override { return x0 + sqrt(t) * normal(space().point()); }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override { return -0.5 * dot(xt - x0, xt - x0) / t; }
};

struct Silent final : Process {
  explicit Silent(Kept<Space> space) : Process(std::move(space)) {}
  Expr prior(Expr) const override { return normal(space().point()); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
};

}  // namespace

TEST_CASE("a process's score is the gradient of its density at x_t, whatever x_0 is made of") {
  Spread process{Sphere()};
  Expr x0 = parameter("x0", Type::f32, {3}), xt = parameter("xt", Type::f32, {3}), t = parameter("t", Type::f32, {});
  std::map<std::string, Values> given{{"x0", {0.6, 0, 0.8}}, {"xt", {1, 0, 0}}, {"t", {0.5}}};
  auto near = [](const Values& got, const Values& expected) {
    for (size_t i = 0; i < 3; ++i) CHECK(got[i] == Approx(expected[i]).margin(1e-14));
  };
  near(evaluate({*process.score(x0, xt, t)}, given)[0], {0, 0, 1.6});
  near(evaluate({*process.score(0.5 * (x0 + xt), xt, t)}, given)[0], {0, 0, 0.8});
  Expr walked = fold(2, xt, [&](Expr, Expr x) { return x + 0.1 * *process.score(x0, x, t); });
  Expr written = xt + 0.1 * *process.score(x0, xt, t);
  written = written + 0.1 * *process.score(x0, written, t);
  near(evaluate({walked}, given)[0], evaluate({written}, given)[0]);
  CHECK(!Silent(Sphere()).score(x0, xt, t).has_value());
  CHECK(!Silent(Categorical(3)).score(x0, xt, t).has_value());
}

TEST_CASE("messages: gradients") {
  Expr x = parameter("x", Type::f32, {}), v = parameter("v", Type::f32, {3}), i = parameter("i", Type::i32, {});
  auto sentence = [](const std::function<void()>& act) {
    std::string message = message_of(act);
    return message.substr(message.rfind(".cpp:") + 5);
  };
  auto after_line = [&](const std::function<void()>& act) {
    std::string s = sentence(act);
    return s.substr(s.find(": ") + 2);
  };
  CHECK(after_line([&] { gradient(exp(v), v); }) ==
        "gradient takes an f32 number to differentiate; found f32 [3]; take its sum, or one element");
  CHECK(after_line([&] { gradient(i + 1, x); }) ==
        "gradient takes an f32 number to differentiate; found i32 []; take its sum, or one element");
  CHECK(after_line([&] { gradient(to_float(i), i); }) ==
        "gradient takes an f32 variable to differentiate by; found i32 []");
  auto sums = [&](int64_t trips) { return fold(trips, 0.0, [&](Expr, Expr c) { return c + x; }); };
  int line = __LINE__ - 1;
  std::string loops = fmt::format(
      "{}: the gradient leads through the values of this fold, and loops are not differentiated; write the sum out "
      "term "
      "by term, or give it yourself (override Process::score; give Loss a gradient)",
      line);
  CHECK(sentence([&] { gradient(square(sums(3)), x); }) == loops);
  CHECK(sentence([&] { gradient(fold(2, x, [](Expr, Expr c) { return c; }) * x, x); }).find("values of this fold") !=
        std::string::npos);
}
