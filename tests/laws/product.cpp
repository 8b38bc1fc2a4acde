// Products and powers: part by part.
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/dsl/evaluate.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/linear_gaussian.h>
#include <catenary/stdlib/product.h>
#include <catenary/stdlib/quaternion.h>
#include <catenary/stdlib/rigid_motions.h>
#include <catenary/tests/laws/identities.h>
#include <catenary/tests/message_of.h>

using namespace catenary;
using namespace catenary::testing;
using Catch::Matchers::Contains;

TEST_CASE("a product's parts are found by name") {
  Product space({{"place", Euclidean({2})}, {"angle", Circle()}});
  CHECK(space.point() == Shape{3});
  CHECK(space.dimension() == 3);
  CHECK(space.injectivity_radius() == std::numbers::pi);
  Expr x = constant({1, 2, 3}, {3});
  CHECK(evaluate({space.part(x, "place"), space.part(x, "angle")}, {}) == std::vector<Values>{{1, 2}, {3}});
  CHECK(message_of([&] { space.part(x, "angel"); }) == "space 'product' has no part 'angel'; it has place, angle");
}

TEST_CASE("a power's points have one more axis") {
  Product space(Euclidean({2}), 3);
  CHECK(space.point() == Shape{3, 2});
  CHECK(space.name() == "power of euclidean");
  Expr x = constant({1, 2, 3, 4, 5, 6}, {3, 2}), v = constant({10, 20, 30, 40, 50, 60}, {3, 2});
  CHECK(evaluate({space.exp(x, v), space.part(x, "1")}, {}) == std::vector<Values>{{11, 22, 33, 44, 55, 66}, {3, 4}});
}

TEST_CASE("products that cannot be") {
  CHECK(message_of([] { Product(std::vector<Product::Part>{}); }) ==
        "space 'product' needs at least one part; found none");
  CHECK(message_of([] { Product({{"a", Circle()}, {"a", Circle()}}); }) ==
        "space 'product' has two parts of the name 'a'");
  CHECK(message_of([] { Product(Circle(), 0); }) == "a power of space 'circle' needs 1 to 4096 parts; found 0");
}

TEST_CASE("a product process moves its parts independently, each by its own law") {
  ProductProcess process(
      {{"place", OrnsteinUhlenbeck(Euclidean({}), {.theta = 1})}, {"angle", Brownian(Circle(), 0.5)}});
  auto draws = draws_of(GENERATE(from_range(engines())), process);
  Points x0 = draws->repeated({1, -0.5}, 2), x = draws->forward(x0, 0.8, 1);
  std::vector<double> place, cosine, product;
  for (size_t i = 0; i < x.size(); i += 2) {
    place.push_back(x[i]);
    cosine.push_back(std::cos(x[i + 1] + 0.5));
    product.push_back((x[i] - std::exp(-0.8)) * (cosine.back() - std::exp(-0.2)));
  }
  CHECK(std::abs(z_of_mean(place, std::exp(-0.8))) < z_bound());
  CHECK(std::abs(z_of_mean(cosine, std::exp(-0.2))) < z_bound());
  CHECK(std::abs(z_of_mean(product, 0)) < z_bound());
  check_identities(*draws, x0, 0.3, 0.9,
                   {[](const double* a, const double* b) { return a[0] * b[0] + std::cos(a[1] - b[1]); },
                    [](const double*, const double* b) { return b[0]; }});
}

TEST_CASE("a product's density is the product of its parts'") {
  OrnsteinUhlenbeck place(Euclidean({}), {});
  CircleBrownian angle = Brownian(Circle(), 0.5);
  ProductProcess process({{"place", place}, {"angle", angle}});
  Expr x0 = constant({1, 2}, {2}), xt = constant({0.3, -3}, {2}), t = constant(0.7);
  Expr both = *process.log_density(x0, xt, t);
  Expr sum = *place.log_density(constant(1), constant(0.3), t) + *angle.log_density(constant(2), constant(-3), t);
  auto found = evaluate({both - sum, *process.score(x0, xt, t), *angle.score(constant(2), constant(-3), t)}, {});
  CHECK(std::abs(found[0][0]) < 1e-12);
  CHECK(found[1][1] == Approx(found[2][0]).epsilon(1e-12));
}

TEST_CASE("a rigid motion's parts move at rates of their own") {
  auto draws =
      draws_of(GENERATE(from_range(engines())), Brownian(RigidMotions(), {.position_rate = 0.5, .rotation_rate = 2}));
  const Points start{1, -2, 0.5, 0.5, 0.5, -0.5, 0.5};
  for (double t : {0.1, 0.4}) {
    CAPTURE(t);
    Points x = draws->forward(draws->repeated(start, 7), t, 1);
    std::vector<std::vector<double>> moved(3);
    std::vector<double> traces;  // Of the rotation from the start, 1 + 2 cos: its mean is 3 e^{-v}.
    for (size_t i = 0; i < x.size(); i += 7) {
      for (size_t k = 0; k < 3; ++k) moved[k].push_back((x[i + k] - start[k]) / std::sqrt(0.5 * t));
      double cosine = 0;
      for (size_t k = 3; k < 7; ++k) cosine += x[i + k] * start[k];
      traces.push_back(4 * cosine * cosine - 1);
    }
    for (const std::vector<double>& along : moved) CHECK(ks_distance(along, normal_cdf) < ks_bound(along.size()));
    CHECK(std::abs(z_of_mean(traces, 3 * std::exp(-2 * t))) < z_bound());
  }
}

TEST_CASE("a rigid motion takes a residue's own atoms to where they are") {
  Expr q = parameter("q", Type::f32, {4});
  Expr centre = constant({10, -3, 0.5}, {3});
  std::vector<std::vector<double>> atoms = {{-0.525, 1.363, 0}, {0, 0, 0}, {1.526, 0, 0}};
  std::vector<Expr> moved;
  for (const auto& a : atoms) moved.push_back(centre + quaternion::rotate(q, constant(a, {3})));
  Expr frame = RigidMotions::from_backbone(moved[0], moved[1], moved[2]);
  std::vector<Expr> differences;
  for (size_t i = 0; i < 3; ++i)
    differences.push_back(norm(RigidMotions::apply(frame, constant(atoms[i], {3})) - moved[i]));
  for (const Values& v : evaluate(differences, {{"q", {0.1, 0.7, -0.5, 0.5}}})) CHECK(v[0] < 1e-12);
}
