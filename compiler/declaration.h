// Declarations in MLIR text: read, checked, and cut to one question.
#pragma once

#include <string>
#include <vector>

#include <mlir/IR/BuiltinOps.h>
#include <mlir/IR/OwningOpRef.h>

#include <catenary/support/philox.h>

namespace catenary {

/// The module's attribute that holds the horizon.
inline constexpr const char* horizon_name = "catenary.horizon";

/// The module of a text such as to_mlir writes; `name` stands for the text in messages. What the passes, the kernel
/// tables and the functions below take on trust is checked. Throws Error with line, column and fact.
mlir::OwningOpRef<mlir::ModuleOp> parse_declaration(mlir::MLIRContext& context, const std::string& text,
                                                    const std::string& name);

std::string joint_name(mlir::ModuleOp declaration);
double horizon_of(mlir::ModuleOp declaration);

/// The questions that every set of sites has a pipeline for; at least one.
std::vector<Question> questions_of(mlir::ModuleOp declaration);

/// Erases the pipelines of other questions and the laws that none of the rest applies.
void keep_question(mlir::ModuleOp declaration, Question question);

}  // namespace catenary
