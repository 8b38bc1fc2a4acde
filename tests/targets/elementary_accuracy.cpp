// Compiled elementary functions, Philox words and normals: against double precision, and the same bits at every width.
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <catenary/compiler/pipeline.h>
#include <catenary/support/philox.h>
#include <catenary/tests/statistics.h>
#include <fmt/format.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/TargetSelect.h>
#include <mlir/Conversion/ConvertToLLVM/ToLLVMPass.h>
#include <mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h>
#include <mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h>
#include <mlir/Parser/Parser.h>
#include <mlir/Target/LLVMIR/Export.h>
#include <catch2/catch.hpp>

using namespace catenary;

namespace {

/// A loop over buffers: `body` turns %in0, %in1, ... into %out0, %out1, ...; `$f32` in it is the type of so many lanes.
struct Loop {
  std::vector<std::string> inputs, outputs;
  std::string body;
};

std::string lanes(std::string text, int width) {
  for (size_t at; (at = text.find('$')) != std::string::npos;)
    text.replace(at, 4,
                 width == 1 ? text.substr(at + 1, 3) : fmt::format("vector<{}x{}>", width, text.substr(at + 1, 3)));
  return text;
}

std::string module_text(const Loop& loop, int width) {
  std::string loads, stores;
  auto address = [&](const std::string& name, size_t buffer, const std::string& type) {
    return fmt::format(
        "%s{0} = llvm.getelementptr %buffers[{1}] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr\n"
        "%b{0} = llvm.load %s{0} : !llvm.ptr -> !llvm.ptr\n"
        "%p{0} = llvm.getelementptr %b{0}[%i] : (!llvm.ptr, i64) -> !llvm.ptr, {2}\n",
        name, buffer, type);
  };
  for (size_t k = 0; k < loop.inputs.size(); ++k)
    loads += address(fmt::format("in{}", k), k, loop.inputs[k]) +
             fmt::format("%in{0} = llvm.load %pin{0} {{alignment = 4}} : !llvm.ptr -> ${1}\n", k, loop.inputs[k]);
  for (size_t k = 0; k < loop.outputs.size(); ++k)
    stores += address(fmt::format("out{}", k), loop.inputs.size() + k, loop.outputs[k]) +
              fmt::format("llvm.store %out{0}, %pout{0} {{alignment = 4}} : ${1}, !llvm.ptr\n", k, loop.outputs[k]);
  return lanes(
      fmt::format(
          "func.func @loop(%buffers: !llvm.ptr, %n: i64) {{\n%zero = arith.constant 0 : i64\n"
          "%step = arith.constant {} : i64\nscf.for %i = %zero to %n step %step : i64 {{\n{}{}\n{}}}\nreturn\n}}\n",
          width, loads, loop.body, stores),
      width);
}

/// `loop` at `width` lanes as machine code for this processor.
class Machine {
 public:
  Machine(const Loop& loop, int width) {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    mlir::DialectRegistry registry;
    register_dialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(module_text(loop, width), &context);
    REQUIRE(module);

    int stage = 0;
    auto add = [](mlir::OpPassManager& passes) {
      passes.addPass(create_expand_elementary_pass());
      passes.addPass(create_expand_random_pass());
      passes.addPass(mlir::createSCFToControlFlowPass());
      passes.addPass(mlir::createConvertToLLVMPass());
      passes.addPass(mlir::createReconcileUnrealizedCastsPass());
    };
    run_passes(*module, add, "", stage);

    auto llvm_context = std::make_unique<llvm::LLVMContext>();
    auto code = mlir::translateModuleToLLVMIR(*module, *llvm_context);
    REQUIRE(code);
    jit_ = value(llvm::orc::LLJITBuilder().create());
    code->setDataLayout(jit_->getDataLayout());
    REQUIRE(!jit_->addIRModule({std::move(code), std::move(llvm_context)}));
    run_ = value(jit_->lookup("loop")).toPtr<void (*)(void**, int64_t)>();
  }

  void operator()(std::vector<void*> buffers, size_t n) const { run_(buffers.data(), int64_t(n)); }

 private:
  template <class T>
  static T value(llvm::Expected<T> expected) {
    REQUIRE(bool(expected));
    return std::move(*expected);
  }

  std::unique_ptr<llvm::orc::LLJIT> jit_;
  void (*run_)(void**, int64_t) = nullptr;
};

constexpr float inf = std::numeric_limits<float>::infinity();

/// Whole tiles of every width: buffers hold a multiple of this many elements.
constexpr size_t tile = 16;

/// Both signs of: the ends of the denormal and of the normal range; where expm1 ends its special case; next to the
/// pole of log1p; where exp overflows and underflows; next to pi/2 and pi; where sin and cos end.
std::vector<float> special_values() {
  std::vector<float> values = {NAN};
  for (float x : {0.0f,          inf,           0x1p-149f,      0x1.8p-130f,   0x1p-126f,     0x1.fffffep127f,
                  0x1p-25f,      0.5f,          1.0f,           2.0f,          3.0f,          0x1.fffffep-1f,
                  0x1.62e42ep6f, 0x1.62e430p6f, 88.0f,          0x1.9d1d9ep6f, 0x1.9d1da2p6f, 0x1.9fe368p6f,
                  0x1.921fb6p0f, 0x1.921fb6p1f, 0x1.fffffep29f, 0x1p30f})
    values.insert(values.end(), {x, -x});
  return values;
}

/// About 2^20 floats: the special values, then every 2^12th pattern of bits with its low bits scrambled.
std::vector<float> floats_of_all_exponents() {
  std::vector<float> x = special_values();
  for (uint32_t k = 0; k < 1u << 20; ++k) x.push_back(std::bit_cast<float>(k << 12 | (k * 0x9E3779B9u) >> 20));
  x.resize((x.size() + tile - 1) / tile * tile, 1.0f);
  return x;
}

/// |got - reference| in units in the last place of the reference, 0 where got is the float nearest to it; infinite
/// where a special value or a zero's sign differs. A reference beyond the greatest float may be infinity.
double ulp_error(float got, double reference) {
  if (std::isnan(reference) || std::isnan(got)) return std::isnan(reference) && std::isnan(got) ? 0 : inf;
  if (float(reference) == got) return std::signbit(reference) == std::signbit(got) ? 0 : inf;
  if (std::isinf(reference)) return inf;
  double finite = std::isinf(got) ? std::copysign(0x1p128, got) : got;
  return std::abs(finite - reference) / std::ldexp(1.0, std::max(std::ilogb(reference), -126) - 23);
}

bool same_bits(float a, float b) {
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

struct Function {
  const char* name;
  double ulp;  // The greatest error allowed.
  double (*reference)(double);
};

const Function functions[] = {{"exp", 0.95, std::exp},
                              {"expm1", 1.6, std::expm1},
                              {"log", 0.95, std::log},
                              {"log1p", 1.6, std::log1p},
                              {"sin", 1.6, [](double x) { return std::abs(x) < 0x1p30 ? std::sin(x) : NAN; }},
                              {"cos", 1.6, [](double x) { return std::abs(x) < 0x1p30 ? std::cos(x) : NAN; }}};

}  // namespace

TEST_CASE("elementary functions are as accurate as stated, at every width") {
  std::vector<float> x = floats_of_all_exponents(), y(x.size()), other(x.size());
  for (const Function& function : functions) {
    Loop loop{{"f32"}, {"f32"}, fmt::format("%out0 = math.{} %in0 : $f32", function.name)};
    Machine(loop, 8)({x.data(), y.data()}, x.size());

    double worst = 0;
    float where = 0;
    for (size_t k = 0; k < x.size(); ++k) {
      double error = ulp_error(y[k], function.reference(x[k]));
      if (error > worst) worst = error, where = x[k];
    }
    INFO(fmt::format("{} is worst at {:a}", function.name, where));
    CHECK(worst <= function.ulp);
    CHECK(worst >= function.ulp / 2);  // The bound says something, and the samples reach the hard places.

    for (int width : {1, 4, 16}) {
      Machine(loop, width)({x.data(), other.data()}, x.size());
      INFO(function.name << " at width " << width);
      CHECK(std::equal(y.begin(), y.end(), other.begin(), same_bits));
    }
  }
}

TEST_CASE("exp of what is chosen within bounds has the same bits, at every width") {
  std::vector<float> x = floats_of_all_exponents(), within, plain(x.size()), chosen(x.size());
  for (float v : x) within.push_back(v > -87 ? std::min(v, 88.0f) : -87);
  Machine(Loop{{"f32"}, {"f32"}, "%out0 = math.exp %in0 : $f32"}, 8)({within.data(), plain.data()}, x.size());
  for (int width : {1, 4, 8, 16}) {
    const std::string flag = width == 1 ? "" : fmt::format("vector<{}xi1>, ", width);
    auto number = [&](const char* name, const char* value) {
      return fmt::format("{} = arith.constant {} : $f32\n", name, width == 1 ? value : fmt::format("dense<{}>", value));
    };
    Loop loop{{"f32"},
              {"f32"},
              number("%low", "-87.0") + number("%high", "88.0") + "%more = arith.cmpf olt, %low, %in0 : $f32\n" +
                  "%above = arith.select %more, %in0, %low : " + flag + "$f32\n" +
                  "%less = arith.cmpf olt, %above, %high : $f32\n" + "%bounded = arith.select %less, %above, %high : " +
                  flag + "$f32\n" + "%out0 = math.exp %bounded : $f32"};
    Machine(loop, width)({x.data(), chosen.data()}, x.size());
    INFO("width " << width);
    CHECK(std::equal(plain.begin(), plain.end(), chosen.begin(), same_bits));
  }
}

TEST_CASE("atan2 is as accurate as stated, at every width") {
  Loop loop{{"f32", "f32"}, {"f32"}, "%out0 = math.atan2 %in0, %in1 : $f32"};
  std::vector<float> rise, run;
  for (float y : special_values())
    for (float x : special_values()) rise.push_back(y), run.push_back(x);
  uint32_t state = 1;
  for (float y : floats_of_all_exponents()) {
    state = state * 1664525 + 1013904223;
    // Mostly of nearly the same size: there the angle is neither 0 nor a quarter turn.
    uint32_t near = (std::bit_cast<uint32_t>(y) & 0x7f800000) + ((state >> 28) << 23) - (8 << 23);
    rise.push_back(y);
    run.push_back(std::bit_cast<float>(
        state % 8 == 0 ? state : (near & 0x7f800000) | (state << 11 & 0x80000000) | (state >> 4 & 0x7fffff)));
  }
  rise.resize((rise.size() + tile - 1) / tile * tile, 1.0f), run.resize(rise.size(), 1.0f);
  std::vector<float> angle(rise.size()), other(rise.size());
  Machine(loop, 8)({rise.data(), run.data(), angle.data()}, rise.size());

  double worst = 0;
  std::string where;
  for (size_t k = 0; k < rise.size(); ++k) {
    double error = ulp_error(angle[k], std::atan2(double(rise[k]), double(run[k])));
    if (error > worst) worst = error, where = fmt::format("{:a}, {:a}", rise[k], run[k]);
  }
  INFO("worst at " << where);
  CHECK(worst <= 1.6);
  CHECK(worst >= 0.8);
  for (int width : {1, 4, 16}) {
    Machine(loop, width)({rise.data(), run.data(), other.data()}, rise.size());
    CHECK(std::equal(angle.begin(), angle.end(), other.begin(), same_bits));
  }
}

namespace {

const Loop philox_loop = {{"i64"}, {"i32", "i32", "i32", "i32"}, R"(
  %seed = arith.constant 0x0123456789abcdef : i64
  %counter = arith.constant 0xfedcba98 : i32
  %w0, %w1, %w2, %w3 = catenary.philox %seed, %in0, %counter stream 0x80010203 : $i64
  %out0 = arith.trunci %w0 : $i64 to $i32
  %out1 = arith.trunci %w1 : $i64 to $i32
  %out2 = arith.trunci %w2 : $i64 to $i32
  %out3 = arith.trunci %w3 : $i64 to $i32)"};
const Loop box_muller_loop = {
    {"i32", "i32"}, {"f32", "f32"}, "%out0, %out1 = catenary.box_muller %in0, %in1 : $i32 -> $f32"};

using Words = std::vector<uint32_t>;

/// The words of `philox_loop` for these blocks.
std::array<Words, 4> philox_words(std::vector<uint64_t> blocks, int width) {
  std::array<Words, 4> words;
  for (Words& w : words) w.resize(blocks.size());
  Machine(philox_loop, width)({blocks.data(), words[0].data(), words[1].data(), words[2].data(), words[3].data()},
                              blocks.size());
  return words;
}

std::array<std::vector<float>, 2> normals(Words w0, Words w1, int width) {
  std::array<std::vector<float>, 2> z = {std::vector<float>(w0.size()), std::vector<float>(w0.size())};
  Machine(box_muller_loop, width)({w0.data(), w1.data(), z[0].data(), z[1].data()}, w0.size());
  return z;
}

}  // namespace

TEST_CASE("philox words are those of the host, at every width") {
  // Random123's known answers for Philox4x32-10.
  REQUIRE(philox4x32({0, 0, 0, 0}, {0, 0}) == std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  REQUIRE(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
          std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

  std::vector<uint64_t> blocks = {0, 1, 0xffffffff, 0x100000000, 0xffffffffffff, 0xffffffffffffffff, 0x8000000080000000,
                                  7};
  for (uint64_t k = 0; k < 1016; ++k) blocks.push_back(k * 0x9E3779B97F4A7C15);
  for (int width : {1, 4, 8, 16}) {
    auto words = philox_words(blocks, width);
    for (size_t k = 0; k < blocks.size(); ++k) {
      auto expected = philox4x32({uint32_t(blocks[k]), uint32_t(blocks[k] >> 32), 0xfedcba98, 0x80010203},
                                 {0x89abcdef, 0x01234567});
      REQUIRE(std::array{words[0][k], words[1][k], words[2][k], words[3][k]} == expected);
    }
  }
}

TEST_CASE("uniform_of is the upper 24 bits of a word") {
  Words words = {0, 0xff, 0x100, 0x7fffffff, 0x80000000, 0xffffff00, 0xffffffff, 0x12345678};
  words.resize(tile);
  std::vector<float> u(tile);
  for (int width : {1, 8}) {
    Machine({{"i32"}, {"f32"}, "%out0 = catenary.uniform_of %in0 : $i32 -> $f32"}, width)({words.data(), u.data()},
                                                                                          tile);
    for (size_t k = 0; k < tile; ++k) REQUIRE(double(u[k]) == uniform_of(words[k]));
  }
}

TEST_CASE("normals are within 1.4e-6 of the double-precision pair, at every width") {
  Words w0, w1;
  for (uint32_t edge : {0u, 1u, 2u, 0x00ffffffu, 0x7fffffffu, 0x80000000u, 0xb504f333u, 0xfffffffeu, 0xffffffffu})
    for (uint32_t other : {0u, 1u, 2u, 3u, 0x7fffffffu, 0x80000000u, 0x80000001u, 0xffffffffu})
      w0.push_back(edge), w1.push_back(other);
  for (uint32_t k = 0; k < 1u << 20; ++k) {
    // All sizes of w0 and of its complement.
    uint32_t bits = k * 0x9E3779B9u >> k % 32;
    w0.push_back(k & 64 ? bits : ~bits), w1.push_back(k * 0x85EBCA6Bu);
  }
  w0.resize((w0.size() + tile - 1) / tile * tile), w1.resize(w0.size());
  auto z = normals(w0, w1, 8);
  double worst = 0;
  for (size_t k = 0; k < w0.size(); ++k)
    for (int i : {0, 1}) worst = std::max(worst, std::abs(z[i][k] - box_muller(w0[k], w1[k])[i]));
  CHECK(worst <= 1.4e-6);
  for (int width : {1, 4, 16}) {
    auto other = normals(w0, w1, width);
    for (int i : {0, 1}) CHECK(std::equal(z[i].begin(), z[i].end(), other[i].begin(), same_bits));
  }
}

TEST_CASE("a sequence of normals has the moments and tails of the normal law") {
  std::vector<uint64_t> blocks(1 << 19);
  for (size_t k = 0; k < blocks.size(); ++k) blocks[k] = k;
  auto words = philox_words(blocks, 16);
  std::vector<float> z;
  for (int pair : {0, 2})
    for (const auto& half : normals(words[pair], words[pair + 1], 16)) z.insert(z.end(), half.begin(), half.end());

  double z_bound = testing::z_bound(), n = double(z.size()), sum = 0, squares = 0, fourths = 0;
  for (double x : z) sum += x, squares += x * x, fourths += x * x * x * x;
  CHECK(std::abs(sum / n) <= z_bound * std::sqrt(1 / n));
  CHECK(std::abs(squares / n - 1) <= z_bound * std::sqrt(2 / n));
  CHECK(std::abs(fourths / n - 3) <= z_bound * std::sqrt(96 / n));
  for (double edge : {1.0, 2.0, 3.0, 4.0}) {
    double expected = n * std::erfc(edge / std::sqrt(2)), count = 0;
    for (double x : z) count += std::abs(x) > edge;
    INFO(count << " beyond " << edge << ", expected " << expected);
    CHECK(std::abs(count - expected) <= z_bound * std::sqrt(expected));
  }
}

TEST_CASE("the tail reaches beyond 6 sigma with the right weight") {
  // Beyond 6 come the 65 least w0 alone: take all of them, each with 2^12 angles spread evenly.
  constexpr uint32_t radii = 128, angles = 1 << 12;
  Words w0, w1;
  for (uint32_t k = 0; k < radii * angles; ++k)
    w0.push_back(k / angles), w1.push_back((k % angles * 2 + 1) * (0x80000000u / angles));
  double greatest = 0, count = 0;
  for (const auto& half : normals(w0, w1, 16))
    for (double x : half) greatest = std::max(greatest, std::abs(x)), count += std::abs(x) > 6;
  CHECK(greatest == Approx(std::sqrt(2 * 33 * std::log(2))).margin(1e-5));
  // The step in w0 is a quadrature rule with 65 nodes up to the square-root edge of the integrand.
  CHECK(count / 2 / angles * 0x1p-32 == Approx(std::erfc(6 / std::sqrt(2))).epsilon(std::pow(65, -1.0)));
}
