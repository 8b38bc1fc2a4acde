// Every process is exact at the ends of its bridge.
#include <catch2/catch.hpp>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/laws/draws.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

void check_ends(Engine engine, const Kept<Process>& process, const Points& here, const Points& there,
                const Points& estimate) {
  CAPTURE(process->space().name());
  auto draws = draws_of(engine, process);
  size_t elements = here.size();
  Points x0 = draws->repeated(here, elements), xt = draws->repeated(there, elements);
  Points guess = draws->repeated(estimate, estimate.size());
  CHECK(draws->forward(x0, 0, 1) == x0);
  CHECK(draws->transition(x0, 1, 1, 1) == x0);
  CHECK(draws->bridge(x0, xt, 0, 1, 1) == x0);
  CHECK(draws->bridge(x0, xt, 1, 1, 1) == xt);
  CHECK(draws->step(guess, xt, 0, 1, 1) == x0);
  CHECK(draws->step(guess, xt, 1, 1, 1) == xt);
}

}  // namespace

TEST_CASE("ends are exact") {
  Engine engine = GENERATE(from_range(engines()));
  check_ends(engine, Brownian(Euclidean({2}), 1.0), {0.1f, 3}, {0.7f, -1}, {0.1f, 3});
  check_ends(engine, OrnsteinUhlenbeck(Euclidean({2}), {.mean = 5}), {0.1f, 3}, {0.7f, -1}, {0.1f, 3});
  check_ends(engine, Brownian(Circle(), 1.0), {0.1f}, {-3.1f}, {0.1f});
  check_ends(engine, UniformJump(Categorical(3), 1.0), {2}, {1}, {-INFINITY, -INFINITY, 0});
  check_ends(engine, StationaryJump(Categorical(3), {.rate = 1, .weights = {1, 2, 3}}), {2}, {1},
             {-INFINITY, -INFINITY, 0});
  check_ends(engine, AbsorbingJump(Categorical(3), {.rate = 1, .mask = 1}), {2}, {1}, {-INFINITY, -INFINITY, 0});
  check_ends(engine, OrdinalJump(Categorical(3), {.rate = 1}), {2}, {1}, {-INFINITY, -INFINITY, 0});
  check_ends(engine, GeodesicWalk(Circle(), {.steps = 4}), {0.1f}, {-3.1f}, {0.1f});
}
