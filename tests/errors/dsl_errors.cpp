// The text of every message of dsl/ and stdlib/.
#include <functional>
#include <regex>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/schedule.h>
#include <catenary/stdlib/stdlib.h>
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

struct Disc final : Manifold {
  Disc() : Manifold("disc", {.point = {2}, .dimension = 2}) {}
  Expr project(Expr x) const override { return x; }
  Expr tangent(Expr, Expr v) const override { return v; }
  Expr exp(Expr x, Expr v) const override { return x + v; }
  Expr log(Expr x, Expr y) const override { return y - x; }
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
  CHECK(say([] { Disc().uniform_point(); }) ==
        "space 'disc' declares no uniform_point(), so a process on it has no prior; override uniform_point in the "
        "space, or "
        "prior in the process");

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
      say(GeodesicWalk(Disc(), {.rate = 1, .steps = 8}), Question::score) ==
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
  CHECK(
      say(Trained({}, one, number()), Question::flow_step) ==
      "joint 'j', component 'place', flow_step: the flow returns f32 []; a point of its space 'euclidean' is f32 [2]");
  CHECK(say(Trained({}, one, normal({2})), Question::flow_step) ==
        "joint 'j', component 'place', flow_step: it draws, and a function of its arguments must not");
  CHECK(say(UniformJump(Categorical(3), 1.0), Question::loss_gradient, "endpoint") ==
        "joint 'j', component 'place', loss_gradient: the estimate 'endpoint' is i32; a loss has derivatives by f32 "
        "elements alone");
}

TEST_CASE("messages: the standard library") {
  auto say = message_of;
  CHECK(say([] { Euclidean({3, 0}); }) == "space 'euclidean' needs extents above 0; found shape [3, 0]");
  CHECK(say([] { Brownian(Euclidean({3}), 0.0); }) ==
        "Brownian motion on space 'euclidean' needs a rate above 0; found 0");
  CHECK(say([] { Brownian(Circle(), -1.0); }) == "Brownian motion on space 'circle' needs a rate above 0; found -1");
  CHECK(say([] { OrnsteinUhlenbeck(Euclidean({}), {.theta = 0}); }) ==
        "an Ornstein-Uhlenbeck process needs a theta above 0; found 0");
  CHECK(say([] { OrnsteinUhlenbeck(Euclidean({}), {.sigma = std::nan("")}); }) ==
        "an Ornstein-Uhlenbeck process needs a sigma above 0; found nan");
  CHECK(say([] { OrnsteinUhlenbeck(Euclidean({}), {.mean = INFINITY}); }) ==
        "an Ornstein-Uhlenbeck process needs a finite mean; found inf");
  CHECK(say([] { Hyperbolic(1); }) == "space 'hyperbolic' needs a dimension of 2 or more; found 1");
  CHECK(say([] { Brownian(Hyperbolic(3), 0.0); }) ==
        "Brownian motion on space 'hyperbolic' needs a rate above 0; found 0");
  CHECK(say([] { Brownian(Hyperbolic(2), 1.0); }) ==
        "no exact Brownian motion is known on space 'hyperbolic' of dimension 2, only on that of dimension 3; use "
        "GeodesicWalk(space, {.rate, .steps}), the named approximation");
  CHECK(say([] { Simplex(1); }) == "space 'simplex' needs 2 or more categories; found 1");
  CHECK(say([] { Spd(4); }) == "space 'spd' needs matrices of size 2 or 3; found 4");
  CHECK(say([] { Brownian(Spd(2), 1.0); }) ==
        "no exact Brownian motion is known on space 'spd'; use GeodesicWalk(space, {.rate, .steps}), the named "
        "approximation");
  CHECK(say([] { OrnsteinUhlenbeck(Euclidean({3}), {.theta = {1, 2}}); }) ==
        "an Ornstein-Uhlenbeck process needs one theta, or one for each of the 3 elements of a point; found 2");
  CHECK(say([] { OrnsteinUhlenbeck(Euclidean({2}), {.sigma = {1, -2}}); }) ==
        "an Ornstein-Uhlenbeck process needs a sigma above 0; found -2");
  CHECK(
      say([] { OrnsteinUhlenbeck(Euclidean({2}), {.theta = {1, 2}}, Covariance({1, 0, 0, 1})); }) ==
      "an Ornstein-Uhlenbeck process needs one theta for all coordinates, which its covariance joins; found 2 of them");
  CHECK(say([] { OrnsteinUhlenbeck(CenteredEuclidean({2, 1}), {.sigma = {1, 2}}); }) ==
        "an Ornstein-Uhlenbeck process needs one sigma for all coordinates, which space 'centered_euclidean' joins; "
        "found 2 of them");
  CHECK(say([] { OrnsteinUhlenbeck(CenteredEuclidean({2, 1}), {.mean = 1}); }) ==
        "an Ornstein-Uhlenbeck process needs a mean that is a point of space 'centered_euclidean'; found [1, 1]");
  CHECK(say([] { Brownian(Euclidean({2}), {.drift = INFINITY}); }) ==
        "Brownian motion on space 'euclidean' needs a finite drift; found inf");
  CHECK(say([] { CenteredEuclidean({3}); }) ==
        "space 'centered_euclidean' needs points of shape [atoms, dimensions] with 2 atoms or more; found shape [3]");
  CHECK(
      say([] { CenteredEuclidean({1, 3}); }) ==
      "space 'centered_euclidean' needs points of shape [atoms, dimensions] with 2 atoms or more; found shape [1, 3]");
  CHECK(say([] { CenteredEuclidean({2, 0}); }) ==
        "space 'centered_euclidean' needs extents above 0; found shape [2, 0]");
  CHECK(say([] { Categorical(0); }) == "space 'categorical' needs 1 to 16777216 categories; found 0");
  CHECK(say([] { UniformJump(Categorical(3), INFINITY); }) == "a uniform jump process needs a rate above 0; found inf");
  CHECK(say([] { UniformJump(Categorical(3), 1.0, {.temperature = 0}); }) ==
        "a uniform jump process needs a temperature of its logits above 0; found 0");
  CHECK(say([] { UniformJump(Categorical(3), 1.0, {.forbidden = {1, 3}}); }) ==
        "a uniform jump process forbids category 3; its categories are 0 to 2");
  CHECK(say([] { UniformJump(Categorical(2), 1.0, {.forbidden = {1, 0, 1}}); }) ==
        "a uniform jump process forbids all of its 2 categories; leave one that can be drawn");
  CHECK(say([] { StationaryJump(Categorical(3), {.rate = 1, .weights = {1, 2}}); }) ==
        "a stationary jump process on 3 categories needs as many weights; found 2");
  CHECK(say([] { StationaryJump(Categorical(2), {.rate = 1, .weights = {1, -2}}); }) ==
        "a stationary jump process needs weights of at least 0; found -2");
  CHECK(say([] { StationaryJump(Categorical(2), {.rate = 1, .weights = {0, 0}}); }) ==
        "a stationary jump process needs a weight above 0; all are 0");
  CHECK(say([] { StationaryJump(Categorical(1), {.rate = -1, .weights = {1}}); }) ==
        "a stationary jump process needs a rate above 0; found -1");
  CHECK(say([] { AbsorbingJump(Categorical(1), {}); }) ==
        "an absorbing jump process needs 2 categories or more, the mask being one; found 1");
  CHECK(say([] { AbsorbingJump(Categorical(3), {.rate = 1, .mask = 3}); }) ==
        "an absorbing jump process has the mask 3; its categories are 0 to 2");
  CHECK(say([] { AbsorbingJump(Categorical(3), {.rate = 0}); }) ==
        "an absorbing jump process needs a rate above 0; found 0");
  CHECK(say([] { GeodesicWalk(Disc(), {.rate = 0, .steps = 8}); }) ==
        "a geodesic walk on space 'disc' needs a rate above 0; found 0");
  CHECK(say([] { GeodesicWalk(Disc(), {.rate = 1}); }) ==
        "a geodesic walk on space 'disc' needs 1 to 65536 steps; found 0");
  CHECK(say([] { Brownian(Disc(), 1.0); }) ==
        "no exact Brownian motion is known on space 'disc'; use GeodesicWalk(space, {.rate, .steps}), the named "
        "approximation");
  CHECK(say([] { Covariance({1, 2, 3}); }) == "a covariance is a square matrix; found 3 numbers");
  CHECK(say([] { Covariance(std::vector<double>{}); }) == "a covariance is a square matrix; found 0 numbers");
  CHECK(say([] { Covariance({1, 0.5, 0.25, 1}); }) == "a covariance is symmetric; found 0.5 in row 0, column 1");
  CHECK(say([] { Covariance({1, INFINITY, 0.25, 1}); }) == "a covariance is finite; found inf in row 0, column 1");
  CHECK(say([] { Covariance({1, 2, 2, 4}); }) ==
        "a covariance is positive definite; element 1 has no variance given those before it");
  CHECK(say([] { Brownian(Euclidean({3}), 1.0, Covariance({1, 0, 0, 1})); }) ==
        "a covariance on points of 3 elements needs 9 numbers; found 4");
  CHECK(say([] { Brownian(CenteredEuclidean({2, 1}), 1.0, Covariance({1, 0, 0, 1})); }) ==
        "a covariance needs a space that is the whole of R^n; found space 'centered_euclidean' of dimension 1 in R^2");
  CHECK(say([] { ScheduledOrnsteinUhlenbeck(Euclidean({}), {.theta = 0}); }) ==
        "an Ornstein-Uhlenbeck process with a schedule needs a theta above 0; found 0");
  CHECK(say([] { ScheduledOrnsteinUhlenbeck(Euclidean({}), {.terms = {{.weight = -1, .rate = 2}}}); }) ==
        "an Ornstein-Uhlenbeck process with a schedule needs a variance and weights that are 0 or above, and finite "
        "rates; found -1 e^(2 t)");
  CHECK(say([] { ScheduledOrnsteinUhlenbeck(Euclidean({}), {.variance = 0}); }) ==
        "an Ornstein-Uhlenbeck process with a schedule needs a variance in all above 0; found 0");
  CHECK(say([] { VariancePreserving(Euclidean({}), {.beta_min = 0}); }) ==
        "a variance-preserving process needs a beta_min above 0; found 0");
  CHECK(say([] { SubVariancePreserving(Euclidean({}), {.beta_min = 2, .beta_max = 1}); }) ==
        "a sub-variance-preserving process needs a beta_max of beta_min or above; found 1 and 2");
  CHECK(say([] { CosineVariancePreserving(Euclidean({}), {.offset = 0}); }) ==
        "a variance-preserving process needs a cosine offset above 0; found 0");
  CHECK(say([] { VarianceExploding(Euclidean({}), {.sigma_min = 0}); }) ==
        "a variance-exploding process needs a sigma_min above 0; found 0");
  CHECK(say([] { VarianceExploding(Euclidean({}), {.sigma_min = 2, .sigma_max = 2}); }) ==
        "a variance-exploding process needs a sigma_max above sigma_min; found 2 and 2");
  CHECK(say([] { VarianceExploding(Euclidean({2}), {.sigma_min = {1, 3}, .sigma_max = 2}); }) ==
        "a variance-exploding process needs a sigma_max above sigma_min; found 2 and 3");
  CHECK(say([] { VarianceExploding(Euclidean({}), {.sigma_max = INFINITY}); }) ==
        "a variance-exploding process needs a sigma_max above 0; found inf");
  CHECK(say([] { VariancePreserving(Euclidean({3}), {.beta_max = {1, 2}}); }) ==
        "a variance-preserving process needs one beta_max, or one for each of the 3 elements of a point; found 2");
  CHECK(
      say([] { ScheduledOrnsteinUhlenbeck(Euclidean({2}), {.theta = {1, 2}}, Covariance({1, 0, 0, 1})); }) ==
      "an Ornstein-Uhlenbeck process with a schedule needs one theta for all coordinates, which its covariance joins; "
      "found 2 of them");
  CHECK(
      say([] { ScheduledOrnsteinUhlenbeck(Euclidean({2}), {.variance = {1, 2, 3}}); }) ==
      "an Ornstein-Uhlenbeck process with a schedule needs one variance, or one for each of the 2 elements of a point; "
      "found 3");
  CHECK(say([] { ScheduledOrnsteinUhlenbeck(Euclidean({2}), {.terms = {{.weight = 1, .rate = {1, 2, 3}}}}); }) ==
        "an Ornstein-Uhlenbeck process with a schedule needs one rate, or one for each of the 2 elements of a point; "
        "found 3");
  CHECK(say([] { ScheduledOrnsteinUhlenbeck(Euclidean({2}), {.variance = {1, 0}}); }) ==
        "an Ornstein-Uhlenbeck process with a schedule needs a variance in all above 0; found 0");
  CHECK(say([] { Brownian(Euclidean({3}), 1.0).space().uniform_point(); }) ==
        "space 'euclidean' declares no uniform_point(), so a process on it has no prior; override uniform_point in the "
        "space, "
        "or prior in the process");
}

TEST_CASE("messages: linear diffusions") {
  auto say = [](LinearDiffusionOptions options, Kept<Flat> space, Covariance covariance = {}) {
    return message_of([&] { LinearDiffusion(space, options, covariance); });
  };
  const Euclidean line({}), plane({2});
  const CenteredEuclidean pair({2, 1});
  auto one = [](Expr) { return constant(1); };
  auto two = [](Expr t) { return stack({t, t}); };
  CHECK(say({}, line) == "a linear diffusion needs a noise, a function of t; none is given");
  CHECK(say({.noise = one, .horizon = 0}, line) == "a linear diffusion needs a horizon above 0; found 0");
  CHECK(say({.noise = two}, line) ==
        "a linear diffusion's noise gives f32 [2]; it must be f32, a number or of a point's shape []");
  CHECK(say({.drift = [](Expr t) { return to_int(t); }, .noise = one}, line) ==
        "a linear diffusion's drift gives i32 []; it must be f32, a number or of a point's shape []");
  CHECK(say({.offset = [](Expr) { return normal(); }, .noise = one}, line) ==
        "a linear diffusion's offset draws; it must be a function of t alone");
  CHECK(say({.noise = two}, plane, Covariance({1, 0, 0, 1})) ==
        "a linear diffusion needs a drift and a noise that are numbers, since its covariance joins coordinates");
  CHECK(say({.drift = [](Expr t) { return splat(t, {2, 1}); }, .noise = one}, pair) ==
        "a linear diffusion needs a drift and a noise that are numbers, since space 'centered_euclidean' joins "
        "coordinates");
  CHECK(say({.offset = one, .noise = one}, pair) ==
        "a linear diffusion with an offset would leave space 'centered_euclidean'; leave the offset out");
  CHECK(say({.noise = [](Expr) { return constant(0); }}, line) ==
        "a linear diffusion needs noise before its horizon 1; its noise is 0");
  CHECK(say({.drift = [](Expr) { return constant(100); }, .noise = one}, line) ==
        "a linear diffusion's decay from s = 0 to t = 1 is 2.688e+43; bound its coefficients, or shorten its horizon");
  CHECK(say({.noise = [](Expr t) { return select(t < 0.3, 1.0, constant(2)); }}, line) ==
        "a linear diffusion's deviation from s = 0.25 to t = 0.5 is not accurate with 512 panels: its coefficients "
        "jump, turn too often or have a pole; smooth them, or shorten the horizon");
}

TEST_CASE("messages: generators of jump processes") {
  auto say = [](int64_t categories, std::vector<double> rates) {
    return message_of([&] { GeneratorJump(Categorical(categories), {.rates = std::move(rates)}); });
  };
  CHECK(say(2, {-1, 1}) == "a generator jump process on 2 categories needs 2 x 2 rates; found 2 numbers");
  CHECK(say(2, {1, -1, 1, -1}) ==
        "a generator jump process needs finite rates of at least 0 from each category to others; found -1 from 0 to 1");
  CHECK(say(2, {-1, 1, INFINITY, -1}) ==
        "a generator jump process needs finite rates of at least 0 from each category to others; found inf from 1 to "
        "0");
  CHECK(say(2, {-1, 1, 2, -1}) ==
        "a generator jump process needs rows of rates that sum to 0; row 1 sums to 1: its diagonal element must be -2");
  CHECK(say(3, {0, 1e308, 1e308, 1e308, 0, 1e308, 1e308, 1e308, 0}) ==
        "a generator jump process has rates that sum to more than a number holds");
  CHECK(
      say(4, {-2, 1, 1, 0, 0, 0, 0, 0, 0, 0, -1, 1, 0, 0, 1, -1}) ==
      "a generator jump process needs one law at the end, whatever the start; it ends about category 1 or about 2, and "
      "there is no way from one to the other: give it one, or make each a process of its own");
  CHECK(say(3, {-1, 1, 0, 1, -1 - 1e-9, 1e-9, 0, 1e-9, -1e-9}) ==
        "a generator jump process forgets its start too slowly: after 2.7e+08 times its shortest mean stay its rows "
        "still differ");
  CHECK(message_of([] { OrdinalJump(Categorical(1000), {}); }) ==
        "an ordinal jump process on 1000 categories needs tables of more than 16777216 numbers; take fewer categories, "
        "or a structured process (UniformJump, StationaryJump, AbsorbingJump)");
  CHECK(message_of([] { OrdinalJump(Categorical(3), {.rate = 0}); }) ==
        "an ordinal jump process needs a rate above 0; found 0");
  CHECK(message_of([] { OrdinalJump(Categorical(3), {.width = INFINITY}); }) ==
        "an ordinal jump process needs a width above 0; found inf");
}

TEST_CASE("messages: what has no transition") {
  Joint j("j");
  j.add("place", GeodesicInterpolation(Sphere(2)));
  CHECK(message_of([&] { derive(j, j.components()[0], Question::transition); }) ==
        "joint 'j', component 'place', transition: the process on space 'sphere' is not Markov by itself, so it has no "
        "transition; ask for forward from x0, or for bridge between x0 and a later x_t");
}

TEST_CASE("messages: interpolants") {
  auto prior_of = [](const Kept<Process>& process, double horizon, Clock clock = {}) {
    Joint j("j", horizon);
    j.add("place", process, {.clock = std::move(clock)});
    return message_of([&] { derive(j, j.components()[0], Question::prior); });
  };
  CHECK(prior_of(GeodesicInterpolation(Sphere(2)), 8) ==
        "joint 'j', component 'place', prior: geodesic interpolation on space 'sphere' runs from time 0 to 1, and its "
        "clock reads 8 at the horizon; let it read 1 there, as Clock::linear(1 / T) does at the horizon T");
  CHECK(prior_of(StochasticInterpolant(Euclidean({2})), 1, Clock::linear(0.5)) ==
        "joint 'j', component 'place', prior: a stochastic interpolant runs from time 0 to 1, and its clock reads "
        "0.5 at "
        "the horizon; let it read 1 there, as Clock::linear(1 / T) does at the horizon T");
  CHECK(prior_of(DiscreteFlow(Categorical(3)), 2) ==
        "joint 'j', component 'place', prior: a discrete flow runs from time 0 to 1, and its clock reads 2 at the "
        "horizon; let it read 1 there, as Clock::linear(1 / T) does at the horizon T");

  auto say = [](StochasticInterpolantOptions options) {
    return message_of([&] { StochasticInterpolant(Euclidean({2}), std::move(options)); });
  };
  CHECK(say({.a = [](Expr t) { return 0.5 - t; }}) ==
        "a stochastic interpolant has a schedule 'a' that is 0.5 at time 0; it must be 1 there");
  CHECK(say({.a = [](Expr t) { return 1.0 - 0.5 * t; }}) ==
        "a stochastic interpolant has a schedule 'a' that is 0.5 at time 1; it must be 0 there");
  CHECK(say({.b = [](Expr t) { return 0.9 * t; }}) ==
        "a stochastic interpolant has a schedule 'b' that is 0.9 at time 1; it must be 1 there");
  CHECK(say({.c = [](Expr t) { return t; }}) ==
        "a stochastic interpolant has a schedule 'c' that is 1 at time 1; it must be 0 there");
  CHECK(say({.b = [](Expr t) { return log(t); }}) ==
        "a stochastic interpolant has a schedule 'b' that is -inf at time 0; it must be finite from 0 to 1");
  CHECK(say({.b = {}}) == "a stochastic interpolant needs a schedule 'b', a function of t; none is given");
  CHECK(say({.b = [](Expr t) { return max(2.0 * t - 1.0, 0.0); }}) ==
        "a stochastic interpolant has schedules 'b' and 'c' that are both 0 at time 0.000976562; there must be noise "
        "from 0 on");
  CHECK(say({.a = [](Expr t) { return splat(t, {2}); }}) ==
        "a stochastic interpolant has a schedule 'a' that gives f32 [2]; it must give an f32 number");
  CHECK(say({.c = [](Expr t) { return t * normal(); }}) ==
        "a stochastic interpolant has a schedule 'c' that draws; it must be a function of t alone");
}

TEST_CASE("messages: discrete flows") {
  auto say = [](DiscreteFlowOptions options, int64_t categories = 3) {
    return message_of([&] { DiscreteFlow(Categorical(categories), std::move(options)); });
  };
  CHECK(say({.kappa = [](Expr t) { return 0.5 * t; }}) ==
        "a discrete flow has a schedule 'kappa' that is 0.5 at time 1; it must be 1 there");
  CHECK(say({.kappa = [](Expr t) { return t + 0.25; }}) ==
        "a discrete flow has a schedule 'kappa' that is 0.25 at time 0; it must be 0 there");
  CHECK(say({.kappa = {}}) == "a discrete flow needs a schedule 'kappa', a function of t; none is given");
  CHECK(say({.kappa = [](Expr t) { return select(equal(t, 0.5), 0.25, t); }}) ==
        "a discrete flow has a schedule 'kappa' that falls from 0.499023 at time 0.499023 to 0.25 at time 0.5; it must "
        "not fall");
  CHECK(say({.uniform = [](Expr t) { return select(equal(t, 0.5), -0.25, 0.0 * t); }}) ==
        "a discrete flow has a schedule 'uniform' that is -0.25 at time 0.5; it must not be negative");
  CHECK(say({.uniform = [](Expr t) { return select(equal(t, 0.5), 0.75, 0.0 * t); }}) ==
        "a discrete flow has schedules whose sum is 1.25 at time 0.5; it must be at most 1");
  CHECK(say({.uniform = [](Expr t) { return select(equal(t, 0.5), 0.25, 0.0 * t); }}) ==
        "a discrete flow has a share of the datum, 1 - kappa - uniform, that rises from 0.25 at time 0.5 to 0.499023 "
        "at "
        "time 0.500977; it must not rise");
  CHECK(say({.uniform = [](Expr t) { return 0.5 * t; }}) ==
        "a discrete flow has a schedule 'uniform' that is 0.5 at time 1; it must be 0 there");
  CHECK(say({.weights = {1, 2}}) == "a discrete flow on 3 categories needs as many weights; found 2");
  CHECK(say({.weights = {1, -2, 1}}) == "a discrete flow needs weights of at least 0; found -2");
  CHECK(say({.weights = {1, 2, 3}, .mask = 2}) == "a discrete flow has both weights and a mask; give one of them");
  CHECK(say({.mask = 3}) == "a discrete flow has the mask 3; its categories are 0 to 2");
  CHECK(say({.mask = 0}, 1) == "a discrete flow with a mask needs 2 categories or more, the mask being one; found 1");
}
