// Expressions made from others: copies in which some nodes are replaced.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary {

/// What takes the place of a node, given its arguments already rewritten; nothing: the node itself over those
/// arguments. It may use the node (`2.0 * node`), which is not rewritten again. Called once for each node, arguments
/// first; for a loop it is called for each of its values (their Item nodes) and not for the loop.
using Replacement = std::function<std::optional<Expr>(const Expr& node, const std::vector<Expr>& arguments)>;

/// The outputs with every node (also in the bodies of loops) replaced as said; what does not change is shared. A draw
/// that is not replaced stays the same draw, unless a loop around it had to be made anew, because something in it or
/// its first values changed. Throws Error for a replacement of another type or shape than the node's.
std::vector<Expr> rewrite(const std::vector<Expr>& outputs, const Replacement& replacement);

/// The outputs with the second of each pair in place of the first.
std::vector<Expr> rewrite(const std::vector<Expr>& outputs, const std::vector<std::pair<Expr, Expr>>& replaced);

}  // namespace catenary
