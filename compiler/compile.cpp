// One road from declaration to object bytes; the JIT loads them, AOT writes them out.
#include <catenary/compiler/compile.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include <catenary/compiler/import.h>
#include <catenary/compiler/jit.h>
#include <catenary/compiler/kernel_table.h>
#include <catenary/compiler/pipeline.h>
#include <catenary/compiler/target/cpu.h>
#include <catenary/support/environment.h>

namespace catenary {

namespace {

struct Compiled {
  std::unique_ptr<KernelTable> table;
  llvm::SmallVector<char, 0> object;
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

Compiled lower(const Joint& joint, const Target& target, const CompileOptions& options) {
  if (target.lanes != 4 && target.lanes != 8 && target.lanes != 16)
    throw Error(fmt::format("target: lanes must be 4, 8 or 16; found {}", target.lanes));
  std::string dump = options.dump;
  if (dump.empty())
    if (auto folder = read_environment().dump) dump = folder->string();
  int stage = 0;
  auto context = make_context();
  auto module = import_joint(*context, joint);
  if (!dump.empty()) write_stage(dump, stage, "import", "mlir", text_of(*module));
  run_passes(*module, [](mlir::OpPassManager& passes, int) { add_point_passes(passes); }, target.lanes, dump, stage);
  Compiled compiled;
  compiled.table = std::make_unique<KernelTable>(*module, target.lanes);
  run_passes(*module, add_lowering_passes, target.lanes, dump, stage);
  compiled.object = emit_object(*module, target, dump, stage);
  return compiled;
}

}  // namespace

Sampler compile(const Joint& joint, const Target& target, const CompileOptions& options) {
  struct Loaded {
    explicit Loaded(Compiled compiled) : table(std::move(compiled.table)), code(compiled.object) {}
    std::unique_ptr<KernelTable> table;
    LoadedObject code;
  };
  auto loaded = std::make_shared<Loaded>(lower(joint, target, options));
  loaded->table->bind([&](const std::string& symbol) { return loaded->code.address(symbol); });
  const catenary_module* module = &loaded->table->module();
  return Sampler::load(module, loaded, options.sampler);
}

std::string to_mlir(const Joint& joint) {
  auto context = make_context();
  return text_of(*import_joint(*context, joint));
}

void compile_to_files(const Joint& joint, const std::string& folder, const Target& target, const CompileOptions& options) {
  Compiled compiled = lower(joint, target, options);
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  auto write = [&](const char* extension, llvm::StringRef bytes) {
    auto path = std::filesystem::path(folder) / (joint.name() + extension);
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), std::streamsize(bytes.size()));
    file.close();
    if (!file)
      throw Error(fmt::format("joint '{}' was to be written to '{}', which cannot be written; name a folder that can", joint.name(),
                              path.string()));
  };
  write(".o", llvm::StringRef(compiled.object.data(), compiled.object.size()));
  write(".h", compiled.table->c_header());
}

}  // namespace catenary
