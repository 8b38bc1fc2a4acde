// Log densities and scores: compiled against the evaluator, and the same bits however a batch is run.
#include <catenary/compiler/compile.h>
#include <catenary/tests/targets/against_evaluator.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr Seed seed(5);
constexpr int64_t samples = 1201;

/// What has a density, on two kinds of sites; the score of categories is 0.
Joint dense(bool categories) {
  Joint joint("dense");
  joint.add("place", Brownian(Euclidean({2}), 0.5));
  joint.add("position", OrnsteinUhlenbeck(Euclidean({3}), {.theta = 2, .mean = 0.5}), {.sites = "atoms"});
  joint.add("angle", Brownian(Circle(), 8.0), {.sites = "atoms"});
  if (categories)
    joint.add("kind", UniformJump(Categorical(kinds), 1.0), {.clock = Clock::linear(2), .sites = "atoms"});
  return joint;
}

Sampler compiled(bool categories, int lanes) {
  Target target = Target::host();
  target.lanes = lanes;
  Question value = categories ? Question::log_density : Question::score;
  return compile(dense(categories), target,
                 {.questions = {value, Question::forward, Question::prior}, .sampler = {.threads = 3}});
}

Arguments arguments_for(const Sampler& sampler) {
  Arguments a;
  for (int64_t i = 0; i < samples; ++i) a.t.push_back(float(1 + i * 37 % 100) / 100);
  a.x0 = sampler.prior(samples, {{"atoms", {atoms}}}, Seed(1));
  a.xt = sampler.forward(a.x0, a.t, Seed(2));
  return a;
}

State values(const Sampler& sampler, const State& x0, const State& xt, Times t, const DrawOptions& options = {}) {
  return sampler.answers(Question::score) ? sampler.score(x0, xt, t, options) : sampler.log_density(x0, xt, t, options);
}

}  // namespace

TEST_CASE("log densities and scores agree with the evaluator, and are the same bits everywhere") {
  bool categories = GENERATE(true, false);
  Sampler sampler = compiled(categories, 8);
  Arguments a = arguments_for(sampler);
  State all = values(sampler, a.x0, a.xt, a.t);
  CHECK(all["place"].shape() == (categories ? Shape{samples} : Shape{samples, 2}));
  CHECK(all["angle"].shape() == Shape{samples, atoms});
  agrees_with_evaluator(dense(categories), categories ? Question::log_density : Question::score, all, a, seed, 0, 3e-5);

  for (int threads : {1, 2}) CHECK(same_bytes(all, values(sampler, a.x0, a.xt, a.t, {.threads = threads})));
  CHECK(same_bytes(all, values(sampler, a.x0, a.xt, a.t, {.first_sample = 1000003})));
  CHECK(same_bytes(all, values(compiled(categories, 4), a.x0, a.xt, a.t)));
  for (auto [first, count] : {std::pair<int64_t, int64_t>{0, 1}, {1, 7}, {13, 600}, {1200, 1}}) {
    State part = values(sampler, rows(a.x0, first, count), rows(a.xt, first, count),
                        std::span<const float>(a.t).subspan(size_t(first), size_t(count)));
    CHECK(same_bytes(part, rows(all, first, count)));
  }
  State one = values(sampler, a.x0, a.xt, 0.25);
  CHECK(same_bytes(one, values(sampler, a.x0, a.xt, std::vector<float>(samples, 0.25f))));
}
