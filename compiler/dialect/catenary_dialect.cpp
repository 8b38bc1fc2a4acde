// Verifiers and the few hooks that TableGen does not write.
#include <catenary/compiler/dialect/catenary_dialect.h>

#include <llvm/ADT/TypeSwitch.h>
#include <mlir/IR/Builders.h>
#include <mlir/IR/DialectImplementation.h>
#include <mlir/Interfaces/FunctionImplementation.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/support/philox.h>
#include <catenary/compiler/dialect/catenary_dialect.cpp.inc>
#include <catenary/compiler/dialect/catenary_enums.cpp.inc>

#define GET_OP_CLASSES
#include <catenary/compiler/dialect/catenary_ops.cpp.inc>

namespace catenary {

using namespace mlir;

int64_t size_of(mlir::Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getNumElements() : 1;
}

int rounds_of(ModuleOp module) {
  auto rounds = module->getAttrOfType<IntegerAttr>(rounds_name);
  return rounds ? int(rounds.getInt()) : philox_rounds;
}

void CatenaryDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include <catenary/compiler/dialect/catenary_ops.cpp.inc>
      >();
}

ParseResult LawOp::parse(OpAsmParser& parser, OperationState& result) {
  auto type = [](Builder& builder, ArrayRef<mlir::Type> inputs, ArrayRef<mlir::Type> results,
                 function_interface_impl::VariadicFlag,
                 std::string&) { return builder.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(parser, result, /*allowVariadic=*/false,
                                                  getFunctionTypeAttrName(result.name), type,
                                                  getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void LawOp::print(OpAsmPrinter& printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
                                           getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult LawOp::verify() {
  if (getResultTypes().size() != 1) return emitOpError("must have one result (has ") << getResultTypes().size() << ")";
  auto yield = dyn_cast<YieldOp>(getBody().front().getTerminator());
  if (!yield || yield.getValues().getTypes() != TypeRange(getResultTypes()))
    return emitOpError("must end in 'catenary.yield' of one ") << getResultTypes()[0];
  return success();
}

LogicalResult PipelineOp::verifyRegions() {
  const QuestionForm* form = find_question(getQuestion());
  if (!form) return emitOpError("asks \"") << getQuestion() << "\"; the questions are " << list_of_questions();
  if (getNumbers() < 1) return emitOpError("has points of 0 numbers");
  if (getGroup() && !llvm::is_contained({1, 2, 4, 8}, int(*getGroup())))
    return emitOpError("has a group of ") << *getGroup() << " points; it must be 1, 2, 4 or 8";
  auto module = (*this)->getParentOfType<ModuleOp>();
  auto checked = [&](Operation* op, StringRef component) -> LogicalResult {
    auto process = module.lookupSymbol<ProcessOp>(component);
    if (!process) return op->emitOpError("refers to @") << component << ", which is not a process of this module";
    if (process.getSites() != getSites())
      return op->emitOpError("refers to @")
             << component << " on sites \"" << process.getSites() << "\"; its pipeline is on \"" << getSites() << "\"";
    return success();
  };
  StringRef question = getQuestion();
  auto verify_border = [&](Operation* op) -> LogicalResult {
    if (auto output = dyn_cast<OutputOp>(op)) return checked(op, output.getComponent());
    if (auto time = dyn_cast<TimeOp>(op)) {
      if (!llvm::is_contained(form->times, time.getTime()))
        return op->emitOpError("asks for time \"")
               << time.getTime() << "\", which a " << question << " pipeline does not have";
    }
    if (auto input = dyn_cast<InputOp>(op)) {
      if (!llvm::is_contained(form->inputs, input.getRole()))
        return op->emitOpError("asks for ")
               << stringifyRole(input.getRole()) << ", which a " << question << " pipeline does not have";
      return checked(op, input.getComponent());
    }
    return success();
  };
  LogicalResult result = success();
  getBody().walk([&](Operation* op) {
    if (succeeded(result)) result = verify_border(op);
  });
  return result;
}

LogicalResult ApplyOp::verifySymbolUses(SymbolTableCollection& symbols) {
  auto law = symbols.lookupNearestSymbolFrom<LawOp>(*this, getLawAttr());
  if (!law) return emitOpError("refers to ") << getLaw() << ", which is not a law of a process in this module";
  if (TypeRange(law.getArgumentTypes()) != getArguments().getTypes() ||
      law.getResultTypes()[0] != getResult().getType())
    return emitOpError("must have the type of ") << getLaw() << ", " << law.getFunctionType();
  return success();
}

LogicalResult SampleOp::verify() {
  auto yield = dyn_cast<YieldOp>(getBody().front().getTerminator());
  if (!yield || yield.getValues().getTypes() != getResultTypes())
    return emitOpError("must end in 'catenary.yield' of its coefficients' types");
  return success();
}

LogicalResult DrawOp::verify() {
  bool floats = getElementTypeOrSelf(getResult().getType()).isF32(),
       words = getElementTypeOrSelf(getResult().getType()).isInteger(32);
  if (getDrawn() == Drawn::bits ? !words : !floats)
    return emitOpError("of ") << stringifyDrawn(getDrawn()) << " must give "
                              << (getDrawn() == Drawn::bits ? "i32" : "f32") << " values (gives "
                              << getResult().getType() << ")";
  if (getStream().has_value() != getFirst().has_value() || getFirst().has_value() != getPerPoint().has_value())
    return emitOpError("must have all of 'stream', 'first' and 'per_point', or none");
  return success();
}

LogicalResult ReduceOp::verify() {
  if (getResult().getType() != getElementTypeOrSelf(getValue().getType()))
    return emitOpError("must give an element of its operand");
  return success();
}

LogicalResult MatMulOp::verify() {
  auto lhs = cast<RankedTensorType>(getLhs().getType()), rhs = cast<RankedTensorType>(getRhs().getType()),
       out = cast<RankedTensorType>(getResult().getType());
  bool fits = lhs.getRank() == 2 && (rhs.getRank() == 1 || rhs.getRank() == 2) &&
              lhs.getDimSize(1) == rhs.getDimSize(0) && out.getRank() == rhs.getRank() &&
              out.getDimSize(0) == lhs.getDimSize(0) && (rhs.getRank() == 1 || out.getDimSize(1) == rhs.getDimSize(1));
  if (!fits) return emitOpError("must be [n, k] by [k, m] to [n, m], or [n, k] by [k] to [n]");
  return success();
}

LogicalResult AtOp::verify() {
  auto vector = cast<RankedTensorType>(getVector().getType());
  if (vector.getRank() != 1) return emitOpError("takes a vector (has rank ") << vector.getRank() << ")";
  if (getElementTypeOrSelf(getResult().getType()) != vector.getElementType())
    return emitOpError("must give elements of its vector");
  if (auto run = dyn_cast<RankedTensorType>(getResult().getType());
      run && (run.getRank() != 1 || run.getNumElements() > vector.getNumElements()))
    return emitOpError("must give a run of its vector");
  return success();
}

LogicalResult RetryOp::verify() {
  const auto slots = getActive().size();
  if (slots == 0 || getCarried().size() % slots != 0 || getCaptured().size() % slots != 0 ||
      getCarried().getTypes() != getValues().getTypes())
    return emitOpError("must have as many of each value as flags in 'active', and give what it carries");
  // The types of one slot.
  SmallVector<mlir::Type> carried, captured;
  for (size_t k = 0; k < getCarried().size(); k += slots) carried.push_back(getCarried()[k].getType());
  for (size_t k = 0; k < getCaptured().size(); k += slots) captured.push_back(getCaptured()[k].getType());
  Builder b(getContext());
  SmallVector<mlir::Type> arguments = carried, yields = {b.getI1Type()};
  arguments.append(captured), yields.append(carried);
  auto yield = dyn_cast<YieldOp>(getBody().front().getTerminator());
  if (getBody().front().getArgumentTypes() != TypeRange(arguments) || !yield ||
      yield.getValues().getTypes() != TypeRange(yields))
    return emitOpError(
        "must have a body from what a point carries and what it captures to a flag and what it carries "
        "then");
  return success();
}

LogicalResult WordsOp::verify() {
  if (getPair() >= getPairs()) return emitOpError("takes pair ") << getPair() << " of " << getPairs();
  return success();
}

}  // namespace catenary
