// The only file that sees both the language and MLIR.
#include <catenary/compiler/import.h>

#include <map>

#include <fmt/format.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Tensor/IR/Tensor.h>
#include <mlir/IR/Builders.h>

#include <catenary/compiler/declaration.h>
#include <catenary/compiler/dialect/catenary_dialect.h>
#include <catenary/dsl/schedule.h>
#include <catenary/support/philox.h>

namespace catenary {

namespace {

namespace arith = mlir::arith;
namespace math = mlir::math;
namespace scf = mlir::scf;
namespace tensor = mlir::tensor;
using mlir::Value;

// Emits the nodes of a schedule at the builder's insertion point.
class Emitter {
 public:
  explicit Emitter(mlir::OpBuilder& builder) : b_(builder) {}

  mlir::Type type_of(Type type, const Shape& shape) {
    mlir::Type element =
        type == Type::f32 ? mlir::Type(b_.getF32Type()) : b_.getIntegerType(type == Type::i32 ? 32 : 1);
    return shape.empty() ? element : mlir::RankedTensorType::get(shape, element);
  }
  mlir::Type type_of(const Expr& e) { return type_of(e.type(), e.shape()); }

  void bind(const Expr& e, Value value) { value_[e.get()] = value; }
  Value at(const Expr& e) { return value_.at(e.get()); }

  void run(const Schedule& s) {
    for (const Node* n : s.nodes) {
      if (value_.count(n) && (n->op == Op::Bound || n->op == Op::Parameter)) continue;
      loc_ = mlir::FileLineColLoc::get(b_.getContext(), n->where.file_name(), n->where.line(), n->where.column());
      value_[n] = emit(*n, s);
    }
  }

 private:
  template <class T, class... Args>
  Value make(Args&&... args) {
    return T::create(b_, loc_, std::forward<Args>(args)...);
  }

  Value draw(mlir::Type type, Drawn drawn) {
    return make<DrawOp>(type, drawn, Value(), Value(), nullptr, nullptr, nullptr, nullptr);
  }

  Value constant(mlir::Type type, double value) {
    auto element = mlir::getElementTypeOrSelf(type);
    mlir::TypedAttr attr = element.isF32() ? mlir::TypedAttr(b_.getF32FloatAttr(float(value)))
                                           : b_.getIntegerAttr(element, int64_t(value));
    if (auto shaped = mlir::dyn_cast<mlir::RankedTensorType>(type))
      attr = mlir::DenseElementsAttr::get(shaped, mlir::Attribute(attr));
    return make<arith::ConstantOp>(attr);
  }

  Value table(const Node& n) {
    if (n.values.size() == 1 || n.shape.empty()) return constant(type_of(n.type, n.shape), n.values[0]);
    auto type = mlir::cast<mlir::RankedTensorType>(type_of(n.type, n.shape));
    if (n.type == Type::f32)
      return make<arith::ConstantOp>(
          mlir::DenseElementsAttr::get(type, llvm::ArrayRef(std::vector<float>(n.values.begin(), n.values.end()))));
    if (n.type == Type::boolean) {
      llvm::SmallVector<bool> flags;
      for (double v : n.values) flags.push_back(v != 0);
      return make<arith::ConstantOp>(mlir::DenseElementsAttr::get(type, flags));
    }
    return make<arith::ConstantOp>(
        mlir::DenseElementsAttr::get(type, llvm::ArrayRef(std::vector<int32_t>(n.values.begin(), n.values.end()))));
  }

  Value element(Value v, llvm::ArrayRef<int64_t> indices) {
    llvm::SmallVector<Value> at;
    for (int64_t i : indices) at.push_back(arith::ConstantIndexOp::create(b_, loc_, i));
    return make<tensor::ExtractOp>(v, at);
  }

  Value compare(arith::CmpFPredicate f, arith::CmpIPredicate i, Value a, Value b) {
    if (mlir::getElementTypeOrSelf(a.getType()).isF32()) return make<arith::CmpFOp>(f, a, b);
    return make<arith::CmpIOp>(i, a, b);
  }

  template <class Float, class Int>
  Value either(Value a, Value b) {
    if (mlir::getElementTypeOrSelf(a.getType()).isF32()) return make<Float>(a, b);
    return make<Int>(a, b);
  }

  mlir::Type retyped(mlir::Type like, mlir::Type element) {
    if (auto shaped = mlir::dyn_cast<mlir::RankedTensorType>(like))
      return mlir::RankedTensorType::get(shaped.getShape(), element);
    return element;
  }

  // Truncation that saturates and sends NaN to 0, without the poison of fptosi.
  Value to_int(Value x) {
    auto type = x.getType(), word = retyped(type, b_.getI32Type());
    Value number = make<arith::CmpFOp>(arith::CmpFPredicate::ORD, x, x);
    Value high = make<arith::CmpFOp>(arith::CmpFPredicate::OGE, x, constant(type, 0x1p31));
    Value low = make<arith::CmpFOp>(arith::CmpFPredicate::OLT, x, constant(type, -0x1p31));
    Value zero = constant(type, 0), inside = make<arith::SelectOp>(number, x, zero);
    inside = make<arith::SelectOp>(high, zero, inside);
    inside = make<arith::SelectOp>(low, zero, inside);
    Value i = make<arith::FPToSIOp>(word, inside);
    i = make<arith::SelectOp>(high, constant(word, 2147483647.0), i);
    return make<arith::SelectOp>(low, constant(word, -2147483648.0), i);
  }

  Value shift(const Node& n, Value a, Value b) {
    auto type = a.getType();
    Value by = make<arith::AndIOp>(b, constant(type, 31));
    Value moved = n.op == Op::Shl ? make<arith::ShLIOp>(a, by) : make<arith::ShRUIOp>(a, by);
    Value fits = make<arith::CmpIOp>(arith::CmpIPredicate::ult, b, constant(type, 32));
    return make<arith::SelectOp>(fits, moved, constant(type, 0));
  }

  Value multiply_high(Value a, Value b) {
    auto word = a.getType(), wide = retyped(word, b_.getI64Type());
    Value product = make<arith::MulIOp>(make<arith::ExtUIOp>(wide, a), make<arith::ExtUIOp>(wide, b));
    mlir::TypedAttr by = b_.getI64IntegerAttr(32);
    if (auto shaped = mlir::dyn_cast<mlir::RankedTensorType>(wide))
      by = mlir::DenseElementsAttr::get(shaped, mlir::Attribute(by));
    return make<arith::TruncIOp>(word, make<arith::ShRUIOp>(product, make<arith::ConstantOp>(by)));
  }

  Value emit(const Node& n, const Schedule& s) {
    auto arg = [&](size_t i) { return at(n.args[i]); };
    auto type = type_of(n.type, n.shape);
    switch (n.op) {
      case Op::Constant: return table(n);
      case Op::Parameter: throw Bug(fmt::format("import: the law does not bind its parameter '{}'", n.name));
      case Op::Bound: throw Bug("import: a loop does not bind its value");
      case Op::Normal: return draw(type, Drawn::normal);
      case Op::Uniform: return draw(type, Drawn::uniform);
      case Op::Bits: return draw(type, Drawn::bits);
      case Op::Neg: return make<arith::NegFOp>(arg(0));
      case Op::Abs: return make<math::AbsFOp>(arg(0));
      case Op::Floor: return make<math::FloorOp>(arg(0));
      case Op::Sqrt: return make<math::SqrtOp>(arg(0));
      case Op::Exp: return make<math::ExpOp>(arg(0));
      case Op::Expm1: return make<math::ExpM1Op>(arg(0));
      case Op::Log: return make<math::LogOp>(arg(0));
      case Op::Log1p: return make<math::Log1pOp>(arg(0));
      case Op::Sin: return make<math::SinOp>(arg(0));
      case Op::Cos: return make<math::CosOp>(arg(0));
      case Op::Add: return either<arith::AddFOp, arith::AddIOp>(arg(0), arg(1));
      case Op::Sub: return either<arith::SubFOp, arith::SubIOp>(arg(0), arg(1));
      case Op::Mul: return either<arith::MulFOp, arith::MulIOp>(arg(0), arg(1));
      case Op::Div: return make<arith::DivFOp>(arg(0), arg(1));
      case Op::Min: return either<arith::MinimumFOp, arith::MinSIOp>(arg(0), arg(1));
      case Op::Max: return either<arith::MaximumFOp, arith::MaxSIOp>(arg(0), arg(1));
      case Op::Atan2: return make<math::Atan2Op>(arg(0), arg(1));
      case Op::MulHigh: return multiply_high(arg(0), arg(1));
      case Op::And: return make<arith::AndIOp>(arg(0), arg(1));
      case Op::Or: return make<arith::OrIOp>(arg(0), arg(1));
      case Op::Xor: return make<arith::XOrIOp>(arg(0), arg(1));
      case Op::Shl:
      case Op::Shr: return shift(n, arg(0), arg(1));
      case Op::Less: return compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, arg(0), arg(1));
      case Op::LessEqual: return compare(arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, arg(0), arg(1));
      case Op::Equal: return compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, arg(0), arg(1));
      case Op::Below: return make<arith::CmpIOp>(arith::CmpIPredicate::ult, arg(0), arg(1));
      case Op::Not: return make<arith::XOrIOp>(arg(0), constant(type, 1));
      case Op::Select: return make<arith::SelectOp>(arg(0), arg(1), arg(2));
      case Op::Fma: return make<math::FmaOp>(arg(0), arg(1), arg(2));
      case Op::ToFloat:
        if (n.args[0].type() == Type::boolean)
          return make<arith::SelectOp>(arg(0), constant(type, 1), constant(type, 0));
        return make<arith::SIToFPOp>(type, arg(0));
      case Op::ToInt:
        if (n.args[0].type() == Type::boolean) return make<arith::ExtUIOp>(type, arg(0));
        return to_int(arg(0));
      case Op::ToBits:
      case Op::FromBits: return make<arith::BitcastOp>(type, arg(0));
      case Op::Splat: return make<tensor::SplatOp>(type, arg(0));
      case Op::Slice: return slice(n, arg(0));
      case Op::Reshape: return reshape(n, arg(0));
      case Op::Transpose: {
        llvm::SmallVector<Value> elements;
        for (int64_t i = 0; i < n.shape[0]; ++i)
          for (int64_t j = 0; j < n.shape[1]; ++j) elements.push_back(element(arg(0), {j, i}));
        return make<tensor::FromElementsOp>(type, elements);
      }
      case Op::Concat: {
        llvm::SmallVector<Value> parts;
        for (const Expr& a : n.args) parts.push_back(at(a));
        return parts.size() == 1 ? parts[0] : make<tensor::ConcatOp>(type, int64_t{0}, parts);
      }
      case Op::At: return make<AtOp>(type, arg(0), arg(1), nullptr);
      case Op::Sum: return make<ReduceOp>(type, Combine::sum, arg(0));
      case Op::MinOf: return make<ReduceOp>(type, Combine::min, arg(0));
      case Op::MaxOf: return make<ReduceOp>(type, Combine::max, arg(0));
      case Op::Dot: return make<DotOp>(type, arg(0), arg(1));
      case Op::MatMul: return make<MatMulOp>(type, arg(0), arg(1));
      case Op::Fold: return fold(n, s);
      case Op::While: return loop_while(n, s);
      case Op::Item: return carried_.at(n.args[0].get())[size_t(n.values[0])];
    }
    throw Bug("import: unknown expression kind");
  }

  Value slice(const Node& n, Value x) {
    llvm::SmallVector<mlir::OpFoldResult> offsets, sizes, strides;
    for (size_t axis = 0; axis < n.shape.size(); ++axis) {
      offsets.push_back(b_.getIndexAttr(axis == 0 ? int64_t(n.values[0]) : 0));
      sizes.push_back(b_.getIndexAttr(n.shape[axis]));
      strides.push_back(b_.getIndexAttr(1));
    }
    return make<tensor::ExtractSliceOp>(mlir::cast<mlir::RankedTensorType>(type_of(n.type, n.shape)), x, offsets, sizes,
                                        strides);
  }

  Value reshape(const Node& n, Value x) {
    const Shape& from = n.args[0].shape();
    if (n.shape.empty()) return element(x, llvm::SmallVector<int64_t>(from.size(), 0));
    auto type = type_of(n.type, n.shape);
    if (from.empty()) return make<tensor::FromElementsOp>(type, x);
    auto shape_type = mlir::RankedTensorType::get({int64_t(n.shape.size())}, b_.getI64Type());
    Value shape = make<arith::ConstantOp>(mlir::DenseElementsAttr::get(shape_type, llvm::ArrayRef<int64_t>(n.shape)));
    return make<tensor::ReshapeOp>(type, x, shape);
  }

  Value finish(const Node& n, mlir::ResultRange results) {
    carried_[&n].assign(results.begin(), results.end());
    return results.front();
  }

  Value fold(const Node& n, const Schedule& s) {
    auto index = [&](int64_t i) { return arith::ConstantIndexOp::create(b_, loc_, i).getResult(); };
    llvm::SmallVector<Value> inits;
    for (const Expr& a : n.args) inits.push_back(at(a));
    auto loop = scf::ForOp::create(b_, loc_, index(0), index(int64_t(n.values[0])), index(1), inits);
    {
      mlir::OpBuilder::InsertionGuard guard(b_);
      b_.setInsertionPointToStart(loop.getBody());
      bind(n.body->bound[0], make<arith::IndexCastOp>(b_.getI32Type(), loop.getInductionVar()));
      for (size_t i = 0; i < inits.size(); ++i) bind(n.body->bound[i + 1], loop.getRegionIterArg(i));
      run(s.bodies.at(&n));
      scf::YieldOp::create(b_, loc_, next(n));
    }
    return finish(n, loop.getResults());
  }

  // The trip is carried behind the user's values; a loop stops after most_trips.
  Value loop_while(const Node& n, const Schedule& s) {
    llvm::SmallVector<Value> inits;
    for (const Expr& a : n.args) inits.push_back(at(a));
    auto word = b_.getI32Type();
    inits.push_back(constant(word, 0));
    auto types = llvm::to_vector(mlir::ValueRange(inits).getTypes());
    auto enter = [&](mlir::ValueRange args) {
      for (size_t i = 0; i + 1 < args.size(); ++i) bind(n.body->bound[i + 1], args[i]);
      bind(n.body->bound[0], args.back());
    };
    auto before = [&](mlir::OpBuilder&, mlir::Location, mlir::ValueRange args) {
      enter(args);
      run(s.conditions.at(&n));
      Value more = make<arith::CmpIOp>(arith::CmpIPredicate::slt, args.back(), constant(word, most_trips));
      scf::ConditionOp::create(b_, loc_, make<arith::AndIOp>(at(n.body->condition[0]), more), args);
    };
    auto after = [&](mlir::OpBuilder&, mlir::Location, mlir::ValueRange args) {
      enter(args);
      run(s.bodies.at(&n));
      auto carried = next(n);
      carried.push_back(make<arith::AddIOp>(args.back(), constant(word, 1)));
      scf::YieldOp::create(b_, loc_, carried);
    };
    return finish(n, scf::WhileOp::create(b_, loc_, types, inits, before, after).getResults());
  }

  llvm::SmallVector<Value> next(const Node& n) {
    llvm::SmallVector<Value> values;
    for (const Expr& e : n.body->next) values.push_back(at(e));
    return values;
  }

  mlir::OpBuilder& b_;
  mlir::Location loc_ = b_.getUnknownLoc();
  std::map<const Node*, Value> value_;
  std::map<const Node*, std::vector<Value>> carried_;
};

void import_law(mlir::OpBuilder& b, const Law& law) {
  Emitter emitter(b);
  auto loc = b.getUnknownLoc();
  llvm::SmallVector<mlir::Type> inputs;
  for (const Expr& p : law.parameters) inputs.push_back(emitter.type_of(p));
  auto type = b.getFunctionType(inputs, {emitter.type_of(law.result)});
  auto op = LawOp::create(b, loc, name_of(law.question), type, nullptr, nullptr);
  mlir::OpBuilder::InsertionGuard guard(b);
  mlir::Block* block = b.createBlock(&op.getBody(), {}, inputs, llvm::SmallVector<mlir::Location>(inputs.size(), loc));
  for (size_t i = 0; i < law.parameters.size(); ++i) emitter.bind(law.parameters[i], block->getArgument(unsigned(i)));
  Schedule order = schedule({law.result});
  emitter.run(order);
  YieldOp::create(b, loc, emitter.at(law.result));
}

using Laws = std::map<Question, Law>;

void import_process(mlir::OpBuilder& b, const Joint::Component& component, size_t index, const Laws& laws) {
  const Space& space = component.process->space();
  Estimate estimate = component.estimate();
  Emitter types(b);
  auto op = ProcessOp::create(b, b.getUnknownLoc(), component.name, uint32_t(index), space.name(),
                              types.type_of(space.type(), space.point()), estimate.kind,
                              types.type_of(estimate.type, estimate.shape), uint64_t(space.categories()),
                              estimate.forbidden, component.placement.sites);
  mlir::OpBuilder::InsertionGuard guard(b);
  b.createBlock(&op.getLaws());
  for (const auto& [question, law] : laws) import_law(b, law);
}

struct Answer {
  std::string component;
  const Law& law;
};

// Of the components on these sites; none where one of them has no law for it.
std::vector<Answer> answers_on(const Joint& joint, const std::vector<Laws>& laws, Question question,
                               const std::string& sites) {
  std::vector<Answer> all;
  for (size_t i = 0; i < laws.size(); ++i) {
    const Joint::Component& component = joint.components()[i];
    if (component.placement.sites != sites) continue;
    auto law = laws[i].find(question);
    if (law == laws[i].end()) return {};
    all.push_back({component.name, law->second});
  }
  return all;
}

// One pipeline: every input once, the components' laws applied, every output.
void import_pipeline(mlir::OpBuilder& b, mlir::ModuleOp module, Question question, const std::string& sites,
                     size_t group, const std::vector<Answer>& answers) {
  auto loc = b.getUnknownLoc();
  auto op = PipelineOp::create(b, loc, fmt::format("{}.{}", name_of(question), group), name_of(question), sites,
                               nullptr, uint64_t{1}, nullptr);
  mlir::OpBuilder::InsertionGuard guard(b);
  b.createBlock(&op.getBody());
  std::map<std::string, Value> times;
  for (const auto& [component, answer] : answers) {
    auto process = module.lookupSymbol<ProcessOp>(component);
    auto law = process.lookupSymbol<LawOp>(name_of(question));
    auto name = mlir::FlatSymbolRefAttr::get(b.getContext(), component);
    llvm::SmallVector<Value> arguments;
    for (const Expr& p : answer.parameters) {
      auto type = law.getArgumentTypes()[arguments.size()];
      if (p->name == "s" || p->name == "t") {
        Value& time = times[p->name];
        if (!time) time = TimeOp::create(b, loc, p->name);
        arguments.push_back(time);
      } else {
        arguments.push_back(
            InputOp::create(b, loc, type, *symbolizeRole(p->name), component, nullptr, Value(), nullptr, nullptr));
      }
    }
    auto symbol = mlir::SymbolRefAttr::get(b.getContext(), component,
                                           {mlir::FlatSymbolRefAttr::get(b.getContext(), name_of(question))});
    Value drawn = ApplyOp::create(b, loc, law.getResultTypes()[0], symbol, arguments);
    OutputOp::create(b, loc, drawn, name, nullptr, Value(), nullptr, nullptr);
  }
}

mlir::OwningOpRef<mlir::ModuleOp> start_module(mlir::OpBuilder& b, const std::string& name, double horizon) {
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(b.getUnknownLoc(), name);
  (*module)->setAttr(horizon_name, b.getF64FloatAttr(horizon));
  b.setInsertionPointToEnd(module->getBody());
  return module;
}

}  // namespace

mlir::OwningOpRef<mlir::ModuleOp> import_joint(mlir::MLIRContext& context, const Joint& joint,
                                               llvm::ArrayRef<Question> questions, Unanswered unanswered) {
  if (joint.components().empty())
    throw Error(fmt::format("joint '{}' has no components; add one before compiling it", joint.name()));
  mlir::OpBuilder b(&context);
  auto module = start_module(b, joint.name(), joint.horizon());
  if (joint.options().rounds != philox_rounds)
    (*module)->setAttr(rounds_name, b.getI32IntegerAttr(joint.options().rounds));
  std::vector<Laws> laws;
  for (const Joint::Component& component : joint.components()) {
    Laws& mine = laws.emplace_back();
    for (Question q : questions)
      if (unanswered == Unanswered::refused || answers(joint, component, q))
        mine.emplace(q, derive(joint, component, q));
    import_process(b, component, laws.size() - 1, mine);
  }
  std::vector<std::string> groups;
  for (const Joint::Component& c : joint.components())
    if (std::find(groups.begin(), groups.end(), c.placement.sites) == groups.end()) groups.push_back(c.placement.sites);
  for (Question q : questions)
    for (size_t g = 0; g < groups.size(); ++g)
      if (auto all = answers_on(joint, laws, q, groups[g]); !all.empty())
        import_pipeline(b, *module, q, groups[g], g, all);
  return module;
}

mlir::OwningOpRef<mlir::ModuleOp> import_conversion(mlir::MLIRContext& context, const Conversion& conversion) {
  mlir::OpBuilder b(&context);
  auto module = start_module(b, conversion.name(), /*horizon=*/1);  // Not read: there are no times.
  Emitter types(b);
  Law law{Question::convert, {conversion.source()}, conversion.result()};
  auto process =
      ProcessOp::create(b, b.getUnknownLoc(), conversion.name(), 0, conversion.to().name, types.type_of(law.result),
                        conversion.from().name, types.type_of(conversion.source()), 0, llvm::ArrayRef<int64_t>(), "");
  {
    mlir::OpBuilder::InsertionGuard guard(b);
    b.createBlock(&process.getLaws());
    import_law(b, law);
  }
  import_pipeline(b, *module, law.question, "", 0, {{conversion.name(), law}});
  return module;
}

}  // namespace catenary
