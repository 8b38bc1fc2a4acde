// The device structs of runtime/abi.h, filled in and launched.
#include <catenary/runtime/cuda_kernels.h>

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

namespace {

// Blocks of CATENARY_DEVICE_THREADS that a multiprocessor holds at most; threads beyond take turns in a kernel's loop.
constexpr int64_t blocks_at_once = 8;

bool per_sample(const catenary_kernel& kernel, const DeviceCall& call) {
  return std::any_of(call.times.begin(), call.times.begin() + kernel.time_count,
                     [](const DeviceTime& time) { return time.memory != nullptr && time.per_sample; });
}

int64_t coefficient_rows(const catenary_kernel& kernel, const DeviceCall& call) {
  return per_sample(kernel, call) ? call.samples : 1;
}

std::shared_ptr<void> loaded(const std::shared_ptr<const CudaDevice>& device, const char* ptx,
                             const std::string& what) {
  return {device->load(ptx, what), [device](void* code) { device->unload(code); }};
}

}  // namespace

CudaKernels::CudaKernels(const Module& module, std::shared_ptr<const CudaDevice> device) : device_(std::move(device)) {
  const std::string joint = fmt::format("joint '{}'", module.raw().name);
  for (const catenary_kernel& kernel : std::span(module.raw().kernels, size_t(module.raw().kernel_count))) {
    if (!kernel.device)
      throw Error(fmt::format("{}: {} has no code for GPUs; compile it for Target::cuda", device_->name(), joint));
    auto [code, added] = code_.emplace(kernel.device->ptx, nullptr);
    if (added) code->second = loaded(device_, kernel.device->ptx, joint);
    Functions& functions = functions_[&kernel];
    if (kernel.device->sample_part)
      functions.sample_part = device_->function(code->second.get(), kernel.device->sample_part);
    functions.points_part = device_->function(code->second.get(), kernel.device->points_part);
  }
}

int64_t CudaKernels::coefficients(const catenary_kernel& kernel, const DeviceCall& call) {
  return kernel.coefficient_count * coefficient_rows(kernel, call);
}

void CudaKernels::check_points(int64_t points) const {
  if (points > CATENARY_DEVICE_POINTS)
    throw Error(fmt::format("{}: {} points a sample are more than the {} of one launch", device_->name(), points,
                            CATENARY_DEVICE_POINTS));
}

void CudaKernels::launch(const catenary_kernel& kernel, const DeviceCall& call) const {
  const int64_t samples_at_once = CATENARY_DEVICE_POINTS / call.points;
  if (kernel.coefficient_count > 0) {
    catenary_device_sample_args args = {};
    for (int i = 0; i < kernel.time_count; ++i) {
      args.times[i] = call.times[size_t(i)].memory;
      args.time[i] = call.times[size_t(i)].one;
    }
    args.coefficients = call.coefficients;
    args.count = coefficient_rows(kernel, call);
    launch_grid(functions_.at(&kernel).sample_part, args.count, &args, call.stream);
  }
  for (int64_t first = 0; first < call.samples; first += samples_at_once)
    launch_points(kernel, call, first, std::min(samples_at_once, call.samples - first));
}

void CudaKernels::run(const catenary_kernel& kernel, const KernelCall& call, void* stream) const {
  DeviceCall here{.seed = call.seed,
                  .seed_memory = call.seed_memory,
                  .first_sample = call.first_sample,
                  .samples = call.samples,
                  .points = call.points,
                  .operands = call.operands,
                  .point_bytes = call.point_bytes,
                  .stream = stream};
  int64_t rows = 1, copied = 0;  // Of coefficients; of times, those that are copied for each.
  for (int i = 0; i < kernel.time_count; ++i) {
    const TimeSource& source = call.times[size_t(i)];
    DeviceTime& time = here.times[size_t(i)];
    time.per_sample = source.stride != 0 && call.samples > 1;
    if (source.on_gpu)
      time.memory = source.data;
    else
      time.one = *source.data;
    if (time.per_sample) rows = call.samples, copied += !source.on_gpu;
  }
  if (kernel.coefficient_count == 0) return launch(kernel, here);
  if (copied > 0 && device_->is_captured(stream))
    throw Error(
        fmt::format("{}: a graph would read the times of each sample again at each launch, and {}'s are in the "
                    "host's memory; give times in the GPU's",
                    device_->name(), kernel.pipeline));

  const std::string what = fmt::format("the workspace of {} for {} samples", kernel.pipeline, call.samples);
  const auto give_back = [this, stream](void* memory) { device_->free_on(stream, memory); };
  const std::unique_ptr<void, decltype(give_back)> workspace(
      device_->allocate_on(stream, size_t(rows * (copied + kernel.coefficient_count) * element_bytes), what),
      give_back);
  auto* next = static_cast<float*>(workspace.get());
  for (int i = 0; i < kernel.time_count; ++i) {
    DeviceTime& time = here.times[size_t(i)];
    if (time.memory != nullptr || !time.per_sample) continue;
    device_->copy_in_on(stream, next, call.times[size_t(i)].data, size_t(call.samples * element_bytes));
    time.memory = next;
    next += call.samples;
  }
  if (copied > 0 && device_->reads_pageable_memory()) device_->wait(stream);  // The caller's times may change.
  here.coefficients = next;
  launch(kernel, here);
}

CudaKernels::Graph::Graph(std::shared_ptr<const CudaDevice> device, const Enqueue& enqueue)
    : device_(std::move(device)),
      seed_memory_(device_->allocate(sizeof(catenary_device_seed), "the seed of a graph"),
                   [device = device_](void* taken) { device->free(taken); }),
      graph_(device_->capture(
                 [&](void* stream) { enqueue(stream, static_cast<const catenary_device_seed*>(seed_memory_.get())); }),
             [device = device_](void* made) { device->destroy_graph(made); }) {}

void CudaKernels::Graph::launch(Seed seed, void* stream) const {
  if (device_->is_captured(stream))
    throw Error(
        fmt::format("{}: a captured walk was launched on a stream that is being captured, whose graph would "
                    "outlive the walk's memory; launch it on another stream",
                    device_->name()));
  const auto told = std::bit_cast<std::array<uint32_t, 4>>(catenary_device_seed{seed.value, seed.step});
  const std::lock_guard alone(told_);
  device_->set_words_on(stream, seed_memory_.get(), told);
  device_->launch_graph(graph_.get(), stream);
}

Tensor CudaKernels::empty(Dtype dtype, const Shape& shape, const std::string& what) const {
  TensorView sized(nullptr, dtype, shape, {}, device());
  const std::shared_ptr<void> memory(device_->allocate(size_t(sized.bytes()), what),
                                     [device = device_](void* taken) { device->free(taken); });
  return {TensorView(memory.get(), dtype, shape, {}, device()), memory};
}

State CudaKernels::copied_in(const State& host, void* stream) const {
  State made;  // All of its memory first: none is to go while another copy is under way.
  for (const auto& [name, tensor] : host)
    made.set(name, empty(tensor.dtype(), tensor.shape(), fmt::format("component '{}'", name)));
  for (const auto& [name, tensor] : host)
    device_->copy_in_on(stream, made.at(name).data(), tensor.data(), size_t(tensor.bytes()));
  device_->wait(stream);
  return made;
}

void CudaKernels::copy_out(const State& there, const State& host, void* stream) const {
  device_->wait(stream);
  for (const auto& [name, tensor] : host)
    device_->copy_out(tensor.data(), there.at(name).data(), size_t(tensor.bytes()));
}

void CudaKernels::launch_points(const catenary_kernel& kernel, const DeviceCall& call, int64_t first,
                                int64_t count) const {
  struct {
    catenary_device_points_args args;
    void* operands[CATENARY_DEVICE_OPERANDS];
  } points;
  const int64_t group = kernel.device->group, first_point = (call.first_sample + first) * call.points;
  const bool each = per_sample(kernel, call);
  points.args = {.seed_memory = call.seed_memory,
                 .seed = call.seed.value,
                 .first_group = uint64_t(first_point / group),
                 .coefficients = call.coefficients + (each ? first : 0),
                 .coefficient_stride = coefficient_rows(kernel, call),
                 .step = call.seed.step,
                 .skipped = uint32_t(first_point % group),
                 .points = uint32_t(count * call.points)};
  if (each) catenary_device_sample_of(uint32_t(call.points), &points.args.sample_multiplier, &points.args.sample_shift);
  for (size_t i = 0; i < call.operands.size(); ++i)
    points.operands[i] = static_cast<char*>(call.operands[i]) + first * call.points * call.point_bytes[i];
  launch_grid(functions_.at(&kernel).points_part,
              (points.args.skipped + int64_t{points.args.points} + group - 1) / group, &points, call.stream);
}

void CudaKernels::launch_grid(void* function, int64_t threads, const void* parameter, void* stream) const {
  const int64_t blocks = (threads + CATENARY_DEVICE_THREADS - 1) / CATENARY_DEVICE_THREADS;
  device_->launch(function, uint32_t(std::min(blocks, blocks_at_once * device_->multiprocessors())),
                  CATENARY_DEVICE_THREADS, parameter, stream);
}

}  // namespace catenary
