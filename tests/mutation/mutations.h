// Planted errors: what may take the place of a node.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary::testing {

/// A function of a law: what is computed from which parameters; of a function of estimates, which kind they are.
struct Function {
  std::string name;
  std::vector<Expr> parameters;
  Expr result;
  std::string kind = {};
};

/// Where an expression is written: "circle.cpp:42:17".
std::string place_of(const Expr& e);

/// A function with an error planted in it.
struct Mutant {
  std::string where;   ///< "circle.cpp:42"
  std::string op;      ///< "mul", or "mul 2" for the second of its kind on the line
  std::string change;  ///< "a for a b"
  Expr result;
};

/// Every mutant of a function, without those that are the function itself or each other. A change is made to all nodes
/// that one piece of source has made (the terms of an unrolled sum, say); only to what the sources of stdlib/ say, and
/// there not at the places left out:
///   constants doubled, times sqrt 2, negated, plus one; values negated; + for -, * for / and back; a term or a factor
///   left out; sin for cos, exp for expm1, log for log1p and back; min for max; sqrt, floor and abs left out;
///   comparisons turned around; a choice always or never made, or the other way round; a parameter in the place of
///   another of its type; a draw with twice the variance; a loop with one trip more or less, or none.
std::vector<Mutant> mutants_of(const Function& function, const std::set<std::string>& left_out = {});

/// The places of a function's nodes.
std::set<std::string> places_of(const Function& function);

}  // namespace catenary::testing
