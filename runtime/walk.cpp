// The reverse walk: from noise to data around a model.
#include <catenary/runtime/walk.h>

#include <algorithm>
#include <exception>
#include <memory>

#include <fmt/format.h>

#include <catenary/runtime/call.h>
#include <catenary/runtime/cuda_kernels.h>
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

/// A walk of which all is checked and allocated that can be before it goes. Refers to what it is given.
class Walk {
 public:
  Walk(const Module& module, ThreadPool& pool, const CudaKernels* gpu, const Model& model,
       const std::vector<double>& times, int64_t samples, const WalkOptions& options)
      : module_(module), pool_(pool), gpu_(gpu), model_(model), times_(times), options_(options) {
    const Subject whole{"reverse"};
    check_options(whole, options.first_sample, options.threads);
    if (!model) throw Error("reverse: the model is empty; give something to call");
    check_walk_times(module, times, options.initial.has_value());
    module.kernels(question());
    Call start(module, options.initial ? Subject{"reverse, initial state"} : whole, {gpu});
    if (options.initial) {
      start.bind(CATENARY_XT, *options.initial);
      if (start.samples() != samples)
        throw Error(
            fmt::format("reverse: the initial state has {} samples and {} were asked for", start.samples(), samples));
      start.check_data(CATENARY_XT, pool, options.threads);
    } else {
      start.set_extents(samples, options.sites);
    }
    for (State& buffer : buffers_) buffer = start.allocate(CATENARY_OUT);
    prepared_ = start.allocate(CATENARY_ESTIMATE);
    if (options.known && gpu)
      throw Error("reverse: known sites are put into estimates on a processor; on a GPU let the model write them");
    if (options.known)
      known_.emplace(Subject{"reverse, known sites"}, module, *options.known, buffers_[0], pool, options.threads);
  }

  /// Goes, and gives the samples, in memory of the walk. `seed_memory`: see DrawOptions.
  State& go(Seed seed, void* stream, const catenary_device_seed* seed_memory = nullptr) {
    const Place place{gpu_, stream, seed_memory};
    const State* now = options_.initial ? &*options_.initial : &buffers_[1];
    if (!options_.initial) {
      Call prior(module_, Subject{"reverse"}, place);
      prior.bind(CATENARY_OUT, buffers_[1]);
      prior.run(Question::prior, seed, options_.first_sample, pool_, options_.threads);
    }
    if (options_.observe) options_.observe(0, times_[0], *now);

    State estimate = prepared_;
    const auto steps = int64_t(times_.size()) - 1;
    for (int64_t step = 1; step <= steps; ++step) {
      // float32(T) may lie above T, and the walk may start there.
      const double t = std::min(times_[size_t(step) - 1], module_.raw().horizon), s = times_[size_t(step)];
      const Subject subject{"reverse", step, steps, t};
      const Seed draws = seed.at_step(seed.step + uint32_t(step));
      estimate = prepared_;  // the model may have put tensors of its own there
      if (options_.check_estimates && !gpu_)
        for (const catenary_component& component : module_.components())
          mark_unwritten(component.estimate, *estimate.find(component.name));
      ask(model_,
          {.state = *now,
           .time = t,
           .next_time = s,
           .step = step,
           .steps = steps,
           .first_sample = options_.first_sample,
           .seed = draws,
           .stream = stream,
           .seed_memory = seed_memory},
          estimate, subject);
      if (seed_memory) read_by_graph_.push_back(estimate);
      if (known_) known_->put(estimate, prepared_, pool_, options_.threads);

      State& next = buffers_[now == &buffers_[0] ? 1 : 0];
      Call call(module_, subject, place);
      call.bind(CATENARY_XT, *now);
      call.bind(CATENARY_ESTIMATE, estimate);
      call.bind(CATENARY_OUT, next);
      call.set_times(s, t);
      if (options_.check_estimates) call.check_data(CATENARY_ESTIMATE, pool_, options_.threads);
      call.run(question(), draws, options_.first_sample, pool_, options_.threads);
      if (options_.check_estimates) call.check_data(CATENARY_OUT, pool_, options_.threads);
      now = &next;

      if (options_.observe) options_.observe(step, s, *now);
      if (options_.progress && !options_.progress({.step = step, .steps = steps, .time = s}))
        throw Cancelled(
            fmt::format("reverse: given up after step {} of {} (time {}), as progress asked", step, steps, s));
    }
    return buffers_[now == &buffers_[0] ? 0 : 1];
  }

 private:
  Question question() const {
    return options_.step_by == StepBy::flow    ? Question::flow_step
           : options_.step_by == StepBy::means ? Question::mean_step
                                               : Question::step;
  }

  const Module& module_;
  ThreadPool& pool_;
  const CudaKernels* gpu_;
  const Model& model_;
  const std::vector<double>& times_;
  const WalkOptions& options_;
  State buffers_[2], prepared_;
  std::vector<State> read_by_graph_;  // What the model gave at each step of a captured walk.
  std::optional<KnownEstimates> known_;
};

}  // namespace

State walk(const Module& module, ThreadPool& pool, const CudaKernels* gpu, const Model& model,
           const std::vector<double>& times, int64_t samples, Seed seed, const WalkOptions& options) {
  if (gpu && gpu->is_captured(options.stream))
    throw Error(
        "reverse: a graph is being captured from the stream, and would outlive the walk's memory; capture the "
        "walk by capture_reverse, or a step by step_into with tensors of your own");
  Walk there(module, pool, gpu, model, times, samples, options);
  // What is enqueued is done before memory of the walk goes, also where a model throws.
  const auto finish = [&](const CudaKernels* on) { on->finish(options.stream); };
  const std::unique_ptr<const CudaKernels, decltype(finish)> finished(gpu, finish);
  return std::move(there.go(seed, options.stream));
}

struct CapturedWalk::Impl {
  Impl(const Module& module, ThreadPool& pool, const CudaKernels& gpu, const Model& given_model,
       const std::vector<double>& given_times, int64_t count, const WalkOptions& given_options,
       std::shared_ptr<const void> kept)
      : keepalive(std::move(kept)),
        model(given_model),
        times(given_times),
        options(given_options),
        walk(module, pool, &gpu, model, times, count, options),
        graph(gpu.captured([this](void* stream, const catenary_device_seed* seed_memory) {
          samples = &walk.go(Seed(0), stream, seed_memory);
        })) {}

  std::shared_ptr<const void> keepalive;
  Model model;  // With what it holds: its memory is the graph's.
  std::vector<double> times;
  WalkOptions options;
  Walk walk;
  State* samples = nullptr;
  CudaKernels::Graph graph;
};

CapturedWalk capture_walk(const Module& module, ThreadPool& pool, const CudaKernels& gpu, const Model& model,
                          const std::vector<double>& times, int64_t samples, const WalkOptions& options,
                          std::shared_ptr<const void> keepalive) {
  if (options.observe || options.progress || options.stream)
    throw Error(
        "capture_reverse: a captured walk goes without coming back to the host, on the stream of each launch; leave "
        "observe, progress and stream out");
  return CapturedWalk(std::make_shared<const CapturedWalk::Impl>(module, pool, gpu, model, times, samples, options,
                                                                 std::move(keepalive)));
}

const State& CapturedWalk::operator()(Seed seed, void* stream) const {
  impl_->graph.launch(seed, stream);
  return *impl_->samples;
}

}  // namespace catenary
