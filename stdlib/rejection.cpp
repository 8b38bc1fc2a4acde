// Rejection as a loop, and a branch as a loop of one trip.
#include <catenary/stdlib/rejection.h>

namespace catenary {

namespace {

// `open`: 1 where proposals are made.
std::vector<Expr> propose_while(const Operand& open, const std::vector<Expr>& otherwise,
                                const std::function<Proposal()>& propose) {
  std::vector<Operand> first{open};
  first.insert(first.end(), otherwise.begin(), otherwise.end());
  std::vector<Expr> last = loop_while(
      first, [](const std::vector<Expr>& c) { return c[0] > 0.5; },
      [&](Expr, const std::vector<Expr>& c) {
        Proposal p = propose();
        Expr accepted = uniform() < p.chance;
        std::vector<Expr> next{select(accepted, 0.0, 1.0)};
        for (size_t i = 0; i < p.values.size(); ++i) next.push_back(select(accepted, p.values[i], c[i + 1]));
        return next;
      });
  last.erase(last.begin());
  return last;
}

}  // namespace

std::vector<Expr> until_accepted(const std::vector<Expr>& otherwise, const std::function<Proposal()>& propose) {
  return propose_while(1.0, otherwise, propose);
}

std::vector<Expr> until_accepted(const Expr& asked, const std::vector<Expr>& otherwise,
                                 const std::function<Proposal()>& propose) {
  return propose_while(to_float(asked), otherwise, propose);
}

std::vector<Expr> where_asked(const Expr& asked, const std::vector<Expr>& otherwise,
                              const std::function<std::vector<Expr>()>& make) {
  std::vector<Operand> first{to_float(asked)};
  first.insert(first.end(), otherwise.begin(), otherwise.end());
  std::vector<Expr> last = loop_while(
      first, [](const std::vector<Expr>& c) { return c[0] > 0.5; },
      [&](Expr, const std::vector<Expr>&) {
        std::vector<Expr> made = make();
        made.insert(made.begin(), constant(0));
        return made;
      });
  last.erase(last.begin());
  return last;
}

}  // namespace catenary
