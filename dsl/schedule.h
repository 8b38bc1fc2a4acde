// The order in which nodes are computed: one truth for the evaluator and the import, so that both number draws alike.
#pragma once

#include <map>
#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary {

/// Nodes in an order in which arguments come first; the body of a loop is a schedule of its own. Constants and
/// parameters are included. The order depends on the structure of the expressions alone.
struct Schedule {
  std::vector<const Node*> nodes;
  std::map<const Node*, Schedule> bodies;      ///< By loop node: what each trip computes.
  std::map<const Node*, Schedule> conditions;  ///< By While node: what its condition computes.
};

/// Throws Error where a value made inside a loop is used outside of it.
Schedule schedule(const std::vector<Expr>& outputs);

/// Where a draw lies in its stream.
struct DrawSite {
  uint32_t loop = 0;  ///< 0 outside loops, else the number of the loop it lies in.
  /// Index of its first element among the draws of its kind that a point makes in that loop.
  int64_t first = 0;
  int64_t per_point = 0;  ///< How many draws of its kind a point makes in that loop.
};

/// Numbers every draw of a schedule. Loops that draw are numbered from 1 in order. Throws Error for more than 255 of
/// them, and for a while that draws inside another loop.
std::map<const Node*, DrawSite> number_draws(const Schedule& schedule);

}  // namespace catenary
