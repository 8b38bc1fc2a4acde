// Functions that are made of others: no node of their own.
#include <catenary/dsl/expr.h>

#include <numbers>

namespace catenary {

Expr tan(Operand x) { return sin(x) / cos(x); }
Expr asin(Operand x) { return atan2(x, sqrt((1.0 - x.get()) * (1.0 + x.get()))); }
Expr acos(Operand x) { return atan2(sqrt((1.0 - x.get()) * (1.0 + x.get())), x); }
Expr atan(Operand x) { return atan2(x, 1.0); }
Expr sinh(Operand x) {
  // With e = exp(|x|) - 1: (e + e / (e + 1)) / 2. Where e is large: exp(|x| / 2)^2 / 2, which overflows only where sinh
  // does.
  Expr size = abs(x), e = expm1(size), root = exp(0.5 * size);
  Expr half = select(e < 1e8, 0.5 * (e + e / (e + 1.0)), 0.5 * root * root);
  return select(x.get() < 0.0, -half, half);
}
Expr cosh(Operand x) {
  Expr e = exp(0.5 * abs(x));
  return 0.5 * e * e + 0.5 / e / e;
}
Expr tanh(Operand x) {
  Expr e = expm1(-2.0 * abs(x)), t = -e / (e + 2.0);
  return select(x.get() < 0.0, -t, t);
}
Expr asinh(Operand x) {
  // sqrt(1 + x^2) - 1 = x^2 / (1 + sqrt(1 + x^2)); from 1e9 on asinh(x) is log(2 x) to rounding, and the square
  // overflows.
  Expr size = abs(x), near = min(size, 1e9);
  Expr half = select(size < 1e9, log1p(near + near * (near / (1.0 + sqrt(fma(near, near, 1.0))))),
                     log(max(size, 1.0)) + log(constant(2)));
  return select(x.get() < 0.0, -half, half);
}
Expr langevin(Operand x) {
  // Near 0 by its continued fraction x / (3 + x^2 / (5 + x^2 / (7 + ...))), as one quotient without differences: to
  // 4e-12 at 2.
  Expr size = abs(x), near = min(size, 2.0), far = max(size, 2.0), q = near * near;
  Expr above = constant(17), below = constant(1);
  for (int k = 15; k >= 3; k -= 2) {
    Expr next = k * above + q * below;
    below = above;
    above = next;
  }
  Expr half =
      select(size < 2.0, near * (below / above), (1.0 - 1.0 / far) + 2.0 * exp(-2.0 * far) / -expm1(-2.0 * far));
  return select(x.get() < 0.0, -half, half);
}
Expr pow(Operand x, Operand y) { return exp(y * log(x)); }
Expr square(Operand x) {
  Expr e = x.get();
  return e * e;
}
Expr sinc(Operand x) {
  Expr e = x.get(), zero = equal(e, 0.0);
  return select(zero, 1.0, sin(e) / select(zero, 1.0, e));
}
Expr sinc_of_root(Operand square) {
  // The minimax polynomial of what is left when the zero at pi is taken out: to 5e-9 of itself.
  Expr sum = constant(-0x1.6877bep-30);
  for (double c : {0x1.ee37eap-23, -0x1.a1a7bep-16, 0x1.c0e716p-10, -0x1.0ba7bp-4, 1.0}) sum = fma(sum, square, c);
  return sum * fma(square, -1 / (std::numbers::pi * std::numbers::pi), 1.0);
}
Expr cos_of_root(Operand square) {
  Expr of_half = sinc_of_root(0.25 * square);
  return fma(-0.5 * square * of_half, of_half, 1.0);
}
Expr sinc_within_pi(Operand x) { return sinc_of_root(x * x); }
Expr cos_within_pi(Operand x) { return cos_of_root(x * x); }

Expr norm(Operand x) { return sqrt(dot(x, x)); }

Expr chance(Operand p, Operand q) {
  // Words count up to the nearer end: below one half from 0, above it from 2^32, so that each tail keeps its digits.
  // 2^32 x as a word, for x <= 1/2: the upper 31 bits, then the last.
  auto word = [](const Expr& x) {
    Expr scaled = 0x1p31 * min(x, 0.5), high = floor(scaled);
    return (to_int(high) << 1) + to_int(2.0 * (scaled - high));
  };
  Expr yes = p.get(), no = q.get();
  // A chance of 1 is the largest word: it fails once in 2^32.
  Expr rest = word(max(no, 0x1p-32));
  return select(yes <= 0.5, word(max(yes, 0.0)), -rest);
}

Expr bernoulli(Operand p, Operand q) { return below(bits({}, p.where), chance(p, q)); }

}  // namespace catenary
