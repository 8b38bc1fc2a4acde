// Elementwise operations, shapes, loops, what depends on time alone, draws.
#include <catenary/tests/targets/node_cases.h>

#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

namespace catenary::testing {

namespace {

constexpr double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
constexpr int32_t lowest = std::numeric_limits<int32_t>::min();

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
}  // namespace

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
      {Op::ToBits, "to_bits", Input::floats, [](Expr x, Expr) { return to_bits(select(equal(x, x), x, 0.0)); }},
      {Op::FromBits, "from_bits", Input::words, [](Expr x, Expr) { return from_bits(x); }},
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
      // Each part of a kernel has tables of its own: what depends on the time alone, and what on the point.
      {Op::At, "at_tables_of_time_and_point", Input::floats,
       [](Expr x, Expr t) {
         Expr of_time = constant({3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4}, {20});
         return at(of_time, to_int(8.0 * t)) + at(table(50, Type::f32), to_int(element(x, 0)));
       }},
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
      // Points of many numbers are gone through in strips: sums over them, and what is made with the sums.
      {Op::Sum, "totals_in_strips_i32", Input::words,
       [](Expr x, Expr) {
         Expr w = bits({51}) ^ splat(element(x, 0), {51}), most = max_of(w);
         Expr later = fold(2, constant(1, Type::i32), [&](Expr, Expr c) { return c * 3 + most; });
         return stack({sum(w), min_of(w), most, max_of(w ^ splat(later, {51}))});
       }},
      {Op::Dot, "totals_in_strips", Input::words,
       [](Expr, Expr) {
         Expr z = normal({51}), u = uniform({51});
         Expr rows = matmul(splat(0.25, {2, 51}), z);
         return stack({sum(u), dot(z, u), min_of(z), max_of(z - u), index(rows, 1)});
       },
       // Roundings of sums below 51, of 51 normals.
       0, 51 * (2e-6 + 51 * 0x1p-24)},
      // Rows of factors, for sums and for products; a product of few numbers, and of all of a product.
      {Op::MatMul, "products_in_strips", Input::words,
       [](Expr, Expr) {
         auto factors = [](int64_t rows, int64_t columns) {
           std::vector<double> all;
           for (int64_t k = 0; k < rows * columns; ++k) all.push_back(double(k * k % 17) / 16 - 0.5);
           return constant(all, {rows, columns});
         };
         Expr z = normal({17, 3}), sums = matmul(factors(2, 17), z);
         Expr few = matmul(factors(17, 2), sums), all = matmul(factors(17, 17), z);
         return all + few + matmul(factors(17, 17), all) + z;
       },
       // Below half of what errors of 2e-6 in normals below 6, times 17 factors of up to 1/2 twice over, and the
       // roundings on the way could add up to.
       0, 34 * (2e-6 + 34 * 6 * 0x1p-24)},
      // Numbers at known places, of draws, of what is made with them, and of a later total.
      {Op::Slice, "picks_in_strips", Input::words,
       [](Expr x, Expr) {
         auto all = [](const Expr& word) { return splat(word, {51}); };
         Expr z = bits({51}), w = bits({51}), least = min_of(z ^ all(element(x, 0) ^ index(w, 3)));
         Expr v = w ^ all(least), most = max_of(v) ^ index(w, 50), u = (v ^ all(index(v, 17) ^ most)) + (w ^ z);
         return concat({slice(u, 3, 2), stack({sum(u), index(w, 0) & index(u, 49)}), slice(w, 5, 20)});
       }},
      // Loops that carry long values, each of which becomes the other; loops that make no trip; draws of before.
      {Op::Fold, "carried_in_strips", Input::words,
       [](Expr x, Expr) {
         auto all = [](const Expr& word) { return splat(word, {51}); };
         Expr w = bits({51}), z = bits({51});
         auto none = fold(0, {w * 3}, [&](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[0] ^ z}; });
         auto c = fold(3, {w, z ^ none[0], element(x, 0)}, [&](Expr trip, const std::vector<Expr>& c) {
           Expr most = max_of(c[0] ^ w) + trip;
           return std::vector<Expr>{c[1] + all(most), c[0] ^ bits({51}), c[2] * 31 + most};
         });
         return (c[0] * 5) ^ c[1] ^ z ^ all(c[2]);
       }},
      {Op::MaxOf, "largest_in_strips", Input::words,
       [](Expr x, Expr) {
         Expr w = bits({67}) & 255;
         return select(w < splat(max_of(w), {67}), w, splat(element(x, 0), {67}));
       }},
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

Expr within_pi(const Expr& x) { return min(max(x, -std::numbers::pi), std::numbers::pi); }
Expr sinc_here(Operand x) { return 1.0 + sinc_within_pi(within_pi(x.get())); }
Expr cos_here(Operand x) { return 2.0 + cos_within_pi(within_pi(x.get())); }

/// Functions composed of nodes: bounds are measured, and rounded up.
std::vector<Case> composed() {
  auto named = [](const char* name, Unary f, double ulp) {
    Case c = of_float(Op::Select, f, ulp);
    c.name = name;
    return c;
  };
  return {named("sinc_within_pi", sinc_here, 3),
          named("cos_within_pi", cos_here, 3),
          named("tan", tan, 3),
          named("asin", asin, 2.5),
          named("acos", acos, 2),
          named("atan", atan, 1.6),
          named("sinh", sinh, 3),
          named("cosh", cosh, 3),
          named("tanh", tanh, 3),
          named("sinc", sinc, 2),
          named("asinh", asinh, 3),
          named("langevin", langevin, 4)};
}

}  // namespace catenary::testing
