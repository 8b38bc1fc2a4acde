// What is checked of every PTX text: its arithmetic is IEEE's, and it needs no library.
#pragma once

#include <regex>
#include <set>
#include <string>

#include <catch2/catch.hpp>

namespace catenary::testing {

/// The instructions on floats, each once and without its predicate: "add.rn.f32".
inline std::set<std::string> float_instructions(const std::string& ptx) {
  static const std::regex instruction(
      R"(\n[\t ]*(?:@!?%p\d+ )?((?:add|sub|mul|fma|mad|div|rcp|sqrt|rsqrt|sin|cos|ex2|lg2|tanh|min|max|cvt)\.[a-zA-Z0-9.]*f(?:16|32|64)[a-z0-9.]*))");
  std::set<std::string> found;
  for (std::sregex_iterator m(ptx.begin(), ptx.end(), instruction), end; m != end; ++m) found.insert((*m)[1]);
  return found;
}

/// LLVM makes `max` and `min` of comparisons where NaN and zeros come out the same. A sum without `.rn` may be fused
/// with a product by ptxas; `.ftz` and `.approx` are not IEEE's.
inline void check_exact(const std::string& ptx) {
  static const std::set<std::string> exact = {
      "add.rn.f32",     "sub.rn.f32",      "mul.rn.f32",     "fma.rn.f32", "div.rn.f32",     "rcp.rn.f32",
      "add.rn.f64",     "sub.rn.f64",      "mul.rn.f64",     "fma.rn.f64", "sqrt.rn.f32",    "min.NaN.f32",
      "cvt.f64.f32",    "max.NaN.f32",     "max.f32",        "min.f32",    "cvt.rn.f32.f64", "cvt.rn.f32.s32",
      "cvt.rn.f32.u32", "cvt.rmi.f32.f32", "cvt.rzi.s32.f32"};
  for (const std::string& instruction : float_instructions(ptx)) {
    INFO(instruction);
    CHECK(exact.count(instruction) == 1);
  }
  for (const char* never : {".ftz", ".approx", ".full", "call", ".extern"}) {
    INFO(never);
    CHECK(ptx.find(never) == std::string::npos);
  }
}

}  // namespace catenary::testing
