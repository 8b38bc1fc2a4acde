// What the verifiers of the operations cannot see: a module as a whole, and its fitness for the runtime.
#include <catenary/compiler/declaration.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/Diagnostics.h>
#include <mlir/Parser/Parser.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/runtime/abi.h>
#include <catenary/support/error.h>

namespace catenary {

using namespace mlir;

namespace {

mlir::Type floats_like(mlir::Type type) {
  auto element = Float32Type::get(type.getContext());
  if (auto shaped = dyn_cast<RankedTensorType>(type)) return RankedTensorType::get(shaped.getShape(), element);
  return element;
}

/// What the runtime can hold at a point.
bool fits(mlir::Type type) {
  auto shaped = dyn_cast<RankedTensorType>(type);
  if (shaped && (!shaped.hasStaticShape() || shaped.getRank() > CATENARY_MAX_RANK || shaped.getNumElements() == 0))
    return false;
  mlir::Type element = shaped ? shaped.getElementType() : type;
  return element.isF32() || element.isInteger(32);
}

LogicalResult check_process(ProcessOp process, std::set<uint32_t>& numbers) {
  if (process.getComponent() > 65535 || !numbers.insert(process.getComponent()).second)
    return process.emitOpError("has number ")
           << process.getComponent() << "; processes have numbers of their own, from 0 to 65535";
  if (!fits(process.getPoint()) || !fits(process.getEstimate()))
    return process.emitOpError("must have points and estimates of f32 or i32, numbers or tensors of up to ")
           << CATENARY_MAX_RANK << " axes";
  for (int64_t k : process.getForbidden())
    if (k < 0 || k >= int64_t(process.getCategories()))
      return process.emitOpError("forbids category ")
             << k << " (has " << process.getCategories() << "); leave out what is not a category";
  return success();
}

LogicalResult check_input(InputOp input) {
  if (input.getElement() || input.getIndex() || input.getSlot())
    return input.emitOpError("takes a part of a value; in a declaration it takes the whole");
  auto process = input->getParentOfType<ModuleOp>().lookupSymbol<ProcessOp>(input.getComponent());
  bool told = input.getRole() == Role::estimate || input.getRole() == Role::source;
  auto type = told ? process.getEstimate() : process.getPoint();
  if (input.getType() != type) return input.emitOpError("must be of type ") << type;
  return success();
}

LogicalResult check_output(OutputOp output) {
  if (output.getElement() || output.getIndex() || output.getSlot())
    return output.emitOpError("gives a part of a value; in a declaration it gives the whole");
  auto pipeline = cast<PipelineOp>(output->getParentOp());
  auto process = output->getParentOfType<ModuleOp>().lookupSymbol<ProcessOp>(output.getComponent());
  int32_t role = form_of(pipeline.getQuestion()).output;
  mlir::Type type = role == CATENARY_LOSS_GRADIENT ? process.getEstimate() : process.getPoint();
  if (role == CATENARY_LOSS_GRADIENT && type != floats_like(type))
    return output.emitOpError("gives a gradient by estimates that are not f32");
  if (role == CATENARY_LOG_DENSITY || role == CATENARY_LOSS) type = Float32Type::get(output.getContext());
  if (role == CATENARY_TANGENT) type = floats_like(type);
  if (output.getValue().getType() != type) return output.emitOpError("must be of type ") << type;
  return success();
}

LogicalResult check_pipeline(PipelineOp pipeline) {
  if (pipeline.getDraws()) return pipeline.emitOpError("has a number of draws; in a declaration it has none");
  if (pipeline.getNumbers() != 1) return pipeline.emitOpError("has split points; in a declaration they are whole");
  if (pipeline.getGroup()) return pipeline.emitOpError("has a group; in a declaration it has none");
  std::map<std::string, int> outputs;
  for (auto process : pipeline->getParentOfType<ModuleOp>().getOps<ProcessOp>())
    if (process.getSites() == pipeline.getSites()) outputs[process.getSymName().str()] = 0;
  if (outputs.empty())
    return pipeline.emitOpError("is on sites \"") << pipeline.getSites() << "\", which no process of this module is on";
  for (auto output : pipeline.getBody().getOps<OutputOp>()) ++outputs[output.getComponent().str()];
  for (const auto& [component, count] : outputs)
    if (count != 1) return pipeline.emitOpError("must have one output of @") << component << " (has " << count << ")";
  return success();
}

/// What a declaration may compute with: what the import makes, and no more, so that every target has it with the same
/// bits.
bool is_known(Operation* op) {
  return isa<ProcessOp, LawOp, PipelineOp, YieldOp, ApplyOp, InputOp, TimeOp, OutputOp, DrawOp, ReduceOp, DotOp,
             MatMulOp, AtOp>(op) ||
         isa<arith::ConstantOp, arith::NegFOp, arith::AddFOp, arith::AddIOp, arith::SubFOp, arith::SubIOp,
             arith::MulFOp, arith::MulIOp, arith::DivFOp, arith::MinimumFOp, arith::MinSIOp, arith::MaximumFOp,
             arith::MaxSIOp, arith::BitcastOp, arith::AndIOp, arith::OrIOp, arith::XOrIOp, arith::ShLIOp,
             arith::ShRUIOp, arith::CmpFOp, arith::CmpIOp, arith::SelectOp, arith::SIToFPOp, arith::FPToSIOp,
             arith::ExtUIOp, arith::TruncIOp, arith::IndexCastOp>(op) ||
         isa<math::AbsFOp, math::FloorOp, math::SqrtOp, math::ExpOp, math::ExpM1Op, math::LogOp, math::Log1pOp,
             math::SinOp, math::CosOp, math::Atan2Op, math::FmaOp>(op) ||
         isa<tensor::SplatOp, tensor::ExtractOp, tensor::ExtractSliceOp, tensor::ReshapeOp, tensor::FromElementsOp,
             tensor::ConcatOp>(op) ||
         isa<scf::ForOp, scf::WhileOp, scf::ConditionOp, scf::YieldOp>(op);
}

LogicalResult check_any(Operation* op) {
  if (!is_known(op)) return op->emitOpError("is nothing that a declaration may compute with");
  if (auto flags = op->getAttrOfType<arith::FastMathFlagsAttr>("fastmath");
      flags && flags.getValue() != arith::FastMathFlags::none)
    return op->emitOpError("has fast-math flags; a declaration has none, so that its bits are the same everywhere");
  if (isa<InputOp, TimeOp, OutputOp, ApplyOp>(op) && !isa<PipelineOp>(op->getParentOp()))
    return op->emitOpError("must stand in a pipeline itself");
  auto empty = [](mlir::Type type) {
    auto shaped = dyn_cast<RankedTensorType>(type);
    return shaped && (!shaped.hasStaticShape() || shaped.getNumElements() == 0);
  };
  if (llvm::any_of(op->getResultTypes(), empty) || llvm::any_of(op->getOperandTypes(), empty))
    return op->emitOpError("has a tensor without elements, or of no fixed shape");
  return success();
}

LogicalResult check(ModuleOp module) {
  auto horizon = module->getAttrOfType<FloatAttr>(horizon_name);
  if (!horizon || !(horizon.getValueAsDouble() > 0) || !std::isfinite(horizon.getValueAsDouble()))
    return module.emitError("the module must have an attribute ")
           << horizon_name << ", the time of pure noise, a finite number above 0";
  if (auto rounds = module->getAttr(rounds_name); rounds && rounds_of(module) != fewest_philox_rounds)
    return module.emitError("the attribute ")
           << rounds_name << " is " << fewest_philox_rounds << " : i32, or there is none and draws take "
           << philox_rounds << " rounds of Philox";
  std::set<uint32_t> numbers;
  std::set<std::string> symbols;
  std::set<std::pair<StringRef, StringRef>> asked;
  LogicalResult result = success();
  auto visit = [&](Operation* op) -> LogicalResult {
    if (op->getParentOp() == module && !isa<ProcessOp, PipelineOp>(op))
      return op->emitOpError("stands beside processes and pipelines; a declaration has nothing else");
    if (isa<SampleOp, CoefficientOp, AnyOp, KeepOp, KeptOp, WordsOp, PhiloxOp, BoxMullerOp, UniformOfOp>(op))
      return op->emitOpError("comes from a pass; a declaration has none");
    if (failed(check_any(op))) return failure();
    if (auto process = dyn_cast<ProcessOp>(op)) return check_process(process, numbers);
    if (auto draw = dyn_cast<DrawOp>(op); draw && (draw.getTrip() || draw.getIndex() || draw.getFirst()))
      return op->emitOpError("has a place in the counter layout; in a declaration it has none");
    if (auto at = dyn_cast<AtOp>(op); at && at.getElement())
      return op->emitOpError("reads behind its index; in a declaration it reads there");
    if (auto input = dyn_cast<InputOp>(op)) return check_input(input);
    if (auto output = dyn_cast<OutputOp>(op)) return check_output(output);
    if (auto pipeline = dyn_cast<PipelineOp>(op)) {
      std::string symbol = pipeline.getSymName().str();
      std::replace(symbol.begin(), symbol.end(), '.', '_');
      if (!symbols.insert(symbol).second)
        return op->emitOpError(
            "has a name that differs from another's by '.' for '_' alone; in object code they are one");
      if (!asked.emplace(pipeline.getQuestion(), pipeline.getSites()).second)
        return op->emitOpError("asks \"") << pipeline.getQuestion() << "\" on sites \"" << pipeline.getSites()
                                          << "\" once more; each question is asked once";
      return check_pipeline(pipeline);
    }
    return success();
  };
  module->walk([&](Operation* op) {
    if (op != module && failed(visit(op))) result = failure();
    return failed(result) ? WalkResult::interrupt() : WalkResult::advance();
  });
  if (succeeded(result) && questions_of(module).empty())
    return module.emitError("no question has a pipeline on every set of sites");
  return result;
}

}  // namespace

OwningOpRef<ModuleOp> parse_declaration(MLIRContext& context, const std::string& text, const std::string& name) {
  std::string first;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic& d) {
    if (!first.empty() || d.getSeverity() != DiagnosticSeverity::Error) return success();
    if (auto at = dyn_cast<FileLineColLoc>(d.getLocation()); at && at.getLine() > 0)
      first = fmt::format("line {}, column {}: ", at.getLine(), at.getColumn());
    first += d.str();
    return success();
  });
  auto module = parseSourceString<ModuleOp>(text, ParserConfig(&context), name);
  if (!module || failed(check(*module))) throw Error(fmt::format("'{}' is not a declaration: {}", name, first));
  return module;
}

std::string joint_name(ModuleOp declaration) { return declaration.getName().value_or("joint").str(); }

double horizon_of(ModuleOp declaration) {
  return declaration->getAttrOfType<FloatAttr>(horizon_name).getValueAsDouble();
}

std::vector<Question> questions_of(ModuleOp declaration) {
  std::set<StringRef> sites;
  for (auto process : declaration.getOps<ProcessOp>()) sites.insert(process.getSites());
  std::vector<Question> questions;
  for (size_t q = 0; q < question_names.size(); ++q) {
    std::set<StringRef> answered;
    for (auto pipeline : declaration.getOps<PipelineOp>())
      if (pipeline.getQuestion() == question_names[q]) answered.insert(pipeline.getSites());
    if (!sites.empty() && answered == sites) questions.push_back(Question(q));
  }
  return questions;
}

void keep_question(ModuleOp declaration, Question question) {
  for (auto pipeline : llvm::make_early_inc_range(declaration.getOps<PipelineOp>()))
    if (pipeline.getQuestion() != name_of(question)) pipeline.erase();
  llvm::SmallPtrSet<Operation*, 8> applied;
  declaration.walk(
      [&](ApplyOp apply) { applied.insert(SymbolTable::lookupNearestSymbolFrom(apply, apply.getLawAttr())); });
  for (auto process : declaration.getOps<ProcessOp>())
    for (auto law : llvm::make_early_inc_range(process.getLaws().getOps<LawOp>()))
      if (!applied.contains(law)) law.erase();
}

}  // namespace catenary
