// Schedules are evaluated where they are declared, so that mistakes show there.
#include <catenary/stdlib/flow_time.h>

#include <cmath>

#include <fmt/format.h>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/schedule.h>

namespace catenary::flow_time {

std::vector<double> values_of(std::string_view whose, std::string_view what, const Schedule& schedule) {
  Expr t = parameter("t", Type::f32, {}), value = schedule(t);
  if (value.type() != Type::f32 || !value.shape().empty())
    throw Error(fmt::format("{} has a schedule '{}' that gives {} {}; it must give an f32 number", whose, what,
                            name_of(value.type()), to_string(value.shape())));
  if (!number_draws(catenary::schedule({value})).empty())
    throw Error(fmt::format("{} has a schedule '{}' that draws; it must be a function of t alone", whose, what));
  constexpr int parts = 1024;
  Evaluator evaluator({value});
  std::vector<double> values;
  for (int i = 0; i <= parts; ++i) {
    double now = double(i) / parts, found = evaluator({{"t", {now}}})[0][0];
    if (!std::isfinite(found))
      throw Error(fmt::format("{} has a schedule '{}' that is {} at time {:.6g}; it must be finite from 0 to 1", whose,
                              what, found, now));
    values.push_back(found);
  }
  return values;
}

void check_end(std::string_view whose, std::string_view what, double found, int time, double expected) {
  if (!(std::abs(found - expected) <= 1e-6))
    throw Error(fmt::format("{} has a schedule '{}' that is {:.6g} at time {}; it must be {} there", whose, what, found,
                            time, expected));
}

void check_horizon(std::string_view whose, const Expr& horizon) {
  for (const Node* node : schedule({horizon}).nodes)
    if (node->op == Op::Parameter) return;
  double found = evaluate({horizon}, {})[0][0];
  if (!(std::abs(found - 1) <= 1e-6))
    throw Error(
        fmt::format("{} runs from time 0 to 1, and its clock reads {:.6g} at the horizon; let it read 1 there, as "
                    "Clock::linear(1 / T) does at the horizon T",
                    whose, found));
}

}  // namespace catenary::flow_time
