// Planted errors: what may take the place of a node.
#pragma once

#include <string>
#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary::testing {

/// A function of a law: what is computed from which parameters.
struct Function {
  std::string name;
  std::vector<Expr> parameters;
  Expr result;
};

/// A function with one node replaced.
struct Mutant {
  size_t node;         ///< Its number, in the order of the schedule, bodies of loops included.
  std::string op;      ///< "mul"
  std::string change;  ///< "a for a b"
  std::string where;   ///< "circle.cpp:42"
  Expr result;
};

/// Every mutant of a function, without those that are the function itself or each other:
///   constants doubled, times sqrt 2, negated, plus one; values negated; + for -, * for / and back; a term or a factor left out;
///   sin for cos, exp for expm1, log for log1p and back; min for max; sqrt, floor and abs left out; comparisons turned around;
///   a choice always or never made, or the other way round; a parameter in the place of another of its type; a draw with twice
///   the variance; a loop with one trip more or less, or none.
std::vector<Mutant> mutants_of(const Function& function);

}  // namespace catenary::testing
