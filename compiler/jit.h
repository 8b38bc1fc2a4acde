// Object code, loaded into this process.
#pragma once

#include <memory>
#include <string>

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/SmallVector.h>

namespace catenary {

/// Linked object code. Addresses hold as long as it lives.
class LoadedObjects {
 public:
  /// Throws Bug if the objects cannot be linked.
  explicit LoadedObjects(llvm::ArrayRef<llvm::SmallVector<char, 0>> objects);
  ~LoadedObjects();
  void* address(const std::string& symbol) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catenary
