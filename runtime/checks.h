// The checks of a call's arguments, each with its sentence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <catenary/runtime/abi.h>
#include <catenary/runtime/arguments.h>
#include <catenary/runtime/module.h>
#include <catenary/runtime/state.h>
#include <catenary/runtime/threads.h>

namespace catenary {

/// Who asks: how a sentence about a call begins.
struct Subject {
  const char* call;  ///< "forward", "reverse", ...
  int64_t step = 0;  ///< of a walk; 0 outside one
  int64_t steps = 0;
  double time = 0;

  std::string text() const;  ///< "forward" or "reverse, step 3 of 40 (time 0.25)"
};

/// What a role of the ABI is called in a sentence: "x0", "xs", "xt", "the estimate", "the source", "the output".
const char* role_name(int role);

/// True for what a kernel writes, false for what it reads.
bool is_output(int role);

/// What a tensor of that role holds at a point of the component.
catenary_point point_of(const catenary_component& component, int role);

/// Whether a model returns logits for the component.
bool has_logits(const catenary_component& component);

/// Every component of the joint process is there and no other. Errors: unknown or missing component.
void check_names(const Subject& subject, const Module& module, int role, const State& state);

/// Memory of `device`, dtype, shape up to batch and sites, strides, memory. Errors: each of them; a read-only output;
/// no samples or no sites.
void check_tensor(const Subject& subject, const catenary_component& component, int role, const TensorView& tensor,
                  Device device);

/// Every element is finite (in logits, negative infinity is a category ruled out, and one of a point must remain) and
/// every category of an input in range. Errors: what was found, and the first sample, site and element where; the mark
/// of `mark_unwritten`.
void check_values(const Subject& subject, const catenary_component& component, int role, const TensorView& tensor,
                  ThreadPool& pool, int threads);

/// Puts a mark that `check_values` knows at the first and last element of an estimate, before a model is to write it.
void mark_unwritten(const catenary_point& point, const TensorView& tensor);

/// Times lie in [0, T], and there is one for all or one per sample. In a GPU's memory, which must be `device`'s, they
/// are counted only. Errors: outside, NaN, another number, another device.
void check_times(const Subject& subject, const Module& module, const char* name, const Times& times, int64_t samples,
                 Device device);

/// t > 0 for every sample, checked before; not in a GPU's memory.
void check_after_start(const Subject& subject, const Times& t);

/// s <= t for every sample, both checked before; not in a GPU's memory. Error: one per sample and one for all that only
/// the GPU knows.
void check_order(const Subject& subject, const Times& s, const Times& t, int64_t samples);

/// The times of a walk: at least two, falling strictly as float32 from T (with an initial state, from at most T) and
/// never below 0.
void check_walk_times(const Module& module, const std::vector<double>& times, bool with_initial);

/// first_sample and threads are not negative.
void check_options(const Subject& subject, int64_t first_sample, int threads);

}  // namespace catenary
