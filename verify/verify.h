// The verifier: is a space a space, does a process obey its own laws, does a joint process do what its parts say?
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/joint.h>
#include <catenary/verify/report.h>

namespace catenary {

/// How small an error in a variance is caught: `quick` 4 % (a second or two), `standard` 1 % (seconds), `high` 0.1 %
/// (minutes).
enum class Effort { quick, standard, high };

struct VerifyProgress {
  std::string check;  ///< the one that begins
  double done;        ///< of all, 0 to 1
};

struct VerifyOptions {
  Effort effort = Effort::standard;
  /// For a process by itself: the time of pure noise. A joint process brings its own.
  double horizon = 1.0;
  uint64_t seed = 1;
  Target target = Target::host();
  /// Draws of processes on this GPU in the place of `target` (by Sampler::through_gpu), whose bits are compared with
  /// the processor's. The geometry of spaces by itself stays the processor's.
  std::optional<int> gpu = {};
  std::string driver = "libcuda.so.1";  ///< of that GPU
  int threads = 0;                      ///< 0: CATENARY_THREADS, or else one per processor
  /// Of a process or a joint process: checks its spaces as well.
  bool spaces = true;
  /// The steps to go through, by the names that `progress` tells; empty: all.
  std::vector<std::string> only = {};
  /// Leaves out what comes after the first failure.
  bool stop_at_failure = false;
  /// Called before each check, from the caller's thread; false ends the verification with `Cancelled`.
  std::function<bool(const VerifyProgress&)> progress = {};
};

/// `only` names no step of what is verified.
class NoSuchStep : public Error {
 public:
  using Error::Error;
};

/// Checks the geometry of a space: exp against log, projections, distances, geodesics, tangent noise, uniform points;
/// in double precision and as compiled to f32, over scales from 1e-7 to beyond the injectivity radius. Of a product its
/// parts are checked. Spaces that are not manifolds have their points checked.
Report verify(Kept<Space> space, const VerifyOptions& options = {});

/// Checks a process: its space, Chapman-Kolmogorov, the bridge identity, ends, prior, estimates of every kind, losses,
/// the flow, density, score, extreme times, and that batches, threads, vector widths, fresh code and code from a cache
/// give the same bits. Throws Error if the process cannot be compiled.
Report verify(Kept<Process> process, const VerifyOptions& options = {});

/// Checks every component as a process on its clock, and the joint: independence given the endpoints, clocks, and walks
/// around an oracle over a finite data set.
Report verify(const Joint& joint, const VerifyOptions& options = {});

/// The same for a saved declaration (the text of to_mlir), as far as it can be told without the declaration in C++:
/// everything but the geometry of its spaces and the comparison with double precision. `name` stands for it in
/// messages.
Report verify_mlir(const std::string& text, const std::string& name, const VerifyOptions& options = {});

}  // namespace catenary
