// Integrals over the tangent space at x_0, where exp carries the volume of the manifold.
#include <catenary/verify/density.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include <catenary/support/philox.h>
#include <catenary/verify/density_statistics.h>
#include <catenary/verify/relations.h>
#include <catenary/verify/two_sample.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int64_t batch = 1 << 16;
using Sums = DensityStatistics::Sums;

// Matrices of coordinates; the first d are used.
using Square = std::array<Coordinates, most_dimensions>;

// The Cholesky factor of a positive matrix.
Square root_of(Square a, size_t d) {
  for (size_t j = 0; j < d; ++j) {
    for (size_t k = 0; k < j; ++k) a[j][j] -= a[j][k] * a[j][k];
    a[j][j] = std::sqrt(std::max(a[j][j], 1e-300));
    for (size_t i = j + 1; i < d; ++i) {
      for (size_t k = 0; k < j; ++k) a[i][j] -= a[i][k] * a[j][k];
      a[i][j] /= a[j][j];
    }
  }
  return a;
}

class DensityChecks {
 public:
  DensityChecks(Session& session, const Subject& subject, const Component& component, const State& starts)
      : session_(session), subject_(subject), c_(component), starts_(starts) {}

  void run() {
    if (c_.categorical()) return categories();
    if (!c_.geometry)
      return session_.skip(
          c_.label + "density",
          fmt::format("the geometry of space '{}' is not known from a saved declaration", c_.border->space));
    integral();
  }

 private:
  const Sampler& sampler() const { return *subject_.sampler; }
  double time(double share) const { return subject_.time(share); }
  static constexpr std::array density_times = {0.5, 0.075, 0.01, 0.13};  ///< shares of the horizon

  State state(int64_t n, const void* points) const { return state_with(starts_, c_, points, n); }

  // All samples start at start number `group`.
  std::vector<float> from_one(int64_t group) const {
    size_t m = c_.elements();
    const auto* x0 = element_of<float>(starts_, c_, group);
    std::vector<float> points(size_t(batch) * m);
    for (size_t i = 0; i < points.size(); ++i) points[i] = x0[i % m];
    return points;
  }

  void add(const char* name, std::string compared, int64_t n, double statistic, double threshold,
           std::string statistic_name, std::string worst, std::string advice) {
    Check check;
    check.name = c_.label + name;
    check.compared = std::move(compared);
    check.n = n;
    check.statistic_name = std::move(statistic_name);
    check.statistic = statistic;
    check.threshold = threshold;
    session_.judge(std::move(check), std::move(worst), std::move(advice));
  }

  // ---- manifolds ------------------------------------------------------------------------------------

  struct Law {
    double t;
    int64_t group;
    std::vector<float> x0;  ///< `batch` times the same
    Frame frame;
    size_t d;
    Coordinates mean;
    Square root;  ///< of the proposal's covariance
  };

  Coordinates coordinates(const Law& law, const float* way) const {
    Coordinates v{};
    for (size_t k = 0; k < law.d; ++k)
      for (size_t j = 0; j < c_.elements(); ++j) v[k] += law.frame.covectors[k][j] * double(way[j]);
    return v;
  }

  std::vector<float> ways(const Law& law, const State& xt) const {
    std::vector<float> way(law.x0.size());
    (*c_.log)(law.x0.data(), xt[c_.name].data(), way.data(), batch);
    return way;
  }

  Law law(double t, int64_t group) const {
    Law law{t, group, from_one(group), {}, 0, {}, {}};
    const float* x0 = law.x0.data();
    law.frame = c_.geometry->frame(Vector(x0, x0 + c_.elements()), most_dimensions);
    size_t d = law.d = law.frame.vectors.size();
    Square covariance{};
    State xt = sampler().forward(state(batch, law.x0.data()), t, Seed(session_.options().seed, 50), unchecked());
    std::vector<float> way = ways(law, xt);
    std::vector<Coordinates> v;
    for (int64_t i = 0; i < batch; ++i) v.push_back(coordinates(law, &way[size_t(i) * c_.elements()]));
    for (const Coordinates& x : v)
      for (size_t k = 0; k < d; ++k) law.mean[k] += x[k] / double(batch);
    for (const Coordinates& x : v)
      for (size_t j = 0; j < d; ++j)
        for (size_t k = 0; k < d; ++k) covariance[j][k] += (x[j] - law.mean[j]) * (x[k] - law.mean[k]) / double(batch);
    // A wider normal law has the heavier tails that weights need.
    for (size_t j = 0; j < d; ++j) {
      for (double& e : covariance[j]) e *= 1.5;
      covariance[j][j] += 1e-12;
    }
    law.root = root_of(covariance, d);
    return law;
  }

  // Points of the tangent space, and the density of a proposal there.
  struct Nodes {
    std::vector<Coordinates> v;
    std::vector<double> proposal;
  };

  // At z deviations of the proposal from its mean.
  Nodes nodes_at(const Law& law, int64_t n, auto&& z_of, auto&& log_density_of) const {
    Nodes nodes{std::vector<Coordinates>(size_t(n), law.mean), std::vector<double>(size_t(n))};
    double log_scale = 0;
    for (size_t k = 0; k < law.d; ++k) log_scale += std::log(law.root[k][k]);
    session_.each_of(n, [&](size_t i) {
      Coordinates z = z_of(i);
      for (size_t j = 0; j < law.d; ++j)
        for (size_t k = 0; k <= j; ++k) nodes.v[i][j] += law.root[j][k] * z[k];
      nodes.proposal[i] = std::exp(log_density_of(z) - log_scale);
    });
    return nodes;
  }

  // For one dimension: a grid of [-8, 8] deviations.
  Nodes grid(const Law& law) const {
    return nodes_at(
        law, batch, [](size_t i) { return Coordinates{-8 + 16 * (double(i) + 0.5) / double(batch)}; },
        [](const Coordinates&) { return -std::log(16.0); });
  }

  // For more: nodes first .. first + n - 1 of `shifts` lattices of `per_shift` normal points, each the same but for a
  // random shift. A shift leaves each point random and the points evenly spread, so that the mean over a lattice is
  // unbiased and the lattices' means tell its error. The lattice: multiples of powers of the generalised golden ratio
  // (Roberts: "The unreasonable effectiveness of quasirandom sequences", 2018); shifts of lattices: Cranley and
  // Patterson, SIAM J. Numer. Anal. 13 (1976).
  Nodes lattices(const Law& law, int64_t first, int64_t n, int64_t per_shift) const {
    const size_t d = law.d, words = d + d % 2;
    double ratio = 2;
    for (int i = 0; i < 64; ++i) ratio = std::pow(1 + ratio, 1 / (double(words) + 1));
    std::array<uint64_t, most_dimensions> step{};
    double share = 1;
    for (size_t k = 0; k < words; ++k) step[k] = uint64_t((share /= ratio) * 0x1p64);
    auto normals = [&](size_t i) {
      const auto node = uint64_t(first) + i, shift = node / uint64_t(per_shift), at = node % uint64_t(per_shift);
      auto uniform = [&](size_t k) {
        uint32_t word = stream_value(session_.options().seed + 51, 0, 0, 0, shift * words + k);
        return (double(uint32_t((at * step[k]) >> 32) + word) + 0.5) * 0x1p-32;
      };
      // Box and Muller's own form: the language's, with signs of their own, would scatter the lattice.
      Coordinates z{};
      for (size_t k = 0; k < words; k += 2) {
        double radius = std::sqrt(-2 * std::log(uniform(k))), angle = 2 * std::numbers::pi * uniform(k + 1);
        z[k] = radius * std::cos(angle);
        z[k + 1] = radius * std::sin(angle);
      }
      return z;
    };
    return nodes_at(law, n, normals, [d](const Coordinates& z) {
      double log_density = -double(d) * std::log(2 * std::numbers::pi) / 2;
      for (size_t k = 0; k < d; ++k) log_density -= z[k] * z[k] / 2;
      return log_density;
    });
  }

  // What each node stands for: the density there by its volume, divided by the proposal's.
  std::vector<double> weights(const Law& law, const Nodes& nodes) const {
    const size_t d = law.d, m = c_.elements();
    const auto n = int64_t(nodes.v.size());
    auto each = [&](auto&& body) { session_.each_of(n, body); };
    std::vector<double> node(size_t(n) * m);
    std::vector<float> along(node.size()), y(node.size()), back(node.size());
    each([&](size_t i) {
      for (size_t j = i * m; j < (i + 1) * m; ++j) {
        for (size_t k = 0; k < d; ++k) node[j] += nodes.v[i][k] * law.frame.vectors[k][j - i * m];
        along[j] = float(node[j]);
      }
    });
    (*c_.exp)(law.x0.data(), along.data(), y.data(), n);
    (*c_.log)(law.x0.data(), y.data(), back.data(), n);
    // The derivatives of exp, which are tangent vectors at y, by differences of fourth order.
    std::vector<std::vector<float>> derivatives(d);
    std::vector<float> at(along.size()), ends(along.size()), way(along.size());
    // How far differences go, and how near a way must be to that of log. Where geodesics are reflected both are so
    // small that few nodes are that near the boundary.
    const bool reflected = c_.geometry->space().has_boundary();
    const double h = reflected ? 1e-4 : 0.02, near = reflected ? 1e-4 : 1e-2;
    // The elements of a tile of nodes lie in one row.
    const size_t row = tile * m;
    auto each_row = [&](auto&& body) { session_.each_of(n / int64_t(tile), [&](size_t at) { body(at * row); }); };
    std::vector<double> moved(row);
    for (size_t k = 0; k < d; ++k) {
      derivatives[k].resize(along.size());
      for (auto [steps, weight] : {std::pair(1, 8.0), {-1, -8.0}, {2, -1.0}, {-2, 1.0}}) {
        for (size_t j = 0; j < row; ++j) moved[j] = steps * h * law.frame.vectors[k][j % m];
        each_row([&](size_t first) {
#pragma omp simd
          for (size_t j = 0; j < row; ++j) at[first + j] = float(node[first + j] + moved[j]);
        });
        (*c_.exp)(law.x0.data(), at.data(), ends.data(), n);
        (*c_.log)(y.data(), ends.data(), way.data(), n);
        each_row([&, share = float(weight / (12 * h)), to = derivatives[k].data()](size_t first) {
#pragma omp simd
          for (size_t j = first; j < first + row; ++j) to[j] += share * way[j];
        });
      }
    }
    // The square lengths of the derivatives and of their sums, where the metric is the space's own.
    std::vector<std::vector<float>> squares;
    for (size_t a = 0; a < d && !ambient_metric_; ++a)
      for (size_t b = 0; b <= a; ++b) {
        squares.emplace_back(along.size());
        each([&](size_t i) {
          for (size_t j = i * m; j < (i + 1) * m; ++j) at[j] = derivatives[a][j] + (a == b ? 0 : derivatives[b][j]);
        });
        (*square_)(y.data(), at.data(), squares.back().data(), n);
      }
    State logs = sampler().log_density(state(n, law.x0.data()), state(n, y.data()), law.t, unchecked());
    auto log_p = logs[c_.name].values<const float>();
    std::vector<double> weight(static_cast<size_t>(n));
    each([&](size_t i) {
      const Coordinates& v = nodes.v[i];
      Coordinates returned = coordinates(law, &back[i * m]);
      double away = 0, size = 0;
      for (size_t k = 0; k < d; ++k) {
        away += (returned[k] - v[k]) * (returned[k] - v[k]);
        size += v[k] * v[k];
      }
      if (!(std::sqrt(away) < near * (1e-2 + std::sqrt(size)))) return;  // Not the shortest way: counted elsewhere.
      // The volume is that of the inner products.
      Square gram{};
      if (ambient_metric_) {
        for (size_t j = i * m; j < (i + 1) * m; ++j)
          for (size_t a = 0; a < d; ++a)
            for (size_t b = 0; b <= a; ++b) gram[a][b] += double(derivatives[a][j]) * double(derivatives[b][j]);
      } else {
        // 2 <a, b> = |a + b|^2 - |a|^2 - |b|^2.
        auto square = [&](size_t a, size_t b) { return double(squares[a * (a + 1) / 2 + b][i * m]); };
        for (size_t a = 0; a < d; ++a)
          for (size_t b = 0; b <= a; ++b)
            gram[a][b] = a == b ? square(a, a) : (square(a, b) - square(a, a) - square(b, b)) / 2;
      }
      Square root = root_of(gram, d);
      double volume = 1;
      for (size_t k = 0; k < d; ++k) volume *= root[k][k];
      weight[i] = std::exp(double(log_p[i])) * volume / nodes.proposal[i];
    });
    return weight;
  }

  void integral() {
    if (size_t(c_.geometry->space().dimension()) > most_dimensions) return ratios();
    // Whether the metric is the ambient one, which saves many evaluations.
    for (uint64_t i = 0; i < 4; ++i) {
      Vector x = c_.geometry->some_point(i), u = c_.geometry->tangent_normal(x, i),
             v = c_.geometry->tangent_normal(x, i + 4);
      ambient_metric_ =
          ambient_metric_ && std::abs(c_.geometry->inner(x, u, v) - dot(u, v)) < 1e-9 * (1 + norm(u) * norm(v));
    }
    if (!ambient_metric_) {
      Kept<Manifold> manifold = *c_.space()->as<Manifold>();
      square_.emplace(session_, manifold,
                      [manifold](Expr x, Expr v) { return splat(manifold->inner(x, v, v), manifold->point()); });
    }
    const size_t laws = density_times.size();
    double worst_integral = -1, worst_fit = -1;
    std::string integral_sentence, fit_sentence;
    int64_t n = 0;
    bool one = c_.geometry->space().dimension() == 1;
    for (size_t k = 0; k < laws && !(session_.options().stop_at_failure && worst_integral > 1); ++k)
      compare(law(time(density_times[k]), int64_t(k + 1) % groups), one, laws, n, worst_integral, integral_sentence,
              worst_fit, fit_sentence);
    std::string how = one ? "quadrature" : "importance sampling on lattices";
    add("density integrates to one",
        fmt::format("the integral of exp(log_density) over the space, by {}, against 1", how), n, worst_integral, 1,
        "error/tol", integral_sentence, "log_density: its normalisation (it is a density in the volume of the metric)");
    add("density", "means and shares of samples, against integrals of the density", n, worst_fit, 1, "error/tol",
        fit_sentence, "log_density against forward: which of the two has the law that was meant?");
  }

  // The proposal's deviation along each coordinate.
  static Coordinates widths(const Law& law) {
    Coordinates width{};
    for (size_t k = 0; k < law.d; ++k) {
      for (size_t j = 0; j <= k; ++j) width[k] += law.root[k][j] * law.root[k][j];
      width[k] = std::sqrt(width[k]);
    }
    return width;
  }

  // The sums of points in chunks, by number of the first; `rows(first, weight)` gives a tile of them and their weights.
  std::vector<Sums> sums_of(const DensityStatistics& statistics, int64_t points, int64_t chunk, auto&& rows) const {
    std::vector<Sums> sums(size_t(points / chunk), statistics.none());
    session_.pool().parallel_for(0, points / chunk, 1, [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; ++j)
        for (int64_t i = j * chunk; i < (j + 1) * chunk; i += int64_t(tile)) {
          Row weight;
          const std::vector<Row> coordinates = rows(size_t(i), weight);
          statistics.add(coordinates, weight, sums[size_t(j)]);
        }
    });
    return sums;
  }

  void compare(const Law& law, bool one, size_t laws, int64_t& n, double& worst_integral,
               std::string& integral_sentence, double& worst_fit, std::string& fit_sentence) {
    const size_t d = law.d, m = c_.elements();
    const DensityStatistics statistics(law.d, law.mean, widths(law));
    const size_t count = statistics.count();
    // A grid of one batch is dense enough; of lattices there are enough for their means to be spread normally.
    const int64_t shifts = one ? 1 : 128, per_shift = one ? batch : session_.draws(1 << 12), total = shifts * per_shift;
    std::vector<Sums> integrals(size_t(shifts), statistics.none());
    for (int64_t first = 0; first < total; first += batch) {
      const int64_t now = std::min(batch, total - first), chunk = std::min<int64_t>(per_shift, 1 << 11);
      const Nodes nodes = one ? grid(law) : lattices(law, first, now, per_shift);
      const std::vector<double> weight = weights(law, nodes);
      const std::vector<Sums> parts = sums_of(statistics, now, chunk, [&](size_t at, Row& of) {
        std::vector<Row> rows(d);
        for (size_t i = 0; i < tile; ++i) {
          for (size_t k = 0; k < d; ++k) rows[k][i] = nodes.v[at + i][k];
          of[i] = weight[at + i] / double(per_shift);
        }
        return rows;
      });
      for (size_t j = 0; j < parts.size(); ++j) integrals[size_t((first + int64_t(j) * chunk) / per_shift)] += parts[j];
    }
    // The mean of what lattices tell, and its standard error.
    auto integrated = [&](size_t s) {
      double sum = 0, squares = 0;
      for (const Sums& each : integrals) sum += each.of[s] / double(shifts);
      for (const Sums& each : integrals) squares += (each.of[s] - sum) * (each.of[s] - sum);
      return std::pair(sum, one ? 0 : std::sqrt(squares / double(shifts * (shifts - 1))));
    };
    Sums drawn = statistics.none();
    const int64_t rounds = session_.draws(32), all = batch * rounds;
    for (int64_t r = 0; r < rounds; ++r) {
      State xt = sampler().forward(state(batch, law.x0.data()), law.t, Seed(session_.options().seed, 51),
                                   unchecked(r * batch));
      const std::vector<float> way = ways(law, xt);
      for (const Sums& part : sums_of(statistics, batch, 1 << 11, [&](size_t at, Row& of) {
             of.fill(1);
             const std::vector<Row> elements = rows_of(way, m, at, 1);
             std::vector<Row> rows;
             for (size_t k = 0; k < d; ++k) rows.push_back(along(elements, law.frame.covectors[k]));
             return rows;
           }))
        drawn += part;
    }
    n += all;
    const double level = session_.level() / double(laws * (count + 1));
    double bound = one ? sigmas_of_probability(level) : sigmas_of_few(level, double(shifts - 1));
    // What differences, f32 and the grid leave over.
    const double inexact = 5e-4;
    auto [integral, error] = integrated(count);
    double share = std::abs(integral - 1) / (inexact + bound * error);
    if (!std::isfinite(integral)) share = infinity;
    std::string where = fmt::format("t = {:.4g}, x_0 number {}", law.t, law.group + 1);
    if (share > worst_integral) {
      worst_integral = share;
      integral_sentence = fmt::format("the density integrates to {:.6g} ({})", integral, where);
    }
    for (size_t s = 0; s < count; ++s) {
      auto [b, error_of_b] = integrated(s);
      auto [a, square] = statistics.mean(drawn, s);
      double by_chance = std::hypot(std::sqrt(std::max(0.0, square - a * a) / double(all)), error_of_b);
      double off = std::abs(a - b) / (inexact * std::max(1.0, std::abs(b)) + bound * by_chance);
      if (!std::isfinite(a - b)) off = infinity;
      if (off <= worst_fit) continue;
      worst_fit = off;
      fit_sentence =
          fmt::format("{} is {:.5g} by forward and {:.5g} by log_density ({})", statistics.name(s), a, b, where);
    }
  }

  // ---- many dimensions ----------------------------------------------------------------------------

  // Where integrals tell nothing: the mean, over draws, of another density over their own is 1. The others are those of
  // a time and of a start close by, so that the ratio's square has a mean of some 1.5 in any dimension.
  void ratios() {
    const double d = c_.geometry->space().dimension(), by = 0.7 / std::sqrt(d);
    const int64_t n = std::max(batch, session_.draws(int64_t{1} << 18, 64));
    double worst = -1;
    std::string sentence;
    int64_t count = 0;
    const double threshold = sigmas_of_probability(session_.level() / double(2 * density_times.size()));
    for (size_t k = 0; k < density_times.size(); ++k) {
      const double t = time(density_times[k]), sooner = double(float(t * (1 - by)));
      const std::vector<float> x0 = from_one(int64_t(k + 1) % groups), beside = start_beside(x0, t, by);
      for (bool moved : {false, true}) {
        double sum = 0, squares = 0;
        for (int64_t first = 0; first < n; first += batch) {
          const State start = state(batch, x0.data());
          const State xt = sampler().forward(start, t, Seed(session_.options().seed, 55), unchecked(first));
          const State of_own = sampler().log_density(start, xt, t, unchecked());
          const State of_other = moved ? sampler().log_density(state(batch, beside.data()), xt, t, unchecked())
                                       : sampler().log_density(start, xt, sooner, unchecked());
          auto own = of_own[c_.name].values<const float>(), other = of_other[c_.name].values<const float>();
          for (size_t i = 0; i < own.size(); ++i) {
            const double ratio = std::exp(double(other[i]) - double(own[i]));
            sum += ratio;
            squares += ratio * ratio;
          }
          count += batch;
        }
        const double mean = sum / double(n), square = squares / double(n);
        if (square > 20 * mean * mean) continue;  // So far apart that few draws make the mean.
        const double allowed = c_.approximation(t) * std::sqrt(square),
                     sigmas =
                         std::max(0.0, std::abs(mean - 1) - allowed) / std::sqrt((square - mean * mean) / double(n));
        if (sigmas <= worst) continue;
        worst = std::isfinite(sigmas) ? sigmas : infinity;
        sentence = fmt::format(
            "from x_0 = {} at t = {:.4g} draws have a mean ratio of {:.5g} of the density from {} to that of their "
            "own, "
            "which must be 1",
            verifying::text_of(Vector(x0.begin(), x0.begin() + int64_t(c_.elements()))), t, mean,
            moved ? fmt::format("x_0 = {}",
                                verifying::text_of(Vector(beside.begin(), beside.begin() + int64_t(c_.elements()))))
                  : fmt::format("the same at t = {:.4g}", sooner));
      }
    }
    if (worst < 0)
      return session_.skip(c_.label + "density",
                           fmt::format("in {} dimensions densities of laws close by are too far apart", d));
    add("density", "the mean over draws of another density, of a time or a start close by, over their own, against 1",
        count, worst, threshold, "|z|", sentence,
        "log_density against forward: which of the two has the law that was meant?");
  }

  // The start moved by `by` times the way from the mean of draws to one of them.
  std::vector<float> start_beside(const std::vector<float>& x0, double t, double by) const {
    const size_t m = c_.elements();
    const State xt = sampler().forward(state(batch, x0.data()), t, Seed(session_.options().seed, 56), unchecked());
    const std::vector<float> ways = displacements(c_, x0.data(), xt[c_.name].data(), batch);
    std::vector<double> mean(m);
    for (size_t i = 0; i < ways.size(); ++i) mean[i % m] += double(ways[i]) / double(batch);
    std::vector<float> way(x0.size()), moved(x0.size());
    for (size_t i = 0; i < way.size(); ++i) way[i] = float(by * (double(ways[i % m]) - mean[i % m]));
    (*c_.exp)(x0.data(), way.data(), moved.data(), batch);
    return moved;
  }

  // ---- categories --------------------------------------------------------------------------------

  void categories() {
    const int64_t k = c_.border->point.categories;
    if (c_.elements() != 1 || k > batch)
      return session_.skip(c_.label + "density",
                           fmt::format("points of several categories, or of more than {}", batch));
    const int64_t n = session_.draws(int64_t{1} << 20, 64);
    double worst_sum = -1, worst_fit = -1;
    std::string sum_sentence, fit_sentence;
    std::vector<int32_t> x0(batch), xt(batch);
    // Also late, when little of x_0 is left, and when about half is.
    constexpr std::array times = {0.5, 0.075, 0.01, 0.13, 0.95, 0.65};
    for (size_t at_time = 0; at_time < times.size(); ++at_time) {
      double t = time(times[at_time]);
      int32_t start = *element_of<int32_t>(starts_, c_, int64_t(at_time + 2) % groups);
      std::fill(x0.begin(), x0.end(), start);
      for (int64_t i = 0; i < batch; ++i) xt[size_t(i)] = int32_t(i % k);
      State logs = sampler().log_density(state(batch, x0.data()), state(batch, xt.data()), t, unchecked());
      auto log_p = logs[c_.name].values<const float>();
      std::vector<double> p, counts(static_cast<size_t>(k));
      double total = 0, strays = 0;
      for (int64_t j = 0; j < k; ++j) total += p.emplace_back(std::exp(double(log_p[size_t(j)])));
      double off = std::abs(total - 1) / 1e-5;
      if (!(off <= worst_sum)) {
        worst_sum = std::isfinite(off) ? off : infinity;
        sum_sentence = fmt::format("the probabilities of all categories sum to {:.7g} (t = {:.4g})", total, t);
      }
      for (int64_t first = 0; first < n; first += batch) {
        State drawn =
            sampler().forward(state(batch, x0.data()), t, Seed(session_.options().seed, 53), unchecked(first));
        for (int32_t v : drawn[c_.name].values<const int32_t>()) v >= 0 && v < k ? counts[size_t(v)] += 1 : ++strays;
      }
      double chi_square = strays > 0 ? infinity : 0, degrees = -1, rest = 0, rest_expected = 0, largest = -1;
      size_t at = 0;
      for (size_t j = 0; j < size_t(k); ++j) {
        double expected = p[j] * double(n);
        if (expected == 0 && counts[j] > 0) {
          chi_square = largest = infinity;
          at = j;
          continue;
        }
        if (!(expected >= 20)) {
          rest += counts[j];
          rest_expected += expected;
          continue;
        }
        double term = (counts[j] - expected) * (counts[j] - expected) / expected;
        chi_square += term;
        ++degrees;
        if (term > largest) {
          largest = term;
          at = j;
        }
      }
      if (rest_expected >= 20) {
        chi_square += (rest - rest_expected) * (rest - rest_expected) / rest_expected;
        ++degrees;
      }
      double bound = sigmas_of_probability(session_.level() / double(times.size())),
             sigmas = sigmas_of_chi_square(chi_square, std::max(degrees, 1.0)) / bound;
      if (!(sigmas <= worst_fit)) {
        worst_fit = sigmas;
        fit_sentence = strays > 0 ? fmt::format("{} of {} draws are no category 0 .. {}", strays, n, k - 1)
                                  : fmt::format(
                                        "category {} comes in {:.6g} of the draws, and has the probability {:.6g} by "
                                        "log_density (t = {:.4g})",
                                        at, counts[at] / double(n), p[at], t);
      }
    }
    add("density sums to one", "the sum of exp(log_density) over all categories, against 1", int64_t(times.size()) * k,
        worst_sum, 1, "error/tol", sum_sentence, "log_density: its normalisation");
    add("density", "how often each category is drawn, against exp(log_density)", int64_t(times.size()) * n, worst_fit,
        1, "|z| / bound", fit_sentence, "log_density against forward: which of the two has the law that was meant?");
  }

  Session& session_;
  const Subject& subject_;
  const Component& c_;
  const State& starts_;
  std::optional<Probe> square_;
  bool ambient_metric_ = true;
};

}  // namespace

void check_density(Session& session, const Subject& subject, const State& starts) {
  for (const Component& c : subject.components) {
    if (!subject.answers(Question::log_density)) {
      session.skip(c.label + "density", "no log_density is given");
      continue;
    }
    DensityChecks(session, subject, c, starts).run();
    if (c.declared) check_density_points(session, subject, c, starts);
  }
}

}  // namespace catenary::verifying
