// Object code, loaded into this process.
#pragma once

#include <memory>
#include <string>

#include <llvm/ADT/ArrayRef.h>

namespace catenary {

/// Linked object code. Addresses hold as long as it lives.
class LoadedObject {
 public:
  /// Throws Bug if the object cannot be linked.
  explicit LoadedObject(llvm::ArrayRef<char> object);
  ~LoadedObject();
  void* address(const std::string& symbol) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace catenary
