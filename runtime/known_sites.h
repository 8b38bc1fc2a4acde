// Sites of a walk whose data are known.
#pragma once

#include <catenary/runtime/state.h>

namespace catenary {

/// Which sites are known (pixels to paint around, a motif to scaffold), and what they are at t = 0. Components that are
/// not named have none. A point is known as a whole: of a molecule that is one point (CenteredEuclidean) all atoms or
/// none. A component that has known sites takes endpoints or logits from its model.
struct KnownSites {
  State x0;     ///< [batch, sites..., point...]; what stands at sites that are not known is not looked at
  State where;  ///< i32 [batch, sites...] of the same components: not 0 where x_0 is known
};

}  // namespace catenary
