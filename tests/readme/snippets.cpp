// What README.md shows, as it stands there, run.
#include <numbers>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <catenary/catenary.h>

using namespace catenary;

namespace {

struct Globe final : Manifold {
  Globe() : Manifold("globe", {.point = {3}, .dimension = 2}) {}
  Expr project(Expr x) const override { return x / norm(x); }
  Expr tangent(Expr x, Expr v) const override { return v - dot(x, v) * x; }
  Expr exp(Expr x, Expr v) const override { return cos(norm(v)) * x + sinc(norm(v)) * v; }
  Expr log(Expr x, Expr y) const override {
    Expr along = tangent(x, y - x), sine = norm(along);
    return atan2(sine, dot(x, y)) / max(sine, 1e-30) * along;
  }
  Expr uniform_point() const override { return project(normal({3})); }
};

}  // namespace

TEST_CASE("README: a space of your own") {
  Joint city("city");
  city.add("place", GeodesicWalk(Globe(), {.rate = 8.0, .steps = 32}));
  city.add("region", UniformJump(Categorical(10), /*rate=*/8.0));

  State made = compile(city).prior(100, Seed(1));
  auto x = made["place"].values<const float>();
  for (size_t i = 0; i < x.size(); i += 3)
    CHECK(x[i] * x[i] + x[i + 1] * x[i + 1] + x[i + 2] * x[i + 2] == Approx(1).epsilon(1e-6));
}

TEST_CASE("README: is it right?") {
  Report report = verify(Globe());  // or a process, or a joint
  fmt::print("{}", report.table());
  if (!report.passed()) report.plot("globe.png");

  CHECK(report.passed());
}

TEST_CASE("README: conversions") {
  Tensor atoms = Tensor::empty(Dtype::f32, {2, 5, 3, 3});
  for (size_t i = 0; i < 90; ++i) atoms.values<float>()[i] = float(i * i % 17) / 4;

  Converter to_frames = compile(conversions::frames_from_backbones());  // rows N, alpha carbon, C
  Tensor frames = to_frames(atoms);  // [batch, residues, 3, 3] to [batch, residues, 7]

  Conversion to_radians("radians_from_degrees", {"degrees", {}}, "circle",
                        [](Expr x) { return Circle::wrap(x * (std::numbers::pi / 180)); });

  CHECK(frames.shape() == Shape{2, 5, 7});
  Tensor degrees = Tensor::empty(Dtype::f32, {1});
  degrees.values<float>()[0] = 270;
  CHECK(Converter(compile(to_radians))(degrees).values<const float>()[0] == Approx(-std::numbers::pi / 2));
}

TEST_CASE("README: what is known of a sample") {
  Joint joint("protein", 4);
  joint.add("x", OrnsteinUhlenbeck(Euclidean({}), {.theta = 1}), {.sites = "residues"});
  Sampler sampler = compile(joint);
  auto model = [](const ModelInput& input, State& estimate) { estimate["x"] = input.state["x"]; };
  std::vector<double> times = {4, 2, 1, 0};
  State motif, is_motif;
  motif.set("x", Tensor::empty(Dtype::f32, {5, 64}));
  is_motif.set("x", Tensor::empty(Dtype::i32, {5, 64}));
  for (size_t i = 0; i < 5 * 64; ++i) {
    motif["x"].values<float>()[i] = float(i);
    is_motif["x"].values<int32_t>()[i] = i % 3 == 1;
  }

  State made = sampler.reverse(model, times, 5, Seed(7),
                               {.sites = {{"residues", {64}}}, .known = KnownSites{.x0 = motif, .where = is_motif}});

  for (size_t i = 1; i < 5 * 64; i += 3) CHECK(made["x"].values<const float>()[i] == float(i));
}
