// The laws of the standard library as functions, and as declarations with one function replaced.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <catenary/stdlib/catalogue.h>
#include <catenary/tests/mutation/mutations.h>
#include <catenary/verify/verify.h>

namespace catenary::testing {

/// An entry of the catalogue, with parameters that tell: none is 1. Those `given` are taken as they are.
class Subject {
 public:
  explicit Subject(const CatalogueEntry& entry, const Parameters& given = {});

  /// That of the entry, and what is given: "sphere_brownian, dimension 3".
  const std::string& name() const { return name_; }
  /// The functions that its class writes itself, not those that follow from others by default.
  const std::vector<Function>& functions() const { return functions_; }
  /// The places at which errors are planted elsewhere: of a process those of its space.
  const std::set<std::string>& left_out() const { return left_out_; }
  /// A process; with a result for one of its functions, in place of that function.
  Kept<Process> process(const Function* function, const Expr* result) const;
  const Parameters& parameters() const { return given_; }
  /// Verifies it; with a result for one of its functions, in place of that function.
  Report verify(const Function* function, const Expr* result, VerifyOptions options) const;
  /// The steps of the verifier that a function takes part in.
  static std::vector<std::string> steps_of(const Function& function);

 private:
  const CatalogueEntry& entry_;
  std::string name_;
  Parameters given_;
  std::vector<Function> functions_;
  std::set<std::string> left_out_;
};

}  // namespace catenary::testing
