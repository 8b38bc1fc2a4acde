// Every node kind: compiled code against the reference evaluator, at special values and at random ones.
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <set>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/schedule.h>
#include <catenary/tests/targets/device_bodies.h>
#include <catenary/tests/targets/ptx.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
constexpr int32_t lowest = std::numeric_limits<int32_t>::min(), highest = std::numeric_limits<int32_t>::max();

/// What a case computes on.
enum class Input { floats, integral, unit, words };

struct Case {
  Op op;
  std::string name;
  Input input;
  std::function<Expr(Expr x, Expr t)> result;
  double ulp = 0;       ///< The greatest error of an f32 result, in units in the last place of the evaluator's.
  double absolute = 0;  ///< The same as a distance.
  std::string sites = {};
};

Type type_of(Input input) { return input == Input::words ? Type::i32 : Type::f32; }
Shape shape_of(Input input) { return {input == Input::floats || input == Input::words ? 3 : 6}; }

struct Any final : Space {
  Any(Type type, Shape point) : Space("any", type, std::move(point)) {}
};

/// A process whose `step` to s = 0 is the result of a case: estimate and point may have any type and shape.
class Answer final : public Process {
 public:
  Answer(const Case& c, const Expr& sample)
      : Process(Any(sample.type(), sample.shape())),
        estimate_{"endpoint", shape_of(c.input), type_of(c.input)},
        result_(c.result) {}
  Expr prior(Expr) const override { return splat(constant(0, space().type()), space().point()); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
  std::vector<Estimate> estimates() const override { return {estimate_}; }
  Expr endpoint(const Estimate&, Expr estimate, Expr, Expr t) const override { return result_(estimate, t); }

 private:
  Estimate estimate_;
  std::function<Expr(Expr, Expr)> result_;
};

Expr result_of(const Case& c) {
  return c.result(parameter("x", type_of(c.input), shape_of(c.input)), parameter("t", Type::f32, {}));
}

// ---- the cases ----------------------------------------------------------------------------------

using Unary = Expr (*)(Operand);
using Binary = Expr (*)(Operand, Operand);

Expr element(const Expr& x, int64_t i) { return index(x, i); }
Case of_float(Op op, Unary f, double ulp = 0) {
  return {op, std::string(name_of(op)), Input::floats, [f](Expr x, Expr) { return f(element(x, 0)); }, ulp};
}
Case of_floats(Op op, Binary f, double ulp = 0) {
  return {op, std::string(name_of(op)), Input::floats, [f](Expr x, Expr) { return f(element(x, 0), element(x, 1)); },
          ulp};
}
Case of_words(Op op, Binary f) {
  return {op, fmt::format("{}_i32", name_of(op)), Input::words,
          [f](Expr x, Expr) { return f(element(x, 0), element(x, 1)); }};
}
/// Of numbers x, y, z and of the flags x < y, y < z.
Case of_flags(Op op, Expr (*f)(Expr, Expr)) {
  return {op, fmt::format("{}_flags", name_of(op)), Input::floats,
          [f](Expr x, Expr) { return to_int(f(element(x, 0) < element(x, 1), element(x, 1) < element(x, 2))); }};
}
Case compared(Op op, const char* name, Input input, Binary f) {
  return {op, name, input, [f](Expr x, Expr) { return to_int(f(element(x, 0), element(x, 1))); }};
}

/// A table of n floats or integers.
Expr table(int64_t n, Type type) {
  std::vector<double> values;
  for (int64_t k = 0; k < n; ++k) values.push_back(double(k * k - 7));
  return constant(values, {n}, type);
}

std::vector<Case> elementwise() {
  return {
      of_float(Op::Neg, operator-),
      of_float(Op::Abs, abs),
      of_float(Op::Floor, floor),
      of_float(Op::Sqrt, sqrt),
      of_float(Op::Exp, exp, 0.95),
      of_float(Op::Expm1, expm1, 1.6),
      of_float(Op::Log, log, 0.95),
      of_float(Op::Log1p, log1p, 1.6),
      of_float(Op::Sin, sin, 1.6),
      of_float(Op::Cos, cos, 1.6),
      of_floats(Op::Atan2, atan2, 1.6),
      of_floats(Op::Add, operator+),
      of_floats(Op::Sub, operator-),
      of_floats(Op::Mul, operator*),
      of_floats(Op::Div, operator/),
      of_floats(Op::Min, min),
      of_floats(Op::Max, max),
      // The evaluator rounds the sum to double first, which moves a result that lies half way between two floats.
      {Op::Fma, "fma", Input::floats, [](Expr x, Expr) { return fma(element(x, 0), element(x, 1), element(x, 2)); },
       0.5 + 0x1p-28},
      {Op::Select, "select", Input::floats,
       [](Expr x, Expr) { return select(element(x, 0) < element(x, 1), element(x, 2), element(x, 0)); }},
      {Op::Select, "select_i32", Input::words,
       [](Expr x, Expr) { return select(element(x, 0) < element(x, 1), element(x, 2), element(x, 0)); }},
      compared(Op::Less, "less", Input::floats, operator<),
      compared(Op::Less, "greater", Input::floats, operator>),
      compared(Op::LessEqual, "less_equal", Input::floats, operator<=),
      compared(Op::LessEqual, "greater_equal", Input::floats, operator>=),
      compared(Op::Equal, "equal", Input::floats, equal),
      compared(Op::Less, "less_i32", Input::words, operator<),
      compared(Op::LessEqual, "less_equal_i32", Input::words, operator<=),
      compared(Op::Equal, "equal_i32", Input::words, equal),
      compared(Op::Below, "below", Input::words, below),
      of_words(Op::Add, operator+),
      of_words(Op::Sub, operator-),
      of_words(Op::Mul, operator*),
      of_words(Op::Min, min),
      of_words(Op::Max, max),
      of_words(Op::MulHigh, multiply_high),
      of_words(Op::And, operator&),
      of_words(Op::Or, operator|),
      of_words(Op::Xor, operator^),
      of_words(Op::Shl, operator<<),
      of_words(Op::Shr, operator>>),
      of_flags(Op::And, [](Expr a, Expr b) { return a && b; }),
      of_flags(Op::Or, [](Expr a, Expr b) { return a || b; }),
      of_flags(Op::Xor, [](Expr a, Expr b) { return a ^ b; }),
      of_flags(Op::Not, [](Expr a, Expr) { return !a; }),
      {Op::ToInt, "to_int", Input::floats, [](Expr x, Expr) { return to_int(x); }},
      {Op::ToFloat, "to_float", Input::words, [](Expr x, Expr) { return to_float(x); }},
      {Op::ToFloat, "to_float_flags", Input::words, [](Expr x, Expr) { return to_float(x < 3); }},
  };
}

std::vector<Case> shapes() {
  auto matrix = [](const Expr& x) { return reshape(x, {2, 3}); };
  return {
      {Op::Parameter, "parameter", Input::floats, [](Expr x, Expr) { return x; }},
      {Op::Constant, "constant", Input::floats,
       [](Expr, Expr) { return constant({0.1, -0.0, inf, -inf, nan, 0x1p-149, 0x1.fffffep127}, {7}); }},
      {Op::Constant, "constant_i32", Input::words,
       [](Expr x, Expr) { return x + constant({double(lowest), 4294967295.0, 7}, {3}, Type::i32); }},
      {Op::Splat, "splat", Input::floats, [](Expr x, Expr) { return splat(element(x, 0), {2, 2}); }},
      {Op::Slice, "slice", Input::floats, [](Expr x, Expr) { return slice(x, 1, 2); }},
      {Op::Reshape, "reshape", Input::integral, [=](Expr x, Expr) { return matrix(x); }},
      {Op::Transpose, "transpose", Input::integral, [=](Expr x, Expr) { return transpose(matrix(x)); }},
      {Op::Concat, "concat", Input::words, [](Expr x, Expr) { return concat({slice(x, 2, 1), x, slice(x, 0, 2)}); }},
      {Op::Concat, "stack", Input::floats, [](Expr x, Expr) { return stack({x, element(x, 1), -x}); }},
      {Op::At, "at_parameter", Input::words, [](Expr x, Expr) { return at(x, element(x, 1)); }},
      {Op::At, "at_vector", Input::floats, [](Expr x, Expr) { return at(-x, to_int(element(x, 1))); }},
      {Op::At, "at_short_table", Input::floats,
       [](Expr x, Expr) { return at(table(5, Type::f32), to_int(element(x, 1))); }},
      {Op::At, "at_table", Input::floats, [](Expr x, Expr) { return at(table(50, Type::f32), to_int(element(x, 0))); }},
      {Op::At, "at_table_i32", Input::words, [](Expr x, Expr) { return at(table(50, Type::i32), element(x, 0)); }},
      // Runs as long as 4 points side by side are loaded whole; runs of a loop's index, from the same place at all
      // points.
      {Op::At, "slice_of_parameter", Input::integral,
       [](Expr x, Expr) { return dynamic_slice(x, to_int(element(x, 1)), 4); }},
      {Op::At, "slice_of_parameter_i32", Input::words, [](Expr x, Expr) { return dynamic_slice(x, element(x, 1), 2); }},
      {Op::At, "slices_in_loop", Input::integral,
       [](Expr x, Expr) {
         return fold(4, splat(0.0, {4}), [&](Expr k, Expr sum) { return 0.5 * sum + dynamic_slice(x, k, 4); });
       }},
      {Op::At, "slice_of_vector", Input::floats,
       [](Expr x, Expr) { return dynamic_slice(-x, to_int(element(x, 1)), 2); }},
      {Op::At, "slice_of_table", Input::floats,
       [](Expr x, Expr) { return dynamic_slice(table(50, Type::f32), to_int(element(x, 0)), 3); }},
      {Op::Sum, "sum", Input::integral, [](Expr x, Expr) { return sum(x); }},
      {Op::Sum, "sum_i32", Input::words, [](Expr x, Expr) { return sum(x); }},
      {Op::MinOf, "min_of", Input::floats, [](Expr x, Expr) { return min_of(x); }},
      {Op::MinOf, "min_of_i32", Input::words, [](Expr x, Expr) { return min_of(x); }},
      {Op::MaxOf, "max_of", Input::floats, [](Expr x, Expr) { return max_of(x); }},
      {Op::MaxOf, "max_of_i32", Input::words, [](Expr x, Expr) { return max_of(x); }},
      {Op::Dot, "dot", Input::integral, [](Expr x, Expr) { return dot(slice(x, 0, 3), slice(x, 3, 3)); }},
      {Op::MatMul, "matmul", Input::integral, [=](Expr x, Expr) { return matmul(matrix(x), transpose(matrix(x))); }},
      {Op::MatMul, "matmul_vector", Input::integral, [=](Expr x, Expr) { return matmul(matrix(x), slice(x, 2, 3)); }},
      // Six roundings of sums below 6.
      {Op::Sum, "sum_unit", Input::unit, [](Expr x, Expr) { return sum(x); }, 0, 6 * 6 * 0x1p-24},
      {Op::Dot, "dot_unit", Input::unit, [](Expr x, Expr) { return dot(x, x); }, 0, 6 * 6 * 0x1p-24},
      {Op::MatMul, "matmul_unit", Input::unit, [=](Expr x, Expr) { return matmul(transpose(matrix(x)), matrix(x)); }, 0,
       6 * 6 * 0x1p-24},
  };
}

Expr halved(const Expr& n) { return n >> 1; }

/// Steps of the Collatz sequence from 1 to 256: up to 127, and different from point to point.
std::vector<Expr> collatz(const Expr& x) {
  Expr zero = constant(0, Type::i32), start = (element(x, 0) & 0xff) + 1;
  return loop_while(
      {start, zero, zero}, [](const std::vector<Expr>& c) { return !equal(c[0], 1); },
      [](Expr trip, const std::vector<Expr>& c) {
        return std::vector<Expr>{select(equal(c[0] & 1, 0), halved(c[0]), 3 * c[0] + 1), c[1] + 1, c[2] + trip};
      });
}

/// Up to three trips of so many draws, told by x.
Expr drawn_on(const Expr& x, int64_t normals, int64_t words, int64_t uniforms) {
  auto carried = loop_while(
      {element(x, 0) & 3, splat(0.0, {normals}), splat(constant(0, Type::i32), {words}), splat(0.0, {uniforms})},
      [](const std::vector<Expr>& c) { return c[0] > 0; },
      [=](Expr trip, const std::vector<Expr>& c) {
        return std::vector<Expr>{c[0] - 1, c[1] + normal({normals}), c[2] * 31 + (bits({words}) ^ trip),
                                 c[3] + uniform({uniforms})};
      });
  return concat({carried[1], to_float(carried[2] & 0xffff), carried[3]});
}

std::vector<Case> loops() {
  return {
      {Op::Fold, "fold", Input::words,
       [](Expr x, Expr) { return fold(7, x, [](Expr trip, Expr c) { return c * 31 + trip; }); }},
      {Op::Fold, "fold_of_no_trip", Input::words,
       [](Expr x, Expr) { return fold(0, x, [](Expr, Expr c) { return c * 31; }); }},
      {Op::Bound, "bound", Input::words,
       [](Expr x, Expr) {
         return fold(5, element(x, 0), [&](Expr trip, Expr c) { return c * 7 + at(x, trip) * trip; });
       }},
      {Op::Item, "item", Input::floats,
       [](Expr x, Expr) {
         Expr flag = element(x, 0) < element(x, 1);
         auto carried = fold(4, {x, flag, element(x, 2)}, [](Expr trip, const std::vector<Expr>& c) {
           return std::vector<Expr>{select(c[1], -c[0], c[0]), c[1] ^ (trip < 2), max(c[2], element(c[0], 1))};
         });
         return concat({carried[0], stack({carried[2], to_float(carried[1])})});
       }},
      {Op::Fold, "fold_in_fold", Input::words,
       [](Expr x, Expr) {
         return fold(3, element(x, 0), [&](Expr outer, Expr c) {
           return fold(4, c + outer, [&](Expr inner, Expr d) { return d * 5 + (inner ^ outer) + c; });
         });
       }},
      {Op::While, "while", Input::words, [](Expr x, Expr) { return stack({collatz(x)[1], collatz(x)[2]}); }},
      {Op::While, "while_of_no_trip", Input::words,
       [](Expr x, Expr) {
         return loop_while(
             {x}, [](const std::vector<Expr>&) { return constant(0, Type::i32) < 0; },
             [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[0] + 1}; })[0];
       }},
      {Op::While, "while_of_floats", Input::floats,
       [](Expr x, Expr) {
         Expr size = abs(element(x, 0)), start = stack({size, -size});
         return loop_while(
             {start, element(x, 0) < 0.0},
             [](const std::vector<Expr>& c) { return max_of(c[0]) > 1.0 && max_of(c[0]) < inf; },
             [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{0.5 * c[0], !c[1]}; })[0];
       }},
      {Op::While, "while_in_fold", Input::words,
       [](Expr x, Expr) { return fold(3, x, [](Expr trip, Expr c) { return c + collatz(c + trip)[1]; }); }},
      {Op::While, "while_in_while", Input::words,
       [](Expr x, Expr) {
         Expr zero = constant(0, Type::i32), count = element(x, 1) & 7;
         return loop_while(
             {count, zero, element(x, 0)}, [](const std::vector<Expr>& c) { return c[0] > 0; },
             [](Expr, const std::vector<Expr>& c) {
               Expr steps = collatz(stack({c[2]}))[1];
               return std::vector<Expr>{c[0] - 1, c[1] * 3 + steps, c[2] * 5 + steps};
             })[1];
       }},
  };
}

/// What depends on the time alone is computed once per sample: coefficients of every type, and loops. Times are
/// k / 1024.
std::vector<Case> sample_part() {
  auto k = [](const Expr& t) { return to_int(1024.0 * t); };
  return {
      {Op::Exp, "coefficient", Input::floats, [](Expr, Expr t) { return exp(-t); }, 0.95},
      {Op::ToInt, "coefficient_i32", Input::words, [=](Expr x, Expr t) { return x ^ (k(t) * 0x01234567); }},
      {Op::Less, "coefficient_flag", Input::words,
       [](Expr x, Expr t) { return select(t < 0.5, element(x, 0), element(x, 1)); }},
      {Op::Fold, "coefficient_of_fold", Input::words,
       [=](Expr x, Expr t) { return element(x, 0) + fold(5, k(t), [](Expr trip, Expr c) { return c * 31 + trip; }); }},
      {Op::While, "coefficient_of_while", Input::words,
       [=](Expr x, Expr t) { return element(x, 0) + collatz(stack({k(t)}))[1]; }},
  };
}

std::vector<Case> draws() {
  Expr zero = constant(0, Type::i32);
  auto seven = [](const Expr& x) { return equal(x, 77); };
  return {
      // One, two, three and four draws of a kind per point: groups of 4, 2, 4 and 1 points.
      {Op::Bits, "bits", Input::words, [](Expr, Expr) { return bits(); }, 0, 0, "one"},
      {Op::Bits, "bits_4", Input::words, [](Expr, Expr) { return bits({2, 2}); }, 0, 0, "four"},
      {Op::Uniform, "uniform", Input::words, [](Expr, Expr) { return uniform({2}); }, 0, 0, "two"},
      {Op::Normal, "normal", Input::words, [](Expr, Expr) { return normal({3}); }, 0, 2e-6},
      {Op::Normal, "kinds", Input::words,
       [](Expr, Expr) { return concat({normal({1}), uniform({2}), normal({2}), uniform({3})}); }, 0, 2e-6},
      {Op::Bits, "bits_of_more_points", Input::words, [](Expr x, Expr) { return bits({3}) ^ x; }},
      {Op::Normal, "normals_of_fold", Input::words,
       [](Expr, Expr) {
         // Three normals, and three roundings of sums below 21.
         return fold(3, splat(0.0, {2}), [](Expr, Expr c) { return c + normal({2}); });
       },
       0, 3 * 2e-6 + 3 * 21 * 0x1p-24},
      {Op::Fold, "draws_of_nested_folds", Input::words,
       [](Expr x, Expr) {
         return fold(3, element(x, 0), [](Expr, Expr c) {
           return (c ^ bits()) + fold(4, c, [](Expr, Expr d) { return d * 31 + (bits() ^ bits()); });
         });
       }},
      {Op::Fold, "draws_of_two_loops", Input::words,
       [](Expr x, Expr) {
         Expr first = fold(2, x, [](Expr, Expr c) { return c * 3 + bits({3}); });
         return bits({3}) + fold(3, first, [](Expr, Expr c) { return c * 5 + bits({3}); });
       }},
      {Op::While, "rejection", Input::words,
       [=](Expr, Expr) {
         auto carried = loop_while(
             {constant(1.0), zero}, [](const std::vector<Expr>& c) { return c[0] > 0.125; },
             [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{uniform(), c[1] + 1}; });
         return stack({carried[0], to_float(carried[1])});
       },
       0, 0, "two"},
      {Op::While, "draws_of_while", Input::words,
       [=](Expr x, Expr) {
         return loop_while(
             {element(x, 0) & 15, zero}, [](const std::vector<Expr>& c) { return c[0] > 0; },
             [](Expr trip, const std::vector<Expr>& c) {
               return std::vector<Expr>{c[0] - 1, c[1] * 31 + (bits() ^ trip)};
             })[1];
       }},
      // Words that begin anywhere in a block: points go on with other trips than their neighbours.
      {Op::While, "odd_draws_of_while", Input::words, [=](Expr x, Expr) { return drawn_on(x, 3, 5, 1); }, 0,
       3 * 2e-6 + 3 * 21 * 0x1p-24},
      {Op::While, "even_draws_of_while", Input::words, [=](Expr x, Expr) { return drawn_on(x, 6, 2, 7); }, 0,
       3 * 2e-6 + 3 * 21 * 0x1p-24},
      {Op::While, "while_without_end", Input::words,
       [=](Expr x, Expr) {
         return loop_while(
             {zero}, [=](const std::vector<Expr>&) { return seven(element(x, 0)); },
             [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[0] * 31 + bits()}; })[0];
       }},
  };
}

/// Functions composed of nodes: bounds are measured, and rounded up.
std::vector<Case> composed() {
  auto named = [](const char* name, Unary f, double ulp) {
    Case c = of_float(Op::Select, f, ulp);
    c.name = name;
    return c;
  };
  return {named("tan", tan, 3),     named("asin", asin, 2.5),      named("acos", acos, 2), named("atan", atan, 1.6),
          named("sinh", sinh, 3),   named("cosh", cosh, 3),        named("tanh", tanh, 3), named("sinc", sinc, 2),
          named("asinh", asinh, 3), named("langevin", langevin, 4)};
}

// ---- points -------------------------------------------------------------------------------------

const std::vector<float> special = {0.0f,
                                    -0.0f,
                                    0x1p-149f,
                                    -0x1p-149f,
                                    0x1.8p-130f,
                                    0x1p-126f,
                                    -0x1p-126f,
                                    0x1p-25f,
                                    0.5f,
                                    -0.5f,
                                    1.0f,
                                    -1.0f,
                                    1.5f,
                                    -2.5f,
                                    3.0f,
                                    8388607.5f,
                                    -0x1p24f,
                                    0x1p30f,
                                    0x1p31f,
                                    -0x1p31f,
                                    0x1.fffffep30f,
                                    -0x1.000002p31f,
                                    0x1.fffffep127f,
                                    -0x1.8p127f,
                                    inf,
                                    -inf,
                                    nan};

/// Where the polynomials change piece or the results change kind, with two floats on either side.
std::vector<float> cut_points() {
  const double ln2 = std::log(2.0), quarter = std::acos(-1.0) / 4;
  std::vector<double> centres = {88.7228, 89,      87.3366, 103.973, 104,      25,     0x1p-25, 2.0 / 3,
                                 4.0 / 3, 1.0 / 3, 1,       2,       0x1p-126, 0x1p30, 0x1p23,  0x1p31};
  for (int k : {0, 1, 2, 125, 126, 127, 148, 149}) centres.push_back((k + 0.5) * ln2);
  for (int k : {-126, -100, -1, 1, 100, 127}) centres.push_back(std::ldexp(2.0 / 3, k));
  for (int k : {1, 2, 3, 4, 5, 6, 7, 8, 1000, 1000003}) centres.push_back(k * quarter);
  std::vector<float> points;
  for (double centre : centres)
    for (int32_t away = -2; away <= 2; ++away) {
      float x = std::bit_cast<float>(std::bit_cast<int32_t>(float(centre)) + away);
      points.push_back(x), points.push_back(-x);
    }
  return points;
}

/// The same points for every case: pairs of special values, cut points, and random bits.
struct Points {
  std::map<Input, Tensor> of;
  std::vector<float> times;
  int64_t count = 0;
};

constexpr int32_t special_words[] = {0,  1,      -1,      2,          3,     31,       32,         33,      -32,
                                     77, lowest, highest, lowest + 1, 65536, 16777217, 0x55555555, 33554431};

Points points(size_t random_points) {
  std::mt19937 engine(7);
  auto word = [&] { return uint32_t(engine()); };
  auto any_float = [&] { return std::bit_cast<float>(word()); };
  std::vector<float> floats;
  for (float a : special)
    for (float b : special) floats.insert(floats.end(), {a, b, special[word() % special.size()]});
  for (float a : cut_points()) floats.insert(floats.end(), {a, any_float(), any_float()});
  for (size_t k = 0; k < random_points; ++k) {
    // Of nearly the same size, or of any.
    float a = any_float();
    auto near = [&] { return k % 2 ? any_float() : a * float(1 + double(word()) * 0x1p-32) * (word() & 1 ? -1 : 1); };
    float b = near(), c = near();
    floats.insert(floats.end(), {a, b, k % 4 ? c : float(-double(a) * b)});
  }
  Points p;
  p.count = int64_t(floats.size() / 3);

  std::vector<int32_t> words;
  for (int32_t a : special_words)
    for (int32_t b : special_words) words.insert(words.end(), {a, b, special_words[word() % std::size(special_words)]});
  while (words.size() < floats.size()) {
    bool shift = word() & 1;
    words.insert(words.end(), {int32_t(word()), shift ? int32_t(word() % 40) : int32_t(word()), int32_t(word())});
  }
  words.resize(floats.size());

  // Integers whose products add up exactly, and now and then something else; numbers in [-1, 1).
  std::vector<float> integral, unit;
  for (int64_t k = 0; k < 6 * p.count; ++k) {
    bool odd = word() % 16 == 0;
    integral.push_back(odd ? std::array{-0.0f, inf, -inf, nan}[word() % 4] : float(int32_t(word() % 2001) - 1000));
    unit.push_back(float(int32_t(word()) * 0x1p-31));
  }
  std::fill_n(integral.begin(), 6, -0.0f);
  for (int64_t k = 0; k < p.count; ++k) p.times.push_back(float(1 + k % 1023) / 1024);

  auto tensor = [&]<class T>(const std::vector<T>& values, int64_t size) {
    Tensor made = Tensor::empty(dtype_of<T>, {p.count, size});
    std::copy(values.begin(), values.end(), made.values<T>().begin());
    return made;
  };
  p.of = {{Input::floats, tensor(floats, 3)},
          {Input::integral, tensor(integral, 6)},
          {Input::unit, tensor(unit, 6)},
          {Input::words, tensor(words, 3)}};
  return p;
}

Values values_at(const Tensor& tensor, int64_t point, int64_t size) {
  auto list = [&](auto values) { return Values(values.begin() + point * size, values.begin() + (point + 1) * size); };
  return tensor.dtype() == Dtype::f32 ? list(tensor.values<const float>()) : list(tensor.values<const int32_t>());
}

// ---- comparison ---------------------------------------------------------------------------------

/// |got - expected| in units in the last place of `expected`; infinite where a special value or a zero's sign differs.
/// Where the evaluator's double lies beyond the greatest float, infinity stands for 2^128.
double ulp_error(float got, double expected) {
  if (std::isnan(expected) || std::isnan(got)) return std::isnan(expected) && std::isnan(got) ? 0 : inf;
  if (float(expected) == got) return std::signbit(expected) == std::signbit(got) ? 0 : inf;
  if (std::isinf(expected)) return inf;
  double finite = std::isinf(got) ? std::copysign(0x1p128, got) : got;
  return std::abs(finite - expected) / std::ldexp(1.0, std::max(std::ilogb(expected), -126) - 23);
}

bool agrees(const Case& c, Type type, double got, double expected) {
  if (type == Type::i32) return got == expected;
  return ulp_error(float(got), expected) <= c.ulp || (c.absolute > 0 && std::abs(got - expected) <= c.absolute);
}

constexpr uint64_t seed = 0x9E3779B97F4A7C15;
constexpr uint32_t step = 12345;

/// The same bits, but for those of NaN: which NaN an operation gives is the processor's choice.
bool same_numbers(const Tensor& a, const Tensor& b) {
  if (a.dtype() != Dtype::f32) return std::memcmp(a.data(), b.data(), size_t(a.bytes())) == 0;
  return std::ranges::equal(a.values<const float>(), b.values<const float>(), [](float x, float y) {
    return (std::isnan(x) && std::isnan(y)) || std::bit_cast<int32_t>(x) == std::bit_cast<int32_t>(y);
  });
}

/// Compiles all cases as one joint process and compares each of them with the evaluator at every point.
void compare(const std::vector<Case>& cases, const Points& points, int64_t first_sample) {
  Joint joint("nodes");
  for (const Case& c : cases) joint.add(c.name, Answer(c, result_of(c)), {.sites = c.sites});
  Sampler sampler = compile(joint, Target::cuda("sm_80"));
  check_exact(sampler.module()->kernels[sampler.module()->kernel_count - 1].device->ptx);
  State estimate, xt;
  for (const Case& c : cases) {
    Expr result = result_of(c);
    Shape shape = result.shape();
    shape.insert(shape.begin(), points.count);
    Tensor zeros = Tensor::empty(result.type() == Type::f32 ? Dtype::f32 : Dtype::i32, shape);
    std::fill_n(static_cast<int32_t*>(zeros.data()), zeros.size(), 0);
    estimate.set(c.name, points.of.at(c.input));
    xt.set(c.name, zeros);
  }
  State made = sampler.step(estimate, xt, 0.0, points.times, Seed(seed, step),
                            {.first_sample = first_sample, .check_data = false});
  Asked asked{{{CATENARY_ESTIMATE, &estimate}, {CATENARY_XT, &xt}},
              {{0.0f}, points.times},
              Seed(seed, step),
              first_sample,
              points.count};
  State on_device = DeviceBodies(joint, Question::step).answer(asked, made, {3, 32}, 0);
  for (const Case& c : cases) {
    INFO(c.name << ", by the GPU's kernel");
    CHECK(same_numbers(on_device[c.name], made[c.name]));
  }

  for (size_t k = 0; k < cases.size(); ++k) {
    const Case& c = cases[k];
    const Joint::Component& component = joint.components()[k];
    Law law = derive(joint, component, Question::step);
    int64_t size = element_count(law.result.shape());
    std::string wrong;
    int64_t count = 0;
    for (int64_t i = 0; i < points.count; ++i) {
      Values x = values_at(points.of.at(c.input), i, shape_of(c.input)[0]), got = values_at(made[c.name], i, size);
      Values expected = evaluate(
          {law.result}, {{"estimate", x}, {"xt", Values(size_t(size))}, {"s", {0}}, {"t", {points.times[size_t(i)]}}},
          {seed, step, uint32_t(k), Question::step, uint64_t(first_sample + i)})[0];
      for (int64_t e = 0; e < size; ++e) {
        if (agrees(c, law.result.type(), got[size_t(e)], expected[size_t(e)]) || ++count > 3) continue;
        wrong += fmt::format("point {}, element {}: {:a}, not {:a}; x =", i, e, got[size_t(e)], expected[size_t(e)]);
        for (double v : x) wrong += fmt::format(" {:a}", v);
        wrong += "\n";
      }
    }
    INFO(fmt::format("{}: {} elements of {} points differ\n{}", c.name, count, points.count, wrong));
    CHECK(count == 0);
  }
}

std::vector<Case> all(std::initializer_list<std::vector<Case>> parts) {
  std::vector<Case> cases;
  for (const auto& part : parts) cases.insert(cases.end(), part.begin(), part.end());
  return cases;
}

void collect(const Schedule& s, std::set<Op>& ops) {
  for (const Node* n : s.nodes) ops.insert(n->op);
  for (const auto& [n, body] : s.bodies) collect(body, ops);
  for (const auto& [n, condition] : s.conditions) collect(condition, ops);
}

}  // namespace

TEST_CASE("every node kind is compared with the evaluator") {
  std::set<Op> compared;
  for (const Case& c : all({elementwise(), shapes(), loops(), sample_part(), draws()})) {
    std::set<Op> inside;
    collect(schedule({result_of(c)}), inside);
    INFO(c.name);
    CHECK(inside.count(c.op));
    compared.insert(c.op);
  }
#define CATENARY_OP(kind, text, arity, family) \
  CHECKED_ELSE(compared.count(Op::kind)) { FAIL_CHECK("no case compares " text); }
#include <catenary/dsl/ops.def>
#undef CATENARY_OP
}

TEST_CASE("nodes without draws agree with the evaluator") {
  compare(all({elementwise(), shapes(), loops(), sample_part(), composed()}), points(1001), 0);
}

TEST_CASE("draws agree with the evaluator, in loops too") {
  Points few = points(0);
  auto words = few.of.at(Input::words).values<int32_t>();
  few.count = 301, few.times.resize(301);
  // The loop without end goes on at one point alone.
  for (size_t k = 0; k < words.size(); k += 3)
    if (words[k] == 77) words[k] = 78;
  words[3 * 200] = 77;
  few.of[Input::words] = Tensor(TensorView(words.data(), {few.count, 3}), few.of.at(Input::words).owner());
  compare(draws(), few, 3);
}

TEST_CASE("fma is rounded once") {
  Joint joint("fused");
  Case fused = {Op::Fma, "fma", Input::floats,
                [](Expr x, Expr) { return fma(element(x, 0), element(x, 1), element(x, 2)); }};
  joint.add("fma", Answer(fused, result_of(fused)));
  Points many = points(20000);
  const Tensor& x = many.of.at(Input::floats);
  Tensor zeros = Tensor::empty(Dtype::f32, {many.count});
  std::ranges::fill(zeros.values<float>(), 0.0f);
  State made = compile(joint).step({{"fma", x}}, {{"fma", zeros}}, 0.0, 1.0, Seed(1), {.check_data = false});
  auto in = x.values<const float>(), out = made["fma"].values<const float>();
  int64_t wrong = 0;
  for (size_t i = 0; i < size_t(many.count); ++i)
    wrong += ulp_error(out[i], std::fma(in[3 * i], in[3 * i + 1], in[3 * i + 2])) != 0;
  CHECK(wrong == 0);
}
