// exp(Q t) by its series and by squarings, in double precision: positive terms only.
#include <catenary/stdlib/generator_tables.h>

#include <algorithm>
#include <atomic>
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

#ifdef __x86_64__
#define CATENARY_VECTORS __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define CATENARY_VECTORS
#endif

// Adds w[0] x[0] + w[1] x[1] + ... to elements `begin` to `end` of `sums`, in this order whatever the width of vectors.
inline __attribute__((always_inline)) void add_products(double* sums, const double* w, const double* const* x,
                                                        size_t terms, size_t begin, size_t end) {
  size_t m = 0;
  for (; m + 4 <= terms; m += 4) {
    const double w0 = w[m], w1 = w[m + 1], w2 = w[m + 2], w3 = w[m + 3];
    const double *x0 = x[m], *x1 = x[m + 1], *x2 = x[m + 2], *x3 = x[m + 3];
    if (w0 == 0 && w1 == 0 && w2 == 0 && w3 == 0) continue;
#pragma omp simd
    for (size_t j = begin; j < end; ++j) sums[j] = (((sums[j] + w0 * x0[j]) + w1 * x1[j]) + w2 * x2[j]) + w3 * x3[j];
  }
  for (; m < terms; ++m)
    for (size_t j = begin; j < end; ++j) sums[j] += w[m] * x[m][j];
}

// Rows `begin` to `end` of a b. A block of b stays in a cache near the core.
CATENARY_VECTORS void multiply_rows(const double* a, const double* b, double* c, size_t k, size_t begin, size_t end) {
  constexpr size_t rows = 64, columns = 256;
  std::fill(c + begin * k, c + end * k, 0.0);
  for (size_t m0 = 0; m0 < k; m0 += rows) {
    const size_t m1 = std::min(m0 + rows, k);
    const double* block[rows];
    for (size_t m = m0; m < m1; ++m) block[m - m0] = b + m * k;
    for (size_t j0 = 0; j0 < k; j0 += columns)
      for (size_t i = begin; i < end; ++i)
        add_products(c + i * k, a + i * k + m0, block, m1 - m0, j0, std::min(j0 + columns, k));
  }
}

// Elements `begin` to `end` of the sums of w[m] x[m].
CATENARY_VECTORS void add_matrices(double* sums, const double* w, const double* const* x, size_t terms, size_t begin,
                                   size_t end) {
  add_products(sums, w, x, terms, begin, end);
}

// Calls `rows` with the first of each thread's rows and the one behind its last.
void for_rows(size_t k, const std::function<void(size_t begin, size_t end)>& rows) {
  const size_t threads = k < 64 ? 1 : std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> others;
  for (size_t i = 1; i < threads; ++i) others.emplace_back(rows, k * (i - 1) / threads, k * i / threads);
  rows(k * (threads - 1) / threads, k);
}

Matrix product(const Matrix& a, const Matrix& b, size_t k) {
  Matrix c(k * k);
  for_rows(k, [&](size_t begin, size_t end) { multiply_rows(a.data(), b.data(), c.data(), k, begin, end); });
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

// log P = c_0 + x (c_1 + ... + c_8 x^7), x along the piece, through the values at 0 and at the nodes. False: it is
// wrong between them, and that is not `enough`; or P falls out of range, and it may not.
bool fit_polynomial(const std::vector<double>& p, bool way, bool enough, bool may_vanish, double* c) {
  const std::vector<double>& along = places_along();
  std::fill(c, c + coefficients, 0.0);
  if (std::ranges::any_of(p, [](double value) { return value < least; })) {
    c[0] = way ? never : impossible;
    return p[0] < least || may_vanish;
  }
  std::vector<double> grown;  // log P - log P(0).
  for (double value : p) grown.push_back(std::log(value / p[0]));
  c[0] = std::log(p[0]);
  for (size_t i = 0; i < degree; ++i)
    for (size_t m = 0; m < degree; ++m) c[m + 1] += grown[i + 1] / along[i + 1] * cardinals()[i][m];
  for (size_t m = 0; m < coefficients; ++m) c[m] = double(float(c[m]));
  if (enough) return true;
  for (size_t i = coefficients; i < along.size(); ++i) {
    double sum = 0;
    for (size_t m = degree; m > 0; --m) sum = sum * along[i] + c[m];
    sum *= along[i];
    if (std::abs(sum - grown[i]) > 3e-7 * std::max(1.0, std::abs(sum))) return false;
  }
  return true;
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
  powers_ = {};
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

// (I + Q)^m, whose elements are at most 1. Kept, since every piece is a sum of them.
const Matrix& GeneratorTables::power(size_t m) {
  if (powers_.empty()) {
    powers_ = {Matrix(k * k), unit_};
    for (Matrix& first : powers_)
      for (size_t i = 0; i < k; ++i) first[i * k + i] += 1;
  }
  while (powers_.size() <= m) powers_.push_back(product(powers_[1], powers_.back(), k));
  return powers_[m];
}

// False: it must end earlier.
bool GeneratorTables::add_first_piece() {
  std::vector<double> factors{1};  // first^m / m!, those with which a probability is not taken as 0.
  while (factors.back() > 1e-17 * least) factors.push_back(factors.back() * first() / double(factors.size()));
  power(factors.size() - 1);  // They are there then.
  const std::vector<double>& along = places_along();
  return add_piece(
      [&](size_t pair, std::vector<double>& p) {
        // P over x^n, x along the piece and n the least number of jumps: the sum over m of
        // e^{-x first} first^m / m! x^{m - n} (I + Q)^m, all of whose terms are positive.
        std::vector<double> series;
        double sum = 0;
        for (auto m = size_t(jumps[pair]); m < factors.size() && matters(factors[m], sum); ++m)
          sum += series.emplace_back(factors[m] * powers_[m][pair]);
        for (size_t n = 0; n < along.size(); ++n) {
          p[n] = 0;
          for (size_t m = series.size(); m-- > 0;) p[n] = p[n] * along[n] + series[m];
          p[n] *= std::exp(-along[n] * first());
        }
      },
      earlier_stretches == most_earlier_stretches);
}

// P at the times `longest` x, x of `along`, up to 64: the sum over m of e^{-t} t^m / m! (I + Q)^m, all of whose terms
// are positive.
std::vector<Matrix> GeneratorTables::by_series(double longest, const std::vector<double>& along) {
  // So many powers and elements at a time, which stay in a cache near the core.
  constexpr size_t at_once = 8, block = 512;
  std::vector<Matrix> p(along.size(), Matrix(k * k));
  std::vector<std::vector<double>> weights(along.size());
  std::vector<const double*> terms;
  std::atomic<bool> more = true;
  for (size_t first_term = 0; more; first_term += at_once) {
    for (size_t m = first_term; m < first_term + at_once; ++m) {
      terms.push_back(power(m).data());
      for (size_t n = 0; n < along.size(); ++n)
        weights[n].push_back(m == 0 ? std::exp(-along[n] * longest)
                                    : weights[n].back() * along[n] * longest / double(m));
    }
    more = false;
    auto add = [&](size_t n, size_t begin, size_t end) {
      add_matrices(p[n].data(), &weights[n][first_term], &terms[first_term], at_once, begin, end);
      double smallest = 1;
      for (size_t i = begin; i < end; ++i)
        if (jumps[i] < double(k)) smallest = std::min(smallest, p[n][i]);
      if (matters(weights[n].back(), smallest)) more = true;
    };
    for_rows(k, [&](size_t begin, size_t end) {
      for (size_t first = begin * k; first < end * k; first += block)
        for (size_t n = 0; n < along.size(); ++n) add(n, first, std::min(first + block, end * k));
    });
  }
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
      const double longest = first() * std::pow(stretch, by_series_now + 1);
      std::vector<double> along;
      for (int piece = 0; piece < count; ++piece)
        for (double x : places_along()) along.push_back(std::pow(stretch, (piece + x) / count - 1));
      now = {by_series_now, by_series(longest, along)};
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
      auto values = [&](size_t pair, std::vector<double>& at) {
        for (size_t n = 0; n < at.size(); ++n) at[n] = p[size_t(added) * at.size() + n][pair];
      };
      while (added < count && add_piece(values, count == most_pieces, count >= 4)) ++added;
      if (added == count) break;
      drop_pieces(added);
    }
    pieces_of.push_back(count);
    if (s < earlier_stretches) continue;
    if (Matrix end = squared(squared(stretch_in(count, s)[0], k), k); forgotten(end)) {
      stationary.assign(end.begin(), end.begin() + std::ptrdiff_t(k));
      return;
    }
  }
}

// `values` gives P at its places for a pair. False: it is too long, and nothing is added. Where P falls out of range it
// is taken as never from the beginning of the piece on, which it `may` if the piece is short.
bool GeneratorTables::add_piece(const Values& values, bool enough, bool may_vanish) {
  ++pieces;
  polynomials.resize(size_t(numbers()));
  double* piece = polynomials.data() + polynomials.size() - k * k * coefficients;
  std::atomic<bool> good = true;
  for_rows(k, [&](size_t begin, size_t end) {
    std::vector<double> p(places_along().size());
    for (size_t pair = begin * k; pair < end * k && good; ++pair) {
      values(pair, p);
      if (!fit_polynomial(p, jumps[pair] < double(k), enough, may_vanish, piece + pair * coefficients)) good = false;
    }
  });
  if (!good) drop_pieces(1);
  return good;
}

void GeneratorTables::drop_pieces(int many) {
  pieces -= many;
  polynomials.resize(size_t(numbers()));
}

// All rows are the law at the end, in which categories that are left for good have no share.
bool GeneratorTables::forgotten(const Matrix& p) const {
  for (size_t i = 0; i < k * k; ++i)
    if (stays_[i % k] ? std::abs(p[i] / p[i % k] - 1) > 1e-9 : p[i] >= least) return false;
  return true;
}

}  // namespace catenary
