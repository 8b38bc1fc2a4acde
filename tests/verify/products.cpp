// Products of every space of the catalogue with another one, and what walks are off by.
#include <catch2/catch.hpp>

#include <algorithm>

#include <catenary/stdlib/catalogue.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/mutation/subjects.h>
#include <catenary/tests/sphere.h>
#include <catenary/verify/verify.h>

using namespace catenary;

namespace {

std::vector<Kept<Manifold>> manifolds() {
  std::vector<Kept<Manifold>> all;
  for (const CatalogueEntry& entry : catalogue()) {
    if (entry.is_process()) continue;
    auto manifold = entry.space().as<Manifold>();
    if (manifold && !manifold->as<Product>()) all.push_back(*manifold);
  }
  return all;
}

void check_passes(const Report& report) {
  INFO(report.table());
  CHECK(report.passed());
  CHECK(report.checks.size() > 2);
}

}  // namespace

TEST_CASE("walks on products of every space with another one obey their laws") {
  std::vector<Kept<Manifold>> all = manifolds();
  REQUIRE(all.size() >= 7);
  for (size_t i = 0; i < all.size(); ++i) {
    Product pair({{"first", all[i]}, {"second", all[(i + 1) % all.size()]}});
    INFO(all[i]->name() << " x " << all[(i + 1) % all.size()]->name());
    check_passes(verify(GeodesicWalk(pair, {.rate = 0.1, .steps = 16}),
                        {.effort = Effort::quick,
                         .spaces = false,
                         .only = {"ends", "compiled law", "Chapman-Kolmogorov and bridges"}}));
  }
}

TEST_CASE("bridges of walks on powers and products of the simplex know its boundary") {
  for (const Product& space : {Product(Simplex(3), 2), Product({{"shares", Simplex(3)}, {"place", Euclidean({2})}})}) {
    CHECK(space.has_boundary());
    REQUIRE(space.cover());
    check_passes(verify(GeodesicWalk(space, {.rate = 0.5, .steps = 16}),
                        {.effort = Effort::quick, .only = {"points", "Chapman-Kolmogorov and bridges"}}));
  }
  CHECK_FALSE(Product(Circle(), 2).cover());
  check_passes(verify(Simplex(4).cover()->space, {.effort = Effort::quick}));
}

TEST_CASE("walks are no farther off than they say, in many dimensions and by the default score") {
  const VerifyOptions options{.effort = Effort::quick, .spaces = false, .only = {"Chapman-Kolmogorov and bridges"}};
  check_passes(verify(GeodesicWalk(catenary::Sphere(16), {.rate = 0.5, .steps = 32}), options));
  check_passes(verify(GeodesicWalk(Hyperbolic(6), {.rate = 1, .steps = 16}), options));
  const GeodesicWalk own(testing::Sphere(), {.rate = 1, .steps = 256}),
      declared(catenary::Sphere(2), {.rate = 1, .steps = 256});
  check_passes(verify(own, options));
  // However many steps it takes.
  CHECK(own.approximation(1) > declared.approximation(1) + 0.1);
  CHECK(declared.approximation(1) == 1.0 / 256);
  const Product pair(testing::Sphere(), 2);
  CHECK(GeodesicWalk(pair, {.rate = 1, .steps = 256}).approximation(1) > 0.1);
  CHECK(GeodesicWalk(Euclidean({3}), {.rate = 1, .steps = 4}).approximation(1) == 0);
  // Each part by its own scale: a circle beside it keeps no distance of H^6 from running away.
  const Product mixed({{"far", Hyperbolic(6)}, {"round", Circle()}});
  CHECK(GeodesicWalk(mixed, {.rate = 1, .steps = 16}).approximation(1) >
        GeodesicWalk(Hyperbolic(6), {.rate = 1, .steps = 16}).approximation(1));
  CHECK(GeodesicWalk(Simplex(3), {.rate = 1, .steps = 256}).approximation(1) == 1.0 / 256);
}

TEST_CASE("a product's parts are checked by themselves, each once; rigid motions pass as a whole, too") {
  Product space({{"place", Euclidean({2})}, {"turn", Product(Circle(), 2)}});
  Report report = verify(space, {.effort = Effort::quick});
  check_passes(report);
  auto checks_of = [&](const std::string& part) {
    return std::ranges::count_if(report.checks, [&](const Check& c) { return c.name.starts_with(part); });
  };
  CHECK(checks_of("part place: ") > 10);
  CHECK(checks_of("part turn: part 0: ") > 10);
  CHECK(checks_of("part turn: part 1: ") == 0);
  check_passes(testing::Subject(catalogue_entry("rigid_motions")).verify(nullptr, nullptr, {}));
}
