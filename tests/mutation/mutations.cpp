// The table of changes, and the nodes that they are made to.
#include <catenary/tests/mutation/mutations.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <numbers>
#include <set>

#include <fmt/format.h>

#include <catenary/dsl/rewrite.h>
#include <catenary/dsl/schedule.h>

namespace catenary::testing {

namespace {

struct Change {
  std::string name;
  std::function<Expr(const Expr& node, const std::vector<Expr>& a)> make;
};

bool is_loop(const Node& n) { return n.op == Op::Fold || n.op == Op::While; }

Expr scaled(const Expr& constant_node, double by) {
  std::vector<double> values;
  for (double v : constant_node->values) values.push_back(by * v);
  if (values.size() == 1 && element_count(constant_node.shape()) > 1)
    return splat(constant(values[0]), constant_node.shape());
  return constant_node.shape().empty() ? constant(values[0]) : constant(values, constant_node.shape());
}

// What can be done to a node of this kind.
std::vector<Change> changes_of(const Expr& node, const std::vector<Expr>& parameters) {
  std::vector<Change> changes;
  auto change = [&](std::string name, std::function<Expr(const Expr&, const std::vector<Expr>&)> make) {
    changes.push_back({std::move(name), std::move(make)});
  };
  auto argument = [&](size_t i, const char* name) {
    change(name, [i](const Expr&, const std::vector<Expr>& a) { return a[i]; });
  };
  const Node& n = *node;
  bool floats = n.type == Type::f32;
  switch (n.op) {
    case Op::Constant:
      if (floats && n.values[0] != 0 && std::isfinite(n.values[0])) {
        change("doubled", [](const Expr& e, const std::vector<Expr>&) { return scaled(e, 2); });
        change("times sqrt 2", [](const Expr& e, const std::vector<Expr>&) { return scaled(e, std::numbers::sqrt2); });
        change("negated", [](const Expr& e, const std::vector<Expr>&) { return scaled(e, -1); });
      }
      if (n.type == Type::i32 && n.shape.empty())
        change("plus one",
               [](const Expr& e, const std::vector<Expr>&) { return constant(e->values[0] + 1, Type::i32); });
      return changes;
    case Op::Normal:
      change("of twice the variance", [](const Expr& e, const std::vector<Expr>&) { return std::numbers::sqrt2 * e; });
      break;
    case Op::Add:
      if (floats) change("- for +", [](const Expr&, const std::vector<Expr>& a) { return a[0] - a[1]; });
      argument(0, "a for a + b");
      argument(1, "b for a + b");
      break;
    case Op::Sub:
      change("+ for -", [](const Expr&, const std::vector<Expr>& a) { return a[0] + a[1]; });
      argument(0, "a for a - b");
      if (floats) change("-b for a - b", [](const Expr&, const std::vector<Expr>& a) { return -a[1]; });
      break;
    case Op::Mul:
      if (floats) change("/ for *", [](const Expr&, const std::vector<Expr>& a) { return a[0] / a[1]; });
      argument(0, "a for a b");
      argument(1, "b for a b");
      break;
    case Op::Div:
      change("* for /", [](const Expr&, const std::vector<Expr>& a) { return a[0] * a[1]; });
      argument(0, "a for a / b");
      break;
    case Op::Min:
    case Op::Max:
      change(n.op == Op::Min ? "max for min" : "min for max", [](const Expr& e, const std::vector<Expr>& a) {
        return e->op == Op::Min ? max(a[0], a[1]) : min(a[0], a[1]);
      });
      argument(0, "a for the choice of a and b");
      argument(1, "b for the choice of a and b");
      break;
    case Op::Sin: change("cos for sin", [](const Expr&, const std::vector<Expr>& a) { return cos(a[0]); }); break;
    case Op::Cos: change("sin for cos", [](const Expr&, const std::vector<Expr>& a) { return sin(a[0]); }); break;
    case Op::Exp: change("expm1 for exp", [](const Expr&, const std::vector<Expr>& a) { return expm1(a[0]); }); break;
    case Op::Expm1: change("exp for expm1", [](const Expr&, const std::vector<Expr>& a) { return exp(a[0]); }); break;
    case Op::Log: change("log1p for log", [](const Expr&, const std::vector<Expr>& a) { return log1p(a[0]); }); break;
    case Op::Log1p: change("log for log1p", [](const Expr&, const std::vector<Expr>& a) { return log(a[0]); }); break;
    case Op::Sqrt:
    case Op::Floor:
    case Op::Abs: argument(0, "left out"); break;
    case Op::Fma:
      change("- for + in a b + c", [](const Expr&, const std::vector<Expr>& a) { return fma(a[0], a[1], -a[2]); });
      change("a + c for a b + c", [](const Expr&, const std::vector<Expr>& a) { return a[0] + a[2]; });
      change("b + c for a b + c", [](const Expr&, const std::vector<Expr>& a) { return a[1] + a[2]; });
      change("a b for a b + c", [](const Expr&, const std::vector<Expr>& a) { return a[0] * a[1]; });
      argument(2, "c for a b + c");
      break;
    case Op::Atan2:
      change("arguments swapped", [](const Expr&, const std::vector<Expr>& a) { return atan2(a[1], a[0]); });
      break;
    case Op::Select:
      change("the other way round", [](const Expr&, const std::vector<Expr>& a) { return select(a[0], a[2], a[1]); });
      argument(1, "always chosen");
      argument(2, "never chosen");
      break;
    case Op::Less: change("> for <", [](const Expr&, const std::vector<Expr>& a) { return a[1] < a[0]; }); break;
    case Op::LessEqual:
      change(">= for <=", [](const Expr&, const std::vector<Expr>& a) { return a[1] <= a[0]; });
      break;
    case Op::Below:
      change("above for below", [](const Expr&, const std::vector<Expr>& a) { return below(a[1], a[0]); });
      break;
    case Op::Equal:
      change("unequal for equal", [](const Expr&, const std::vector<Expr>& a) { return !equal(a[0], a[1]); });
      break;
    case Op::Shr: argument(0, "left out"); break;
    case Op::At:
      change("the next element", [](const Expr&, const std::vector<Expr>& a) { return at(a[0], a[1] + 1); });
      break;
    default: break;
  }
  if (floats && n.op != Op::Parameter && n.op != Op::Bound && n.op != Op::Neg)
    change("negated", [](const Expr& e, const std::vector<Expr>& a) { return -with_arguments(e, a); });
  if (n.op == Op::Neg) argument(0, "left out");
  // A parameter where another of its type belongs.
  for (size_t i = 0; i < n.args.size(); ++i)
    for (const Expr& other : parameters)
      if (n.args[i]->op == Op::Parameter && !same(other, n.args[i]) && other.type() == n.args[i].type() &&
          other.shape() == n.args[i].shape())
        change(fmt::format("{} for {}", other->name, n.args[i]->name), [i, other](const Expr& e, std::vector<Expr> a) {
          a[i] = other;
          return with_arguments(e, a);
        });
  return changes;
}

// All nodes of a schedule, bodies of loops in their place. Handles are found through the arguments of others.
class Nodes {
 public:
  explicit Nodes(const Expr& result) {
    collect(result);
    order(schedule({result}));
  }
  std::vector<Expr> list;

 private:
  void collect(const Expr& e) {
    if (!handles_.emplace(e.get(), e).second) return;
    for (const Expr& a : e->args) collect(a);
    if (!e->body) return;
    for (const auto* part : {&e->body->condition, &e->body->next})
      for (const Expr& b : *part) collect(b);
  }
  void order(const Schedule& s) {
    for (const Node* n : s.nodes) {
      if (auto found = handles_.find(n); found != handles_.end()) list.push_back(found->second);
      if (!is_loop(*n)) continue;
      if (n->op == Op::While) order(s.conditions.at(n));
      order(s.bodies.at(n));
    }
  }
  std::map<const Node*, Expr> handles_;
};

bool of_the_library(const Expr& e) {
  return std::string_view(e->where.file_name()).find("stdlib/") != std::string_view::npos;
}

// The values of a fold after another number of trips, with draws of its own.
std::vector<Expr> refolded(const Expr& loop, int64_t trips) {
  const LoopBody& body = *loop->body;
  std::vector<Operand> first(loop->args.begin(), loop->args.end());
  return fold(trips, first, [&](Expr trip, const std::vector<Expr>& carried) {
    return rewrite(body.next, [&](const Expr& e, const std::vector<Expr>&) -> std::optional<Expr> {
      if (same(e, body.bound[0])) return trip;
      for (size_t i = 0; i < carried.size(); ++i)
        if (same(e, body.bound[i + 1])) return carried[i];
      if (e->scope != loop->inner) return std::nullopt;
      if (e->op == Op::Normal) return normal(e.shape(), e->where);
      if (e->op == Op::Uniform) return uniform(e.shape(), e->where);
      if (e->op == Op::Bits) return bits(e.shape(), e->where);
      return std::nullopt;
    });
  });
}

// A fold with another number of trips; a while with none.
Expr with_trips(const Expr& result, const Expr& loop, int64_t more) {
  std::vector<Expr> values = loop->args;
  if (loop->op == Op::Fold) values = refolded(loop, int64_t(loop->values[0]) + more);
  return rewrite({result}, [&](const Expr& e, const std::vector<Expr>&) -> std::optional<Expr> {
    if (e->op != Op::Item || e->args[0].get() != loop.get()) return std::nullopt;
    return values[size_t(e->values[0])];
  })[0];
}

}  // namespace

std::string place_of(const Expr& e) {
  return fmt::format("{}:{}:{}", std::filesystem::path(e->where.file_name()).filename().string(), e->where.line(),
                     e->where.column());
}

std::set<std::string> places_of(const Function& function) {
  std::set<std::string> places;
  for (const Expr& e : Nodes(function.result).list)
    if (e->op != Op::Constant && e->op != Op::Parameter) places.insert(place_of(e));
  return places;
}

std::vector<Mutant> mutants_of(const Function& function, const std::set<std::string>& left_out) {
  std::vector<Mutant> mutants;
  std::set<std::string> seen = {to_string(function.result)};
  std::vector<Expr> nodes = Nodes(function.result).list;
  auto mine = [&](const Expr& e) { return of_the_library(e) && !left_out.count(place_of(e)); };

  // Nodes by the piece of source that made them. Equal constants are one node, wherever they are written: each is by
  // itself, and told by the first that uses it.
  struct Group {
    std::string where, op;
    std::vector<Expr> nodes;
  };
  std::vector<Group> groups;
  std::map<std::string, size_t> group_at, on_line;
  std::map<const Node*, const Expr*> told_by;
  for (const Expr& e : nodes)
    if (e->op != Op::Constant && mine(e)) {
      told_by[e.get()] = &e;
      for (const Expr& a : e->args)
        if (a->op == Op::Constant) told_by.emplace(a.get(), &e);
    }
  for (const Expr& e : nodes) {
    auto told_at = told_by.find(e.get());
    if (told_at == told_by.end()) continue;
    const Expr* told = told_at->second;
    std::string place = place_of(*told), line = place.substr(0, place.rfind(':')), op(name_of(e->op));
    std::string id = fmt::format("{} {} {}", place, op, e->op == Op::Constant ? to_string(e) : "");
    auto [at, added] = group_at.emplace(id, groups.size());
    if (added) {
      size_t nth = ++on_line[line + op];
      groups.push_back({line, nth > 1 ? fmt::format("{} {}", op, nth) : op, {}});
    }
    groups[at->second].nodes.push_back(e);
  }

  auto offer_whole = [&](const std::string& change, const Expr& result) {
    if (seen.insert(to_string(result)).second)
      mutants.push_back({function.name, std::string(name_of(function.result->op)), change, result});
  };
  // A function that is one of its parameters.
  if (function.result->op == Op::Parameter && function.result.type() == Type::f32) {
    offer_whole("negated", -function.result);
    offer_whole("doubled", 2.0 * function.result);
    for (const Expr& other : function.parameters)
      if (!same(other, function.result) && other.type() == Type::f32 && other.shape() == function.result.shape())
        offer_whole(fmt::format("{} for {}", other->name, function.result->name), other);
  }

  for (const Group& group : groups) {
    auto offer = [&](const std::string& change, const std::function<Expr()>& make) {
      try {
        Expr result = make();
        if (seen.insert(to_string(result)).second) mutants.push_back({group.where, group.op, change, result});
      } catch (const Error&) {  // The language itself refuses it.
      }
    };
    const Expr& first = group.nodes[0];
    if (is_loop(*first)) {
      if (first->op == Op::While) offer("not entered", [&] { return with_trips(function.result, first, 0); });
      if (first->op == Op::Fold)
        for (int64_t more : {-1, 1})
          if (first->values[0] + double(more) >= 1)
            offer(more > 0 ? "one trip more" : "one trip less",
                  [&] { return with_trips(function.result, first, more); });
      continue;
    }
    // What can be done to any of the nodes is done to all that allow it.
    std::vector<std::string> names;
    for (const Expr& node : group.nodes)
      for (const Change& c : changes_of(node, function.parameters))
        if (std::find(names.begin(), names.end(), c.name) == names.end()) names.push_back(c.name);
    for (const std::string& name : names)
      offer(name, [&] {
        return rewrite({function.result}, [&](const Expr& e, const std::vector<Expr>& a) -> std::optional<Expr> {
          if (std::none_of(group.nodes.begin(), group.nodes.end(), [&](const Expr& n) { return same(n, e); }))
            return std::nullopt;
          for (const Change& c : changes_of(e, function.parameters))
            if (c.name == name) return c.make(e, a);
          return std::nullopt;
        })[0];
      });
  }
  return mutants;
}

}  // namespace catenary::testing
