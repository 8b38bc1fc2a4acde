// The reverse walk: from noise to data around a model.
#include <catenary/runtime/walk.h>

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include <catenary/runtime/call.h>
#include <catenary/runtime/known_estimates.h>
#include <catenary/runtime/module.h>
#include <catenary/runtime/threads.h>

namespace catenary {
namespace {

void ask(const Model& model, const ModelInput& input, State& estimate, const Subject& subject) {
  try {
    model(input, estimate);
  } catch (const std::exception& thrown) {
    std::throw_with_nested(Error(fmt::format("{}: the model threw: {}", subject.text(), thrown.what())));
  } catch (...) {
    std::throw_with_nested(
        Error(fmt::format("{}: the model threw something that is no std::exception", subject.text())));
  }
}

}  // namespace

State walk(const Module& module, ThreadPool& pool, const CudaKernels* gpu, const Model& model,
           const std::vector<double>& times, int64_t samples, Seed seed, const WalkOptions& options) {
  const Subject whole{"reverse"};
  check_options(whole, options.first_sample, options.threads);
  if (!model) throw Error("reverse: the model is empty; give something to call");
  check_walk_times(module, times, options.initial.has_value());
  const Question question = options.step_by == StepBy::flow    ? Question::flow_step
                            : options.step_by == StepBy::means ? Question::mean_step
                                                               : Question::step;
  module.kernels(question);

  const Place place{gpu, options.stream};
  Call start(module, options.initial ? Subject{"reverse, initial state"} : whole, place);
  if (options.initial) {
    start.bind(CATENARY_XT, *options.initial);
    if (start.samples() != samples)
      throw Error(
          fmt::format("reverse: the initial state has {} samples and {} were asked for", start.samples(), samples));
    start.check_data(CATENARY_XT, pool, options.threads);
  } else {
    start.set_extents(samples, options.sites);
  }
  State buffers[2] = {start.allocate(CATENARY_OUT), start.allocate(CATENARY_OUT)};
  const State prepared = start.allocate(CATENARY_ESTIMATE);
  State estimate = prepared;
  const State* now = options.initial ? &*options.initial : &buffers[1];
  if (!options.initial) {
    start.bind(CATENARY_OUT, buffers[1]);
    start.run(Question::prior, seed, options.first_sample, pool, options.threads);
  }
  std::optional<KnownEstimates> known;
  if (options.known) {
    if (gpu)
      throw Error("reverse: known sites are put into estimates on a processor; on a GPU let the model write them");
    known.emplace(Subject{"reverse, known sites"}, module, *options.known, buffers[0], pool, options.threads);
  }
  if (options.observe) options.observe(0, times[0], *now);

  const auto steps = int64_t(times.size()) - 1;
  for (int64_t step = 1; step <= steps; ++step) {
    // float32(T) may lie above T, and the walk may start there.
    const double t = std::min(times[size_t(step) - 1], module.raw().horizon), s = times[size_t(step)];
    const Subject subject{"reverse", step, steps, t};
    const Seed draws = seed.at_step(seed.step + uint32_t(step));
    estimate = prepared;  // the model may have put tensors of its own there
    if (options.check_estimates && !gpu)
      for (const catenary_component& component : module.components())
        mark_unwritten(component.estimate, *estimate.find(component.name));
    ask(model,
        {.state = *now,
         .time = t,
         .next_time = s,
         .step = step,
         .steps = steps,
         .first_sample = options.first_sample,
         .seed = draws,
         .stream = options.stream},
        estimate, subject);
    if (known) known->put(estimate, prepared, pool, options.threads);

    State& next = buffers[now == &buffers[0] ? 1 : 0];
    Call call(module, subject, place);
    call.bind(CATENARY_XT, *now);
    call.bind(CATENARY_ESTIMATE, estimate);
    call.bind(CATENARY_OUT, next);
    call.set_times(s, t);
    if (options.check_estimates) call.check_data(CATENARY_ESTIMATE, pool, options.threads);
    call.run(question, draws, options.first_sample, pool, options.threads);
    now = &next;

    if (options.observe) options.observe(step, s, *now);
    if (options.progress && !options.progress({.step = step, .steps = steps, .time = s}))
      throw Cancelled(
          fmt::format("reverse: given up after step {} of {} (time {}), as progress asked", step, steps, s));
  }
  return std::move(buffers[now == &buffers[0] ? 0 : 1]);
}

}  // namespace catenary
