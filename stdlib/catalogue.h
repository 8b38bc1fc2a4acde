// The catalogue: every space and process of the standard library by name, with its parameters, for tools.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <catenary/dsl/process.h>

namespace catenary {

/// A number that a declaration takes.
struct CatalogueParameter {
  std::string name;
  double value;         ///< unless another is given
  std::string meaning;  ///< "variance per unit of time"
  bool whole = false;   ///< A whole number, and no other.
};

using Parameters = std::map<std::string, double>;

struct CatalogueEntry {
  std::string name;     ///< "circle_brownian": letters, digits, underscores
  std::string summary;  ///< one line
  std::vector<CatalogueParameter> parameters;
  double horizon = 0;  ///< Of a process: a time by which it is noise, for the parameters' default values.
  std::function<double(const Parameters&)> pace;  ///< How fast time goes by, in any unit; absent where it is the same.
  std::function<Kept<Space>(const Parameters&)> make_space;      ///< Set in a space.
  std::function<Kept<Process>(const Parameters&)> make_process;  ///< Set in a process.

  bool is_process() const { return bool(make_process); }
  /// The declaration, with `given` in place of default values. Throws Error for a parameter that it does not have,
  /// naming those it has, for one that must be whole and is not, and for values that the declaration refuses.
  Kept<Space> space(const Parameters& given = {}) const;
  Kept<Process> process(const Parameters& given = {}) const;
  /// A time by which the process is noise: the horizon, by the pace of these parameters.
  double horizon_of(const Parameters& given) const;
};

/// Spaces first, then processes, each in alphabetical order.
const std::vector<CatalogueEntry>& catalogue();

/// Throws Error for a name that is not there, naming the one that is most like it.
const CatalogueEntry& catalogue_entry(const std::string& name);

}  // namespace catenary
