// Quaternion algebra, element by element.
#include <catenary/stdlib/quaternion.h>

#include <catenary/stdlib/guards.h>

namespace catenary::quaternion {

namespace {

Expr real(const Expr& q) { return index(q, 0); }
Expr imaginary(const Expr& q) { return slice(q, 1, 3); }

Expr axis(int i) { return constant({double(i == 0), double(i == 1), double(i == 2)}, {3}); }

Expr farthest_axis(const Expr& direction) {
  Expr x = abs(index(direction, 0)), y = abs(index(direction, 1)), z = abs(index(direction, 2));
  return select(x <= min(y, z), axis(0), select(y <= z, axis(1), axis(2)));
}

}  // namespace

Expr from_parts(Expr real, Expr imaginary) { return concat({reshape(real, {1}), imaginary}); }

Expr multiply(Expr a, Expr b) {
  Expr u = imaginary(a), v = imaginary(b);
  return from_parts(real(a) * real(b) - dot(u, v), real(a) * v + real(b) * u + cross(u, v));
}

Expr conjugate(Expr q) { return from_parts(real(q), -imaginary(q)); }

Expr rotate(Expr q, Expr v) {
  // v + 2 w (u x v) + 2 u x (u x v).
  Expr u = imaginary(q), twice = 2.0 * cross(u, v);
  return v + real(q) * twice + cross(u, twice);
}

Expr canonical(Expr q) { return select(real(q) < 0.0, -q, q); }

Expr to_matrix(Expr q) {
  Expr w = index(q, 0), x = index(q, 1), y = index(q, 2), z = index(q, 3);
  auto off = [](const Expr& a, const Expr& b) { return 2.0 * (a + b); };
  auto on = [](const Expr& a, const Expr& b) { return 1.0 - 2.0 * (square(a) + square(b)); };
  return reshape(stack({on(y, z), off(x * y, -w * z), off(x * z, w * y),  //
                        off(x * y, w * z), on(x, z), off(y * z, -w * x),  //
                        off(x * z, -w * y), off(y * z, w * x), on(x, y)}),
                 {3, 3});
}

Expr from_matrix(Expr matrix) {
  auto m = [&](int64_t i, int64_t j) { return index(index(matrix, i), j); };
  // Row k of 4 q q^T, whose diagonal element is the square of twice q_k.
  Expr a = m(2, 1) - m(1, 2), b = m(0, 2) - m(2, 0), c = m(1, 0) - m(0, 1);
  Expr d = m(1, 0) + m(0, 1), e = m(0, 2) + m(2, 0), f = m(2, 1) + m(1, 2);
  Expr w = 1.0 + m(0, 0) + m(1, 1) + m(2, 2), x = 1.0 + m(0, 0) - m(1, 1) - m(2, 2);
  Expr y = 1.0 - m(0, 0) + m(1, 1) - m(2, 2), z = 1.0 - m(0, 0) - m(1, 1) + m(2, 2);
  Expr row = stack({w, a, b, c}), largest = w;
  auto take = [&](const Expr& diagonal, const Expr& other) {
    row = select(diagonal > largest, other, row);
    largest = max(diagonal, largest);
  };
  take(x, stack({a, x, d, e}));
  take(y, stack({b, d, y, f}));
  take(z, stack({c, e, f, z}));
  return canonical(row / norm(row));
}

Expr from_axes(Expr first, Expr second) {
  Expr length = norm(first), x = select(length > 0.0, first / length, axis(0));
  auto across = [&](const Expr& v) { return v - dot(x, v) * x; };
  Expr y = across(second);
  y = select(norm(y) > 1e-3 * norm(second), y, across(farthest_axis(x)));
  y = y / norm(y);
  return from_matrix(transpose(stack({x, y, cross(x, y)})));
}

Expr from_backbone(Expr n, Expr alpha_carbon, Expr c) { return from_axes(c - alpha_carbon, n - alpha_carbon); }

Expr from_rotation_vector(Expr vector) {
  Expr half = 0.5 * vector, angle = norm(half);
  return canonical(from_parts(cos(angle), sinc(angle) * half));
}

Expr to_rotation_vector(Expr q) {
  Expr one = canonical(q), v = imaginary(one), sine = norm(v);
  return ratio(2.0 * atan2(sine, real(one)), sine, 2) * v;
}

}  // namespace catenary::quaternion
