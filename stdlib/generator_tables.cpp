// exp(Q t) by its series and by squarings, in double precision: positive terms only.
#include <catenary/stdlib/generator_tables.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <numeric>
#include <thread>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

namespace {

using Matrix = std::vector<double>;  // k x k, row major.

constexpr int most_earlier_stretches = 12, most_later_stretches = 14, most_pieces = 32;
// After the time 1, by the series: up to 64.
constexpr int series_stretches = 3;
constexpr int64_t most_numbers = int64_t{1} << 28;
constexpr double least = 1e-300, never = -700;  // A probability that is taken as 0, and its logarithm then.
constexpr double impossible = -std::numeric_limits<double>::infinity();

// Rows `begin` to `end` of a b. Sums are in the order of b's rows, whatever the width of vectors. A block of b stays in
// a cache near the core.
#ifdef __x86_64__
__attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#endif
void multiply_rows(const double* a, const double* b, double* c, size_t k, size_t begin, size_t end) {
  constexpr size_t rows = 64, columns = 256;
  std::fill(c + begin * k, c + end * k, 0.0);
  for (size_t m0 = 0; m0 < k; m0 += rows)
    for (size_t j0 = 0; j0 < k; j0 += columns)
      for (size_t i = begin; i < end; ++i) {
        const size_t m1 = std::min(m0 + rows, k), j1 = std::min(j0 + columns, k);
        double* sums = c + i * k;
        size_t m = m0;
        for (; m + 4 <= m1; m += 4) {
          const double *w = a + i * k + m, *x = b + m * k;
          const double w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
          if (w0 == 0 && w1 == 0 && w2 == 0 && w3 == 0) continue;
#pragma omp simd
          for (size_t j = j0; j < j1; ++j)
            sums[j] = (((sums[j] + w0 * x[j]) + w1 * x[j + k]) + w2 * x[j + 2 * k]) + w3 * x[j + 3 * k];
        }
        for (; m < m1; ++m)
          for (size_t j = j0; j < j1; ++j) sums[j] += a[i * k + m] * b[m * k + j];
      }
}

Matrix product(const Matrix& a, const Matrix& b, size_t k) {
  Matrix c(k * k);
  const size_t threads = k < 64 ? 1 : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> others;
  for (size_t i = 0; i < threads; ++i) {
    const size_t begin = k * i / threads, end = k * (i + 1) / threads;
    if (i + 1 < threads)
      others.emplace_back(multiply_rows, a.data(), b.data(), c.data(), k, begin, end);
    else
      multiply_rows(a.data(), b.data(), c.data(), k, begin, end);
  }
  others.clear();
  return c;
}

// Rows are kept at 1, or rounding would double with every squaring.
Matrix squared(const Matrix& a, size_t k) {
  Matrix c = product(a, a, k);
  for (size_t i = 0; i < k; ++i) {
    const double total = std::accumulate(&c[i * k], &c[i * k] + k, 0.0);
    for (size_t j = 0; j < k; ++j) c[i * k + j] /= total;
  }
  return c;
}

// Whether a term of this weight may still matter, and with it those after it: they are no larger, or the weights have
// not come to their largest, which is no less than their mean so far.
bool matters(double weight, double sum) { return weight > 1e-17 * sum; }

constexpr size_t degree = GeneratorTables::degree, coefficients = GeneratorTables::coefficients;

// Where along a piece its polynomial is made, the beginning and the Chebyshev nodes of (0, 1), and where it is tested.
const std::vector<double>& places_along() {
  static const std::vector<double> places = [] {
    std::vector<double> list{0};
    for (size_t i = 0; i < degree; ++i)
      list.push_back(0.5 - 0.5 * std::cos((2 * double(i) + 1) * std::numbers::pi / (2 * degree)));
    for (double tested : {0.003, 0.05, 0.5, 0.95, 0.997}) list.push_back(tested);
    return list;
  }();
  return places;
}

// Row i: the coefficients of the polynomial that is 1 at node i and 0 at the others.
const std::vector<std::vector<double>>& cardinals() {
  static const std::vector<std::vector<double>> rows = [] {
    std::vector<std::vector<double>> list;
    const double* x = &places_along()[1];
    for (size_t i = 0; i < degree; ++i) {
      std::vector<double> p{1};
      for (size_t m = 0; m < degree; ++m) {
        if (m == i) continue;
        p.push_back(0);
        for (size_t c = p.size(); c-- > 0;) p[c] = ((c > 0 ? p[c - 1] : 0) - x[m] * p[c]) / (x[i] - x[m]);
      }
      list.push_back(p);
    }
    return list;
  }();
  return rows;
}

// The least number of jumps from i to j, k where there is no way.
std::vector<double> least_jumps(const Matrix& rates, size_t k) {
  std::vector<std::vector<size_t>> next(k);
  for (size_t i = 0; i < k; ++i)
    for (size_t j = 0; j < k; ++j)
      if (i != j && rates[i * k + j] > 0) next[i].push_back(j);
  std::vector<double> jumps(k * k, double(k));
  for (size_t i = 0; i < k; ++i) {
    std::vector<size_t> reached{i};
    jumps[i * k + i] = 0;
    for (size_t n = 0; n < reached.size(); ++n)
      for (size_t j : next[reached[n]])
        if (jumps[i * k + j] == double(k)) {
          jumps[i * k + j] = jumps[i * k + reached[n]] + 1;
          reached.push_back(j);
        }
  }
  return jumps;
}

// The generator in units of its fastest rate, its diagonal made from the rest of each row.
Matrix checked_rates(std::string_view whose, const std::vector<double>& rates, size_t k, double& fastest) {
  if (rates.size() != k * k)
    throw Error(fmt::format("{} on {} categories needs {} x {} rates; found {} numbers", whose, k, k, k, rates.size()));
  Matrix unit = rates;
  fastest = 0;
  for (size_t i = 0; i < k; ++i) {
    double leaves = 0;
    for (size_t j = 0; j < k; ++j) {
      double rate = rates[i * k + j];
      if (!std::isfinite(rate) || (i != j && rate < 0))
        throw Error(
            fmt::format("{} needs finite rates of at least 0 from each category to others; found {} from {} to {}",
                        whose, rate, i, j));
      if (i != j) leaves += rate;
    }
    if (std::abs(leaves + rates[i * k + i]) > 1e-6 * leaves)
      throw Error(
          fmt::format("{} needs rows of rates that sum to 0; row {} sums to {}: its diagonal element must be {}", whose,
                      i, leaves + rates[i * k + i], -leaves));
    unit[i * k + i] = -leaves;
    fastest = std::max(fastest, leaves);
  }
  if (!std::isfinite(fastest)) throw Error(fmt::format("{} has rates that sum to more than a number holds", whose));
  if (k > 1)
    for (double& rate : unit) rate /= fastest;
  return unit;
}

}  // namespace

GeneratorTables::GeneratorTables(std::string_view whose, const std::vector<double>& rates, size_t categories)
    : k(categories) {
  check_size(whose, k);
  unit_ = checked_rates(whose, rates, k, fastest);
  jumps = least_jumps(unit_, k);
  check_end(whose);
  while (!add_first_piece()) ++earlier_stretches;
  add_stretches(whose);
}

double GeneratorTables::first() const { return std::pow(stretch, -earlier_stretches); }

// Categories that are not left for good: those that are reached again from wherever they lead. There is one law at the
// end where they all reach one another.
void GeneratorTables::check_end(std::string_view whose) {
  for (size_t i = 0; i < k; ++i) {
    stays_.push_back(true);
    for (size_t j = 0; j < k; ++j) stays_[i] = stays_[i] && (way(j, i) || !way(i, j));
  }
  auto one = size_t(std::find(stays_.begin(), stays_.end(), true) - stays_.begin());
  for (size_t j = one + 1; j < k; ++j)
    if (stays_[j] && !way(one, j))
      throw Error(
          fmt::format("{} needs one law at the end, whatever the start; it ends about category {} or about {}, and "
                      "there is no way from one to the other: give it one, or make each a process of its own",
                      whose, one, j));
}

void GeneratorTables::check_size(std::string_view whose, size_t k, int64_t pieces) {
  if (pieces * int64_t(k * k * coefficients) > most_numbers)
    throw Error(
        fmt::format("{} on {} categories needs tables of more than {} numbers; take fewer categories, or a structured "
                    "process (UniformJump, StationaryJump, AbsorbingJump)",
                    whose, k, most_numbers));
}

// Gives (I + Q)^m to `add` for m = 0, 1, ..., until that says that no more are needed. Their elements are at most 1.
void GeneratorTables::for_each_power(const std::function<bool(size_t m, const Matrix& power)>& add) const {
  Matrix step = unit_, power(k * k);
  for (size_t i = 0; i < k; ++i) {
    step[i * k + i] += 1;
    power[i * k + i] = 1;
  }
  for (size_t m = 0; add(m, power); ++m) power = product(step, power, k);
}

// False: it must end earlier.
bool GeneratorTables::add_first_piece() {
  // P_ij over x^n, x along the piece and n the least number of jumps from i to j: the sum over m of
  // e^{-t} first^m / m! x^{m - n} (I + Q)^m, all of whose terms are positive.
  const std::vector<double>& along = places_along();
  std::vector<Matrix> p(along.size(), Matrix(k * k));
  std::vector<std::vector<double>> powers(along.size());
  double factor = 1;
  for_each_power([&](size_t m, const Matrix& power) {
    bool more = false;
    for (size_t place = 0; place < along.size(); ++place) {
      powers[place].push_back(m == 0 ? 1 : powers[place].back() * along[place]);
      for (size_t i = 0; i < k * k; ++i) {
        if (jumps[i] == double(k)) continue;
        if (power[i] > 0) p[place][i] += factor * powers[place][m - size_t(jumps[i])] * power[i];
        more = more || matters(factor, p[place][i]);
      }
    }
    factor *= first() / double(m + 1);
    return more;
  });
  for (size_t place = 0; place < along.size(); ++place)
    for (double& value : p[place]) value *= std::exp(-along[place] * first());
  return add_piece(p.data(), earlier_stretches == most_earlier_stretches);
}

// P at these times, up to 64: the sum over m of e^{-t} t^m / m! (I + Q)^m.
std::vector<Matrix> GeneratorTables::by_series(const std::vector<double>& times) const {
  std::vector<Matrix> p(times.size(), Matrix(k * k));
  std::vector<double> weights;
  for (double t : times) weights.push_back(std::exp(-t));
  for_each_power([&](size_t m, const Matrix& power) {
    bool more = false;
    for (size_t n = 0; n < times.size(); ++n) {
      for (size_t i = 0; i < k * k; ++i) {
        if (jumps[i] == double(k)) continue;
        p[n][i] += weights[n] * power[i];
        more = more || matters(weights[n], p[n][i]);
      }
      weights[n] *= times[n] / double(m + 1);
    }
    return more;
  });
  return p;
}

void GeneratorTables::add_stretches(std::string_view whose) {
  // P at the places of so many pieces of a stretch: by its series, or from the stretch before, by squaring twice.
  struct Stretch {
    int number = -1;
    std::vector<Matrix> p;
  };
  std::map<int, Stretch> stretches;
  auto stretch_in = [&](int count, int number) -> const std::vector<Matrix>& {
    Stretch& now = stretches[count];
    const int last_by_series = earlier_stretches + series_stretches - 1,
              by_series_now = std::min(number, last_by_series);
    if (now.number < by_series_now) {
      std::vector<double> times;
      for (int piece = 0; piece < count; ++piece)
        for (double along : places_along())
          times.push_back(first() * std::pow(stretch, by_series_now + (piece + along) / count));
      now = {by_series_now, by_series(times)};
    }
    for (; now.number < number; ++now.number)
      for (Matrix& m : now.p) m = squared(squared(m, k), k);
    return now.p;
  };

  int count = 1;
  for (int s = 0;; ++s) {
    if (s == earlier_stretches + most_later_stretches)
      throw Error(fmt::format(
          "{} forgets its start too slowly: after {:.2g} times its shortest mean stay its rows still differ", whose,
          first() * std::pow(stretch, s)));
    // As few pieces as do, but no fewer than half of those of the stretch before.
    for (count = std::max(1, count / 2);; count *= 2) {
      check_size(whose, k, pieces + count);
      const std::vector<Matrix>& p = stretch_in(count, s);
      int added = 0;
      while (added < count && add_piece(&p[size_t(added) * places_along().size()], count == most_pieces, count >= 4))
        ++added;
      if (added == count) break;
      pieces -= added;
      polynomials.resize(size_t(numbers()));
    }
    pieces_of.push_back(count);
    if (s < earlier_stretches) continue;
    if (Matrix end = squared(squared(stretch_in(count, s)[0], k), k); forgotten(end)) {
      stationary.assign(end.begin(), end.begin() + std::ptrdiff_t(k));
      return;
    }
  }
}

// From the matrices at its places. False: it is too long, and nothing is added. Where P falls out of range it is taken
// as never from the beginning of the piece on, which it `may` if the piece is short.
bool GeneratorTables::add_piece(const Matrix* p, bool enough, bool may_vanish) {
  for (size_t pair = 0; pair < k * k; ++pair)
    if (!add_polynomial(p, pair, enough, may_vanish)) {
      polynomials.resize(size_t(numbers()));
      return false;
    }
  ++pieces;
  return true;
}

// log P = c_0 + x (c_1 + ... + c_8 x^7), x along the piece, through the values at 0 and at the nodes. False: it is
// wrong between them, and that is not `enough`; or P falls out of range, and it may not.
bool GeneratorTables::add_polynomial(const Matrix* p, size_t pair, bool enough, bool may_vanish) {
  const std::vector<double>& along = places_along();
  double c[coefficients] = {}, logs[coefficients + 5];
  bool seldom = false;
  for (size_t i = 0; i < along.size(); ++i) {
    seldom = seldom || p[i][pair] < least;
    logs[i] = std::log(p[i][pair]);
  }
  if (seldom && p[0][pair] >= least && !may_vanish) return false;
  c[0] = jumps[pair] == double(k) ? impossible : seldom ? never : logs[0];
  for (size_t i = 0; i < degree && !seldom; ++i)
    for (size_t m = 0; m < degree; ++m) c[m + 1] += (logs[i + 1] - logs[0]) / along[i + 1] * cardinals()[i][m];
  for (double& value : c) value = double(float(value));
  for (size_t i = coefficients; i < along.size() && !seldom; ++i) {
    double sum = 0;
    for (size_t m = degree; m > 0; --m) sum = sum * along[i] + c[m];
    sum *= along[i];
    if (std::abs(sum - (logs[i] - logs[0])) > 3e-7 * std::max(1.0, std::abs(sum)) && !enough) return false;
  }
  polynomials.insert(polynomials.end(), c, c + coefficients);
  return true;
}

// All rows are the law at the end, in which categories that are left for good have no share.
bool GeneratorTables::forgotten(const Matrix& p) const {
  for (size_t i = 0; i < k * k; ++i)
    if (stays_[i % k] ? std::abs(p[i] / p[i % k] - 1) > 1e-9 : p[i] >= least) return false;
  return true;
}

}  // namespace catenary
