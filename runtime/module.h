// A loaded module: checked once, its kernels found by question and group of sites.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <catenary/runtime/abi.h>
#include <catenary/support/philox.h>

namespace catenary {

class Module {
 public:
  /// Errors: null, another version of the ABI or of the counter layout, or code that this processor cannot run. Bug: a
  /// module that contradicts itself.
  Module(const catenary_module* module, std::shared_ptr<void> keepalive);

  const catenary_module& raw() const { return *module_; }
  std::span<const catenary_component> components() const {
    return {module_->components, size_t(module_->component_count)};
  }

  /// Groups of sites, in the order of their first component.
  const std::vector<std::string_view>& groups() const { return groups_; }
  int group_of(int component) const { return group_of_[size_t(component)]; }

  bool answers(Question question) const;
  /// One kernel per group. Error: the module was compiled without that question.
  std::span<const catenary_kernel* const> kernels(Question question) const;

  /// "'place', 'region'"
  std::string component_names() const;

 private:
  /// Throws Bug unless the kernels of a question write every component once.
  void require_all_written(const std::vector<const catenary_kernel*>& kernels) const;
  const catenary_module* module_;
  std::shared_ptr<void> keepalive_;
  std::vector<std::string_view> groups_;
  std::vector<int> group_of_;
  std::array<std::vector<const catenary_kernel*>, question_names.size()> kernels_;
};

}  // namespace catenary
