// Draws of a sampler: the right coefficients and draws reach the right points, however a batch is laid out.
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

#include <catenary/runtime/run.h>
#include <catenary/runtime/sampler.h>
#include <catenary/tests/runtime/states.h>

using namespace catenary;
using namespace catenary::fake;

namespace {

std::vector<float> rising_times(int64_t samples, float from, float to) {
  std::vector<float> times(static_cast<size_t>(samples));
  for (size_t i = 0; i < times.size(); ++i) times[i] = from + (to - from) * float(i) / float(samples);
  return times;
}

/// What forward must give, point by point, from the laws alone.
State expected_forward(const State& x0, const std::vector<float>& t, Seed seed, int64_t first_sample) {
  State made = x0.clone();
  const int64_t samples = x0["place"].shape()[0], residues = x0["place"].shape()[1];
  for (int64_t sample = 0; sample < samples; ++sample) {
    auto c = coefficients(Question::forward, 0, t[t.size() == 1 ? 0 : size_t(sample)]);
    for (int64_t site = 0; site < residues; ++site) {
      int64_t at = sample * residues + site;
      auto point = uint64_t((first_sample + sample) * residues + site);
      for (int64_t d = 0; d < 3; ++d) {
        float& x = made["place"].data_as<float>()[at * 3 + d];
        x = continuous(Question::forward, c, x, 0, 0, point * 3 + uint64_t(d), seed.value, seed.step);
      }
      int32_t& k = made["region"].data_as<int32_t>()[at];
      k = category(Question::forward, c, k, 0, point, seed.value, seed.step);
    }
    float& x = made["scale"].data_as<float>()[sample];
    x = continuous(Question::forward, c, x, 0, 2, uint64_t(first_sample + sample), seed.value, seed.step);
  }
  return made;
}

}  // namespace

TEST_CASE("forward follows the laws at every point, for every width, group, number of sites and kind of time") {
  garbage = false;
  for (const catenary_module* module : all_modules()) {
    Sampler sampler = Sampler::load(module, {}, {.threads = 2});
    for (int64_t residues : {1, 3, 16, 37, 2500})
      for (int64_t samples : {1, 5, 130}) {
        if (residues * samples > 20000) continue;
        State x0 = data(samples, residues);
        for (int64_t first_sample : {int64_t{0}, int64_t{11}}) {
          DrawOptions options{.first_sample = first_sample};
          CHECK(same_bits(sampler.forward(x0, 0.7, Seed(7, 3), options),
                          expected_forward(x0, {0.7f}, Seed(7, 3), first_sample)));
          auto times = rising_times(samples, 0.1f, 1.9f);
          CHECK(same_bits(sampler.forward(x0, times, Seed(7, 3), options),
                          expected_forward(x0, times, Seed(7, 3), first_sample)));
        }
      }
  }
  CHECK_FALSE(garbage);
}

TEST_CASE("all questions give the same bits for every width and group, and for 1, 2 and 7 threads") {
  garbage = false;
  const int64_t samples = 900, residues = 37;
  State x0 = data(samples, residues), estimate = estimates(samples, residues);
  auto s = rising_times(samples, 0.0f, 0.5f), t = rising_times(samples, 0.5f, 2.0f);
  auto draw_all = [&](const Sampler& sampler, int threads) {
    DrawOptions options{.first_sample = 5, .threads = threads};
    std::vector<State> drawn;
    drawn.push_back(sampler.prior(samples, {{"residues", {residues}}}, Seed(9), options));
    drawn.push_back(sampler.forward(x0, 1.25, Seed(9), options));
    drawn.push_back(sampler.forward(x0, t, Seed(9), options));
    drawn.push_back(sampler.bridge(x0, drawn[1], 0.5, 1.25, Seed(9, 1), options));
    drawn.push_back(sampler.bridge(x0, drawn[2], s, t, Seed(9, 2), options));
    drawn.push_back(sampler.step(estimate, drawn[1], 0.5, 1.25, Seed(9, 3), options));
    drawn.push_back(sampler.step(estimate, drawn[2], 0.25, t, Seed(9, 4), options));
    drawn.push_back(sampler.transition(x0, 0.5, 1.25, Seed(9, 5), options));
    drawn.push_back(sampler.transition(x0, s, t, Seed(9, 6), options));
    drawn.push_back(sampler.log_density(x0, drawn[1], 1.25, options));
    drawn.push_back(sampler.log_density(x0, drawn[2], t, options));
    return drawn;
  };
  t[0] = 0.5f;
  auto wanted = draw_all(Sampler::load(module<4, 1>(), {}, {.threads = 1}), 0);
  auto check = [&](const std::vector<State>& drawn) {
    for (size_t i = 0; i < wanted.size(); ++i) CHECK(same_bits(drawn[i], wanted[i]));
  };
  for (const catenary_module* module : all_modules()) check(draw_all(Sampler::load(module, {}, {.threads = 2}), 0));
  Sampler seven = Sampler::load(module<8, 4>(), {}, {.threads = 7});
  for (int threads : {0, 1, 2, 7}) check(draw_all(seven, threads));
  CHECK_FALSE(garbage);
}

TEST_CASE("log densities are a number a point, scores have a point's shape") {
  garbage = false;
  const int64_t samples = 21, residues = 13;
  State x0 = data(samples, residues), xt = Sampler::load(module<4, 1>()).forward(x0, 1.0, Seed(1));
  auto times = rising_times(samples, 0.5f, 2.0f);
  for (const catenary_module* module : all_modules()) {
    Sampler sampler = Sampler::load(module);
    State density = sampler.log_density(x0, xt, times, {.first_sample = 5});
    CHECK(density["place"].shape() == Shape{samples, residues});
    CHECK(density["region"].shape() == Shape{samples, residues});
    CHECK(density["scale"].shape() == Shape{samples});
    for (size_t i = 0; i < size_t(samples * residues); ++i) {
      auto c = coefficients(Question::log_density, 0, times[i / residues]);
      float place = 0;
      for (size_t d = 3 * i; d < 3 * i + 3; ++d)
        place += part_of_density(c, x0["place"].values<float>()[d], xt["place"].values<float>()[d]);
      CHECK(density["place"].values<float>()[i] == place);
      bool same = x0["region"].values<int32_t>()[i] == xt["region"].values<int32_t>()[i];
      CHECK(density["region"].values<float>()[i] == (same ? c[2] : -1));
    }
    State again = density.clone();
    sampler.log_density_into(again, x0, xt, times);
    CHECK(same_bits(again, density));
  }

  State from{{"place", x0["place"]}}, to{{"place", xt["place"]}};
  Sampler sampler = Sampler::load(scores_module<8, 4>());
  State score = sampler.score(from, to, times);
  REQUIRE(score["place"].shape() == Shape{samples, residues, 3});
  for (size_t d = 0; d < size_t(samples * residues * 3); ++d) {
    auto c = coefficients(Question::score, 0, times[d / (3 * residues)]);
    CHECK(score["place"].values<float>()[d] ==
          part_of_score(c, from["place"].values<float>()[d], to["place"].values<float>()[d]));
  }
  CHECK(sampler.answers(Question::score));
  CHECK_FALSE(sampler.answers(Question::prior));
  CHECK_FALSE(garbage);
}

TEST_CASE("a batch cut anywhere draws the same") {
  const int64_t samples = 60;
  Sampler sampler = Sampler::load(module<8, 2>(), {}, {.threads = 1});
  for (int64_t residues : {1, 5}) {
    State x0 = data(samples, residues);
    auto times = rising_times(samples, 0.0f, 2.0f);
    State whole = sampler.forward(x0, times, Seed(1)), one = sampler.forward(x0, 0.5, Seed(1));
    for (int64_t at = 1; at < samples; ++at)
      for (auto [begin, end] : {std::pair{int64_t{0}, at}, std::pair{at, samples}}) {
        DrawOptions options{.first_sample = begin};
        std::vector<float> part(times.begin() + begin, times.begin() + end);
        CHECK(same_bits(sampler.forward(cut(x0, begin, end), part, Seed(1), options), cut(whole, begin, end)));
        CHECK(same_bits(sampler.forward(cut(x0, begin, end), 0.5, Seed(1), options), cut(one, begin, end)));
      }
  }
}

TEST_CASE("one time and the same time for each sample give the same bits") {
  Sampler sampler = Sampler::load(module<16, 4>(), {}, {.threads = 1});
  State x0 = data(77, 9);
  std::vector<float> same(77, 0.3f);
  CHECK(same_bits(sampler.forward(x0, 0.3, Seed(4)), sampler.forward(x0, same, Seed(4))));
  CHECK(same_bits(sampler.forward(x0, 0.3f, Seed(4)), sampler.forward(x0, TensorView(same.data(), {77}), Seed(4))));
  State xt = sampler.forward(x0, 0.3, Seed(4));
  CHECK(same_bits(sampler.bridge(x0, xt, 0.1, 0.3, Seed(4)), sampler.bridge(x0, xt, 0.1, same, Seed(4))));
}

TEST_CASE("points beyond 2^31, 2^32 and 2^40 draw by their own number") {
  garbage = false;
  const int64_t samples = 7, residues = 129;
  State x0 = data(samples, residues);
  for (int64_t power : {31, 32, 40}) {
    const int64_t first_sample = (int64_t{1} << power) / residues - 3;  // the power itself lies in the batch
    for (const catenary_module* module : {module<4, 1>(), module<16, 4>()}) {
      Sampler sampler = Sampler::load(module, {}, {.threads = 2});
      auto times = rising_times(samples, 0.5f, 1.0f);
      CHECK(same_bits(sampler.forward(x0, times, Seed(2), {.first_sample = first_sample}),
                      expected_forward(x0, times, Seed(2), first_sample)));
      CHECK(same_bits(sampler.forward(x0, 1.0, Seed(2), {.first_sample = first_sample}),
                      expected_forward(x0, {1.0f}, Seed(2), first_sample)));
    }
    CHECK_FALSE(same_bits(
        Sampler::load(module<4, 1>()).forward(x0, 1.0, Seed(2), {.first_sample = first_sample}),
        Sampler::load(module<4, 1>()).forward(x0, 1.0, Seed(2), {.first_sample = first_sample + (int64_t{1} << 32)})));
  }
  CHECK_FALSE(garbage);
}

TEST_CASE("the prior has the shape of its sites") {
  Sampler sampler = Sampler::load(module<8, 1>());
  State flat = sampler.prior(6, Seed(3));
  CHECK(flat["place"].shape() == Shape{6, 3});
  CHECK(flat["region"].shape() == Shape{6});
  State grid = sampler.prior(6, {{"residues", {4, 5}}, {"chain", {2}}}, Seed(3));
  CHECK(grid["place"].shape() == Shape{6, 4, 5, 3});
  CHECK(grid["scale"].shape() == Shape{6, 2});
  State again = grid.clone();
  again["place"].values<float>()[0] = 0;
  sampler.prior_into(again, Seed(3));
  CHECK(same_bits(again, grid));
}

TEST_CASE("the _into forms write to the caller's memory, aligned or not, and nowhere else") {
  Sampler sampler = Sampler::load(module<16, 4>(), {}, {.threads = 1});
  const int64_t samples = 13;
  State x0 = data(samples, 11);
  std::vector<float> place(13 * 11 * 3 + 2, -77.0f), scale(13 + 2, -77.0f);
  std::vector<int32_t> region(13 * 11 + 2, -77);
  State out{{"scale", TensorView(scale.data() + 1, {13})},
            {"place", TensorView(place.data() + 1, {13, 11, 3})},
            {"region", TensorView(region.data() + 1, {13, 11})}};
  sampler.forward_into(out, x0, 0.4, Seed(5), {.first_sample = 3});
  State made = sampler.forward(x0, 0.4, Seed(5), {.first_sample = 3});
  for (const auto& [name, tensor] : out) CHECK(same_bits(tensor, made[name]));
  CHECK(std::array{place.front(), place.back(), scale.front(), scale.back()} ==
        std::array{-77.0f, -77.0f, -77.0f, -77.0f});
  CHECK(std::array{region.front(), region.back()} == std::array{-77, -77});

  State xt = made, bridged = made.clone(), stepped = made.clone(), estimate = estimates(samples, 11);
  sampler.bridge_into(bridged, x0, xt, 0.2, 0.4, Seed(6));
  CHECK(same_bits(bridged, sampler.bridge(x0, xt, 0.2, 0.4, Seed(6))));
  sampler.step_into(stepped, estimate, xt, 0.2, 0.4, Seed(6));
  CHECK(same_bits(stepped, sampler.step(estimate, xt, 0.2, 0.4, Seed(6))));
}

TEST_CASE("a sampler may be called from many threads at once") {
  Sampler sampler = Sampler::load(module<8, 4>(), {}, {.threads = 3});
  State x0 = data(300, 50);
  State wanted = sampler.forward(x0, 0.9, Seed(8));
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, copy = sampler] {
      for (int i = 0; i < 5; ++i) wrong += !same_bits(copy.forward(x0, 0.9, Seed(8)), wanted);
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

// One kernel that counts its calls, and of which a point takes so many operations.
std::atomic<int> calls = 0;
int calls_of(int64_t work, int64_t points) {
  const catenary_point point = {CATENARY_F32, 0, {}, 1, 0};
  const catenary_component component = {"x", "line", "", point, point, "endpoint"};
  const catenary_operand operands[] = {{0, CATENARY_X0}, {0, CATENARY_OUT}};
  const catenary_kernel kernel = {"forward", "", 8,    2, 16,       1,       1,
                                  0,         1,  work, 2, operands, nullptr, [](const catenary_tile_args*) { ++calls; },
                                  nullptr};
  const catenary_module made = {
      CATENARY_ABI_VERSION, uint32_t(counter_layout_version), "toy", "any", "", 1, 1, &component, 1, &kernel};
  const Sampler sampler = Sampler::load(&made, {}, {.threads = 3});
  State x0{{"x", Tensor::empty(Dtype::f32, {points})}};
  std::fill_n(x0["x"].data_as<float>(), points, 0.0f);
  calls = 0;
  sampler.forward(x0, 0.5, Seed(1));
  return calls;
}

TEST_CASE("a call is shared among threads by what it does, not by its size alone") {
  const int64_t points = 1 << 10;  // 64 tiles.
  CHECK(calls_of(10, points) == 1);
  CHECK(calls_of(10000, points) > 3);
  CHECK(calls_of(int64_t{1} << 40, points) > 3);
  CHECK(calls_of(10, points << 8) > 3);
}

TEST_CASE("seeds, steps and questions draw differently") {
  Sampler sampler = Sampler::load(module<8, 4>());
  State x0 = data(4, 4);
  State a = sampler.forward(x0, 1.0, Seed(8));
  CHECK_FALSE(same_bits(a, sampler.forward(x0, 1.0, Seed(9))));
  CHECK_FALSE(same_bits(a, sampler.forward(x0, 1.0, Seed(8, 1))));
  CHECK_FALSE(same_bits(a, sampler.forward(x0, 1.0, Seed(8 + (uint64_t{1} << 40)))));
  CHECK(same_bits(a, sampler.forward(x0, 1.0, Seed(8, 5).at_step(0))));
}

TEST_CASE("a sampler tells what it draws") {
  auto alive = std::make_shared<int>(1);
  {
    Sampler sampler = Sampler::load(module<8, 4>(), alive, {.pool = std::make_shared<ThreadPool>(3)});
    CHECK(alive.use_count() == 2);
    CHECK(sampler.name() == "protein");
    CHECK(sampler.horizon() == 2.0);
    CHECK(sampler.threads() == 3);
    CHECK(sampler.components().size() == 3);
    CHECK(sampler.describe() ==
          "joint 'protein', times 0 to 2\n"
          "  component  space        point            sites     estimate\n"
          "  place      sphere       f32 [3]          residues  endpoint, f32 [3]\n"
          "  region     categorical  i32 [] below 10  residues  logits, f32 [10]\n"
          "  scale      line         f32 []           chain     endpoint, f32 []\n");
  }
  CHECK(alive.use_count() == 1);
}
