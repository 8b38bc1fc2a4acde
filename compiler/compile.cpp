// One road from declaration to object bytes; the JIT loads them, AOT writes them out.
#include <catenary/compiler/compile.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <system_error>

#include <unistd.h>

#include <fmt/format.h>
#include <llvm/ADT/StringExtras.h>
#include <llvm/Object/Archive.h>
#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Support/BLAKE3.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>

#include <catenary/compiler/declaration.h>
#include <catenary/compiler/import.h>
#include <catenary/compiler/jit.h>
#include <catenary/compiler/kernel_table.h>
#include <catenary/compiler/object_cache.h>
#include <catenary/compiler/pipeline.h>
#include <catenary/compiler/symbols.h>
#include <catenary/compiler/target/cpu.h>
#include <catenary/compiler/target/gpu.h>
#include <catenary/support/environment.h>

namespace catenary {

namespace {

struct Compiled {
  std::unique_ptr<KernelTable> table;
  std::vector<llvm::SmallVector<char, 0>> objects;  ///< By question.
};

std::unique_ptr<mlir::MLIRContext> make_context() {
  mlir::DialectRegistry registry;
  register_dialects(registry);
  // A pool of threads costs more than one joint's passes.
  auto context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

std::string text_of(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream(text) << module << "\n";
  return text;
}

// One question of a joint, with the joint's components.
struct Piece {
  std::vector<ComponentEntry> components;
  CompiledQuestion compiled;
  bool from_cache = false;
};

// What is compiled: a joint process, a conversion, or the text of one of them.
struct Source {
  std::string name;
  double horizon;
  std::vector<Question> questions;
  std::function<mlir::OwningOpRef<mlir::ModuleOp>(mlir::MLIRContext&, Question)> module;
};

Source source_of(const Joint& joint, std::vector<Question> questions) {
  if (questions.empty())
    throw Error(fmt::format("joint '{}' was to be compiled for no questions; list some in CompileOptions::questions",
                            joint.name()));
  std::sort(questions.begin(), questions.end());
  questions.erase(std::unique(questions.begin(), questions.end()), questions.end());
  return {joint.name(), joint.horizon(), std::move(questions), [&joint](mlir::MLIRContext& context, Question question) {
            return import_joint(context, joint, question, Unanswered::refused);
          }};
}

Source source_of(const Conversion& conversion) {
  return {conversion.name(), /*horizon=*/1, {Question::convert}, [&conversion](mlir::MLIRContext& context, Question) {
            return import_conversion(context, conversion);
          }};
}

// Of a saved declaration.
Source source_of(const std::string& text, const std::string& name) {
  auto context = make_context();
  auto declaration = parse_declaration(*context, text, name);
  return {joint_name(*declaration), horizon_of(*declaration), questions_of(*declaration),
          [&](mlir::MLIRContext& own, Question question) {
            auto module = parse_declaration(own, text, name);
            keep_question(*module, question);
            return module;
          }};
}

// What passes the checks of a declaration and still cannot be lowered is the text's fault, not ours.
auto compiled_from(const std::string& name, auto&& compile) {
  try {
    return compile();
  } catch (const PassFailure& failure) {
    throw Error(fmt::format("'{}' cannot be compiled: {}", name, failure.diagnostics));
  }
}

// A constant array of char.
void add_text(mlir::ModuleOp module, const std::string& symbol, const std::string& characters) {
  mlir::OpBuilder b = mlir::OpBuilder::atBlockEnd(module.getBody());
  auto text = b.getStringAttr(llvm::StringRef(characters.c_str(), characters.size() + 1));
  auto type = mlir::LLVM::LLVMArrayType::get(b.getI8Type(), unsigned(text.size()));
  mlir::LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/true, mlir::LLVM::Linkage::External, symbol,
                               text);
}

// The same question for a GPU: its PTX becomes a constant of `module`, and `kernels` are told of it.
void add_device_code(mlir::ModuleOp device, mlir::ModuleOp module, Question question, const Target& target,
                     const std::string& folder, std::vector<KernelEntry>& kernels) {
  if (kind_of_gpu(target.gpu) != GpuKind::nvidia)
    throw Error(
        fmt::format("target: the runtime drives NVIDIA's GPUs alone, and '{}' is another's; `catenary kernels` writes "
                    "its kernels to files",
                    target.gpu));
  int stage = 0;
  run_passes(device, [](mlir::OpPassManager& passes) { add_point_passes(passes, words_of_block); }, folder, stage);
  std::string symbol = ptx_symbol(device, question);
  for (auto [kernel, same] : llvm::zip_equal(kernels, read_kernels(device))) {
    if (kernel.operands.size() > CATENARY_DEVICE_OPERANDS)
      throw Error(
          fmt::format("target: {} on sites '{}' would read and write {} tensors in one kernel, and a GPU's kernel is "
                      "given at most {}; put some of the components on sites of another name",
                      kernel.pipeline, kernel.sites, kernel.operands.size(), CATENARY_DEVICE_OPERANDS));
    kernel.ptx_symbol = symbol;
    kernel.device_group = same.slots;
  }
  run_passes(device, [](mlir::OpPassManager& passes) { add_gpu_passes(passes, GpuKind::nvidia); }, folder, stage);
  add_text(module, symbol, emit_gpu_code(device, target.gpu, target.precision, folder, stage));
}

CompiledQuestion lower(mlir::ModuleOp module, Question question, const Target& target, const std::string& dump) {
  std::string folder = dump.empty() ? "" : (std::filesystem::path(dump) / name_of(question)).string();
  int stage = 0;
  if (!folder.empty()) write_stage(folder, stage, "import", "mlir", text_of(module));
  mlir::OwningOpRef<mlir::ModuleOp> device;
  if (!target.gpu.empty()) device = module.clone();
  // With 512 bits a vector there are twice as many registers.
  const int largest = target.lanes >= 16 ? 8 : 4;
  run_passes(
      module, [&](mlir::OpPassManager& passes) { add_point_passes(passes, words_of_pair, largest); }, folder, stage);
  CompiledQuestion compiled{read_kernels(module), {}};
  run_passes(module, [&](mlir::OpPassManager& passes) { add_cpu_passes(passes, target.lanes); }, folder, stage);
  if (device)
    add_device_code(*device, module, question, target,
                    folder.empty() ? "" : (std::filesystem::path(folder) / "gpu").string(), compiled.kernels);
  compiled.object = emit_object(module, target, folder, stage);
  return compiled;
}

Piece lower(const Source& source, Question question, const Target& target, const std::string& dump,
            const ObjectCache& cache) {
  auto context = make_context();
  auto module = source.module(*context, question);
  Piece piece{read_components(*module), {}};
  std::string key = cache.keeps() ? cache_key(*module, target) : "";
  if (auto kept = cache.find(key)) {
    piece.compiled = std::move(*kept);
    piece.from_cache = true;
    return piece;
  }
  piece.compiled = lower(*module, question, target, dump);
  cache.keep(key, piece.compiled);
  return piece;
}

void check_lanes(const Target& target) {
  if (target.lanes != 4 && target.lanes != 8 && target.lanes != 16)
    throw Error(fmt::format("target: lanes must be 4, 8 or 16; found {}", target.lanes));
}

// The questions are compiled side by side: nothing is shared but the source, which is not changed.
Compiled lower(const Source& source, const Target& target, const CompileOptions& options) {
  check_lanes(target);
  const Environment environment = read_environment();
  const std::string dump = options.dump.empty() && environment.dump ? environment.dump->string() : options.dump;
  std::filesystem::path kept = options.cache.empty() ? environment.cache : std::filesystem::path(options.cache);
  const ObjectCache cache(options.cache == "off" || !dump.empty() ? "" : kept);
  std::vector<std::future<Piece>> pieces;
  for (Question q : source.questions) {
    auto make = [&, q] { return lower(source, q, target, dump, cache); };
    try {
      pieces.push_back(std::async(std::launch::async, make));
    } catch (const std::system_error&) {  // No thread is to be had: here, when it is waited for.
      pieces.push_back(std::async(std::launch::deferred, make));
    }
  }
  std::vector<ComponentEntry> components;
  std::vector<KernelEntry> kernels;
  Compiled compiled;
  for (size_t k = 0; k < pieces.size(); ++k) {
    Piece piece = pieces[k].get();  // Where it throws, those after it are waited for as they are destroyed.
    components = std::move(piece.components);
    kernels.insert(kernels.end(), piece.compiled.kernels.begin(), piece.compiled.kernels.end());
    compiled.objects.push_back(std::move(piece.compiled.object));
    if (options.progress) options.progress({source.questions[k], piece.from_cache, k + 1, pieces.size()});
  }
  compiled.table =
      std::make_unique<KernelTable>(source.name, source.horizon, target, std::move(components), std::move(kernels));
  return compiled;
}

// Compiled for this machine, and loaded.
Sampler loaded(const Source& source, const Target& target, const CompileOptions& options) {
  check_lanes(target);
  check_runs_here(target);
  Compiled compiled = lower(source, target, options);
  struct Loaded {
    explicit Loaded(Compiled from) : table(std::move(from.table)), code(from.objects) {}
    std::unique_ptr<KernelTable> table;
    LoadedObjects code;
  };
  auto code = std::make_shared<Loaded>(std::move(compiled));
  code->table->bind([&](const std::string& symbol) { return code->code.address(symbol); });
  const catenary_module* module = &code->table->module();
  return Sampler::load(module, code, options.sampler);
}

// What the runtime's headers call catenary_<this>.
constexpr std::string_view names_in_c =
    " bridge component convert device_kernel device_points_args device_sample_args device_sample_of "
    "device_seed draw flow_step flow_velocity forward kernel load log_density loss loss_gradient mean_step message "
    "module on_gpu operand point prior release sample_args sampler score state step tensor "
    "through_gpu tile_args times transition ";

// The symbol of the name in the header and in the archive tells both from those of any other compilation.
std::string name_symbol_of(const Compiled& compiled, const std::string& name) {
  std::string all = compiled.table->c_header("");
  for (const auto& object : compiled.objects) all.append(object.data(), object.size());
  const auto digest = llvm::BLAKE3::hash<8>(llvm::arrayRefFromStringRef(all));
  return fmt::format("catenary_{}_name_{}", name, llvm::toHex(digest, /*LowerCase=*/true));
}

void write_files(const Source& source, const std::string& folder, const Target& target, const CompileOptions& options) {
  if (names_in_c.find(" " + source.name + " ") != names_in_c.npos)
    throw Error(fmt::format("'{}' would be catenary_{} in C, which is a name of the library itself; give it another",
                            source.name, source.name));
  Compiled compiled = lower(source, target, options);
  const std::string name_symbol = name_symbol_of(compiled, source.name);
  auto context = make_context();
  mlir::OwningOpRef<mlir::ModuleOp> named = mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get()));
  add_text(*named, name_symbol, source.name);
  int stage = 0;
  compiled.objects.push_back(emit_object(*named, target, "", stage));
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  auto write = [&](const char* extension, llvm::StringRef bytes) {
    auto path = std::filesystem::path(folder) / (source.name + extension), beside = path;
    beside += fmt::format(".{}.new", getpid());
    std::ofstream file(beside, std::ios::binary);
    file.write(bytes.data(), std::streamsize(bytes.size()));
    file.close();
    if (file) std::filesystem::rename(beside, path, failure);
    std::error_code gone;
    std::filesystem::remove(beside, gone);
    if (!file || failure)
      throw Error(fmt::format("'{}' was to be written to '{}', which cannot be written; name a folder that can",
                              source.name, path.string()));
  };
  std::vector<std::string> names;
  std::vector<llvm::NewArchiveMember> members;
  for (Question q : source.questions) names.push_back(fmt::format("{}_{}.o", source.name, name_of(q)));
  names.push_back(source.name + "_name.o");
  for (size_t k = 0; k < names.size(); ++k)
    members.emplace_back(
        llvm::MemoryBufferRef(llvm::StringRef(compiled.objects[k].data(), compiled.objects[k].size()), names[k]));
  auto archive =
      llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                                 /*Deterministic=*/true, /*Thin=*/false);
  if (!archive) throw Bug("writing an archive: " + llvm::toString(archive.takeError()));
  write(".a", (*archive)->getBuffer());
  write(".h", compiled.table->c_header(name_symbol));
}

}  // namespace

Sampler compile(const Joint& joint, const Target& target, const CompileOptions& options) {
  return loaded(source_of(joint, options.questions), target, options);
}

Converter compile(const Conversion& conversion, const Target& target, const CompileOptions& options) {
  return Converter(loaded(source_of(conversion), target, options));
}

std::string to_mlir(const Joint& joint) {
  std::vector<Question> all;
  for (size_t q = 0; q < question_names.size(); ++q) all.push_back(Question(q));
  auto context = make_context();
  return text_of(*import_joint(*context, joint, all, Unanswered::left_out));
}

std::string to_mlir(const Conversion& conversion) {
  auto context = make_context();
  return text_of(*import_conversion(*context, conversion));
}

Sampler compile_mlir(const std::string& text, const std::string& name, const Target& target,
                     const CompileOptions& options) {
  return compiled_from(name, [&] { return loaded(source_of(text, name), target, options); });
}

std::map<std::string, std::string> gpu_kernels(const std::string& text, const std::string& name,
                                               const std::string& architecture, Precision precision) {
  const GpuKind kind = kind_of_gpu(architecture);
  if (precision == Precision::fast && kind != GpuKind::nvidia)
    throw Error(
        fmt::format("target: fast code is PTX's alone, and '{}' is no GPU of NVIDIA's; leave it exact", architecture));
  const Source source = source_of(text, name);
  std::map<std::string, std::string> files;
  std::vector<ComponentEntry> components;
  std::vector<KernelEntry> kernels;
  for (Question question : source.questions) {
    auto context = make_context();
    auto module = source.module(*context, question);
    components = read_components(*module);
    int stage = 0;
    compiled_from(name, [&] {
      run_passes(*module, [](mlir::OpPassManager& passes) { add_point_passes(passes, words_of_block); }, "", stage);
      for (KernelEntry& kernel : read_kernels(*module)) kernels.push_back(std::move(kernel));
      run_passes(*module, [&](mlir::OpPassManager& passes) { add_gpu_passes(passes, kind); }, "", stage);
    });
    files[fmt::format("{}_{}.{}", source.name, name_of(question), extension_of_gpu_code(kind))] =
        emit_gpu_code(*module, architecture, precision, "", stage);
  }
  files[source.name + "_kernels.json"] = list_of_device_kernels(components, kernels);
  return files;
}

std::map<std::string, std::vector<int64_t>> forbidden_categories(const std::string& text, const std::string& name) {
  auto context = make_context();
  auto declaration = parse_declaration(*context, text, name);
  std::map<std::string, std::vector<int64_t>> forbidden;
  for (auto process : declaration->getOps<ProcessOp>())
    forbidden[process.getSymName().str()] = process.getForbidden().vec();
  return forbidden;
}

void compile_to_files(const Joint& joint, const std::string& folder, const Target& target,
                      const CompileOptions& options) {
  write_files(source_of(joint, options.questions), folder, target, options);
}

void compile_to_files(const Conversion& conversion, const std::string& folder, const Target& target,
                      const CompileOptions& options) {
  write_files(source_of(conversion), folder, target, options);
}

}  // namespace catenary
