// The reverse walk around an oracle, which draws x_0 from its exact posterior over a finite data set: whatever the
// number of steps, the walk reproduces the law of the data.
#include <catch2/catch.hpp>

#include <numbers>

#include <catenary/catenary.h>
#include <catenary/examples/01_cities/sphere.h>
#include <catenary/support/philox.h>
#include <catenary/tests/statistics.h>

using namespace catenary;
using namespace catenary::testing;

namespace {

constexpr int64_t samples = 20000;
constexpr double horizon = 12;  // Of the data, e^-12 is left there: far below what 20,000 samples tell.

// How often each datum occurs in the data.
const std::vector<double> share = {0.05, 0.1, 0.15, 0.2, 0.2, 0.3};

// log p_t(x_t of a sample | datum), up to a number that all data share.
using LogDensity = std::function<double(size_t datum, const State& xt, size_t sample, double t)>;

// A datum for every sample, drawn from the posterior. Its draws depend on (seed, step, sample) alone.
std::vector<size_t> draw_data(const ModelInput& input, const LogDensity& log_density) {
  std::vector<size_t> chosen;
  for (size_t i = 0; i < size_t(samples); ++i) {
    std::vector<double> weight;
    for (size_t k = 0; k < share.size(); ++k)
      weight.push_back(std::log(share[k]) + log_density(k, input.state, i, input.time));
    double most = *std::max_element(weight.begin(), weight.end()), total = 0;
    for (double& w : weight) total += w = std::exp(w - most);
    double level = total * uniform_of(stream_value(~input.seed.value, uint32_t(input.step), 0, 0, i));
    size_t k = 0;
    while (k + 1 < weight.size() && (level -= weight[k]) >= 0) ++k;
    chosen.push_back(k);
  }
  return chosen;
}

// Falling times that are denser towards the data.
std::vector<double> times_of(int steps) {
  std::vector<double> times;
  for (int i = 0; i <= steps; ++i) times.push_back(horizon * std::pow(1 - double(i) / steps, 3));
  return times;
}

double wrapped_log_density(double x0, double xt, double v) {
  double sum = 0;
  for (int k = -12; k <= 12; ++k) sum += std::exp(-std::pow(xt - x0 + 2 * std::numbers::pi * k, 2) / (2 * v));
  return std::log(sum);
}

// The heat kernel of S^2 at an angle of this cosine; by its series, or where that converges slowly by its small-time
// form.
double sphere_log_density(double cosine, double v) {
  if (v < 0.1) {
    double angle = std::acos(std::clamp(cosine, -1.0, 1.0));
    return -angle * angle / (2 * v) + 0.5 * std::log(angle < 1e-4 ? 1.0 : angle / std::sin(angle));
  }
  double before = 0, now = 1, sum = 0;
  for (int l = 0; l < 40; ++l) {
    sum += (2 * l + 1) * std::exp(-l * (l + 1) * v / 2) * now;
    before = std::exchange(now, ((2 * l + 1) * cosine * now - l * before) / (l + 1));
  }
  return std::log(std::max(sum, 1e-30));
}

}  // namespace

TEST_CASE("an oracle walks back to the law of the data: exact laws") {
  Joint joint("oracle", horizon);
  joint.add("place", OrnsteinUhlenbeck(Euclidean({2}), {.theta = 1, .sigma = 1.5}));
  joint.add("angle", Brownian(Circle(), 2.0));
  joint.add("kind", UniformJump(Categorical(3), 1.0));
  Sampler sampler = compile(joint);

  const std::vector<float> place = {0, 0, 1, 0, 0, 1, -1, 0.5f, 2, 2, -1, -1}, angle = {0, 3.1f, -3.1f, 1, -1, 0.1f};
  const std::vector<int32_t> kind = {0, 1, 2, 0, 1, 1};
  LogDensity log_density = [&](size_t k, const State& xt, size_t i, double t) {
    double decay = std::exp(-t), variance = 1.5 * 1.5 * (1 - decay * decay) / 2, square = 0;
    for (size_t c : {0, 1})
      square += std::pow(xt["place"].values<const float>()[2 * i + c] - decay * place[2 * k + c], 2);
    bool stayed = xt["kind"].values<const int32_t>()[i] == kind[k];
    return -square / (2 * variance) + wrapped_log_density(angle[k], xt["angle"].values<const float>()[i], 2 * t) +
           std::log((stayed ? decay : 0) + (1 - decay) / 3);
  };
  for (int steps : {1, 4, 64}) {
    CAPTURE(steps);
    auto model = [&](const ModelInput& input, State& estimate) {
      std::vector<size_t> chosen = draw_data(input, log_density);
      auto places = estimate["place"].values<float>(), angles = estimate["angle"].values<float>();
      auto logits = estimate["kind"].values<float>();
      for (size_t i = 0; i < chosen.size(); ++i) {
        for (size_t c : {0, 1}) places[2 * i + c] = place[2 * chosen[i] + c];
        angles[i] = angle[chosen[i]];
        for (int32_t c : {0, 1, 2})
          logits[3 * i + size_t(c)] = c == kind[chosen[i]] ? 0 : -std::numeric_limits<float>::infinity();
      }
    };
    State made = sampler.reverse(model, times_of(steps), samples, Seed(uint64_t(steps)));
    std::vector<double> found(share.size()), expected;
    size_t strangers = 0;
    for (size_t i = 0; i < size_t(samples); ++i) {
      size_t k = 0;  // Every component came from the same datum, to the bit.
      auto is_datum = [&] {
        return made["place"].values<float>()[2 * i] == place[2 * k] &&
               made["place"].values<float>()[2 * i + 1] == place[2 * k + 1] &&
               made["angle"].values<float>()[i] == angle[k] && made["kind"].values<int32_t>()[i] == kind[k];
      };
      while (k < share.size() && !is_datum()) ++k;
      k < share.size() ? ++found[k] : double(++strangers);
    }
    CHECK(strangers == 0);
    for (double p : share) expected.push_back(p * samples);
    CHECK(chi_square(found, expected) < chi_square_bound(share.size() - 1));
  }
}

TEST_CASE("an oracle walks back to the law of the data: the sphere, by geodesic walks") {
  Joint joint("oracle", horizon);
  joint.add("place", GeodesicWalk(cities::Sphere2(), {.rate = 1, .steps = 48}));
  Sampler sampler = compile(joint);

  const std::vector<float> place = {1, 0, 0, 0.6f, 0.8f, 0, 0, 0, 1, 0, 0.6f, 0.8f, 0, -1, 0, -0.8f, 0, 0.6f};
  auto cosine = [&](size_t k, std::span<const float> x, size_t i) {
    return double(x[3 * i]) * place[3 * k] + double(x[3 * i + 1]) * place[3 * k + 1] +
           double(x[3 * i + 2]) * place[3 * k + 2];
  };
  LogDensity log_density = [&](size_t k, const State& xt, size_t i, double t) {
    return sphere_log_density(cosine(k, xt["place"].values<const float>(), i), t);
  };
  for (int steps : {1, 4, 64}) {
    CAPTURE(steps);
    auto model = [&](const ModelInput& input, State& estimate) {
      std::vector<size_t> chosen = draw_data(input, log_density);
      auto places = estimate["place"].values<float>();
      for (size_t i = 0; i < chosen.size(); ++i) std::copy_n(&place[3 * chosen[i]], 3, &places[3 * i]);
    };
    // On the way, distances to every datum have the law of noised data: E <x_t, y> = e^-t <E x_0, y>. Each step adds at
    // most 0.17 D to a mean cosine (see geodesic_walk.h); D is a step's variance over 48, and errors decay on the way
    // back.
    auto observe = [&](int64_t, double t, const State& xt) {
      if (t <= 0 || t > 2) return;
      auto x = xt["place"].values<const float>();
      for (size_t k = 0; k < share.size(); ++k) {
        double expected = 0;
        for (size_t d = 0; d < share.size(); ++d) expected += share[d] * std::exp(-t) * cosine(k, place, d);
        std::vector<double> cosines;
        for (size_t i = 0; i < size_t(samples); ++i) cosines.push_back(cosine(k, x, i));
        double allowed = 0.17 * horizon / 48 / steps, low = z_of_mean(cosines, expected - allowed),
               high = z_of_mean(cosines, expected + allowed);
        CAPTURE(t, k, low, high);
        CHECK(low > -z_bound());
        CHECK(high < z_bound());
      }
    };
    State made = sampler.reverse(model, times_of(steps), samples, Seed(uint64_t(steps)), {.observe = observe});
    std::vector<double> found(share.size()), expected;
    for (size_t i = 0; i < size_t(samples); ++i) {
      size_t k = 0;
      while (cosine(k, made["place"].values<float>(), i) < 0.9999) ++k;
      ++found.at(k);
    }
    for (double p : share) expected.push_back(p * samples);
    CHECK(chi_square(found, expected) < chi_square_bound(share.size() - 1));
  }
}
