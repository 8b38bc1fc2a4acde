// Lesson 4: training. A model learns residues, the torsion angles of their backbone jointly with their type, and makes
// new ones.
//
// The loop is that of any framework: data are noised to times of their own, the model estimates, loss_gradient gives
// the derivatives of the loss by what it estimated, and the model carries them back. Here it is linear in its weights,
// a few lines; yours is a network, whose tensors are seen without a copy (catenary/runtime/dlpack.h).
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include <catenary/catenary.h>
#include <fmt/format.h>

using namespace catenary;

namespace {

constexpr double turn = 2 * std::numbers::pi, degree = turn / 360, horizon = 16;

// ---- data: where in the Ramachandran plot residues of three types are, about ---------------------------------------

struct Region {
  const char* name;
  double phi, psi;  // Degrees.
  std::array<double, 3> share_of_type;
};
constexpr std::array types = {"alanine", "glycine", "proline"};
constexpr std::array regions = {
    Region{"alpha helix", -63, -43, {0.65, 0.25, 0.35}}, Region{"beta sheet", -120, 130, {0.30, 0.30, 0.00}},
    Region{"polyproline", -70, 150, {0.00, 0.00, 0.65}}, Region{"left-handed", 57, 47, {0.05, 0.45, 0.00}}};
constexpr std::array share = {0.5, 0.3, 0.2};

struct Residues {
  std::vector<float> torsions;  // phi, psi
  std::vector<int32_t> type;
  State state() const {
    auto n = int64_t(type.size());
    return {{"torsions", TensorView(torsions.data(), {n, 2})}, {"type", TensorView(type.data(), {n})}};
  }
};

Residues draw_residues(size_t n, std::mt19937& random) {
  std::normal_distribution<double> spread(0, 15);
  std::discrete_distribution<int32_t> type_of(share.begin(), share.end());
  Residues made;
  for (size_t i = 0; i < n; ++i) {
    made.type.push_back(type_of(random));
    std::vector<double> weights;
    for (const Region& r : regions) weights.push_back(r.share_of_type[size_t(made.type.back())]);
    const Region& in = regions[std::discrete_distribution<size_t>(weights.begin(), weights.end())(random)];
    for (double angle : {in.phi, in.psi})
      made.torsions.push_back(float(std::remainder((angle + spread(random)) * degree, turn)));
  }
  return made;
}

// ---- the model -----------------------------------------------------------------------------------------------------

// Waves of both angles, weighted by tables over type and time: 2 elements of a score and 3 logits.
class Waves {
 public:
  static constexpr int outputs = 5;

  // Of every point of x_t, whose time is times[i], the estimates; and what they were made of, for `learn`.
  void estimate(const State& xt, const std::vector<float>& times, State& estimate) {
    auto x = xt["torsions"].values<const float>();
    auto type = xt["type"].values<const int32_t>();
    auto score = estimate["torsions"].values<float>(), logits = estimate["type"].values<float>();
    used_.assign(type.size(), {});
    for (size_t i = 0; i < type.size(); ++i) {
      Used& used = used_[i];
      double place =
          std::clamp(std::log2(times[i] / 0.02) * (knots - 1) / std::log2(horizon / 0.02), 0.0, knots - 1.01);
      used.table = size_t(type[i]) * knots + size_t(place);
      used.along = float(place - std::floor(place));
      used.size = float(1 / std::sqrt(times[i] + 0.07));  // About that of a score.
      for (int k = 0; k <= highest; ++k)
        for (int l = k == 0 ? 0 : -highest; l <= highest; ++l) {
          float phase = float(k) * x[2 * i] + float(l) * x[2 * i + 1];
          used.waves.push_back(std::cos(phase));
          used.waves.push_back(std::sin(phase));
        }
      std::array<float, outputs> out{};
      each_weight(used, [&](size_t w, size_t o, float feature) { out[o] += weights_[w] * feature; });
      for (size_t o = 0; o < 2; ++o) score[2 * i + o] = used.size * out[o];
      for (size_t o = 0; o < 3; ++o) logits[3 * i + o] = out[2 + o];
    }
  }

  // A step of Adam by the mean of the derivatives of the loss by the last estimates.
  void learn(const State& derivatives, double rate) {
    auto by_score = derivatives["torsions"].values<const float>(),
         by_logits = derivatives["type"].values<const float>();
    std::fill(slope_.begin(), slope_.end(), 0.0f);
    for (size_t i = 0; i < used_.size(); ++i)
      each_weight(used_[i], [&](size_t w, size_t o, float feature) {
        slope_[w] += feature * (o < 2 ? used_[i].size * by_score[2 * i + o] : by_logits[3 * i + o - 2]);
      });
    ++step_;
    const double correction = std::sqrt(1 - std::pow(0.999, step_)) / (1 - std::pow(0.9, step_));
    for (size_t w = 0; w < weights_.size(); ++w) {
      float g = slope_[w] / float(used_.size());
      mean_[w] += 0.1f * (g - mean_[w]);
      square_[w] += 0.001f * (g * g - square_[w]);
      weights_[w] -= float(rate * correction) * mean_[w] / (std::sqrt(square_[w]) + 1e-8f);
    }
  }

 private:
  static constexpr int highest = 4, knots = 8;
  static constexpr size_t waves = 2 * (highest + 1 + highest * (2 * highest + 1));

  struct Used {
    size_t table;
    float along, size;
    std::vector<float> waves;
  };
  template <class F>
  static void each_weight(const Used& used, F of) {
    for (size_t knot : {0, 1})
      for (size_t o = 0; o < outputs; ++o)
        for (size_t k = 0; k < waves; ++k)
          of(((used.table + knot) * outputs + o) * waves + k, o, (knot ? used.along : 1 - used.along) * used.waves[k]);
  }

  std::vector<float> weights_ = std::vector<float>(3 * knots * outputs * waves), slope_ = weights_, mean_ = weights_,
                     square_ = weights_;
  std::vector<Used> used_;
  int step_ = 0;
};

// ---- what was learnt -----------------------------------------------------------------------------------------------

// Shares of each type in each region: whose middle is nearest, and within 50 degrees.
std::vector<double> shares(const State& residues) {
  auto x = residues["torsions"].values<const float>();
  auto type = residues["type"].values<const int32_t>();
  std::vector<double> counts(types.size() * regions.size());
  for (size_t i = 0; i < type.size(); ++i) {
    auto away = [&](const Region& r) {
      return std::hypot(std::remainder(x[2 * i] - r.phi * degree, turn),
                        std::remainder(x[2 * i + 1] - r.psi * degree, turn));
    };
    auto nearest = std::ranges::min_element(regions, {}, away);
    if (away(*nearest) < 50 * degree)
      counts[size_t(type[i]) * regions.size() + size_t(nearest - regions.begin())] += 1 / double(type.size());
  }
  return counts;
}

}  // namespace

int main() {
  Joint residue("residue", horizon);
  residue.add("torsions", Brownian(Torus({turn, turn}), /*rate=*/1.0), {.estimate = "score"});
  residue.add("type", UniformJump(Categorical(3), /*rate=*/1.0));  // Its model returns logits.
  Sampler sampler = compile(
      residue, Target::host(),
      {.questions = {Question::prior, Question::forward, Question::step, Question::loss, Question::loss_gradient}});

  constexpr int64_t batch = 256;
  constexpr uint64_t steps = 3000, every = 500;
  std::mt19937 random(1);  // NOLINT(bugprone-random-generator-seed): the same data at every run
  std::uniform_real_distribution<double> octaves(std::log2(0.02), std::log2(horizon));
  Waves model;
  State estimate{{"torsions", Tensor::empty(Dtype::f32, {batch, 2})}, {"type", Tensor::empty(Dtype::f32, {batch, 3})}};
  std::vector<float> times(batch);
  fmt::print("   step   loss of torsions   loss of types\n");
  double of_torsions = 0, of_types = 0;
  for (uint64_t step = 1; step <= steps; ++step) {
    Residues data = draw_residues(batch, random);
    for (float& t : times) t = float(std::exp2(octaves(random)));  // A time for each sample, above 0.
    State noisy = sampler.forward(data.state(), times, Seed(1, step));
    model.estimate(noisy, times, estimate);
    model.learn(sampler.loss_gradient(estimate, data.state(), noisy, times), step < steps / 2 ? 0.02 : 0.004);

    State loss = sampler.loss(estimate, data.state(), noisy, times);
    for (float l : loss["torsions"].values<const float>()) of_torsions += l / batch;
    for (float l : loss["type"].values<const float>()) of_types += l / batch;
    if (step % every == 0) {
      fmt::print("  {:5}   {:16.3f}   {:13.3f}\n", step, of_torsions / every, of_types / every);
      of_torsions = of_types = 0;
    }
  }

  std::vector<double> walk;  // The times of 80 steps: evenly in their logarithms, then 0.
  for (int i = 0; i < 80; ++i) walk.push_back(horizon * std::pow(0.02 / horizon, i / 79.0));
  walk.push_back(0);
  constexpr int64_t samples = 20000;
  State made = sampler.reverse(
      [&](const ModelInput& input, State& into) {
        model.estimate(input.state, std::vector<float>(samples, float(input.time)), into);
      },
      walk, samples, Seed(2));

  std::vector<double> wanted = shares(draw_residues(samples, random).state()), found = shares(made);
  fmt::print("\n{} residues made of noise; shares, in brackets those of data:\n\n  {:12}", samples, "");
  for (const char* type : types) fmt::print("{:>18}", type);
  double off = 0;
  for (size_t r = 0; r < regions.size(); ++r) {
    fmt::print("\n  {:12}", regions[r].name);
    for (size_t type = 0; type < types.size(); ++type) {
      size_t i = type * regions.size() + r;
      fmt::print("{:10.3f} ({:5.3f})", found[i], wanted[i]);
      off += std::abs(found[i] - wanted[i]) / 2;
    }
  }
  fmt::print("\n\nThey differ by {:.1f} % of the residues.\n", 100 * off);
  return off < 0.1 ? 0 : 1;
}
