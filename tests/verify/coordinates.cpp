// Mistakes in one coordinate of many, and in how coordinates go together.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include <catenary/stdlib/stdlib.h>
#include <catenary/tests/verify/failures.h>

using namespace catenary;
using Catch::Matchers::Contains;

namespace {

// Brownian motion in R^n, to be spoilt: what `spoil` makes of standard normal numbers is what it is driven by.
class Driven : public Process {
 public:
  explicit Driven(int64_t n) : Process(Euclidean({n})) {}
  Expr prior(Expr horizon) const override { return sqrt(horizon) * of_prior(standard()); }
  Expr forward(Expr x0, Expr t) const override { return x0 + sqrt(t) * of_forward(standard()); }
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override {
    return x0 + s / t * (xt - x0) + sqrt(s * (1.0 - s / t)) * of_bridge(standard());
  }

 protected:
  virtual Expr of_prior(Expr z) const { return z; }
  virtual Expr of_forward(Expr z) const { return z; }
  virtual Expr of_bridge(Expr z) const { return z; }

 private:
  Expr standard() const { return normal(space().point()); }
};

// 1 at coordinate k of n.
Expr only(int64_t k, int64_t n) {
  std::vector<double> one(size_t(n), 0.0);
  one[size_t(k)] = 1;
  return constant(one, {n});
}

struct OneIsShifted final : Driven {
  using Driven::Driven;
  Expr of_bridge(Expr z) const override { return z + 0.1 * only(space().point()[0] - 2, space().point()[0]); }
};
struct OneOfThePriorIsShifted final : Driven {
  using Driven::Driven;
  Expr of_prior(Expr z) const override { return z + 0.1 * only(space().point()[0] - 1, space().point()[0]); }
};

// Of density in many dimensions.
class Dense : public Driven {
 public:
  explicit Dense(int64_t n) : Driven(n) {}
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    const auto n = double(space().point()[0]);
    Expr way = xt - start(x0), variance = spread(t);
    return -0.5 * dot(way, way) / variance - 0.5 * n * log(variance);
  }

 protected:
  virtual Expr start(Expr x0) const { return x0; }
  virtual Expr spread(Expr t) const { return t; }
};
struct DensityTooWide final : Dense {
  using Dense::Dense;
  Expr spread(Expr t) const override { return 1.02 * t; }
};
struct DensityOfAnotherStart final : Dense {
  using Dense::Dense;
  Expr start(Expr x0) const override { return 0.9 * x0; }
};
// As if its volume were that of one dimension fewer.
struct DensityOfFewerDimensions final : Dense {
  using Dense::Dense;
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override {
    return *Dense::log_density(x0, xt, t) + 0.5 * log(t);
  }
};

// As if noise were told in other units: a bridge that hardly varies.
struct AllButStill final : Driven {
  using Driven::Driven;
  Expr of_bridge(Expr z) const override { return 1e-7 * z; }
};

// Of two coordinates that go together, as `of_bridge` says.
class Together : public Driven {
 public:
  Together() : Driven(2) {}

 protected:
  static Expr correlated(const Expr& z, double by) {
    return stack({index(z, 0), by * index(z, 0) + std::sqrt(1 - by * by) * index(z, 1)});
  }
  Expr of_prior(Expr z) const override { return correlated(z, 0.5); }
  Expr of_forward(Expr z) const override { return correlated(z, 0.5); }
  Expr of_bridge(Expr z) const override { return correlated(z, 0.5); }
};
struct ApartInBridges final : Together {
  Expr of_bridge(Expr z) const override { return correlated(z, 0.4); }
};
struct ApartInThePrior final : Together {
  Expr of_prior(Expr z) const override { return correlated(z, -0.5); }
};

std::string failure(std::shared_ptr<const Process> process, std::vector<std::string> only) {
  VerifyOptions options = quick(1);
  options.only = std::move(only);
  return first_failure(verify(Kept<Process>(process), options));
}

}  // namespace

TEST_CASE("a mistake in one coordinate is found, however many there are") {
  const std::vector<std::string> bridges{"Chapman-Kolmogorov and bridges"}, prior{"prior"};
  for (int64_t n : {2, 6, 14, 40}) {
    INFO(n << " coordinates");
    CHECK(failure(std::make_shared<Driven>(n), {"Chapman-Kolmogorov and bridges", "prior"}) == "none");
    CHECK_THAT(failure(std::make_shared<OneIsShifted>(n), bridges), Contains("bridge identity: the mean of "));
    CHECK_THAT(failure(std::make_shared<OneOfThePriorIsShifted>(n), prior), Contains("prior: the mean of "));
    CHECK_THAT(failure(std::make_shared<AllButStill>(n), bridges), Contains("bridge identity: "));
  }
}

TEST_CASE("a mistake in how coordinates go together is found") {
  CHECK(failure(std::make_shared<Together>(), {"Chapman-Kolmogorov and bridges", "prior"}) == "none");
  CHECK_THAT(failure(std::make_shared<ApartInBridges>(), {"Chapman-Kolmogorov and bridges"}),
             Contains("bridge identity: ") && Contains("a mix of all coordinates"));
  CHECK_THAT(failure(std::make_shared<ApartInThePrior>(), {"prior"}),
             Contains("prior: the variance of the way from x_0 to x_T, a mix of all coordinates"));
}

TEST_CASE("mistakes in densities of many dimensions are found") {
  for (int64_t n : {9, 64}) {
    INFO(n << " dimensions");
    const std::vector<std::string> only{"density"};
    CHECK(failure(std::make_shared<Dense>(n), only) == "none");
    CHECK_THAT(failure(std::make_shared<DensityTooWide>(n), only), Contains("density: from x_0 = ["));
    CHECK_THAT(failure(std::make_shared<DensityOfAnotherStart>(n), only), Contains("density: from x_0 = ["));
    CHECK_THAT(failure(std::make_shared<DensityOfFewerDimensions>(n), only), Contains("mean ratio of"));
  }
  // On curved spaces too, and of few draws.
  VerifyOptions options = quick(1);
  options.only = {"density"};
  options.effort = Effort::quick;
  const Report report = verify(Brownian(catenary::Sphere(12), 0.5), options);
  CHECK(first_failure(report) == "none");
  CHECK(std::ranges::any_of(report.checks, [](const Check& c) { return c.name == "density" && c.n > 0; }));
}
