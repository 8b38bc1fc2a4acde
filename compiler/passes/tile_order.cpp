// Rows are the better order wherever they are possible; without draws both are the same.
#include <catenary/compiler/passes/tile_order.h>

#include <catenary/compiler/passes/passes.h>

namespace catenary {

namespace {

int64_t draws_of_group(WordsOp words) { return words_of_pair * int64_t(words.getPairs()); }
int64_t group_around(WordsOp words) { return int64_t(*words->getParentOfType<PipelineOp>().getGroup()); }

}  // namespace

int64_t draws_of_point(WordsOp words) { return draws_of_group(words) / group_around(words); }

bool in_rows(PipelineOp pipeline) {
  bool any = false, fit = true;
  pipeline.walk([&](WordsOp words) {
    any = true;
    fit &= draws_of_group(words) % group_around(words) == 0 && draws_fit_rows(draws_of_point(words));
  });
  return any && fit;
}

TileOrder order_of(PipelineOp pipeline, int64_t lanes) {
  return {lanes, int64_t(*pipeline.getGroup()), lanes >= 4 && in_rows(pipeline)};
}

}  // namespace catenary
