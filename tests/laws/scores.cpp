// Walks by scores: with the score of a law that is known, the law at every earlier time comes back, the nearer the more
// steps there are.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

#include <catenary/catenary.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr double horizon = 2, end = 0.05;  // Also variances: rates are 1.
constexpr int64_t samples = 1 << 15;

// Two data, of which the first has the share `of_first`, and a number whose mean tells where points lie.
struct Data {
  std::vector<float> first, second;
  double of_first;
  std::function<double(const float* x)> number;
};

class Walks {
 public:
  Walks(const Kept<Process>& process, Data data) : data_(std::move(data)) {
    Joint joint("scores", horizon);
    joint.add("x", process, {.estimate = "score"});
    std::vector<Question> questions = {Question::forward, Question::step, Question::flow_step, Question::score};
    if (data_.of_first < 1) questions.push_back(Question::log_density);
    sampler_ = compile(joint, Target::host(), {.questions = questions});
  }

  /// The number at each sample at the end of a walk, and of what is noised from the data.
  std::vector<double> walked(int steps, StepBy by) const {
    std::vector<double> times;
    for (int i = 0; i <= steps; ++i) times.push_back(horizon * std::pow(end / horizon, double(i) / steps));
    WalkOptions options;
    options.step_by = by;
    options.initial = noised(horizon, 1);
    return numbers(sampler_->reverse([&](const ModelInput& in, State& e) { estimate(in, e); }, times, samples,
                                     Seed(uint64_t(steps)), options));
  }
  std::vector<double> expected() const { return numbers(noised(end, 2)); }

 private:
  State all(const std::function<const std::vector<float>&(int64_t)>& datum) const {
    auto size = int64_t(data_.first.size());
    Tensor x = Tensor::empty(Dtype::f32, size > 1 ? Shape{samples, size} : Shape{samples});
    for (int64_t i = 0; i < samples; ++i) std::ranges::copy(datum(i), x.values<float>().data() + i * size);
    return {{"x", x}};
  }
  State noised(double t, uint64_t seed) const {
    auto firsts = int64_t(data_.of_first * samples);
    return sampler_->forward(all([&](int64_t i) -> auto& { return i < firsts ? data_.first : data_.second; }), t,
                             Seed(seed));
  }
  std::vector<double> numbers(const State& state) const {
    std::vector<double> result;
    for (size_t i = 0; i < size_t(samples); ++i)
      result.push_back(data_.number(state["x"].values<const float>().data() + i * data_.first.size()));
    return result;
  }
  // The mean of the scores given each datum, by how likely it is given x_t.
  void estimate(const ModelInput& in, State& estimate) const {
    const State first = all([&](int64_t) -> auto& { return data_.first; });
    State of_first = sampler_->score(first, in.state, in.time);
    if (data_.of_first == 1) {
      estimate.set("x", of_first["x"]);
      return;
    }
    const State second = all([&](int64_t) -> auto& { return data_.second; });
    State of_second = sampler_->score(second, in.state, in.time),
          log_first = sampler_->log_density(first, in.state, in.time),
          log_second = sampler_->log_density(second, in.state, in.time);
    auto e = estimate["x"].values<float>();
    const size_t size = data_.first.size();
    for (size_t i = 0; i < e.size(); ++i) {
      double odds = (1 - data_.of_first) / data_.of_first *
                    std::exp(double(log_second["x"].values<const float>()[i / size]) -
                             double(log_first["x"].values<const float>()[i / size]));
      double share = 1 / (1 + odds);
      e[i] =
          float(share * of_first["x"].values<const float>()[i] + (1 - share) * of_second["x"].values<const float>()[i]);
    }
  }

  Data data_;
  std::optional<Sampler> sampler_;
};

// How far from the law itself walks may end, in deviations of the number times steps; docs/walks.md has how far they
// do.
void check(const Walks& walks, double draws, double flow) {
  std::vector<double> expected = walks.expected();
  double mean = 0, square = 0;
  for (double x : expected) mean += x / samples, square += x * x / samples;
  const double deviation = std::sqrt(square - mean * mean);
  for (StepBy by : {StepBy::draws, StepBy::flow})
    for (int steps : {8, 48}) {
      CAPTURE(steps, by == StepBy::flow);
      std::vector<double> walked = walks.walked(steps, by);
      // The mean that is expected is a mean of draws itself.
      double by_chance = z_bound() * deviation / std::sqrt(double(samples));
      CHECK(within(walked, mean, (by == StepBy::draws ? draws : flow) / steps * deviation + by_chance));
    }
}

double dot(const float* x, const std::vector<float>& y, size_t from = 0) {
  double sum = 0;
  for (size_t k = 0; k < y.size(); ++k) sum += double(x[from + k]) * double(y[k]);
  return sum;
}

const float c1 = std::cos(1.0F), s1 = std::sin(1.0F), c2 = std::cos(2.0F), s2 = std::sin(2.0F);

}  // namespace

TEST_CASE("walks by scores: circle") {
  check({Brownian(Circle(), 1.0), {{0}, {2}, 0.3, [](const float* x) { return std::cos(double(*x) - 2); }}}, 0.2, 0.1);
}

TEST_CASE("walks by scores: spheres") {
  check({Brownian(Sphere(2), 1.0), {{0, 0, 1}, {s2, 0, c2}, 0.3, [](const float* x) { return dot(x, {s2, 0, c2}); }}},
        0.35, 0.3);
  check({Brownian(Sphere(3), 1.0),
         {{0, 0, 0, 1}, {s2, 0, 0, c2}, 0.3, [](const float* x) { return dot(x, {s2, 0, 0, c2}); }}},
        0.15, 0.5);
}

TEST_CASE("walks by scores: rotations and rigid motions") {
  // The trace of the rotation from the second datum.
  auto number = [](const float* x, size_t from) { return 4 * std::pow(dot(x, {c1, s1, 0, 0}, from), 2) - 1; };
  check({Brownian(Rotations(), 1.0), {{1, 0, 0, 0}, {c1, s1, 0, 0}, 0.3, [&](const float* x) { return number(x, 0); }}},
        0.2, 0.4);
  check({Brownian(RigidMotions(), RigidBrownianOptions{}),
         {{0, 0, 0, 1, 0, 0, 0},
          {2, 0, 0, c1, s1, 0, 0},
          0.3,
          [&](const float* x) { return number(x, 3) + double(x[0]); }}},
        0.2, 0.3);
}

TEST_CASE("walks by scores: hyperbolic space") {
  const std::vector<float> second = {std::cosh(2.0F), std::sinh(2.0F), 0, 0};
  auto number = [&](const float* x) {
    return 1 / (double(x[0]) * double(second[0]) - double(x[1]) * double(second[1]));
  };
  check({Brownian(Hyperbolic(3), 1.0), {{1, 0, 0, 0}, second, 0.3, number}}, 0.5, 0.4);
}

TEST_CASE("walks by scores: a sphere on which motion is a walk itself") {
  Data data{{0, 0, 0, 0, 1}, {}, 1, [](const float* x) { return double(x[4]); }};
  check({GeodesicWalk(Sphere(4), {.rate = 1, .steps = 64}), data}, 1.0, 4.5);
}

TEST_CASE("scores beside the datum keep their digits") {
  // Over the sine of the distance, or the hyperbolic sine, they tend to a constant.
  auto check = [](const Kept<Process>& process, bool hyperbolic) {
    Joint joint("beside", 4);
    joint.add("x", process);
    const Sampler sampler = compile(joint, Target::host(), {.questions = {Question::score}});
    const int64_t n = process->space().point()[0];
    auto at = [&](double sine) {
      Tensor x = Tensor::empty(Dtype::f32, {1, n});
      std::ranges::fill(x.values<float>(), 0.0f);
      x.values<float>()[0] = float(std::sqrt(1 + (hyperbolic ? 1 : -1) * sine * sine));
      x.values<float>()[1] = float(sine);
      return State{{"x", x}};
    };
    for (double v : {0.1, 1.0, 1.5, 3.0}) {
      auto slope = [&](double sine) {
        const State score = sampler.score(at(0), at(sine), v);
        double square = 0;
        for (int64_t i = 0; i < n; ++i)
          square += (hyperbolic && i == 0 ? -1 : 1) * std::pow(double(score["x"].values<const float>()[size_t(i)]), 2);
        return std::sqrt(square) / sine;
      };
      const double away = slope(0.02);
      for (double sine : {1e-5, 1e-4, 3e-4, 1e-3, 3e-3}) {
        CAPTURE(process->space().name(), n, v, sine);
        CHECK(std::abs(slope(sine) - away) < 2e-3 * away + 5e-5 / sine);  // Of scores of the size of 1.
      }
    }
  };
  for (int d = 1; d <= 12; ++d) check(Brownian(Sphere(d), 1.0), false);
  check(Brownian(Rotations(), 1.0), false);
  check(Brownian(Hyperbolic(3), 1.0), true);
}
