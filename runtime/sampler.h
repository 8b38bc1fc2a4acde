// Sampler: draws from a compiled joint process.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <catenary/runtime/abi.h>
#include <catenary/runtime/arguments.h>
#include <catenary/runtime/state.h>
#include <catenary/runtime/threads.h>
#include <catenary/runtime/walk.h>
#include <catenary/support/philox.h>

namespace catenary {

struct SamplerOptions {
  int threads = 0;  ///< 0: CATENARY_THREADS, or else one per processor. Not read if a pool is given
  std::shared_ptr<ThreadPool> pool = {};  ///< threads to share with other samplers
};

/// Draws from a compiled joint process. Immutable, cheap to copy, and safe to call from many threads at once.
///
/// Tensors are contiguous memory of the host, or of the GPU that the sampler is on, of shape [batch, sites...,
/// point...]; batch and sites are read off them. A function that returns a State allocates it; its `_into` form writes
/// to tensors of the caller, which must not overlap the inputs, and allocates none. Every function throws Error on bad
/// arguments, before it writes anything.
class Sampler {
 public:
  /// Wraps a module; `keepalive` holds what the module's memory and code live in. Error: another version of the ABI or
  /// of the counter layout, or code for a processor that has what this one lacks.
  static Sampler load(const catenary_module* module, std::shared_ptr<void> keepalive = {},
                      const SamplerOptions& options = {});

  /// The same sampler on GPU `index`: its tensors are in that GPU's memory (as DLPack's are, say), its draws have the
  /// same bits, and they are enqueued on the stream of the options without waiting for them; the sampler and its
  /// tensors must outlive what is enqueued. Times stay the host's; those in pinned memory must not change before the
  /// stream has come to them. `driver` is the library of NVIDIA's driver. Errors: no driver, an old one, no such GPU; a
  /// module that was not compiled for Target::cuda, or for newer GPUs.
  Sampler on_gpu(int index, const std::string& driver = "libcuda.so.1") const;

  /// The same draws of GPU `index` for tensors of the host: each call copies what it is given to the GPU, waits for the
  /// draws, and copies them back; data are checked, and a model of `reverse` is asked on the host. For the draws of a
  /// GPU where nothing else lies in its memory; the copies cost more than most draws. Errors: those of on_gpu, and out
  /// of the GPU's memory.
  Sampler through_gpu(int index, const std::string& driver = "libcuda.so.1") const;

  std::string_view name() const;
  double horizon() const;  ///< T, the time of pure noise
  std::span<const catenary_component> components() const;
  int threads() const;
  Device device() const;                  ///< whose memory its tensors are in
  bool answers(Question question) const;  ///< whether the module was compiled with that question
  const catenary_module* module() const;

  /// A table of the components for people: name, space, point, sites, estimate.
  std::string describe() const;

  /// Draws x_T of the noise, [samples, sites..., point...].
  State prior(int64_t samples, Seed seed, const DrawOptions& options = {}) const;
  State prior(int64_t samples, const Sites& sites, Seed seed, const DrawOptions& options = {}) const;
  void prior_into(State& out, Seed seed, const DrawOptions& options = {}) const;

  /// Draws x_t from p(x_t | x_0), t in [0, T].
  State forward(const State& x0, Times t, Seed seed, const DrawOptions& options = {}) const;
  void forward_into(State& out, const State& x0, Times t, Seed seed, const DrawOptions& options = {}) const;

  /// Draws x_s from p(x_s | x_0, x_t), 0 <= s <= t <= T.
  State bridge(const State& x0, const State& xt, Times s, Times t, Seed seed, const DrawOptions& options = {}) const;
  void bridge_into(State& out, const State& x0, const State& xt, Times s, Times t, Seed seed,
                   const DrawOptions& options = {}) const;

  /// Draws x_s given x_t and a model's estimate of x_0, of the kind that the joint process says.
  State step(const State& estimate, const State& xt, Times s, Times t, Seed seed,
             const DrawOptions& options = {}) const;
  void step_into(State& out, const State& estimate, const State& xt, Times s, Times t, Seed seed,
                 const DrawOptions& options = {}) const;

  /// Draws x_t given x_s, 0 <= s <= t <= T, without looking at the data.
  State transition(const State& xs, Times s, Times t, Seed seed, const DrawOptions& options = {}) const;
  void transition_into(State& out, const State& xs, Times s, Times t, Seed seed, const DrawOptions& options = {}) const;

  /// log p(x_t | x_0) of each point, 0 < t <= T: f32 [batch, sites...] per component, in the volume of its space; for
  /// categories the log-probability.
  State log_density(const State& x0, const State& xt, Times t, const DrawOptions& options = {}) const;
  void log_density_into(State& out, const State& x0, const State& xt, Times t, const DrawOptions& options = {}) const;

  /// The gradient of log_density at x_t, 0 < t <= T: f32 [batch, sites..., point...] per component, tangent vectors; of
  /// categories, beside components that have a score, 0.
  State score(const State& x0, const State& xt, Times t, const DrawOptions& options = {}) const;
  void score_into(State& out, const State& x0, const State& xt, Times t, const DrawOptions& options = {}) const;

  /// The loss of a model's estimate at each point, 0 < t <= T: f32 [batch, sites...] per component; what it is of each
  /// kind of estimate the process says (Process::loss), times its weight.
  State loss(const State& estimate, const State& x0, const State& xt, Times t, const DrawOptions& options = {}) const;
  void loss_into(State& out, const State& estimate, const State& x0, const State& xt, Times t,
                 const DrawOptions& options = {}) const;

  /// The derivatives of the loss by the elements of the estimate: f32 of the estimate's shape. What a training
  /// framework is to carry back through the model.
  State loss_gradient(const State& estimate, const State& x0, const State& xt, Times t,
                      const DrawOptions& options = {}) const;
  void loss_gradient_into(State& out, const State& estimate, const State& x0, const State& xt, Times t,
                          const DrawOptions& options = {}) const;

  /// x_s given x_t and a model's estimate, without a draw: where the probability flow of the law given x_0 leads. Of
  /// linear Gaussian processes the step of DDIM (Song, Meng, Ermon 2021). Categories, which have no flow, are drawn as
  /// by `step`, and need a seed. Error: they are there, and no seed is given.
  State flow_step(const State& estimate, const State& xt, Times s, Times t, const DrawOptions& options = {}) const;
  State flow_step(const State& estimate, const State& xt, Times s, Times t, Seed seed,
                  const DrawOptions& options = {}) const;
  void flow_step_into(State& out, const State& estimate, const State& xt, Times s, Times t,
                      const DrawOptions& options = {}) const;
  void flow_step_into(State& out, const State& estimate, const State& xt, Times s, Times t, Seed seed,
                      const DrawOptions& options = {}) const;

  /// x_s given x_t and a model's estimate, without a draw: the mean of what `step` draws, where a process tells it.
  /// Walks by means alone spread less than the data. Categories are drawn, as by `flow_step`.
  State mean_step(const State& estimate, const State& xt, Times s, Times t, const DrawOptions& options = {}) const;
  State mean_step(const State& estimate, const State& xt, Times s, Times t, Seed seed,
                  const DrawOptions& options = {}) const;
  void mean_step_into(State& out, const State& estimate, const State& xt, Times s, Times t,
                      const DrawOptions& options = {}) const;
  void mean_step_into(State& out, const State& estimate, const State& xt, Times s, Times t, Seed seed,
                      const DrawOptions& options = {}) const;

  /// dx_t/dt at x_t of the probability flow that `flow_step` follows, 0 < t <= T, by a model's estimate: f32 [batch,
  /// sites..., point...] per component, tangent vectors; per unit of the joint's time, whatever its clocks. For
  /// solvers of one's own, which go from T down: x_s is about exp(x_t, (s - t) times it). Of categories, beside
  /// components that have a flow, it is 0: they jump, as `flow_step` draws them. Error: `compile` was not given the
  /// question.
  State flow_velocity(const State& estimate, const State& xt, Times t, const DrawOptions& options = {}) const;
  void flow_velocity_into(State& out, const State& estimate, const State& xt, Times t,
                          const DrawOptions& options = {}) const;

  /// Each point as a conversion has it, [batch, sites..., point...]; Converter asks this.
  State convert(const State& source, const DrawOptions& options = {}) const;
  void convert_into(State& out, const State& source, const DrawOptions& options = {}) const;

  /// Walks from noise to data: starts at times[0], which is T unless `initial` is given, and for i = 1, 2, ... asks the
  /// model at times[i - 1] and steps to times[i]. `times` fall strictly (as float32) and the last, whose state is
  /// returned, is at least 0. The prior is drawn at the seed's step, usually 0, and step i of the walk i later: a walk
  /// taken up again after k steps, with `initial` and Seed(value, k), goes on as if it had not stopped. Between two
  /// calls of the model there is one kernel per group of sites; states and estimates are not copied or allocated anew,
  /// but for the ragged end of a batch, which goes through memory of a tile. Errors: those of `step`; a model that
  /// throws (its exception nested in the Error); `Cancelled` if progress says so. On a GPU it returns when the last
  /// step is done.
  State reverse(const Model& model, const std::vector<double>& times, int64_t samples, Seed seed,
                const WalkOptions& options = {}) const;

  /// The same walk on the GPU that the sampler is on, captured as a CUDA graph: the model is called here once per step,
  /// and what it enqueues on its input's stream is done again in each launch, as are the draws, from the prior or what
  /// then stands in `initial`. So the model must wait for nothing and allocate nothing that does not last; what it
  /// holds and what it gives is kept as long as the graph. Errors: those of `reverse`; a sampler on a processor or
  /// `through_gpu`; `observe`, `progress` and `stream`, which a graph has not.
  CapturedWalk capture_reverse(const Model& model, const std::vector<double>& times, int64_t samples,
                               const WalkOptions& options = {}) const;

 private:
  struct Impl;
  explicit Sampler(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace catenary
