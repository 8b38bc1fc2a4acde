// Compiled questions, kept in a folder from one run to the next.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <llvm/ADT/SmallVector.h>
#include <mlir/IR/BuiltinOps.h>

#include <catenary/compiler/compile.h>
#include <catenary/compiler/kernel_table.h>

namespace catenary {

/// One question of a declaration, all the way down: its kernels as the runtime is told of them, and their object code.
struct CompiledQuestion {
  std::vector<KernelEntry> kernels;
  llvm::SmallVector<char, 0> object;
};

/// A folder with a file per question that was compiled. It is never an error: what cannot be read is compiled, and what
/// cannot be written is not kept. Many processes may use a folder at once.
class ObjectCache {
 public:
  /// An empty path: nothing is kept.
  explicit ObjectCache(std::filesystem::path folder) : folder_(std::move(folder)) {}
  bool keeps() const { return !folder_.empty(); }

  /// What was kept under a key. A file that is not whole is removed.
  std::optional<CompiledQuestion> find(const std::string& key) const;
  /// Above a total of `most_bytes` those that were not used for longest are removed.
  void keep(const std::string& key, const CompiledQuestion& question) const;

  static constexpr uintmax_t most_bytes = uintmax_t{1} << 30;

 private:
  std::filesystem::path path_of(const std::string& key) const { return folder_ / (key + ".question"); }
  void make_room() const;
  std::filesystem::path folder_;
};

/// What the code for a module depends on, as 64 hexadecimal digits: its text, the target, the compiler's own sources
/// and the version of LLVM.
std::string cache_key(mlir::ModuleOp module, const Target& target);

}  // namespace catenary
