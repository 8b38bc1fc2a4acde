// Joint processes of everything with everything: a sample of pairs and triples from the catalogue.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <span>

#include <catenary/stdlib/catalogue.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/verify/verify.h>

using namespace catenary;

namespace {

std::vector<const CatalogueEntry*> shuffled(std::mt19937& random) {
  std::vector<const CatalogueEntry*> processes;
  for (const CatalogueEntry& entry : catalogue())
    if (entry.is_process()) processes.push_back(&entry);
  std::shuffle(processes.begin(), processes.end(), random);
  return processes;
}

// Each on a clock that brings it to its own horizon at time 1; every other one on sites.
void check_together(std::span<const CatalogueEntry* const> processes, std::vector<std::string> steps, Effort effort) {
  Joint joint("drawn");
  std::string names;
  for (size_t i = 0; i < processes.size(); ++i) {
    const CatalogueEntry& entry = *processes[i];
    joint.add(entry.name, entry.process(), {.clock = Clock::linear(entry.horizon), .sites = i % 2 ? "atoms" : ""});
    names += entry.name + " ";
  }
  INFO(names);
  Report report = verify(joint, {.effort = effort, .spaces = false, .only = std::move(steps)});
  INFO(report.table());
  CHECK(report.passed());
  CHECK(report.checks.size() >= 2 * processes.size());
}

}  // namespace

TEST_CASE("every process of the catalogue keeps its promises beside another one") {
  std::mt19937 random(21);
  std::vector<const CatalogueEntry*> all = shuffled(random);
  for (size_t i = 0; i < all.size(); i += 2) {
    // The last of an odd number stands beside the first.
    const CatalogueEntry* pair[] = {all[i], all[(i + 1) % all.size()]};
    check_together(pair, {"clocks", "ends", "independence", "compiled law"}, Effort::quick);
  }
}

TEST_CASE("pairs and triples of the catalogue's processes draw the same bits however they are run") {
  std::mt19937 random(20);
  for (size_t size : {2, 2, 3, 3, 4})
    check_together(std::span<const CatalogueEntry* const>(shuffled(random)).first(size),
                   {"ends", "independence", "compiled law", "same bits"}, Effort::standard);
}

TEST_CASE("a joint process whose model returns something else than endpoints is verified all the same") {
  Joint joint("kinds");
  joint.add("noise", OrnsteinUhlenbeck(Euclidean({2}), {}), {.clock = Clock::linear(4), .estimate = "noise"});
  joint.add("tangent", Brownian(Circle(), 8.0), {.estimate = "tangent"});
  Report report = verify(joint, {.spaces = false, .only = {"clocks", "ends", "compiled law", "same bits"}});
  INFO(report.table());
  CHECK(report.passed());
}

TEST_CASE("categories beside a flow and means keep their law") {
  Joint joint("mixed", 2);
  joint.add("place", OrnsteinUhlenbeck(Euclidean({2}), {}));
  joint.add("word", UniformJump(Categorical(5), 1.0), {.sites = "tokens"});
  Report report = verify(joint, {.effort = Effort::quick, .spaces = false, .only = {"flow", "bridge mean"}});
  INFO(report.table());
  CHECK(report.passed());
  for (const char* check : {"place: flow", "word: flow", "place: flow composes", "place: bridge mean"})
    CHECK(std::ranges::any_of(report.checks, [&](const Check& c) { return c.name == check; }));
}

TEST_CASE("a joint process of seven rounds of Philox is verified by them") {
  Joint joint("seven", 1, {.rounds = 7});
  joint.add("x", OrnsteinUhlenbeck(Euclidean({2}), {}));
  Report report = verify(joint, {.effort = Effort::quick, .spaces = false, .only = {"compiled law", "same bits"}});
  INFO(report.table());
  CHECK(report.passed());
}
