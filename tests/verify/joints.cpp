// Joint processes of everything with everything: a sample of pairs and triples from the catalogue.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>

#include <catenary/stdlib/catalogue.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/verify/verify.h>

using namespace catenary;

namespace {

// `size` different processes, each on a clock that brings it to its own horizon at time 1; every other one on sites.
Joint drawn(std::mt19937& random, size_t size) {
  std::vector<const CatalogueEntry*> processes;
  for (const CatalogueEntry& entry : catalogue())
    if (entry.is_process()) processes.push_back(&entry);
  Joint joint("drawn");
  for (size_t i = 0; i < size; ++i) {
    auto at = processes.begin() + int64_t(random() % processes.size());
    joint.add((*at)->name, (*at)->process(), {.clock = Clock::linear((*at)->horizon), .sites = i % 2 ? "atoms" : ""});
    processes.erase(at);
  }
  return joint;
}

}  // namespace

TEST_CASE("pairs and triples of the catalogue's processes keep what each of them promises") {
  std::mt19937 random(20);
  for (size_t size : {2, 2, 2, 2, 3, 3}) {
    Joint joint = drawn(random, size);
    std::string names;
    for (const Joint::Component& c : joint.components()) names += c.name + " ";
    INFO(names);
    Report report =
        verify(joint, {.spaces = false, .only = {"clocks", "ends", "independence", "compiled law", "same bits"}});
    INFO(report.table());
    CHECK(report.passed());
    CHECK(report.checks.size() > 4 + size);
  }
}

TEST_CASE("a joint process whose model returns something else than endpoints is verified all the same") {
  Joint joint("kinds");
  joint.add("noise", OrnsteinUhlenbeck(Euclidean({2}), {}), {.clock = Clock::linear(4), .estimate = "noise"});
  joint.add("tangent", Brownian(Circle(), 8.0), {.estimate = "tangent"});
  Report report = verify(joint, {.spaces = false, .only = {"clocks", "ends", "compiled law", "same bits"}});
  INFO(report.table());
  CHECK(report.passed());
}
