// What the catalogue says of names and parameters that it does not have.
#include <catch2/catch.hpp>

#include <cmath>

#include <catenary/stdlib/catalogue.h>

using namespace catenary;

TEST_CASE("catalogue: names") {
  CHECK_THROWS_WITH(
      catalogue_entry("ornstein_ulenbeck"),
      "the standard library has no 'ornstein_ulenbeck'; did you mean 'ornstein_uhlenbeck'? `catenary list` shows "
      "all there is");
  CHECK_THROWS_WITH(catalogue_entry("circle").process(),
                    "'circle' is a space, not a process; processes on it are circle_brownian, geodesic_walk_on_circle");
  CHECK_THROWS_WITH(catalogue_entry("rotations_from_matrices"),
                    "'rotations_from_matrices' is a conversion, neither a space nor a process");
  CHECK_THROWS_WITH(catalogue_entry("uniform_jump").space(), "'uniform_jump' is a process, not a space");
}

TEST_CASE("catalogue: parameters") {
  CHECK_THROWS_WITH(catalogue_entry("uniform_jump").process({{"speed", 1}}),
                    "'uniform_jump' has no parameter 'speed'; it has categories, rate");
  CHECK_THROWS_WITH(catalogue_entry("circle").space({{"radius", 1}}), "'circle' has no parameters; 'radius' was given");
  CHECK_THROWS_WITH(catalogue_entry("uniform_jump").process({{"categories", 2.5}}),
                    "'uniform_jump' takes a whole number of at most a million for 'categories'; found 2.5");
  CHECK_THROWS_WITH(catalogue_entry("euclidean").space({{"dimension", 1e300}}),
                    "'euclidean' takes a whole number of at most a million for 'dimension'; found 1e+300");
  CHECK_THROWS_WITH(catalogue_entry("uniform_jump").process({{"categories", std::nan("")}}),
                    "'uniform_jump' takes a whole number of at most a million for 'categories'; found nan");
  CHECK_THROWS_WITH(catalogue_entry("circle_brownian").process({{"rate", -1}}),
                    "Brownian motion on space 'circle' needs a rate above 0; found -1");
}

TEST_CASE("catalogue: every entry is made with its default values, in order") {
  std::string before;
  bool processes = false;
  for (const CatalogueEntry& e : catalogue()) {
    INFO(e.name);
    if (e.is_process() && !processes) before.clear();
    CHECK(before < e.name);
    CHECK((e.is_process() || !processes));
    processes = e.is_process();
    before = e.name;
    if (e.is_process()) {
      CHECK(e.horizon > 0);
      CHECK_NOTHROW(e.process());
    } else {
      CHECK_NOTHROW(e.space());
    }
  }
}
