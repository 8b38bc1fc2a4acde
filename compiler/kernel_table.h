// What the runtime is told about a compiled declaration: the tables of runtime/abi.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <mlir/IR/BuiltinOps.h>

#include <catenary/compiler/compile.h>
#include <catenary/runtime/abi.h>

namespace catenary {

/// A component as the runtime knows it.
struct ComponentEntry {
  std::string name, space, sites, estimate_kind;
  catenary_point point, estimate;
};

/// A pipeline as the runtime knows it, with the symbols of its two functions. `slots` are the points of a
/// lane; the rest is as in catenary_kernel.
struct KernelEntry {
  std::string pipeline, sites;
  int32_t group, slots;
  int64_t numbers;
  int32_t time_count, coefficient_count;
  int64_t draws, work;
  std::vector<catenary_operand> operands;
  std::string sample_symbol, points_symbol;
  std::string ptx_symbol = {};  ///< Of the text that has functions of the same names for a GPU. Empty: none.
  int32_t device_group = 0;
};

std::vector<ComponentEntry> read_components(mlir::ModuleOp module);
/// The pipelines of a module that has been through the point passes.
std::vector<KernelEntry> read_kernels(mlir::ModuleOp module);

/// What a program of another's making has to know of kernels for a GPU: a JSON object each.
std::string list_of_device_kernels(const std::vector<ComponentEntry>& components,
                                   const std::vector<KernelEntry>& kernels);

/// Owns a catenary_module and all that it points to. Not copied: it holds pointers into itself.
class KernelTable {
 public:
  /// The kernels' functions are null until bind.
  KernelTable(std::string name, double horizon, const Target& target, std::vector<ComponentEntry> components,
              std::vector<KernelEntry> kernels);
  KernelTable(const KernelTable&) = delete;
  KernelTable& operator=(const KernelTable&) = delete;

  const catenary_module& module() const { return module_; }

  /// Fills in the kernels' functions by their symbols.
  void bind(const std::function<void*(const std::string& symbol)>& address);

  /// A C header that defines the module as `static const catenary_module catenary_<name>` over the functions' symbols,
  /// and that of its name, an array of char.
  std::string c_header(const std::string& name_symbol) const;

 private:
  std::string name_, processor_, needs_;
  std::vector<ComponentEntry> component_entries_;
  std::vector<KernelEntry> kernel_entries_;
  std::vector<catenary_component> components_;
  std::vector<catenary_device_kernel> devices_;  ///< By kernel, also of those that have none.
  std::vector<catenary_kernel> kernels_;
  catenary_module module_;
};

}  // namespace catenary
