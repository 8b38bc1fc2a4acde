// The reference evaluator: one point at a time, in double precision, with the draws that compiled code makes.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <catenary/dsl/laws.h>

namespace catenary {

/// The place of one point's draws in the counter layout of support/philox.h.
struct DrawAddress {
  uint64_t seed = 0;
  uint32_t step = 0;
  uint32_t component = 0;
  Question question = Question::forward;
  uint64_t point = 0;
  int rounds = philox_rounds;
};

/// Row-major elements; integers and booleans as doubles.
using Values = std::vector<double>;

/// Evaluates its expressions at one point after the other. f32 arithmetic is done in double, i32 arithmetic exactly. A
/// while that has not ended after 65,536 trips stops there, as compiled code does. Copies share what is prepared; any
/// number of threads may evaluate at once.
class Evaluator {
 public:
  /// Orders the nodes and numbers the draws. Throws Error as schedule and number_draws do.
  explicit Evaluator(std::vector<Expr> outputs);

  /// The outputs, given the values of their parameters by name. Throws Error for a parameter that is missing or of
  /// another size.
  std::vector<Values> operator()(const std::map<std::string, Values>& parameters,
                                 const DrawAddress& address = {}) const;

  /// The parameters of the outputs, in the order of their first use.
  const std::vector<Expr>& parameters() const;
  /// The same without look-ups: the elements of each of parameters() in turn give those of all outputs in turn.
  Values run(std::span<const double* const> parameters, const DrawAddress& address = {}) const;

 private:
  struct Program;
  std::shared_ptr<const Program> program_;
};

/// One point: Evaluator(outputs)(parameters, address).
std::vector<Values> evaluate(const std::vector<Expr>& outputs, const std::map<std::string, Values>& parameters,
                             const DrawAddress& address = {});

}  // namespace catenary
