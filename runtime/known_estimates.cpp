// An endpoint is known by itself, logits by the one category that they leave.
#include <catenary/runtime/known_estimates.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

namespace {

constexpr int64_t sites_at_once = 4096;

[[noreturn]] void fail(const Subject& subject, std::string_view name, const std::string& what) {
  throw Error(fmt::format("{}: component '{}' {}", subject.text(), name, what));
}

}  // namespace

KnownEstimates::KnownEstimates(const Subject& subject, const Module& module, const KnownSites& known, const State& x,
                               ThreadPool& pool, int threads) {
  for (const auto& [name, where] : known.where) {
    if (!x.contains(name)) fail(subject, name, fmt::format("is none of joint '{}'", module.raw().name));
    if (!known.x0.contains(name)) fail(subject, name, "has no x0; give what is known of it");
    if (where.dtype() != Dtype::i32)
      fail(subject, name,
           fmt::format("is told where it is known by a tensor of {}; it must be of i32", to_string(where.dtype())));
  }
  for (const auto& [name, x0] : known.x0) {
    const Tensor* expected = x.find(name);
    if (!expected) fail(subject, name, fmt::format("is none of joint '{}'", module.raw().name));
    const Tensor* where = known.where.find(name);
    if (!where) fail(subject, name, "has no tensor in `where`; give one of i32 [batch, sites...]");
    if (x0.dtype() != expected->dtype() || x0.shape() != expected->shape())
      fail(subject, name,
           fmt::format("is {} {}; the walk's is {} {}", to_string(x0.dtype()), to_string(x0.shape()),
                       to_string(expected->dtype()), to_string(expected->shape())));
    for (const Tensor* tensor : {&x0, where})
      if (tensor->data() == nullptr)
        fail(subject, name, fmt::format("has no memory (a null pointer) in `{}`", tensor == where ? "where" : "x0"));
    const catenary_component& declared =
        *std::ranges::find_if(module.components(), [&](const catenary_component& c) { return name == c.name; });
    Shape sites(expected->shape().begin(), expected->shape().end() - declared.point.rank);
    if (where->shape() != sites)
      fail(subject, name,
           fmt::format("is told where it is known by shape {}; its batch and sites are {}", to_string(where->shape()),
                       to_string(sites)));
    if (!has_logits(declared) && std::string_view(declared.estimate_kind) != "endpoint")
      fail(subject, name,
           fmt::format("has its estimate as '{}'; what is known is put into endpoints and logits alone",
                       declared.estimate_kind));
    components_.push_back({&declared, contiguous(x0), contiguous(*where)});
    // Sites that are not known may hold anything: a point that is known stands in for them.
    Tensor looked_at = contiguous(x0);
    auto is_known = components_.back().where.values<const int32_t>();
    const auto bytes = size_t(looked_at.bytes()) / std::max<size_t>(is_known.size(), 1);
    auto* points = static_cast<char*>(looked_at.data());
    auto first = std::ranges::find_if(is_known, [](int32_t w) { return w != 0; });
    if (first == is_known.end()) continue;
    for (size_t i = 0; i < is_known.size(); ++i)
      if (is_known[i] == 0) std::memcpy(points + i * bytes, points + size_t(first - is_known.begin()) * bytes, bytes);
    check_values(subject, declared, CATENARY_X0, looked_at, pool, threads);
  }
}

void KnownEstimates::put(State& estimate, const State& own, ThreadPool& pool, int threads) const {
  for (const Component& c : components_) {
    const Tensor& ours = own[c.declared->name];
    Tensor* found = estimate.find(c.declared->name);
    // The step says what is wrong.
    if (!found || !found->data() || found->dtype() != ours.dtype() || found->shape() != ours.shape()) continue;
    Tensor& given = *found;
    if (given.data() != ours.data()) {
      std::memcpy(ours.data(), contiguous(given).data(), size_t(ours.bytes()));
      given = ours;
    }
    auto where = c.where.values<const int32_t>();
    const catenary_point& kind = c.declared->estimate;
    const int64_t per_point = c.declared->point.size;
    pool.parallel_for(
        0, int64_t(where.size()), sites_at_once,
        [&](int64_t first, int64_t last) {
          for (int64_t i = first; i < last; ++i) {
            if (where[size_t(i)] == 0) continue;
            if (!has_logits(*c.declared)) {
              const auto bytes = size_t(per_point) * sizeof(float);
              std::memcpy(static_cast<char*>(ours.data()) + size_t(i) * bytes,
                          static_cast<const char*>(c.x0.data()) + size_t(i) * bytes, bytes);
              continue;
            }
            float* logits = static_cast<float*>(ours.data()) + i * kind.size;
            const auto* categories = static_cast<const int32_t*>(c.x0.data()) + i * per_point;
            std::fill_n(logits, kind.size, -std::numeric_limits<float>::infinity());
            for (int64_t k = 0; k < per_point; ++k) logits[k * (kind.size / per_point) + categories[k]] = 0;
          }
        },
        threads);
  }
}

}  // namespace catenary
