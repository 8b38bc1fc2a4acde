// The text of every error of the runtime.
#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>
#include <limits>

#include <catenary/compiler/compile.h>
#include <catenary/runtime/dlpack.h>
#include <catenary/runtime/sampler.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/support/environment.h>
#include <catenary/support/error.h>
#include <catenary/tests/runtime/states.h>

using namespace catenary;
using namespace catenary::fake;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Runs `call` and checks that it throws an Error of exactly that text.
template <class Call>
void says(const std::string& text, Call&& call) {
  INFO(text);
  try {
    call();
    FAIL_CHECK("nothing was thrown");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == text);
  }
}

const Sampler& sampler() {
  static const Sampler one = Sampler::load(module<8, 2>(), {}, {.threads = 2});
  return one;
}

State changed(State state, const std::string& name, const Tensor& tensor) { return state.set(name, tensor); }

/// Data of 4 samples of 3 residues with one element replaced.
template <class T>
State with(const std::string& name, int64_t at, T value) {
  State state = data(4, 3);
  state[name].values<T>()[size_t(at)] = value;
  return state;
}

void forward(const State& x0, Times t = 0.5) { sampler().forward(x0, t, Seed(1)); }

void fill(State& estimate, float value = 0) {
  for (auto& [name, tensor] : estimate) std::ranges::fill(tensor.values<float>(), value);
}

State walk(const Model& model, const std::vector<double>& times = {2.0, 1.0, 0.0}, WalkOptions options = {}) {
  if (!options.initial) options.sites = {{"residues", {3}}};
  return sampler().reverse(model, times, 4, Seed(1), options);
}

}  // namespace

TEST_CASE("errors: tensors by themselves") {
  std::array<float, 6> numbers = {};
  says("a tensor of shape [2, -1] cannot be: a size is negative", [&] { TensorView(numbers.data(), {2, -1}); });
  says("a tensor of shape [4294967296, 4294967296] has more than 2^60 elements",
       [&] { TensorView(numbers.data(), {int64_t{1} << 32, int64_t{1} << 32}); });
  says("a tensor of shape [2, 3] needs one stride per axis, not [1]",
       [&] { TensorView(numbers.data(), Dtype::f32, {2, 3}, {1}); });
  says("a tensor of f32 (shape [2, 3]) was read as i32; ask for its elements as float",
       [&] { TensorView(numbers.data(), {2, 3}).data_as<int32_t>(); });
  says("a tensor on cuda:1 (shape [2, 3]) was read on the CPU; copy it to host memory first",
       [&] { TensorView(numbers.data(), Dtype::f32, {2, 3}, {}, {DeviceKind::cuda, 1}).data_as<float>(); });
  says("a tensor on cuda:0 (shape [2, 3]) was read on the CPU; copy it to host memory first",
       [&] { contiguous(TensorView(numbers.data(), Dtype::f32, {2, 3}, {}, {DeviceKind::cuda, 0})); });
  says("a read-only tensor (shape [6]) was asked for elements to write; ask for its elements as const",
       [&] { TensorView(std::as_const(numbers).data(), {6}).data_as<float>(); });
  says("a tensor of shape [3, 2] and strides [1, 3] is not contiguous; contiguous(view) makes a dense copy",
       [&] { TensorView(numbers.data(), Dtype::f32, {3, 2}, {1, 3}).values<float>(); });
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which end the program rather than refuse
  says(
      "a tensor of shape [281474976710656] needs 1125899906842624 bytes, more memory than there is; draw fewer samples "
      "at a time",
      [&] { Tensor::empty(Dtype::f32, {int64_t{1} << 48}); });
#endif
}

TEST_CASE("errors: DLPack") {
  std::array<double, 6> numbers = {};
  int64_t shape[] = {6};
  DLTensor tensor = {numbers.data(), {kDLCPU, 0}, 1, {kDLFloat, 64, 1}, shape, nullptr, 0};
  says("a DLPack tensor has elements of float64; Catenary takes float32 and int32, so convert it first",
       [&] { view(tensor); });
  tensor.dtype = {kDLInt, 32, 4};
  says("a DLPack tensor has elements of int32x4; Catenary takes float32 and int32, so convert it first",
       [&] { view(tensor); });
  tensor.dtype = {kDLFloat, 32, 1};
  tensor.device.device_type = kDLMetal;
  says(
      "a DLPack tensor is on a device of type 8; Catenary takes CPU (1), CUDA (2) and pinned CUDA host memory (3), so "
      "copy it first",
      [&] { view(tensor); });
  tensor.device.device_type = kDLCPU;
  tensor.shape = nullptr;
  says("a DLPack tensor has 1 axes and no shape (a null pointer); that is no tensor", [&] { view(tensor); });
  tensor = {nullptr, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, shape, nullptr, 4};
  says("a tensor of shape [6] was read that has no memory (a null pointer)", [&] { contiguous(view(tensor)); });
  tensor.ndim = -1;
  says("a DLPack tensor has -1 axes and a shape; that is no tensor", [&] { view(tensor); });
  says("from_dlpack was given a null tensor", [&] { from_dlpack(nullptr); });
  std::array<float, 6> floats = {};
  says("to_dlpack was given a tensor (shape [6]) that borrows its memory; contiguous(view) makes a copy that owns it",
       [&] { to_dlpack(TensorView(floats.data(), {6})); });
  Tensor owned = Tensor::empty(Dtype::f32, {6});
  says("to_dlpack was given a read-only tensor (shape [6]), which DLPack cannot say; contiguous(view) makes a copy",
       [&] { to_dlpack(Tensor(owned.as_read_only(), owned.owner())); });
}

TEST_CASE("errors: states") {
  Tensor tensor = Tensor::empty(Dtype::f32, {1});
  says("a state was given component 'a' twice", [&] { State{{"a", tensor}, {"a", tensor}}; });
  State state{{"a", tensor}, {"b", tensor}};
  says("this state has no component 'c'; it has 'a', 'b' (set() adds one)", [&] { state["c"]; });
  says("this state has no component 'c'; it has none (set() adds one)", [&] { State().at("c"); });
}

TEST_CASE("errors: names of components") {
  says(
      "forward: x0 has a component 'plce', which joint 'protein' does not have; its components are 'place', 'region', "
      "'scale'",
      [&] { forward(changed(data(4, 3), "plce", Tensor::empty(Dtype::f32, {4, 3, 3}))); });
  State x0 = data(4, 3);
  says("forward: x0 lacks component 'scale' of joint 'protein'; it has 'place', 'region'",
       [&] { forward({{"place", x0["place"]}, {"region", x0["region"]}}); });
  says("forward: x0 lacks component 'place' of joint 'protein'; it has none", [&] { forward({}); });
}

TEST_CASE("errors: shapes") {
  auto place = [&](const Shape& shape) { return changed(data(4, 3), "place", Tensor::empty(Dtype::f32, shape)); };
  says(
      "forward: component 'place' of x0 has shape [128, 37, 2]; its points are [3] (space 'sphere'), so the shape must "
      "be "
      "[batch, sites..., 3]",
      [&] { forward(place({128, 37, 2})); });
  says(
      "forward: component 'place' of x0 has shape [3]; its points are [3] (space 'sphere'), so the shape must be "
      "[batch, sites..., 3]",
      [&] { forward(place({3})); });
  says(
      "forward: component 'place' of x0 has shape []; its points are [3] (space 'sphere'), so the shape must be "
      "[batch, sites..., 3]",
      [&] { forward(place({})); });
  says(
      "forward: component 'scale' of x0 has shape []; its points are [] (space 'line'), so the shape must be [batch, "
      "sites...]",
      [&] { forward(changed(data(4, 3), "scale", Tensor::empty(Dtype::f32, {}))); });
  says("forward: component 'place' of x0 has shape [0, 3, 3], which is zero samples; there must be at least one",
       [&] { forward(place({0, 3, 3})); });
  says("forward: component 'place' of x0 has shape [4, 0, 3], which is zero sites; there must be at least one",
       [&] { forward(place({4, 0, 3})); });
  says("forward: component 'region' of x0 has 4 samples and component 'place' of x0 has 5; the batch must be the same",
       [&] { forward(place({5, 3, 3})); });
  says(
      "forward: component 'region' of x0 has sites [3] and component 'place' of x0 has [2]; both are on sites "
      "'residues', so "
      "these must be the same",
      [&] { forward(place({4, 2, 3})); });
  State xt = data(4, 3);
  says("bridge: component 'place' of xt has 5 samples and component 'place' of x0 has 4; the batch must be the same",
       [&] { sampler().bridge(xt, data(5, 3), 0.1, 0.2, Seed(1)); });
  says(
      "step: component 'region' of the estimate has shape [4, 3]; its estimates are [10] (logits of space "
      "'categorical'), so the "
      "shape must be [batch, sites..., 10]",
      [&] { sampler().step(xt, xt, 0.1, 0.2, Seed(1)); });
}

TEST_CASE("errors: dtype, device, strides, memory") {
  State x0 = data(4, 3);
  says("forward: component 'place' of x0 is a tensor of i32; it must be of f32",
       [&] { forward(changed(x0, "place", Tensor::empty(Dtype::i32, {4, 3, 3}))); });
  says("forward: component 'region' of x0 is a tensor of f32; it must be of i32",
       [&] { forward(changed(x0, "region", Tensor::empty(Dtype::f32, {4, 3}))); });
  auto* scale = static_cast<float*>(x0["scale"].data());
  says("forward: component 'scale' of x0 is on cuda:0; this sampler runs on the CPU, so copy it to host memory first",
       [&] { forward(changed(x0, "scale", TensorView(scale, Dtype::f32, {4}, {}, {DeviceKind::cuda, 0}))); });
  says(
      "forward: component 'scale' of x0 is not contiguous (shape [2], strides [2]); pass contiguous(view), a dense "
      "copy",
      [&] { forward(changed(x0, "scale", TensorView(scale, Dtype::f32, {2}, {2}))); });
  says("forward: component 'scale' of x0 has shape [4] and no memory (a null pointer)",
       [&] { forward(changed(x0, "scale", TensorView(nullptr, Dtype::f32, {4}))); });
  says(
      "forward: component 'scale' of x0 lies at an address that is not a multiple of 4 bytes; copy it to memory "
      "aligned for its "
      "elements",
      [&] { forward(changed(x0, "scale", TensorView(reinterpret_cast<char*>(scale) + 1, Dtype::f32, {3}))); });
}

TEST_CASE("errors: outputs") {
  State x0 = data(4, 3), out = x0.clone();
  auto into = [&](State state) { sampler().forward_into(state, x0, 0.5, Seed(1)); };
  says("forward: the output lacks component 'place' of joint 'protein'; it has none", [&] { into({}); });
  says(
      "forward: component 'place' of the output has 5 samples and component 'place' of x0 has 4; the batch must be the "
      "same",
      [&] { into(data(5, 3)); });
  says(
      "forward: component 'place' of the output has sites [2] and component 'place' of x0 has [3]; both are on sites "
      "'residues', "
      "so these must be the same",
      [&] { into(data(4, 2)); });
  says("forward: component 'scale' of the output is read-only; give the output memory that may be written",
       [&] { into(changed(out, "scale", out["scale"].as_read_only())); });
  says(
      "forward: component 'place' of the output overlaps component 'place' of x0 in memory; give the output memory of "
      "its own",
      [&] { into(changed(out, "place", x0["place"])); });
  says(
      "forward: component 'place' of the output overlaps component 'place' of x0 in memory; give the output memory of "
      "its own",
      [&] { sampler().forward_into(x0, x0, 0.5, Seed(1)); });
  std::fill_n(out["scale"].data_as<float>(), 4, 0.5f);
  says("forward: component 'scale' of the output overlaps the times in memory; give the output memory of its own",
       [&] { sampler().forward_into(out, x0, std::span<const float>(out["scale"].data_as<float>(), 4), Seed(1)); });
  says(
      "forward: component 'scale' of the output overlaps component 'place' of the output in memory; give the output "
      "memory of its "
      "own",
      [&] { into(changed(out, "scale", TensorView(out["place"].data_as<float>() + 30, {4}))); });
}

TEST_CASE("errors: losses and steps of the flow") {
  Joint joint("chosen");
  joint.add("place", Brownian(Euclidean({2}), 1.0), {.estimate = "noise"});
  Sampler asked =
      compile(joint, Target::host(), {.questions = {Question::loss, Question::loss_gradient, Question::flow_step}});
  State x{{"place", Tensor::empty(Dtype::f32, {4, 2})}}, wide{{"place", Tensor::empty(Dtype::f32, {4, 3})}};
  for (float& v : x["place"].values<float>()) v = 1;
  says("loss: t is 0; at time 0 x_t is x_0 and leaves a model nothing to estimate, so t must be above it",
       [&] { asked.loss(x, x, x, 0); });
  says(
      "loss_gradient: component 'place' of the estimate has shape [4, 3]; its estimates are [2] (noise of space "
      "'euclidean'), so the shape must be [batch, sites..., 2]",
      [&] { asked.loss_gradient(wide, x, x, 1); });
  says(
      "loss_gradient: component 'place' of the output has shape [4, 3]; its gradients are [2] (space 'euclidean'), so "
      "the shape must be [batch, sites..., 2]",
      [&] { asked.loss_gradient_into(wide, x, x, x, 1); });
  says("flow_step: s is 0.75 and t is 0.5; s must not be above t", [&] { asked.flow_step(x, x, 0.75, 0.5); });
}

TEST_CASE("errors: transitions, densities and scores") {
  State x0 = data(4, 3), xt = data(4, 3);
  says(
      "transition: component 'region' of xs holds 11 at sample 0, site [1]; its categories are 0 to 9 (space "
      "'categorical')",
      [&] { sampler().transition(with<int32_t>("region", 1, 11), 0.1, 0.2, Seed(1)); });
  says("transition: s is 0.75 and t is 0.5; s must not be above t",
       [&] { sampler().transition(x0, 0.75, 0.5, Seed(1)); });
  says("log_density: t is 0; x_t has a density only after time 0, so t must be above it",
       [&] { sampler().log_density(x0, xt, 0); });
  says("log_density: t is 3; joint 'protein' runs from 0 to 2, so t must be in [0, 2]",
       [&] { sampler().log_density(x0, xt, 3); });
  says("log_density: t of sample 2 is 0; x_t has a density only after time 0, so t must be above it",
       [&] { sampler().log_density(x0, xt, std::vector<float>{0.5, 1, 0, 2}); });
  Sampler scores = Sampler::load(scores_module<8, 2>());
  State place{{"place", x0["place"]}}, narrow{{"place", Tensor::empty(Dtype::f32, {4, 3, 2})}};
  says("score: t is 0; x_t has a density only after time 0, so t must be above it",
       [&] { scores.score(place, place, 0); });
  says(
      "score: component 'place' of the output has shape [4, 3, 2]; its tangent vectors are [3] (space 'sphere'), so "
      "the shape "
      "must "
      "be [batch, sites..., 3]",
      [&] { scores.score_into(narrow, place, place, 1); });
  State out = sampler().log_density(x0, xt, 1);
  says("log_density: component 'region' of the output is a tensor of i32; it must be of f32", [&] {
    State wrong = changed(out, "region", x0["region"]);
    sampler().log_density_into(wrong, x0, xt, 1);
  });
  says(
      "log_density: component 'place' of the output has sites [3, 3] and component 'place' of x0 has [3]; both are on "
      "sites "
      "'residues', so these must be the same",
      [&] {
        State wrong = changed(out, "place", x0["place"]);
        sampler().log_density_into(wrong, x0, xt, 1);
      });
  says(
      "log_density: component 'scale' of the output overlaps component 'scale' of xt in memory; give the output memory "
      "of "
      "its own",
      [&] {
        State wrong = changed(out, "scale", xt["scale"]);
        sampler().log_density_into(wrong, x0, xt, 1);
      });
}

TEST_CASE("errors: times") {
  State x0 = data(4, 3);
  says("forward: t is -0.1; joint 'protein' runs from 0 to 2, so t must be in [0, 2]", [&] { forward(x0, -0.1); });
  says("forward: t is 2.5; joint 'protein' runs from 0 to 2, so t must be in [0, 2]", [&] { forward(x0, 2.5); });
  says("forward: t is nan; joint 'protein' runs from 0 to 2, so t must be in [0, 2]",
       [&] { forward(x0, not_a_number); });
  std::vector<float> each = {0, 1, 2.25f, 2};
  says("forward: t of sample 2 is 2.25; joint 'protein' runs from 0 to 2, so t must be in [0, 2]",
       [&] { forward(x0, each); });
  each[2] = not_a_number;
  says("forward: t of sample 2 is nan; joint 'protein' runs from 0 to 2, so t must be in [0, 2]",
       [&] { forward(x0, each); });
  each.pop_back();
  says("forward: t has 3 values and the batch has 4 samples; give one time for all or one per sample",
       [&] { forward(x0, each); });
  says(
      "times, one per sample, must be a contiguous f32 tensor of shape [samples] on the CPU; this one is i32 of shape "
      "[4, 3] and "
      "strides [3, 1] on cpu",
      [&] { forward(x0, x0["region"]); });
  says("bridge: s is 0.75 and t is 0.5; s must not be above t", [&] { sampler().bridge(x0, x0, 0.75, 0.5, Seed(1)); });
  std::vector<float> s = {0, 0.25f, 0.5f, 0.625f};
  says("bridge: s is 0.625 and t is 0.5 for sample 3; s must not be above t",
       [&] { sampler().bridge(x0, x0, s, 0.5, Seed(1)); });
  says("bridge: s is -1; joint 'protein' runs from 0 to 2, so s must be in [0, 2]",
       [&] { sampler().bridge(x0, x0, -1, 0.5, Seed(1)); });
}

TEST_CASE("errors: NaN and infinities in data") {
  says("forward: component 'place' of x0 holds nan at sample 1, site [2], element [1]; every number must be finite",
       [&] { forward(with("place", 16, not_a_number)); });
  says("forward: component 'scale' of x0 holds -inf at sample 3; every number must be finite",
       [&] { forward(with("scale", 3, -infinity)); });
  State x0 = data(4, 3);
  says("bridge: component 'place' of xt holds inf at sample 0, site [0], element [0]; every number must be finite",
       [&] { sampler().bridge(x0, with("place", 0, infinity), 0.1, 0.2, Seed(1)); });
  forward(with("place", 0, std::numeric_limits<float>::denorm_min()));
  sampler().forward(with("place", 16, not_a_number), 0.5, Seed(1), {.check_data = false});

  // The first of several is named, whichever thread finds one first.
  State large = data(20000, 3);
  for (size_t at : {179999u, 100000u, 90000u, 70000u}) large["place"].values<float>()[at] = not_a_number;
  for (int repeat = 0; repeat < 20; ++repeat)
    says(
        "forward: component 'place' of x0 holds nan at sample 7777, site [2], element [1]; every number must be finite",
        [&] { forward(large); });
}

TEST_CASE("errors: categories out of range") {
  says(
      "forward: component 'region' of x0 holds 10 at sample 3, site [1]; its categories are 0 to 9 (space "
      "'categorical')",
      [&] { forward(with("region", 10, int32_t{10})); });
  says(
      "forward: component 'region' of x0 holds -1 at sample 0, site [0]; its categories are 0 to 9 (space "
      "'categorical')",
      [&] { forward(with("region", 0, int32_t{-1})); });
}

TEST_CASE("errors: logits") {
  State xt = data(4, 3), estimate = estimates(4, 3);
  auto logits = estimate["region"].values<float>();
  auto step = [&] { sampler().step(estimate, xt, 0.1, 0.2, Seed(1)); };
  std::ranges::fill(logits.subspan(20, 9), -infinity);
  step();
  logits[29] = -infinity;
  says(
      "step: component 'region' of the estimate rules out every category at sample 0, site [2], element [0] (all "
      "logits are -inf); "
      "leave at least one",
      step);
  logits[29] = infinity;
  says(
      "step: component 'region' of the estimate holds inf at sample 0, site [2], element [9]; logits must be finite, "
      "or -inf to "
      "rule a category out",
      step);
  logits[25] = not_a_number;
  says(
      "step: component 'region' of the estimate holds nan at sample 0, site [2], element [5]; logits must be finite, "
      "or -inf to "
      "rule a category out",
      step);
}

TEST_CASE("errors: sizes and options") {
  says("prior: 0 samples were asked for; there must be at least one", [&] { sampler().prior(0, Seed(1)); });
  says("prior: -3 samples were asked for; there must be at least one", [&] { sampler().prior(-3, Seed(1)); });
  says(
      "prior: shapes were given for sites 'residue', which joint 'protein' does not have; its sites are 'residues', "
      "'chain'",
      [&] { sampler().prior(1, {{"residue", {3}}}, Seed(1)); });
  says("prior: sites 'residues' were given shape [3, 0]; every size must be at least 1",
       [&] { sampler().prior(1, {{"residues", {3, 0}}}, Seed(1)); });
  State x0 = data(4, 3);
  says("forward: first_sample is -1; the number of a sample is at least 0",
       [&] { sampler().forward(x0, 0.5, Seed(1), {.first_sample = -1}); });
  says("forward: threads is -2; give a number, or 0 for all of the sampler's",
       [&] { sampler().forward(x0, 0.5, Seed(1), {.threads = -2}); });
  // 2^50 draws are 375299968947541 places of three.
  State flat{
      {"place", Tensor::empty(Dtype::f32, {4, 3})}, {"region", Tensor::empty(Dtype::i32, {4})}, {"scale", x0["scale"]}};
  std::ranges::fill(flat["place"].values<float>(), 0.0f);
  std::ranges::fill(flat["region"].values<int32_t>(), 0);
  auto from = [&](int64_t sample) {
    return [&, sample] { sampler().forward(flat, 0.5, Seed(1), {.first_sample = sample}); };
  };
  from(375299968947537)();
  says(
      "forward: samples 375299968947538 to 375299968947541, which draw 3 numbers each on sites 'residues', go beyond "
      "the "
      "2^50 numbers of a seed's stream, where draws would repeat; use another seed for them",
      from(375299968947538));
}

TEST_CASE("errors: times of a walk") {
  auto model = [](const ModelInput&, State& estimate) { fill(estimate); };
  auto with_times = [&](const std::vector<double>& times) { return [=] { walk(model, times); }; };
  says("reverse: times has 1 values; a walk needs at least two, from 2 down to 0", with_times({2.0}));
  says(
      "reverse: times[0] is 1.5; a walk from the prior starts at 2, the horizon of joint 'protein' (give an initial "
      "state to start "
      "elsewhere)",
      with_times({1.5, 0.0}));
  says("reverse: times[2] is 1 after times[1] = 1; times must fall strictly (as float32)",
       with_times({2.0, 1.0, 1.0, 0.0}));
  says("reverse: times[1] is 3 after times[0] = 2; times must fall strictly (as float32)", with_times({2.0, 3.0, 0.0}));
  says("reverse: times[1] is nan after times[0] = 2; times must fall strictly (as float32)",
       with_times({2.0, not_a_number, 0.0}));
  says("reverse: times[1] is 1.99999999 after times[0] = 2; times must fall strictly (as float32)",
       with_times({2.0, 1.99999999, 0.0}));
  says("reverse: the last time is -0.5; times must not fall below 0", with_times({2.0, -0.5}));
  State initial = data(4, 3);
  says("reverse: times[0] is 2.5; joint 'protein' runs from 0 to 2, so the initial state must be at a time in it",
       [&] { walk(model, {2.5, 0.0}, {.initial = initial}); });
}

TEST_CASE("errors: arguments of a walk") {
  auto model = [](const ModelInput&, State& estimate) { fill(estimate); };
  const std::vector<double> times = {2.0, 0.0};
  says("reverse: 0 samples were asked for; there must be at least one",
       [&] { sampler().reverse(model, times, 0, Seed(1)); });
  says("reverse: the model is empty; give something to call",
       [&] { walk(std::function<void(const ModelInput&, State&)>(), times); });
  says("reverse: first_sample is -1; the number of a sample is at least 0",
       [&] { walk(model, times, {.first_sample = -1}); });
  says("reverse: the initial state has 5 samples and 4 were asked for",
       [&] { walk(model, times, {.initial = data(5, 3)}); });
  says(
      "reverse, initial state: component 'region' of xt holds 10 at sample 0, site [2]; its categories are 0 to 9 "
      "(space "
      "'categorical')",
      [&] { walk(model, times, {.initial = with("region", 2, int32_t{10})}); });
}

TEST_CASE("errors: what a model does") {
  auto does = [&](auto what) {
    return [=] {
      walk([=](const ModelInput& input, State& estimate) {
        fill(estimate);
        if (input.step == 2) what(estimate);
      });
    };
  };
  says(
      "reverse, step 2 of 2 (time 1): the model threw: this state has no component 'plce'; it has 'place', 'region', "
      "'scale' (set() "
      "adds one)",
      does([](State& estimate) { estimate["plce"]; }));
  says("reverse, step 2 of 2 (time 1): the model threw something that is no std::exception",
       does([](State&) { throw 5; }));
  says(
      "reverse, step 2 of 2 (time 1): component 'place' of the estimate has shape [4, 3, 2]; its estimates are [3] "
      "(endpoint of space "
      "'sphere'), so the shape must be [batch, sites..., 3]",
      does([](State& estimate) { estimate["place"] = Tensor::empty(Dtype::f32, {4, 3, 2}); }));
  says(
      "reverse, step 2 of 2 (time 1): component 'place' of the estimate has 3 samples and component 'place' of xt has "
      "4; the batch "
      "must be the same",
      does([](State& estimate) { estimate["place"] = Tensor::empty(Dtype::f32, {3, 3, 3}); }));
  says(
      "reverse, step 2 of 2 (time 1): component 'place' of the estimate has sites [2] and component 'place' of xt has "
      "[3]; both are "
      "on sites 'residues', so these must be the same",
      does([](State& estimate) { estimate["place"] = Tensor::empty(Dtype::f32, {4, 2, 3}); }));
  says("reverse, step 2 of 2 (time 1): component 'region' of the estimate is a tensor of i32; it must be of f32",
       does([](State& estimate) { estimate["region"] = Tensor::empty(Dtype::i32, {4, 3, 10}); }));
  says(
      "reverse, step 2 of 2 (time 1): component 'scale' of the estimate holds nan at sample 2; every number must be "
      "finite",
      does([](State& estimate) { estimate["scale"].values<float>()[2] = not_a_number; }));
  says("reverse, step 2 of 2 (time 1): the estimate lacks component 'region' of joint 'protein'; it has 'place'",
       does([](State& estimate) { estimate = {{"place", estimate["place"]}}; }));
  says(
      "reverse, step 2 of 2 (time 1): the estimate has a component 'mood', which joint 'protein' does not have; its "
      "components are "
      "'place', 'region', 'scale'",
      does([](State& estimate) { estimate.set("mood", estimate["place"]); }));

  says(
      "reverse, step 1 of 2 (time 2): the model did not write component 'region' of the estimate at sample 0, site "
      "[0], element [0]; "
      "it must fill the tensor it is given, or set the component to one of its own",
      [&] {
        walk([](const ModelInput&, State& estimate) {
          std::ranges::fill(estimate["place"].values<float>(), 0.0f);
          std::ranges::fill(estimate["scale"].values<float>(), 0.0f);
        });
      });
  // Half a batch written is found as well.
  says(
      "reverse, step 2 of 2 (time 1): the model did not write component 'scale' of the estimate at sample 3; it must "
      "fill the tensor "
      "it is given, or set the component to one of its own",
      [&] {
        walk([](const ModelInput& input, State& estimate) {
          auto scale = estimate["scale"].values<float>();
          float last = scale[3];
          fill(estimate);
          if (input.step == 2) scale[3] = last;
        });
      });
}

TEST_CASE("errors: environment variables") {
  auto with_threads = [](const char* value) {
    return [=] {
      setenv("CATENARY_THREADS", value, 1);
      try {
        Sampler::load(module<8, 2>());
      } catch (...) {
        unsetenv("CATENARY_THREADS");
        throw;
      }
      unsetenv("CATENARY_THREADS");
    };
  };
  says("the environment variable CATENARY_THREADS is 'many'; it must be a whole number from 1 to 1024",
       with_threads("many"));
  says("the environment variable CATENARY_THREADS is '0'; it must be a whole number from 1 to 1024", with_threads("0"));
  says("the environment variable CATENARY_THREADS is '2x'; it must be a whole number from 1 to 1024",
       with_threads("2x"));
  setenv("CATENARY_THREADS", "3", 1);
  setenv("CATENARY_DUMP", "stages", 1);
  CHECK(Sampler::load(module<8, 2>()).threads() == 3);
  CHECK(read_environment().dump == std::filesystem::path("stages"));
  setenv("CATENARY_THREADS", "", 1);
  CHECK_FALSE(read_environment().threads.has_value());
  unsetenv("CATENARY_THREADS");
  unsetenv("CATENARY_DUMP");
  CHECK_FALSE(read_environment().dump.has_value());
}
