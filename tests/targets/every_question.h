// A sampler asked any question, and the same asked of a GPU's kernels.
#pragma once

#include <catenary/tests/targets/all_laws.h>
#include <catenary/tests/targets/device_bodies.h>

namespace catenary::testing {

inline State answer(const Sampler& sampler, Question question, const Arguments& a, const Sites& sites, Seed seed,
                    const DrawOptions& options = {}) {
  switch (question) {
    case Question::prior: return sampler.prior(int64_t(a.t.size()), sites, seed, options);
    case Question::forward: return sampler.forward(a.x0, a.t, seed, options);
    case Question::bridge: return sampler.bridge(a.x0, a.xt, a.s, a.t, seed, options);
    case Question::step: return sampler.step(a.estimate, a.xt, a.s, a.t, seed, options);
    case Question::transition: return sampler.transition(a.x0, a.s, a.t, seed, options);
    case Question::log_density: return sampler.log_density(a.x0, a.xt, a.t, options);
    case Question::score: return sampler.score(a.x0, a.xt, a.t, options);
    case Question::loss: return sampler.loss(a.estimate, a.x0, a.xt, a.t, options);
    case Question::loss_gradient: return sampler.loss_gradient(a.estimate, a.x0, a.xt, a.t, options);
    case Question::flow_step: return sampler.flow_step(a.estimate, a.xt, a.s, a.t, options);
    case Question::mean_step: return sampler.mean_step(a.estimate, a.xt, a.s, a.t, options);
    case Question::flow_velocity: return sampler.flow_velocity(a.estimate, a.xt, a.t, options);
    case Question::convert: break;  // No process is asked.
  }
  throw Bug("unknown question");
}

/// Keeps pointers to the states of `a`.
inline Asked asked(Question question, const Arguments& a, Seed seed, int64_t first_sample) {
  auto of = [&](std::map<int, const State*> given, std::vector<float> first, std::vector<float> second) {
    return Asked{std::move(given), {std::move(first), std::move(second)}, seed, first_sample, int64_t(a.t.size())};
  };
  switch (question) {
    case Question::prior: return of({}, {}, {});
    case Question::forward: return of({{CATENARY_X0, &a.x0}}, a.t, {});
    case Question::bridge: return of({{CATENARY_X0, &a.x0}, {CATENARY_XT, &a.xt}}, a.s, a.t);
    case Question::transition: return of({{CATENARY_XS, &a.x0}}, a.s, a.t);
    case Question::log_density:
    case Question::score: return of({{CATENARY_X0, &a.x0}, {CATENARY_XT, &a.xt}}, a.t, {});
    case Question::loss:
    case Question::loss_gradient:
      return of({{CATENARY_X0, &a.x0}, {CATENARY_XT, &a.xt}, {CATENARY_ESTIMATE, &a.estimate}}, a.t, {});
    case Question::step:
    case Question::flow_step:
    case Question::mean_step: return of({{CATENARY_ESTIMATE, &a.estimate}, {CATENARY_XT, &a.xt}}, a.s, a.t);
    case Question::flow_velocity: return of({{CATENARY_ESTIMATE, &a.estimate}, {CATENARY_XT, &a.xt}}, a.t, {});
    case Question::convert: break;
  }
  throw Bug("unknown question");
}

}  // namespace catenary::testing
