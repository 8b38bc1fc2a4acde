// Timing: candidates take turns, so that what disturbs the machine disturbs them alike.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// Median and range of the repetitions.
struct Figure {
  double median = 0, least = 0, most = 0;
};

inline Figure figure_of(std::vector<double> values) {
  std::ranges::sort(values);
  return {values[values.size() / 2], values.front(), values.back()};
}

inline double seconds_of(const std::function<void()>& work, int64_t times = 1) {
  auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < times; ++i) work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Something to time.
struct Candidate {
  std::string name;
  std::function<void()> work;
  Figure seconds = {};  ///< of one call
};

/// Times each candidate `repeats` times in turn, at least `seconds` or one call each time, after one call to warm up.
inline void measure(std::vector<Candidate>& candidates, int repeats, double seconds) {
  std::vector<int64_t> times;
  std::vector<std::vector<double>> taken(candidates.size());
  for (auto& c : candidates) {
    seconds_of(c.work);
    int64_t n = 1;
    double spent = seconds_of(c.work);
    while (spent < seconds / 4 && n < (1 << 28)) spent = seconds_of(c.work, n *= 2);
    times.push_back(std::max<int64_t>(1, int64_t(double(n) * seconds / spent)));
  }
  for (int r = 0; r < repeats; ++r)
    for (size_t i = 0; i < candidates.size(); ++i)
      taken[i].push_back(seconds_of(candidates[i].work, times[i]) / double(times[i]));
  for (size_t i = 0; i < candidates.size(); ++i) candidates[i].seconds = figure_of(taken[i]);
}

}  // namespace bench
