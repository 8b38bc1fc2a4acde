// One entry for each space and process.
#include <catenary/stdlib/catalogue.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catenary/stdlib/generator_tables.h>
#include <catenary/stdlib/stdlib.h>

namespace catenary {

namespace {

// Defaults, with `given` in their place.
Parameters complete(const CatalogueEntry& entry, const Parameters& given) {
  Parameters all;
  std::vector<std::string> names;
  for (const CatalogueParameter& p : entry.parameters) {
    all[p.name] = p.value;
    names.push_back(p.name);
  }
  for (const auto& [name, value] : given) {
    if (!all.count(name))
      throw Error(names.empty()
                      ? fmt::format("'{}' has no parameters; '{}' was given", entry.name, name)
                      : fmt::format("'{}' has no parameter '{}'; it has {}", entry.name, name, fmt::join(names, ", ")));
    all[name] = value;
  }
  for (const CatalogueParameter& p : entry.parameters)
    if (double value = all[p.name]; p.whole && !(value == std::floor(value) && std::abs(value) <= 1e6))
      throw Error(
          fmt::format("'{}' takes a whole number of at most a million for '{}'; found {}", entry.name, p.name, value));
  return all;
}

CatalogueParameter whole(std::string name, double value, std::string meaning) {
  return {std::move(name), value, std::move(meaning), /*whole=*/true};
}

// A whole number among complete parameters.
int64_t count(const Parameters& p, const std::string& name) { return int64_t(p.at(name)); }

// Rates of jumps to the next category and the one before, around a ring.
std::vector<double> ring_rates(int64_t categories, double onward, double back) {
  auto n = size_t(categories);
  GeneratorTables::check_size("a generator jump process", n);
  std::vector<double> rates(n * n);
  for (size_t i = 0; i < n; ++i) {
    rates[i * n + (i + 1) % n] += onward;
    rates[i * n + (i + n - 1) % n] += back;
    rates[i * n + i] -= onward + back;
  }
  return rates;
}

// Of `categories` categories, each by `ratio` of the one before.
std::vector<double> geometric_weights(const Parameters& p) {
  std::vector<double> weights(size_t(std::max<int64_t>(0, count(p, "categories"))));
  for (size_t k = 0; k < weights.size(); ++k) weights[k] = std::pow(p.at("ratio"), double(k));
  return weights;
}

Torus some_torus(const Parameters& p) {
  std::vector<double> periods;
  for (int64_t i = 0; i < count(p, "dimension"); ++i) periods.push_back(std::pow(p.at("growth"), double(i)));
  return Torus(periods);
}

std::vector<CatalogueEntry> entries() {
  const CatalogueParameter rate{"rate", 1, "variance per unit of time"};
  const CatalogueParameter beta_min{"beta_min", 0.1, "beta at time 0"}, beta_max{"beta_max", 20, "beta at time 1"};
  std::vector<CatalogueEntry> list;
  auto space = [&](std::string name, std::string summary, std::vector<CatalogueParameter> parameters, auto make) {
    list.push_back({std::move(name), std::move(summary), std::move(parameters), 0, {}, make, {}});
  };
  using Pace = std::function<double(const Parameters&)>;
  auto process = [&](std::string name, std::string summary, std::vector<CatalogueParameter> parameters, double horizon,
                     auto make, Pace pace = {}) {
    list.push_back({std::move(name), std::move(summary), std::move(parameters), horizon, std::move(pace), {}, make});
  };
  // By one of the parameters.
  auto by = [](const char* parameter) -> Pace { return [=](const Parameters& p) { return p.at(parameter); }; };
  // What is forgotten last, in the longest period, takes time as its square.
  const Pace of_torus = [](const Parameters& p) {
    return p.at("rate") / std::pow(std::max(p.at("growth"), 1.0), 2 * (p.at("dimension") - 1));
  };

  space("categorical", "categories 0 .. K - 1", {whole("categories", 5, "K")},
        [](const Parameters& p) { return Categorical(count(p, "categories")); });
  space("centered_euclidean", "atoms in d dimensions, with mean 0 over the atoms",
        {whole("atoms", 3, "how many"), whole("dimension", 2, "d")},
        [](const Parameters& p) { return CenteredEuclidean({count(p, "atoms"), count(p, "dimension")}); });
  space("circle", "angles in [-pi, pi)", {}, [](const Parameters&) { return Circle(); });
  space("euclidean", "vectors of R^n", {whole("dimension", 3, "n")},
        [](const Parameters& p) { return Euclidean({count(p, "dimension")}); });
  space("hyperbolic", "hyperbolic space H^n on the hyperboloid", {whole("dimension", 3, "n")},
        [](const Parameters& p) { return Hyperbolic(int(count(p, "dimension"))); });
  space("rigid_motions", "positions and orientations: R^3 x SO(3)", {},
        [](const Parameters&) { return RigidMotions(); });
  space("rotations", "SO(3) as unit quaternions", {}, [](const Parameters&) { return Rotations(); });
  space("simplex", "probabilities of K categories, with the Fisher-Rao metric", {whole("categories", 4, "K")},
        [](const Parameters& p) { return Simplex(int(count(p, "categories"))); });
  space("spd", "symmetric positive definite n x n matrices, with the affine-invariant metric", {whole("size", 3, "n")},
        [](const Parameters& p) { return Spd(int(count(p, "size"))); });
  space("sphere", "unit vectors of R^{d + 1}", {whole("dimension", 2, "d")},
        [](const Parameters& p) { return Sphere(int(count(p, "dimension"))); });
  space("torus", "periodic coordinates, the first of period 1, each next one longer by `growth`",
        {whole("dimension", 2, "how many coordinates"), {"growth", 1.5, "of the periods"}},
        [](const Parameters& p) { return some_torus(p); });

  process(
      "absorbing_jump", "every category becomes the mask, the last one, which stays",
      {whole("categories", 5, "K, the mask among them"), {"rate", 1, "jumps per unit of time"}}, 16,
      [](const Parameters& p) { return AbsorbingJump(Categorical(count(p, "categories")), {.rate = p.at("rate")}); },
      by("rate"));
  process(
      "centered_ornstein_uhlenbeck", "dX = -theta X dt + sigma dW for atoms with mean 0 in d dimensions",
      {whole("atoms", 3, "how many"),
       whole("dimension", 1, "d"),
       {"theta", 1, "how fast the start is forgotten, per unit of time"},
       {"sigma", 1, "deviation per square root of time"}},
      16,
      [](const Parameters& p) {
        return OrnsteinUhlenbeck(CenteredEuclidean({count(p, "atoms"), count(p, "dimension")}),
                                 {.theta = p.at("theta"), .sigma = p.at("sigma")});
      },
      by("theta"));
  process(
      "circle_brownian", "Brownian motion on the circle, exact", {rate}, 32,
      [](const Parameters& p) { return Brownian(Circle(), p.at("rate")); }, by("rate"));
  process(
      "correlated_brownian", "Brownian motion in the plane, its two coordinates correlated",
      {rate, {"correlation", 0.8, "of the coordinates, between -1 and 1"}}, 2,
      [](const Parameters& p) {
        double c = p.at("correlation");
        return Brownian(Euclidean({2}), p.at("rate"), Covariance({1, c, c, 1}));
      },
      by("rate"));
  process("cosine_variance_preserving", "variance preserving with a cosine for its decay (Nichol and Dhariwal)",
          {whole("dimension", 1, "n"), {"offset", 0.008, "how far the cosine has turned at time 0"}}, 1,
          [](const Parameters& p) {
            return CosineVariancePreserving(Euclidean({count(p, "dimension")}), {.offset = p.at("offset")});
          });
  process("discrete_flow", "categories become noise of a given law at a uniform time",
          {whole("categories", 5, "K"), {"ratio", 0.5, "the weight of each category, relative to the one before"}}, 1,
          [](const Parameters& p) {
            return DiscreteFlow(Categorical(count(p, "categories")), {.weights = geometric_weights(p)});
          });
  process("discrete_flow_by_way_of_uniform", "categories become a uniform one, then noise, at uniform times",
          {whole("categories", 5, "K"),
           {"ratio", 1, "the weight of each category of the noise, relative to the one before"},
           {"between", 0.5, "how many are between datum and noise, 0 to 1"}},
          1, [](const Parameters& p) {
            double m = p.at("between");
            return DiscreteFlow(Categorical(count(p, "categories")),
                                {.kappa = [m](Expr t) { return t * ((1 - m) + m * t); },
                                 .uniform = [m](Expr t) { return 2 * m * t * (1.0 - t); },
                                 .weights = geometric_weights(p)});
          });
  process(
      "drifting_brownian", "Brownian motion in R^n with a drift",
      {whole("dimension", 1, "n"), rate, {"drift", 0.5, "mean way per unit of time"}}, 2,
      [](const Parameters& p) {
        return Brownian(Euclidean({count(p, "dimension")}), {.rate = p.at("rate"), .drift = p.at("drift")});
      },
      by("rate"));
  process("elucidated", "dX = sqrt(2t) dW: time is the noise level (Karras et al.)", {whole("dimension", 2, "n")}, 4,
          [](const Parameters& p) { return Elucidated(Euclidean({count(p, "dimension")})); });
  process(
      "euclidean_brownian", "Brownian motion in R^n", {whole("dimension", 3, "n"), rate}, 2,
      [](const Parameters& p) { return Brownian(Euclidean({count(p, "dimension")}), p.at("rate")); }, by("rate"));
  process(
      "generator_jump", "jumps at given rates; here around a ring, with unequal rates each way",
      {whole("categories", 4, "K"),
       {"onward", 1, "rate of jumps from k to k + 1"},
       {"back", 0.25, "rate of jumps from k to k - 1"}},
      16,
      [](const Parameters& p) {
        Categorical ring(count(p, "categories"));
        return GeneratorJump(ring, {.rates = ring_rates(ring.categories(), p.at("onward"), p.at("back"))});
      },
      [](const Parameters& p) { return (p.at("onward") + p.at("back")) / std::pow(p.at("categories"), 2); });
  process("geodesic_interpolation_on_rigid_motions",
          "geodesics of R^3 x SO(3) to normal positions and uniform rotations: flow matching", {}, 1,
          [](const Parameters&) { return GeodesicInterpolation(RigidMotions()); });
  process("geodesic_interpolation_on_rotations", "geodesics of SO(3) to uniform rotations: flow matching", {}, 1,
          [](const Parameters&) { return GeodesicInterpolation(Rotations()); });
  process("geodesic_interpolation_on_sphere", "geodesics of S^d to uniform points: flow matching",
          {whole("dimension", 2, "d")}, 1,
          [](const Parameters& p) { return GeodesicInterpolation(Sphere(int(count(p, "dimension")))); });
  process(
      "geodesic_walk_on_circle", "Brownian motion on the circle by geodesic steps: the named approximation",
      {rate, whole("steps", 64, "geodesic steps per draw")}, 16,
      [](const Parameters& p) { return GeodesicWalk(Circle(), {.rate = p.at("rate"), .steps = count(p, "steps")}); },
      by("rate"));
  process(
      "geodesic_walk_on_hyperbolic", "Brownian motion on H^n by geodesic steps: the named approximation",
      {whole("dimension", 2, "n"), rate, whole("steps", 16, "geodesic steps per draw")}, 1,
      [](const Parameters& p) {
        return GeodesicWalk(Hyperbolic(int(count(p, "dimension"))), {.rate = p.at("rate"), .steps = count(p, "steps")});
      },
      by("rate"));
  process(
      "geodesic_walk_on_simplex",
      "Brownian motion on the probabilities of K categories by geodesic steps: the named approximation",
      {whole("categories", 5, "K"), rate, whole("steps", 32, "geodesic steps per draw")}, 12,
      [](const Parameters& p) {
        return GeodesicWalk(Simplex(int(count(p, "categories"))), {.rate = p.at("rate"), .steps = count(p, "steps")});
      },
      by("rate"));
  process(
      "geodesic_walk_on_spd",
      "Brownian motion on positive definite matrices by geodesic steps: the named approximation",
      {whole("size", 2, "n"), rate, whole("steps", 12, "geodesic steps per draw")}, 1,
      [](const Parameters& p) {
        return GeodesicWalk(Spd(int(count(p, "size"))), {.rate = p.at("rate"), .steps = count(p, "steps")});
      },
      by("rate"));
  process(
      "geodesic_walk_on_sphere", "Brownian motion on S^d by geodesic steps: the named approximation",
      {whole("dimension", 4, "d"), rate, whole("steps", 32, "geodesic steps per draw")}, 2,
      [](const Parameters& p) {
        return GeodesicWalk(Sphere(int(count(p, "dimension"))), {.rate = p.at("rate"), .steps = count(p, "steps")});
      },
      by("rate"));
  process(
      "higher_sphere_brownian", "Brownian motion on S^4 to S^12, exact: kernels by tables",
      {whole("dimension", 4, "d"), rate}, 4,
      [](const Parameters& p) { return Brownian(Sphere(int(count(p, "dimension"))), p.at("rate")); }, by("rate"));
  process(
      "hyperbolic_brownian", "Brownian motion on H^3, exact", {rate}, 1,
      [](const Parameters& p) { return Brownian(Hyperbolic(3), p.at("rate")); }, by("rate"));
  process("linear_diffusion", "dX = (-a (1 + t) X + b cos t) dt + c sqrt(1 + t) dW in R^n, by quadrature",
          {whole("dimension", 1, "n"), {"a", 1, "drift"}, {"b", 0.5, "offset"}, {"c", 1.4, "noise"}}, 4,
          [](const Parameters& p) {
            double a = p.at("a"), b = p.at("b"), c = p.at("c");
            return LinearDiffusion(Euclidean({count(p, "dimension")}),
                                   {.drift = [a](Expr t) { return -a * (1.0 + t); },
                                    .offset = [b](Expr t) { return b * cos(t); },
                                    .noise = [c](Expr t) { return c * sqrt(1.0 + t); },
                                    .horizon = 4});
          });
  process("linear_interpolant", "straight lines to normal noise: flow matching", {whole("dimension", 2, "n")}, 1,
          [](const Parameters& p) { return StochasticInterpolant(Euclidean({count(p, "dimension")})); });
  process("masked_flow", "categories become the mask, the last one, at a uniform time",
          {whole("categories", 5, "K, the mask among them")}, 1, [](const Parameters& p) {
            Categorical space(count(p, "categories"));
            return DiscreteFlow(space, {.mask = space.categories() - 1});
          });
  process(
      "ordinal_jump", "jumps between ordered categories, near ones more often",
      {whole("categories", 4, "K"),
       {"rate", 1, "jumps per unit of time"},
       {"width", 1, "how far they go, in categories"}},
      32,
      [](const Parameters& p) {
        return OrdinalJump(Categorical(count(p, "categories")), {.rate = p.at("rate"), .width = p.at("width")});
      },
      [](const Parameters& p) {
        return p.at("rate") * std::pow(std::min(p.at("width") / p.at("categories"), 0.25), 2);
      });
  process(
      "ornstein_uhlenbeck", "dX = theta (mean - X) dt + sigma dW in R^n",
      {whole("dimension", 1, "n"),
       {"theta", 1, "how fast the start is forgotten, per unit of time"},
       {"mean", 0.5, "where it is drawn to"},
       {"sigma", 1, "deviation per square root of time"}},
      16,
      [](const Parameters& p) {
        return OrnsteinUhlenbeck(Euclidean({count(p, "dimension")}),
                                 {.theta = p.at("theta"), .mean = p.at("mean"), .sigma = p.at("sigma")});
      },
      by("theta"));
  process(
      "rigid_brownian", "independent Brownian motions of position and orientation, exact",
      {{"position_rate", 1, "variance of a coordinate per unit of time"},
       {"rotation_rate", 1, "variance of an element of the rotation vector per unit of time"}},
      8,
      [](const Parameters& p) {
        return Brownian(RigidMotions(),
                        {.position_rate = p.at("position_rate"), .rotation_rate = p.at("rotation_rate")});
      },
      by("rotation_rate"));
  process(
      "rotation_brownian", "Brownian motion on SO(3), exact", {rate}, 8,
      [](const Parameters& p) { return Brownian(Rotations(), p.at("rate")); }, by("rate"));
  process(
      "scheduled_ornstein_uhlenbeck",
      "dX = theta (mean - X) dt + sqrt(variance + weight (e^{growth t} + e^{growth t / 4})) dW in R^n",
      {whole("dimension", 1, "n"),
       {"theta", 0.7, "how fast the start is forgotten, per unit of time"},
       {"mean", 0.5, "where it is drawn to"},
       {"variance", 0.3, "per unit of time"},
       {"weight", 0.2, "of the terms that change with time"},
       {"growth", -2, "their rate"}},
      16,
      [](const Parameters& p) {
        return ScheduledOrnsteinUhlenbeck(Euclidean({count(p, "dimension")}),
                                          {.theta = p.at("theta"),
                                           .mean = p.at("mean"),
                                           .variance = p.at("variance"),
                                           .terms = {{.weight = p.at("weight"), .rate = p.at("growth")},
                                                     {.weight = p.at("weight"), .rate = p.at("growth") / 4}}});
      },
      by("theta"));
  process(
      "simplex_brownian", "Brownian motion on the probabilities of 2 to 8 categories, reflected, exact",
      {whole("categories", 4, "K"), rate}, 16,
      [](const Parameters& p) { return Brownian(Simplex(int(count(p, "categories"))), p.at("rate")); }, by("rate"));
  process(
      "sphere_brownian", "Brownian motion on S^1, S^2 or S^3, exact", {whole("dimension", 2, "d"), rate}, 8,
      [](const Parameters& p) { return Brownian(Sphere(int(count(p, "dimension"))), p.at("rate")); },
      [](const Parameters& p) { return p.at("rate") * p.at("dimension"); });
  process(
      "stationary_jump", "jumps to a category drawn from a given law",
      {whole("categories", 5, "K"),
       {"rate", 1, "jumps per unit of time"},
       {"ratio", 0.5, "the weight of each category, relative to the one before"}},
      16,
      [](const Parameters& p) {
        return StationaryJump(Categorical(count(p, "categories")),
                              {.rate = p.at("rate"), .weights = geometric_weights(p)});
      },
      by("rate"));
  process("stochastic_interpolant",
          "(1 - t) x_0 + t x_1 + latent sqrt(t (1 - t)) z: lines to normal noise, and noise between",
          {whole("dimension", 2, "n"), {"latent", 1, "how much noise there is between"}}, 1, [](const Parameters& p) {
            double latent = p.at("latent");
            return StochasticInterpolant(Euclidean({count(p, "dimension")}),
                                         {.c = [latent](Expr t) { return latent * sqrt(t * (1.0 - t)); }});
          });
  process("sub_variance_preserving", "variance preserving with less noise at first (Song et al.)",
          {whole("dimension", 1, "n"), beta_min, beta_max}, 3, [](const Parameters& p) {
            return SubVariancePreserving(Euclidean({count(p, "dimension")}),
                                         {.beta_min = p.at("beta_min"), .beta_max = p.at("beta_max")});
          });
  process(
      "torus_brownian", "Brownian motion on a torus, exact",
      {whole("dimension", 2, "how many coordinates"), {"growth", 1.5, "of the periods, the first of which is 1"}, rate},
      2, [](const Parameters& p) { return Brownian(some_torus(p), p.at("rate")); }, of_torus);
  process("trigonometric_interpolant", "a quarter turn from data to normal noise, at constant speed",
          {whole("dimension", 2, "n")}, 1, [](const Parameters& p) {
            auto angle = [](const Expr& t) { return 0.5 * std::numbers::pi * t; };
            return StochasticInterpolant(
                Euclidean({count(p, "dimension")}),
                {.a = [angle](Expr t) { return cos(angle(t)); }, .b = [angle](Expr t) { return sin(angle(t)); }});
          });
  process(
      "uniform_jump", "jumps to a uniformly drawn category",
      {whole("categories", 5, "K"), {"rate", 1, "jumps per unit of time"}}, 16,
      [](const Parameters& p) { return UniformJump(Categorical(count(p, "categories")), p.at("rate")); }, by("rate"));
  process("variance_exploding", "Brownian motion whose deviation grows geometrically (Song et al.)",
          {whole("dimension", 2, "n"),
           {"sigma_min", 0.01, "deviation that time 0 stands for"},
           {"sigma_max", 50, "deviation at time 1"}},
          1, [](const Parameters& p) {
            return VarianceExploding(Euclidean({count(p, "dimension")}),
                                     {.sigma_min = p.at("sigma_min"), .sigma_max = p.at("sigma_max")});
          });
  process("variance_preserving", "dX = -1/2 beta(t) X dt + sqrt(beta(t)) dW, beta linear in t (Song et al., Ho et al.)",
          {whole("dimension", 1, "n"), beta_min, beta_max}, 2, [](const Parameters& p) {
            return VariancePreserving(Euclidean({count(p, "dimension")}),
                                      {.beta_min = p.at("beta_min"), .beta_max = p.at("beta_max")});
          });
  return list;
}

// How many letters must be changed, added or left out to make b of a (Levenshtein).
size_t edits(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t before = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t changed = before + (a[i - 1] != b[j - 1]);
      before = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

Kept<Space> CatalogueEntry::space(const Parameters& given) const {
  if (is_process()) throw Error(fmt::format("'{}' is a process, not a space", name));
  return make_space(complete(*this, given));
}

Kept<Process> CatalogueEntry::process(const Parameters& given) const {
  if (!is_process()) {
    const Kept<Space> asked = space(given);
    std::vector<std::string> on_it;
    for (const CatalogueEntry& e : catalogue())
      if (e.is_process() && e.process()->space().name() == asked->name()) on_it.push_back(e.name);
    throw Error(fmt::format("'{}' is a space, not a process; processes on it are {}", name, fmt::join(on_it, ", ")));
  }
  return make_process(complete(*this, given));
}

double CatalogueEntry::horizon_of(const Parameters& given) const {
  if (!pace) return horizon;
  const double usual = pace(complete(*this, {})), now = pace(complete(*this, given)), by = usual / now;
  return by > 0 && std::isfinite(by) ? horizon * by : horizon;  // Else the declaration refuses them.
}

const std::vector<CatalogueEntry>& catalogue() {
  static const std::vector<CatalogueEntry> list = entries();
  return list;
}

const CatalogueEntry& catalogue_entry(const std::string& name) {
  const CatalogueEntry* nearest = nullptr;
  for (const CatalogueEntry& e : catalogue()) {
    if (e.name == name) return e;
    if (!nearest || edits(name, e.name) < edits(name, nearest->name)) nearest = &e;
  }
  for (const Conversion& c : conversions::all())
    if (c.name() == name) throw Error(fmt::format("'{}' is a conversion, neither a space nor a process", name));
  throw Error(fmt::format("the standard library has no '{}'; did you mean '{}'? `catenary list` shows all there is",
                          name, nearest->name));
}

}  // namespace catenary
