// The time of flows, from data at 0 to noise at 1, and the schedules that run on it.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary::flow_time {

/// A schedule: a number that is a function of t in [0, 1].
using Schedule = std::function<Expr(Expr t)>;

/// The schedule at 0, 1/1024, ..., 1, in double precision. Throws Error unless it is an f32 number without draws, and
/// finite there.
std::vector<double> values_of(std::string_view whose, std::string_view what, const Schedule& schedule);

/// Throws Error unless a value found at time 0 or 1 is what it must be there, to 1e-6.
void check_end(std::string_view whose, std::string_view what, double found, int time, double expected);

/// Throws Error unless the horizon is 1, to 1e-6. One that is not a number yet passes.
void check_horizon(std::string_view whose, const Expr& horizon);

/// t, and 1 beyond it: clocks reach 1 to rounding.
inline Expr within(const Expr& t) { return min(t, 1.0); }

}  // namespace catenary::flow_time
