// Each table is an internal global of the LLVM dialect.
#include <catenary/compiler/passes/constant_tables.h>

#include <mlir/Dialect/LLVMIR/LLVMDialect.h>

namespace catenary {

using namespace mlir;

Value ConstantTables::address(OpBuilder& b, arith::ConstantOp table) {
  std::string& name = names_[table];
  if (name.empty()) {
    // The two parts of a kernel have their own.
    for (size_t number = 0; name.empty() || module_.lookupSymbol(name); ++number)
      name = prefix_ + "_table" + std::to_string(number);
    auto dense = cast<DenseElementsAttr>(table.getValue());
    auto type = LLVM::LLVMArrayType::get(dense.getElementType(), unsigned(dense.getNumElements()));
    OpBuilder top = OpBuilder::atBlockBegin(module_.getBody());
    LLVM::GlobalOp::create(top, table.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Internal, name, dense,
                           /*alignment=*/0, space_);
  }
  return LLVM::AddressOfOp::create(b, table.getLoc(), LLVM::LLVMPointerType::get(b.getContext(), space_), name);
}

}  // namespace catenary
