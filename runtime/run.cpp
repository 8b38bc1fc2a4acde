// The driver: runs a kernel over the points of a call, whole tiles of it at a time.
#include <catenary/runtime/run.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include <catenary/runtime/checks.h>
#include <catenary/runtime/plain_arithmetic.h>

namespace catenary {
namespace {

// With a time per sample, coefficients are filled for so many tiles at once: few enough that they stay in the first
// cache.
constexpr int64_t chunk_tiles = 16;

// A call that does less than this, some forty microseconds, is not worth waking a thread for, nor is a range that does
// less than half of it. In operations, of which a core with vectors of 16 does about a hundred in a nanosecond (fifty
// to two hundred, over the standard library); an element that is read or written takes as long as twenty-four.
constexpr int64_t inline_work = 1 << 22, element_work = 24;

constexpr size_t alignment = 64;

/// Memory for one range of tiles: on the stack if it is small, else from the heap, taken once.
class Workspace {
 public:
  explicit Workspace(size_t bytes) {
    if (bytes > sizeof(small_)) {
      large_.reset(static_cast<std::byte*>(::operator new(bytes, std::align_val_t{alignment})));
      next_ = large_.get();
    }
  }

  template <class T>
  T* take(int64_t count) {
    T* taken = reinterpret_cast<T*>(next_);
    next_ += bytes_for(count * int64_t(sizeof(T)));
    return taken;
  }

  static size_t bytes_for(int64_t bytes) { return (size_t(bytes) + alignment - 1) / alignment * alignment; }

 private:
  struct Free {
    void operator()(std::byte* memory) const { ::operator delete(memory, std::align_val_t{alignment}); }
  };
  alignas(alignment) std::byte small_[16384];
  std::unique_ptr<std::byte, Free> large_;
  std::byte* next_ = small_;
};

int64_t round_up(int64_t count, int64_t multiple) { return (count + multiple - 1) / multiple * multiple; }

/// So many points of a sample that stand together are filled in at once.
constexpr int64_t shortest_run = 4;

/// out[slot * lanes + lane] = raw[lane * group + slot], for a group known at compile time.
template <int group>
void spread_over_lanes(const float* raw, float* out, int64_t lanes) {
  for (int slot = 0; slot < group; ++slot)
    for (int64_t lane = 0; lane < lanes; ++lane) out[slot * lanes + lane] = raw[lane * group + slot];
}

/// out[slot * lanes + lane] = raw[samples[lane * group + slot]].
template <int group>
void gather_over_lanes(const float* raw, const int32_t* samples, float* out, int64_t lanes) {
  for (int slot = 0; slot < group; ++slot)
#pragma GCC unroll 4
    for (int64_t lane = 0; lane < lanes; ++lane) out[slot * lanes + lane] = raw[samples[lane * group + slot]];
}

/// Repeats the first `bytes` of `memory` until they fill `total` bytes, a multiple.
void repeat(std::byte* memory, int64_t bytes, int64_t total) {
  for (int64_t filled = bytes; filled < total; filled *= 2)
    std::memcpy(memory + filled, memory, size_t(std::min(filled, total - filled)));
}

class Run {
 public:
  Run(const catenary_kernel& kernel, const KernelCall& call)
      : kernel_(kernel),
        call_(call),
        tile_(kernel.tile),
        first_point_(call.first_sample * call.points),
        end_point_(first_point_ + call.samples * call.points) {
    for (int i = 0; i < kernel.time_count; ++i) per_sample_ |= call.times[size_t(i)].stride != 0 && call.samples > 1;
    per_sample_ &= kernel.coefficient_count > 0;
  }

  void all() {
    const PlainArithmetic plain;
    const int64_t first_tile = first_point_ / tile_, end_tile = (end_point_ - 1) / tile_ + 1;
    Workspace workspace(per_sample_ ? 0 : one_time_bytes());
    if (!per_sample_) shared_ = coefficients_at(0, workspace);

    int64_t tile_work = tile_ * kernel_.work;
    for (int64_t bytes : call_.point_bytes) tile_work += tile_ * bytes / element_bytes * element_work;
    if (call_.pool == nullptr || end_tile - first_tile < inline_work / tile_work)
      tiles(first_tile, end_tile);
    else
      call_.pool->parallel_for(
          first_tile, end_tile, inline_work / 2 / tile_work,
          [this](int64_t begin, int64_t end) {
            const PlainArithmetic there;
            tiles(begin, end);
          },
          call_.threads);
  }

 private:
  bool ragged(int64_t tile) const { return tile * tile_ < first_point_ || (tile + 1) * tile_ > end_point_; }

  /// Tiles [tile, end), of which only the first and the last of the call can be ragged.
  void tiles(int64_t tile, int64_t end) {
    const bool padded = ragged(tile) || ragged(end - 1);
    size_t bytes = Workspace::bytes_for(kernel_.operand_count * int64_t(sizeof(void*)));
    if (padded)
      for (int64_t point : call_.point_bytes) bytes += Workspace::bytes_for(tile_ * point);
    if (per_sample_) bytes += one_time_bytes() + many_times_bytes();
    Workspace workspace(bytes);

    void** operands = workspace.take<void*>(kernel_.operand_count);
    std::byte* scratch = padded ? workspace.take<std::byte>(0) : nullptr;
    if (padded)
      for (int64_t point : call_.point_bytes) workspace.take<std::byte>(tile_ * point);
    Chunk chunk;
    if (per_sample_) take_chunk(chunk, workspace);

    const bool ragged_last = ragged(end - 1);
    while (tile < end) {
      const bool alone = ragged(tile);
      int64_t count = alone ? 1 : std::max<int64_t>(end - ragged_last - tile, 1);
      catenary_tile_args args = {call_.seed.value, uint64_t(tile * tile_), 0, 0, shared_, operands, call_.seed.step};
      if (per_sample_) count = fill(chunk, tile, count, args);
      args.tiles = count;
      if (alone)
        through_scratch(tile, scratch, operands, args);
      else
        in_place(tile, operands, args);
      tile += count;
    }
  }

  void in_place(int64_t tile, void** operands, const catenary_tile_args& args) {
    const int64_t offset = tile * tile_ - first_point_;
    for (int i = 0; i < kernel_.operand_count; ++i)
      operands[i] = static_cast<std::byte*>(call_.operands[size_t(i)]) + offset * call_.point_bytes[size_t(i)];
    kernel_.points_part(&args);
  }

  void through_scratch(int64_t tile, std::byte* scratch, void** operands, const catenary_tile_args& args) {
    const int64_t begin = std::max(tile * tile_, first_point_), end = std::min((tile + 1) * tile_, end_point_);
    const int64_t before = begin - tile * tile_;
    auto user_memory = [&](int i) {
      return static_cast<std::byte*>(call_.operands[size_t(i)]) + (begin - first_point_) * call_.point_bytes[size_t(i)];
    };
    for (int i = 0; i < kernel_.operand_count; ++i) {
      const int64_t bytes = call_.point_bytes[size_t(i)];
      operands[i] = scratch;
      if (!is_output(kernel_.operands[i].role)) {
        if (end - begin < tile_) {
          std::memcpy(scratch, user_memory(i), size_t(bytes));
          repeat(scratch, bytes, tile_ * bytes);
        }
        std::memcpy(scratch + before * bytes, user_memory(i), size_t((end - begin) * bytes));
      }
      scratch += Workspace::bytes_for(tile_ * bytes);
    }
    kernel_.points_part(&args);
    for (int i = 0; i < kernel_.operand_count; ++i) {
      const int64_t bytes = call_.point_bytes[size_t(i)];
      if (is_output(kernel_.operands[i].role))
        std::memcpy(user_memory(i), static_cast<std::byte*>(operands[i]) + before * bytes,
                    size_t((end - begin) * bytes));
    }
  }

  // One time for all points of some tiles.

  size_t one_time_bytes() const {
    return Workspace::bytes_for(kernel_.lanes * element_bytes) * CATENARY_MAX_TIMES +
           Workspace::bytes_for(kernel_.lanes * int64_t{kernel_.coefficient_count} * element_bytes) +
           Workspace::bytes_for(tile_ * kernel_.coefficient_count * element_bytes);
  }

  struct OneTime {
    float* times[CATENARY_MAX_TIMES];
    float* raw;
    float* coefficients;
  };

  OneTime take_one_time(Workspace& workspace) const {
    return {{workspace.take<float>(kernel_.lanes), workspace.take<float>(kernel_.lanes)},
            workspace.take<float>(kernel_.lanes * int64_t{kernel_.coefficient_count}),
            workspace.take<float>(tile_ * kernel_.coefficient_count)};
  }

  const float* coefficients_at(int64_t sample, Workspace& workspace) const {
    return coefficients_at(sample, take_one_time(workspace));
  }

  const float* coefficients_at(int64_t sample, const OneTime& memory) const {
    if (kernel_.coefficient_count == 0) return memory.coefficients;
    evaluate(sample, 1, memory.times, memory.raw, kernel_.lanes);
    for (int64_t k = 0; k < kernel_.coefficient_count; ++k)
      std::fill_n(memory.coefficients + k * tile_, tile_, memory.raw[k * kernel_.lanes]);
    return memory.coefficients;
  }

  /// Coefficients of samples [sample, sample + valid), the last repeated up to `count`.
  void evaluate(int64_t sample, int64_t valid, float* const* times, float* raw, int64_t count) const {
    catenary_sample_args args = {{}, raw, count};
    for (int i = 0; i < kernel_.time_count; ++i) {
      const TimeSource& source = call_.times[size_t(i)];
      const float* first = source.data + sample * source.stride;
      std::fill_n(times[i], count, first[(valid - 1) * source.stride]);
      if (source.stride == 1) std::copy_n(first, valid, times[i]);
      args.times[i] = times[i];
    }
    kernel_.sample_part(&args);
  }

  // A time per sample.

  struct Chunk {
    OneTime one;
    float* times[CATENARY_MAX_TIMES];
    float* raw;           // [coefficient][sample]
    float* coefficients;  // [tile][coefficient][slot][lane]
    int32_t* samples;     // of each point of a tile: where in `raw` its sample is
  };

  size_t many_times_bytes() const {
    const int64_t points = chunk_tiles * tile_;
    return Workspace::bytes_for(points * element_bytes) * CATENARY_MAX_TIMES +
           Workspace::bytes_for(points * kernel_.coefficient_count * element_bytes) * 2 +
           Workspace::bytes_for(tile_ * int64_t(sizeof(int32_t)));
  }

  void take_chunk(Chunk& chunk, Workspace& workspace) const {
    const int64_t points = chunk_tiles * tile_;
    chunk.one = take_one_time(workspace);
    for (float*& times : chunk.times) times = workspace.take<float>(points);
    chunk.raw = workspace.take<float>(points * kernel_.coefficient_count);
    chunk.coefficients = workspace.take<float>(points * kernel_.coefficient_count);
    chunk.samples = workspace.take<int32_t>(tile_);
  }

  /// Coefficients for up to `count` tiles from `tile` on; returns for how many.
  int64_t fill(Chunk& chunk, int64_t tile, int64_t count, catenary_tile_args& args) const {
    const int64_t begin = std::max(tile * tile_, first_point_);
    const int64_t first = begin / call_.points - call_.first_sample;
    const int64_t sample_end = first_point_ + (first + 1) * call_.points;
    const int64_t tiles_of_one = (sample_end - tile * tile_) / tile_;
    if (tiles_of_one >= std::min(count, chunk_tiles)) {
      args.coefficients = coefficients_at(first, chunk.one);
      args.coefficient_stride = 0;
      return std::min(count, tiles_of_one);
    }
    count = std::min(count, chunk_tiles);
    const int64_t end = std::min((tile + count) * tile_, end_point_);
    const int64_t last = (end - 1) / call_.points - call_.first_sample;
    const int64_t padded = round_up(last - first + 1, kernel_.lanes);
    evaluate(first, last - first + 1, chunk.times, chunk.raw, padded);
    args.coefficients = chunk.coefficients;
    args.coefficient_stride = tile_ * kernel_.coefficient_count;
    for (int64_t i = 0; i < count; ++i)
      spread(chunk, tile + i, first + call_.first_sample, last + call_.first_sample, padded,
             chunk.coefficients + i * args.coefficient_stride);
    return count;
  }

  /// Coefficients of one tile, from those of the global samples [first, last].
  void spread(const Chunk& chunk, int64_t tile, int64_t first, int64_t last, int64_t padded, float* out) const {
    const int64_t begin = tile * tile_, lanes = tile_ / kernel_.group;
    const int64_t sample = std::max(begin / call_.points, first);
    const int64_t kept = std::min((begin + tile_ - 1) / call_.points, last);
    if (sample == kept) {
      for (int64_t k = 0; k < kernel_.coefficient_count; ++k)
        std::fill_n(out + k * tile_, tile_, chunk.raw[k * padded + sample - first]);
      return;
    }
    const int group = kernel_.group;
    if (call_.points == 1 && begin >= first && begin + tile_ - 1 <= last) {
      auto* spread = group == 4 ? spread_over_lanes<4> : group == 2 ? spread_over_lanes<2> : spread_over_lanes<1>;
      for (int64_t k = 0; k < kernel_.coefficient_count; ++k)
        spread(chunk.raw + k * padded + begin - first, out + k * tile_, lanes);
      return;
    }
    // Points outside the call take the coefficients of the sample nearest to them.
    auto end_of = [&](int64_t current) { return current == kept ? tile_ : (current + 1) * call_.points - begin; };
    if (group == 1 && call_.points >= shortest_run) {
      for (int64_t k = 0; k < kernel_.coefficient_count; ++k)
        for (int64_t point = 0, current = sample; current <= kept; point = end_of(current++))
          std::fill(out + k * tile_ + point, out + k * tile_ + end_of(current),
                    chunk.raw[k * padded + current - first]);
      return;
    }
    for (int64_t point = 0, current = sample; current <= kept; ++current)
      while (point < end_of(current)) chunk.samples[point++] = int32_t(current - first);
    auto* gather = group == 4 ? gather_over_lanes<4> : group == 2 ? gather_over_lanes<2> : gather_over_lanes<1>;
    for (int64_t k = 0; k < kernel_.coefficient_count; ++k)
      gather(chunk.raw + k * padded, chunk.samples, out + k * tile_, lanes);
  }

  const catenary_kernel& kernel_;
  const KernelCall& call_;
  const int64_t tile_;
  const int64_t first_point_;
  const int64_t end_point_;
  bool per_sample_ = false;
  const float* shared_ = nullptr;
};

}  // namespace

void run(const catenary_kernel& kernel, const KernelCall& call) { Run(kernel, call).all(); }

}  // namespace catenary
