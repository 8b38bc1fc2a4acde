// The derivative of every node kind.
#include <catenary/dsl/gradient.h>

#include <atomic>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include <catenary/dsl/rewrite.h>

namespace catenary {

namespace {

[[noreturn]] void fail(const Expr& e, const std::string& sentence) {
  throw Error(fmt::format("{}:{}: {}", e->where.file_name(), e->where.line(), sentence));
}

Expr zeros(const Shape& shape) { return splat(0.0, shape); }

// 0, 1, ... n - 1.
Expr positions(int64_t n) {
  std::vector<double> values(size_t(n), 0.0);
  std::iota(values.begin(), values.end(), 0.0);
  return constant(std::move(values), {n}, Type::i32);
}

// A vector of n elements, 0 but for element i.
Expr only_at(const Expr& i, const Expr& value, int64_t n) { return select(equal(positions(n), i), value, 0.0); }

class Reverse {
 public:
  explicit Reverse(const Expr& x) : x_(x) {}

  Expr of(const Expr& f) {
    visit(f);
    adjoint_.emplace(f.get(), constant(1.0));
    for (auto e = order_.rbegin(); e != order_.rend(); ++e)
      if (auto found = adjoint_.find(e->get()); found != adjoint_.end() && !same(*e, x_)) pass(*e, found->second);
    auto found = adjoint_.find(x_.get());
    return found == adjoint_.end() ? zeros(x_.shape()) : found->second;
  }

 private:
  // Whether e depends on x. Orders the nodes that do, arguments first.
  bool visit(const Expr& e) {
    if (auto found = depends_.find(e.get()); found != depends_.end()) return found->second;
    bool does = same(e, x_);
    if (!does) {
      for (const Expr& a : e->args) does |= visit(a);
      if (e->body)
        for (const auto* part : {&e->body->condition, &e->body->next})
          for (const Expr& b : *part) does |= visit(b);
    }
    depends_.emplace(e.get(), does);
    if (does) order_.push_back(e);
    return does;
  }

  // Adds `part` to what reaches argument i of n.
  void give(const Expr& n, size_t i, const std::function<Expr()>& part, bool chosen = false) {
    const Expr& to = n->args[i];
    if (to.type() != Type::f32 || !depends_.at(to.get())) return;
    if (chosen || chosen_.count(n.get())) chosen_.insert(to.get());
    Expr more = part();
    auto [found, first] = adjoint_.emplace(to.get(), more);
    if (!first) found->second = found->second + more;
  }

  // Hands the adjoint a of n on to its arguments.
  void pass(const Expr& n, const Expr& a) {
    auto arg = [&](size_t i) { return n->args[i]; };
    auto linear = [&](size_t i, const std::function<Expr()>& part) { give(n, i, part); };
    auto choice = [&](size_t i, const std::function<Expr()>& part) { give(n, i, part, true); };
    // Through a branch that is not taken comes 0; it stays 0 where the derivative is infinite or NaN.
    auto scaled = [&](size_t i, const std::function<Expr()>& part) {
      give(n, i, [&] {
        Expr product = part();
        if (!chosen_.count(n.get())) return product;
        bool whole = a.shape() != product.shape() && !a.shape().empty();
        return select(equal(whole ? max_of(abs(a)) : a, 0.0), 0.0, product);
      });
    };
    switch (n->op) {
      case Op::Constant:
      case Op::Parameter:
      case Op::Bound:
      case Op::Normal:
      case Op::Uniform: return;
      case Op::Neg: return linear(0, [&] { return -a; });
      case Op::Abs: return choice(0, [&] { return select(arg(0) > 0.0, a, select(arg(0) < 0.0, -a, 0.0)); });
      case Op::Floor:
      case Op::ToFloat:
      case Op::FromBits: return;
      case Op::Sqrt: return scaled(0, [&] { return 0.5 * a / n; });
      case Op::Exp: return scaled(0, [&] { return a * n; });
      case Op::Expm1: return scaled(0, [&] { return a * exp(arg(0)); });
      case Op::Log: return scaled(0, [&] { return a / arg(0); });
      case Op::Log1p: return scaled(0, [&] { return a / (1.0 + arg(0)); });
      case Op::Sin: return scaled(0, [&] { return a * cos(arg(0)); });
      case Op::Cos: return scaled(0, [&] { return -a * sin(arg(0)); });
      case Op::Add: linear(0, [&] { return a; }); return linear(1, [&] { return a; });
      case Op::Sub: linear(0, [&] { return a; }); return linear(1, [&] { return -a; });
      case Op::Mul: scaled(0, [&] { return a * arg(1); }); return scaled(1, [&] { return a * arg(0); });
      case Op::Div: scaled(0, [&] { return a / arg(1); }); return scaled(1, [&] { return -a * n / arg(1); });
      case Op::Min:
        choice(0, [&] { return select(arg(0) <= arg(1), a, 0.0); });
        return choice(1, [&] { return select(arg(0) <= arg(1), 0.0, a); });
      case Op::Max:
        choice(0, [&] { return select(arg(0) >= arg(1), a, 0.0); });
        return choice(1, [&] { return select(arg(0) >= arg(1), 0.0, a); });
      case Op::Atan2: {
        auto square_of_radius = [&] { return arg(0) * arg(0) + arg(1) * arg(1); };
        scaled(0, [&] { return a * arg(1) / square_of_radius(); });
        return scaled(1, [&] { return -a * arg(0) / square_of_radius(); });
      }
      case Op::Select:
        choice(1, [&] { return select(arg(0), a, 0.0); });
        return choice(2, [&] { return select(arg(0), 0.0, a); });
      case Op::Fma:
        scaled(0, [&] { return a * arg(1); });
        scaled(1, [&] { return a * arg(0); });
        return linear(2, [&] { return a; });
      case Op::Splat: return linear(0, [&] { return sum(a); });
      case Op::Slice:
        return linear(0, [&] {
          std::vector<Expr> parts{a};
          Shape rest = n.shape();
          int64_t before = int64_t(n->values[0]), after = arg(0).shape()[0] - before - rest[0];
          rest[0] = before;
          if (before > 0) parts.insert(parts.begin(), zeros(rest));
          rest[0] = after;
          if (after > 0) parts.push_back(zeros(rest));
          return concat(parts);
        });
      case Op::Reshape: return linear(0, [&] { return reshape(a, arg(0).shape()); });
      case Op::Transpose: return linear(0, [&] { return transpose(a); });
      case Op::Concat: {
        int64_t first = 0;
        for (size_t i = 0; i < n->args.size(); ++i) {
          int64_t count = arg(i).shape()[0];
          linear(i, [&] { return slice(a, first, count); });
          first += count;
        }
        return;
      }
      case Op::At:
        return choice(0, [&] {
          int64_t size = arg(0).shape()[0], count = element_count(n.shape());
          Expr first = min(max(arg(1), 0), size - count), parts = reshape(a, {count});
          Expr all = only_at(first, index(parts, 0), size);
          for (int64_t k = 1; k < count; ++k) all = all + only_at(first + k, index(parts, k), size);
          return all;
        });
      case Op::Sum: return linear(0, [&] { return splat(a, arg(0).shape()); });
      case Op::MinOf:
      case Op::MaxOf:
        return choice(0, [&] {
          int64_t size = element_count(arg(0).shape());
          Expr found = equal(reshape(arg(0), {size}), n);
          Expr first = min_of(select(found, positions(size), size));
          return reshape(only_at(first, a, size), arg(0).shape());
        });
      case Op::Dot: scaled(0, [&] { return a * arg(1); }); return scaled(1, [&] { return a * arg(0); });
      case Op::MatMul: {
        int64_t rows = arg(0).shape()[0], inner = arg(0).shape()[1];
        bool vector = arg(1).shape().size() == 1;
        scaled(0, [&] {
          return vector ? matmul(reshape(a, {rows, 1}), reshape(arg(1), {1, inner})) : matmul(a, transpose(arg(1)));
        });
        return scaled(1, [&] { return matmul(transpose(arg(0)), a); });
      }
      case Op::Item:
        fail(n, fmt::format(
                    "the gradient leads through the values of this {}, and loops are not differentiated; write "
                    "the sum out term by term, or give it yourself (override Process::score; give Loss a gradient)",
                    name_of(n->args[0]->op)));
      case Op::Fold:
      case Op::While:
      case Op::Bits:
      case Op::MulHigh:
      case Op::And:
      case Op::Or:
      case Op::Xor:
      case Op::Shl:
      case Op::Shr:
      case Op::Less:
      case Op::LessEqual:
      case Op::Equal:
      case Op::Below:
      case Op::Not:
      case Op::ToInt:
      case Op::ToBits: break;
    }
    throw Bug(fmt::format("gradient: an adjoint reached '{}'", name_of(n->op)));
  }

  Expr x_;
  std::map<const Node*, bool> depends_;
  std::vector<Expr> order_;
  std::map<const Node*, Expr> adjoint_;
  std::set<const Node*> chosen_;  // Nodes that a choice may leave out: their adjoint may be 0 for that reason.
};

}  // namespace

Expr gradient(const Expr& f, const Expr& x) {
  auto describe = [](const Expr& e) { return fmt::format("{} {}", name_of(e.type()), to_string(e.shape())); };
  if (f.type() != Type::f32 || !f.shape().empty())
    fail(f, fmt::format("gradient takes an f32 number to differentiate; found {}; take its sum, or one element",
                        describe(f)));
  if (x.type() != Type::f32)
    fail(x, fmt::format("gradient takes an f32 variable to differentiate by; found {}", describe(x)));
  return Reverse(x).of(f);
}

Expr derivative(const std::function<Expr(Expr)>& f, const Expr& x) {
  // By a variable of its own, since f may depend on x in other ways too, and take derivatives itself.
  static std::atomic<int64_t> count{0};
  Expr variable = parameter(fmt::format("variable {}", ++count), x.type(), x.shape()), value = f(variable);
  return rewrite({gradient(x.shape().empty() ? value : sum(value), variable)}, {{variable, x}})[0];
}

}  // namespace catenary
