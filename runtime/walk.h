// The reverse walk: from noise to data around a model.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <catenary/runtime/arguments.h>
#include <catenary/runtime/known_sites.h>
#include <catenary/runtime/state.h>
#include <catenary/support/error.h>

namespace catenary {

class CudaKernels;
class Module;
class ThreadPool;

/// What a model is given at each step.
struct ModelInput {
  const State& state;  ///< x_t of every component; valid during the call
  double time;         ///< t
  double next_time;    ///< where the step leads: s < t
  int64_t step;        ///< 1, 2, ..., steps
  int64_t steps;
  int64_t first_sample;  ///< the number of the first sample in the batch
  Seed seed;             ///< the walk's seed at this step, for models that draw
  void* stream;          ///< on a GPU: the walk's stream, in whose order the estimate is to be written
  /// Of a captured walk: where the seed will stand, as in DrawOptions; null otherwise.
  const catenary_device_seed* seed_memory = nullptr;
};

/// The user's model: a callable in one of two forms.
///   void(const ModelInput&, State& estimate): `estimate` holds a tensor [batch, sites..., estimate...] of each
///     component, allocated once per walk. Write into it, or assign to `estimate["place"]` a tensor or view of memory
///     of your own, which is read without a copy and must stay valid until the next call or the walk's end.
///   State(const ModelInput&): returns the estimates.
/// Needs a copyable callable; pass std::ref of one that is not.
class Model {
 public:
  template <class F>
    requires std::invocable<F&, const ModelInput&, State&> && (!std::same_as<std::remove_cvref_t<F>, Model>)
  Model(F model) : call_(std::move(model)) {}  // NOLINT(google-explicit-constructor)

  template <class F>
    requires(!std::invocable<F&, const ModelInput&, State&>) && std::is_invocable_r_v<State, F&, const ModelInput&>
  Model(F model)  // NOLINT(google-explicit-constructor)
      : call_([model = std::move(model)](const ModelInput& input, State& estimate) mutable {
          estimate = model(input);
        }) {}

  explicit operator bool() const { return bool(call_); }
  void operator()(const ModelInput& input, State& estimate) const { call_(input, estimate); }

 private:
  std::function<void(const ModelInput&, State&)> call_;
};

/// Where a walk is after a step.
struct WalkProgress {
  int64_t step;  ///< steps done
  int64_t steps;
  double time;  ///< the time reached
};

/// Thrown by a walk whose `progress` returned false. A walk given up has no samples to return.
class Cancelled : public Error {
 public:
  using Error::Error;
};

/// How a walk goes from t to s. But for draws nothing is drawn but the prior, and the module must have been compiled
/// for the question.
enum class StepBy {
  draws,  ///< `step`: draws of the bridge to the estimate
  flow,   ///< `flow_step`: the probability flow, which keeps the law of x_s
  means,  ///< `mean_step`: the means of the draws, which spread less
};

struct WalkOptions {
  /// shapes of the groups of sites, for the prior; an initial state brings its own
  Sites sites = {};
  /// the state at times[0], read and not written; without it, a draw of the prior
  std::optional<State> initial = {};
  int64_t first_sample = 0;  ///< as in DrawOptions
  int threads = 0;           ///< at most so many of the sampler's threads; 0: all
  /// look for NaN, infinities and unwritten tensors in what the model returns, and for what such estimates make of the
  /// state (of a rotation one of length 0); not in a GPU's memory
  bool check_estimates = true;
  void* stream = nullptr;  ///< on a GPU: the CUDA stream of the walk; null: the default one
  /// sites that are known: what the model estimates there is replaced by their data, so that the walk bridges them to
  /// that and ends with it. The model sees them on their way, and the others go on given them. Not on a GPU.
  std::optional<KnownSites> known = {};
  StepBy step_by = StepBy::draws;  ///< how it goes from one time to the next

  /// Called after each step; false ends the walk with `Cancelled`.
  std::function<bool(const WalkProgress&)> progress = {};

  /// Called with the state at step 0 (times[0]) and after each step. It is overwritten later: clone what you keep.
  std::function<void(int64_t step, double time, const State& state)> observe = {};
};

/// A reverse walk of a sampler on a GPU, captured as a CUDA graph (Sampler::capture_reverse): one launch in the place
/// of each step's launches and model.
class CapturedWalk {
 public:
  /// Enqueues the walk with that seed, in the order of the stream, and returns its samples: memory of the GPU that the
  /// next launch writes over. Launches must be on one stream, or wait for one another. The bits are those of
  /// Sampler::reverse with that seed.
  const State& operator()(Seed seed, void* stream = nullptr) const;

 private:
  friend CapturedWalk capture_walk(const Module&, ThreadPool&, const CudaKernels&, const Model&,
                                   const std::vector<double>&, int64_t, const WalkOptions&,
                                   std::shared_ptr<const void>);
  struct Impl;
  explicit CapturedWalk(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

/// What Sampler::reverse does, over a loaded module; on `gpu` unless it is null.
State walk(const Module& module, ThreadPool& pool, const CudaKernels* gpu, const Model& model,
           const std::vector<double>& times, int64_t samples, Seed seed, const WalkOptions& options);

/// What Sampler::capture_reverse does; `keepalive` holds the module, the pool and the GPU.
CapturedWalk capture_walk(const Module& module, ThreadPool& pool, const CudaKernels& gpu, const Model& model,
                          const std::vector<double>& times, int64_t samples, const WalkOptions& options,
                          std::shared_ptr<const void> keepalive);

}  // namespace catenary
