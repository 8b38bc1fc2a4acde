// The reverse walk: order of steps and times, memory, hooks.
#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <tuple>

#include <catenary/runtime/sampler.h>
#include <catenary/tests/message_of.h>
#include <catenary/tests/runtime/allocations.h>
#include <catenary/tests/runtime/states.h>

using namespace catenary;
using namespace catenary::fake;

namespace {

const Sites sites = {{"residues", {5}}};
const std::vector<double> times = {2.0, 1.5, 0.25, 0.0};

Sampler sampler_of(int threads = 1) { return Sampler::load(module<8, 2>(), {}, {.threads = threads}); }

/// Writes estimates that depend on the state and the time.
void write_estimate(const ModelInput& input, State& estimate) {
  auto from = input.state["place"].values<const float>();
  auto place = estimate["place"].values<float>();
  for (size_t i = 0; i < place.size(); ++i) place[i] = from[i] * 0.5f + float(input.time);
  auto region = input.state["region"].values<const int32_t>();
  auto logits = estimate["region"].values<float>();
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = -float((region[i / regions] + int(i)) % int(regions));
  auto scale = estimate["scale"].values<float>();
  for (size_t i = 0; i < scale.size(); ++i) scale[i] = -input.state["scale"].values<const float>()[i];
}

/// The walk spelled out with the sampler's other functions.
State walk_by_hand(const Sampler& sampler, State now, const std::vector<double>& through, Seed seed,
                   int64_t first_sample = 0) {
  State estimate = estimates(now["place"].shape()[0], 5);
  for (size_t i = 1; i < through.size(); ++i) {
    ModelInput input{now, through[i - 1], through[i], int64_t(i), int64_t(through.size()) - 1, first_sample, seed};
    write_estimate(input, estimate);
    now = sampler.step(estimate, now, through[i], through[i - 1], seed.at_step(seed.step + uint32_t(i)),
                       {.first_sample = first_sample});
  }
  return now;
}

}  // namespace

TEST_CASE("a walk is the prior and then steps, each with its own times and step of the seed") {
  Sampler sampler = sampler_of();
  State made = sampler.reverse(write_estimate, times, 12, Seed(7), {.sites = sites});
  CHECK(same_bits(made, walk_by_hand(sampler, sampler.prior(12, sites, Seed(7)), times, Seed(7))));

  std::vector<std::tuple<int64_t, int64_t, double, double, uint32_t, int64_t>> seen;
  sampler.reverse(
      [&](const ModelInput& input, State& estimate) {
        seen.emplace_back(input.step, input.steps, input.time, input.next_time, input.seed.step, input.first_sample);
        write_estimate(input, estimate);
      },
      times, 2, Seed(7), {.sites = sites, .first_sample = 4});
  CHECK(seen == decltype(seen){{1, 3, 2.0, 1.5, 1, 4}, {2, 3, 1.5, 0.25, 2, 4}, {3, 3, 0.25, 0.0, 3, 4}});
}

TEST_CASE("a walk gives the same bits in two batches, on more threads, and taken up again half way") {
  Sampler sampler = sampler_of();
  State whole = sampler.reverse(write_estimate, times, 700, Seed(7), {.sites = sites});
  State head = sampler.reverse(write_estimate, times, 301, Seed(7), {.sites = sites});
  State tail = sampler.reverse(write_estimate, times, 399, Seed(7), {.sites = sites, .first_sample = 301});
  CHECK(same_bits(head, cut(whole, 0, 301)));
  CHECK(same_bits(tail, cut(whole, 301, 700)));
  CHECK(same_bits(whole, sampler_of(7).reverse(write_estimate, times, 700, Seed(7), {.sites = sites})));

  State half = sampler.reverse(write_estimate, {2.0, 1.5}, 700, Seed(7), {.sites = sites});
  State kept = half.clone();
  CHECK(same_bits(whole, sampler.reverse(write_estimate, {1.5, 0.25, 0.0}, 700, Seed(7, 1), {.initial = half})));
  CHECK(same_bits(half, kept));
}

TEST_CASE("a model may return a state, or point to memory of its own, which is read without a copy") {
  Sampler sampler = sampler_of();
  State wanted = sampler.reverse(write_estimate, times, 6, Seed(1), {.sites = sites});
  auto returns = [](const ModelInput& input) {
    State estimate = estimates(6, 5);
    write_estimate(input, estimate);
    return estimate;
  };
  CHECK(same_bits(sampler.reverse(returns, times, 6, Seed(1), {.sites = sites}), wanted));

  State own = estimates(6, 5);
  std::vector<const void*> given;
  auto points = [&](const ModelInput& input, State& estimate) {
    given.push_back(estimate["place"].data());
    write_estimate(input, own);
    for (const auto& [name, tensor] : own) estimate[name] = TensorView(tensor);
  };
  CHECK(same_bits(sampler.reverse(points, times, 6, Seed(1), {.sites = sites}), wanted));
  // The walk's own tensors are back at each step.
  CHECK(given == std::vector<const void*>(3, given[0]));
  CHECK(given[0] != own["place"].data());

  // What is read is the model's memory: the state itself as the estimate of a component.
  auto echoes = [](const ModelInput& input, State& estimate) {
    write_estimate(input, estimate);
    estimate["place"] = input.state["place"];
  };
  auto copies = [](const ModelInput& input, State& estimate) {
    write_estimate(input, estimate);
    std::ranges::copy(input.state["place"].values<const float>(), estimate["place"].data_as<float>());
  };
  CHECK(same_bits(sampler.reverse(echoes, times, 6, Seed(1), {.sites = sites}),
                  sampler.reverse(copies, times, 6, Seed(1), {.sites = sites})));
}

TEST_CASE("between two calls of the model nothing is allocated and states take turns in two buffers") {
  std::vector<double> many;
  for (int i = 0; i <= 20; ++i) many.push_back(2.0 - 0.1 * i);
  for (int threads : {1, 2}) {
    Sampler sampler = sampler_of(threads);
    std::vector<int64_t> counts(32, 0);
    std::vector<const void*> states(32, nullptr);
    size_t calls = 0;
    sampler.reverse(
        [&](const ModelInput& input, State& estimate) {
          write_estimate(input, estimate);
          states[calls] = input.state["place"].data();
          counts[calls++] = allocations();
        },
        many, 3000, Seed(1), {.sites = sites, .progress = [](const WalkProgress&) { return true; }});
    REQUIRE(calls == 20);
    for (size_t i = 2; i < calls; ++i) {
      CHECK(counts[i] == counts[i - 1]);
      CHECK(states[i] == states[i - 2]);
    }
    CHECK(states[0] != states[1]);
  }
}

TEST_CASE("a walk shows its states and its progress, and can be given up") {
  Sampler sampler = sampler_of();
  std::vector<std::pair<int64_t, double>> observed, progressed;
  std::vector<State> states;
  WalkOptions options{.sites = sites};
  options.observe = [&](int64_t step, double time, const State& state) {
    observed.emplace_back(step, time);
    states.push_back(state.clone());
  };
  options.progress = [&](const WalkProgress& progress) {
    progressed.emplace_back(progress.step, progress.time);
    CHECK(progress.steps == 3);
    return true;
  };
  State made = sampler.reverse(write_estimate, times, 4, Seed(2), options);
  CHECK(observed == decltype(observed){{0, 2.0}, {1, 1.5}, {2, 0.25}, {3, 0.0}});
  CHECK(progressed == decltype(progressed){{1, 1.5}, {2, 0.25}, {3, 0.0}});
  CHECK(same_bits(states.front(), sampler.prior(4, sites, Seed(2))));
  CHECK(same_bits(states.back(), made));

  int calls = 0;
  options.progress = [&](const WalkProgress& progress) { return progress.step < 2; };
  auto model = [&](const ModelInput& input, State& estimate) {
    ++calls;
    write_estimate(input, estimate);
  };
  CHECK_THROWS_AS(sampler.reverse(model, times, 4, Seed(2), options), Cancelled);
  CHECK(calls == 2);
  CHECK_THROWS_WITH(sampler.reverse(model, times, 4, Seed(2), options),
                    "reverse: given up after step 2 of 3 (time 0.25), as progress asked");
}

TEST_CASE("what a model throws is nested in the error") {
  struct Out : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  auto model = [](const ModelInput& input, State& estimate) {
    if (input.step == 2) throw Out("no more memory on the moon");
    write_estimate(input, estimate);
  };
  try {
    sampler_of().reverse(model, times, 4, Seed(2), {.sites = sites});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "reverse, step 2 of 3 (time 1.5): the model threw: no more memory on the moon");
    CHECK_THROWS_AS(std::rethrow_if_nested(error), Out);
  }
}

namespace {

/// Every third residue is known, and every second scale; elsewhere x0 holds what is no data.
KnownSites some_known(int64_t samples) {
  State x0 = data(samples, 5);
  Tensor where = Tensor::empty(Dtype::i32, {samples, 5}), of_scale = Tensor::empty(Dtype::i32, {samples});
  auto residues = where.values<int32_t>(), scales = of_scale.values<int32_t>();
  for (size_t i = 0; i < residues.size(); ++i) {
    residues[i] = i % 3 == 0 ? int32_t(1 + i) : 0;
    if (residues[i] == 0) x0["region"].values<int32_t>()[i] = -7;
  }
  for (size_t i = 0; i < scales.size(); ++i) {
    scales[i] = int32_t(i % 2);
    if (scales[i] == 0) x0["scale"].values<float>()[i] = std::numeric_limits<float>::quiet_NaN();
  }
  return {{{"region", x0["region"]}, {"scale", x0["scale"]}}, {{"region", where}, {"scale", of_scale}}};
}

}  // namespace

TEST_CASE("what is known of some sites takes the place of the model's estimates") {
  Sampler sampler = sampler_of();
  const KnownSites known = some_known(12);
  // A model that knows it by itself.
  auto by_itself = [&](const ModelInput& input, State& estimate) {
    write_estimate(input, estimate);
    auto where = known.where["region"].values<const int32_t>(), scales = known.where["scale"].values<const int32_t>();
    auto region = known.x0["region"].values<const int32_t>();
    auto logits = estimate["region"].values<float>(), scale = estimate["scale"].values<float>();
    for (size_t i = 0; i < logits.size(); ++i)
      if (where[i / regions] != 0)
        logits[i] = int32_t(i % regions) == region[i / regions] ? 0 : -std::numeric_limits<float>::infinity();
    for (size_t i = 0; i < scale.size(); ++i)
      if (scales[i] != 0) scale[i] = known.x0["scale"].values<const float>()[i];
  };
  const State expected = sampler.reverse(by_itself, times, 12, Seed(7), {.sites = sites});
  CHECK(same_bits(sampler.reverse(write_estimate, times, 12, Seed(7), {.sites = sites, .known = known}), expected));
  CHECK(!same_bits(sampler.reverse(write_estimate, times, 12, Seed(7), {.sites = sites}), expected));

  // The model's own memory is left as it is.
  State own = estimates(12, 5);
  const State before = own.clone();
  auto points_to_its_own = [&](const ModelInput&, State& estimate) {
    for (const auto& [name, tensor] : own) estimate[name] = tensor;
  };
  sampler.reverse(points_to_its_own, times, 12, Seed(7), {.sites = sites, .known = known});
  CHECK(same_bits(own, before));
}

TEST_CASE("what is wrong with sites said to be known is told") {
  Sampler sampler = sampler_of();
  auto message = [&](const KnownSites& known) {
    return testing::message_of(
        [&] { sampler.reverse(write_estimate, times, 12, Seed(7), {.sites = sites, .known = known}); });
  };
  const KnownSites good = some_known(12);
  KnownSites bad = good;
  bad.x0.set("colour", good.x0["scale"]);
  CHECK(message(bad) == "reverse, known sites: component 'colour' is none of joint 'protein'");
  CHECK(message({{{"scale", good.x0["scale"]}}, {}}) ==
        "reverse, known sites: component 'scale' has no tensor in `where`; give one of i32 [batch, sites...]");
  CHECK(message({{}, {{"scale", good.where["scale"]}}}) ==
        "reverse, known sites: component 'scale' has no x0; give what is known of it");
  CHECK(message({{{"scale", good.x0["scale"]}}, {{"scale", good.x0["scale"]}}}) ==
        "reverse, known sites: component 'scale' is told where it is known by a tensor of f32; it must be of i32");
  CHECK(message({{{"scale", good.x0["scale"]}}, {{"scale", good.where["region"]}}}) ==
        "reverse, known sites: component 'scale' is told where it is known by shape [12, 5]; its batch and sites are "
        "[12]");
  CHECK(message({{{"scale", good.x0["region"]}}, {{"scale", good.where["scale"]}}}) ==
        "reverse, known sites: component 'scale' is i32 [12, 5]; the walk's is f32 [12]");
  CHECK(message({{{"scale", TensorView(static_cast<float*>(nullptr), {12})}}, {{"scale", good.where["scale"]}}}) ==
        "reverse, known sites: component 'scale' has no memory (a null pointer) in `x0`");
  bad = good;
  bad.x0.set("scale", contiguous(good.x0["scale"]));
  bad.x0["scale"].values<float>()[3] = std::numeric_limits<float>::infinity();
  CHECK(message(bad) ==
        "reverse, known sites: component 'scale' of x0 holds inf at sample 3; every number must be finite");
}

TEST_CASE("a model that gives no memory, or no tensor, where sites are known is told so") {
  Sampler sampler = sampler_of();
  auto message = [&](const Model& model) {
    return testing::message_of(
        [&] { sampler.reverse(model, times, 12, Seed(7), {.sites = sites, .known = some_known(12)}); });
  };
  CHECK(
      message([](const ModelInput& input, State& estimate) {
        write_estimate(input, estimate);
        estimate["scale"] = TensorView(static_cast<float*>(nullptr), {12});
      }) ==
      "reverse, step 1 of 3 (time 2): component 'scale' of the estimate has shape [12] and no memory (a null pointer)");
  CHECK(message([](const ModelInput& input, State& estimate) {
          write_estimate(input, estimate);
          estimate = State{{"place", estimate["place"]}, {"region", estimate["region"]}};
        }) ==
        "reverse, step 1 of 3 (time 2): the estimate lacks component 'scale' of joint 'protein'; it has 'place', "
        "'region'");
}
