// The kernels of a GPU run on a processor: its threads are a loop, told who they are by arguments.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <catenary/compiler/compile.h>
#include <catenary/compiler/import.h>
#include <catenary/compiler/jit.h>
#include <catenary/compiler/kernel_table.h>
#include <catenary/compiler/pipeline.h>
#include <catenary/compiler/target/cpu.h>
#include <catenary/runtime/checks.h>
#include <fmt/format.h>
#include <mlir/IR/MLIRContext.h>
#include <catch2/catch.hpp>

namespace catenary::testing {

struct Grid {
  uint32_t blocks, threads;
};

/// What a question is asked with. Times are one per sample, or one for all.
struct Asked {
  std::map<int, const State*> given;  ///< By role.
  std::vector<float> times[CATENARY_MAX_TIMES];
  Seed seed;
  int64_t first_sample, samples;
};

class DeviceBodies {
 public:
  DeviceBodies(const Joint& joint, Question question)
      : DeviceBodies(
            [&](mlir::MLIRContext& context) { return import_joint(context, joint, question, Unanswered::refused); }) {}
  explicit DeviceBodies(const Conversion& conversion)
      : DeviceBodies([&](mlir::MLIRContext& context) { return import_conversion(context, conversion); }) {}

  const std::vector<KernelEntry>& kernels() const { return kernels_; }

  /// A kernel by its name, all of its threads one after another.
  void launch(const std::string& symbol, const void* parameter, Grid grid) const {
    auto body = reinterpret_cast<void (*)(const void*, uint32_t, uint32_t, uint32_t, uint32_t)>(code_->address(symbol));
    for (uint32_t block = 0; block < grid.blocks; ++block)
      for (uint32_t thread = 0; thread < grid.threads; ++thread)
        body(parameter, block, grid.blocks, thread, grid.threads);
  }

  /// The answer, with shapes like those of `like`. Operands begin `shift` elements behind an address fit for wide
  /// accesses.
  State answer(const Asked& asked, const State& like, Grid grid, int64_t shift) const {
    State out;
    for (const auto& [name, tensor] : like) out.set(name, Tensor::empty(tensor.dtype(), tensor.shape()));
    for (const KernelEntry& kernel : kernels_) run(kernel, asked, out, grid, shift);
    return out;
  }

 private:
  explicit DeviceBodies(const std::function<mlir::OwningOpRef<mlir::ModuleOp>(mlir::MLIRContext&)>& import) {
    mlir::DialectRegistry registry;
    register_dialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    context.loadAllAvailableDialects();
    auto module = import(context);
    int stage = 0;
    run_passes(*module, [](mlir::OpPassManager& passes) { add_point_passes(passes, words_of_block); }, "", stage);
    components_ = read_components(*module);
    kernels_ = read_kernels(*module);
    run_passes(*module, [](mlir::OpPassManager& passes) { add_gpu_passes(passes, GpuKind::processor); }, "", stage);
    code_ = std::make_unique<LoadedObjects>(emit_object(*module, Target::host(), "", stage));
  }

  static constexpr int64_t margin = 16;            // Elements around an operand that must stay as they are,
  static constexpr uint32_t untouched = 0x7fc0de;  // which is this.

  void run(const KernelEntry& kernel, const Asked& asked, State& out, Grid grid, int64_t shift) const {
    catenary_device_sample_args samples = {};
    samples.count = 1;
    for (int j = 0; j < kernel.time_count; ++j) {
      samples.time[j] = asked.times[j][0];
      if (asked.times[j].size() == 1) continue;
      samples.times[j] = asked.times[j].data();
      samples.count = asked.samples;
    }
    std::vector<float> coefficients(size_t(kernel.coefficient_count * samples.count));
    samples.coefficients = coefficients.data();
    if (kernel.coefficient_count) launch(kernel.sample_symbol, &samples, grid);

    struct Points {
      catenary_device_points_args args;
      void* operands[CATENARY_DEVICE_OPERANDS];
    } points = {};
    std::vector<std::vector<uint32_t>> memory(kernel.operands.size());
    for (size_t i = 0; i < memory.size(); ++i) {
      const Tensor& tensor = tensor_of(kernel.operands[i], asked, out);
      auto& words = memory[i];
      words.assign(size_t(tensor.size() + 2 * margin + 4), untouched);
      auto begin = (reinterpret_cast<uintptr_t>(words.data()) + 15) / 16 * 16;
      points.operands[i] = reinterpret_cast<uint32_t*>(begin) + margin + shift;
      if (!is_out(kernel.operands[i])) std::memcpy(points.operands[i], tensor.data(), size_t(tensor.bytes()));
    }
    const ComponentEntry& first = components_[size_t(kernel.operands[0].component)];
    const Tensor& any = out[first.name];
    int64_t sites = any.size() / point_size(kernel) / asked.samples * kernel.numbers;
    uint64_t first_point = uint64_t(asked.first_sample * sites), group = uint64_t(kernel.slots);
    points.args = {.seed = asked.seed.value,
                   .first_group = first_point / group,
                   .coefficients = coefficients.data(),
                   .coefficient_stride = samples.count,
                   .step = asked.seed.step,
                   .skipped = uint32_t(first_point % group),
                   .points = uint32_t(asked.samples * sites)};
    if (samples.count > 1)
      catenary_device_sample_of(uint32_t(sites), &points.args.sample_multiplier, &points.args.sample_shift);
    launch(kernel.points_symbol, &points, grid);

    for (size_t i = 0; i < memory.size(); ++i) {
      const Tensor& tensor = tensor_of(kernel.operands[i], asked, out);
      auto* data = static_cast<uint32_t*>(points.operands[i]);
      if (is_out(kernel.operands[i]))
        std::memcpy(tensor.data(), data, size_t(tensor.bytes()));
      else
        REQUIRE(std::memcmp(tensor.data(), data, size_t(tensor.bytes())) == 0);
      auto* end = memory[i].data() + memory[i].size();
      auto same = [](uint32_t word) { return word == untouched; };
      REQUIRE((std::all_of(memory[i].data(), data, same) && std::all_of(data + tensor.size(), end, same)));
    }
  }

  static bool is_out(const catenary_operand& operand) { return catenary::is_output(operand.role); }

  const Tensor& tensor_of(const catenary_operand& operand, const Asked& asked, const State& out) const {
    return (is_out(operand) ? out : *asked.given.at(operand.role))[components_[size_t(operand.component)].name];
  }

  // Elements of a point of the first component's output.
  int64_t point_size(const KernelEntry& kernel) const {
    const ComponentEntry& first = components_[size_t(kernel.operands[0].component)];
    for (const catenary_operand& o : kernel.operands)
      if (o.component == kernel.operands[0].component && is_out(o))
        return o.role == CATENARY_LOG_DENSITY || o.role == CATENARY_LOSS ? 1
               : o.role == CATENARY_LOSS_GRADIENT                        ? first.estimate.size
                                                                         : first.point.size;
    return 0;
  }

  std::vector<ComponentEntry> components_;
  std::vector<KernelEntry> kernels_;
  std::unique_ptr<LoadedObjects> code_;
};

}  // namespace catenary::testing
