// Expressions: immutable handles to hash-consed nodes that say what is computed at one point.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <catenary/support/error.h>

namespace catenary {

/// The static shape of the value at one point: {} a number, {3} a vector, {3, 3} a matrix (row major).
using Shape = std::vector<int64_t>;
int64_t element_count(const Shape& shape);

enum class Type : uint8_t { f32, i32, boolean };

enum class Op : uint8_t {
#define CATENARY_OP(kind, text, arity, family) kind,
#include <catenary/dsl/ops.def>
#undef CATENARY_OP
};
std::string_view name_of(Op op);
std::string_view name_of(Type type);
std::string to_string(const Shape& shape);

struct Node;
using Location = std::source_location;

/// A handle to a node. Copying is cheap; equal expressions share one node, except draws: every draw is its own.
class Expr {
 public:
  explicit Expr(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  const Node& operator*() const { return *node_; }
  const Node* operator->() const { return node_.get(); }
  const Node* get() const { return node_.get(); }
  Type type() const;
  const Shape& shape() const;

 private:
  std::shared_ptr<const Node> node_;
};

/// A loop's body: what it binds, when it goes on, and what it carries to the next trip.
struct LoopBody {
  std::vector<Expr> bound;      ///< bound[0]: the trip (i32); bound[1 + k]: carried value k.
  std::vector<Expr> condition;  ///< While only: one boolean, over `bound`.
  std::vector<Expr> next;       ///< The carried values of the next trip.
};

/// Where a value may be used: inside the loop that made it. Null is outside all loops.
struct Scope {
  const Scope* outer;
  int depth;
  std::shared_ptr<const Scope> keep;
};

struct Node {
  Op op;
  Type type;
  Shape shape;
  std::vector<Expr> args;
  /// Constant: row-major elements, or one for all. Slice: first, count. Fold: trips. Item: index.
  std::vector<double> values;
  std::string name;     ///< Parameter: its name.
  uint64_t serial = 0;  ///< Draws, bound variables and loops: what keeps each its own.
  std::shared_ptr<const Scope> scope;
  std::shared_ptr<const Scope> inner;  ///< Loops: the scope of the body.
  std::shared_ptr<const LoopBody> body;
  Location where;
  int depth = 0;  ///< Of the longest chain of values that it is made of.
};

/// True if both denote the same expression (the same node).
inline bool same(const Expr& a, const Expr& b) { return a.get() == b.get(); }

/// An argument of an operator: an expression or a C++ number, with the place in the user's source where it was written.
/// A C++ number takes the element type and shape of the expressions beside it.
struct Operand {
  Operand(Expr e, Location at = Location::current()) : expr(std::move(e)), where(at) {}
  Operand(double v, Location at = Location::current()) : literal(v), where(at) {}
  Operand(float v, Location at = Location::current()) : literal(v), where(at) {}
  Operand(int v, Location at = Location::current()) : literal(v), where(at) {}
  Operand(int64_t v, Location at = Location::current()) : literal(double(v)), where(at) {}
  /// The expression; a bare number becomes an f32 constant.
  Expr get() const;
  std::optional<Expr> expr;
  double literal = 0;
  Location where;
};

// ---- leaves -------------------------------------------------------------------------------------
/// Constants: a number, or a row-major table of the given shape. Integers must be exact in 32 bits.
Expr constant(double value, Type type = Type::f32);
Expr constant(std::vector<double> values, Shape shape, Type type = Type::f32, Location at = Location::current());
Expr parameter(std::string name, Type type, Shape shape);

// ---- draws: each call is a new draw -------------------------------------------------------------
/// Independent standard normals.
Expr normal(Shape shape = {}, Location at = Location::current());
/// Independent uniforms on the multiples of 2^-24 in [0, 1). For probabilities use `bernoulli`, which resolves 2^-32.
Expr uniform(Shape shape = {}, Location at = Location::current());
/// Independent words of 32 random bits.
Expr bits(Shape shape = {}, Location at = Location::current());

// ---- elementwise: equal shapes, or one side a number of shape {} --------------------------------
Expr operator+(Operand a, Operand b);
Expr operator-(Operand a, Operand b);
Expr operator*(Operand a, Operand b);
Expr operator/(Operand a, Operand b);  ///< f32 only.
Expr operator-(Operand a);
Expr min(Operand a, Operand b);
Expr max(Operand a, Operand b);
Expr abs(Operand x);
Expr floor(Operand x);
Expr sqrt(Operand x);
Expr exp(Operand x);
Expr expm1(Operand x);  ///< exp(x) - 1, accurate near 0.
Expr log(Operand x);
Expr log1p(Operand x);  ///< log(1 + x), accurate near 0.
Expr sin(Operand x);    ///< NaN where |x| >= 2^30: a float of that size does not hold an angle. So is cos.
Expr cos(Operand x);
Expr atan2(Operand y, Operand x);
Expr fma(Operand a, Operand b, Operand c);  ///< a b + c, rounded once.
// Composed of the above:
Expr tan(Operand x);
Expr asin(Operand x);
Expr acos(Operand x);
Expr atan(Operand x);
Expr sinh(Operand x);
Expr cosh(Operand x);
Expr tanh(Operand x);
Expr asinh(Operand x);
Expr langevin(Operand x);        ///< coth(x) - 1/x, accurate near 0.
Expr pow(Operand x, Operand y);  ///< x > 0.
Expr square(Operand x);
Expr sinc(Operand x);  ///< sin(x) / x, 1 at 0.
/// sinc and cos for |x| <= pi, both to 2e-7, at a third of the cost: no other angles have to be reduced to these.
/// Farther out they are finite for |x| < 1000, and nothing else.
Expr sinc_within_pi(Operand x);
Expr cos_within_pi(Operand x);
/// The same two of the angle's square.
Expr sinc_of_root(Operand square);
Expr cos_of_root(Operand square);

// ---- integers (i32, wrapping) -------------------------------------------------------------------
Expr operator&(Operand a, Operand b);
Expr operator|(Operand a, Operand b);
Expr operator^(Operand a, Operand b);
Expr operator<<(Operand a, Operand b);     ///< Shifts take 0 <= b < 32; anything else gives 0.
Expr operator>>(Operand a, Operand b);     ///< Logical: zeros come in.
Expr multiply_high(Operand a, Operand b);  ///< The upper 32 bits of the unsigned 64-bit product.
Expr below(Operand a, Operand b);          ///< a < b as unsigned words.
/// Truncates toward zero; outside the range of i32 saturates; NaN gives 0. A boolean gives 0 or 1.
Expr to_int(Operand x);
Expr to_float(Operand x);   ///< From i32 (rounded to nearest) or boolean (0 or 1).
Expr to_bits(Operand x);    ///< The word that holds the float x, as IEEE 754 has it. Of NaN, any that holds one.
Expr from_bits(Operand x);  ///< The float that the word x holds.

// ---- comparison and choice ----------------------------------------------------------------------
Expr operator<(Operand a, Operand b);
Expr operator<=(Operand a, Operand b);
Expr operator>(Operand a, Operand b);
Expr operator>=(Operand a, Operand b);
Expr equal(Operand a, Operand b);
Expr operator&&(Operand a, Operand b);
Expr operator||(Operand a, Operand b);
Expr operator!(Operand a);
/// `yes` where the condition holds, else `no`. Both are computed; the one not chosen may be NaN.
Expr select(Operand condition, Operand yes, Operand no);

// ---- shapes -------------------------------------------------------------------------------------
Expr splat(Operand x, Shape shape);                   ///< Every element equal to the number x.
Expr slice(Operand x, int64_t first, int64_t count);  ///< Elements first .. first + count - 1 along the first axis.
Expr index(Operand x, int64_t i);                     ///< Element i along the first axis, which is dropped.
Expr reshape(Operand x, Shape shape);
Expr transpose(Operand x);                                                         ///< A matrix.
Expr concat(const std::vector<Expr>& parts, Location at = Location::current());    ///< Along the first axis.
Expr stack(const std::vector<Operand>& parts, Location at = Location::current());  ///< Along a new first axis.
/// Element i of a vector, i an expression: a gather from a constant table or a parameter. i outside [0, size) is
/// clamped.
Expr at(Operand x, Operand i);
/// Elements first .. first + count - 1 of a vector, first an expression, clamped to [0, size - count]. For long vectors
/// in pieces.
Expr dynamic_slice(Operand x, Operand first, int64_t count);

// ---- reductions and small linear algebra --------------------------------------------------------
Expr sum(Operand x);
Expr min_of(Operand x);
Expr max_of(Operand x);
Expr dot(Operand a, Operand b);     ///< Vectors, or equal shapes: the sum of the elementwise products.
Expr norm(Operand x);               ///< sqrt(dot(x, x)).
Expr cross(Operand a, Operand b);   ///< Shape {3}.
Expr matmul(Operand a, Operand b);  ///< [n, k] by [k, m] or by [k].

// ---- loops --------------------------------------------------------------------------------------
/// trips times: carried = step(trip, carried). Returns the last carried values. Draws inside are fresh on every trip; a
/// fold that draws makes at most 65,536, times those of the folds around it.
std::vector<Expr> fold(int64_t trips, const std::vector<Operand>& first,
                       const std::function<std::vector<Expr>(Expr trip, const std::vector<Expr>& carried)>& step,
                       Location at = Location::current());
Expr fold(int64_t trips, Operand first, const std::function<Expr(Expr trip, Expr carried)>& step,
          Location at = Location::current());
/// While condition(carried) holds at this point: carried = step(trip, carried). At most 65,536 trips if it draws.
std::vector<Expr> loop_while(const std::vector<Operand>& first,
                             const std::function<Expr(const std::vector<Expr>& carried)>& condition,
                             const std::function<std::vector<Expr>(Expr trip, const std::vector<Expr>& carried)>& step,
                             Location at = Location::current());

// ---- chance -------------------------------------------------------------------------------------
/// The 32-bit word w such that below(bits(), w) has probability p, given p and its complement q = 1 - p, each to its
/// own relative accuracy, so that neither tail is lost. p = 1 gives 2^32 - 1.
Expr chance(Operand p, Operand q);
/// True with probability p.
Expr bernoulli(Operand p, Operand q);
/// Uniform on 0 .. n - 1, from one word; the bias is below n / 2^32.
Expr uniform_int(int64_t n, Location at = Location::current());

/// The expression as text, one node a line, for people.
std::string to_string(const Expr& e);

// ---- for code that makes expressions from others (see rewrite.h) --------------------------------
/// The same kind of node over other arguments of the same types and shapes. Not for loops; what has no arguments is
/// itself.
Expr with_arguments(const Expr& node, std::vector<Expr> args);

/// While it lives, the draws and loops that its thread makes belong to the body of that loop (null: outside all loops).
class Within {
 public:
  explicit Within(std::shared_ptr<const Scope> scope);
  ~Within();
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

 private:
  std::shared_ptr<const Scope> saved_;
};

}  // namespace catenary
