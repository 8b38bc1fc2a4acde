// LLVM's own code generators: no vendor's installation is needed. Their arithmetic is IEEE's unless attributes say
// otherwise.
#include <catenary/compiler/target/gpu.h>

#include <algorithm>
#include <array>
#include <mutex>

#include <fmt/format.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/Support/TargetSelect.h>

#include <catenary/compiler/pipeline.h>
#include <catenary/compiler/target/llvm.h>

namespace catenary {

namespace {

struct Family {
  GpuKind kind;
  const char *prefix, *triple, *extension;
  llvm::CodeGenFileType file;
};

constexpr std::array families = {
    Family{GpuKind::nvidia, "sm_", "nvptx64-nvidia-cuda", "ptx", llvm::CodeGenFileType::AssemblyFile},
    Family{GpuKind::amd, "gfx", "amdgcn-amd-amdhsa", "o", llvm::CodeGenFileType::ObjectFile},
    Family{GpuKind::spirv, "spirv64", "spirv64-unknown-unknown", "spv", llvm::CodeGenFileType::ObjectFile},
};

const llvm::Target& target_of(const Family& family) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTarget();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUAsmPrinter();
    LLVMInitializeSPIRVTargetInfo();
    LLVMInitializeSPIRVTarget();
    LLVMInitializeSPIRVTargetMC();
    LLVMInitializeSPIRVAsmPrinter();
  });
  std::string problem;
  const llvm::Target* found = llvm::TargetRegistry::lookupTarget(llvm::Triple(family.triple), problem);
  if (!found) throw Bug(fmt::format("LLVM has no target {}: {}", family.triple, problem));
  return *found;
}

bool known(const Family& family, const std::string& architecture) {
  if (family.kind == GpuKind::spirv) return architecture == family.prefix;
  std::unique_ptr<llvm::MCSubtargetInfo> all(
      target_of(family).createMCSubtargetInfo(llvm::Triple(family.triple), "", ""));
  if (!all->isCPUStringValid(architecture)) return false;
  if (family.kind == GpuKind::amd) return true;
  // From sm_80 on there are instructions for IEEE's minimum and maximum. Code for a name with a letter, such as sm_90a,
  // runs on that architecture alone.
  int number = std::atoi(architecture.c_str() + std::min<size_t>(3, architecture.size()));
  return number >= 80 && architecture == fmt::format("sm_{}", number);
}

const Family& family_of(const std::string& architecture) {
  for (const Family& family : families)
    if (architecture.starts_with(family.prefix) && known(family, architecture)) return family;
  throw Error(
      fmt::format("target: '{}' is no GPU's architecture that code can be made for; name one of NVIDIA's from sm_80 on "
                  "(`llc -march=nvptx64 -mcpu=help` lists them), such as sm_90; `catenary kernels` also takes AMD's "
                  "(`llc -march=amdgcn -mcpu=help`), such as gfx90a, and spirv64",
                  architecture));
}

// What Precision::fast says. Minima, maxima and comparisons stay exact, and so does what becomes of NaN and infinity.
void allow_approximations(llvm::Module& module) {
  using llvm::Instruction;
  for (llvm::Function& function : module)
    for (Instruction& i : llvm::make_early_inc_range(llvm::instructions(function))) {
      auto replace = [&](llvm::Intrinsic::ID by, llvm::ArrayRef<llvm::Value*> operands) {
        i.replaceAllUsesWith(llvm::IRBuilder(&i).CreateIntrinsic(by, {}, operands));
        i.eraseFromParent();
      };
      const auto* call = llvm::dyn_cast<llvm::IntrinsicInst>(&i);
      if (call && call->getIntrinsicID() == llvm::Intrinsic::sqrt && i.getType()->isFloatTy())
        replace(llvm::Intrinsic::nvvm_sqrt_approx_f, i.getOperand(0));
      else if (i.getOpcode() == Instruction::FDiv && i.getType()->isFloatTy())
        replace(llvm::Intrinsic::nvvm_div_full, {i.getOperand(0), i.getOperand(1)});
      else if (i.getOpcode() == Instruction::FMul || i.getOpcode() == Instruction::FAdd ||
               i.getOpcode() == Instruction::FSub)
        i.setHasAllowContract(true);  // Without a rounding of its own in PTX.
    }
}

}  // namespace

GpuKind kind_of_gpu(const std::string& architecture) { return family_of(architecture).kind; }

std::string extension_of_gpu_code(GpuKind kind) { return std::ranges::find(families, kind, &Family::kind)->extension; }

std::string emit_gpu_code(mlir::ModuleOp module, const std::string& architecture, Precision precision,
                          const std::string& dump, int& stage) {
  const Family& family = family_of(architecture);
  auto machine = create_machine(target_of(family), llvm::Triple(family.triple),
                                family.kind == GpuKind::spirv ? "" : architecture, "");
  llvm::LLVMContext context;
  auto code = translate(module, context, *machine);
  if (precision == Precision::fast) allow_approximations(*code);
  if (!dump.empty()) write_stage(dump, stage, "llvm", "ll", text_of(*code));
  simplify(*code, *machine);
  if (!dump.empty()) write_stage(dump, stage, "llvm-simplified", "ll", text_of(*code));
  auto bytes = emit(*code, *machine, family.file);
  std::string text(bytes.begin(), bytes.end());
  if (!dump.empty()) write_stage(dump, stage, "kernels", family.extension, text);
  return text;
}

}  // namespace catenary
