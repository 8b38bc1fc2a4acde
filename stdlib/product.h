// Products and powers of manifolds: several parts in one point.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <catenary/dsl/process.h>
#include <catenary/dsl/space.h>

namespace catenary {

/// A product of manifolds, whose metric is the sum of theirs: a point is the elements of its parts one after another,
/// shape {sum of their counts}. `Product({{"position", Euclidean({3})}, {"rotation", Rotations()}})`. Categories have
/// no place in it, their points being i32: they are a component of their own in a joint process.
class Product : public Manifold {
 public:
  using Part = std::pair<std::string, Kept<Manifold>>;
  /// At least one part; names are unique.
  explicit Product(std::vector<Part> parts);
  /// A power: `count` parts alike, named "0", "1", ...; points have the shape {count, shape of one}.
  Product(Kept<Manifold> space, int64_t count);

  const std::vector<Part>& parts() const { return parts_; }
  /// The part of that name of a point or of a tangent vector. Throws Error for a name that it does not have, naming
  /// those it has.
  Expr part(Expr x, const std::string& name) const;
  /// All parts, in order, and the point or tangent vector made of them.
  std::vector<Expr> split(Expr x) const;
  Expr join(const std::vector<Expr>& parts) const;

  Expr project(Expr x) const override;
  Expr tangent(Expr x, Expr v) const override;
  Expr exp(Expr x, Expr v) const override;
  Expr log(Expr x, Expr y) const override;
  Expr inner(Expr x, Expr u, Expr v) const override;
  Expr gradient(Expr x, Expr derivatives) const override;
  Expr tangent_normal(Expr x) const override;
  Expr score(Expr x, Expr y, Expr v) const override;
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override;
  /// Where every part has one.
  Expr uniform_point() const override;
  /// Where some part has one.
  std::optional<Expr> origin() const override;
  std::optional<Cover> cover() const override;
  /// Part by part: of R^3 x SO(3) normal positions and uniform rotations.
  Expr standard_noise() const override;

 private:
  std::vector<Part> parts_;
};

/// Process::approximation of independent laws together, by those of each: of their chi distances 1 + chi^2 is the
/// product of theirs.
double independent_approximation(const std::vector<double>& of_parts);

/// Independent processes on the parts of a product: forward, bridge, transition and prior part by part, the density
/// their product. So is the model's estimate, of a kind that all parts have: of Brownian motion on rigid motions the
/// endpoint, the tangent or the score. Its loss is the sum of the parts', each times its weight. Parts whose models
/// return different kinds, or that have clocks of their own, are components of a joint process.
class ProductProcess final : public Process {
 public:
  using Part = std::pair<std::string, Kept<Process>>;
  /// At least one part, each on a manifold and with an endpoint for its estimate; names are unique.
  explicit ProductProcess(std::vector<Part> parts);
  /// `count` independent copies, on the power of their space.
  ProductProcess(Kept<Process> process, int64_t count);

  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  Expr transition(Expr xs, Expr s, Expr t) const override;
  /// Where every part has one.
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> score(Expr x0, Expr xt, Expr t) const override;
  /// As long as every part is so.
  bool markov() const override;
  bool bridges_compose() const override;
  std::vector<Estimate> estimates() const override;
  Expr endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  /// Where a part has a step of its own; of the others the bridge, or the flow, from the endpoint.
  std::optional<Expr> step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const override;
  /// Where every part has one.
  std::optional<Loss> loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> flow(Expr x0, Expr xt, Expr s, Expr t) const override;
  std::optional<Expr> flow_velocity(Expr x0, Expr xt, Expr t) const override;
  std::optional<Expr> bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const override;
  double approximation(double t) const override;

 private:
  using OwnStep = std::function<std::optional<Expr>(const Process&, const Estimate&, Expr estimate, Expr xt)>;
  using FromEndpoint = std::function<std::optional<Expr>(const Process&, Expr x0, Expr xt)>;
  /// Every part's own step, or else that from its endpoint; nothing where no part has an own one.
  std::optional<Expr> stepped(const Estimate& kind, const Expr& estimate, const Expr& xt, const Expr& t,
                              const OwnStep& own, const FromEndpoint& from_endpoint) const;

  ProductProcess(Product space, std::vector<Kept<Process>> processes);
  const Product& product() const { return static_cast<const Product&>(space()); }
  std::vector<Kept<Process>> processes_;
};

/// Throws Error: of a product it is `ProductProcess`, of the Brownian motions of its parts.
[[noreturn]] ProductProcess Brownian(const Product& space, double rate);

}  // namespace catenary
