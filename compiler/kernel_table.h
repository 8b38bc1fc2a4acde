// What the runtime is told about a compiled joint process: the tables of runtime/abi.h.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <mlir/IR/BuiltinOps.h>

#include <catenary/runtime/abi.h>

namespace catenary {

/// Owns a catenary_module and all that it points to. Not copied: it holds pointers into itself.
class KernelTable {
 public:
  /// Reads a module that has been through the point passes. The kernels' functions are null until bind.
  KernelTable(mlir::ModuleOp module, int lanes);
  KernelTable(const KernelTable&) = delete;
  KernelTable& operator=(const KernelTable&) = delete;

  const catenary_module& module() const { return module_; }

  /// Fills in the kernels' functions by their symbols.
  void bind(const std::function<void*(const std::string& symbol)>& address);

  /// A C header that defines the module as `static const catenary_module catenary_<name>` over the functions' symbols.
  std::string c_header() const;

 private:
  const char* keep(llvm::StringRef text) { return strings_.emplace_back(text.str()).c_str(); }

  std::deque<std::string> strings_;
  std::vector<catenary_component> components_;
  std::deque<std::vector<catenary_operand>> operands_;
  std::vector<catenary_kernel> kernels_;
  std::vector<std::string> sample_symbols_, points_symbols_;
  catenary_module module_;
};

}  // namespace catenary
