// Kernels of the standard library: on a processor against the hand-tuned loop, on a GPU against its copies of memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <catenary/dsl/joint.h>
#include <catenary/runtime/sampler.h>

namespace bench {

/// A kernel that is timed.
struct Case {
  std::string name;
  catenary::Kept<catenary::Process> process;
  catenary::Question question;
  double s, t;
  double reach;  ///< What is to be reached, in G points/s, where the hand-tuned loop did 4.2.
};
std::vector<Case> cases();

/// Its question about given tensors: fills `made`.
void ask(const catenary::Sampler& sampler, const Case& c, catenary::State& made, const catenary::State& x0,
         const catenary::State& xt, const catenary::State& estimate, catenary::Seed seed,
         const catenary::DrawOptions& options);

/// Estimates of the case's component for n points.
catenary::State estimates(const Case& c, int64_t n);

/// One thread, `points` points in the cache: G points/s of each kernel, over those of the hand-tuned Ornstein-Uhlenbeck
/// loop timed in turn with it, beside the share to be reached.
void print_laws(int64_t points, int repeats, double seconds);

/// On GPU `index`, `points` points in its memory: G points/s of each kernel, and the bytes that it reads and writes a
/// second over those of a copy within that memory, timed in turn with it.
void print_gpu(int index, int64_t points, int repeats, double seconds);

}  // namespace bench
