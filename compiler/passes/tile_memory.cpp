// Transposition by shuffles: runs are split and merged by the prime factors of their length, or bit by bit.
#include <catenary/compiler/passes/tile_memory.h>

#include <algorithm>

#include <mlir/Dialect/Arith/IR/Arith.h>
#include <mlir/Dialect/LLVMIR/LLVMDialect.h>
#include <mlir/Dialect/Vector/IR/VectorOps.h>
#include <mlir/IR/TypeUtilities.h>

namespace catenary {

using namespace mlir;

namespace {

constexpr unsigned element_bytes = 4;

using Sequence = SmallVector<Value>;  // Vectors of equal width, read one after another.

int64_t width_of(Value v) { return cast<VectorType>(v.getType()).getNumElements(); }

int64_t smallest_factor(int64_t n) {
  for (int64_t p = 2; p * p <= n; ++p)
    if (n % p == 0) return p;
  return n;
}

// A vector whose lane l is element from[l].second of vectors[from[l].first].
Value pick(OpBuilder& b, Location loc, ArrayRef<Value> vectors, ArrayRef<std::pair<int64_t, int64_t>> from) {
  int64_t width = int64_t(from.size());
  Value picked = vectors[0];
  for (int64_t next = 1; next < int64_t(vectors.size()); ++next) {
    SmallVector<int64_t> mask;
    for (int64_t lane = 0; lane < width; ++lane) {
      auto [vector, element] = from[size_t(lane)];
      if (vector == next)
        mask.push_back(width + element);
      else if (next == 1)
        mask.push_back(vector == 0 ? element : 0);
      else
        mask.push_back(lane);
    }
    picked = vector::ShuffleOp::create(b, loc, picked, vectors[size_t(next)], mask);
  }
  return picked;
}

// `count` sequences, the k-th of every count-th element from k on.
SmallVector<Sequence> split(OpBuilder& b, Location loc, const Sequence& flat, int64_t count) {
  int64_t width = width_of(flat[0]);
  SmallVector<Sequence> parts{size_t(count)};
  for (int64_t k = 0; k < count; ++k)
    for (int64_t o = 0; o < int64_t(flat.size()) / count; ++o) {
      SmallVector<std::pair<int64_t, int64_t>> from;
      for (int64_t lane = 0; lane < width; ++lane) {
        int64_t at = lane * count + k;
        from.push_back({at / width, at % width});
      }
      parts[size_t(k)].push_back(pick(b, loc, ArrayRef(flat).slice(size_t(o * count), size_t(count)), from));
    }
  return parts;
}

// The inverse of split.
Sequence merge(OpBuilder& b, Location loc, ArrayRef<Sequence> parts) {
  int64_t count = int64_t(parts.size()), width = width_of(parts[0][0]);
  Sequence flat;
  for (int64_t p = 0; p < count * int64_t(parts[0].size()); ++p) {
    SmallVector<Value> sources;
    for (const Sequence& part : parts) sources.push_back(part[size_t(p / count)]);
    SmallVector<std::pair<int64_t, int64_t>> from;
    for (int64_t lane = 0; lane < width; ++lane) {
      int64_t at = p * width + lane;
      from.push_back({at % count, at / count % width});
    }
    flat.push_back(pick(b, loc, sources, from));
  }
  return flat;
}

// Of every `group` lanes every other `unit` of them, from number `odd` on: those of x, then those of y.
Value halves(OpBuilder& b, Location loc, Value x, Value y, int64_t unit, int64_t group, int64_t odd) {
  SmallVector<int64_t> mask;
  for (int64_t start = 0; start < width_of(x); start += group)
    for (int64_t of : {start, width_of(x) + start})
      for (int64_t at = odd * unit; at < group; at += 2 * unit)
        llvm::append_range(mask, llvm::seq(of + at, of + at + unit));
  return vector::ShuffleOp::create(b, loc, x, y, mask);
}

// What the bits of a number's lane, and of its vector's number, mean, lowest first.
struct Bits {
  SmallVector<int64_t> lane, vector;
};

// Numbers that stand as `now` says, as `then` says. A step puts a bit of the vector's number on top of the lane's two
// lowest bits, or of the others, for the lowest of these: an instruction for each of its shuffles, since it stays
// within 128 bits or moves units of as many.
Sequence reordered(OpBuilder& b, Location loc, Sequence vectors, Bits now, const Bits& then) {
  const size_t inner = std::min<size_t>(now.lane.size(), 2);
  auto steps = [&](size_t first, size_t last) {
    for (size_t k = first; k < last; ++k) {
      int64_t* from = llvm::find(now.vector, then.lane[k]);
      const int64_t bit = int64_t{1} << (from - now.vector.begin());
      for (int64_t i = 0; i < int64_t(vectors.size()); ++i) {
        if (i & bit) continue;
        Value &x = vectors[size_t(i)], &y = vectors[size_t(i + bit)];
        Value even = halves(b, loc, x, y, int64_t{1} << first, int64_t{1} << last, 0);
        y = halves(b, loc, x, y, int64_t{1} << first, int64_t{1} << last, 1);
        x = even;
      }
      std::swap(*from, now.lane[first]);
      std::rotate(now.lane.begin() + first, now.lane.begin() + first + 1, now.lane.begin() + last);
    }
  };
  const bool inner_first =
      llvm::all_of(llvm::seq(inner), [&](size_t k) { return llvm::is_contained(now.vector, then.lane[k]); });
  if (inner_first) steps(0, inner);
  steps(inner, now.lane.size());
  if (!inner_first) steps(0, inner);
  Sequence ordered;
  for (size_t j = 0; j < vectors.size(); ++j) {
    size_t at = 0;
    for (auto [k, meaning] : llvm::enumerate(then.vector))
      if (j >> k & 1) at |= size_t{1} << (llvm::find(now.vector, meaning) - now.vector.begin());
    ordered.push_back(vectors[at]);
  }
  return ordered;
}

// The bits of element and lane: of `run` elements of each lane, one lane after another, and by element.
constexpr int64_t lane_bit = 64;
struct Orders {
  Bits flat, by_element;
};
Orders orders_of(int64_t run, int64_t lanes) {
  auto element = llvm::to_vector(llvm::seq(int64_t(llvm::Log2_64(uint64_t(run)))));
  auto lane = llvm::to_vector(llvm::seq(lane_bit, lane_bit + int64_t(llvm::Log2_64(uint64_t(lanes)))));
  auto all = llvm::to_vector(llvm::concat<int64_t>(element, lane));
  auto low = ArrayRef(all).take_front(lane.size()), high = ArrayRef(all).drop_front(lane.size());
  return {{llvm::to_vector(low), llvm::to_vector(high)}, {lane, element}};
}

// Whether steps lead from one order to the other: each finds the bit that it needs among those of vectors' numbers.
bool in_steps(int64_t run, int64_t lanes) {
  return llvm::isPowerOf2_64(uint64_t(run)) && run >= std::max<int64_t>(4, lanes / 4);
}

Sequence to_lanes(OpBuilder& b, Location loc, const Sequence& flat) {
  if (flat.size() == 1) return flat;
  const int64_t width = width_of(flat[0]), run = int64_t(flat.size());
  if (in_steps(run, width)) {
    Orders orders = orders_of(run, width);
    return reordered(b, loc, flat, orders.flat, orders.by_element);
  }
  int64_t count = smallest_factor(int64_t(flat.size()));
  SmallVector<Sequence> parts;
  for (const Sequence& part : split(b, loc, flat, count)) parts.push_back(to_lanes(b, loc, part));
  Sequence lanes;
  for (size_t j = 0; j < flat.size(); ++j) lanes.push_back(parts[j % size_t(count)][j / size_t(count)]);
  return lanes;
}

Sequence from_lanes(OpBuilder& b, Location loc, ArrayRef<Value> lanes) {
  if (lanes.size() == 1) return Sequence(lanes);
  const int64_t width = width_of(lanes[0]), run = int64_t(lanes.size());
  if (in_steps(run, width)) {
    Orders orders = orders_of(run, width);
    return reordered(b, loc, Sequence(lanes), orders.by_element, orders.flat);
  }
  int64_t count = smallest_factor(int64_t(lanes.size()));
  SmallVector<Sequence> parts{size_t(count)};
  for (size_t j = 0; j < lanes.size(); ++j) parts[j % size_t(count)].push_back(lanes[j]);
  for (Sequence& part : parts) part = from_lanes(b, loc, part);
  return merge(b, loc, parts);
}

// Calls `access` with the first element and the length of each piece that `elements` are moved in: powers of two, and
// nothing beyond them.
void in_pieces(int64_t elements, llvm::function_ref<void(int64_t, int64_t)> access) {
  for (int64_t first = 0; first < elements;) {
    auto length = int64_t(llvm::bit_floor(uint64_t(elements - first)));
    access(first, length);
    first += length;
  }
}

VectorType piece_of(VectorType type, int64_t length) { return VectorType::get({length}, type.getElementType()); }

// The first `elements` lanes of a vector; the others hold what they will.
Value load_first(OpBuilder& b, Location loc, VectorType type, Value at, int64_t elements) {
  if (elements == type.getNumElements()) return load(b, loc, type, at);
  Value all;
  in_pieces(elements, [&](int64_t first, int64_t length) {
    Value piece = load(b, loc, piece_of(type, length), address(b, loc, at, first * element_bytes));
    SmallVector<int64_t> wide, within;
    for (int64_t lane = 0; lane < type.getNumElements(); ++lane) {
      const bool here = lane >= first && lane < first + length;
      wide.push_back(here ? lane - first : 0);
      within.push_back(here ? type.getNumElements() + lane : lane);
    }
    Value widened = vector::ShuffleOp::create(b, loc, piece, piece, wide);
    all = all ? vector::ShuffleOp::create(b, loc, all, widened, within).getResult() : widened;
  });
  return all;
}

void store_first(OpBuilder& b, Location loc, Value v, Value at, int64_t elements) {
  if (elements == width_of(v)) return store(b, loc, v, at);
  in_pieces(elements, [&](int64_t first, int64_t length) {
    auto lanes = llvm::to_vector(llvm::seq(first, first + length));
    store(b, loc, vector::ShuffleOp::create(b, loc, v, v, lanes), address(b, loc, at, first * element_bytes));
  });
}

}  // namespace

Value address(OpBuilder& b, Location loc, Value base, int64_t bytes) {
  if (int32_t(bytes) != bytes)  // An index that is part of the operation has 32 bits.
    return address(b, loc, base, arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(bytes)).getResult());
  return LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
}

Value address(OpBuilder& b, Location loc, Value base, Value bytes) {
  return LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base, ArrayRef<LLVM::GEPArg>{bytes});
}

Value load(OpBuilder& b, Location loc, mlir::Type type, Value address) {
  unsigned alignment = isa<VectorType>(type) ? element_bytes : 0;
  return LLVM::LoadOp::create(b, loc, type, address, alignment);
}

void store(OpBuilder& b, Location loc, Value value, Value address) {
  LLVM::StoreOp::create(b, loc, value, address, isa<VectorType>(value.getType()) ? element_bytes : 0);
}

static mlir::Type with_element(Value like, mlir::Type element) {
  auto vector = dyn_cast<VectorType>(like.getType());
  return vector ? vector.cloneWith({}, element) : element;
}

Value packed(OpBuilder& b, Location loc, Value coefficient) {
  auto element = getElementTypeOrSelf(coefficient.getType());
  if (element.isF32()) return coefficient;
  auto floats = with_element(coefficient, b.getF32Type());
  if (element.isInteger(1)) return arith::UIToFPOp::create(b, loc, floats, coefficient);
  return arith::BitcastOp::create(b, loc, floats, coefficient);
}

Value unpacked(OpBuilder& b, Location loc, Value floats, mlir::Type element) {
  if (element.isF32()) return floats;
  if (!element.isInteger(1)) return arith::BitcastOp::create(b, loc, with_element(floats, element), floats);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(floats.getType()));
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, floats, zero);
}

SmallVector<Value> load_runs(OpBuilder& b, Location loc, Value base, mlir::Type element, int64_t run, int64_t lanes) {
  auto type = VectorType::get({lanes}, element);
  Sequence flat;
  for (int64_t k = 0; k < run; ++k)
    flat.push_back(load(b, loc, type, address(b, loc, base, k * lanes * element_bytes)));
  return to_lanes(b, loc, flat);
}

SmallVector<Value> load_runs(OpBuilder& b, Location loc, ArrayRef<Value> starts, mlir::Type element, int64_t run) {
  const auto lanes = int64_t(starts.size());
  auto type = VectorType::get({lanes}, element);
  SmallVector<Value> vectors;
  for (int64_t k = 0; k < run; k += lanes) {
    const int64_t length = std::min(lanes, run - k);
    Sequence rows;
    for (Value start : starts)
      rows.push_back(load_first(b, loc, type, address(b, loc, start, k * element_bytes), length));
    llvm::append_range(vectors, ArrayRef(to_lanes(b, loc, rows)).take_front(size_t(length)));
  }
  return vectors;
}

void store_runs(OpBuilder& b, Location loc, Value base, ArrayRef<Value> vectors) {
  int64_t bytes = width_of(vectors[0]) * element_bytes;
  for (auto [k, v] : llvm::enumerate(from_lanes(b, loc, vectors)))
    store(b, loc, v, address(b, loc, base, int64_t(k) * bytes));
}

void store_runs(OpBuilder& b, Location loc, ArrayRef<Value> starts, ArrayRef<Value> vectors) {
  const auto lanes = int64_t(starts.size()), run = int64_t(vectors.size());
  for (int64_t k = 0; k < run; k += lanes) {
    const int64_t length = std::min(lanes, run - k);
    Sequence columns(vectors.slice(size_t(k), size_t(length)));
    columns.resize(size_t(lanes), vectors.front());  // Of what is behind the run nothing is stored.
    for (auto [start, row] : llvm::zip(starts, from_lanes(b, loc, columns)))
      store_first(b, loc, row, address(b, loc, start, k * element_bytes), length);
  }
}

Value gather(OpBuilder& b, Location loc, Value base, mlir::Type element, Value indices) {
  auto type = cast<VectorType>(indices.getType());
  auto pointers = LLVM::GEPOp::create(b, loc, VectorType::get(type.getShape(), base.getType()), element, base,
                                      ArrayRef<LLVM::GEPArg>{indices});
  Value all =
      arith::ConstantOp::create(b, loc, DenseElementsAttr::get(VectorType::get(type.getShape(), b.getI1Type()), true));
  return LLVM::masked_gather::create(b, loc, VectorType::get(type.getShape(), element), pointers, all, ValueRange{},
                                     element_bytes);
}

}  // namespace catenary
