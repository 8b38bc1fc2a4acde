// From a component to its laws: names, clocks and exact ends.
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/stdlib.h>

using namespace catenary;

namespace {

// Tells what it was asked: values that name the question and the times.
class Witness : public Process {
 public:
  Witness() : Process(Euclidean({})) {}
  Expr prior(Expr horizon) const override { return horizon + 1000.0; }
  Expr forward(Expr x0, Expr t) const override { return x0 + 100.0 * t; }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override { return x0 + 10.0 * xt + 100.0 * s + 1000.0 * t; }
  Estimate estimate() const override { return {"endpoint", {2}}; }
  Expr endpoint(Expr estimate, Expr xt, Expr t) const override { return sum(estimate) + xt + t; }
};

Joint witness(Placement placement = {}) {
  Joint joint("joint", 3.0);
  joint.add("c", Witness(), std::move(placement));
  return joint;
}

double value(const Joint& joint, Question question, const std::map<std::string, Values>& given) {
  return evaluate({derive(joint, joint.components()[0], question).result}, given)[0][0];
}

std::vector<std::string> names(const Law& law) {
  std::vector<std::string> result;
  for (const Expr& p : law.parameters) result.push_back(p->name);
  return result;
}

}  // namespace

TEST_CASE("each question has its parameters and its answer") {
  Joint joint = witness();
  const auto& c = joint.components()[0];
  CHECK(names(derive(joint, c, Question::prior)).empty());
  CHECK(names(derive(joint, c, Question::forward)) == std::vector<std::string>{"x0", "t"});
  CHECK(names(derive(joint, c, Question::bridge)) == std::vector<std::string>{"x0", "xt", "s", "t"});
  CHECK(names(derive(joint, c, Question::step)) == std::vector<std::string>{"estimate", "xt", "s", "t"});
  CHECK(value(joint, Question::prior, {}) == 1003);
  CHECK(value(joint, Question::forward, {{"x0", {5}}, {"t", {2}}}) == 205);
  CHECK(value(joint, Question::bridge, {{"x0", {5}}, {"xt", {7}}, {"s", {1}}, {"t", {2}}}) == 2175);
  // The endpoint is 1 + 2 + 7 + 2.
  CHECK(value(joint, Question::step, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {1}}, {"t", {2}}}) == 2182);
}

TEST_CASE("a clock turns the joint's time into the process's") {
  Joint joint = witness({.clock = Clock([](Expr t) { return t * t; })});
  CHECK(value(joint, Question::prior, {}) == 1009);
  CHECK(value(joint, Question::forward, {{"x0", {5}}, {"t", {2}}}) == 405);
  CHECK(value(joint, Question::bridge, {{"x0", {5}}, {"xt", {7}}, {"s", {3}}, {"t", {4}}}) == 16975);
  CHECK(value(joint, Question::step, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {3}}, {"t", {4}}}) == 16996);
  CHECK(value(witness({.clock = Clock::linear(0.5)}), Question::forward, {{"x0", {5}}, {"t", {2}}}) == 105);
}

TEST_CASE("ends are exact") {
  Joint joint = witness();
  CHECK(value(joint, Question::forward, {{"x0", {0.1}}, {"t", {0}}}) == 0.1);
  auto bridge = [&](double s, double t) {
    return value(joint, Question::bridge, {{"x0", {0.1}}, {"xt", {0.7}}, {"s", {s}}, {"t", {t}}});
  };
  CHECK(bridge(0, 2) == 0.1);
  CHECK(bridge(2, 2) == 0.7);
  CHECK(bridge(0, 0) == 0.1);
  CHECK(value(joint, Question::step, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {0}}, {"t", {2}}}) == 12);
  CHECK(value(joint, Question::step, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {2}}, {"t", {2}}}) == 7);
}
