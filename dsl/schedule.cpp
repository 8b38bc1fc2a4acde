// Scheduling and the numbering of draws.
#include <catenary/dsl/schedule.h>
#include <catenary/support/philox.h>

#include <unordered_set>

#include <fmt/format.h>

namespace catenary {

namespace {

[[noreturn]] void fail(const Node& n, const std::string& sentence) {
  throw Error(fmt::format("{}:{}: {}", n.where.file_name(), n.where.line(), sentence));
}

bool is_loop(const Node& n) { return n.op == Op::Fold || n.op == Op::While; }
bool is_draw(const Node& n) { return n.op == Op::Normal || n.op == Op::Uniform || n.op == Op::Bits; }

// Schedules the nodes that live in exactly one scope (null: outside loops). Nodes of outer scopes are left to the
// caller.
class Block {
 public:
  explicit Block(const Scope* scope) : scope_(scope) {}

  void need(const Expr& e) {
    if (!seen_.insert(e.get()).second) return;
    const Node& n = *e;
    int depth = n.scope ? n.scope->depth : 0, mine = scope_ ? scope_->depth : 0;
    if (n.scope.get() != scope_) {
      if (depth < mine) return;
      fail(n,
           fmt::format(
               "the value of this '{}' belongs to one trip of a loop and is used outside of it; carry it out as one of "
               "the loop's values",
               name_of(n.op)));
    }
    for (const Expr& a : n.args) need(a);
    if (is_loop(n)) need_loop(n);
    result.nodes.push_back(&n);
  }

  Schedule result;

 private:
  void need_loop(const Node& n) {
    // What the body takes from here is computed before the loop.
    std::unordered_set<const Node*> visited;
    auto captured = [&](auto& self, const Expr& e) -> void {
      if (!visited.insert(e.get()).second) return;
      int depth = e->scope ? e->scope->depth : 0;
      if (depth < n.inner->depth) return need(e);
      for (const Expr& a : e->args) self(self, a);
      if (e->body)
        for (const auto* part : {&e->body->condition, &e->body->next})
          for (const Expr& b : *part) self(self, b);
    };
    for (const auto* part : {&n.body->condition, &n.body->next})
      for (const Expr& e : *part) captured(captured, e);
    auto inside = [&](const std::vector<Expr>& outputs) {
      Block block(n.inner.get());
      for (const Expr& b : n.body->bound) block.need(b);
      for (const Expr& e : outputs) block.need(e);
      return std::move(block.result);
    };
    if (n.op == Op::While) result.conditions.emplace(&n, inside(n.body->condition));
    result.bodies.emplace(&n, inside(n.body->next));
  }

  const Scope* scope_;
  std::unordered_set<const Node*> seen_;
};

struct Numbering {
  std::map<const Node*, DrawSite> sites;
  uint32_t loops = 0;

  void number(const Schedule& s, const Node* loop, int64_t trips, bool in_while) {
    int64_t count[2] = {0, 0};
    std::vector<const Node*> mine;
    for (const Node* n : s.nodes)
      if (is_draw(*n)) mine.push_back(n);
    uint32_t number_of_loop = 0;
    if (loop && !mine.empty()) {
      if (++loops > 255) fail(*loop, "a law may have at most 255 loops that draw");
      number_of_loop = loops;
      if (trips > most_trips)
        fail(*loop, fmt::format("this loop draws on {} trips in all (its own times those of the loops around it); at "
                                "most 65,536 are allowed",
                                trips));
    }
    for (const Node* n : mine) {
      int64_t& used = count[n->op == Op::Normal ? 0 : 1];
      sites[n] = {number_of_loop, used, 0};
      used += element_count(n->shape);
    }
    for (const Node* n : mine) sites[n].per_point = count[n->op == Op::Normal ? 0 : 1];
    for (const Node* n : s.nodes) {
      if (!is_loop(*n)) continue;
      bool whiles = n->op == Op::While;
      if (whiles)
        if (draws(s.conditions.at(n)))
          fail(*n, "the condition of a while must not draw; draw in its step and carry the value");
      const Schedule& body = s.bodies.at(n);
      if (loop && (whiles || in_while) && draws(body))
        fail(*n, "a loop inside another draws, and one of the two is a while; take the draws out of the inner loop");
      number(body, n, trips * (whiles ? 1 : int64_t(n->values[0])), in_while || whiles);
    }
  }

  static bool draws(const Schedule& s) {
    for (const Node* n : s.nodes)
      if (is_draw(*n) || (is_loop(*n) && draws(s.bodies.at(n)))) return true;
    return false;
  }
};

}  // namespace

Schedule schedule(const std::vector<Expr>& outputs) {
  Block block(nullptr);
  for (const Expr& e : outputs) block.need(e);
  return std::move(block.result);
}

std::map<const Node*, DrawSite> number_draws(const Schedule& s) {
  Numbering n;
  n.number(s, nullptr, 1, false);
  return std::move(n.sites);
}

}  // namespace catenary
