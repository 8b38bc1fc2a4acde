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
  } catch (const catenary::DeviceError& fault) {
    return answer(CATENARY_FAULT, fault.what());
  } catch (const Error& error) {
    return answer(CATENARY_INVALID, error.what());
  } catch (const std::exception& fault) {
    return answer(CATENARY_FAULT, fault.what());
  } catch (...) {
    return answer(CATENARY_FAULT, "an exception of unknown type");
  }
}

// What a function of the interface was given, as the sampler takes it.
struct Request {
  Request(const catenary_sampler* of, const catenary_draw* draw) {
    if (of == nullptr) throw Error("the sampler is a null pointer; catenary_load makes one");
    if (draw == nullptr)
      throw Error("the draw is a null pointer; give a catenary_draw, zero-initialised but for its seed");
    sampler = &of->sampler;
    seed = catenary::Seed(draw->seed, draw->step);
    options = {.first_sample = draw->first_sample,
               .threads = draw->threads,
               .check_data = draw->trust_data == 0,
               .stream = draw->stream,
               .seed_memory = draw->seed_memory};
    if (draw->gpu_times == 0) return;
    times_on = sampler->device();
    if (times_on == catenary::Device{})
      throw Error("the draw says that its times are in a GPU's memory; this sampler's tensors are the host's");
  }

  catenary::Tensor tensor(const catenary_tensor& given) const {
    const std::string name = given.component;
    if (given.dtype != CATENARY_F32 && given.dtype != CATENARY_I32)
      throw Error("component '" + name + "' has dtype " + std::to_string(given.dtype) +
                  "; it must be CATENARY_F32 (0) or CATENARY_I32 (1)");
    if (given.rank < 0 || (given.rank > 0 && given.shape == nullptr))
      throw Error("component '" + name + "' has rank " + std::to_string(given.rank) + " and " +
                  (given.shape == nullptr ? "no shape" : "a shape") + "; give a shape of rank sizes");
    catenary::Shape shape(given.shape, given.shape + given.rank);
    return catenary::TensorView(given.data, catenary::Dtype(given.dtype), std::move(shape), {}, sampler->device());
  }

  catenary::State state(const catenary_state& given, const char* name) const {
    if (given.count < 0 || (given.count > 0 && given.tensors == nullptr))
      throw Error(std::string(name) + " has " + std::to_string(given.count) + " tensors at " +
                  (given.tensors == nullptr ? "a null pointer" : "some address"));
    catenary::State result;
    for (int32_t i = 0; i < given.count; ++i) {
      if (given.tensors[i].component == nullptr)
        throw Error("tensor " + std::to_string(i) + " of " + name + " has no component name (a null pointer)");
      if (result.contains(given.tensors[i].component))
        throw Error("component '" + std::string(given.tensors[i].component) + "' was given twice in " + name);
      result.set(given.tensors[i].component, tensor(given.tensors[i]));
    }
    return result;
  }

  catenary::Times times(const catenary_times& given, const char* name) const {
    if (given.values == nullptr || given.count < 1)
      throw Error(std::string(name) + " has no values; give one time for all samples or one per sample");
    if (times_on != catenary::Device{})
      return catenary::TensorView(const_cast<float*>(given.values), catenary::Dtype::f32,
                                  given.count == 1 ? catenary::Shape{} : catenary::Shape{given.count}, {}, times_on);
    if (given.count == 1) return given.values[0];
    return std::span<const float>(given.values, size_t(given.count));
  }

  const catenary::Sampler* sampler = nullptr;
  catenary::Seed seed{0};
  catenary::DrawOptions options;
  catenary::Device times_on;
};

// Asks for an answer into `out`.
template <class Ask>
int asked(const catenary_sampler* sampler, catenary_state out, const catenary_draw* draw, catenary_message* message,
          const Ask& ask) {
  return guarded(message, [&] {
    const Request request(sampler, draw);
    catenary::State made = request.state(out, "out");
    ask(made, request);
  });
}

// A sampler that `make` makes.
template <class Make>
int new_sampler(const char* function, catenary_sampler** out, catenary_message* message, const Make& make) {
  return guarded(message, [&] {
    if (out == nullptr) throw Error(std::string(function) + " was given nowhere to put the sampler (a null pointer)");
    *out = nullptr;
    *out = new catenary_sampler{make()};
  });
}

// One that `make` makes of another and a driver's library.
template <class Make>
int new_sampler_of(const char* function, const catenary_sampler* sampler, const char* driver, catenary_sampler** out,
                   catenary_message* message, const Make& make) {
  return new_sampler(function, out, message, [&] {
    if (sampler == nullptr)
      throw Error(std::string(function) + " was given a null pointer as sampler; catenary_load makes one");
    return make(sampler->sampler, driver == nullptr ? "libcuda.so.1" : driver);
  });
}

}  // namespace

extern "C" {

int catenary_load(const catenary_module* module, int32_t threads, catenary_sampler** out, catenary_message* message) {
  return new_sampler("catenary_load", out, message,
                     [&] { return catenary::Sampler::load(module, {}, {.threads = threads}); });
}

int catenary_on_gpu(const catenary_sampler* sampler, int32_t index, const char* driver, catenary_sampler** out,
                    catenary_message* message) {
  return new_sampler_of("catenary_on_gpu", sampler, driver, out, message,
                        [&](const auto& of, const char* library) { return of.on_gpu(index, library); });
}

int catenary_through_gpu(const catenary_sampler* sampler, int32_t index, const char* driver, catenary_sampler** out,
                         catenary_message* message) {
  return new_sampler_of("catenary_through_gpu", sampler, driver, out, message,
                        [&](const auto& of, const char* library) { return of.through_gpu(index, library); });
}

void catenary_release(catenary_sampler* sampler) { delete sampler; }

int catenary_prior(const catenary_sampler* sampler, catenary_state out, const catenary_draw* draw,
                   catenary_message* message) {
  return asked(sampler, out, draw, message,
               [&](catenary::State& made, const Request& r) { r.sampler->prior_into(made, r.seed, r.options); });
}

int catenary_forward(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_times t,
                     const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->forward_into(made, r.state(x0, "x0"), r.times(t, "t"), r.seed, r.options);
  });
}

int catenary_bridge(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                    catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->bridge_into(made, r.state(x0, "x0"), r.state(xt, "xt"), r.times(s, "s"), r.times(t, "t"), r.seed,
                           r.options);
  });
}

int catenary_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                  catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->step_into(made, r.state(estimate, "estimate"), r.state(xt, "xt"), r.times(s, "s"), r.times(t, "t"),
                         r.seed, r.options);
  });
}

int catenary_transition(const catenary_sampler* sampler, catenary_state out, catenary_state xs, catenary_times s,
                        catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->transition_into(made, r.state(xs, "xs"), r.times(s, "s"), r.times(t, "t"), r.seed, r.options);
  });
}

int catenary_log_density(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                         catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->log_density_into(made, r.state(x0, "x0"), r.state(xt, "xt"), r.times(t, "t"), r.options);
  });
}

int catenary_score(const catenary_sampler* sampler, catenary_state out, catenary_state x0, catenary_state xt,
                   catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->score_into(made, r.state(x0, "x0"), r.state(xt, "xt"), r.times(t, "t"), r.options);
  });
}

int catenary_loss(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state x0,
                  catenary_state xt, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->loss_into(made, r.state(estimate, "estimate"), r.state(x0, "x0"), r.state(xt, "xt"), r.times(t, "t"),
                         r.options);
  });
}

int catenary_loss_gradient(const catenary_sampler* sampler, catenary_state out, catenary_state estimate,
                           catenary_state x0, catenary_state xt, catenary_times t, const catenary_draw* draw,
                           catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->loss_gradient_into(made, r.state(estimate, "estimate"), r.state(x0, "x0"), r.state(xt, "xt"),
                                  r.times(t, "t"), r.options);
  });
}

int catenary_flow_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                       catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->flow_step_into(made, r.state(estimate, "estimate"), r.state(xt, "xt"), r.times(s, "s"), r.times(t, "t"),
                              r.seed, r.options);
  });
}

int catenary_mean_step(const catenary_sampler* sampler, catenary_state out, catenary_state estimate, catenary_state xt,
                       catenary_times s, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->mean_step_into(made, r.state(estimate, "estimate"), r.state(xt, "xt"), r.times(s, "s"), r.times(t, "t"),
                              r.seed, r.options);
  });
}

int catenary_flow_velocity(const catenary_sampler* sampler, catenary_state out, catenary_state estimate,
                           catenary_state xt, catenary_times t, const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->flow_velocity_into(made, r.state(estimate, "estimate"), r.state(xt, "xt"), r.times(t, "t"), r.options);
  });
}

int catenary_convert(const catenary_sampler* sampler, catenary_state out, catenary_state source,
                     const catenary_draw* draw, catenary_message* message) {
  return asked(sampler, out, draw, message, [&](catenary::State& made, const Request& r) {
    r.sampler->convert_into(made, r.state(source, "source"), r.options);
  });
}

}  // extern "C"
