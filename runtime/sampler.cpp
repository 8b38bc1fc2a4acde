// Sampler: draws from a compiled joint process.
#include <catenary/runtime/sampler.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include <catenary/runtime/call.h>
#include <catenary/runtime/cuda_kernels.h>
#include <catenary/runtime/module.h>

namespace catenary {

namespace {

struct Input {
  int role;
  const State& state;
};

Subject subject_of(Question question, const DrawOptions& options) {
  Subject subject{name_of(question)};
  check_options(subject, options.first_sample, options.threads);
  return subject;
}

int output_role(Question question) {
  switch (question) {
    case Question::log_density: return CATENARY_LOG_DENSITY;
    case Question::score:
    case Question::flow_velocity: return CATENARY_TANGENT;
    case Question::loss: return CATENARY_LOSS;
    case Question::loss_gradient: return CATENARY_LOSS_GRADIENT;
    default: return CATENARY_OUT;
  }
}

}  // namespace

/// What answers: a module, by threads or by a GPU; `copies`: by a GPU, for tensors of the host.
struct Sampler::Impl {
  Module module;
  std::shared_ptr<ThreadPool> pool;
  std::shared_ptr<const CudaKernels> gpu = nullptr;
  bool copies = false;

  Device device() const { return gpu && !copies ? gpu->device() : Device{}; }

  /// Where a call's tensors are.
  Place place(const DrawOptions& options) const {
    return {copies ? nullptr : gpu.get(), options.stream, options.seed_memory};
  }

  State answer(Question question, std::initializer_list<Input> inputs, std::initializer_list<Times> times, Seed seed,
               const DrawOptions& options, State* given = nullptr) const {
    return answer(question, std::span(inputs.begin(), inputs.size()), std::span(times.begin(), times.size()), seed,
                  options, given);
  }

  /// Binds, checks and runs. Answers into `given`; without it, into the state that is returned.
  State answer(Question question, std::span<const Input> inputs, std::span<const Times> times, Seed seed,
               const DrawOptions& options, State* given) const {
    const Subject subject = subject_of(question, options);
    module.kernels(question);
    Call call(module, subject, place(options));
    for (const Input& input : inputs) call.bind(input.role, input.state);
    if (times.size() == 1) call.set_times(times[0]);
    if (times.size() == 2) call.set_times(times[0], times[1]);
    const int output = output_role(question);
    if (output != CATENARY_OUT) check_after_start(subject, times[0]);
    State made;
    if (given == nullptr) made = call.allocate(output);
    call.bind(output, given == nullptr ? made : *given);
    if (options.check_data)
      for (const Input& input : inputs) call.check_data(input.role, *pool, options.threads);
    if (copies)
      answer_by_copies(question, inputs, times, seed, options, given == nullptr ? made : *given);
    else
      call.run(question, seed, options.first_sample, *pool, options.threads);
    return made;
  }

  /// Asked without a seed: nothing is drawn. Error: something is.
  void require_no_draws(Question question) const {
    for (const catenary_kernel* kernel : module.kernels(question))
      if (kernel->draws > 0)
        throw Error(fmt::format("{}: joint '{}' has categories, which are drawn; give a seed", name_of(question),
                                module.raw().name));
  }

  void answer_by_copies(Question question, std::span<const Input> inputs, std::span<const Times> times, Seed seed,
                        const DrawOptions& options, const State& out) const {
    std::vector<State> states;
    std::vector<Input> there;
    states.reserve(inputs.size());
    for (const Input& input : inputs)
      there.push_back({input.role, states.emplace_back(gpu->copied_in(input.state, options.stream))});
    State made;
    for (const auto& [name, tensor] : out)
      made.set(name, gpu->empty(tensor.dtype(), tensor.shape(), fmt::format("component '{}'", name)));
    try {
      Impl{module, pool, gpu}.answer(question, there, times, seed, options, &made);
      gpu->copy_out(made, out, options.stream);
    } catch (...) {
      gpu->finish(options.stream);  // What is enqueued is in memory that goes.
      throw;
    }
  }
};

Sampler Sampler::load(const catenary_module* module, std::shared_ptr<void> keepalive, const SamplerOptions& options) {
  Module loaded(module, std::move(keepalive));
  auto pool = options.pool != nullptr ? options.pool : std::make_shared<ThreadPool>(options.threads);
  return Sampler(std::make_shared<const Impl>(Impl{std::move(loaded), std::move(pool)}));
}

Sampler Sampler::on_gpu(int index, const std::string& driver) const {
  auto gpu = std::make_shared<const CudaKernels>(impl_->module, std::make_shared<const CudaDevice>(index, driver));
  return Sampler(std::make_shared<const Impl>(Impl{impl_->module, impl_->pool, std::move(gpu)}));
}

Sampler Sampler::through_gpu(int index, const std::string& driver) const {
  Impl through = *on_gpu(index, driver).impl_;
  through.copies = true;
  return Sampler(std::make_shared<const Impl>(std::move(through)));
}

std::string_view Sampler::name() const { return module()->name; }
double Sampler::horizon() const { return module()->horizon; }
std::span<const catenary_component> Sampler::components() const { return impl_->module.components(); }
int Sampler::threads() const { return impl_->pool->threads(); }
Device Sampler::device() const { return impl_->device(); }
bool Sampler::answers(Question question) const { return impl_->module.answers(question); }
const catenary_module* Sampler::module() const { return &impl_->module.raw(); }

std::string Sampler::describe() const {
  struct Row {
    std::string cells[5];
  };
  std::vector<Row> rows = {{{"component", "space", "point", "sites", "estimate"}}};
  for (const catenary_component& component : components()) {
    auto value = [](const catenary_point& point) {
      return fmt::format("{} {}{}", point.dtype == CATENARY_F32 ? "f32" : "i32",
                         to_string(std::span(point.shape, size_t(point.rank))),
                         point.categories > 0 ? fmt::format(" below {}", point.categories) : "");
    };
    rows.push_back({{component.name, component.space, value(component.point), component.sites,
                     fmt::format("{}, {}", component.estimate_kind, value(component.estimate))}});
  }
  std::string text = fmt::format("joint '{}', times 0 to {}\n", name(), horizon());
  for (const Row& row : rows) {
    std::string line;
    for (int column = 0; column < 5; ++column) {
      size_t width = 0;
      for (const Row& other : rows) width = std::max(width, other.cells[column].size());
      line += fmt::format("  {:<{}}", row.cells[column], width);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

State Sampler::prior(int64_t samples, Seed seed, const DrawOptions& options) const {
  return prior(samples, {}, seed, options);
}

State Sampler::prior(int64_t samples, const Sites& sites, Seed seed, const DrawOptions& options) const {
  Call extents(impl_->module, subject_of(Question::prior, options), impl_->place(options));
  extents.set_extents(samples, sites);
  State out = extents.allocate(CATENARY_OUT);
  prior_into(out, seed, options);
  return out;
}

void Sampler::prior_into(State& out, Seed seed, const DrawOptions& options) const {
  impl_->answer(Question::prior, {}, {}, seed, options, &out);
}

State Sampler::forward(const State& x0, Times t, Seed seed, const DrawOptions& options) const {
  return impl_->answer(Question::forward, {{CATENARY_X0, x0}}, {t}, seed, options);
}

void Sampler::forward_into(State& out, const State& x0, Times t, Seed seed, const DrawOptions& options) const {
  impl_->answer(Question::forward, {{CATENARY_X0, x0}}, {t}, seed, options, &out);
}

State Sampler::bridge(const State& x0, const State& xt, Times s, Times t, Seed seed, const DrawOptions& options) const {
  return impl_->answer(Question::bridge, {{CATENARY_X0, x0}, {CATENARY_XT, xt}}, {s, t}, seed, options);
}

void Sampler::bridge_into(State& out, const State& x0, const State& xt, Times s, Times t, Seed seed,
                          const DrawOptions& options) const {
  impl_->answer(Question::bridge, {{CATENARY_X0, x0}, {CATENARY_XT, xt}}, {s, t}, seed, options, &out);
}

State Sampler::step(const State& estimate, const State& xt, Times s, Times t, Seed seed,
                    const DrawOptions& options) const {
  return impl_->answer(Question::step, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {s, t}, seed, options);
}

void Sampler::step_into(State& out, const State& estimate, const State& xt, Times s, Times t, Seed seed,
                        const DrawOptions& options) const {
  impl_->answer(Question::step, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {s, t}, seed, options, &out);
}

State Sampler::transition(const State& xs, Times s, Times t, Seed seed, const DrawOptions& options) const {
  return impl_->answer(Question::transition, {{CATENARY_XS, xs}}, {s, t}, seed, options);
}

void Sampler::transition_into(State& out, const State& xs, Times s, Times t, Seed seed,
                              const DrawOptions& options) const {
  impl_->answer(Question::transition, {{CATENARY_XS, xs}}, {s, t}, seed, options, &out);
}

State Sampler::log_density(const State& x0, const State& xt, Times t, const DrawOptions& options) const {
  return impl_->answer(Question::log_density, {{CATENARY_X0, x0}, {CATENARY_XT, xt}}, {t}, Seed(0), options);
}

void Sampler::log_density_into(State& out, const State& x0, const State& xt, Times t,
                               const DrawOptions& options) const {
  impl_->answer(Question::log_density, {{CATENARY_X0, x0}, {CATENARY_XT, xt}}, {t}, Seed(0), options, &out);
}

State Sampler::score(const State& x0, const State& xt, Times t, const DrawOptions& options) const {
  return impl_->answer(Question::score, {{CATENARY_X0, x0}, {CATENARY_XT, xt}}, {t}, Seed(0), options);
}

void Sampler::score_into(State& out, const State& x0, const State& xt, Times t, const DrawOptions& options) const {
  impl_->answer(Question::score, {{CATENARY_X0, x0}, {CATENARY_XT, xt}}, {t}, Seed(0), options, &out);
}

State Sampler::loss(const State& estimate, const State& x0, const State& xt, Times t,
                    const DrawOptions& options) const {
  return impl_->answer(Question::loss, {{CATENARY_ESTIMATE, estimate}, {CATENARY_X0, x0}, {CATENARY_XT, xt}}, {t},
                       Seed(0), options);
}

void Sampler::loss_into(State& out, const State& estimate, const State& x0, const State& xt, Times t,
                        const DrawOptions& options) const {
  impl_->answer(Question::loss, {{CATENARY_ESTIMATE, estimate}, {CATENARY_X0, x0}, {CATENARY_XT, xt}}, {t}, Seed(0),
                options, &out);
}

State Sampler::loss_gradient(const State& estimate, const State& x0, const State& xt, Times t,
                             const DrawOptions& options) const {
  return impl_->answer(Question::loss_gradient, {{CATENARY_ESTIMATE, estimate}, {CATENARY_X0, x0}, {CATENARY_XT, xt}},
                       {t}, Seed(0), options);
}

void Sampler::loss_gradient_into(State& out, const State& estimate, const State& x0, const State& xt, Times t,
                                 const DrawOptions& options) const {
  impl_->answer(Question::loss_gradient, {{CATENARY_ESTIMATE, estimate}, {CATENARY_X0, x0}, {CATENARY_XT, xt}}, {t},
                Seed(0), options, &out);
}

State Sampler::flow_step(const State& estimate, const State& xt, Times s, Times t, const DrawOptions& options) const {
  impl_->require_no_draws(Question::flow_step);
  return flow_step(estimate, xt, s, t, Seed(0), options);
}

State Sampler::flow_step(const State& estimate, const State& xt, Times s, Times t, Seed seed,
                         const DrawOptions& options) const {
  return impl_->answer(Question::flow_step, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {s, t}, seed, options);
}

void Sampler::flow_step_into(State& out, const State& estimate, const State& xt, Times s, Times t,
                             const DrawOptions& options) const {
  impl_->require_no_draws(Question::flow_step);
  flow_step_into(out, estimate, xt, s, t, Seed(0), options);
}

void Sampler::flow_step_into(State& out, const State& estimate, const State& xt, Times s, Times t, Seed seed,
                             const DrawOptions& options) const {
  impl_->answer(Question::flow_step, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {s, t}, seed, options, &out);
}

State Sampler::mean_step(const State& estimate, const State& xt, Times s, Times t, const DrawOptions& options) const {
  impl_->require_no_draws(Question::mean_step);
  return mean_step(estimate, xt, s, t, Seed(0), options);
}

State Sampler::mean_step(const State& estimate, const State& xt, Times s, Times t, Seed seed,
                         const DrawOptions& options) const {
  return impl_->answer(Question::mean_step, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {s, t}, seed, options);
}

void Sampler::mean_step_into(State& out, const State& estimate, const State& xt, Times s, Times t,
                             const DrawOptions& options) const {
  impl_->require_no_draws(Question::mean_step);
  mean_step_into(out, estimate, xt, s, t, Seed(0), options);
}

void Sampler::mean_step_into(State& out, const State& estimate, const State& xt, Times s, Times t, Seed seed,
                             const DrawOptions& options) const {
  impl_->answer(Question::mean_step, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {s, t}, seed, options, &out);
}

State Sampler::flow_velocity(const State& estimate, const State& xt, Times t, const DrawOptions& options) const {
  return impl_->answer(Question::flow_velocity, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {t}, Seed(0),
                       options);
}

void Sampler::flow_velocity_into(State& out, const State& estimate, const State& xt, Times t,
                                 const DrawOptions& options) const {
  impl_->answer(Question::flow_velocity, {{CATENARY_ESTIMATE, estimate}, {CATENARY_XT, xt}}, {t}, Seed(0), options,
                &out);
}

State Sampler::convert(const State& source, const DrawOptions& options) const {
  return impl_->answer(Question::convert, {{CATENARY_SOURCE, source}}, {}, Seed(0), options);
}

void Sampler::convert_into(State& out, const State& source, const DrawOptions& options) const {
  impl_->answer(Question::convert, {{CATENARY_SOURCE, source}}, {}, Seed(0), options, &out);
}

State Sampler::reverse(const Model& model, const std::vector<double>& times, int64_t samples, Seed seed,
                       const WalkOptions& options) const {
  if (!impl_->copies || !model)
    return walk(impl_->module, *impl_->pool, impl_->gpu.get(), model, times, samples, seed, options);
  const CudaKernels& gpu = *impl_->gpu;
  auto like = [](const State& there) {
    State made;
    for (const auto& [name, tensor] : there) made.set(name, Tensor::empty(tensor.dtype(), tensor.shape()));
    return made;
  };
  auto on_host = [&](const State& there) {
    State made = like(there);
    gpu.copy_out(there, made, options.stream);
    return made;
  };
  // Checked as on a processor.
  auto copied_in = [&](const Subject& subject, int role, const State& state, bool check_data) {
    Call call(impl_->module, subject);
    call.bind(role, state);
    if (check_data) call.check_data(role, *impl_->pool, options.threads);
    return gpu.copied_in(state, options.stream);
  };
  auto asked = [&](const ModelInput& input, State& estimate) {
    const State seen = on_host(input.state);
    State answer = like(estimate);
    if (options.check_estimates)
      for (const catenary_component& component : components())
        mark_unwritten(component.estimate, answer.at(component.name));
    model({.state = seen,
           .time = input.time,
           .next_time = input.next_time,
           .step = input.step,
           .steps = input.steps,
           .first_sample = input.first_sample,
           .seed = input.seed,
           .stream = nullptr},
          answer);
    estimate = copied_in({"estimate"}, CATENARY_ESTIMATE, answer, options.check_estimates);
  };
  WalkOptions there = options;
  if (options.initial) there.initial = copied_in({"reverse, initial state"}, CATENARY_XT, *options.initial, true);
  if (options.observe)
    there.observe = [&](int64_t step, double time, const State& state) { options.observe(step, time, on_host(state)); };
  return on_host(walk(impl_->module, *impl_->pool, &gpu, asked, times, samples, seed, there));
}

CapturedWalk Sampler::capture_reverse(const Model& model, const std::vector<double>& times, int64_t samples,
                                      const WalkOptions& options) const {
  if (!impl_->gpu || impl_->copies)
    throw Error("capture_reverse: only a sampler on a GPU has walks to capture (Sampler::on_gpu)");
  return capture_walk(impl_->module, *impl_->pool, *impl_->gpu, model, times, samples, options, impl_);
}

}  // namespace catenary
