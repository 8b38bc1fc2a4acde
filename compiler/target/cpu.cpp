// LLVM: translation, a short list of scalar clean-ups, and instruction selection.
#include <catenary/compiler/target/cpu.h>

#include <mutex>

#include <fmt/format.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <mlir/Target/LLVMIR/Export.h>

#include <catenary/compiler/pipeline.h>

namespace catenary {

namespace {

void initialize_llvm() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    llvm::InitializeNativeTargetAsmParser();
  });
}

// Of names that it does not know LLVM itself would print a warning, and go on without them.
void check_names(const Target& target, const llvm::MCSubtargetInfo& known) {
  if (!known.isCPUStringValid(target.cpu))
    throw Error(fmt::format(
        "target: LLVM knows no processor '{}'; name one that `llc -mcpu=help` lists, such as x86-64-v3", target.cpu));
  llvm::SubtargetFeatures features(target.features);
  for (const std::string& feature : features.getFeatures()) {
    auto is_it = [&](const llvm::SubtargetFeatureKV& f) {
      return llvm::SubtargetFeatures::StripFlag(feature) == f.Key;
    };
    if (!llvm::SubtargetFeatures::hasFlag(feature) || llvm::none_of(known.getAllProcessorFeatures(), is_it))
      throw Error(fmt::format(
          "target: LLVM knows no feature '{}'; give those that `llc -mattr=help` lists, as '+name' or '-name'",
          feature));
  }
}

std::unique_ptr<llvm::TargetMachine> machine_for(const Target& target) {
  initialize_llvm();
  llvm::Triple triple(llvm::sys::getProcessTriple());
  std::string problem;
  const llvm::Target* found = llvm::TargetRegistry::lookupTarget(triple, problem);
  if (!found) throw Error(fmt::format("LLVM has no code generator for this machine ({}): {}", triple.str(), problem));
  check_names(target, *std::unique_ptr<llvm::MCSubtargetInfo>(found->createMCSubtargetInfo(triple, "", "")));
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;  // Only the fma that laws and polynomials write.
  std::unique_ptr<llvm::TargetMachine> machine(found->createTargetMachine(
      triple, target.cpu, target.features, options, llvm::Reloc::PIC_, {}, llvm::CodeGenOptLevel::Default));
  const llvm::MCSubtargetInfo& info = *machine->getMCSubtargetInfo();
  if (triple.isX86() && !info.checkFeatures("+fma,+avx2"))
    throw Error(fmt::format("target: processor '{}' has no avx2 and fma; the least is x86-64-v3", target.cpu));
  return machine;
}

// No vectoriser, nothing that may reorder floats: only clean-ups whose results are equal to the last bit.
void simplify(llvm::Module& module, llvm::TargetMachine& machine) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::FunctionPassManager passes;
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()), /*UseMemorySSA=*/true));
  for (llvm::Function& f : module)
    if (!f.isDeclaration()) passes.run(f, functions);
}

std::string text_of(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

}  // namespace

Target Target::host() {
  initialize_llvm();
  Target target;
  target.cpu = llvm::sys::getHostCPUName().str();
  llvm::SubtargetFeatures features;
  auto host = llvm::sys::getHostCPUFeatures();
  std::vector<std::string> names;
  for (const auto& f : host)
    if (f.second) names.push_back(f.first().str());
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) features.AddFeature(name);
  target.features = features.getString();
  target.lanes = host.lookup("avx512f") ? 16 : 8;
  return target;
}

llvm::SmallVector<char, 0> emit_object(mlir::ModuleOp module, const Target& target, const std::string& dump,
                                       int& stage) {
  auto machine = machine_for(target);
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = mlir::translateModuleToLLVMIR(module, context, "catenary");
  if (!code) throw Bug("a lowered module does not translate to LLVM");
  code->setTargetTriple(machine->getTargetTriple());
  code->setDataLayout(machine->createDataLayout());
  for (llvm::Function& f : *code) {
    if (f.isDeclaration()) continue;
    f.addFnAttr("target-cpu", target.cpu);
    f.addFnAttr("target-features", target.features);
    f.addFnAttr("prefer-vector-width", target.lanes >= 16 ? "512" : "256");
    f.addFnAttr("min-legal-vector-width", target.lanes >= 16 ? "512" : "256");
    f.setDoesNotThrow();
  }
  if (!dump.empty()) write_stage(dump, stage, "llvm", "ll", text_of(*code));
  simplify(*code, *machine);
  if (!dump.empty()) write_stage(dump, stage, "llvm-simplified", "ll", text_of(*code));

  llvm::SmallVector<char, 0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    throw Bug("LLVM cannot write object files for this target");
  passes.run(*code);
  if (!dump.empty()) write_stage(dump, stage, "object", "o", std::string(object.begin(), object.end()));
  return object;
}

}  // namespace catenary
