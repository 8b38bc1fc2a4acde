// Nodes: interning, the typing rule of each kind, and the sentences of shape errors.
#include <catenary/dsl/expr.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <mutex>
#include <numbers>
#include <numeric>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace catenary {

int64_t element_count(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

std::string_view name_of(Op op) {
  switch (op) {
#define CATENARY_OP(kind, text, arity, family) \
  case Op::kind: return text;
#include <catenary/dsl/ops.def>
#undef CATENARY_OP
  }
  throw Bug("unknown expression kind");
}

std::string_view name_of(Type type) { return type == Type::f32 ? "f32" : type == Type::i32 ? "i32" : "boolean"; }

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Type Expr::type() const { return node_->type; }
const Shape& Expr::shape() const { return node_->shape; }

namespace {

using Scopes = std::shared_ptr<const Scope>;

thread_local Scopes current_scope;

[[noreturn]] void fail(const Location& at, const std::string& sentence) {
  throw Error(fmt::format("{}:{}: {}", at.file_name(), at.line(), sentence));
}

std::string describe(const Expr& e) { return fmt::format("{} {}", name_of(e.type()), to_string(e.shape())); }

uint64_t next_serial() {
  static std::atomic<uint64_t> serial{0};
  return ++serial;
}

// The intern table holds nodes weakly: a node's last handle removes it.
struct Interned {
  std::mutex mutex;
  std::unordered_multimap<size_t, std::weak_ptr<const Node>> nodes;
};

Interned& interned() {
  static auto* table = new Interned;  // Outlives every static expression.
  return *table;
}

size_t hash_of(const Node& n) {
  size_t h = size_t(n.op) * 31 + size_t(n.type);
  auto mix = [&h](size_t v) { h = (h ^ v) * 0x9E3779B97F4A7C15u; };
  for (int64_t d : n.shape) mix(size_t(d));
  for (const Expr& a : n.args) mix(std::hash<const Node*>()(a.get()));
  for (double v : n.values) mix(std::bit_cast<uint64_t>(v));
  mix(std::hash<std::string>()(n.name));
  mix(n.serial);
  return h;
}

bool equal_nodes(const Node& a, const Node& b) {
  auto same_bits = [](double x, double y) { return std::bit_cast<uint64_t>(x) == std::bit_cast<uint64_t>(y); };
  return a.op == b.op && a.type == b.type && a.shape == b.shape && a.name == b.name && a.serial == b.serial &&
         std::equal(a.args.begin(), a.args.end(), b.args.begin(), b.args.end(), same) &&
         std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(), same_bits);
}

// What walks over expressions calls itself for each value that another is made of.
constexpr int most_depth = 2000;

void check(Node& node) {
  for (int64_t axis : node.shape)
    if (axis < 1)
      fail(node.where, fmt::format("this '{}' is of shape {}, with an axis of {}; every axis is at least 1",
                                   name_of(node.op), to_string(node.shape), axis));
  auto deepen = [&](const std::vector<Expr>& parts) {
    for (const Expr& e : parts) node.depth = std::max(node.depth, e->depth + 1);
  };
  deepen(node.args);
  if (node.body) {
    deepen(node.body->condition);
    deepen(node.body->next);
  }
  if (node.depth > most_depth)
    fail(node.where, fmt::format("this '{}' is the end of a chain of more than {} values, each made of the one before; "
                                 "make a long chain by fold",
                                 name_of(node.op), most_depth));
}

Expr intern(Node node) {
  check(node);
  // A value lives in the innermost loop among those of its arguments.
  for (const Expr& a : node.args)
    if (a->scope && (!node.scope || a->scope->depth > node.scope->depth)) node.scope = a->scope;
  size_t hash = hash_of(node);
  Interned& table = interned();
  std::vector<std::shared_ptr<const Node>> looked_at;  // Released after the lock, which a node's last handle takes.
  std::lock_guard lock(table.mutex);
  auto [first, last] = table.nodes.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (auto found = it->second.lock()) {
      looked_at.push_back(found);
      if (equal_nodes(*found, node)) return Expr(found);
    }
  auto release = [hash](const Node* n) {
    {
      Interned& t = interned();
      std::lock_guard inner(t.mutex);
      auto [f, l] = t.nodes.equal_range(hash);
      for (auto it = f; it != l;) it = it->second.expired() ? t.nodes.erase(it) : std::next(it);
    }
    delete n;  // Outside the lock: it may release other nodes.
  };
  std::shared_ptr<const Node> shared(new Node(std::move(node)), release);
  table.nodes.emplace(hash, shared);
  return Expr(std::move(shared));
}

Expr make(Op op, Type type, Shape shape, std::vector<Expr> args, const Location& at, std::vector<double> values = {}) {
  Node n{.op = op,
         .type = type,
         .shape = std::move(shape),
         .args = std::move(args),
         .values = std::move(values),
         .name = {},
         .scope = {},
         .inner = {},
         .body = {},
         .where = at};
  return intern(std::move(n));
}

Expr draw(Op op, Type type, Shape shape, const Location& at) {
  Node n{.op = op,
         .type = type,
         .shape = std::move(shape),
         .args = {},
         .values = {},
         .name = {},
         .serial = next_serial(),
         .scope = current_scope,
         .inner = {},
         .body = {},
         .where = at};
  return intern(std::move(n));
}

Expr number(double value, Type type, const Location& at) {
  if (type == Type::i32 && (value != std::floor(value) || std::abs(value) > 4294967295.0))
    fail(at, fmt::format("the number {} stands beside an i32 expression, and is not an integer of 32 bits", value));
  if (type == Type::boolean) fail(at, "a number stands where a boolean is needed; compare it with something");
  if (type == Type::i32) value = double(int32_t(uint32_t(int64_t(value))));
  return make(Op::Constant, type, {}, {}, at, {value});
}

// Gives bare numbers the type of the expressions beside them and splats numbers to the common shape.
std::vector<Expr> unify(std::string_view what, const std::vector<Operand>& operands) {
  const Expr* typed = nullptr;
  const Expr* shaped = nullptr;
  for (const Operand& o : operands) {
    if (!o.expr) continue;
    if (!typed) typed = &*o.expr;
    if (!shaped && !o.expr->shape().empty()) shaped = &*o.expr;
  }
  Type type = typed ? typed->type() : Type::f32;
  std::vector<Expr> result;
  for (const Operand& o : operands) {
    Expr e = o.expr ? *o.expr : number(o.literal, type, o.where);
    if (e.type() != type)
      fail(o.where, fmt::format("{} takes values of one type; found {} and {}; convert one with to_float or to_int",
                                what, describe(*typed), describe(e)));
    if (shaped && e.shape().empty()) e = splat(e, shaped->shape());
    if (shaped && e.shape() != shaped->shape())
      fail(
          o.where,
          fmt::format("{} takes equal shapes, or a number beside a shape; found {} and {}; use splat, reshape or index "
                      "to bring them together",
                      what, to_string(shaped->shape()), to_string(e.shape())));
    result.push_back(e);
  }
  return result;
}

void require(std::string_view what, const Expr& e, Type type, const Location& at) {
  if (e.type() != type) fail(at, fmt::format("{} takes {} values; found {}", what, name_of(type), describe(e)));
}

Expr unary(Op op, const Operand& x) {
  Expr e = x.get();
  require(name_of(op), e, Type::f32, x.where);
  return make(op, Type::f32, e.shape(), {e}, x.where);
}

Expr binary(Op op, const Operand& a, const Operand& b, std::initializer_list<Type> allowed) {
  auto args = unify(name_of(op), {a, b});
  Type type = args[0].type();
  if (std::find(allowed.begin(), allowed.end(), type) == allowed.end())
    fail(a.where, fmt::format("{} is not defined for {} values", name_of(op), name_of(type)));
  return make(op, type, args[0].shape(), args, a.where);
}

Expr compare(Op op, const Operand& a, const Operand& b, std::initializer_list<Type> allowed) {
  Expr e = binary(op, a, b, allowed);
  return make(op, Type::boolean, e.shape(), e->args, a.where);
}

constexpr std::initializer_list<Type> numbers{Type::f32, Type::i32}, floats{Type::f32}, ints{Type::i32},
    flags{Type::i32, Type::boolean};

}  // namespace

Expr Operand::get() const { return expr ? *expr : number(literal, Type::f32, where); }

Expr with_arguments(const Expr& node, std::vector<Expr> args) {
  if (node->body) throw Bug("with_arguments: a loop is made by fold or loop_while");
  if (std::equal(args.begin(), args.end(), node->args.begin(), node->args.end(), same)) return node;
  for (size_t i = 0; i < args.size(); ++i)
    if (args.size() != node->args.size() || args[i].type() != node->args[i].type() ||
        args[i].shape() != node->args[i].shape())
      throw Bug(fmt::format("with_arguments: the arguments of this '{}' do not fit it", name_of(node->op)));
  return make(node->op, node.type(), node.shape(), std::move(args), node->where, node->values);
}

Within::Within(Scopes scope) : saved_(std::exchange(current_scope, std::move(scope))) {}
Within::~Within() { current_scope = std::move(saved_); }

Expr constant(double value, Type type) { return number(value, type, Location::current()); }

Expr constant(std::vector<double> values, Shape shape, Type type, Location at) {
  if (int64_t(values.size()) != element_count(shape))
    fail(at, fmt::format("a constant of shape {} has {} elements; {} were given", to_string(shape),
                         element_count(shape), values.size()));
  if (type == Type::i32)
    for (double& v : values) v = number(v, type, at)->values[0];
  if (type == Type::boolean)
    for (double& v : values) v = double(v != 0);
  return make(Op::Constant, type, std::move(shape), {}, at, std::move(values));
}

Expr parameter(std::string name, Type type, Shape shape) {
  Node n{.op = Op::Parameter,
         .type = type,
         .shape = std::move(shape),
         .args = {},
         .values = {},
         .name = std::move(name),
         .scope = {},
         .inner = {},
         .body = {},
         .where = Location::current()};
  return intern(std::move(n));
}

Expr normal(Shape shape, Location at) { return draw(Op::Normal, Type::f32, std::move(shape), at); }
Expr uniform(Shape shape, Location at) { return draw(Op::Uniform, Type::f32, std::move(shape), at); }
Expr bits(Shape shape, Location at) { return draw(Op::Bits, Type::i32, std::move(shape), at); }

Expr operator+(Operand a, Operand b) { return binary(Op::Add, a, b, numbers); }
Expr operator-(Operand a, Operand b) { return binary(Op::Sub, a, b, numbers); }
Expr operator*(Operand a, Operand b) { return binary(Op::Mul, a, b, numbers); }
Expr operator/(Operand a, Operand b) { return binary(Op::Div, a, b, floats); }
Expr operator-(Operand a) {
  Expr e = a.get();
  return e.type() == Type::i32 ? Operand(0, a.where) - a : unary(Op::Neg, a);
}
Expr min(Operand a, Operand b) { return binary(Op::Min, a, b, numbers); }
Expr max(Operand a, Operand b) { return binary(Op::Max, a, b, numbers); }
Expr abs(Operand x) { return unary(Op::Abs, x); }
Expr floor(Operand x) { return unary(Op::Floor, x); }
Expr sqrt(Operand x) { return unary(Op::Sqrt, x); }
Expr exp(Operand x) { return unary(Op::Exp, x); }
Expr expm1(Operand x) { return unary(Op::Expm1, x); }
Expr log(Operand x) { return unary(Op::Log, x); }
Expr log1p(Operand x) { return unary(Op::Log1p, x); }
Expr sin(Operand x) { return unary(Op::Sin, x); }
Expr cos(Operand x) { return unary(Op::Cos, x); }
Expr atan2(Operand y, Operand x) { return binary(Op::Atan2, y, x, floats); }

Expr fma(Operand a, Operand b, Operand c) {
  auto args = unify("fma", {a, b, c});
  require("fma", args[0], Type::f32, a.where);
  return make(Op::Fma, Type::f32, args[0].shape(), args, a.where);
}

Expr operator&(Operand a, Operand b) { return binary(Op::And, a, b, ints); }
Expr operator|(Operand a, Operand b) { return binary(Op::Or, a, b, ints); }
Expr operator^(Operand a, Operand b) { return binary(Op::Xor, a, b, flags); }
Expr operator<<(Operand a, Operand b) { return binary(Op::Shl, a, b, ints); }
Expr operator>>(Operand a, Operand b) { return binary(Op::Shr, a, b, ints); }
Expr multiply_high(Operand a, Operand b) { return binary(Op::MulHigh, a, b, ints); }
Expr below(Operand a, Operand b) { return compare(Op::Below, a, b, ints); }

Expr to_int(Operand x) {
  Expr e = x.get();
  return e.type() == Type::i32 ? e : make(Op::ToInt, Type::i32, e.shape(), {e}, x.where);
}
Expr to_float(Operand x) {
  Expr e = x.get();
  return e.type() == Type::f32 ? e : make(Op::ToFloat, Type::f32, e.shape(), {e}, x.where);
}
Expr to_bits(Operand x) {
  Expr e = x.get();
  require("to_bits", e, Type::f32, x.where);
  return make(Op::ToBits, Type::i32, e.shape(), {e}, x.where);
}
Expr from_bits(Operand x) {
  Expr e = x.get();
  require("from_bits", e, Type::i32, x.where);
  return make(Op::FromBits, Type::f32, e.shape(), {e}, x.where);
}

Expr operator<(Operand a, Operand b) { return compare(Op::Less, a, b, numbers); }
Expr operator<=(Operand a, Operand b) { return compare(Op::LessEqual, a, b, numbers); }
Expr operator>(Operand a, Operand b) { return compare(Op::Less, b, a, numbers); }
Expr operator>=(Operand a, Operand b) { return compare(Op::LessEqual, b, a, numbers); }
Expr equal(Operand a, Operand b) { return compare(Op::Equal, a, b, numbers); }
Expr operator&&(Operand a, Operand b) { return binary(Op::And, a, b, {Type::boolean}); }
Expr operator||(Operand a, Operand b) { return binary(Op::Or, a, b, {Type::boolean}); }
Expr operator!(Operand a) {
  Expr e = a.get();
  require("not", e, Type::boolean, a.where);
  return make(Op::Not, Type::boolean, e.shape(), {e}, a.where);
}

Expr select(Operand condition, Operand yes, Operand no) {
  if (!condition.expr)
    fail(condition.where, "select takes a boolean condition; found a number; compare it with something");
  Expr c = *condition.expr;
  require("select's condition", c, Type::boolean, condition.where);
  auto values = unify("select", {yes, no});
  if (!c.shape().empty() && values[0].shape().empty())
    for (Expr& v : values) v = splat(v, c.shape());
  if (c.shape().empty() && !values[0].shape().empty()) c = splat(c, values[0].shape());
  if (c.shape() != values[0].shape())
    fail(condition.where,
         fmt::format("select's condition has shape {} and its values {}; they must be equal, or one a number",
                     to_string(c.shape()), to_string(values[0].shape())));
  return make(Op::Select, values[0].type(), values[0].shape(), {c, values[0], values[1]}, condition.where);
}

Expr splat(Operand x, Shape shape) {
  Expr e = x.get();
  if (e.shape() == shape) return e;
  if (!e.shape().empty()) fail(x.where, fmt::format("splat takes a number; found {}", describe(e)));
  if (e->op == Op::Constant) return make(Op::Constant, e.type(), std::move(shape), {}, x.where, e->values);
  return make(Op::Splat, e.type(), std::move(shape), {e}, x.where);
}

Expr slice(Operand x, int64_t first, int64_t count) {
  Expr e = x.get();
  if (e.shape().empty() || first < 0 || count < 1 || first + count > e.shape()[0])
    fail(x.where, fmt::format("slice asks for elements {} to {} of {}; they must lie within its first axis", first,
                              first + count - 1, describe(e)));
  Shape shape = e.shape();
  shape[0] = count;
  return make(Op::Slice, e.type(), std::move(shape), {e}, x.where, {double(first), double(count)});
}

Expr index(Operand x, int64_t i) {
  Expr part = slice(x, i, 1);
  return reshape(Operand(part, x.where), Shape(part.shape().begin() + 1, part.shape().end()));
}

Expr reshape(Operand x, Shape shape) {
  Expr e = x.get();
  if (e.shape() == shape) return e;
  if (element_count(e.shape()) != element_count(shape))
    fail(x.where, fmt::format("reshape keeps the number of elements; found {} ({} elements) to {} ({} elements)",
                              describe(e), element_count(e.shape()), to_string(shape), element_count(shape)));
  return make(Op::Reshape, e.type(), std::move(shape), {e}, x.where);
}

Expr transpose(Operand x) {
  Expr e = x.get();
  if (e.shape().size() != 2) fail(x.where, fmt::format("transpose takes a matrix; found {}", describe(e)));
  return make(Op::Transpose, e.type(), {e.shape()[1], e.shape()[0]}, {e}, x.where);
}

Expr concat(const std::vector<Expr>& parts, Location at) {
  if (parts.empty()) fail(at, "concat takes at least one part; found none");
  Shape shape = parts[0].shape();
  if (shape.empty())
    fail(at, fmt::format("concat takes parts with a first axis; found {}; use stack for numbers", describe(parts[0])));
  for (size_t i = 1; i < parts.size(); ++i) {
    const Shape& s = parts[i].shape();
    if (parts[i].type() != parts[0].type() || s.size() != shape.size() ||
        !std::equal(s.begin() + 1, s.end(), shape.begin() + 1))
      fail(at, fmt::format("concat takes parts of one type that differ in their first axis only; found {} and {}",
                           describe(parts[0]), describe(parts[i])));
    shape[0] += s[0];
  }
  return make(Op::Concat, parts[0].type(), std::move(shape), parts, at);
}

Expr stack(const std::vector<Operand>& parts, Location at) {
  if (parts.empty()) fail(at, "stack takes at least one part; found none");
  std::vector<Expr> rows = unify("stack", parts);
  for (Expr& r : rows) {
    Shape shape = r.shape();
    shape.insert(shape.begin(), 1);
    r = reshape(Operand(r, at), shape);
  }
  return concat(rows, at);
}

namespace {
Expr elements_at(std::string_view name, const Operand& x, const Operand& i, const Shape& shape) {
  Expr e = x.get(), k = i.expr ? *i.expr : number(i.literal, Type::i32, i.where);
  if (e.shape().size() != 1 || e.type() == Type::boolean)
    fail(x.where, fmt::format("{} takes a vector of f32 or i32; found {}", name, describe(e)));
  if (k.type() != Type::i32 || !k.shape().empty())
    fail(i.where, fmt::format("{} takes one i32 index; found {}", name, describe(k)));
  if (element_count(shape) < 1 || element_count(shape) > e.shape()[0])
    fail(x.where, fmt::format("{} takes 1 to {} elements of {}; {} are asked for", name, e.shape()[0], describe(e),
                              element_count(shape)));
  return make(Op::At, e.type(), shape, {e, k}, x.where);
}
}  // namespace

Expr at(Operand x, Operand i) { return elements_at("at", x, i, {}); }
Expr dynamic_slice(Operand x, Operand first, int64_t count) { return elements_at("dynamic_slice", x, first, {count}); }

namespace {
Expr reduction(Op op, const Operand& x, std::initializer_list<Type> allowed) {
  Expr e = x.get();
  if (e.shape().empty() || std::find(allowed.begin(), allowed.end(), e.type()) == allowed.end())
    fail(x.where, fmt::format("{} takes numbers with a shape; found {}", name_of(op), describe(e)));
  return make(op, e.type(), {}, {e}, x.where);
}
}  // namespace

Expr sum(Operand x) { return reduction(Op::Sum, x, numbers); }
Expr min_of(Operand x) { return reduction(Op::MinOf, x, numbers); }
Expr max_of(Operand x) { return reduction(Op::MaxOf, x, numbers); }

Expr dot(Operand a, Operand b) {
  Expr x = a.get(), y = b.get();
  if (x.shape() != y.shape() || x.shape().empty() || x.type() != Type::f32 || y.type() != Type::f32)
    fail(a.where, fmt::format("dot takes two f32 values of equal shape; found {} and {}", describe(x), describe(y)));
  return make(Op::Dot, Type::f32, {}, {x, y}, a.where);
}

Expr cross(Operand a, Operand b) {
  Expr x = a.get(), y = b.get();
  if (x.shape() != Shape{3} || y.shape() != Shape{3})
    fail(a.where, fmt::format("cross takes two vectors of shape [3]; found {} and {}", describe(x), describe(y)));
  auto turned = [](const Expr& v, int by) {
    return by == 1 ? stack({index(v, 1), index(v, 2), index(v, 0)}) : stack({index(v, 2), index(v, 0), index(v, 1)});
  };
  return turned(x, 1) * turned(y, 2) - turned(x, 2) * turned(y, 1);
}

Expr matmul(Operand a, Operand b) {
  Expr x = a.get(), y = b.get();
  bool fits = x.shape().size() == 2 && !y.shape().empty() && y.shape().size() <= 2 && x.shape()[1] == y.shape()[0] &&
              x.type() == Type::f32 && y.type() == Type::f32;
  if (!fits)
    fail(a.where,
         fmt::format("matmul takes [n, k] by [k, m] or [n, k] by [k]; found {} and {}", describe(x), describe(y)));
  Shape shape{x.shape()[0]};
  if (y.shape().size() == 2) shape.push_back(y.shape()[1]);
  return make(Op::MatMul, Type::f32, std::move(shape), {x, y}, a.where);
}

namespace {

using Condition = std::function<Expr(const std::vector<Expr>&)>;
using Step = std::function<std::vector<Expr>(Expr, const std::vector<Expr>&)>;

std::vector<Expr> loop(Op op, std::vector<double> values, const std::vector<Operand>& first, const Condition& condition,
                       const Step& step, const Location& at) {
  if (first.empty()) fail(at, fmt::format("a {} carries at least one value; found none", name_of(op)));
  std::vector<Expr> inits;
  for (const Operand& o : first) inits.push_back(o.get());

  auto inner = std::make_shared<Scope>();
  inner->outer = current_scope.get();
  inner->keep = current_scope;
  inner->depth = current_scope ? current_scope->depth + 1 : 1;
  auto bound = [&](Type type, const Shape& shape) {
    Node n{.op = Op::Bound,
           .type = type,
           .shape = shape,
           .args = {},
           .values = {},
           .name = {},
           .serial = next_serial(),
           .scope = inner,
           .inner = {},
           .body = {},
           .where = at};
    return intern(std::move(n));
  };
  auto body = std::make_shared<LoopBody>();
  body->bound.push_back(bound(Type::i32, {}));
  for (const Expr& e : inits) body->bound.push_back(bound(e.type(), e.shape()));
  std::vector<Expr> carried(body->bound.begin() + 1, body->bound.end());

  {
    Within scope(inner);
    if (condition) body->condition.push_back(condition(carried));
    body->next = step(body->bound[0], carried);
  }
  if (condition && (body->condition[0].type() != Type::boolean || !body->condition[0].shape().empty()))
    fail(at, fmt::format("the condition of a while is one boolean; found {}", describe(body->condition[0])));
  if (body->next.size() != inits.size())
    fail(at, fmt::format("a {} that carries {} values must return as many; its step returns {}", name_of(op),
                         inits.size(), body->next.size()));
  for (size_t i = 0; i < inits.size(); ++i)
    if (body->next[i].type() != inits[i].type() || body->next[i].shape() != inits[i].shape())
      fail(at, fmt::format("value {} of a {} starts as {} and its step returns {}; they must agree", i, name_of(op),
                           describe(inits[i]), describe(body->next[i])));

  Node n{.op = op,
         .type = inits[0].type(),
         .shape = inits[0].shape(),
         .args = inits,
         .values = std::move(values),
         .name = {},
         .serial = next_serial(),
         .scope = current_scope,
         .inner = inner,
         .body = body,
         .where = at};
  Expr made = intern(std::move(n));
  std::vector<Expr> results;
  for (size_t i = 0; i < inits.size(); ++i)
    results.push_back(make(Op::Item, inits[i].type(), inits[i].shape(), {made}, at, {double(i)}));
  return results;
}

}  // namespace

std::vector<Expr> fold(int64_t trips, const std::vector<Operand>& first, const Step& step, Location at) {
  if (trips < 0 || trips > 16777216) fail(at, fmt::format("a fold makes 0 to 16777216 trips; found {}", trips));
  return loop(Op::Fold, {double(trips)}, first, {}, step, at);
}

Expr fold(int64_t trips, Operand first, const std::function<Expr(Expr, Expr)>& step, Location at) {
  return fold(
      trips, std::vector<Operand>{first},
      [&step](Expr trip, const std::vector<Expr>& c) { return std::vector<Expr>{step(trip, c[0])}; }, at)[0];
}

std::vector<Expr> loop_while(const std::vector<Operand>& first, const Condition& condition, const Step& step,
                             Location at) {
  return loop(Op::While, {}, first, condition, step, at);
}

Expr uniform_int(int64_t n, Location at) {
  if (n < 1 || n > 0x7fffffff) fail(at, fmt::format("uniform_int takes 1 to 2^31 - 1 values; found {}", n));
  return multiply_high(bits({}, at), constant(double(n), Type::i32));
}

std::string to_string(const Expr& e) {
  std::string text;
  std::unordered_map<const Node*, size_t> numbers_of;
  std::function<size_t(const Expr&)> line = [&](const Expr& x) -> size_t {
    if (auto found = numbers_of.find(x.get()); found != numbers_of.end()) return found->second;
    std::string args;
    for (const Expr& a : x->args) args += fmt::format(" %{}", line(a));
    if (x->body) {
      for (const Expr& n : x->body->condition) args += fmt::format(" while %{}", line(n));
      for (const Expr& n : x->body->next) args += fmt::format(" next %{}", line(n));
    }
    for (double v : x->values) args += fmt::format(" {}", v);
    size_t number = numbers_of.size();
    numbers_of.emplace(x.get(), number);
    text += fmt::format("%{} = {}{}{} : {}\n", number, name_of(x->op), x->name.empty() ? "" : " " + x->name, args,
                        describe(x));
    return number;
  };
  line(e);
  return text;
}

}  // namespace catenary
