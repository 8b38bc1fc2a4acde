// A loaded module: checked once, its kernels found by question and group of sites.
#include <catenary/runtime/module.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <catenary/runtime/checks.h>
#include <catenary/support/error.h>
#include <catenary/support/processor.h>

namespace catenary {
namespace {

void require(bool fact, const catenary_kernel& kernel, const char* what) {
  if (!fact) throw Bug(fmt::format("kernel '{}' on sites '{}' {}", kernel.pipeline, kernel.sites, what));
}

void require_sound(const catenary_kernel& kernel, int question, int component_count) {
  constexpr int times[question_names.size()] = {0, 1, 2, 2, 2, 1, 1, 1, 1, 2, 0, 2, 1};
  require(kernel.lanes >= 1 && kernel.lanes <= 1024, kernel, "has no sensible number of lanes");
  require(kernel.group == 1 || kernel.group == 2 || kernel.group == 4, kernel, "has a group that is not 1, 2 or 4");
  require(kernel.tile >= kernel.group && kernel.tile <= 65536 && kernel.tile % kernel.group == 0, kernel,
          "has a tile that is not made of groups");
  require(kernel.numbers >= 1, kernel, "has points of no numbers");
  require(kernel.time_count == times[question], kernel, "takes another number of times than its question");
  require(kernel.points_part != nullptr, kernel, "has no points part");
  require(kernel.coefficient_count == 0 || kernel.sample_part != nullptr, kernel,
          "has coefficients and no sample part");
  require(kernel.operand_count > 0, kernel, "has no operands");
  require(!kernel.device || kernel.operand_count <= CATENARY_DEVICE_OPERANDS, kernel,
          "has more operands than a GPU's kernel takes");
  for (int i = 0; i < kernel.operand_count; ++i) {
    const catenary_operand& operand = kernel.operands[i];
    require(operand.component >= 0 && operand.component < component_count && operand.role >= CATENARY_X0 &&
                operand.role < CATENARY_ROLES,
            kernel, "has an operand of no component or role");
  }
}

// Code for another processor would end the program at the first instruction that this one does not know.
void check_processor(const catenary_module& module) {
  std::string missing, needs = fmt::format(",{},", module.needs);
  for (const ProcessorFeature& feature : processor_features)
    if (needs.find(fmt::format(",{},", feature.name)) != std::string::npos && !feature.here())
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", feature.name);
  if (!missing.empty())
    throw Error(
        fmt::format("module '{}' was compiled for processor '{}', and this one has no {}; compile it here "
                    "(Target::host()), or for a processor whose features both have (the least is x86-64-v3)",
                    module.name, module.processor, missing));
}

}  // namespace

Module::Module(const catenary_module* module, std::shared_ptr<void> keepalive)
    : module_(module), keepalive_(std::move(keepalive)) {
  if (module == nullptr) throw Error("load was given a null module");
  if (module->abi_version != CATENARY_ABI_VERSION)
    throw Error(fmt::format(
        "this module was compiled for version {} of the interface and this runtime has version {}; compile it "
        "again with the Catenary that it runs with",
        module->abi_version, CATENARY_ABI_VERSION));
  if (module->counter_layout != uint32_t(counter_layout_version))
    throw Error(fmt::format(
        "module '{}' draws by version {} of the counter layout and this runtime by version {}; compile it again "
        "with the Catenary that it runs with",
        module->name, module->counter_layout, counter_layout_version));
  check_processor(*module);
  for (const catenary_component& component : components()) {
    auto group = std::ranges::find(groups_, std::string_view(component.sites));
    group_of_.push_back(int(group - groups_.begin()));
    if (group == groups_.end()) groups_.push_back(component.sites);
  }
  for (const catenary_kernel& kernel : std::span(module->kernels, size_t(module->kernel_count))) {
    auto question = std::ranges::find(question_names, std::string_view(kernel.pipeline));
    if (question == question_names.end()) continue;
    require_sound(kernel, int(question - question_names.begin()), module->component_count);
    kernels_[size_t(question - question_names.begin())].push_back(&kernel);
  }
  for (const auto& kernels : kernels_) {
    if (kernels.empty()) continue;
    if (kernels.size() != groups_.size())
      throw Bug(fmt::format("module '{}' has {} kernels for '{}' and {} groups of sites", module->name, kernels.size(),
                            kernels[0]->pipeline, groups_.size()));
    require_all_written(kernels);
  }
}

void Module::require_all_written(const std::vector<const catenary_kernel*>& kernels) const {
  std::vector<int> written(components().size());
  for (const catenary_kernel* kernel : kernels)
    for (int i = 0; i < kernel->operand_count; ++i) {
      const catenary_operand& operand = kernel->operands[i];
      require(std::string_view(components()[size_t(operand.component)].sites) == kernel->sites, *kernel,
              "has an operand on other sites");
      require(point_of(components()[size_t(operand.component)], operand.role).size % kernel->numbers == 0, *kernel,
              "has an operand that its numbers do not divide");
      written[size_t(operand.component)] += is_output(operand.role);
    }
  if (std::ranges::any_of(written, [](int times) { return times != 1; }))
    throw Bug(fmt::format("module '{}' does not write every component once when asked for '{}'", module_->name,
                          kernels[0]->pipeline));
}

bool Module::answers(Question question) const { return !kernels_[size_t(question)].empty(); }

std::span<const catenary_kernel* const> Module::kernels(Question question) const {
  const auto& kernels = kernels_[size_t(question)];
  if (kernels.empty())
    throw Error(
        fmt::format("{}: joint '{}' was compiled without the pipeline '{}'; compile it with that one "
                    "(CompileOptions::questions)",
                    name_of(question), module_->name, name_of(question)));
  return kernels;
}

std::string Module::component_names() const {
  std::string names;
  for (const catenary_component& component : components())
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", component.name);
  return names;
}

}  // namespace catenary
