// Files named by their key, with a digest of what follows it; written beside and moved into place.
#include <catenary/compiler/object_cache.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Config/llvm-config.h>
#include <llvm/Support/BLAKE3.h>
#include <llvm/Support/Process.h>
#include <llvm/Support/raw_ostream.h>

#include <catenary/compiler/fingerprint.h>

namespace catenary {

namespace {

namespace fs = std::filesystem;

using Digest = llvm::BLAKE3Result<32>;

Digest digest_of(llvm::StringRef bytes) { return llvm::BLAKE3::hash<32>(llvm::arrayRefFromStringRef(bytes)); }

// Fields one after another: numbers as eight bytes, texts with their length before them.
class Writer {
 public:
  void number(int64_t n) { bytes.append(reinterpret_cast<const char*>(&n), sizeof n); }
  void text(llvm::StringRef t) {
    number(int64_t(t.size()));
    bytes.append(t.data(), t.size());
  }
  std::string bytes;
};

class Reader {
 public:
  explicit Reader(llvm::StringRef bytes) : rest_(bytes) {}
  int64_t number() {
    int64_t n = 0;
    std::memcpy(&n, take(sizeof n).data(), sizeof n);
    return n;
  }
  llvm::StringRef text() { return take(size_t(number())); }

 private:
  // Its digest says that a file is whole, so that there is always enough.
  llvm::StringRef take(size_t n) {
    if (n > rest_.size()) throw Bug("a compiled question ends too soon");
    llvm::StringRef taken = rest_.take_front(n);
    rest_ = rest_.drop_front(n);
    return taken;
  }
  llvm::StringRef rest_;
};

std::string written(const CompiledQuestion& question) {
  Writer to;
  to.number(int64_t(question.kernels.size()));
  for (const KernelEntry& k : question.kernels) {
    for (const std::string* t : {&k.pipeline, &k.sites, &k.sample_symbol, &k.points_symbol, &k.ptx_symbol}) to.text(*t);
    for (int64_t n : {int64_t(k.group), int64_t(k.time_count), int64_t(k.coefficient_count), k.draws,
                      int64_t(k.device_group), int64_t(k.operands.size())})
      to.number(n);
    for (const catenary_operand& o : k.operands) {
      to.number(o.component);
      to.number(o.role);
    }
  }
  to.text(llvm::StringRef(question.object.data(), question.object.size()));
  return std::move(to.bytes);
}

CompiledQuestion read(llvm::StringRef bytes) {
  Reader from(bytes);
  CompiledQuestion question;
  question.kernels.resize(size_t(from.number()));
  for (KernelEntry& k : question.kernels) {
    for (std::string* t : {&k.pipeline, &k.sites, &k.sample_symbol, &k.points_symbol, &k.ptx_symbol})
      *t = from.text().str();
    for (int32_t* n : {&k.group, &k.time_count, &k.coefficient_count}) *n = int32_t(from.number());
    k.draws = from.number();
    k.device_group = int32_t(from.number());
    k.operands.resize(size_t(from.number()));
    for (catenary_operand& o : k.operands) {
      o.component = int32_t(from.number());
      o.role = int32_t(from.number());
    }
  }
  llvm::StringRef object = from.text();
  question.object.assign(object.begin(), object.end());
  return question;
}

}  // namespace

std::optional<CompiledQuestion> ObjectCache::find(const std::string& key) const {
  if (!keeps()) return std::nullopt;
  std::ifstream file(path_of(key), std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return std::nullopt;
  Digest said{};
  llvm::StringRef content = llvm::StringRef(bytes).drop_front(std::min(bytes.size(), said.size()));
  if (bytes.size() >= said.size()) std::memcpy(said.data(), bytes.data(), said.size());
  std::error_code ignored;
  if (bytes.size() < said.size() || digest_of(content) != said) {
    fs::remove(path_of(key), ignored);
    return std::nullopt;
  }
  fs::last_write_time(path_of(key), fs::file_time_type::clock::now(), ignored);
  return read(content);
}

void ObjectCache::keep(const std::string& key, const CompiledQuestion& question) const {
  if (!keeps()) return;
  std::error_code failure;
  // Whoever may write here may have this user run what they like.
  if (fs::create_directories(folder_, failure)) fs::permissions(folder_, fs::perms::owner_all, failure);
  static std::atomic<int> number = 0;
  fs::path beside = folder_ / fmt::format("{}.{}.{}.new", key, llvm::sys::Process::getProcessId(), ++number);
  const std::string content = written(question);
  const Digest digest = digest_of(content);
  std::ofstream file(beside, std::ios::binary);
  file.write(reinterpret_cast<const char*>(digest.data()), std::streamsize(digest.size()));
  file.write(content.data(), std::streamsize(content.size()));
  file.close();
  if (file) fs::rename(beside, path_of(key), failure);
  if (!file || failure) fs::remove(beside, failure);
  make_room();
}

void ObjectCache::make_room() const {
  struct Kept {
    fs::path path;
    fs::file_time_type used;
    uintmax_t size;
  };
  std::vector<Kept> all;
  uintmax_t total = 0;
  std::error_code failure;
  for (fs::directory_iterator at(folder_, failure), end; !failure && at != end; at.increment(failure)) {
    if (at->path().extension() != ".question" && at->path().extension() != ".new") continue;
    std::error_code gone;  // Another process may remove it meanwhile.
    auto used = at->last_write_time(gone);
    uintmax_t size = gone ? 0 : at->file_size(gone);
    if (gone) continue;
    all.push_back({at->path(), used, size});
    total += size;
  }
  if (total <= most_bytes) return;
  std::ranges::sort(all, {}, &Kept::used);
  for (const Kept& k : all) {
    if (total <= most_bytes / 4 * 3) break;
    fs::remove(k.path, failure);
    total -= k.size;
  }
}

std::string cache_key(mlir::ModuleOp module, const Target& target) {
  std::string text;
  llvm::raw_string_ostream(text) << compiler_fingerprint << "\n"
                                 << LLVM_VERSION_STRING << "\n"
                                 << target.cpu << "\n"
                                 << target.features << "\n"
                                 << target.lanes << "\n"
                                 << target.gpu << "\n"
                                 << module;
  return llvm::toHex(digest_of(text), /*LowerCase=*/true);
}

}  // namespace catenary
