// A small wrapper over LLJIT: it loads finished objects and nothing else.
#include <catenary/compiler/jit.h>

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/MemoryBuffer.h>

#include <catenary/support/error.h>

namespace catenary {

struct LoadedObjects::Impl {
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

namespace {

template <class T>
T value_of(llvm::Expected<T> result) {
  if (!result) throw Bug("linking object code: " + llvm::toString(result.takeError()));
  return std::move(*result);
}

}  // namespace

LoadedObjects::LoadedObjects(llvm::ArrayRef<llvm::SmallVector<char, 0>> objects) : impl_(std::make_unique<Impl>()) {
  impl_->jit = value_of(llvm::orc::LLJITBuilder().create());
  for (const auto& object : objects) {
    auto buffer = llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(object.data(), object.size()), "catenary");
    if (llvm::Error failure = impl_->jit->addObjectFile(std::move(buffer)))
      throw Bug("loading object code: " + llvm::toString(std::move(failure)));
  }
}

LoadedObjects::~LoadedObjects() = default;

void* LoadedObjects::address(const std::string& symbol) const {
  return value_of(impl_->jit->lookup(symbol)).toPtr<void*>();
}

}  // namespace catenary
