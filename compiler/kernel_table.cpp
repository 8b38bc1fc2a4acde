// Tables in memory for the JIT, and the same tables as C for deployment.
#include <catenary/compiler/kernel_table.h>

#include <cctype>

#include <fmt/format.h>

#include <catenary/compiler/symbols.h>
#include <catenary/support/philox.h>

namespace catenary {

namespace {

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
  return fmt::format("{{{}, {}, {{{}, {}, {}, {}}}, {}, {}}}", p.dtype, p.rank, p.shape[0], p.shape[1], p.shape[2], p.shape[3], p.size,
                     p.categories);
}

std::string c_string(const char* text) {
  std::string quoted = "\"";
  for (const char* c = text; *c; ++c) {
    if (*c == '"' || *c == '\\') quoted += '\\';
    quoted += *c;
  }
  return quoted + "\"";
}

}  // namespace

KernelTable::KernelTable(mlir::ModuleOp module, int lanes) : module_{} {
  for (auto process : module.getOps<ProcessOp>()) {
    catenary_component c{};
    c.name = keep(process.getSymName());
    c.space = keep(process.getSpace());
    c.sites = keep(process.getSites());
    c.point = point_of(process.getPoint(), int64_t(process.getCategories()));
    c.estimate = point_of(process.getEstimate(), 0);
    c.estimate_kind = keep(process.getEstimateKind());
    components_.push_back(c);
  }
  for (auto pipeline : module.getOps<PipelineOp>()) {
    auto& operands = operands_.emplace_back();
    for (const KernelOperand& o : operands_of(pipeline)) {
      int32_t component = 0;
      while (o.component != components_[size_t(component)].name) ++component;
      operands.push_back({component, o.role});
    }
    catenary_kernel k{};
    k.pipeline = keep(pipeline.getQuestion());
    k.sites = keep(pipeline.getSites());
    k.lanes = lanes;
    k.group = int32_t(*pipeline.getGroup());
    k.time_count = int32_t(times_of(pipeline.getQuestion()).size());
    for (auto sample : pipeline.getBody().getOps<SampleOp>()) k.coefficient_count = int32_t(sample.getCoefficients().size());
    k.operand_count = int32_t(operands.size());
    k.operands = operands.data();
    kernels_.push_back(k);
    sample_symbols_.push_back(sample_part_symbol(module, pipeline));
    points_symbols_.push_back(points_part_symbol(module, pipeline));
  }
  module_.abi_version = CATENARY_ABI_VERSION;
  module_.counter_layout = counter_layout_version;
  module_.name = keep(module.getName().value_or("joint"));
  module_.horizon = 1.0;
  if (auto horizon = module->getAttrOfType<mlir::FloatAttr>("catenary.horizon")) module_.horizon = horizon.getValueAsDouble();
  module_.component_count = int32_t(components_.size());
  module_.components = components_.data();
  module_.kernel_count = int32_t(kernels_.size());
  module_.kernels = kernels_.data();
}

void KernelTable::bind(const std::function<void*(const std::string&)>& address) {
  for (size_t k = 0; k < kernels_.size(); ++k) {
    kernels_[k].sample_part = reinterpret_cast<void (*)(const catenary_sample_args*)>(address(sample_symbols_[k]));
    kernels_[k].points_part = reinterpret_cast<void (*)(const catenary_tile_args*)>(address(points_symbols_[k]));
  }
}

std::string KernelTable::c_header() const {
  std::string name = module_.name, upper = name, text;
  for (char& c : upper) c = char(std::toupper((unsigned char)c));
  auto line = [&](const std::string& s) { text += s + "\n"; };
  line(fmt::format("/* The joint process '{}', compiled: link {}.o and libcatenary_runtime. */", name, name));
  line(fmt::format("#ifndef CATENARY_COMPILED_{}_H\n#define CATENARY_COMPILED_{}_H\n", upper, upper));
  line("#include <catenary/runtime/abi.h>\n");
  line(fmt::format("#if CATENARY_ABI_VERSION != {}\n#error \"'{}' was compiled for version {} of catenary/runtime/abi.h\"\n#endif\n",
                   module_.abi_version, name, module_.abi_version));
  line("#ifdef __cplusplus\nextern \"C\" {\n#endif");
  for (size_t k = 0; k < kernels_.size(); ++k) {
    line(fmt::format("extern void {}(const catenary_sample_args*);", sample_symbols_[k]));
    line(fmt::format("extern void {}(const catenary_tile_args*);", points_symbols_[k]));
  }
  line("#ifdef __cplusplus\n}\n#endif\n");
  line(fmt::format("static const catenary_component catenary_{}_components[] = {{", name));
  for (const catenary_component& c : components_)
    line(fmt::format("  {{{}, {}, {}, {}, {}, {}}},", c_string(c.name), c_string(c.space), c_string(c.sites), c_point(c.point),
                     c_point(c.estimate), c_string(c.estimate_kind)));
  line("};\n");
  for (size_t k = 0; k < kernels_.size(); ++k) {
    text += fmt::format("static const catenary_operand catenary_{}_operands_{}[] = {{", name, k);
    for (size_t i = 0; i < operands_[k].size(); ++i)
      text += fmt::format("{}{{{}, {}}}", i ? ", " : "", operands_[k][i].component, operands_[k][i].role);
    line("};");
  }
  line(fmt::format("\nstatic const catenary_kernel catenary_{}_kernels[] = {{", name));
  for (size_t k = 0; k < kernels_.size(); ++k) {
    const catenary_kernel& kernel = kernels_[k];
    line(fmt::format("  {{{}, {}, {}, {}, {}, {}, {}, catenary_{}_operands_{}, {}, {}}},", c_string(kernel.pipeline), c_string(kernel.sites),
                     kernel.lanes, kernel.group, kernel.time_count, kernel.coefficient_count, kernel.operand_count, name, k,
                     sample_symbols_[k], points_symbols_[k]));
  }
  line("};\n");
  line(fmt::format("static const catenary_module catenary_{} = {{{}, {}, \"{}\", {:a}, {}, catenary_{}_components, {}, catenary_{}_kernels}};",
                   name, module_.abi_version, module_.counter_layout, name, module_.horizon, module_.component_count, name,
                   module_.kernel_count, name));
  line("\n#endif");
  return text;
}

}  // namespace catenary
