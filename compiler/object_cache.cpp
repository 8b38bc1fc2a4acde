// Files named by their key, with a digest of what follows it; written beside and moved into place.
#include <catenary/compiler/object_cache.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

#include <llvm-c/Core.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Support/BLAKE3.h>
#include <llvm/Support/FileSystem.h>
#include <llvm/Support/MemoryBuffer.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Host.h>

#include <catenary/compiler/declaration.h>
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
    if (llvm::StringRef taken = take(sizeof n); !taken.empty()) std::memcpy(&n, taken.data(), sizeof n);
    return n;
  }
  llvm::StringRef text() { return take(size_t(number())); }
  /// Whether there was enough, and nothing is left.
  bool right() const { return enough_ && rest_.empty(); }
  bool enough() const { return enough_; }

 private:
  llvm::StringRef take(size_t n) {
    enough_ = enough_ && n <= rest_.size();
    if (!enough_) return {};
    llvm::StringRef taken = rest_.take_front(n);
    rest_ = rest_.drop_front(n);
    return taken;
  }
  llvm::StringRef rest_;
  bool enough_ = true;
};

std::string written(const std::string& key, const CompiledQuestion& question) {
  Writer to;
  to.text(key);
  to.number(int64_t(question.kernels.size()));
  for (const KernelEntry& k : question.kernels) {
    for (const std::string* t : {&k.pipeline, &k.sites, &k.sample_symbol, &k.points_symbol, &k.ptx_symbol}) to.text(*t);
    for (int64_t n :
         {int64_t(k.group), int64_t(k.slots), k.numbers, int64_t(k.time_count), int64_t(k.coefficient_count), k.draws,
          k.work, int64_t(k.device_group), int64_t(k.operands.size())})
      to.number(n);
    for (const catenary_operand& o : k.operands) {
      to.number(o.component);
      to.number(o.role);
    }
  }
  to.text(llvm::StringRef(question.object.data(), question.object.size()));
  return std::move(to.bytes);
}

std::optional<CompiledQuestion> read(const std::string& key, llvm::StringRef bytes) {
  Reader from(bytes);
  if (from.text() != key) return std::nullopt;
  CompiledQuestion question;
  for (int64_t left = from.number(); left > 0 && from.enough(); --left) {
    KernelEntry& k = question.kernels.emplace_back();
    for (std::string* t : {&k.pipeline, &k.sites, &k.sample_symbol, &k.points_symbol, &k.ptx_symbol})
      *t = from.text().str();
    for (int32_t* n : {&k.group, &k.slots}) *n = int32_t(from.number());
    k.numbers = from.number();
    for (int32_t* n : {&k.time_count, &k.coefficient_count}) *n = int32_t(from.number());
    k.draws = from.number();
    k.work = from.number();
    k.device_group = int32_t(from.number());
    for (int64_t operands = from.number(); operands > 0 && from.enough(); --operands) {
      auto component = int32_t(from.number());
      k.operands.push_back({component, int32_t(from.number())});
    }
  }
  llvm::StringRef object = from.text();
  question.object.assign(object.begin(), object.end());
  return from.right() ? std::optional(std::move(question)) : std::nullopt;
}

constexpr const char *kept = ".question", *beside = ".new";

// A file of ours, by its name.
bool is_ours(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.size() > 64 && std::ranges::all_of(name.substr(0, 64), llvm::isHexDigit) &&
         (path.extension() == kept || path.extension() == beside);
}

}  // namespace

ObjectCache::ObjectCache(fs::path folder, uintmax_t most_bytes) : folder_(std::move(folder)), most_bytes_(most_bytes) {
  if (folder_.empty()) return;
  if (!folder_.has_filename()) folder_ = folder_.parent_path();  // It ends in a slash.
  std::error_code failure;
  fs::create_directories(folder_.parent_path(), failure);
  mkdir(folder_.c_str(), S_IRWXU);
  // Whoever may write there may have this user run what they like.
  struct stat is;
  if (stat(folder_.c_str(), &is) != 0 || !S_ISDIR(is.st_mode) || is.st_uid != geteuid() ||
      (is.st_mode & (S_IWGRP | S_IWOTH)))
    folder_.clear();
}

fs::path ObjectCache::path_of(const std::string& key) const { return folder_ / (key + kept); }

std::optional<CompiledQuestion> ObjectCache::find(const std::string& key) const {
  if (!keeps()) return std::nullopt;
  auto file = llvm::MemoryBuffer::getFile(path_of(key).string(), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file) return std::nullopt;
  llvm::StringRef bytes = (*file)->getBuffer();
  Digest said{};
  std::optional<CompiledQuestion> found;
  if (bytes.size() >= said.size()) {
    std::memcpy(said.data(), bytes.data(), said.size());
    bytes = bytes.drop_front(said.size());
    if (digest_of(bytes) == said) found = read(key, bytes);
  }
  std::error_code ignored;
  if (found)
    fs::last_write_time(path_of(key), fs::file_time_type::clock::now(), ignored);
  else
    fs::remove(path_of(key), ignored);
  return found;
}

void ObjectCache::keep(const std::string& key, const CompiledQuestion& question) const {
  if (!keeps()) return;
  const std::string content = written(key, question);
  const Digest digest = digest_of(content);
  int file = -1;
  llvm::SmallString<256> path;
  if (llvm::sys::fs::createUniqueFile((folder_ / (key + "-%%%%%%%%%%")).string() + beside, file, path,
                                      llvm::sys::fs::OF_None, llvm::sys::fs::owner_read | llvm::sys::fs::owner_write))
    return;
  llvm::raw_fd_ostream out(file, /*shouldClose=*/true);
  out << llvm::StringRef(reinterpret_cast<const char*>(digest.data()), digest.size()) << content;
  out.close();
  std::error_code failure = out.error();
  out.clear_error();
  if (!failure) fs::rename(path.str().str(), path_of(key), failure);
  if (failure) fs::remove(path.str().str(), failure);
  // Seldom: it looks at every file.
  static std::atomic<uint64_t> number = 0;
  if (number++ % 64 == 0) make_room();
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
    if (!is_ours(at->path())) continue;
    std::error_code gone;  // Another process may remove it meanwhile.
    auto used = at->last_write_time(gone);
    uintmax_t size = gone ? 0 : at->file_size(gone);
    if (gone) continue;
    all.push_back({at->path(), used, size});
    total += size;
  }
  const auto hour_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
  std::ranges::sort(all, {}, &Kept::used);
  const uintmax_t enough = total > most_bytes_ ? most_bytes_ / 4 * 3 : most_bytes_;
  for (const Kept& k : all) {
    bool left_behind = k.path.extension() == beside && k.used < hour_ago;  // By a process that was ended.
    if ((total > enough || left_behind) && fs::remove(k.path, failure)) total -= k.size;
  }
}

std::string cache_key(mlir::ModuleOp module, const Target& target) {
  unsigned major = 0, minor = 0, patch = 0;
  LLVMGetVersion(&major, &minor, &patch);  // Of the library that is there, not of its headers.
  // No code holds the horizon, of which the kernel table tells: what does not depend on it is found under any.
  mlir::Attribute horizon = module->removeAttr(horizon_name);
  std::string text;
  llvm::raw_string_ostream(text) << compiler_fingerprint << "\n"
                                 << major << "." << minor << "." << patch << "\n"
                                 << llvm::sys::getProcessTriple() << "\n"
                                 << target.cpu << "\n"
                                 << target.features << "\n"
                                 << target.lanes << "\n"
                                 << target.gpu << "\n"
                                 << int(target.precision) << "\n"
                                 << module;
  if (horizon) module->setAttr(horizon_name, horizon);
  return llvm::toHex(digest_of(text), /*LowerCase=*/true);
}

}  // namespace catenary
