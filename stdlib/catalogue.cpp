// One entry for each space and process.
#include <catenary/stdlib/catalogue.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

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
  // Beyond 2^53 a double does not tell neighbours apart.
  for (const CatalogueParameter& p : entry.parameters)
    if (double value = all[p.name]; p.whole && !(value == std::floor(value) && std::abs(value) <= 0x1p53))
      throw Error(
          fmt::format("'{}' takes a whole number of at most 2^53 for '{}'; found {}", entry.name, p.name, value));
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
  std::vector<double> rates(n * n);
  for (size_t i = 0; i < n; ++i) {
    rates[i * n + (i + 1) % n] += onward;
    rates[i * n + (i + n - 1) % n] += back;
    rates[i * n + i] -= onward + back;
  }
  return rates;
}

std::vector<CatalogueEntry> entries() {
  const CatalogueParameter rate{"rate", 1, "variance per unit of time"};
  std::vector<CatalogueEntry> list;
  auto space = [&](std::string name, std::string summary, std::vector<CatalogueParameter> parameters, auto make) {
    list.push_back({std::move(name), std::move(summary), std::move(parameters), 0, make, {}});
  };
  auto process = [&](std::string name, std::string summary, std::vector<CatalogueParameter> parameters, double horizon,
                     auto make) {
    list.push_back({std::move(name), std::move(summary), std::move(parameters), horizon, {}, make});
  };

  space("categorical", "categories 0 .. K - 1", {whole("categories", 5, "K")},
        [](const Parameters& p) { return Categorical(count(p, "categories")); });
  space("circle", "angles in [-pi, pi)", {}, [](const Parameters&) { return Circle(); });
  space("euclidean", "vectors of R^n", {whole("dimension", 3, "n")},
        [](const Parameters& p) { return Euclidean({count(p, "dimension")}); });

  process(
      "absorbing_jump", "every category becomes the mask, the last one, which stays",
      {whole("categories", 5, "K, the mask among them"), {"rate", 1, "jumps per unit of time"}}, 16,
      [](const Parameters& p) { return AbsorbingJump(Categorical(count(p, "categories")), {.rate = p.at("rate")}); });
  process("circle_brownian", "Brownian motion on the circle, exact", {rate}, 32,
          [](const Parameters& p) { return Brownian(Circle(), p.at("rate")); });
  process("euclidean_brownian", "Brownian motion in R^n", {whole("dimension", 3, "n"), rate}, 2,
          [](const Parameters& p) { return Brownian(Euclidean({count(p, "dimension")}), p.at("rate")); });
  process("generator_jump", "jumps at given rates; here around a ring, with unequal rates each way",
          {whole("categories", 4, "K"),
           {"onward", 1, "rate of jumps from k to k + 1"},
           {"back", 0.25, "rate of jumps from k to k - 1"}},
          16, [](const Parameters& p) {
            Categorical ring(count(p, "categories"));
            return GeneratorJump(ring, {.rates = ring_rates(ring.categories(), p.at("onward"), p.at("back"))});
          });
  process("geodesic_walk_on_circle", "Brownian motion on the circle by geodesic steps: the named approximation",
          {rate, whole("steps", 64, "geodesic steps per draw")}, 16, [](const Parameters& p) {
            return GeodesicWalk(Circle(), {.rate = p.at("rate"), .steps = count(p, "steps")});
          });
  process("ordinal_jump", "jumps between ordered categories, near ones more often",
          {whole("categories", 4, "K"),
           {"rate", 1, "jumps per unit of time"},
           {"width", 1, "how far they go, in categories"}},
          32, [](const Parameters& p) {
            return OrdinalJump(Categorical(count(p, "categories")), {.rate = p.at("rate"), .width = p.at("width")});
          });
  process("ornstein_uhlenbeck", "dX = theta (mean - X) dt + sigma dW in R^n",
          {whole("dimension", 1, "n"),
           {"theta", 1, "how fast the start is forgotten, per unit of time"},
           {"mean", 0.5, "where it is drawn to"},
           {"sigma", 1, "deviation per square root of time"}},
          16, [](const Parameters& p) {
            return OrnsteinUhlenbeck(Euclidean({count(p, "dimension")}),
                                     {.theta = p.at("theta"), .mean = p.at("mean"), .sigma = p.at("sigma")});
          });
  process("stationary_jump", "jumps to a category drawn from a given law",
          {whole("categories", 5, "K"),
           {"rate", 1, "jumps per unit of time"},
           {"ratio", 0.5, "the weight of each category, relative to the one before"}},
          16, [](const Parameters& p) {
            std::vector<double> weights(size_t(std::max<int64_t>(0, count(p, "categories"))));
            for (size_t k = 0; k < weights.size(); ++k) weights[k] = std::pow(p.at("ratio"), double(k));
            return StationaryJump(Categorical(count(p, "categories")),
                                  {.rate = p.at("rate"), .weights = std::move(weights)});
          });
  process("uniform_jump", "jumps to a uniformly drawn category",
          {whole("categories", 5, "K"), {"rate", 1, "jumps per unit of time"}}, 16,
          [](const Parameters& p) { return UniformJump(Categorical(count(p, "categories")), p.at("rate")); });
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
  if (!is_process()) throw Error(fmt::format("'{}' is a space, not a process", name));
  return make_process(complete(*this, given));
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
  throw Error(fmt::format("the standard library has no '{}'; did you mean '{}'? `catenary list` shows all there is",
                          name, nearest->name));
}

}  // namespace catenary
