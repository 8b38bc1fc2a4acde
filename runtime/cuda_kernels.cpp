// The device structs of runtime/abi.h, filled in and launched.
#include <catenary/runtime/cuda_kernels.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

namespace {

// Blocks of CATENARY_DEVICE_THREADS that a multiprocessor holds at most; threads beyond take turns in a kernel's loop.
constexpr int64_t blocks_at_once = 8;

bool per_sample(const catenary_kernel& kernel, const DeviceCall& call) {
  return std::any_of(call.times.begin(), call.times.begin() + kernel.time_count,
                     [](const DeviceTime& time) { return time.each != nullptr; });
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
  const int64_t samples_at_once = CATENARY_DEVICE_POINTS / call.sites;
  if (kernel.coefficient_count > 0) {
    catenary_device_sample_args args = {};
    for (int i = 0; i < kernel.time_count; ++i) {
      args.times[i] = call.times[size_t(i)].each;
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
                  .first_sample = call.first_sample,
                  .samples = call.samples,
                  .sites = call.sites,
                  .operands = call.operands,
                  .point_bytes = call.point_bytes,
                  .stream = stream};
  int64_t room = 0;  // In floats: the times of each sample, then the coefficients.
  const auto has_each = [&](int i) { return call.times[size_t(i)].stride != 0 && call.samples > 1; };
  for (int i = 0; i < kernel.time_count; ++i) {
    here.times[size_t(i)].one = *call.times[size_t(i)].data;
    if (has_each(i)) room += call.samples;
  }
  const int64_t rows = room > 0 ? call.samples : 1;
  if (kernel.coefficient_count == 0) return launch(kernel, here);

  const std::string what = fmt::format("the workspace of {} for {} samples", kernel.pipeline, call.samples);
  const auto give_back = [this, stream](void* memory) { device_->free_on(stream, memory); };
  const std::unique_ptr<void, decltype(give_back)> workspace(
      device_->allocate_on(stream, size_t((room + rows * kernel.coefficient_count) * element_bytes), what), give_back);
  auto* next = static_cast<float*>(workspace.get());
  for (int i = 0; i < kernel.time_count; ++i) {
    if (!has_each(i)) continue;
    device_->copy_in_on(stream, next, call.times[size_t(i)].data, size_t(call.samples * element_bytes));
    here.times[size_t(i)].each = next;
    next += call.samples;
  }
  here.coefficients = next;
  launch(kernel, here);
}

Tensor CudaKernels::empty(Dtype dtype, const Shape& shape, const std::string& what) const {
  TensorView sized(nullptr, dtype, shape, {}, device());
  const std::shared_ptr<void> memory(device_->allocate(size_t(sized.bytes()), what),
                                     [device = device_](void* taken) { device->free(taken); });
  return {TensorView(memory.get(), dtype, shape, {}, device()), memory};
}

State CudaKernels::copied_in(const State& host) const {
  State made;
  for (const auto& [name, tensor] : host) {
    Tensor copy = empty(tensor.dtype(), tensor.shape(), fmt::format("component '{}'", name));
    device_->copy_in(copy.data(), tensor.data(), size_t(tensor.bytes()));
    made.set(name, std::move(copy));
  }
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
  const int64_t group = kernel.device->group, first_point = (call.first_sample + first) * call.sites;
  const bool each = per_sample(kernel, call);
  points.args = {.seed = call.seed.value,
                 .first_group = uint64_t(first_point / group),
                 .coefficients = call.coefficients + (each ? first : 0),
                 .coefficient_stride = coefficient_rows(kernel, call),
                 .step = call.seed.step,
                 .skipped = uint32_t(first_point % group),
                 .points = uint32_t(count * call.sites)};
  if (each) catenary_device_sample_of(uint32_t(call.sites), &points.args.sample_multiplier, &points.args.sample_shift);
  for (size_t i = 0; i < call.operands.size(); ++i)
    points.operands[i] = static_cast<char*>(call.operands[i]) + first * call.sites * call.point_bytes[i];
  launch_grid(functions_.at(&kernel).points_part,
              (points.args.skipped + int64_t{points.args.points} + group - 1) / group, &points, call.stream);
}

void CudaKernels::launch_grid(void* function, int64_t threads, const void* parameter, void* stream) const {
  const int64_t blocks = (threads + CATENARY_DEVICE_THREADS - 1) / CATENARY_DEVICE_THREADS;
  device_->launch(function, uint32_t(std::min(blocks, blocks_at_once * device_->multiprocessors())),
                  CATENARY_DEVICE_THREADS, parameter, stream);
}

}  // namespace catenary
