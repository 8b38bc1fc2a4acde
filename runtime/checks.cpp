// The checks of a call's arguments, each with its sentence.
#include <catenary/runtime/checks.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {
namespace {

// A NaN of our own, and a category that is none: what a model's tensor holds before the model has written it.
constexpr uint32_t unwritten_f32 = 0x7fca7e4a;
constexpr int32_t unwritten_i32 = std::numeric_limits<int32_t>::min();

// Elements that one thread looks through at a time.
constexpr int64_t scan_grain = 1 << 16;

[[noreturn]] void fail(const Subject& subject, std::string_view sentence) {
  throw Error(fmt::format("{}: {}", subject.text(), sentence));
}

std::string name_of(const catenary_component& component, int role) {
  return fmt::format("component '{}' of {}", component.name, role_name(role));
}

std::span<const int64_t> point_shape(const catenary_point& point) { return {point.shape, size_t(point.rank)}; }

std::string whole_shape(const catenary_point& point) {
  std::string text = "[batch, sites...";
  for (int64_t axis : point_shape(point)) text += fmt::format(", {}", axis);
  return text + "]";
}

std::string names_in(const State& state) {
  std::string names;
  for (const auto& [name, tensor] : state) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", name);
  return names.empty() ? "none" : names;
}

/// "sample 5, site [3], element [1, 0]"; parts that have one place only are left out, but for the sample.
std::string place_of(const catenary_point& point, const TensorView& tensor, int64_t element) {
  Shape index(tensor.shape().size());
  for (size_t axis = index.size(); axis-- > 0; element /= tensor.shape()[axis])
    index[axis] = element % tensor.shape()[axis];
  const std::span<const int64_t> all(index);
  const size_t site_rank = index.size() - 1 - size_t(point.rank);
  std::string text = fmt::format("sample {}", index[0]);
  if (site_rank > 0) text += ", site " + to_string(all.subspan(1, site_rank));
  if (point.rank > 0) text += ", element " + to_string(all.subspan(1 + site_rank));
  return text;
}

/// The first element of the first bad one among `count` units of `unit` elements. `any_bad(begin, end)` may see
/// something in a range of elements where nothing is, and never misses; `is_bad(element)` judges the unit that begins
/// there.
template <class AnyBad, class IsBad>
std::optional<int64_t> first_bad(int64_t count, int64_t unit, ThreadPool& pool, int threads, AnyBad any_bad,
                                 IsBad is_bad) {
  std::atomic<int64_t> found = count;
  auto scan = [&](int64_t begin, int64_t end) {
    // Blocks that stay in the first cache; one found bad is looked through again, element by element.
    for (int64_t block = std::max<int64_t>(1, 2048 / unit);
         begin < end && begin < found.load(std::memory_order_relaxed); begin += block) {
      const int64_t stop = std::min(end, begin + block);
      if (!any_bad(begin * unit, stop * unit)) continue;
      for (int64_t i = begin; i < stop; ++i) {
        if (!is_bad(i * unit)) continue;
        int64_t least = found.load();
        while (i < least && !found.compare_exchange_weak(least, i)) {
        }
        return;
      }
    }
  };
  pool.parallel_for(0, count, std::max<int64_t>(1, scan_grain / unit), scan, threads);
  if (found.load() == count) return std::nullopt;
  return found.load() * unit;
}

// The loops below are written over integers and without branches, so that compilers turn them into vector code, twice:
// for every processor and for those with AVX2, where a look at the data then costs a tenth of what drawing does. The
// choice is made while the library is loaded, before the thread sanitizer can follow it.
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_THREAD__)
#define CATENARY_VECTOR_CLONES [[gnu::target_clones("avx2", "default")]]
#else
#define CATENARY_VECTOR_CLONES
#endif

CATENARY_VECTOR_CLONES
bool any_not_finite(const int32_t* bits, int64_t begin, int64_t end) {
  int32_t bad = 0;
#pragma GCC unroll 4
  for (int64_t i = begin; i < end; ++i) bad |= -int32_t((bits[i] & 0x7fffffff) >= 0x7f800000);
  return bad != 0;
}

CATENARY_VECTOR_CLONES
bool any_outside(const int32_t* values, int64_t begin, int64_t end, int32_t categories) {
  int32_t bad = 0;
#pragma GCC unroll 4
  for (int64_t i = begin; i < end; ++i) bad |= -int32_t(values[i] < 0) | -int32_t(values[i] >= categories);
  return bad != 0;
}

constexpr int32_t minus_infinity = std::bit_cast<int32_t>(0xff800000u);

bool is_nan_or_plus_infinity(int32_t bits) { return (bits & 0x7fffffff) >= 0x7f800000 && bits != minus_infinity; }

/// Whether a point's logits hold NaN or +infinity, or nothing but -infinity.
bool bad_logits(const int32_t* bits, int64_t begin, int64_t end) {
  int32_t bad = 0, all_out = -1;
#pragma GCC unroll 4
  for (int64_t i = begin; i < end; ++i) {
    bad |= -int32_t(is_nan_or_plus_infinity(bits[i]));
    all_out &= -int32_t(bits[i] == minus_infinity);
  }
  return (bad | all_out) != 0;
}

[[noreturn]] void fail_unwritten(const Subject& subject, const catenary_component& component,
                                 const catenary_point& point, const TensorView& tensor, int64_t element) {
  fail(subject,
       fmt::format(
           "the model did not write component '{}' of the estimate at {}; it must fill the tensor it is given, or "
           "set the component to one of its own",
           component.name, place_of(point, tensor, element)));
}

void check_floats(const Subject& subject, const catenary_component& component, int role, const TensorView& tensor,
                  ThreadPool& pool, int threads) {
  const catenary_point& point = point_of(component, role);
  const auto* bits = static_cast<const int32_t*>(tensor.data());
  auto any = [bits](int64_t begin, int64_t end) { return any_not_finite(bits, begin, end); };
  const bool logits = role == CATENARY_ESTIMATE && has_logits(component);
  std::optional<int64_t> bad;
  if (logits) {
    bad = first_bad(tensor.size() / point.size, point.size, pool, threads, any,
                    [&](int64_t i) { return bad_logits(bits, i, i + point.size); });
  } else {
    bad = first_bad(tensor.size(), 1, pool, threads, any, [&](int64_t i) { return any_not_finite(bits, i, i + 1); });
  }
  if (!bad) return;
  int64_t element = *bad;
  if (logits) {
    const int32_t* end = bits + *bad + point.size;
    const int32_t* culprit = std::find_if(bits + *bad, end, is_nan_or_plus_infinity);
    if (culprit == end)
      fail(subject, fmt::format("{} rules out every category at {} (all logits are -inf); leave at least one",
                                name_of(component, role), place_of(point, tensor, element)));
    element = culprit - bits;
  }
  if (uint32_t(bits[element]) == unwritten_f32 && role == CATENARY_ESTIMATE)
    fail_unwritten(subject, component, point, tensor, element);
  const float value = std::bit_cast<float>(bits[element]);
  fail(subject,
       fmt::format("{} holds {} at {}; {}", name_of(component, role),
                   std::isnan(value) ? "nan" : fmt::format("{}", value), place_of(point, tensor, element),
                   logits            ? "logits must be finite, or -inf to rule a category out"
                   : is_output(role) ? "what the model estimates there is no point of its space, or far beyond one"
                                     : "every number must be finite"));
}

void check_categories(const Subject& subject, const catenary_component& component, int role, const TensorView& tensor,
                      ThreadPool& pool, int threads) {
  const catenary_point& point = point_of(component, role);
  const auto* values = static_cast<const int32_t*>(tensor.data());
  const auto categories = int32_t(std::min<int64_t>(point.categories, std::numeric_limits<int32_t>::max()));
  auto any = [=](int64_t begin, int64_t end) { return any_outside(values, begin, end, categories); };
  auto bad = first_bad(tensor.size(), 1, pool, threads, any, [&](int64_t i) { return any(i, i + 1); });
  if (!bad) return;
  if (values[*bad] == unwritten_i32 && role == CATENARY_ESTIMATE)
    fail_unwritten(subject, component, point, tensor, *bad);
  fail(subject, fmt::format("{} holds {} at {}; its categories are 0 to {} (space '{}')", name_of(component, role),
                            values[*bad], place_of(point, tensor, *bad), point.categories - 1, component.space));
}

std::string time_text(double time) { return std::isnan(time) ? "nan" : fmt::format("{}", time); }

}  // namespace

std::string Subject::text() const {
  return step == 0 ? call : fmt::format("{}, step {} of {} (time {})", call, step, steps, time);
}

const char* role_name(int role) {
  switch (role) {
    case CATENARY_X0: return "x0";
    case CATENARY_XT: return "xt";
    case CATENARY_ESTIMATE: return "the estimate";
    case CATENARY_XS: return "xs";
    case CATENARY_SOURCE: return "the source";
    default: return "the output";
  }
}

bool is_output(int role) {
  return role == CATENARY_OUT || role == CATENARY_LOG_DENSITY || role == CATENARY_TANGENT || role == CATENARY_LOSS ||
         role == CATENARY_LOSS_GRADIENT;
}

bool has_logits(const catenary_component& component) { return std::string_view(component.estimate_kind) == "logits"; }

catenary_point point_of(const catenary_component& component, int role) {
  if (role == CATENARY_LOG_DENSITY || role == CATENARY_LOSS) return {CATENARY_F32, 0, {}, 1, 0};
  if (role == CATENARY_TANGENT) {
    catenary_point tangent = component.point;
    tangent.dtype = CATENARY_F32;
    tangent.categories = 0;
    return tangent;
  }
  return role == CATENARY_ESTIMATE || role == CATENARY_LOSS_GRADIENT || role == CATENARY_SOURCE ? component.estimate
                                                                                                : component.point;
}

void check_names(const Subject& subject, const Module& module, int role, const State& state) {
  for (const auto& [name, tensor] : state)
    if (std::ranges::none_of(module.components(), [&](const catenary_component& c) { return name == c.name; }))
      fail(subject, fmt::format("{} has a component '{}', which joint '{}' does not have; its components are {}",
                                role_name(role), name, module.raw().name, module.component_names()));
  for (const catenary_component& component : module.components())
    if (!state.contains(component.name))
      fail(subject, fmt::format("{} lacks component '{}' of joint '{}'; it has {}", role_name(role), component.name,
                                module.raw().name, names_in(state)));
}

void check_tensor(const Subject& subject, const catenary_component& component, int role, const TensorView& tensor,
                  Device device) {
  const catenary_point& point = point_of(component, role);
  const Dtype dtype = point.dtype == CATENARY_F32 ? Dtype::f32 : Dtype::i32;
  const Shape& shape = tensor.shape();
  if (tensor.device() != device && device != Device{})
    fail(subject, fmt::format("{} is on {}; this sampler runs on {}, so copy it there first", name_of(component, role),
                              to_string(tensor.device()), to_string(device)));
  if (tensor.device() != device)
    fail(subject, fmt::format("{} is on {}; this sampler runs on the CPU, so copy it to host memory first",
                              name_of(component, role), to_string(tensor.device())));
  const auto points = point_shape(point);
  const bool estimated = role == CATENARY_ESTIMATE;
  const char* these = estimated                        ? "estimates"
                      : role == CATENARY_LOG_DENSITY   ? "log densities"
                      : role == CATENARY_TANGENT       ? "tangent vectors"
                      : role == CATENARY_LOSS          ? "losses"
                      : role == CATENARY_LOSS_GRADIENT ? "gradients"
                                                       : "points";
  if (tensor.rank() < 1 + point.rank || !std::equal(points.begin(), points.end(), shape.end() - point.rank))
    fail(subject, fmt::format("{} has shape {}; its {} are {} ({} '{}'), so the shape must be {}",
                              name_of(component, role), to_string(shape), these, to_string(points),
                              estimated ? fmt::format("{} of space", component.estimate_kind) : "space",
                              role == CATENARY_SOURCE ? component.estimate_kind : component.space, whole_shape(point)));
  if (tensor.dtype() != dtype)
    fail(subject, fmt::format("{} is a tensor of {}; it must be of {}", name_of(component, role),
                              to_string(tensor.dtype()), to_string(dtype)));
  if (tensor.size() == 0)
    fail(subject, fmt::format("{} has shape {}, which is {}; there must be at least one", name_of(component, role),
                              to_string(shape), shape[0] == 0 ? "zero samples" : "zero sites"));
  if (!tensor.is_contiguous())
    fail(subject, fmt::format("{} is not contiguous (shape {}, strides {}); pass contiguous(view), a dense copy",
                              name_of(component, role), to_string(shape), to_string(tensor.strides())));
  if (tensor.data() == nullptr)
    fail(subject,
         fmt::format("{} has shape {} and no memory (a null pointer)", name_of(component, role), to_string(shape)));
  if (reinterpret_cast<uintptr_t>(tensor.data()) % element_bytes != 0)
    fail(subject,
         fmt::format(
             "{} lies at an address that is not a multiple of {} bytes; copy it to memory aligned for its elements",
             name_of(component, role), element_bytes));
  if (is_output(role) && tensor.read_only())
    fail(subject, fmt::format("{} is read-only; give the output memory that may be written", name_of(component, role)));
}

void check_values(const Subject& subject, const catenary_component& component, int role, const TensorView& tensor,
                  ThreadPool& pool, int threads) {
  const catenary_point& point = point_of(component, role);
  if (point.dtype == CATENARY_F32)
    check_floats(subject, component, role, tensor, pool, threads);
  else if (point.categories > 0 && !is_output(role))
    check_categories(subject, component, role, tensor, pool, threads);
}

void mark_unwritten(const catenary_point& point, const TensorView& tensor) {
  auto* elements = static_cast<int32_t*>(tensor.data());
  const int32_t mark = point.dtype == CATENARY_F32 ? int32_t(unwritten_f32) : unwritten_i32;
  if (point.dtype == CATENARY_F32 || point.categories > 0) elements[0] = elements[tensor.size() - 1] = mark;
}

void check_times(const Subject& subject, const Module& module, const char* name, const Times& times, int64_t samples,
                 Device device) {
  if (times.device() != Device{} && times.device() != device)
    fail(subject, fmt::format("{} is on {}; this sampler runs on {}", name, to_string(times.device()),
                              device == Device{} ? "the CPU" : to_string(device)));
  if (times.per_sample() && times.count() != samples)
    fail(subject, fmt::format("{} has {} values and the batch has {} samples; give one time for all or one per sample",
                              name, times.count(), samples));
  if (times.device() != Device{}) return;
  const double horizon = module.raw().horizon;
  auto must = [&] {
    return fmt::format("joint '{}' runs from 0 to {}, so {} must be in [0, {}]", module.raw().name, horizon, name,
                       horizon);
  };
  const auto limit = float(horizon);
  if (!times.per_sample()) {
    if (!(times.one() >= 0 && float(times.one()) <= limit))
      fail(subject, fmt::format("{} is {}; {}", name, time_text(times.one()), must()));
    return;
  }
  const auto each = times.each();
  for (size_t sample = 0; sample < each.size(); ++sample)
    if (!(each[sample] >= 0 && each[sample] <= limit))
      fail(subject, fmt::format("{} of sample {} is {}; {}", name, sample, time_text(each[sample]), must()));
}

void check_after_start(const Subject& subject, const Times& t) {
  if (t.device() != Device{}) return;
  const std::string_view call = subject.call;
  auto check = [&](double time, const std::string& whose) {
    if (!(time > 0))
      fail(subject, fmt::format("t{} is {}; {}, so t must be above it", whose, time_text(time),
                                call.starts_with("loss") ? "at time 0 x_t is x_0 and leaves a model nothing to estimate"
                                : call.starts_with("flow") ? "a flow has a velocity only after time 0"
                                                           : "x_t has a density only after time 0"));
  };
  if (!t.per_sample()) return check(float(t.one()), "");
  for (size_t sample = 0; sample < t.each().size(); ++sample)
    check(t.each()[sample], fmt::format(" of sample {}", sample));
}

void check_order(const Subject& subject, const Times& s, const Times& t, int64_t samples) {
  auto shared_there = [](const Times& times) { return times.device() != Device{} && !times.per_sample(); };
  if (samples > 1 && ((shared_there(s) && t.per_sample()) || (shared_there(t) && s.per_sample())))
    fail(subject, fmt::format("{} is one time for all in the GPU's memory and {} has one per sample; give both per "
                              "sample, or both for all",
                              s.per_sample() ? "t" : "s", s.per_sample() ? "s" : "t"));
  if (s.device() != Device{} || t.device() != Device{}) return;
  auto at = [](const Times& times, int64_t sample) {
    return times.per_sample() ? times.each()[size_t(sample)] : float(times.one());
  };
  const bool per_sample = s.per_sample() || t.per_sample();
  for (int64_t sample = 0; sample < (per_sample ? samples : 1); ++sample)
    if (at(s, sample) > at(t, sample))
      fail(subject, fmt::format("s is {} and t is {}{}; s must not be above t", at(s, sample), at(t, sample),
                                per_sample ? fmt::format(" for sample {}", sample) : ""));
}

void check_walk_times(const Module& module, const std::vector<double>& times, bool with_initial) {
  const Subject subject{"reverse"};
  const double horizon = module.raw().horizon;
  if (times.size() < 2)
    fail(subject,
         fmt::format("times has {} values; a walk needs at least two, from {} down to 0", times.size(), horizon));
  if (with_initial && !(float(times[0]) <= float(horizon)))
    fail(subject,
         fmt::format("times[0] is {}; joint '{}' runs from 0 to {}, so the initial state must be at a time in it",
                     time_text(times[0]), module.raw().name, horizon));
  if (!with_initial && float(times[0]) != float(horizon))
    fail(subject,
         fmt::format(
             "times[0] is {}; a walk from the prior starts at {}, the horizon of joint '{}' (give an initial state to "
             "start elsewhere)",
             time_text(times[0]), horizon, module.raw().name));
  for (size_t i = 1; i < times.size(); ++i)
    if (!(float(times[i]) < float(times[i - 1])))
      fail(subject, fmt::format("times[{}] is {} after times[{}] = {}; times must fall strictly (as float32)", i,
                                time_text(times[i]), i - 1, times[i - 1]));
  if (times.back() < 0) fail(subject, fmt::format("the last time is {}; times must not fall below 0", times.back()));
}

void check_options(const Subject& subject, int64_t first_sample, int threads) {
  if (first_sample < 0)
    fail(subject, fmt::format("first_sample is {}; the number of a sample is at least 0", first_sample));
  if (threads < 0) fail(subject, fmt::format("threads is {}; give a number, or 0 for all of the sampler's", threads));
}

}  // namespace catenary
