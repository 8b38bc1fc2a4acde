// Posterior draws over the data.
#include "oracle.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include <catenary/support/philox.h>

namespace cities {

namespace {

constexpr int intervals = 1 << 14;
constexpr float impossible = -100;  // as a logit: e^{-100}

double angle_of(double cosine) { return std::acos(std::clamp(cosine, -1.0, 1.0)); }

double legendre_series(const std::vector<double>& terms, double x) {
  double sum = 0, before = 0, p = 1;
  for (size_t l = 0; l < terms.size(); ++l) {
    sum += terms[l] * p;
    double next = (double(2 * l + 1) * x * p - double(l) * before) / double(l + 1);
    before = p;
    p = next;
  }
  return sum;
}

/// 53 bits in [0, 1) under a key that no process draws with.
double uniform_draw(catenary::Seed seed, uint64_t sample) {
  uint64_t key = seed.value ^ 0x6f7261636c65;
  auto words = catenary::philox4x32({uint32_t(sample), uint32_t(sample >> 32), seed.step, 0},
                                    {uint32_t(key), uint32_t(key >> 32)});
  return double((uint64_t(words[0]) << 32 | words[1]) >> 11) * 0x1p-53;
}

}  // namespace

HeatKernel::HeatKernel(double v) : v_(v) {
  if (v < 0.02) return;
  std::vector<double> terms;
  for (int l = 0; terms.empty() || terms.back() > 1e-18; ++l)
    terms.push_back((2 * l + 1) * std::exp(-0.5 * l * (l + 1) * v));
  for (int i = 0; i <= intervals; ++i) table_.push_back(std::max(0.0, legendre_series(terms, 2.0 * i / intervals - 1)));
}

double HeatKernel::density(double cosine, double reference) const {
  if (!table_.empty()) {
    double at = std::clamp((cosine + 1) * 0.5 * intervals, 0.0, double(intervals));
    size_t node = std::min(size_t(at), size_t(intervals - 1));
    return std::lerp(table_[node], table_[node + 1], at - double(node));
  }
  auto log_density = [&](double c) {
    double theta = angle_of(c), sine = std::max(std::sin(theta), 1e-9);
    return (theta > 1e-4 ? 0.5 * std::log(theta / sine) : 0) - theta * theta / (2 * v_);
  };
  return std::exp(log_density(cosine) - log_density(reference));
}

double HeatKernel::negligible(double reference) const {
  double theta = angle_of(reference);
  return std::cos(std::min(std::sqrt(theta * theta + 80 * v_), std::numbers::pi));
}

Oracle::Oracle(const Places& data, double rate, std::shared_ptr<catenary::ThreadPool> pool)
    : data_(data), rate_(rate), pool_(std::move(pool)) {}

void Oracle::operator()(const catenary::ModelInput& input, catenary::State& estimate) {
  auto start = std::chrono::steady_clock::now();
  auto places = input.state["place"].values<const float>();
  auto regions = input.state["region"].values<const int32_t>();
  auto place_estimates = estimate["place"].values<float>();
  auto logits = estimate["region"].values<float>();
  const size_t count = data_.places.size(), region_count = data_.regions.size();
  const HeatKernel kernel(rate_ * input.time);
  const double jumped = -std::expm1(-rate_ * input.time) / double(region_count),
               stayed = std::exp(-rate_ * input.time) + jumped;

  pool_->parallel_for(0, int64_t(regions.size()), 64, [&](int64_t begin, int64_t end) {
    std::vector<double> cosines(count), sums(count);
    for (size_t sample = size_t(begin); sample < size_t(end); ++sample) {
      const float* x = &places[3 * sample];
      double nearest = -1;
      for (size_t i = 0; i < count; ++i) {
        const auto& y = data_.places[i].point;
        cosines[i] = double(x[0]) * y[0] + double(x[1]) * y[1] + double(x[2]) * y[2];
        nearest = std::max(nearest, cosines[i]);
      }
      double least = kernel.negligible(nearest), total = 0;
      for (size_t i = 0; i < count; ++i) {
        if (cosines[i] >= least)
          total += kernel.density(cosines[i], nearest) * (data_.places[i].region == regions[sample] ? stayed : jumped);
        sums[i] = total;
      }
      double u = uniform_draw(input.seed, uint64_t(input.first_sample) + sample) * total;
      const Place& drawn = data_.places[std::min(size_t(std::ranges::upper_bound(sums, u) - sums.begin()), count - 1)];
      std::ranges::copy(drawn.point, &place_estimates[3 * sample]);
      std::fill_n(&logits[region_count * sample], region_count, impossible);
      logits[region_count * sample + size_t(drawn.region)] = 0;
    }
  });
  seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace cities
