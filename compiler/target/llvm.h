// What the targets share below MLIR: translation to LLVM, and a short list of clean-ups.
#pragma once

#include <memory>
#include <string>

#include <llvm/IR/Module.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Target/TargetMachine.h>
#include <mlir/IR/BuiltinOps.h>

namespace catenary {

/// The code generator for a processor, whose name and features LLVM must know. It fuses nothing: the only fma are those
/// that laws and polynomials write.
std::unique_ptr<llvm::TargetMachine> create_machine(const llvm::Target& target, const llvm::Triple& triple,
                                                    const std::string& processor, const std::string& features);

/// A lowered module as LLVM's, for this machine. Throws Bug if it does not translate.
std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module, llvm::LLVMContext& context,
                                        const llvm::TargetMachine& machine);

/// No vectoriser, nothing that may reorder floats: only clean-ups whose results are equal to the last bit.
void simplify(llvm::Module& module, llvm::TargetMachine& machine);

/// Who orders instructions: LLVM's scheduler, or they stay as they are.
enum class Order { scheduled, as_it_is };

/// Assembly or object code. Throws Bug if the machine cannot write it.
llvm::SmallVector<char, 0> emit(llvm::Module& module, llvm::TargetMachine& machine, llvm::CodeGenFileType type,
                                Order order = Order::scheduled);

std::string text_of(const llvm::Module& module);

}  // namespace catenary
