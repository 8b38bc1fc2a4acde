// LLVM's own code generator: no CUDA installation is needed. Its arithmetic is IEEE's unless attributes say otherwise.
#include <catenary/compiler/target/cuda.h>

#include <mutex>

#include <fmt/format.h>
#include <llvm/Support/TargetSelect.h>

#include <catenary/compiler/pipeline.h>
#include <catenary/compiler/target/llvm.h>

namespace catenary {

namespace {

llvm::Triple triple() { return llvm::Triple("nvptx64-nvidia-cuda"); }

const llvm::Target& nvptx() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  std::string problem;
  const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple(), problem);
  if (!found) throw Bug("LLVM has no target NVPTX: " + problem);
  return *found;
}

// From sm_80 on there are instructions for IEEE's minimum and maximum.
void check_name(const std::string& architecture) {
  std::unique_ptr<llvm::MCSubtargetInfo> known(nvptx().createMCSubtargetInfo(triple(), "", ""));
  int number = std::atoi(architecture.c_str() + std::min<size_t>(3, architecture.size()));
  // Code for a name with a letter, such as sm_90a, runs on that architecture alone.
  if (architecture != fmt::format("sm_{}", number) || number < 80 || !known->isCPUStringValid(architecture))
    throw Error(
        fmt::format("target: '{}' is no NVIDIA architecture that code can be made for; name one from sm_80 on that "
                    "`llc -march=nvptx64 -mcpu=help` lists, such as sm_90",
                    architecture));
}

}  // namespace

std::string emit_ptx(mlir::ModuleOp module, const std::string& architecture, const std::string& dump, int& stage) {
  check_name(architecture);
  auto machine = create_machine(nvptx(), triple(), architecture, "");
  llvm::LLVMContext context;
  auto code = translate(module, context, *machine);
  if (!dump.empty()) write_stage(dump, stage, "llvm", "ll", text_of(*code));
  simplify(*code, *machine);
  if (!dump.empty()) write_stage(dump, stage, "llvm-simplified", "ll", text_of(*code));
  auto text = emit(*code, *machine, llvm::CodeGenFileType::AssemblyFile);
  std::string ptx(text.begin(), text.end());
  if (!dump.empty()) write_stage(dump, stage, "kernels", "ptx", ptx);
  return ptx;
}

}  // namespace catenary
