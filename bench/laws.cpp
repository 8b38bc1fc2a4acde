// The table of kernels: forward and bridge draws, and categories from logits.
#include "laws.h"

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <catenary/catenary.h>

#include "hand_tuned.h"
#include "measure.h"

using namespace catenary;

namespace bench {

namespace {

// What the hand-tuned loop did where the figures to be reached were measured, in Gelem/s.
constexpr double hand_tuned_there = 4.2;

}  // namespace

std::vector<Case> cases() {
  auto logits = [](int64_t k) { return UniformJump(Categorical(k), 1); };
  StationaryJump stationary(Categorical(1000), {.rate = 1, .weights = [] {
                                                  std::vector<double> w;
                                                  for (int i = 1; i <= 1000; ++i) w.push_back(1.0 / i);
                                                  return w;
                                                }()});
  return {
      {"Ornstein-Uhlenbeck forward", OrnsteinUhlenbeck(Euclidean({}), {.theta = 0.5}), Question::forward, 0, 0.7, 3.2},
      {"Gaussian bridge", OrnsteinUhlenbeck(Euclidean({}), {.theta = 0.5}), Question::bridge, 0.3, 0.7, 2.9},
      {"circle bridge, variance 0.1", Brownian(Circle(), 1), Question::bridge, 0.04, 0.1, 2.8},
      {"circle bridge, variance 0.7", Brownian(Circle(), 1), Question::bridge, 0.3, 0.7, 2.8},
      {"absorbing forward, K = 1000", AbsorbingJump(Categorical(1000), {.rate = 1}), Question::forward, 0, 0.7, 5.2},
      {"uniform forward, K = 1000", UniformJump(Categorical(1000), 1), Question::forward, 0, 0.7, 2.6},
      {"stationary forward, K = 1000", stationary, Question::forward, 0, 0.7, 1.0},
      {"SO(3) forward, sigma = 0.5", Brownian(Rotations(), 1), Question::forward, 0, 0.25, 0.38},
      {"SO(3) forward, sigma = 1", Brownian(Rotations(), 1), Question::forward, 0, 1, 0.30},
      {"SO(3) forward, sigma = 1.5", Brownian(Rotations(), 1), Question::forward, 0, 2.25, 0.17},
      {"SO(3) bridge, sigma = 1", Brownian(Rotations(), 1), Question::bridge, 0.5, 1, 0.25},
      {"step from logits, K = 256", logits(256), Question::step, 0.3, 0.7, 1 / 50.0},
      {"step from logits, K = 4096", logits(4096), Question::step, 0.3, 0.7, 1 / 260.0},
  };
}

void ask(const Sampler& sampler, const Case& c, State& made, const State& x0, const State& xt, const State& estimate,
         Seed seed, const DrawOptions& options) {
  if (c.question == Question::forward) sampler.forward_into(made, x0, c.t, seed, options);
  if (c.question == Question::bridge) sampler.bridge_into(made, x0, xt, c.s, c.t, seed, options);
  if (c.question == Question::step) sampler.step_into(made, estimate, xt, c.s, c.t, seed, options);
}

State estimates(const Case& c, int64_t n) {
  Shape shape = c.process->estimates()[0].shape;
  shape.insert(shape.begin(), n);
  Tensor values = Tensor::empty(Dtype::f32, shape);
  for (int64_t i = 0; i < values.size(); ++i) values.values<float>()[size_t(i)] = float(i * 7919 % 1009) * 0.01f;
  return State{{"x", values}};
}

void print_laws(int64_t points, int repeats, double seconds) {
  const Seed seed(0x243f6a8885a308d3);
  const Stream stream{seed.value, seed.step, stream_word(0, 0, Question::forward, DrawKind::normal)};
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
  std::vector<float> in(size_t(points), 0.5f), out(in);
  fmt::print("\n{:<34}{:>12}{:>14}{:>14}{:>10}\n", "Kernels, 1 thread", "Gpoint/s", "of hand-tuned", "to reach",
             "reached");
  for (const Case& c : cases()) {
    Joint joint("bench", 10);
    joint.add("x", c.process);
    Sampler sampler = compile(joint, Target::host(), {.questions = {Question::prior, Question::forward, c.question}});
    Estimate estimate = c.process->estimates()[0];
    // Rows of logits are long: fewer of them.
    int64_t n = c.question == Question::step ? std::max<int64_t>(points / element_count(estimate.shape), 64) : points;
    State x0 = sampler.prior(n, Seed(1)), xt = sampler.forward(x0, c.t, Seed(2)), made = xt;
    made.set("x", Tensor::empty(xt["x"].dtype(), xt["x"].shape()));
    const State given = c.question == Question::step ? estimates(c, n) : x0;
    DrawOptions options{.threads = 1, .check_data = false};
    std::vector<Candidate> candidates = {{"hand-tuned",
                                          [&] {
                                            (avx512 ? ou_forward_avx512 : ou_forward_avx2)(
                                                {0.7f, 0, 0.7f}, stream, 0, points, in.data(), out.data());
                                          }},
                                         {c.name, [&] { ask(sampler, c, made, x0, xt, given, seed, options); }}};
    measure(candidates, repeats, seconds);
    double bound = double(points) / candidates[0].seconds.least * 1e-9;
    double ours = double(n) / candidates[1].seconds.least * 1e-9;
    double share = ours / bound, reach = c.reach / hand_tuned_there;
    fmt::print("  {:<32}{:>12.4f}{:>12.1f} %{:>12.1f} %{:>8.0f} %\n", c.name, ours, 100 * share, 100 * reach,
               100 * share / reach);
  }
}

}  // namespace bench
