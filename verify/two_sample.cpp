// Differences of means, of second moments and of histograms.
#include <catenary/verify/two_sample.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double ratio(double difference, double deviation) {
  if (deviation > 0) return difference / deviation;
  return difference == 0 ? 0 : std::copysign(infinity, difference);
}

}  // namespace

double sigmas_of_probability(double p) {
  if (p >= 1) return 0;
  return p > 0 ? quantile(complement(boost::math::normal(), p / 2)) : infinity;
}

double sigmas_of_few(double p, double degrees) { return quantile(complement(boost::math::students_t(degrees), p / 2)); }

double sigmas_of_chi_square(double chi_square, double degrees) {
  if (!std::isfinite(chi_square)) return infinity;
  if (degrees <= 0) return 0;
  double p = cdf(complement(boost::math::chi_squared(degrees), chi_square));
  if (p > 1e-280) return sigmas_of_probability(p);
  // Wilson and Hilferty: the cube root is close to normal (1931).
  double spread = 2 / (9 * degrees);
  return (std::cbrt(chi_square / degrees) - (1 - spread)) / std::sqrt(spread);
}

TwoSample::TwoSample(std::vector<std::string> statistics, size_t groups, std::vector<int> whole)
    : names_(std::move(statistics)),
      groups_(groups),
      whole_(std::move(whole)),
      low_(names_.size()),
      scale_(names_.size()),
      sums_(no_sums()) {
  whole_.resize(names_.size());
}

TwoSample::Sums TwoSample::no_sums() const {
  std::vector<int64_t> none(names_.size() * cells_);
  return {std::vector<Moments>(names_.size() * groups_), {none, none}, {}};
}

void TwoSample::calibrate(ThreadPool& pool, const Read& read, int64_t n) {
  std::vector<std::vector<double>> pilot(names_.size());
  std::vector<double> a(names_.size() * tile), b = a;
  each_tile(0, n, int64_t(groups_), [&](int64_t first) {
    read(first, a.data(), b.data());
    for (size_t i = 0; i < a.size(); ++i)
      for (double v : {a[i], b[i]})
        if (std::isfinite(v)) pilot[i / tile].push_back(v);
  });
  centre_.resize(names_.size());
  pool.parallel_for(0, int64_t(names_.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto s = size_t(begin); s < size_t(end); ++s) calibrate(s, pilot[s]);
  });
}

void TwoSample::calibrate(size_t s, std::vector<double>& pilot) {
  if (pilot.empty()) pilot.push_back(0);
  double sum = 0;
  for (double v : pilot) sum += v;
  centre_[s] = sum / double(pilot.size());
  if (whole_[s] > 0) {
    low_[s] = -0.5;
    scale_[s] = 1;
    return;
  }
  auto at = [&](double share) {
    auto nth = pilot.begin() + int64_t(share * double(pilot.size() - 1));
    std::nth_element(pilot.begin(), nth, pilot.end());
    return *nth;
  };
  double low = at(0.002), high = at(0.998);
  low_[s] = low;
  scale_[s] = high > low ? double(cells_ - 2) / (high - low) : 0;
}

void TwoSample::add_tile(Sums& sums, size_t group, const double* a, const double* b) const {
  for (size_t s = 0; s < names_.size(); ++s, a += tile, b += tile) {
    const double centre = centre_[s], low = low_[s], scale = scale_[s];
    double nothing = 0;  // Of finite numbers.
    double d = 0, dd = 0, e = 0, ee = 0, f = 0, ff = 0, ffff = 0;
#pragma omp simd reduction(+ : nothing, d, dd, e, ee, f, ff, ffff)
    for (int64_t i = 0; i < tile; ++i) {
      double x = a[i] - centre, y = b[i] - centre, xx = x * x, yy = y * y;
      nothing += (x - x) + (y - y);
      d += x - y;
      dd += (x - y) * (x - y);
      e += xx - yy;
      ee += (xx - yy) * (xx - yy);
      f += x;
      ff += xx;
      ffff += xx * xx;
    }
    const bool finite = nothing == 0;
    Moments& moments = sums.moments[s * groups_ + group];
    if (finite)
      moments += {double(tile), d, dd, e, ee, f, ff, ffff};
    else
      moments.n += double(tile);
    if (!finite && !sums.not_finite) sums.not_finite = s;
    std::array<int32_t, tile> of_a, of_b;
#pragma omp simd
    for (int64_t i = 0; i < tile; ++i) {
      of_a[size_t(i)] = int32_t(std::min(std::max(0.0, (a[i] - low) * scale + 1), double(cells_ - 1)));
      of_b[size_t(i)] = int32_t(std::min(std::max(0.0, (b[i] - low) * scale + 1), double(cells_ - 1)));
    }
    int64_t *counts_a = &sums.counts[0][s * cells_], *counts_b = &sums.counts[1][s * cells_];
    for (size_t i = 0; i < size_t(tile); ++i) {
      if (!finite && !(std::isfinite(a[i]) && std::isfinite(b[i]))) continue;
      ++counts_a[of_a[i]];
      ++counts_b[of_b[i]];
    }
  }
}

void TwoSample::add(ThreadPool& pool, int64_t n, const Read& read) {
  const int64_t chunk = 1 << 12, pilot = 1 << 14;
  if (centre_.empty()) calibrate(pool, read, std::min(n, pilot));
  std::vector<Sums> sums(size_t(n / chunk), no_sums());
  pool.parallel_for(0, n / chunk, 1, [&](int64_t begin, int64_t end) {
    std::vector<double> a(names_.size() * tile), b = a;
    for (int64_t c = begin; c < end; ++c)
      each_tile(c * chunk, (c + 1) * chunk, int64_t(groups_), [&](int64_t first) {
        read(first, a.data(), b.data());
        add_tile(sums[size_t(c)], size_t(first) % groups_, a.data(), b.data());
      });
  });
  for (const Sums& s : sums) merge(s);
}

void TwoSample::merge(const Sums& other) {
  for (size_t i = 0; i < sums_.moments.size(); ++i) sums_.moments[i] += other.moments[i];
  for (int w = 0; w < 2; ++w)
    for (size_t i = 0; i < sums_.counts[w].size(); ++i) sums_.counts[w][i] += other.counts[w][i];
  if (!sums_.not_finite) sums_.not_finite = other.not_finite;
}

size_t TwoSample::comparisons() const { return names_.size() * (2 * (groups_ + (groups_ > 1)) + 1); }

double TwoSample::samples() const {
  double n = 0;
  for (size_t g = 0; g < groups_; ++g) n += sums_.moments[g].n;
  return n;
}

TwoSample::Worst TwoSample::worst(const std::string& name_a, const std::string& name_b, double allowed) const {
  Worst worst;
  if (auto s = sums_.not_finite)
    return {infinity, *s, -1, fmt::format("{} is not a finite number at some sample", names_[*s])};
  auto offer = [&](double sigmas, size_t s, int group, auto sentence) {
    if (sigmas <= worst.sigmas) return;
    worst = {sigmas, s, group, sentence()};
  };
  auto beyond = [](double value, double limit) { return std::max(0.0, std::abs(value) - limit); };
  for (size_t s = 0; s < names_.size(); ++s) {
    for (int g = groups_ > 1 ? -1 : 0; g < int(groups_); ++g) {
      Moments m;
      for (size_t k = 0; k < groups_; ++k)
        if (g < 0 || size_t(g) == k) m += sums_.moments[s * groups_ + k];
      if (m.n < 2) continue;
      int group = groups_ > 1 ? g : -1;
      // The deviations of f and of its square, by way a.
      double mean = m.f / m.n, second = m.ff / m.n, deviation = std::sqrt(std::max(0.0, second - mean * mean)),
             of_square = std::sqrt(std::max(0.0, m.ffff / m.n - second * second));
      auto sigmas = [&](double sum, double squares, double unit) {
        double error = std::sqrt(std::max(0.0, squares / m.n - (sum / m.n) * (sum / m.n)) / m.n);
        return ratio(beyond(sum / m.n, allowed * unit), error);
      };
      std::string where = group >= 0 ? fmt::format(" (from x_0 number {})", group + 1) : "";
      offer(sigmas(m.d, m.dd, deviation), s, group, [&] {
        double by_a = centre_[s] + mean, by_b = by_a - m.d / m.n;
        return fmt::format("the mean of {} is {:.5g} {} and {:.5g} {}, {:.2g} standard deviations apart{}", names_[s],
                           by_a, name_a, by_b, name_b, std::abs(ratio(m.d / m.n, deviation)), where);
      });
      offer(sigmas(m.e, m.ee, of_square), s, group, [&] {
        double apart = ratio(m.e, m.ff - m.e);
        std::string by = std::abs(apart) < 1
                             ? fmt::format("{:.2g} % {}", 100 * std::abs(apart), apart > 0 ? "larger" : "smaller")
                             : fmt::format("{:.3g} times as large", 1 + apart);
        return fmt::format("the variance of {} is {} {} {} {}{}", names_[s], by, name_a,
                           std::abs(apart) < 1 ? "than" : "as", name_b, where);
      });
    }
    // Two histograms of equal totals; thin cells are joined to the next.
    const int64_t* a = &sums_.counts[0][s * cells_];
    const int64_t* b = &sums_.counts[1][s * cells_];
    double chi_square = 0, degrees = -1, sum_a = 0, sum_b = 0, largest = 0;
    size_t first = 0, worst_first = 0, worst_last = 0;
    double worst_a = 0, worst_b = 0;
    for (size_t c = 0; c < cells_; ++c) {
      sum_a += double(a[c]);
      sum_b += double(b[c]);
      if (sum_a + sum_b < 50 && c + 1 < cells_) continue;
      double term = sum_a + sum_b > 0 ? (sum_a - sum_b) * (sum_a - sum_b) / (sum_a + sum_b) : 0;
      chi_square += term;
      degrees += sum_a + sum_b > 0;
      if (term > largest) {
        largest = term;
        worst_first = first;
        worst_last = c;
        worst_a = sum_a;
        worst_b = sum_b;
      }
      sum_a = sum_b = 0;
      first = c + 1;
    }
    double expected = allowed * std::sqrt(samples() / 2), root = std::max(0.0, std::sqrt(chi_square) - expected);
    offer(sigmas_of_chi_square(root * root, degrees), s, -1, [&] {
      auto edge = [&](size_t c) { return scale_[s] > 0 ? low_[s] + double(c) / scale_[s] : low_[s]; };
      std::string range = worst_first == 0 ? fmt::format("below {:.3g}", edge(worst_last))
                          : worst_last + 1 == cells_
                              ? fmt::format("above {:.3g}", edge(worst_first - 1))
                              : fmt::format("from {:.3g} to {:.3g}", edge(worst_first - 1), edge(worst_last));
      return fmt::format("{} lies {} in {:.4g} % of the samples {}, and in {:.4g} % {}", names_[s], range,
                         100 * worst_a / samples(), name_a, 100 * worst_b / samples(), name_b);
    });
  }
  return worst;
}

Histograms TwoSample::histograms(size_t s, std::string name_a, std::string name_b) const {
  Histograms h;
  h.statistic = names_[s];
  h.name_a = std::move(name_a);
  h.name_b = std::move(name_b);
  double width = scale_[s] > 0 ? 1 / scale_[s] : 1;
  for (size_t c = 0; c <= cells_; ++c) h.edges.push_back(low_[s] + (double(c) - 1) * width);
  for (size_t c = 0; c < cells_; ++c) {
    h.a.push_back(double(sums_.counts[0][s * cells_ + c]) / samples());
    h.b.push_back(double(sums_.counts[1][s * cells_ + c]) / samples());
  }
  // The upper cells that whole numbers do not reach.
  while (h.a.size() > 4 && h.a[h.a.size() - 2] == 0 && h.b[h.b.size() - 2] == 0 && h.a.back() == 0 && h.b.back() == 0) {
    h.a.pop_back();
    h.b.pop_back();
    h.edges.pop_back();
  }
  return h;
}

}  // namespace catenary::verifying
