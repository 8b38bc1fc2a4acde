// Kernels of every kind are called in blocks of CATENARY_DEVICE_THREADS threads.
#include <catenary/compiler/passes/gpu_kernel.h>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/LLVMIR/FunctionCallUtils.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/LLVMIR/NVVMDialect.h>

#include <catenary/compiler/passes/tile_memory.h>
#include <catenary/runtime/abi.h>

namespace catenary {

using namespace mlir;

namespace {

class Kernel {
 public:
  Kernel(OpBuilder& b, Location loc, const std::string& name, size_t bytes)
      : b_(b), loc_(loc), name_(name), bytes_(bytes), word_(b.getI32Type()) {}

  GpuKernel of_nvidia(bool only_computes) {
    auto kernel = with_struct(/*space=*/0, LLVM::LLVMDialect::getByValAttrName());
    kernel->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b_.getUnitAttr());
    kernel->setAttr(NVVM::NVVMDialect::getMaxntidAttrName(), b_.getDenseI32ArrayAttr({CATENARY_DEVICE_THREADS}));
    if (only_computes) kernel->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b_.getI32IntegerAttr(1));
    return {kernel.getArgument(0),
            {NVVM::BlockIdXOp::create(b_, loc_, word_), NVVM::GridDimXOp::create(b_, loc_, word_),
             NVVM::ThreadIdXOp::create(b_, loc_, word_), NVVM::BlockDimXOp::create(b_, loc_, word_)}};
  }

  // How many blocks there are stands first in what a kernel is given unasked, from code objects of version 5 on.
  GpuKernel of_amd() {
    auto kernel = with_struct(/*space=*/4, LLVM::LLVMDialect::getByRefAttrName());
    kernel.setCConv(LLVM::CConv::AMDGPU_KERNEL);
    auto threads = std::to_string(CATENARY_DEVICE_THREADS);
    kernel.setPassthroughAttr(
        b_.getArrayAttr({b_.getStrArrayAttr({"amdgpu-flat-work-group-size", threads + "," + threads}),
                         b_.getStrArrayAttr({"uniform-work-group-size", "true"})}));
    auto asked = [&](mlir::Type type, const char* intrinsic) {
      return LLVM::CallIntrinsicOp::create(b_, loc_, type, b_.getStringAttr(intrinsic), ValueRange()).getResult(0);
    };
    Value unasked = asked(LLVM::LLVMPointerType::get(b_.getContext(), 4), "llvm.amdgcn.implicitarg.ptr");
    return {kernel.getArgument(0),
            {asked(word_, "llvm.amdgcn.workgroup.id.x"), load(b_, loc_, word_, unasked),
             asked(word_, "llvm.amdgcn.workitem.id.x"),
             arith::ConstantOp::create(b_, loc_, b_.getI32IntegerAttr(CATENARY_DEVICE_THREADS))}};
  }

  // OpenCL's functions, which the code generator knows.
  GpuKernel of_spirv() {
    auto kernel = with_struct(/*space=*/0, LLVM::LLVMDialect::getByValAttrName());
    kernel.setCConv(LLVM::CConv::SPIR_KERNEL);
    kernel.setReqdWorkGroupSize(ArrayRef<int32_t>{CATENARY_DEVICE_THREADS, 1, 1});
    Value axis = arith::ConstantOp::create(b_, loc_, b_.getI32IntegerAttr(0));
    auto module = kernel->getParentOfType<ModuleOp>();
    auto asked = [&](const char* function) {
      auto declared = *LLVM::lookupOrCreateFn(b_, module, function, word_, b_.getI64Type());
      declared.setCConv(LLVM::CConv::SPIR_FUNC);
      auto call = LLVM::CallOp::create(b_, loc_, declared, axis);
      call.setCConv(LLVM::CConv::SPIR_FUNC);
      return arith::TruncIOp::create(b_, loc_, word_, call.getResult()).getResult();
    };
    return {kernel.getArgument(0),
            {asked("_Z12get_group_idj"), asked("_Z14get_num_groupsj"), asked("_Z12get_local_idj"),
             asked("_Z14get_local_sizej")}};
  }

  GpuKernel of_processor() {
    auto kernel = function({LLVM::LLVMPointerType::get(b_.getContext()), word_, word_, word_, word_});
    return {kernel.getArgument(0),
            {kernel.getArgument(1), kernel.getArgument(2), kernel.getArgument(3), kernel.getArgument(4)}};
  }

 private:
  LLVM::LLVMFuncOp function(ArrayRef<mlir::Type> inputs) {
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b_.getContext()), inputs);
    auto kernel = LLVM::LLVMFuncOp::create(b_, loc_, name_, type);
    b_.setInsertionPointToStart(kernel.addEntryBlock(b_));
    return kernel;
  }

  // The one parameter is a pointer to what the caller gives by value, by the attribute `how`.
  LLVM::LLVMFuncOp with_struct(unsigned space, StringRef how) {
    auto kernel = function(LLVM::LLVMPointerType::get(b_.getContext(), space));
    auto type = TypeAttr::get(LLVM::LLVMArrayType::get(b_.getI64Type(), unsigned(bytes_ / sizeof(int64_t))));
    kernel.setArgAttr(0, how, type);
    kernel.setArgAttr(0, LLVM::LLVMDialect::getAlignAttrName(), b_.getI64IntegerAttr(alignof(int64_t)));
    return kernel;
  }

  OpBuilder& b_;
  Location loc_;
  std::string name_;
  size_t bytes_;
  mlir::Type word_;
};

}  // namespace

AddressSpaces address_spaces(GpuKind gpu) {
  switch (gpu) {
    case GpuKind::amd: return {.data = 1, .tables = 4, .own = 5};
    case GpuKind::spirv: return {.data = 1, .tables = 2, .own = 0};
    case GpuKind::nvidia:
    case GpuKind::processor: break;
  }
  return {.data = 0, .tables = 0, .own = 0};
}

void insert_kernel_dialects(DialectRegistry& registry) {
  registry.insert<arith::ArithDialect, LLVM::LLVMDialect, NVVM::NVVMDialect>();
}

GpuKernel begin_kernel(OpBuilder& b, Location loc, GpuKind gpu, const std::string& name, size_t bytes,
                       bool only_computes) {
  Kernel kernel(b, loc, name, bytes);
  switch (gpu) {
    case GpuKind::nvidia: return kernel.of_nvidia(only_computes);
    case GpuKind::amd: return kernel.of_amd();
    case GpuKind::spirv: return kernel.of_spirv();
    case GpuKind::processor: break;
  }
  return kernel.of_processor();
}

}  // namespace catenary
