// Tables in memory for the JIT, and the same tables as C for deployment.
#include <catenary/compiler/kernel_table.h>

#include <cctype>

#include <fmt/format.h>
#include <llvm/Support/FormatVariadic.h>
#include <llvm/Support/JSON.h>
#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/Math/IR/Math.h>
#include <mlir/Dialect/SCF/IR/SCF.h>

#include <catenary/compiler/dialect/questions.h>
#include <catenary/compiler/passes/tile_order.h>
#include <catenary/compiler/passes/variance.h>
#include <catenary/compiler/symbols.h>
#include <catenary/compiler/target/cpu.h>
#include <catenary/dsl/space.h>
#include <catenary/support/philox.h>

namespace catenary {

namespace {

static_assert(max_point_rank == CATENARY_MAX_RANK);

catenary_point point_of(mlir::Type type, int64_t categories) {
  catenary_point point{};
  auto shaped = mlir::dyn_cast<mlir::RankedTensorType>(type);
  point.dtype = mlir::getElementTypeOrSelf(type).isF32() ? CATENARY_F32 : CATENARY_I32;
  point.rank = shaped ? int32_t(shaped.getRank()) : 0;
  point.size = 1;
  for (int axis = 0; axis < point.rank; ++axis) point.size *= point.shape[axis] = shaped.getDimSize(axis);
  point.categories = categories;
  return point;
}

std::string c_point(const catenary_point& p) {
  return fmt::format("{{{}, {}, {{{}, {}, {}, {}}}, {}, {}}}", p.dtype, p.rank, p.shape[0], p.shape[1], p.shape[2],
                     p.shape[3], p.size, p.categories);
}

std::string c_string(const char* text) {
  std::string quoted = "\"";
  for (const char* c = text; *c; ++c) {
    if (*c == '"' || *c == '\\') quoted += '\\';
    quoted += std::iscntrl((unsigned char)*c) ? fmt::format("\\{:03o}", (unsigned char)*c) : std::string(1, *c);
  }
  return quoted + "\"";
}

// About how many operations a group of points takes, by vector code. Whiles are taken to make a few trips.
int64_t work_of(mlir::Region& region, const llvm::DenseSet<mlir::Value>& varying) {
  int64_t work = 0;
  for (mlir::Operation& op : region.getOps()) {
    if (mlir::isa<SampleOp>(op)) continue;  // Once a sample.
    int64_t inside = 0, trips = 1;
    for (mlir::Region& nested : op.getRegions()) inside += work_of(nested, varying);
    if (mlir::isa<mlir::scf::WhileOp>(op)) trips = 4;
    if (auto loop = mlir::dyn_cast<mlir::scf::ForOp>(op))
      if (auto count = loop.getStaticTripCount()) trips = count->getSExtValue();
    work += trips * inside;
    auto input = mlir::dyn_cast<InputOp>(op);
    auto at = mlir::dyn_cast<AtOp>(op);
    const llvm::StringRef dialect = op.getName().getDialectNamespace();
    if (mlir::isa<WordsOp>(op))
      work += 64;  // Half a block of Philox.
    else if (mlir::isa<BoxMullerOp>(op))
      work += 48;
    else if ((at && varying.contains(at.getIndex())) || (input && input.getIndex() && !input.getRun()))
      work += 24;  // A gather.
    else if (at || input)
      work += 1;
    else if (mlir::isa<mlir::math::FmaOp, mlir::math::AbsFOp, mlir::math::FloorOp, mlir::math::RoundEvenOp>(op))
      work += 1;
    else if (mlir::isa<mlir::math::SqrtOp, mlir::arith::DivFOp>(op))
      work += 4;
    else if (dialect == "math")
      work += 16;
    else if (dialect == "arith" && !mlir::isa<mlir::arith::ConstantOp>(op))
      work += 1;
  }
  return work;
}

int64_t work_of(PipelineOp pipeline) {
  auto varying = find_varying(pipeline.getBody().front(), [](mlir::Operation* op) {
    return mlir::isa<WordsOp, DrawOp, InputOp, CoefficientOp, KeptOp>(op);
  });
  return work_of(pipeline.getBody(), varying);
}

}  // namespace

std::vector<ComponentEntry> read_components(mlir::ModuleOp module) {
  std::vector<ComponentEntry> components;
  for (auto process : module.getOps<ProcessOp>())
    components.push_back(
        {process.getSymName().str(), process.getSpace().str(), process.getSites().str(),
         process.getEstimateKind().str(), point_of(process.getPoint(), int64_t(process.getCategories())),
         point_of(process.getEstimate(),
                  mlir::getElementTypeOrSelf(process.getEstimate()).isF32() ? 0 : int64_t(process.getCategories()))});
  return components;
}

std::vector<KernelEntry> read_kernels(mlir::ModuleOp module) {
  auto components = read_components(module);
  std::vector<KernelEntry> kernels;
  for (auto pipeline : module.getOps<PipelineOp>()) {
    KernelEntry k{pipeline.getQuestion().str(),
                  pipeline.getSites().str(),
                  in_rows(pipeline) ? 1 : int32_t(*pipeline.getGroup()),
                  int32_t(*pipeline.getGroup()),
                  int64_t(pipeline.getNumbers()),
                  int32_t(form_of(pipeline.getQuestion()).times.size()),
                  0,
                  int64_t(pipeline.getDraws().value_or(0)),
                  work_of(pipeline) / int64_t(*pipeline.getGroup()),
                  {},
                  sample_part_symbol(module, pipeline),
                  points_part_symbol(module, pipeline)};
    for (auto sample : pipeline.getBody().getOps<SampleOp>())
      k.coefficient_count = int32_t(sample.getCoefficients().size());
    for (const KernelOperand& o : operands_of(pipeline)) {
      int32_t component = 0;
      while (o.component != components[size_t(component)].name) ++component;
      k.operands.push_back({component, o.role});
    }
    kernels.push_back(std::move(k));
  }
  return kernels;
}

std::string list_of_device_kernels(const std::vector<ComponentEntry>& components,
                                   const std::vector<KernelEntry>& kernels) {
  static constexpr const char* roles[CATENARY_ROLES] = {"x0",          "xt",    "estimate", "out",           "xs",
                                                        "log_density", "score", "loss",     "loss_gradient", "source"};
  static_assert(CATENARY_OUT == 3 && CATENARY_XS == 4 && CATENARY_SOURCE == 9);
  llvm::json::Array list;
  for (const KernelEntry& k : kernels) {
    llvm::json::Array operands;
    for (const catenary_operand& operand : k.operands)
      operands.push_back(
          llvm::json::Object{{"component", components[size_t(operand.component)].name}, {"role", roles[operand.role]}});
    llvm::json::Object kernel{{"question", k.pipeline},
                              {"sites", k.sites},
                              {"points_part", k.points_symbol},
                              {"group", k.slots},
                              {"numbers", k.numbers},
                              {"times", k.time_count},
                              {"coefficients", k.coefficient_count},
                              {"draws", k.draws},
                              {"operands", std::move(operands)}};
    if (k.coefficient_count > 0) kernel["sample_part"] = k.sample_symbol;
    list.push_back(std::move(kernel));
  }
  return llvm::formatv("{0:2}\n", llvm::json::Value(std::move(list)));
}

KernelTable::KernelTable(std::string name, double horizon, const Target& target, std::vector<ComponentEntry> components,
                         std::vector<KernelEntry> kernels)
    : name_(std::move(name)),
      processor_(target.cpu),
      needs_(needs_of(target)),
      component_entries_(std::move(components)),
      kernel_entries_(std::move(kernels)),
      module_{} {
  for (const ComponentEntry& c : component_entries_)
    components_.push_back(
        {c.name.c_str(), c.space.c_str(), c.sites.c_str(), c.point, c.estimate, c.estimate_kind.c_str()});
  for (const KernelEntry& k : kernel_entries_)
    devices_.push_back(
        {nullptr, k.coefficient_count ? k.sample_symbol.c_str() : nullptr, k.points_symbol.c_str(), k.device_group});
  for (size_t i = 0; i < kernel_entries_.size(); ++i) {
    const KernelEntry& k = kernel_entries_[i];
    kernels_.push_back({k.pipeline.c_str(), k.sites.c_str(), target.lanes, k.group, target.lanes * k.slots, k.numbers,
                        k.time_count, k.coefficient_count, k.draws, k.work, int32_t(k.operands.size()),
                        k.operands.data(), nullptr, nullptr, k.ptx_symbol.empty() ? nullptr : &devices_[i]});
  }
  module_ = {CATENARY_ABI_VERSION,
             counter_layout_version,
             name_.c_str(),
             processor_.c_str(),
             needs_.c_str(),
             horizon,
             int32_t(components_.size()),
             components_.data(),
             int32_t(kernels_.size()),
             kernels_.data()};
}

void KernelTable::bind(const std::function<void*(const std::string&)>& address) {
  for (size_t k = 0; k < kernels_.size(); ++k) {
    kernels_[k].sample_part =
        reinterpret_cast<void (*)(const catenary_sample_args*)>(address(kernel_entries_[k].sample_symbol));
    kernels_[k].points_part =
        reinterpret_cast<void (*)(const catenary_tile_args*)>(address(kernel_entries_[k].points_symbol));
    if (kernels_[k].device) devices_[k].ptx = static_cast<const char*>(address(kernel_entries_[k].ptx_symbol));
  }
}

std::string KernelTable::c_header(const std::string& name_symbol) const {
  std::string name = name_, text;
  auto line = [&](const std::string& s) { text += s + "\n"; };
  line(fmt::format("/* '{}', compiled: link {}.a and libcatenary_runtime. */", name, name));
  line(fmt::format("#ifndef CATENARY_COMPILED_{}_H\n#define CATENARY_COMPILED_{}_H\n", name, name));
  line("#include <catenary/runtime/abi.h>\n");
  line(fmt::format(
      "#if CATENARY_ABI_VERSION != {}\n#error \"'{}' was compiled for version {} of catenary/runtime/abi.h\"\n#endif\n",
      module_.abi_version, name, module_.abi_version));
  line("#ifdef __cplusplus\nextern \"C\" {\n#endif");
  line(
      fmt::format("/* The archive has it under this name if the two were written together. */\nextern const char {}[];",
                  name_symbol));
  for (const KernelEntry& k : kernel_entries_) {
    line(fmt::format("extern void {}(const catenary_sample_args*);", k.sample_symbol));
    line(fmt::format("extern void {}(const catenary_tile_args*);", k.points_symbol));
    if (!k.ptx_symbol.empty()) line(fmt::format("extern const char {}[];", k.ptx_symbol));
  }
  line("#ifdef __cplusplus\n}\n#endif\n");
  line(fmt::format("static const catenary_component catenary_{}_components[] = {{", name));
  for (const catenary_component& c : components_)
    line(fmt::format("  {{{}, {}, {}, {}, {}, {}}},", c_string(c.name), c_string(c.space), c_string(c.sites),
                     c_point(c.point), c_point(c.estimate), c_string(c.estimate_kind)));
  line("};\n");
  for (size_t k = 0; k < kernels_.size(); ++k) {
    text += fmt::format("static const catenary_operand catenary_{}_operands_{}[] = {{", name, k);
    for (size_t i = 0; i < kernel_entries_[k].operands.size(); ++i)
      text += fmt::format("{}{{{}, {}}}", i ? ", " : "", kernel_entries_[k].operands[i].component,
                          kernel_entries_[k].operands[i].role);
    line("};");
    if (const catenary_device_kernel* device = kernels_[k].device)
      line(fmt::format("static const catenary_device_kernel catenary_{}_device_{} = {{{}, {}, {}, {}}};", name, k,
                       kernel_entries_[k].ptx_symbol, device->sample_part ? c_string(device->sample_part) : "NULL",
                       c_string(device->points_part), device->group));
  }
  line(fmt::format("\nstatic const catenary_kernel catenary_{}_kernels[] = {{", name));
  for (size_t k = 0; k < kernels_.size(); ++k) {
    const catenary_kernel& kernel = kernels_[k];
    line(fmt::format("  {{{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, catenary_{}_operands_{}, {}, {}, {}}},",
                     c_string(kernel.pipeline), c_string(kernel.sites), kernel.lanes, kernel.group, kernel.tile,
                     kernel.numbers, kernel.time_count, kernel.coefficient_count, kernel.draws, kernel.work,
                     kernel.operand_count, name, k, kernel_entries_[k].sample_symbol, kernel_entries_[k].points_symbol,
                     kernel.device ? fmt::format("&catenary_{}_device_{}", name, k) : "NULL"));
  }
  line("};\n");
  line(fmt::format(
      "static const catenary_module catenary_{} = {{{}, {}, {}, {}, {}, {:a}, {}, catenary_{}_components, {}, "
      "catenary_{}_kernels}};",
      name, module_.abi_version, module_.counter_layout, name_symbol, c_string(module_.processor),
      c_string(module_.needs), module_.horizon, module_.component_count, name, module_.kernel_count, name));
  line("\n#endif");
  return text;
}

}  // namespace catenary
