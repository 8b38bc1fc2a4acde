// Rewriting in two stages: a loop's body is rewritten where it is, and if that changed it, copied into a loop made
// anew.
#include <catenary/dsl/rewrite.h>

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace catenary {

namespace {

using Scopes = std::shared_ptr<const Scope>;

std::string describe(const Expr& e) { return fmt::format("{} {}", name_of(e.type()), to_string(e.shape())); }

bool all_same(const std::vector<Expr>& a, const std::vector<Expr>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

// Makes a loop anew, and with it what belongs to its body: bound variables, draws and the loops inside.
class Copying {
 public:
  /// The new loop: `old` with these first values and this body, in a scope.
  Expr loop(const Node& old, const std::vector<Expr>& first, const LoopBody& body, const Scopes& scope) {
    auto enter = [&](const std::vector<Expr>& carried) {
      scopes_[old.inner.get()] = carried[0]->scope;
      for (size_t i = 0; i < carried.size(); ++i) copies_.insert_or_assign(body.bound[i + 1].get(), carried[i]);
    };
    auto condition = [&](const std::vector<Expr>& carried) {
      enter(carried);
      return copy(body.condition[0]);
    };
    auto step = [&](const Expr& trip, const std::vector<Expr>& carried) {
      enter(carried);
      copies_.insert_or_assign(body.bound[0].get(), trip);
      return all(body.next);
    };
    Within here(scope);
    std::vector<Operand> inits(first.begin(), first.end());
    std::vector<Expr> values = old.op == Op::Fold ? fold(int64_t(old.values[0]), inits, step, old.where)
                                                  : loop_while(inits, condition, step, old.where);
    return values[0]->args[0];
  }

 private:
  Expr copy(const Expr& e) {
    if (!e->scope) return e;
    if (auto found = copies_.find(e.get()); found != copies_.end()) return found->second;
    Expr made = make(e);
    copies_.emplace(e.get(), made);
    return made;
  }

  Expr make(const Expr& e) {
    auto moved = scopes_.find(e->scope.get());
    if (e->body) return moved == scopes_.end() ? e : loop(*e, all(e->args), *e->body, moved->second);
    if (moved != scopes_.end()) {
      Within there(moved->second);
      if (e->op == Op::Normal) return normal(e.shape(), e->where);
      if (e->op == Op::Uniform) return uniform(e.shape(), e->where);
      if (e->op == Op::Bits) return bits(e.shape(), e->where);
    }
    return with_arguments(e, all(e->args));
  }

  std::vector<Expr> all(const std::vector<Expr>& list) {
    std::vector<Expr> result;
    for (const Expr& e : list) result.push_back(copy(e));
    return result;
  }

  std::map<const Node*, Expr> copies_;
  std::map<const Scope*, Scopes> scopes_;  // Of the loops made anew: old to new.
};

class Rewriting {
 public:
  explicit Rewriting(const Replacement& replacement) : replacement_(replacement) {}

  std::vector<Expr> all(const std::vector<Expr>& list) {
    std::vector<Expr> result;
    for (const Expr& e : list) result.push_back(rewritten(e));
    return result;
  }

 private:
  Expr rewritten(const Expr& e) {
    if (auto found = done_.find(e.get()); found != done_.end()) return found->second;
    Expr made = make(e, all(e->args));
    done_.emplace(e.get(), made);
    return made;
  }

  Expr make(const Expr& e, const std::vector<Expr>& args) {
    if (e->body) return loop(e, args);
    std::optional<Expr> other = replacement_(e, args);
    if (!other) return with_arguments(e, args);
    if (other->type() != e.type() || other->shape() != e.shape())
      throw Error(
          fmt::format("{}:{}: rewrite puts {} in the place of this '{}', which is {}; a replacement must have "
                      "the type and shape of what it replaces",
                      e->where.file_name(), e->where.line(), describe(*other), name_of(e->op), describe(e)));
    return *other;
  }

  Expr loop(const Expr& e, const std::vector<Expr>& first) {
    open_.insert(e->inner.get());
    LoopBody body{e->body->bound, all(e->body->condition), all(e->body->next)};
    open_.erase(e->inner.get());
    if (all_same(first, e->args) && all_same(body.condition, e->body->condition) && all_same(body.next, e->body->next))
      return e;
    // Inside a loop that is being rewritten its place is known; it moves along when that loop is made anew.
    bool nested = open_.count(e->scope.get()) != 0;
    return Copying().loop(*e, first, body, nested ? e->scope : innermost(*e, first, body));
  }

  // The innermost loop among that of `loop` and those whose values it now takes.
  static Scopes innermost(const Node& loop, const std::vector<Expr>& first, const LoopBody& body) {
    Scopes best = loop.scope;
    std::set<const Node*> seen;
    auto inside = [&](const Scope* s) {
      while (s && s != loop.inner.get()) s = s->outer;
      return s != nullptr;
    };
    auto visit = [&](auto& self, const std::vector<Expr>& list) -> void {
      for (const Expr& e : list) {
        if (!e->scope || !seen.insert(e.get()).second) continue;
        bool belongs = e->args.empty() || e->body;  // Other nodes are where their arguments are.
        if (belongs && !inside(e->scope.get()) && (!best || e->scope->depth > best->depth)) best = e->scope;
        self(self, e->args);
        if (!e->body) continue;
        self(self, e->body->condition);
        self(self, e->body->next);
      }
    };
    visit(visit, first);
    visit(visit, body.condition);
    visit(visit, body.next);
    return best;
  }

  const Replacement& replacement_;
  std::map<const Node*, Expr> done_;
  std::set<const Scope*> open_;  // Of the loops whose bodies are being rewritten.
};

}  // namespace

std::vector<Expr> rewrite(const std::vector<Expr>& outputs, const Replacement& replacement) {
  return Rewriting(replacement).all(outputs);
}

std::vector<Expr> rewrite(const std::vector<Expr>& outputs, const std::vector<std::pair<Expr, Expr>>& replaced) {
  std::map<const Node*, Expr> other;
  for (const auto& [from, to] : replaced) other.emplace(from.get(), to);
  return rewrite(outputs, [&](const Expr& node, const std::vector<Expr>&) -> std::optional<Expr> {
    auto found = other.find(node.get());
    if (found == other.end()) return std::nullopt;
    return found->second;
  });
}

}  // namespace catenary
