// Spaces, processes, clocks and joints: the checks and defaults behind the declarations.
#include <catenary/dsl/joint.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

namespace catenary {

Expr Space::uniform_point() const {
  throw Error(
      fmt::format("space '{}' declares no uniform_point(), so a process on it has no prior; override uniform_point in "
                  "the space, or prior in the process",
                  name_));
}

Expr Process::endpoint(Expr estimate, Expr, Expr) const { return estimate; }

Clock Clock::linear(double rate) {
  if (!(rate > 0) || !std::isfinite(rate))
    throw Error(fmt::format("a linear clock needs a rate above 0; found {}", rate));
  return Clock([rate](Expr t) { return rate * t; });
}

namespace {

bool is_identifier(const std::string& name) {
  auto word = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit((unsigned char)name[0]) && std::all_of(name.begin(), name.end(), word);
}

}  // namespace

Joint::Joint(std::string name, double horizon) : name_(std::move(name)), horizon_(horizon) {
  if (!is_identifier(name_))
    throw Error(fmt::format("a joint process is named by letters, digits and underscores; found '{}'", name_));
  if (!(horizon > 0) || !std::isfinite(horizon))
    throw Error(fmt::format("joint '{}' needs a horizon (the time of pure noise) above 0; found {}", name_, horizon));
}

size_t Joint::add(std::string name, Kept<Process> process, Placement placement) {
  if (!is_identifier(name))
    throw Error(
        fmt::format("joint '{}': a component is named by letters, digits and underscores; found '{}'", name_, name));
  for (const Component& c : components_)
    if (c.name == name)
      throw Error(fmt::format("joint '{}' already has a component '{}'; names are unique", name_, name));
  if (components_.size() >= 65536)
    throw Error(fmt::format("joint '{}' has 65,536 components; that is the most there may be", name_));
  components_.push_back({std::move(name), std::move(process), std::move(placement)});
  return components_.size() - 1;
}

}  // namespace catenary
