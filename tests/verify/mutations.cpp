// The errors that tests/mutation plants: each is what its name says.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/linear_gaussian.h>
#include <catenary/tests/mutation/mutations.h>
#include <catenary/tests/mutation/subjects.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// exp of the circle: the sum of two angles, wrapped.
Function sum() {
  Expr x = parameter("x", Type::f32, {}), v = parameter("v", Type::f32, {});
  return {"exp", {x, v}, Circle().exp(x, v)};
}

// The value of every mutant at x = 0.5, v = 0.25, by what was changed.
std::map<std::string, double> values_of(const Function& f, const std::string& where) {
  std::map<std::string, double> values;
  for (const Mutant& m : mutants_of(f))
    if (m.where.starts_with(where))
      values[m.op + ": " + m.change] = evaluate({m.result}, {{"x", {0.5}}, {"v", {0.25}}})[0][0];
  return values;
}

}  // namespace

TEST_CASE("terms, signs and parameters") {
  auto values = values_of(sum(), "circle.h");
  CHECK(values.at("add: - for +") == Approx(0.25));
  CHECK(values.at("add: a for a + b") == Approx(0.5));
  CHECK(values.at("add: b for a + b") == Approx(0.25));
  CHECK(values.at("add: negated") == Approx(-0.75));
  CHECK(values.at("add: v for x") == Approx(0.5));
  CHECK(values.at("add: x for v") == Approx(1));
}

TEST_CASE("a law of draws") {
  Expr x0 = parameter("x0", Type::f32, {1}), t = parameter("t", Type::f32, {});
  Function forward{"forward", {x0, t}, Brownian(Euclidean({1}), 4.0).forward(x0, t)};
  auto value = [&](const Expr& e) {
    return evaluate({e}, {{"x0", {1}}, {"t", {0.25}}}, {.seed = 5, .point = 3})[0][0];
  };
  double noise = value(forward.result) - 1;
  std::map<std::string, double> found;
  for (const Mutant& m : mutants_of(forward)) found[m.op + ": " + m.change] = value(m.result);
  CHECK(found.at("normal: of twice the variance") == Approx(1 + std::sqrt(2.0) * noise));
  CHECK(found.at("sqrt: left out") == Approx(1 + noise / 2));  // sqrt(4) sqrt(1/4) becomes sqrt(4) / 4.
  CHECK(found.at("constant: doubled") != Approx(1 + noise));
  CHECK(found.at("fma: - for + in a b + c") == Approx(noise - 1));
  CHECK(std::any_of(found.begin(), found.end(),
                    [&](const auto& f) { return f.second == Approx(1 + std::sqrt(2.0) * noise); }));
}

TEST_CASE("loops: trips, with draws of their own, and none at all") {
  std::set<std::string> changes;
  std::set<double> values;
  for (const CatalogueEntry& e : catalogue()) {
    bool walk = e.name == "geodesic_walk_on_circle";
    if (!walk && e.name != "circle_brownian") continue;
    Subject s(e);
    for (const Function& f : s.functions())
      for (const Mutant& m : mutants_of(f, s.left_out())) {
        if (m.op == "fold" || m.op == "while") changes.insert(m.change);
        if (walk && f.name == "forward" && m.op == "fold")
          values.insert(evaluate({m.result}, {{"x0", {1}}, {"t", {0.25}}})[0][0]);
      }
  }
  CHECK(changes == std::set<std::string>{"not entered", "one trip less", "one trip more"});
  CHECK(values.size() == 2);
}

TEST_CASE("no mutant is the law itself or comes twice") {
  // One of each kind of law; those of several parts and walks have mutants by the thousand.
  std::set<std::string> some = {"ornstein_uhlenbeck", "circle_brownian", "discrete_flow", "sphere",
                                "geodesic_walk_on_sphere"};
  for (const CatalogueEntry& e : catalogue()) {
    if (some.erase(e.name) == 0) continue;
    Subject s(e);
    for (const Function& f : s.functions()) {
      std::set<std::string> texts = {to_string(f.result)}, keys;
      for (const Mutant& m : mutants_of(f, s.left_out())) {
        CHECK(texts.insert(to_string(m.result)).second);
        CHECK(keys.insert(m.where + m.op + m.change).second);
        CHECK(m.result.type() == f.result.type());
        CHECK(m.result.shape() == f.result.shape());
      }
    }
  }
  CHECK(some.empty());
}
