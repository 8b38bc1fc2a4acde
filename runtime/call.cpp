// One call of a sampler: its arguments checked and bound, then its kernels run.
#include <catenary/runtime/call.h>

#include <algorithm>

#include <fmt/format.h>

#include <catenary/runtime/cuda_kernels.h>
#include <catenary/runtime/plain_arithmetic.h>
#include <catenary/support/error.h>

namespace catenary {
namespace {

// The counter has 48 bits of block, four words each.
constexpr int64_t draws_of_stream = int64_t{1} << 50;

std::string sites_text(std::string_view group) {
  return group.empty() ? "the sites that have no name" : fmt::format("sites '{}'", group);
}

}  // namespace

Call::Call(const Module& module, const Subject& subject, Place place)
    : module_(module),
      subject_(subject),
      place_(place),
      memory_(buffer_.data(), buffer_.size()),
      bound_(module.components().size() * CATENARY_ROLES, &memory_),
      groups_(module.groups().size(), &memory_) {}

Device Call::device() const { return place_.gpu ? place_.gpu->device() : Device{}; }

void Call::bind(int role, const State& state) {
  const bool in_order = std::ranges::equal(state, module_.components(), {}, &State::Entry::name,
                                           [](const catenary_component& c) { return std::string_view(c.name); });
  if (!in_order) check_names(subject_, module_, role, state);
  int component = 0;
  for (const catenary_component& declared : module_.components()) {
    const Tensor& tensor = in_order ? state.begin()[component].tensor : *state.find(declared.name);
    check_tensor(subject_, declared, role, tensor, device());
    agree(component, role, tensor);
    bound_[size_t(component++) * CATENARY_ROLES + size_t(role)] = &tensor;
  }
}

void Call::agree(int component, int role, const TensorView& tensor) {
  const auto components = module_.components();
  auto name = [&](int c, int r) {
    return fmt::format("component '{}' of {}", components[size_t(c)].name, role_name(r));
  };
  const std::span<const int64_t> shape(tensor.shape());
  const catenary_point& point = point_of(components[size_t(component)], role);
  const auto sites = shape.subspan(1, shape.size() - 1 - size_t(point.rank));
  if (samples_ == 0) {
    samples_ = shape[0];
    batch_component_ = component, batch_role_ = role;
  } else if (shape[0] != samples_) {
    throw Error(fmt::format("{}: {} has {} samples and {} has {}; the batch must be the same", subject_.text(),
                            name(component, role), shape[0],
                            batch_role_ < 0 ? "the call" : name(batch_component_, batch_role_), samples_));
  }
  Group& group = groups_[size_t(module_.group_of(component))];
  if (group.component < 0) {
    group = {sites, component, role};
  } else if (!std::ranges::equal(sites, group.sites)) {
    throw Error(fmt::format("{}: {} has sites {} and {} has {}; both are on {}, so these must be the same",
                            subject_.text(), name(component, role), to_string(sites),
                            group.role < 0 ? "the call" : name(group.component, group.role), to_string(group.sites),
                            sites_text(module_.groups()[size_t(module_.group_of(component))])));
  }
}

void Call::set_extents(int64_t samples, const Sites& sites) {
  if (samples < 1)
    throw Error(fmt::format("{}: {} samples were asked for; there must be at least one", subject_.text(), samples));
  for (const auto& [name, shape] : sites) {
    if (std::ranges::find(module_.groups(), name) == module_.groups().end()) {
      std::string names;
      for (std::string_view group : module_.groups()) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", group);
      throw Error(fmt::format("{}: shapes were given for sites '{}', which joint '{}' does not have; its sites are {}",
                              subject_.text(), name, module_.raw().name, names));
    }
    if (std::ranges::any_of(shape, [](int64_t axis) { return axis < 1; }))
      throw Error(fmt::format("{}: {} were given shape {}; every size must be at least 1", subject_.text(),
                              sites_text(name), to_string(shape)));
  }
  samples_ = samples;
  for (size_t group = 0; group < groups_.size(); ++group) {
    auto given = sites.find(std::string(module_.groups()[group]));
    groups_[group] = {given == sites.end() ? std::span<const int64_t>() : std::span<const int64_t>(given->second), 0,
                      -1};
  }
}

void Call::set_time(size_t index, const Times& times) {
  one_time_[index] = float(times.one());
  const bool on_gpu = times.device() != Device{};
  times_[index] = {on_gpu || times.per_sample() ? times.data() : &one_time_[index], times.per_sample() ? 1 : 0, on_gpu};
}

void Call::set_times(const Times& t) {
  const PlainArithmetic plain;  // Times are rounded to float.
  check_times(subject_, module_, "t", t, samples_, device());
  set_time(0, t);
}

void Call::set_times(const Times& s, const Times& t) {
  const PlainArithmetic plain;
  check_times(subject_, module_, "s", s, samples_, device());
  check_times(subject_, module_, "t", t, samples_, device());
  check_order(subject_, s, t, samples_);
  set_time(0, s);
  set_time(1, t);
}

void Call::check_data(int role, ThreadPool& pool, int threads) const {
  if (place_.gpu) return;
  int component = 0;
  for (const catenary_component& declared : module_.components())
    check_values(subject_, declared, role, *bound(component++, role), pool, threads);
}

State Call::allocate(int role) const {
  State state;
  int component = 0;
  for (const catenary_component& declared : module_.components()) {
    const catenary_point& point = point_of(declared, role);
    const Group& group = groups_[size_t(module_.group_of(component++))];
    Shape shape;
    shape.reserve(1 + group.sites.size() + size_t(point.rank));
    shape.push_back(samples_);
    shape.insert(shape.end(), group.sites.begin(), group.sites.end());
    shape.insert(shape.end(), point.shape, point.shape + point.rank);
    const Dtype dtype = point.dtype == CATENARY_F32 ? Dtype::f32 : Dtype::i32;
    state.set(declared.name, place_.gpu ? place_.gpu->empty(dtype, shape, fmt::format("component '{}'", declared.name))
                                        : Tensor::empty(dtype, shape));
  }
  return state;
}

int64_t Call::site_count(int group) const {
  int64_t count = 1;
  for (int64_t axis : groups_[size_t(group)].sites) count *= axis;
  return count;
}

void Call::check_overlap() {
  struct Range {
    uintptr_t first, end;
    int component, role;
  };
  auto overlap = [](const Range& a, const Range& b) { return a.first < b.end && b.first < a.end; };
  auto name = [&](const Range& range) { return module_.components()[size_t(range.component)].name; };
  std::pmr::vector<Range> ranges(&memory_);
  ranges.reserve(4 * module_.components().size());  // No question binds more.
  for (size_t place = 0; place < bound_.size(); ++place)
    if (const TensorView* tensor = bound_[place]) {
      auto first = reinterpret_cast<uintptr_t>(tensor->data());
      ranges.push_back(
          {first, first + uintptr_t(tensor->bytes()), int(place / CATENARY_ROLES), int(place % CATENARY_ROLES)});
    }
  for (const Range& out : ranges) {
    if (!is_output(out.role)) continue;
    for (const TimeSource& times : times_) {
      if (times.stride == 0 && !times.on_gpu) continue;
      auto first = reinterpret_cast<uintptr_t>(times.data);
      if (overlap(out, {first, first + uintptr_t((times.stride == 0 ? 1 : samples_) * element_bytes), 0, 0}))
        throw Error(fmt::format(
            "{}: component '{}' of the output overlaps the times in memory; give the output memory of its own",
            subject_.text(), name(out)));
    }
    for (const Range& other : ranges)
      if (&other != &out && (!is_output(other.role) || &other < &out) && overlap(out, other))
        throw Error(
            fmt::format("{}: component '{}' of the output overlaps component '{}' of {} in memory; give the output "
                        "memory of its own",
                        subject_.text(), name(out), name(other), role_name(other.role)));
  }
}

int64_t Call::points_of(const catenary_kernel& kernel) const {
  return site_count(module_.group_of(kernel.operands[0].component)) * kernel.numbers;
}

void Call::check_range(const catenary_kernel& kernel, int64_t first_sample) const {
  const int64_t points = points_of(kernel);
  const int64_t most_points = draws_of_stream / std::max<int64_t>(kernel.draws, 1);
  const bool in_range = first_sample <= most_points / points - samples_;
  if (!in_range && kernel.draws == 0)
    throw Error(fmt::format(
        "{}: samples {} to {}, with {} points each on {}, go beyond 2^50 points; number them from 0", subject_.text(),
        first_sample, uint64_t(first_sample) + uint64_t(samples_) - 1, points, sites_text(kernel.sites)));
  if (!in_range)
    throw Error(fmt::format(
        "{}: samples {} to {}, which draw {} numbers each on {}, go beyond the 2^50 numbers of a seed's stream, where "
        "draws would repeat; use another seed for them",
        subject_.text(), first_sample, uint64_t(first_sample) + uint64_t(samples_) - 1, points * kernel.draws,
        sites_text(kernel.sites)));
}

void Call::run(Question question, Seed seed, int64_t first_sample, ThreadPool& pool, int threads) {
  if (place_.seed_memory && !place_.gpu)
    throw Error(fmt::format("{}: a seed in a GPU's memory was given; this sampler runs on the CPU", subject_.text()));
  if (reinterpret_cast<uintptr_t>(place_.seed_memory) % alignof(catenary_device_seed) != 0)
    throw Error(fmt::format("{}: the seed in the GPU's memory lies at an address that is no multiple of {}",
                            subject_.text(), alignof(catenary_device_seed)));
  check_overlap();
  for (const catenary_kernel* kernel : module_.kernels(question)) {
    check_range(*kernel, first_sample);
    if (place_.gpu) place_.gpu->check_points(points_of(*kernel));
  }
  for (const catenary_kernel* kernel : module_.kernels(question)) {
    const size_t count = size_t(kernel->operand_count);
    std::pmr::vector<void*> operands(count, nullptr, &memory_);
    std::pmr::vector<int64_t> point_bytes(count, &memory_);
    for (size_t i = 0; i < count; ++i) {
      const catenary_operand& operand = kernel->operands[i];
      const TensorView* tensor = bound(operand.component, operand.role);
      if (tensor == nullptr)
        throw Bug(fmt::format("kernel '{}' reads {}, which its question does not have", kernel->pipeline,
                              role_name(operand.role)));
      operands[i] = tensor->data();
      point_bytes[i] = point_of(module_.components()[size_t(operand.component)], operand.role).size * element_bytes /
                       kernel->numbers;
    }
    const KernelCall kernel_call = {.seed = seed,
                                    .seed_memory = place_.seed_memory,
                                    .first_sample = first_sample,
                                    .samples = samples_,
                                    .points = points_of(*kernel),
                                    .operands = operands,
                                    .point_bytes = point_bytes,
                                    .times = times_,
                                    .pool = &pool,
                                    .threads = threads};
    if (place_.gpu)
      place_.gpu->run(*kernel, kernel_call, place_.stream);
    else
      catenary::run(*kernel, kernel_call);
  }
}

}  // namespace catenary
