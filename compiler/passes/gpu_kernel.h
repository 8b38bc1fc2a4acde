// What differs from one kind of device to another: how a kernel is called, where memory lies, which thread this is.
#pragma once

#include <array>
#include <string>

#include <mlir/IR/Builders.h>
#include <mlir/IR/Value.h>

#include <catenary/compiler/passes/passes.h>

namespace catenary {

/// LLVM's number of the address space that a call's tensors and times lie in, of that for constant tables, and of that
/// for a thread's own arrays.
struct AddressSpaces {
  unsigned data, tables, own;
};
AddressSpaces address_spaces(GpuKind gpu);

struct GpuKernel {
  mlir::Value args;                ///< Points to the arguments.
  std::array<mlir::Value, 4> ids;  ///< Block, blocks, thread of the block, threads of a block: i32.
};

/// The dialects of what begin_kernel makes.
void insert_kernel_dialects(mlir::DialectRegistry& registry);

/// Begins a kernel that is given a struct of `bytes` bytes by value, and leaves the builder at the start of its body.
/// One that only computes, for long, may have a multiprocessor's registers for one block, rather than keep values in
/// memory so that two fit.
GpuKernel begin_kernel(mlir::OpBuilder& b, mlir::Location loc, GpuKind gpu, const std::string& name, size_t bytes,
                       bool only_computes);

}  // namespace catenary
