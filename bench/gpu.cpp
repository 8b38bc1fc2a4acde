// The table of kernels on a GPU, whose bound is its memory.
#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>

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
  fmt::print("\n{:<34}{:>12}{:>14}{:>16}{:>14}\n", fmt::format("Kernels, {}", device->name()), "Gpoint/s", "of copying",
             "fast, Gpoint/s", "of copying");
  for (const Case& c : cases()) {
    Joint joint("bench", 10);
    joint.add("x", c.process);
    auto compiled = [&](Precision precision) {
      return compile(joint, Target::cuda("sm_80", precision),
                     {.questions = {Question::prior, Question::forward, c.question}});
    };
    Sampler here = compiled(Precision::exact), exact = here.on_gpu(index),
            fast = compiled(Precision::fast).on_gpu(index);
    CudaKernels memory(Module(here.module(), nullptr), device);
    // Rows of logits are long: fewer of them.
    const int64_t row = c.question == Question::step ? element_count(c.process->estimates()[0].shape) : 1;
    const int64_t n = std::max<int64_t>(points / row, 64);
    State x0 = exact.prior(n, Seed(1)), xt = exact.forward(x0, c.t, Seed(2)), made = exact.prior(n, Seed(3));
    const State given = c.question == Question::step ? memory.copied_in(estimates(c, n), nullptr) : x0;
    int64_t bytes = made["x"].bytes() + given["x"].bytes();  // Read and written in a call.
    if (c.question != Question::forward) bytes += xt["x"].bytes();
    Tensor from = memory.empty(Dtype::f32, {bytes / 8}, "a copy"), to = memory.empty(Dtype::f32, {bytes / 8}, "a copy");
    auto repeated = [&](std::string name, const std::function<void(int)>& call) {
      return Candidate{std::move(name), [=] {
                         for (int i = 0; i < calls; ++i) call(i);
                         device->wait(nullptr);
                       }};
    };
    std::vector<Candidate> candidates = {
        repeated("copy", [&](int) { device->copy_within_on(nullptr, to.data(), from.data(), size_t(from.bytes())); }),
        repeated("exact", [&](int i) { ask(exact, c, made, x0, xt, given, Seed(i), {}); }),
        repeated("fast", [&](int i) { ask(fast, c, made, x0, xt, given, Seed(i), {}); })};
    measure(candidates, repeats, seconds);
    auto rate = [&](size_t k) { return calls * double(n) / candidates[k].seconds.least * 1e-9; };
    auto share = [&](size_t k) { return 100 * candidates[0].seconds.least / candidates[k].seconds.least; };
    fmt::print("  {:<32}{:>12.3f}{:>12.1f} %{:>16.3f}{:>12.1f} %\n", c.name, rate(1), share(1), rate(2), share(2));
  }
}

}  // namespace bench
