// Draws from a compiled joint process, and conversions, in C.
#include <catenary/runtime/c_api.h>

#include <cstdio>
#include <exception>
#include <string>

#include <catenary/runtime/sampler.h>
#include <catenary/support/error.h>

struct catenary_sampler {
  catenary::Sampler sampler;
};

namespace {

using catenary::Error;

/// Runs `body`; no exception leaves it.
template <class Body>
int guarded(catenary_message* message, Body&& body) noexcept {
  auto answer = [&](int code, const char* text) {
    if (message != nullptr) std::snprintf(message->text, sizeof message->text, "%s", text);
    return code;
  };
  try {
    body();
    return answer(CATENARY_OK, "");
  } catch (const Error& error) {
    return answer(CATENARY_INVALID, error.what());
  } catch (const std::exception& fault) {
    return answer(CATENARY_FAULT, fault.what());
  } catch (...) {
    return answer(CATENARY_FAULT, "an exception of unknown type");
  }
}

catenary::Tensor tensor_from(const catenary_tensor& tensor) {
  const std::string name = tensor.component;
  if (tensor.dtype != CATENARY_F32 && tensor.dtype != CATENARY_I32)
    throw Error("component '" + name + "' has dtype " + std::to_string(tensor.dtype) +
                "; it must be CATENARY_F32 (0) or CATENARY_I32 (1)");
  if (tensor.rank < 0 || (tensor.rank > 0 && tensor.shape == nullptr))
    throw Error("component '" + name + "' has rank " + std::to_string(tensor.rank) + " and " +
                (tensor.shape == nullptr ? "no shape" : "a shape") + "; give a shape of rank sizes");
  return catenary::TensorView(
      tensor.data, catenary::Dtype(tensor.dtype),
      tensor.rank == 0 ? catenary::Shape() : catenary::Shape(tensor.shape, tensor.shape + tensor.rank));
}

catenary::State state_from(const catenary_state& state, const char* name) {
  if (state.count < 0 || (state.count > 0 && state.tensors == nullptr))
    throw Error(std::string(name) + " has " + std::to_string(state.count) + " tensors at " +
                (state.tensors == nullptr ? "a null pointer" : "some address"));
  catenary::State result;
  for (int32_t i = 0; i < state.count; ++i) {
    if (state.tensors[i].component == nullptr)
      throw Error("tensor " + std::to_string(i) + " of " + name + " has no component name (a null pointer)");
    if (result.contains(state.tensors[i].component))
      throw Error("component '" + std::string(state.tensors[i].component) + "' was given twice in " + name);
    result.set(state.tensors[i].component, tensor_from(state.tensors[i]));
  }
  return result;
}

catenary::Times times_from(const catenary_times& times, const char* name) {
  if (times.values == nullptr || times.count < 1)
    throw Error(std::string(name) + " has no values; give one time for all samples or one per sample");
  if (times.count == 1) return times.values[0];
  return std::span<const float>(times.values, size_t(times.count));
}

const catenary::Sampler& sampler_from(const catenary_sampler* sampler, const catenary_draw* draw) {
  if (sampler == nullptr) throw Error("the sampler is a null pointer; catenary_load makes one");
  if (draw == nullptr)
    throw Error("the draw is a null pointer; give a catenary_draw, zero-initialised but for its seed");
  return sampler->sampler;
}

catenary::Seed seed_of(const catenary_draw& draw) { return catenary::Seed(draw.seed, draw.step); }

catenary::DrawOptions options_of(const catenary_draw& draw) {
  return {.first_sample = draw.first_sample, .threads = draw.threads, .check_data = draw.trust_data == 0};
}

// Asks for an answer into `out`.
template <class Ask>
int asked(const catenary_sampler* sampler, catenary_state out, const catenary_draw* draw, catenary_message* message,
          const Ask& ask) {
  return guarded(message, [&] {
    const catenary::Sampler& by = sampler_from(sampler, draw);
    catenary::State made = state_from(out, "out");
    ask(by, made, options_of(*draw));
  });
}

}  // namespace

extern "C" {

int catenary_load(const catenary_module* module, int32_t threads, catenary_sampler** out, catenary_message* message) {
  return guarded(message, [&] {
    if (out == nullptr) throw Error("catenary_load was given nowhere to put the sampler (a null pointer)");
    *out = nullptr;
    *out = new catenary_sampler{catenary::Sampler::load(module, {}, {.threads = threads})};
  });
}

void catenary_release(catenary_sampler* sampler) { delete sampler; }

int catenary_prior(const catenary_sampler* sampler, catenary_state out, const catenary_draw* draw,
                   catenary_message* message) {
  return asked(sampler, out, draw, message,
               [&](const auto& by, auto& made, const auto& options) { by.prior_into(made, seed_of(*draw), options); });
}

int catenary_forward(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_times t,
                     const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.forward_into(made, state_from(x0, "x0"), times_from(t, "t"), seed_of(*draw), options);
  });
}

int catenary_bridge(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                    catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.bridge_into(made, state_from(x0, "x0"), state_from(xt, "xt"), times_from(s, "s"), times_from(t, "t"),
                   seed_of(*draw), options);
  });
}

int catenary_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                  catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.step_into(made, state_from(estimate, "estimate"), state_from(xt, "xt"), times_from(s, "s"), times_from(t, "t"),
                 seed_of(*draw), options);
  });
}

int catenary_transition(const catenary_sampler* sampler, catenary_state out, catenary_state xs, catenary_times s,
                        catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.transition_into(made, state_from(xs, "xs"), times_from(s, "s"), times_from(t, "t"), seed_of(*draw), options);
  });
}

int catenary_log_density(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                         catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.log_density_into(made, state_from(x0, "x0"), state_from(xt, "xt"), times_from(t, "t"), options);
  });
}

int catenary_score(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                   catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.score_into(made, state_from(x0, "x0"), state_from(xt, "xt"), times_from(t, "t"), options);
  });
}

int catenary_loss(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state x0,
                  catenary_state xt, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.loss_into(made, state_from(estimate, "estimate"), state_from(x0, "x0"), state_from(xt, "xt"), times_from(t, "t"),
                 options);
  });
}

int catenary_loss_gradient(const catenary_sampler* sampler, catenary_state out, catenary_state estimate,
                           catenary_state x0, catenary_state xt, catenary_times t, const catenary_draw* draw,
                           catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.loss_gradient_into(made, state_from(estimate, "estimate"), state_from(x0, "x0"), state_from(xt, "xt"),
                          times_from(t, "t"), options);
  });
}

int catenary_flow_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                       catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.flow_step_into(made, state_from(estimate, "estimate"), state_from(xt, "xt"), times_from(s, "s"),
                      times_from(t, "t"), options);
  });
}

int catenary_mean_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                       catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.mean_step_into(made, state_from(estimate, "estimate"), state_from(xt, "xt"), times_from(s, "s"),
                      times_from(t, "t"), options);
  });
}

int catenary_convert(const catenary_sampler* sampler, catenary_state out, catenary_state source,
                     const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](const auto& by, auto& made, const auto& options) {
    by.convert_into(made, state_from(source, "source"), options);
  });
}

}  // extern "C"
