// Software pipelining: the next tiles are begun while one is ended.
#pragma once

#include <llvm/IR/Function.h>

namespace catenary {

/// Rewrites the loop over tiles of a kernel for a processor with `registers` registers for vectors, if its body is
/// straight-line code and a tile takes long to end: a trip then ends one tile, goes on with the next and begins the one
/// after it, and its operations stand in the order in which they are to begin. Values keep their bits. Before the first
/// tile and behind the last, what is no tile is computed from what there is, and stored where it is overwritten:
/// outputs must not overlap inputs. Returns whether it did; instructions must then keep their order.
bool pipeline_tiles(llvm::Function& kernel, int registers);

}  // namespace catenary
