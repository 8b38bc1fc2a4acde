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
  /// The folder is made, for this user alone. An empty path, or a folder that others own or may write to: nothing is
  /// kept. Above a total of `most_bytes` those files that were not used for longest are removed, now and then.
  explicit ObjectCache(std::filesystem::path folder, uintmax_t most_bytes = uintmax_t{1} << 30);
  bool keeps() const { return !folder_.empty(); }

  /// What was kept under a key. A file that is not whole is removed.
  std::optional<CompiledQuestion> find(const std::string& key) const;
  void keep(const std::string& key, const CompiledQuestion& question) const;
  /// What `keep` does now and then.
  void make_room() const;

 private:
  std::filesystem::path path_of(const std::string& key) const;
  std::filesystem::path folder_;
  uintmax_t most_bytes_;
};

/// What the code for a module depends on, as 64 hexadecimal digits: its text, the target, the compiler's own sources,
/// LLVM's version and the kind of machine.
std::string cache_key(mlir::ModuleOp module, const Target& target);

}  // namespace catenary
