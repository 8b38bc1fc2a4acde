// Rejection: draws that are made again until one is accepted; and draws that few points make.
#pragma once

#include <functional>
#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary {

/// A draw, and with which probability it is accepted.
struct Proposal {
  std::vector<Expr> values;
  Expr chance;
};

/// The values of the first proposal that is accepted; their types and shapes are those of `otherwise`.
std::vector<Expr> until_accepted(const std::vector<Expr>& otherwise, const std::function<Proposal()>& propose);
/// The same where `asked` is true; elsewhere `otherwise`, and nothing is drawn.
std::vector<Expr> until_accepted(const Expr& asked, const std::vector<Expr>& otherwise,
                                 const std::function<Proposal()>& propose);

/// What `make` gives where `asked` is true, and elsewhere `otherwise`, of the same types and shapes. Where no point of
/// a tile asks, nothing is computed or drawn: for what few points need.
std::vector<Expr> where_asked(const Expr& asked, const std::vector<Expr>& otherwise,
                              const std::function<std::vector<Expr>()>& make);

}  // namespace catenary
