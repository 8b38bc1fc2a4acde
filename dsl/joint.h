// Joint processes: named components on one time axis.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <catenary/dsl/clock.h>
#include <catenary/dsl/process.h>
#include <catenary/support/philox.h>

namespace catenary {

/// How a component sits in its joint process.
struct Placement {
  Clock clock = {};  ///< From the joint's time to the process's.
  /// Components of equal `sites` lie on the same sites (residues, tokens, ...) and share a loop.
  std::string sites = {};
  /// What the model returns, one of the process's estimates() by its kind; by default the first.
  std::string estimate = {};
  /// What its loss is multiplied by at the joint's time t > 0, a number of at least 0 (the process's own time is
  /// clock(t)); by default Process::weight. Joint::add checks it over the joint's horizon.
  std::function<Expr(Expr t)> weight = {};
};

/// How a joint process draws.
struct JointOptions {
  /// Rounds of Philox: 10, or 7, the fewest that passed its authors' tests and BigCrush. Other draws, and faster.
  int rounds = philox_rounds;
};

/// Components that move independently given their endpoints; only the model ties them together.
class Joint {
 public:
  struct Component {
    std::string name;
    Kept<Process> process;
    Placement placement;

    /// What the model returns. Throws Error, naming those that there are, for a kind that the process does not have.
    Estimate estimate() const;
  };

  /// Time runs from 0 (data) to `horizon` (noise).
  explicit Joint(std::string name, double horizon = 1.0, JointOptions options = {});

  /// Adds a component and returns its index. Names are unique: letters, digits and underscores, not starting with a
  /// digit. Throws Error for a clock that is not 0 at 0, falls or does not move at 1,024 even steps to the horizon, for
  /// a weight that is below 0 or not finite there, and for a kind of estimate that the process does not have.
  size_t add(std::string name, Kept<Process> process, Placement placement = {});

  const std::string& name() const { return name_; }
  double horizon() const { return horizon_; }
  const JointOptions& options() const { return options_; }
  const std::vector<Component>& components() const { return components_; }

 private:
  std::string name_;
  double horizon_;
  JointOptions options_;
  std::vector<Component> components_;
};

}  // namespace catenary
