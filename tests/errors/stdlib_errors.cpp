// The text of every message of stdlib/.
#include <cmath>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <catenary/dsl/laws.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/errors/disc.h>
#include <catenary/tests/message_of.h>

using namespace catenary;
using namespace catenary::testing;

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
  CHECK(say([] { Brownian(Sphere(13), 1.0); }) ==
        "exact Brownian motion on space 'sphere' is known for dimensions 1 to 12; found 13. Use GeodesicWalk(space, "
        "{.rate, .steps}), the named approximation");
  CHECK(say([] { Simplex(1); }) == "space 'simplex' needs 2 or more categories; found 1");
  CHECK(
      say([] {
        GeodesicWalk(Simplex(1025), {.rate = 1, .steps = 4}).forward(parameter("x", Type::f32, {1025}), constant(0.5));
      }) == "walks on space 'simplex' are there for 2 to 1024 categories; found 1025");
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
        "space, or on a manifold origin, or prior in the process");
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
  CHECK(
      message_of([] { OrdinalJump(Categorical(65536), {}); }) ==
      "an ordinal jump process on 65536 categories needs tables of more than 268435456 numbers; take fewer categories, "
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

TEST_CASE("messages: diffusions by their marginals") {
  auto say = message_of;
  auto one = [](Expr) { return constant(1); };
  CHECK(say([&] { by_marginals({}, one); }) ==
        "the schedule of a linear diffusion needs alpha, a function of t; none is given");
  CHECK(say([&] { by_marginals(one, {}); }) ==
        "the schedule of a linear diffusion needs sigma, a function of t; none is given");
  CHECK(say([&] { by_log_signal_to_noise({}); }) ==
        "the schedule of a linear diffusion needs lambda, a function of t; none is given");
  CHECK(say([&] { by_log_signal_to_noise([](Expr t) { return t; }, -1); }) ==
        "a linear diffusion needs a horizon above 0; found -1");
  CHECK(say([&] { by_log_signal_to_noise([](Expr t) { return 10.0 * t - 5.0; }); }) ==
        "the schedule of a linear diffusion has a signal-to-noise ratio that rises at time 0.000976562");
  CHECK(say([&] { by_marginals(one, [](Expr t) { return t * (1.0 - t); }); }) ==
        "the schedule of a linear diffusion has a signal-to-noise ratio that rises at time 0.500977");
  CHECK(say([&] { by_marginals([](Expr t) { return 0.5 - t; }, [](Expr t) { return t; }); }) ==
        "the schedule of a linear diffusion has an alpha below 0 at time 0.500977");
  CHECK(say([&] { by_marginals([](Expr t) { return 1.0 - t; }, [](Expr t) { return t; }); }) ==
        "the schedule of a linear diffusion has no finite slope, or an alpha of 0, at time 1");
  CHECK(say([&] { by_log_signal_to_noise([](Expr t) { return normal() - t; }); }) ==
        "the schedule of a linear diffusion draws; it must be a function of t alone");
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
  auto weight = [](const DiscreteFlowOptions& options) {
    return message_of([&] { DiscreteFlow(Categorical(3), options).likelihood_weight(constant(0.5)); });
  };
  CHECK(weight({}) ==
        "the likelihood's weight of a discrete flow is there where all noise is a mask; this one has no mask");
  CHECK(weight({.uniform = [](Expr t) { return 0.1 * t * (1.0 - t); }, .mask = 2}) ==
        "the likelihood's weight of a discrete flow is there where all noise is a mask; this one has a schedule "
        "'uniform' "
        "besides");
}
