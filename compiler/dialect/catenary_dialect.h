// The catenary dialect in C++: the operations declared in catenary_dialect.td.
#pragma once

#include <mlir/Bytecode/BytecodeOpInterface.h>
#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/BuiltinTypes.h>
#include <mlir/IR/Dialect.h>
#include <mlir/IR/OpImplementation.h>
#include <mlir/IR/SymbolTable.h>
#include <mlir/Interfaces/ControlFlowInterfaces.h>
#include <mlir/Interfaces/FunctionInterfaces.h>
#include <mlir/Interfaces/InferTypeOpInterface.h>
#include <mlir/Interfaces/SideEffectInterfaces.h>

#include <catenary/compiler/dialect/catenary_dialect.h.inc>
#include <catenary/compiler/dialect/catenary_enums.h.inc>

#define GET_OP_CLASSES
#include <catenary/compiler/dialect/catenary_ops.h.inc>

namespace catenary {

/// The numbers of a value: a tensor's elements, or one.
int64_t size_of(mlir::Type type);

/// The module's attribute that holds the rounds of Philox, where they are not philox_rounds.
inline constexpr const char* rounds_name = "catenary.rounds";
int rounds_of(mlir::ModuleOp module);

}  // namespace catenary
