// Translation and clean-ups.
#include <catenary/compiler/target/llvm.h>

#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <mlir/IR/Diagnostics.h>
#include <mlir/Target/LLVMIR/Export.h>

#include <catenary/support/error.h>

namespace catenary {

std::unique_ptr<llvm::TargetMachine> create_machine(const llvm::Target& target, const llvm::Triple& triple,
                                                    const std::string& processor, const std::string& features) {
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  return std::unique_ptr<llvm::TargetMachine>(target.createTargetMachine(
      triple, processor, features, options, llvm::Reloc::PIC_, {}, llvm::CodeGenOptLevel::Default));
}

std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module, llvm::LLVMContext& context,
                                        const llvm::TargetMachine& machine) {
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler(module.getContext(),
                                        [&](mlir::Diagnostic& d) { diagnostics += " " + d.str(); });
  std::unique_ptr<llvm::Module> code = mlir::translateModuleToLLVMIR(module, context, "catenary");
  if (!code) throw Bug("a lowered module does not translate to LLVM:" + diagnostics);
  code->setTargetTriple(machine.getTargetTriple());
  code->setDataLayout(machine.createDataLayout());
  for (llvm::Function& f : *code)
    if (!f.isDeclaration()) f.setDoesNotThrow();
  return code;
}

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

llvm::SmallVector<char, 0> emit(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType type,
                                Order order) {
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager passes;
  // As addPassesToEmitFile does, which has no way to leave a pass out.
  auto* functions = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  if (order == Order::as_it_is) config->disablePass(&llvm::MachineSchedulerID);
  passes.add(config);
  passes.add(functions);
  bool fails = config->addISelPasses();
  if (!fails) {
    config->addMachinePasses();
    config->setInitialized();
    fails = machine.addAsmPrinter(passes, stream, nullptr, type, functions->getMMI().getContext());
  }
  if (fails) throw Bug("LLVM cannot write this kind of file for this target");
  passes.add(llvm::createFreeMachineFunctionPass());
  passes.run(module);
  return code;
}

std::string text_of(const llvm::Module& module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, nullptr);
  return text;
}

}  // namespace catenary
