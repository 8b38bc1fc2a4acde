// The processor by name, and its attributes on every function.
#include <catenary/compiler/target/cpu.h>

#include <map>
#include <mutex>

#include <fmt/format.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/SubtargetFeature.h>

#include <catenary/compiler/pipeline.h>
#include <catenary/compiler/target/llvm.h>
#include <catenary/compiler/target/pipeline_tiles.h>
#include <catenary/compiler/target/straight_tiles.h>
#include <catenary/support/processor.h>

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
  auto machine = create_machine(*found, triple, target.cpu, target.features);
  const llvm::MCSubtargetInfo& info = *machine->getMCSubtargetInfo();
  if (triple.isX86() && !info.checkFeatures("+fma,+avx2"))
    throw Error(fmt::format("target: processor '{}' has no avx2 and fma; the least is x86-64-v3", target.cpu));
  return machine;
}

// Pipelines loops over tiles, those that branch after they are made straight. The order of what is pipelined matters
// more than that of what else the module has: a sample's coefficients, tiles that are not straight.
Order pipeline(llvm::Module& code, llvm::TargetMachine& machine) {
  Order order = Order::scheduled;
  if (!machine.getTargetTriple().isX86()) return order;  // Not measured elsewhere.
  auto pipelined = [&](llvm::Function& f) {
    llvm::TargetTransformInfo costs = machine.getTargetTransformInfo(f);
    unsigned registers = costs.getNumberOfRegisters(costs.getRegisterClassForType(/*Vector=*/true));
    return pipeline_tiles(f, int(registers));
  };
  llvm::SmallVector<llvm::Function*> kernels;
  for (llvm::Function& f : code)
    if (!f.isDeclaration()) kernels.push_back(&f);
  for (llvm::Function* f : kernels)
    if (pipelined(*f) || straighten_tiles(*f, pipelined)) order = Order::as_it_is;
  return order;
}

}  // namespace

void check_runs_here(const Target& target) {
  auto machine = machine_for(target);
  std::string missing;
  for (const auto& feature : llvm::sys::getHostCPUFeatures())
    if (!feature.second && machine->getMCSubtargetInfo()->checkFeatures("+" + feature.first().str()))
      missing += (missing.empty() ? "" : ", ") + feature.first().str();
  if (!missing.empty())
    throw Error(
        fmt::format("target: code for processor '{}' does not run on this one, which has no {}; compile it to "
                    "files, or take Target::host()",
                    target.cpu, missing));
}

std::string needs_of(const Target& target) {
  auto machine = machine_for(target);
  std::string needs;
  for (const ProcessorFeature& feature : processor_features)
    if (machine->getMCSubtargetInfo()->checkFeatures(fmt::format("+{}", feature.name)))
      needs += fmt::format("{}{}", needs.empty() ? "" : ",", feature.name);
  return needs;
}

Target Target::host() {
  initialize_llvm();
  Target target;
  target.cpu = llvm::sys::getHostCPUName().str();
  llvm::SubtargetFeatures features;
  auto host = llvm::sys::getHostCPUFeatures();
  // What it lacks as well: a virtual machine may hide some of what its processor's name stands for.
  std::map<std::string, bool> sorted;
  for (const auto& f : host) sorted[f.first().str()] = f.second;
  for (const auto& [name, there] : sorted) features.AddFeature(name, there);
  target.features = features.getString();
  target.lanes = host.lookup("avx512f") ? 16 : 8;
  return target;
}

Target Target::cuda(const std::string& architecture, Precision precision) {
  Target target = host();
  target.gpu = architecture;
  target.precision = precision;
  return target;
}

llvm::SmallVector<char, 0> emit_object(mlir::ModuleOp module, const Target& target, const std::string& dump,
                                       int& stage) {
  auto machine = machine_for(target);
  llvm::LLVMContext context;
  auto code = translate(module, context, *machine);
  for (llvm::Function& f : *code) {
    if (f.isDeclaration()) continue;
    f.addFnAttr("target-cpu", target.cpu);
    f.addFnAttr("stackrealign");  // A vector kept there would lie across cache lines.
    f.addFnAttr("target-features", target.features);
    f.addFnAttr("prefer-vector-width", target.lanes >= 16 ? "512" : "256");
    f.addFnAttr("min-legal-vector-width", target.lanes >= 16 ? "512" : "256");
  }
  if (!dump.empty()) write_stage(dump, stage, "llvm", "ll", text_of(*code));
  simplify(*code, *machine);
  if (!dump.empty()) write_stage(dump, stage, "llvm-simplified", "ll", text_of(*code));
  Order order = pipeline(*code, *machine);
  if (!dump.empty()) write_stage(dump, stage, "llvm-pipelined", "ll", text_of(*code));

  auto object = emit(*code, *machine, llvm::CodeGenFileType::ObjectFile, order);
  if (!dump.empty()) write_stage(dump, stage, "object", "o", std::string(object.begin(), object.end()));
  return object;
}

}  // namespace catenary
