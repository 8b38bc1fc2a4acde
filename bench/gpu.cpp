// The table of kernels on a GPU, whose bound is its memory.
#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include <catenary/catenary.h>
#include <catenary/runtime/cuda_kernels.h>

#include "laws.h"
#include "measure.h"

using namespace catenary;

namespace bench {

void print_gpu(int index, int64_t points, int repeats, double seconds) {
  constexpr int calls = 16;  // Enqueued, and then waited for.
  auto device = std::make_shared<const CudaDevice>(index);
  fmt::print("\n{:<34}{:>12}{:>14}\n", fmt::format("Kernels, {}", device->name()), "Gpoint/s", "of copying");
  for (const Case& c : cases()) {
    Joint joint("bench", 10);
    joint.add("x", c.process);
    Sampler here =
        compile(joint, Target::cuda("sm_80"), {.questions = {Question::prior, Question::forward, c.question}});
    Sampler sampler = here.on_gpu(index);
    CudaKernels memory(Module(here.module(), nullptr), device);
    // Rows of logits are long: fewer of them.
    const int64_t row = c.question == Question::step ? element_count(c.process->estimates()[0].shape) : 1;
    const int64_t n = std::max<int64_t>(points / row, 64);
    State x0 = sampler.prior(n, Seed(1)), xt = sampler.forward(x0, c.t, Seed(2)), made = sampler.prior(n, Seed(3));
    const State given = c.question == Question::step ? memory.copied_in(estimates(c, n)) : x0;
    int64_t bytes = made["x"].bytes();  // Read and written in a call.
    if (c.question != Question::forward) bytes += xt["x"].bytes();
    bytes += given["x"].bytes();
    Tensor from = memory.empty(Dtype::f32, {bytes / 8}, "a copy"), to = memory.empty(Dtype::f32, {bytes / 8}, "a copy");
    std::vector<Candidate> candidates = {{"copy",
                                          [&] {
                                            for (int i = 0; i < calls; ++i)
                                              device->copy_within_on(nullptr, to.data(), from.data(),
                                                                     size_t(from.bytes()));
                                            device->wait(nullptr);
                                          }},
                                         {c.name, [&] {
                                            for (int i = 0; i < calls; ++i)
                                              ask(sampler, c, made, x0, xt, given, Seed(i), {});
                                            device->wait(nullptr);
                                          }}};
    measure(candidates, repeats, seconds);
    const double copy = candidates[0].seconds.least, ours = candidates[1].seconds.least;
    fmt::print("  {:<32}{:>12.3f}{:>12.1f} %\n", c.name, calls * double(n) / ours * 1e-9, 100 * copy / ours);
  }
}

}  // namespace bench
