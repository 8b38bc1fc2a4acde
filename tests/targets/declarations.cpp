// The text of a declaration compiles to the bits of the declaration.
#include <catenary/compiler/compile.h>
#include <catenary/stdlib/catalogue.h>
#include <catenary/tests/targets/all_laws.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

using namespace catenary;
using namespace catenary::testing;

TEST_CASE("the text of a declaration draws the same bits, with every question that it asks") {
  Joint joint = all_laws("laws");
  Sampler one = compile(joint, Target::host(),
                        {.questions = {Question::prior, Question::forward, Question::bridge, Question::step,
                                       Question::transition, Question::score}});
  Sampler other = compile_mlir(to_mlir(joint), "laws.mlir");
  CHECK(other.name() == "laws");
  CHECK(other.horizon() == joint.horizon());
  CHECK(other.describe() == one.describe());
  CHECK(other.answers(Question::transition));
  CHECK_FALSE(other.answers(Question::log_density));  // `direction` has none.

  Arguments a = arguments_of(one, 501);
  Seed seed(3);
  CHECK(same_bytes(one.prior(501, {{"atoms", {atoms}}}, seed), other.prior(501, {{"atoms", {atoms}}}, seed)));
  CHECK(same_bytes(one.forward(a.x0, a.t, seed), other.forward(a.x0, a.t, seed)));
  CHECK(same_bytes(one.bridge(a.x0, a.xt, a.s, a.t, seed), other.bridge(a.x0, a.xt, a.s, a.t, seed)));
  CHECK(same_bytes(one.step(a.estimate, a.xt, a.s, a.t, seed), other.step(a.estimate, a.xt, a.s, a.t, seed)));
  CHECK(same_bytes(one.transition(a.x0, a.s, a.t, seed), other.transition(a.x0, a.s, a.t, seed)));
  CHECK(same_bytes(one.score(a.x0, a.xt, 0.4), other.score(a.x0, a.xt, 0.4)));
}

TEST_CASE("the text of every process of the standard library is read back") {
  for (const CatalogueEntry& entry : catalogue()) {
    if (!entry.is_process()) continue;
    INFO(entry.name);
    Joint joint("one", entry.horizon);
    joint.add("x", entry.process());
    CHECK_NOTHROW(forbidden_categories(to_mlir(joint), "one.mlir"));
  }
}

TEST_CASE("the text of a declaration has its densities and scores") {
  Joint joint("dense", 2);
  joint.add("angle", Brownian(Circle(), 4.0));
  joint.add("place", OrnsteinUhlenbeck(Euclidean({3}), {.theta = 0.7}), {.clock = Clock::linear(0.3)});
  Sampler one = compile(joint, Target::host(),
                        {.questions = {Question::score, Question::log_density, Question::prior, Question::score}});
  CHECK_FALSE(one.answers(Question::forward));
  Sampler other = compile_mlir(to_mlir(joint), "dense.mlir");
  for (size_t q = 0; q <= size_t(Question::flow_step); ++q) CHECK(other.answers(Question(q)));
  CHECK_FALSE(other.answers(Question::mean_step));  // The circle has none.
  State x0 = one.prior(77, Seed(1)), xt = one.prior(77, Seed(2));
  for (double t : {0.01, 0.5, 2.0}) {
    CHECK(same_bytes(one.log_density(x0, xt, t), other.log_density(x0, xt, t)));
    CHECK(same_bytes(one.score(x0, xt, t), other.score(x0, xt, t)));
  }
}

TEST_CASE("the text of a declaration says the kind of estimate, and has its losses and its flow") {
  Joint joint("chosen", 2);
  OrnsteinUhlenbeck process(Euclidean({3}), {.theta = 0.7, .mean = 0.5});
  for (const char* kind : {"endpoint", "tangent", "noise", "score", "velocity"})
    joint.add(kind, process, {.clock = Clock::linear(0.3), .estimate = kind});
  std::string text = to_mlir(joint);
  for (const char* kind : {"endpoint", "tangent", "noise", "score", "velocity"})
    CHECK(text.find(fmt::format("@{} ", kind)) < text.find(fmt::format("estimates \"{}\"", kind)));
  const std::vector<Question> asked = {Question::prior,         Question::step,      Question::loss,
                                       Question::loss_gradient, Question::flow_step, Question::mean_step,
                                       Question::flow_velocity};
  Sampler one = compile(joint, Target::host(), {.questions = asked});
  Sampler other = compile_mlir(text, "chosen.mlir");
  CHECK(other.describe() == one.describe());
  State x0 = one.prior(77, Seed(1)), xt = one.prior(77, Seed(2)), estimate = one.prior(77, Seed(3));
  for (double t : {0.01, 0.5, 2.0}) {
    CHECK(same_bytes(one.step(estimate, xt, t / 3, t, Seed(4)), other.step(estimate, xt, t / 3, t, Seed(4))));
    CHECK(same_bytes(one.flow_step(estimate, xt, t / 3, t), other.flow_step(estimate, xt, t / 3, t)));
    CHECK(same_bytes(one.mean_step(estimate, xt, t / 3, t), other.mean_step(estimate, xt, t / 3, t)));
    CHECK(same_bytes(one.flow_velocity(estimate, xt, t), other.flow_velocity(estimate, xt, t)));
    CHECK(same_bytes(one.loss(estimate, x0, xt, t), other.loss(estimate, x0, xt, t)));
    CHECK(same_bytes(one.loss_gradient(estimate, x0, xt, t), other.loss_gradient(estimate, x0, xt, t)));
  }
}

TEST_CASE("the text has a law for every question a component answers, and a pipeline where all of its sites do") {
  std::string text = to_mlir(all_laws("laws"));
  auto count = [&](const std::string& what) {
    int found = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  CHECK(count("catenary.law @transition(") == 8);
  CHECK(count("catenary.law @log_density(") == 7);
  CHECK(count("catenary.law @score(") == 8);  // Of `kind` it is 0.
  CHECK(count("asks \"transition\"") == 2);
  CHECK(count("asks \"log_density\" sites \"atoms\"") == 1);
  CHECK(count("asks \"log_density\"") == 1);
  CHECK(count("asks \"score\"") == 2);
}
