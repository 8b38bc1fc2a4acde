// One joint process with every law of the standard library, on two kinds of sites, and data for it.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <catenary/dsl/joint.h>
#include <catenary/runtime/sampler.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/sphere.h>

namespace catenary::testing {

inline constexpr int64_t kinds = 10, atoms = 5;

/// Components whose sites have no name have one site per sample, the others `atoms` sites.
inline Joint all_laws(const std::string& name, JointOptions options = {}) {
  Joint joint(name, 1, options);
  joint.add("place", Brownian(Euclidean({2}), 0.5));
  joint.add("direction", GeodesicWalk(Sphere(), {.rate = 1, .steps = 3}));
  joint.add("molecule", SubVariancePreserving(CenteredEuclidean({2, 2})));
  joint.add(
      "course",
      LinearDiffusion(Euclidean({}), {.drift = [](Expr t) { return -t; }, .noise = [](Expr t) { return 1.0 + t; }}),
      {.clock = Clock::cosine()});
  joint.add("depth", Brownian(Hyperbolic(3), 1.0));
  joint.add("position", OrnsteinUhlenbeck(Euclidean({3}), {.theta = 2, .mean = 0.5}), {.sites = "atoms"});
  joint.add("angle", Brownian(Circle(), 4.0), {.sites = "atoms"});
  joint.add("kind", UniformJump(Categorical(kinds), 1.0), {.clock = Clock::linear(2), .sites = "atoms"});
  return joint;
}

/// What a model might return at x0: x0 itself, and logits that depend on the place in memory.
inline State estimate_from(const State& x0) {
  State estimate = x0;
  Shape shape = x0["kind"].shape();
  shape.push_back(kinds);
  Tensor logits = Tensor::empty(Dtype::f32, shape);
  auto values = logits.values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = float(i * 7 % 11) * 0.25f;
  return estimate.set("kind", logits);
}

/// Arguments of every question.
struct Arguments {
  State x0, xt, estimate;
  std::vector<float> s, t;
};

/// For `samples` samples, drawn by the sampler itself: s is 0 and s = t at some of them.
inline Arguments arguments_of(const Sampler& sampler, int64_t samples) {
  Arguments a;
  for (int64_t i = 0; i < samples; ++i) {
    a.t.push_back(float(i * 37 % 101) / 100);
    a.s.push_back(a.t.back() * float(i * 17 % 9) / 8);
  }
  a.x0 = sampler.prior(samples, {{"atoms", {atoms}}}, Seed(1));
  a.xt = sampler.forward(a.x0, a.t, Seed(2));
  a.estimate = estimate_from(a.x0);
  return a;
}

/// Samples [first, first + count) of a state, in its own memory.
inline State rows(const State& state, int64_t first, int64_t count) {
  State part;
  for (const auto& [name, tensor] : state) {
    Shape shape = tensor.shape();
    int64_t row = tensor.size() / shape[0];
    shape[0] = count;
    TensorView view(static_cast<char*>(tensor.data()) + first * row * element_bytes, tensor.dtype(), shape);
    part.set(name, Tensor(view, tensor.owner()));
  }
  return part;
}

inline bool same_bytes(const State& a, const State& b) {
  for (const auto& [name, tensor] : a) {
    const Tensor& other = b[name];
    if (tensor.shape() != other.shape() || tensor.dtype() != other.dtype()) return false;
    if (std::memcmp(tensor.data(), other.data(), size_t(tensor.bytes())) != 0) return false;
  }
  return a.size() == b.size();
}

}  // namespace catenary::testing
