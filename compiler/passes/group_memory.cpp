// Two ways to the same memory; the choice is the same for a whole thread.
#include <catenary/compiler/passes/group_memory.h>

#include <numeric>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/SCF/IR/SCF.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>

#include <catenary/compiler/passes/tile_memory.h>

namespace catenary {

using namespace mlir;

namespace {

constexpr int64_t element_bytes = 4, widest_access = 4;

Lane times(Lane a, int64_t by) { return by == 1 ? a : a * double(by); }

}  // namespace

GroupMemory::GroupMemory(OpBuilder& b, Location loc, int64_t group, SmallVector<Operand> operands, Lane skipped,
                         Lane points)
    : b_(b), loc_(loc), group_(group), operands_(std::move(operands)), skipped_(skipped), points_(points) {
  Lane bits = skipped_.to_i64().constant(0);
  for (size_t k = 0; k < operands_.size(); ++k) {
    Lane start(b_, loc_, LLVM::PtrToIntOp::create(b_, loc_, b_.getI64Type(), operands_[k].base));
    start = start - skipped_.to_i64() * double(operands_[k].size * element_bytes);
    bits = bits | (start & double(width_of(k) * element_bytes - 1));
  }
  aligned_ = equal(bits, 0);
}

Lane GroupMemory::groups() const {
  return shift_right_unsigned(skipped_ + points_ + double(group_ - 1), int(llvm::Log2_64(uint64_t(group_))));
}

void GroupMemory::enter(Lane share) {
  first_ = times(share.low_word(), group_) - skipped_;
  whole_ = *aligned_ & (*first_ > -1) & (*first_ < points_ - double(group_ - 1));
  inside_.clear(), nearest_.clear();
  for (int64_t slot = 0; slot < group_; ++slot) {
    Lane point = slot == 0 ? *first_ : *first_ + double(slot);
    inside_.push_back(point.emit<arith::CmpIOp>(arith::CmpIPredicate::ult, point.value(), points_.value()));
    Lane last = points_ - 1, most = point.emit<arith::MinSIOp>(point.value(), last.value());
    nearest_.push_back(most.emit<arith::MaxSIOp>(most.value(), most.constant(0).value()).to_i64());
  }
}

// Elements of one access.
int64_t GroupMemory::width_of(size_t operand) const {
  return std::gcd(group_ * operands_[operand].size, widest_access);
}

Value GroupMemory::element_at(Value base, Lane index) const {
  return address(b_, loc_, base, (index * double(element_bytes)).value());
}

Value GroupMemory::address_of(size_t operand, int64_t slot) const {
  return element_at(operands_[operand].base, times(point(slot), operands_[operand].size));
}

Value GroupMemory::whole_group(size_t operand) const {
  return element_at(operands_[operand].base, times(first_->to_i64(), operands_[operand].size));
}

SmallVector<Value> GroupMemory::read(size_t operand, mlir::Type element) {
  int64_t size = operands_[operand].size, width = width_of(operand);
  auto one_by_one = [&] {
    SmallVector<Value> values;
    for (int64_t slot = 0; slot < group_; ++slot)
      for (int64_t e = 0; e < size; ++e)
        values.push_back(load(b_, loc_, element, address(b_, loc_, address_of(operand, slot), e * element_bytes)));
    return values;
  };
  if (width == 1) return one_by_one();
  auto at_once = [&] {
    SmallVector<Value> values;
    Value base = whole_group(operand);
    auto type = VectorType::get({width}, element);
    for (int64_t at = 0; at < group_ * size; at += width) {
      Value from = address(b_, loc_, base, at * element_bytes);
      Value v = LLVM::LoadOp::create(b_, loc_, type, from, unsigned(width * element_bytes));
      for (int64_t e = 0; e < width; ++e) values.push_back(vector::ExtractOp::create(b_, loc_, v, e));
    }
    return values;
  };
  auto read = scf::IfOp::create(
      b_, loc_, whole_->value(), [&](OpBuilder&, Location) { scf::YieldOp::create(b_, loc_, at_once()); },
      [&](OpBuilder&, Location) { scf::YieldOp::create(b_, loc_, one_by_one()); });
  return SmallVector<Value>(read.getResults());
}

void GroupMemory::write(size_t operand, ArrayRef<Value> values) {
  int64_t size = operands_[operand].size, width = width_of(operand);
  auto point_by_point = [&] {
    for (int64_t slot = 0; slot < group_; ++slot)
      scf::IfOp::create(b_, loc_, inside_[size_t(slot)].value(), [&](OpBuilder&, Location) {
        for (int64_t e = 0; e < size; ++e)
          store(b_, loc_, values[size_t(slot * size + e)],
                address(b_, loc_, address_of(operand, slot), e * element_bytes));
        scf::YieldOp::create(b_, loc_);
      });
  };
  if (width == 1) return point_by_point();
  auto at_once = [&] {
    Value base = whole_group(operand);
    auto type = VectorType::get({width}, values[0].getType());
    for (int64_t at = 0; at < group_ * size; at += width) {
      Value v = vector::FromElementsOp::create(b_, loc_, type, values.slice(size_t(at), size_t(width)));
      LLVM::StoreOp::create(b_, loc_, v, address(b_, loc_, base, at * element_bytes), unsigned(width * element_bytes));
    }
  };
  scf::IfOp::create(
      b_, loc_, whole_->value(),
      [&](OpBuilder&, Location) {
        at_once();
        scf::YieldOp::create(b_, loc_);
      },
      [&](OpBuilder&, Location) {
        point_by_point();
        scf::YieldOp::create(b_, loc_);
      });
}

void GroupMemory::write_run(size_t operand, int64_t slot, Lane first, ArrayRef<Value> values) {
  scf::IfOp::create(b_, loc_, inside_[size_t(slot)].value(), [&](OpBuilder&, Location) {
    Value base = element_at(address_of(operand, slot), first);
    for (auto [e, v] : llvm::enumerate(values)) store(b_, loc_, v, address(b_, loc_, base, int64_t(e) * element_bytes));
    scf::YieldOp::create(b_, loc_);
  });
}

}  // namespace catenary
