// The text of every message of dsl/.
#include <functional>
#include <regex>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/schedule.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/errors/disc.h>
#include <catenary/tests/message_of.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

// The message, less the place in the source that opens it.
std::string sentence_of(const std::function<void()>& act) {
  std::string message = message_of(act);
  std::smatch parts;
  static const std::regex placed("([^ ]*\\.cpp|[^ ]*\\.h):[0-9]+: (.*)");
  return std::regex_match(message, parts, placed) ? parts[2].str() : message + " (without a place in the source)";
}

Expr number() { return parameter("x", Type::f32, {}); }
Expr integer() { return parameter("i", Type::i32, {}); }
Expr vector(int64_t n) { return parameter("v", Type::f32, {n}); }
Expr matrix(int64_t n, int64_t m) { return parameter("m", Type::f32, {n, m}); }
Expr flag() { return number() < 0.0; }

struct Mute : Process {
  explicit Mute(Kept<Space> space, Expr answer) : Process(std::move(space)), answer(std::move(answer)) {}
  Expr prior(Expr) const override { return answer; }
  Expr forward(Expr, Expr) const override { return answer; }
  Expr bridge(Expr, Expr, Expr, Expr) const override { return answer; }
  Expr endpoint(const Estimate&, Expr, Expr, Expr) const override { return answer; }
  Expr answer;
};

}  // namespace

TEST_CASE("a message opens with the line that made the mistake") {
  auto place = [](const std::function<void()>& act) {
    std::string message = message_of(act);
    size_t file = message.rfind('/') + 1;
    return message.substr(file, message.find(": ") - file);
  };
  Expr a = vector(2), b = vector(3);
  auto check = [&](int line, const std::function<void()>& act) {
    CHECK(place(act) == fmt::format("dsl_errors.cpp:{}", line));
  };
  check(__LINE__, [&] { a + b; });
  check(__LINE__, [&] { exp(integer()); });
  check(__LINE__, [&] { a* integer(); });
  check(__LINE__, [&] { slice(a, 1, 2); });
  check(__LINE__, [&] { stack({a, b}); });
  check(__LINE__, [&] { fold(-1, a, [](Expr, Expr c) { return c; }); });
}

TEST_CASE("messages: types") {
  auto say = sentence_of;
  CHECK(say([] { number() + integer(); }) ==
        "add takes values of one type; found f32 [] and i32 []; convert one with to_float or to_int");
  CHECK(say([] { select(flag(), vector(3), integer()); }) ==
        "select takes values of one type; found f32 [3] and i32 []; convert one with to_float or to_int");
  CHECK(say([] { integer() + 0.5; }) ==
        "the number 0.5 stands beside an i32 expression, and is not an integer of 32 bits");
  CHECK(say([] { integer() + 4294967296.0; }) ==
        "the number 4294967296 stands beside an i32 expression, and is not an integer of 32 bits");
  CHECK(say([] { constant(std::nan(""), Type::i32); }) ==
        "the number nan stands beside an i32 expression, and is not an integer of 32 bits");
  CHECK(say([] { flag() && 1; }) == "a number stands where a boolean is needed; compare it with something");
  CHECK(say([] { sqrt(integer()); }) == "sqrt takes f32 values; found i32 []");
  CHECK(say([] { -flag(); }) == "neg takes f32 values; found boolean []");
  CHECK(say([] { fma(integer(), 1, 2); }) == "fma takes f32 values; found i32 []");
  CHECK(say([] { !number(); }) == "not takes boolean values; found f32 []");
  CHECK(say([] { integer() / 2; }) == "div is not defined for i32 values");
  CHECK(say([] { number() & number(); }) == "and is not defined for f32 values");
  CHECK(say([] { number() && number(); }) == "and is not defined for f32 values");
  CHECK(say([] { flag() < flag(); }) == "less is not defined for boolean values");
  CHECK(say([] { select(1, number(), number()); }) ==
        "select takes a boolean condition; found a number; compare it with something");
  CHECK(say([] { select(number(), 1.0, 2.0); }) == "select's condition takes boolean values; found f32 []");
}

TEST_CASE("messages: shapes") {
  auto say = sentence_of;
  CHECK(say([] { vector(2) * vector(3); }) ==
        "mul takes equal shapes, or a number beside a shape; found [2] and [3]; use splat, reshape or index to bring "
        "them "
        "together");
  CHECK(say([] { select(vector(2) < 0.0, vector(3), 0.0); }) ==
        "select's condition has shape [2] and its values [3]; they must be equal, or one a number");
  CHECK(say([] { constant({1, 2, 3}, {2, 2}); }) == "a constant of shape [2, 2] has 4 elements; 3 were given");
  CHECK(say([] { constant(std::vector<double>{}, {0}); }) ==
        "this 'constant' is of shape [0], with an axis of 0; every axis is at least 1");
  CHECK(say([] { normal({3, 0}); }) == "this 'normal' is of shape [3, 0], with an axis of 0; every axis is at least 1");
  CHECK(say([] { reshape(vector(6), {-2, -3}); }) ==
        "this 'reshape' is of shape [-2, -3], with an axis of -2; every axis is at least 1");
  CHECK(say([] {
          Expr x = number();
          for (int i = 0; i < 3000; ++i) x = x * 0.5 + double(i);
        }) ==
        "this 'mul' is the end of a chain of more than 2000 values, each made of the one before; make a long chain by "
        "fold");
  CHECK(say([] { splat(vector(2), {2, 2}); }) == "splat takes a number; found f32 [2]");
  CHECK(say([] { slice(vector(3), 2, 2); }) ==
        "slice asks for elements 2 to 3 of f32 [3]; they must lie within its first axis");
  CHECK(say([] { slice(number(), 0, 1); }) ==
        "slice asks for elements 0 to 0 of f32 []; they must lie within its first axis");
  CHECK(say([] { index(vector(3), -1); }) ==
        "slice asks for elements -1 to -1 of f32 [3]; they must lie within its first axis");
  CHECK(say([] { reshape(vector(3), {2, 2}); }) ==
        "reshape keeps the number of elements; found f32 [3] (3 elements) to [2, 2] (4 elements)");
  CHECK(say([] { transpose(vector(3)); }) == "transpose takes a matrix; found f32 [3]");
  CHECK(say([] { concat({}); }) == "concat takes at least one part; found none");
  CHECK(say([] { concat({number()}); }) == "concat takes parts with a first axis; found f32 []; use stack for numbers");
  CHECK(say([] { concat({matrix(2, 3), matrix(2, 2)}); }) ==
        "concat takes parts of one type that differ in their first axis only; found f32 [2, 3] and f32 [2, 2]");
  CHECK(say([] { stack({}); }) == "stack takes at least one part; found none");
  CHECK(say([] { at(number(), 0); }) == "at takes a vector of f32 or i32; found f32 []");
  CHECK(say([] { at(vector(3), number()); }) == "at takes one i32 index; found f32 []");
  CHECK(say([] { dynamic_slice(vector(3) < 0.0, 0, 1); }) ==
        "dynamic_slice takes a vector of f32 or i32; found boolean [3]");
  CHECK(say([] { dynamic_slice(vector(3), 0, 4); }) ==
        "dynamic_slice takes 1 to 3 elements of f32 [3]; 4 are asked for");
  CHECK(say([] { sum(number()); }) == "sum takes numbers with a shape; found f32 []");
  CHECK(say([] { max_of(vector(2) < 0.0); }) == "max_of takes numbers with a shape; found boolean [2]");
  CHECK(say([] { dot(vector(2), vector(3)); }) == "dot takes two f32 values of equal shape; found f32 [2] and f32 [3]");
  CHECK(say([] { norm(number()); }) == "dot takes two f32 values of equal shape; found f32 [] and f32 []");
  CHECK(say([] { cross(vector(2), vector(2)); }) == "cross takes two vectors of shape [3]; found f32 [2] and f32 [2]");
  CHECK(say([] { matmul(matrix(2, 3), matrix(2, 3)); }) ==
        "matmul takes [n, k] by [k, m] or [n, k] by [k]; found f32 [2, 3] and f32 [2, 3]");
  CHECK(say([] { uniform_int(0); }) == "uniform_int takes 1 to 2^31 - 1 values; found 0");
}

TEST_CASE("messages: loops") {
  auto say = sentence_of;
  auto same_values = [](Expr, const std::vector<Expr>& c) { return c; };
  auto never = [](const std::vector<Expr>&) { return flag(); };
  CHECK(say([&] { fold(3, std::vector<Operand>{}, same_values); }) == "a fold carries at least one value; found none");
  CHECK(say([&] { loop_while({}, never, same_values); }) == "a while carries at least one value; found none");
  CHECK(say([&] { fold(16777217, {number()}, same_values); }) == "a fold makes 0 to 16777216 trips; found 16777217");
  CHECK(say([&] { loop_while({number()}, [](const std::vector<Expr>& c) { return c[0]; }, same_values); }) ==
        "the condition of a while is one boolean; found f32 []");
  CHECK(say([&] {
          fold(3, {number()}, [](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[0], c[0]}; });
        }) == "a fold that carries 1 values must return as many; its step returns 2");
  CHECK(say([] { fold(3, number(), [](Expr trip, Expr) { return trip; }); }) ==
        "value 0 of a fold starts as f32 [] and its step returns i32 []; they must agree");

  CHECK(say([] {
          std::optional<Expr> leaked;
          fold(3, number(), [&](Expr, Expr c) { return *(leaked = sin(c)); });
          schedule({*leaked});
        }) ==
        "the value of this 'sin' belongs to one trip of a loop and is used outside of it; carry it out as one of the "
        "loop's "
        "values");
  auto walk = [](int64_t trips) { return fold(trips, number(), [](Expr, Expr c) { return c + normal(); }); };
  CHECK(say([&] {
          std::vector<Expr> walks;
          for (int i = 0; i < 256; ++i) walks.push_back(walk(1));
          number_draws(schedule(walks));
        }) == "a law may have at most 255 loops that draw");
  CHECK(
      say([&] {
        Expr e = fold(300, number(), [&](Expr, Expr c) { return c + walk(300); });
        number_draws(schedule({e}));
      }) ==
      "this loop draws on 90000 trips in all (its own times those of the loops around it); at most 65,536 are allowed");
  CHECK(say([&] {
          auto e = loop_while({number()}, [](const std::vector<Expr>& c) { return c[0] < normal(); }, same_values);
          number_draws(schedule(e));
        }) == "the condition of a while must not draw; draw in its step and carry the value");
  CHECK(say([&] {
          auto e = loop_while({number()}, never,
                              [&](Expr, const std::vector<Expr>& c) { return std::vector<Expr>{c[0] + walk(2)}; });
          number_draws(schedule(e));
        }) == "a loop inside another draws, and one of the two is a while; take the draws out of the inner loop");
}

TEST_CASE("messages: evaluation") {
  CHECK(message_of([] { evaluate({number()}, {}); }) == "evaluate: no value is given for parameter 'x'");
  CHECK(message_of([] { evaluate({vector(3)}, {{"v", {1, 2}}}); }) ==
        "evaluate: parameter 'v' has 3 elements; 2 were given");
}

TEST_CASE("messages: joint processes") {
  auto say = message_of;
  CHECK(say([] { Joint("two words"); }) ==
        "a joint process is named by letters, digits and underscores; found 'two words'");
  CHECK(say([] { Joint("j", 0); }) == "joint 'j' needs a horizon (the time of pure noise) above 0; found 0");
  CHECK(say([] { Joint("j", std::nan("")); }) ==
        "joint 'j' needs a horizon (the time of pure noise) above 0; found nan");
  CHECK(say([] { Joint("j", 1, {.rounds = 8}); }) == "joint 'j' draws by Philox with 10 or 7 rounds; 8 were asked for");
  CHECK(say([] { Joint("j").add("x", Brownian(Euclidean({2, 2, 2, 2, 2}), 1.0)); }) ==
        "joint 'j', component 'x': points of space 'euclidean' have shape [2, 2, 2, 2, 2]; a shape has up to 4 axes, "
        "each of at least 1");
  CHECK(say([] { Joint("j").add("1st", Brownian(Circle(), 1.0)); }) ==
        "joint 'j': a component is named by letters, digits and underscores; found '1st'");
  CHECK(say([] {
          Joint j("j");
          j.add("a", Brownian(Circle(), 1.0));
          j.add("a", Brownian(Circle(), 1.0));
        }) == "joint 'j' already has a component 'a'; names are unique");
  CHECK(say([] { Clock::linear(-1); }) == "a linear clock needs a rate above 0; found -1");
  CHECK(say([] { Clock::power(0); }) == "a power clock needs an exponent above 0; found 0");
  CHECK(say([] { Clock::exponential(0); }) ==
        "an exponential clock needs a growth from -80 to 80 that is not 0; found 0");
  CHECK(say([] { Clock::exponential(81); }) ==
        "an exponential clock needs a growth from -80 to 80 that is not 0; found 81");
  CHECK(say([] { Clock::sigmoid(0); }) == "a sigmoid clock needs a steepness above 0 and up to 80; found 0");
  CHECK(say([] { Clock::sigmoid(100); }) == "a sigmoid clock needs a steepness above 0 and up to 80; found 100");
  auto on = [&](const std::function<Expr(Expr)>& clock) {
    return say([&] { Joint("j", 4).add("place", Brownian(Circle(), 1.0), {.clock = Clock(clock)}); });
  };
  CHECK(on([](Expr t) { return t + 1.0; }) ==
        "joint 'j', component 'place', clock: it reads 1 at time 0; it must read 0");
  CHECK(on([](Expr t) { return t * (2.0 - t); }) ==
        "joint 'j', component 'place', clock: it falls from 1 at time 1 to 0.999985 at time 1.00391; it must not fall");
  CHECK(on([](Expr t) { return 0.0 * t; }) ==
        "joint 'j', component 'place', clock: it still reads 0 at the horizon 4; the component would never move");
  CHECK(on([](Expr t) { return log(t); }) ==
        "joint 'j', component 'place', clock: it reads -inf at time 0; it must be finite");
  CHECK(on([](Expr t) { return stack({t, t}); }) ==
        "joint 'j', component 'place', clock: it reads f32 [2]; a clock reads an f32 number");
  CHECK(on([](Expr t) { return to_int(t); }) ==
        "joint 'j', component 'place', clock: it reads i32 []; a clock reads an f32 number");
  CHECK(on([](Expr t) { return t * uniform(); }) ==
        "joint 'j', component 'place', clock: it draws; a clock must be a function of time alone");
  auto weighted = [&](const std::function<Expr(Expr)>& weight) {
    return say([&] { Joint("j", 4).add("place", Brownian(Circle(), 1.0), {.weight = weight}); });
  };
  CHECK(
      weighted([](Expr t) { return 1.0 - t; }) ==
      "joint 'j', component 'place', weight of its loss: it is -0.00390625 at time 1.00391; it must be a finite number "
      "of at least 0");
  CHECK(weighted([](Expr t) { return 1.0 / (t - 2.0); }) ==
        "joint 'j', component 'place', weight of its loss: it is -0.500978 at time 0.00390625; it must be a finite "
        "number of at least 0");
  CHECK(weighted([](Expr t) { return 1.0 / abs(t - 2.0); }) ==
        "joint 'j', component 'place', weight of its loss: it is inf at time 2; it must be a finite number of at least "
        "0");
  CHECK(weighted([](Expr t) { return stack({t, t}); }) ==
        "joint 'j', component 'place', weight of its loss: it is f32 [2]; a weight is an f32 number");
  CHECK(weighted([](Expr t) { return t * uniform(); }) ==
        "joint 'j', component 'place', weight of its loss: it draws; a weight must be a function of time alone");
  CHECK(
      say([] { GeodesicInterpolation(Disc()).prior(constant(1)); }) ==
      "geodesic interpolation on space 'disc' has no noise to lead to: the space declares neither uniform_point() nor "
      "origin(); give the interpolation a draw, GeodesicInterpolation(space, {.noise = ...})");
  CHECK(say([] { Disc().uniform_point(); }) ==
        "space 'disc' declares no uniform_point(), so a process on it has no prior; override uniform_point in the "
        "space, or on a manifold origin, or prior in the process");

  Joint j("j");
  j.add("place", Mute(Disc(), vector(3)));
  for (Question q : {Question::prior, Question::forward, Question::bridge})
    CHECK(say([&] { derive(j, j.components()[0], q); }) ==
          fmt::format(
              "joint 'j', component 'place', {0}: the {0} returns f32 [3]; a point of its space 'disc' is f32 [2]",
              name_of(q)));
  CHECK(say([&] { derive(j, j.components()[0], Question::step); }) ==
        "joint 'j', component 'place', step: the endpoint returns f32 [3]; a point of its space 'disc' is f32 [2]");
  CHECK(say([&] { derive(j, j.components()[0], Question::transition); }) ==
        "joint 'j', component 'place', transition: the transition returns f32 [3]; a point of its space 'disc' is f32 "
        "[2]");
}

namespace {

/// A process whose log density and score are given by the test.
class Dense final : public Process {
 public:
  Dense(std::optional<Expr> density, std::optional<Expr> score)
      : Process(Euclidean({2})), density_(std::move(density)), score_(std::move(score)) {}
  Expr prior(Expr) const override { return normal({2}); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
  std::optional<Expr> log_density(Expr, Expr, Expr) const override { return density_; }
  std::optional<Expr> score(Expr x0, Expr xt, Expr t) const override {
    return score_ ? score_ : Process::score(x0, xt, t);
  }

 private:
  std::optional<Expr> density_, score_;
};

}  // namespace

TEST_CASE("messages: densities and scores") {
  auto say = [](const Kept<Process>& process, Question question) {
    Joint j("j");
    j.add("place", process);
    return message_of([&] { derive(j, j.components()[0], question); });
  };
  CHECK(
      say(GeodesicWalk(Disc(), {.rate = 1, .steps = 8}), Question::log_density) ==
      "joint 'j', component 'place', log_density: the process on space 'disc' has no density; override log_density in "
      "it");
  CHECK(
      say(GeodesicInterpolation(Disc()), Question::score) ==
      "joint 'j', component 'place', score: the process on space 'disc' has no score; override score, or on a manifold "
      "log_density, from which the score follows, in it");
  CHECK(say(UniformJump(Categorical(3), 1.0), Question::score) ==
        "joint 'j', component 'place', score: points of space 'categorical' are i32; only those of f32 have a score");
  CHECK(say(Dense(vector(2), {}), Question::log_density) ==
        "joint 'j', component 'place', log_density: the log density returns f32 [2]; it must be f32 []");
  CHECK(say(Dense({}, number()), Question::score) ==
        "joint 'j', component 'place', score: the score returns f32 []; it must be f32 [2]");
  CHECK(say(Dense(normal(), {}), Question::log_density) ==
        "joint 'j', component 'place', log_density: it draws, and a function of x0, xt and t must not");
  CHECK(say(Dense({}, normal({2})), Question::score) ==
        "joint 'j', component 'place', score: it draws, and a function of x0, xt and t must not");
}

namespace {

/// A process whose loss, weight and flow are given by the test.
class Trained final : public Process {
 public:
  Trained(std::optional<Loss> loss, Expr weight, std::optional<Expr> flow)
      : Process(Euclidean({2})), loss_(std::move(loss)), weight_(std::move(weight)), flow_(std::move(flow)) {}
  Expr prior(Expr) const override { return normal({2}); }
  Expr forward(Expr x0, Expr) const override { return x0; }
  Expr bridge(Expr x0, Expr, Expr, Expr) const override { return x0; }
  std::optional<Loss> loss(const Estimate&, Expr, Expr, Expr, Expr) const override { return loss_; }
  Expr weight(const Estimate&, Expr) const override { return weight_; }
  std::optional<Expr> flow(Expr, Expr, Expr, Expr) const override { return flow_; }

 private:
  std::optional<Loss> loss_;
  Expr weight_;
  std::optional<Expr> flow_;
};

}  // namespace

TEST_CASE("messages: estimates, losses and flows") {
  Joint joint("j");
  CHECK(message_of([&] { joint.add("place", Brownian(Euclidean({2}), 1.0), {.estimate = "noize"}); }) ==
        "joint 'j', component 'place': the process on space 'euclidean' has no estimate 'noize'; it has endpoint, "
        "tangent, noise, score, velocity");
  CHECK(message_of([&] { joint.add("kind", UniformJump(Categorical(3), 1.0), {.estimate = "noise"}); }) ==
        "joint 'j', component 'kind': the process on space 'categorical' has no estimate 'noise'; it has logits, "
        "endpoint");
  CHECK(joint.components().empty());
  auto say = [](const Kept<Process>& process, Question question, const std::string& estimate = "") {
    Joint j("j");
    j.add("place", process, {.estimate = estimate});
    return message_of([&] { derive(j, j.components()[0], question); });
  };
  Expr one = constant(1);
  CHECK(say(Trained({}, one, {}), Question::loss) ==
        "joint 'j', component 'place', loss: the process on space 'euclidean' has no loss for its estimate 'endpoint'; "
        "override loss in it");
  CHECK(say(Trained(Loss(vector(2)), one, {}), Question::loss_gradient) ==
        "joint 'j', component 'place', loss_gradient: the loss returns f32 [2]; it must be f32 []");
  CHECK(say(Trained(Loss(number(), number()), one, {}), Question::loss_gradient) ==
        "joint 'j', component 'place', loss_gradient: the gradient of the loss returns f32 []; it must be f32 [2]");
  CHECK(say(Trained(Loss(number()), vector(2), {}), Question::loss) ==
        "joint 'j', component 'place', loss: the weight of the loss is f32 [2]; it must be f32 []");
  CHECK(say(Trained(Loss(normal()), one, {}), Question::loss) ==
        "joint 'j', component 'place', loss: it draws, and a function of its arguments must not");
  CHECK(say(Trained({}, one, {}), Question::flow_step) ==
        "joint 'j', component 'place', flow_step: the process on space 'euclidean' has no flow; walk by steps that "
        "draw, or override flow in it");
  CHECK(say(Trained({}, one, {}), Question::mean_step) ==
        "joint 'j', component 'place', mean_step: the process on space 'euclidean' has no mean of its bridge; walk by "
        "steps that draw, or override bridge_mean in it");
  CHECK(
      say(Trained({}, one, number()), Question::flow_step) ==
      "joint 'j', component 'place', flow_step: the flow returns f32 []; a point of its space 'euclidean' is f32 [2]");
  CHECK(say(Trained({}, one, normal({2})), Question::flow_step) ==
        "joint 'j', component 'place', flow_step: it draws, and a function of its arguments must not");
  CHECK(say(Trained({}, one, {}), Question::flow_velocity) ==
        "joint 'j', component 'place', flow_velocity: the process on space 'euclidean' has no flow, and so no "
        "velocity; override flow or flow_velocity in it");
  CHECK(say(Trained({}, one, number()), Question::flow_velocity) ==
        "joint 'j', component 'place', flow_velocity: the flow returns f32 []; a point of its space 'euclidean' is f32 "
        "[2]");
  CHECK(say(UniformJump(Categorical(3), 1.0), Question::flow_velocity, "endpoint") ==
        "joint 'j', component 'place', flow_velocity: the process on space 'categorical' has no flow, and so no "
        "velocity; categories jump");
  CHECK(say(UniformJump(Categorical(3), 1.0), Question::loss_gradient, "endpoint") ==
        "joint 'j', component 'place', loss_gradient: the estimate 'endpoint' is i32; a loss has derivatives by f32 "
        "elements alone");
}
