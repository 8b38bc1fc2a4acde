// The function over tiles of points that a pipeline becomes on a processor.
#pragma once

#include <catenary/compiler/dialect/catenary_dialect.h>

namespace catenary {

/// Builds it in front of the pipeline: a group of points per lane, `lanes` groups a tile.
void lower_points_part(PipelineOp pipeline, int64_t lanes);

}  // namespace catenary
