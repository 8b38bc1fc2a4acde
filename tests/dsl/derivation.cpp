// From a component to its laws: names, clocks and exact ends.
#include <algorithm>
#include <cmath>

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
  Expr transition(Expr xs, Expr s, Expr t) const override { return xs + 10.0 * s + 100.0 * t; }
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override { return x0 + 10.0 * xt * xt + 100.0 * t; }
  std::vector<Estimate> estimates() const override { return {{"endpoint", {2}}, {"double", {}}}; }
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override {
    return kind.kind == "double" ? estimate / 2.0 : sum(estimate) + xt + t;
  }
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override {
    if (kind.kind == "double") return Loss(estimate, constant(7));
    return sum(estimate * estimate) + 10.0 * x0 + 100.0 * xt + 1000.0 * t;
  }
  Expr weight(const Estimate& kind, Expr t) const override { return kind.kind == "double" ? t : constant(1); }
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override {
    return x0 + 10.0 * xt + 100.0 * s + 2000.0 * t;
  }
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override {
    return x0 + 10.0 * xt + 100.0 * s + 3000.0 * t;
  }
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
  CHECK(names(derive(joint, c, Question::transition)) == std::vector<std::string>{"xs", "s", "t"});
  CHECK(names(derive(joint, c, Question::log_density)) == std::vector<std::string>{"x0", "xt", "t"});
  CHECK(names(derive(joint, c, Question::score)) == std::vector<std::string>{"x0", "xt", "t"});
  CHECK(value(joint, Question::transition, {{"xs", {5}}, {"s", {1}}, {"t", {2}}}) == 215);
  CHECK(value(joint, Question::log_density, {{"x0", {5}}, {"xt", {2}}, {"t", {3}}}) == 345);
  CHECK(value(joint, Question::score, {{"x0", {5}}, {"xt", {2}}, {"t", {3}}}) == 40);
  const std::map<std::string, Values> given{{"estimate", {1, 2}}, {"x0", {5}}, {"xt", {7}}, {"s", {1}}, {"t", {2}}};
  CHECK(names(derive(joint, c, Question::loss)) == std::vector<std::string>{"x0", "estimate", "xt", "t"});
  CHECK(value(joint, Question::loss, given) == 2755);
  CHECK(evaluate({derive(joint, c, Question::loss_gradient).result}, given)[0] == Values{2, 4});
  CHECK(names(derive(joint, c, Question::flow_step)) == std::vector<std::string>{"estimate", "xt", "s", "t"});
  CHECK(value(joint, Question::flow_step, given) == 4182);
  CHECK(names(derive(joint, c, Question::mean_step)) == std::vector<std::string>{"estimate", "xt", "s", "t"});
  CHECK(value(joint, Question::mean_step, given) == 6182);
}

TEST_CASE("a transition is by default a draw over the time that passes") {
  Joint joint("joint");
  joint.add("c", GeodesicWalk(Euclidean({}), {.rate = 2, .steps = 1}));
  auto at = [&](double s, double t) {
    return value(joint, Question::transition, {{"xs", {0}}, {"s", {s}}, {"t", {t}}});
  };
  CHECK(at(0.5, 0.75) == at(0.25, 0.5));
  CHECK(at(0, 0.5) == Approx(std::sqrt(2) * at(0.5, 0.75)));
}

TEST_CASE("a component has the estimate that it is placed with, the process's first by default") {
  Joint joint = witness({.clock = Clock::linear(3.0), .estimate = "double"});
  const auto& c = joint.components()[0];
  CHECK(c.estimate().kind == "double");
  CHECK(witness().components()[0].estimate().kind == "endpoint");
  const std::map<std::string, Values> given{{"estimate", {8}}, {"x0", {5}}, {"xt", {7}}, {"s", {1}}, {"t", {2}}};
  // The endpoint is 4; the process's times are 3 and 6, which is the weight too.
  CHECK(value(joint, Question::step, given) == 4 + 70 + 300 + 6000);
  CHECK(value(joint, Question::flow_step, given) == 4 + 70 + 300 + 12000);
  CHECK(value(joint, Question::mean_step, given) == 4 + 70 + 300 + 18000);
  CHECK(value(joint, Question::loss, given) == 48);
  CHECK(value(joint, Question::loss_gradient, given) == 42);
}

TEST_CASE("a loss has the weight that its component is placed with, at the joint's time") {
  Joint joint = witness({.clock = Clock::linear(3.0), .estimate = "double", .weight = [](Expr t) { return 5.0 * t; }});
  const std::map<std::string, Values> given{{"estimate", {8}}, {"x0", {5}}, {"xt", {7}}, {"s", {1}}, {"t", {2}}};
  CHECK(value(joint, Question::loss, given) == 80);
  CHECK(value(joint, Question::loss_gradient, given) == 70);
}

TEST_CASE("a component answers what its process gives") {
  Joint joint = witness();
  joint.add("walk", GeodesicWalk(Euclidean({}), {.rate = 1, .steps = 4}));
  joint.add("kind", UniformJump(Categorical(3), 1.0));
  auto all = [&](size_t k, std::vector<Question> asked) {
    return std::all_of(asked.begin(), asked.end(), [&](Question q) { return answers(joint.components()[k], q); });
  };
  for (size_t k : {0, 1, 2})
    CHECK(all(k, {Question::prior, Question::forward, Question::bridge, Question::step, Question::transition}));
  CHECK(all(0, {Question::log_density, Question::score}));
  CHECK_FALSE(all(1, {Question::log_density}));
  CHECK(all(1, {Question::score}));  // The space's.
  CHECK(all(2, {Question::log_density}));
  CHECK_FALSE(all(2, {Question::score}));
  CHECK(all(0, {Question::loss, Question::loss_gradient, Question::flow_step, Question::mean_step}));
  CHECK(all(1, {Question::loss, Question::loss_gradient}));
  CHECK(all(2, {Question::loss, Question::loss_gradient}));
  CHECK(all(1, {Question::flow_step}));  // The space's.
  CHECK_FALSE(all(1, {Question::mean_step}));
  for (Question question : {Question::flow_step, Question::mean_step}) CHECK_FALSE(all(2, {question}));
  joint.add("named", UniformJump(Categorical(3), 1.0), {.estimate = "endpoint"});
  CHECK(all(3, {Question::loss}));
  CHECK_FALSE(all(3, {Question::loss_gradient}));
}

TEST_CASE("a clock turns the joint's time into the process's") {
  Joint joint = witness({.clock = Clock([](Expr t) { return t * t; })});
  CHECK(value(joint, Question::prior, {}) == 1009);
  CHECK(value(joint, Question::forward, {{"x0", {5}}, {"t", {2}}}) == 405);
  CHECK(value(joint, Question::bridge, {{"x0", {5}}, {"xt", {7}}, {"s", {3}}, {"t", {4}}}) == 16975);
  CHECK(value(joint, Question::step, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {3}}, {"t", {4}}}) == 16996);
  CHECK(value(joint, Question::transition, {{"xs", {5}}, {"s", {1}}, {"t", {2}}}) == 415);
  CHECK(value(joint, Question::log_density, {{"x0", {5}}, {"xt", {2}}, {"t", {3}}}) == 945);
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
  // Where no time has passed, an estimate that is told from x_t is x_t.
  CHECK(value(joint, Question::step, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {0}}, {"t", {0}}}) == 7);
  for (Question question : {Question::flow_step, Question::mean_step}) {
    CHECK(value(joint, question, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {0}}, {"t", {2}}}) == 12);
    CHECK(value(joint, question, {{"estimate", {1, 2}}, {"xt", {7}}, {"s", {2}}, {"t", {2}}}) == 7);
  }
  CHECK(value(joint, Question::transition, {{"xs", {0.1}}, {"s", {2}}, {"t", {2}}}) == 0.1);
  CHECK(value(joint, Question::transition, {{"xs", {0.1}}, {"s", {0}}, {"t", {0}}}) == 0.1);
}
