// What a processor can do that others of its kind cannot, by LLVM's names.
#pragma once

#include <array>
#include <string_view>

namespace catenary {

struct ProcessorFeature {
  std::string_view name;
  bool (*here)();  ///< Whether this machine has it.
};

// The compiler's builtin takes a literal.
#if defined(__x86_64__)
#define CATENARY_FEATURE(name)                             \
  ProcessorFeature {                                       \
    name, [] { return __builtin_cpu_supports(name) != 0; } \
  }
inline constexpr std::array processor_features = {
    CATENARY_FEATURE("avx2"),         CATENARY_FEATURE("fma"),
    CATENARY_FEATURE("f16c"),         CATENARY_FEATURE("fma4"),
    CATENARY_FEATURE("xop"),          CATENARY_FEATURE("tbm"),
    CATENARY_FEATURE("bmi"),          CATENARY_FEATURE("bmi2"),
    CATENARY_FEATURE("lzcnt"),        CATENARY_FEATURE("popcnt"),
    CATENARY_FEATURE("movbe"),        CATENARY_FEATURE("adx"),
    CATENARY_FEATURE("gfni"),         CATENARY_FEATURE("avxvnni"),
    CATENARY_FEATURE("vpclmulqdq"),   CATENARY_FEATURE("avx512f"),
    CATENARY_FEATURE("avx512cd"),     CATENARY_FEATURE("avx512bw"),
    CATENARY_FEATURE("avx512dq"),     CATENARY_FEATURE("avx512vl"),
    CATENARY_FEATURE("avx512ifma"),   CATENARY_FEATURE("avx512vbmi"),
    CATENARY_FEATURE("avx512vbmi2"),  CATENARY_FEATURE("avx512vnni"),
    CATENARY_FEATURE("avx512bf16"),   CATENARY_FEATURE("avx512fp16"),
    CATENARY_FEATURE("avx512bitalg"), CATENARY_FEATURE("avx512vpopcntdq")};
#undef CATENARY_FEATURE
#else
inline constexpr std::array<ProcessorFeature, 0> processor_features = {};
#endif

}  // namespace catenary
