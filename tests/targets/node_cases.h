// The cases that every node kind is compared in, on all targets.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary::testing {

/// What a case computes on.
enum class Input { floats, integral, unit, words };

struct Case {
  Op op;
  std::string name;
  Input input;
  std::function<Expr(Expr x, Expr t)> result;
  double ulp = 0;       ///< The greatest error of an f32 result, in units in the last place of the evaluator's.
  double absolute = 0;  ///< The same as a distance.
  std::string sites = {};
};

inline Type type_of(Input input) { return input == Input::words ? Type::i32 : Type::f32; }
inline Shape shape_of(Input input) { return {input == Input::floats || input == Input::words ? 3 : 6}; }

/// By kind of node; `composed` are functions made of several.
std::vector<Case> elementwise();
std::vector<Case> shapes();
std::vector<Case> loops();
std::vector<Case> sample_part();
std::vector<Case> draws();
std::vector<Case> composed();

}  // namespace catenary::testing
