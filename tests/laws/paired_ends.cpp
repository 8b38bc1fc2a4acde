// With given ends a draw between them is the bridge from the horizon, whatever the family: flow matching's training
// draw.
#include <numbers>

#include <catch2/catch.hpp>

#include <catenary/compiler/compile.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/laws/categories.h>

using namespace catenary;
using namespace catenary::testing;

// One call for all components, with a time for each sample.
TEST_CASE("between paired ends") {
  Joint joint("pairs");
  joint.add("place", Brownian(Euclidean({}), 4.0));
  joint.add("line", StochasticInterpolant(Euclidean({})));
  joint.add("direction", GeodesicInterpolation(Sphere(1)));
  joint.add("angle", Brownian(Circle(), 0.01));
  joint.add("token", DiscreteFlow(Categorical(3)));
  joint.add("label", UniformJump(Categorical(3), 1.0));
  Sampler sampler = compile(joint);
  constexpr int64_t n = 400000;
  auto all = [](std::vector<float> point) {
    Tensor tensor = Tensor::empty(Dtype::f32, point.size() > 1 ? Shape{n, int64_t(point.size())} : Shape{n});
    auto values = tensor.values<float>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = point[i % point.size()];
    return tensor;
  };
  auto every = [](int32_t category) {
    Tensor tensor = Tensor::empty(Dtype::i32, {n});
    for (int32_t& v : tensor.values<int32_t>()) v = category;
    return tensor;
  };
  State x0{{"place", all({1})}, {"line", all({1})},  {"direction", all({1, 0})},
           {"angle", all({3})}, {"token", every(0)}, {"label", every(0)}};
  State x1{{"place", all({5})},  {"line", all({5})},  {"direction", all({0, 1})},
           {"angle", all({-3})}, {"token", every(2)}, {"label", every(2)}};
  std::vector<float> s, t(size_t(n), 1.0f);
  for (int64_t i = 0; i < n; ++i) s.push_back(i % 2 ? 0.75f : 0.25f);
  State x = sampler.bridge(x0, x1, s, t, Seed(1));

  for (size_t half : {0, 1}) {
    double share = half ? 0.75 : 0.25;
    CAPTURE(share);
    std::vector<double> place, angle, token, label;
    auto value = [&](const char* name, size_t i) { return double(x[name].values<const float>()[i]); };
    bool on_line = true, on_arc = true;
    for (size_t i = half; i < size_t(n); i += 2) {
      place.push_back((value("place", i) - (1 + 4 * share)) / std::sqrt(4 * share * (1 - share)));
      on_line = on_line && std::abs(value("line", i) - (1 + 4 * share)) < 1e-6;
      double turned = std::atan2(value("direction", 2 * i + 1), value("direction", 2 * i));
      on_arc = on_arc && std::abs(turned - share * std::numbers::pi / 2) < 1e-6;
      double way = 2 * std::numbers::pi - 6, from = value("angle", i) < 0 ? 2 * std::numbers::pi : 0;
      angle.push_back((value("angle", i) + from - 3 - share * way) / std::sqrt(0.01 * share * (1 - share)));
      token.push_back(x["token"].values<const int32_t>()[i]);
      label.push_back(x["label"].values<const int32_t>()[i]);
    }
    CHECK(ks_distance(place, normal_cdf) < ks_bound(place.size()));
    CHECK(on_line);
    CHECK(on_arc);
    // The long way round has no weight.
    CHECK(ks_distance(angle, normal_cdf) < ks_bound(angle.size()));
    check_categories(token, {1 - share, 0, share});
    double a = std::exp(-share), b = std::exp(share - 1);
    auto p = [](double decay, bool equal) { return (equal ? decay : 0) + (1 - decay) / 3; };
    check_categories(label, {p(a, true) * p(b, false), p(a, false) * p(b, false), p(a, false) * p(b, true)});
  }
}
