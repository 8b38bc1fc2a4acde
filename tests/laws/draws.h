// Where the samples of a law's test come from: the reference evaluator or compiled code.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <catenary/dsl/process.h>

namespace catenary::testing {

/// Points one after another, each as its row-major elements.
using Points = std::vector<double>;

/// Draws from one process, and its density, on the default clock. Draws of equal seed and question repeat; of another
/// question they are independent.
class Draws {
 public:
  virtual ~Draws() = default;
  /// As many samples as are quick to draw; every call draws this many.
  virtual size_t size() const = 0;
  virtual Points prior(uint64_t seed) const = 0;
  virtual Points forward(const Points& x0, double t, uint64_t seed) const = 0;
  virtual Points bridge(const Points& x0, const Points& xt, double s, double t, uint64_t seed) const = 0;
  virtual Points transition(const Points& xs, double s, double t, uint64_t seed) const = 0;
  virtual Points step(const Points& estimate, const Points& xt, double s, double t, uint64_t seed) const = 0;
  /// The values of a process that gives them.
  virtual Points log_density(const Points& x0, const Points& xt, double t) const = 0;
  virtual Points score(const Points& x0, const Points& xt, double t) const = 0;

  /// `points` over and over, size() points in all; `elements` each.
  Points repeated(const Points& points, size_t elements = 1) const {
    Points result(size() * elements);
    for (size_t i = 0; i < result.size(); ++i) result[i] = points[i % points.size()];
    return result;
  }
};

enum class Engine { evaluator, compiled };

/// The engines that law tests run on.
std::vector<Engine> engines();

std::unique_ptr<Draws> evaluated_draws(Kept<Process> process, double horizon);
std::unique_ptr<Draws> compiled_draws(Kept<Process> process, double horizon);

inline std::unique_ptr<Draws> draws_of(Engine engine, Kept<Process> process, double horizon = 1000) {
  return engine == Engine::evaluator ? evaluated_draws(std::move(process), horizon)
                                     : compiled_draws(std::move(process), horizon);
}

}  // namespace catenary::testing
