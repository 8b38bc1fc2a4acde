// Everything part by part.
#include <catenary/stdlib/product.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catenary/dsl/gradient.h>
#include <catenary/dsl/rewrite.h>

namespace catenary {

namespace {

using Parts = std::vector<Product::Part>;

// Checks the parts, which a shape is made of first.
Parts checked(const Parts& parts) {
  if (parts.empty()) throw Error("space 'product' needs at least one part; found none");
  std::set<std::string> names;
  for (const auto& [name, space] : parts)
    if (!names.insert(name).second) throw Error(fmt::format("space 'product' has two parts of the name '{}'", name));
  return parts;
}

ManifoldShape shape_of(const Parts& parts) {
  ManifoldShape shape{.point = {0},
                      .dimension = 0,
                      .injectivity_radius = checked(parts)[0].second->injectivity_radius(),
                      .curvature = 0};
  for (const auto& [name, space] : parts) {
    shape.point[0] += element_count(space->point());
    shape.dimension += space->dimension();
    shape.injectivity_radius = std::min(shape.injectivity_radius, space->injectivity_radius());
    shape.boundary = shape.boundary || space->has_boundary();
    shape.curvature = std::max(shape.curvature, space->curvature());
  }
  return shape;
}

Parts copies(const Kept<Manifold>& space, int64_t count) {
  if (count < 1 || count > 4096)
    throw Error(fmt::format("a power of space '{}' needs 1 to 4096 parts; found {}", space->name(), count));
  Parts parts;
  for (int64_t i = 0; i < count; ++i) parts.emplace_back(std::to_string(i), space);
  return parts;
}

ManifoldShape shape_of_power(const Kept<Manifold>& space, int64_t count) {
  ManifoldShape shape = shape_of(copies(space, count));
  shape.point = space->point();
  shape.point.insert(shape.point.begin(), count);
  return shape;
}

}  // namespace

Product::Product(std::vector<Part> parts) : Manifold("product", shape_of(parts)), parts_(std::move(parts)) {}

Product::Product(Kept<Manifold> space, int64_t count)
    : Manifold(fmt::format("power of {}", space->name()), shape_of_power(space, count)), parts_(copies(space, count)) {}

std::vector<Expr> Product::split(Expr x) const {
  Expr flat = reshape(std::move(x), {element_count(point())});
  std::vector<Expr> all;
  int64_t first = 0;
  for (const auto& [name, space] : parts_) {
    int64_t count = element_count(space->point());
    all.push_back(reshape(slice(flat, first, count), space->point()));
    first += count;
  }
  return all;
}

Expr Product::join(const std::vector<Expr>& parts) const {
  std::vector<Expr> flat;
  for (const Expr& e : parts) flat.push_back(reshape(e, {element_count(e.shape())}));
  return reshape(concat(flat), point());
}

Expr Product::part(Expr x, const std::string& name) const {
  std::vector<std::string> names;
  for (size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].first == name) return split(std::move(x))[i];
    names.push_back(parts_[i].first);
  }
  throw Error(fmt::format("space '{}' has no part '{}'; it has {}", this->name(), name, fmt::join(names, ", ")));
}

namespace {

// The points on `to` that `function` makes of the parts of its arguments, points on `from`; it is told which part.
Expr by_number(const Product& from, const Product& to, const std::vector<Expr>& arguments,
               const std::function<Expr(size_t part, const std::vector<Expr>&)>& function) {
  std::vector<std::vector<Expr>> split;
  for (const Expr& a : arguments) split.push_back(from.split(a));
  std::vector<Expr> results;
  for (size_t i = 0; i < from.parts().size(); ++i) {
    std::vector<Expr> of_part;
    for (const std::vector<Expr>& s : split) of_part.push_back(s[i]);
    results.push_back(function(i, of_part));
  }
  return to.join(results);
}

Expr by_part(const Product& product, const std::vector<Expr>& arguments,
             const std::function<Expr(const Manifold&, const std::vector<Expr>&)>& function) {
  return by_number(product, product, arguments,
                   [&](size_t part, const std::vector<Expr>& a) { return function(*product.parts()[part].second, a); });
}

}  // namespace

Expr Product::project(Expr x) const {
  return by_part(*this, {x}, [](const Manifold& m, const std::vector<Expr>& a) { return m.project(a[0]); });
}
Expr Product::tangent(Expr x, Expr v) const {
  return by_part(*this, {x, v}, [](const Manifold& m, const std::vector<Expr>& a) { return m.tangent(a[0], a[1]); });
}
Expr Product::exp(Expr x, Expr v) const {
  return by_part(*this, {x, v}, [](const Manifold& m, const std::vector<Expr>& a) { return m.exp(a[0], a[1]); });
}
Expr Product::log(Expr x, Expr y) const {
  return by_part(*this, {x, y}, [](const Manifold& m, const std::vector<Expr>& a) { return m.log(a[0], a[1]); });
}
Expr Product::gradient(Expr x, Expr derivatives) const {
  return by_part(*this, {x, derivatives},
                 [](const Manifold& m, const std::vector<Expr>& a) { return m.gradient(a[0], a[1]); });
}
Expr Product::tangent_normal(Expr x) const {
  return by_part(*this, {x}, [](const Manifold& m, const std::vector<Expr>& a) { return m.tangent_normal(a[0]); });
}
Expr Product::score(Expr x, Expr y, Expr v) const {
  return by_part(*this, {x, y}, [&](const Manifold& m, const std::vector<Expr>& a) { return m.score(a[0], a[1], v); });
}
Expr Product::flow(Expr x, Expr y, Expr u, Expr w) const {
  return by_part(*this, {x, y},
                 [&](const Manifold& m, const std::vector<Expr>& a) { return m.flow(a[0], a[1], u, w); });
}
Expr Product::uniform_point() const {
  return by_part(*this, {}, [](const Manifold& m, const std::vector<Expr>&) { return m.uniform_point(); });
}
std::optional<Expr> Product::origin() const {
  std::vector<Expr> origins;
  bool any = false;
  for (const auto& [name, space] : parts_) {
    // Of a part with a uniform law, any point.
    std::optional<Expr> of_part = space->origin();
    any = any || of_part;
    origins.push_back(of_part ? *of_part : space->project(splat(1, space->point())));
  }
  return any ? std::optional(join(origins)) : std::nullopt;
}
std::optional<Cover> Product::cover() const {
  std::vector<std::optional<Cover>> covers;
  std::vector<Part> spaces;
  for (const auto& [name, space] : parts_) {
    covers.push_back(space->cover());
    spaces.emplace_back(name, covers.back() ? covers.back()->space : space);
  }
  if (std::ranges::none_of(covers, [](const auto& c) { return c.has_value(); })) return std::nullopt;
  Product covering(std::move(spaces));
  auto lift = [=, self = *this](const Expr& x) {
    return by_number(self, covering, {x}, [&](size_t part, const std::vector<Expr>& a) {
      return covers[part] ? covers[part]->lift(a[0]) : a[0];
    });
  };
  auto fold = [=, self = *this](const Expr& u) {
    return by_number(covering, self, {u}, [&](size_t part, const std::vector<Expr>& a) {
      return covers[part] ? covers[part]->fold(a[0]) : a[0];
    });
  };
  auto image = [=](const Expr& u, const Expr& w, const Expr& v) {
    return by_number(covering, covering, {u, w}, [&](size_t part, const std::vector<Expr>& a) {
      return covers[part] ? covers[part]->image(a[0], a[1], v) : a[1];
    });
  };
  return Cover{covering, lift, fold, image};
}
Expr Product::standard_noise() const {
  return by_part(*this, {}, [](const Manifold& m, const std::vector<Expr>&) { return m.standard_noise(); });
}
Expr Product::inner(Expr x, Expr u, Expr v) const {
  std::vector<Expr> xs = split(std::move(x)), us = split(std::move(u)), vs = split(std::move(v));
  Expr total = parts_[0].second->inner(xs[0], us[0], vs[0]);
  for (size_t i = 1; i < parts_.size(); ++i) total = total + parts_[i].second->inner(xs[i], us[i], vs[i]);
  return total;
}

namespace {

Kept<Manifold> manifold_of(const std::string& name, const Kept<Process>& process) {
  auto space = Kept<Space>(std::shared_ptr<const Space>(process.held(), &process->space())).as<Manifold>();
  if (!space)
    throw Error(
        fmt::format("a product of processes needs manifolds; part '{}' is on space '{}'. Add it to the joint "
                    "process as a component of its own",
                    name, process->space().name()));
  if (std::string kind = process->estimates().at(0).kind; kind != "endpoint")
    throw Error(
        fmt::format("a product of processes takes an estimate of the endpoint; that of part '{}' is '{}'", name, kind));
  return *space;
}

std::vector<Product::Part> spaces_of(const std::vector<ProductProcess::Part>& parts) {
  std::vector<Product::Part> spaces;
  for (const auto& [name, process] : parts) spaces.emplace_back(name, manifold_of(name, process));
  return spaces;
}

std::vector<Kept<Process>> processes_of(const std::vector<ProductProcess::Part>& parts) {
  std::vector<Kept<Process>> all;
  for (const auto& [name, process] : parts) all.push_back(process);
  return all;
}

}  // namespace

ProductProcess::ProductProcess(Product space, std::vector<Kept<Process>> processes)
    : Process(std::move(space)), processes_(std::move(processes)) {}

ProductProcess::ProductProcess(std::vector<Part> parts)
    : ProductProcess(Product(spaces_of(parts)), processes_of(parts)) {}

ProductProcess::ProductProcess(Kept<Process> process, int64_t count)
    : ProductProcess(Product(manifold_of("0", process), count),
                     std::vector<Kept<Process>>(size_t(std::max<int64_t>(count, 0)), process)) {}

namespace {

// The points that `function` makes of the parts of its arguments.
Expr by_process(const Product& product, const std::vector<Kept<Process>>& processes, const std::vector<Expr>& arguments,
                const std::function<Expr(const Process&, const std::vector<Expr>&)>& function) {
  return by_number(product, product, arguments,
                   [&](size_t part, const std::vector<Expr>& a) { return function(*processes[part], a); });
}

// The same of what not every process has.
std::optional<Expr> where_each_has_one(
    const Product& product, const std::vector<Kept<Process>>& processes, const Expr& x0, const Expr& xt,
    const std::function<std::optional<Expr>(const Process&, Expr from, Expr to)>& function) {
  std::vector<Expr> from = product.split(x0), to = product.split(xt), all;
  for (size_t i = 0; i < processes.size(); ++i) {
    std::optional<Expr> part = function(*processes[i], from[i], to[i]);
    if (!part) return std::nullopt;
    all.push_back(*part);
  }
  return product.join(all);
}

}  // namespace

Expr ProductProcess::prior(Expr horizon) const {
  return by_process(product(), processes_, {},
                    [&](const Process& p, const std::vector<Expr>&) { return p.prior(horizon); });
}
Expr ProductProcess::forward(Expr x0, Expr t) const {
  return by_process(product(), processes_, {x0},
                    [&](const Process& p, const std::vector<Expr>& a) { return p.forward(a[0], t); });
}
Expr ProductProcess::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  return by_process(product(), processes_, {x0, xt},
                    [&](const Process& p, const std::vector<Expr>& a) { return p.bridge(a[0], a[1], s, t); });
}
Expr ProductProcess::transition(Expr xs, Expr s, Expr t) const {
  return by_process(product(), processes_, {xs},
                    [&](const Process& p, const std::vector<Expr>& a) { return p.transition(a[0], s, t); });
}

std::optional<Expr> ProductProcess::log_density(Expr x0, Expr xt, Expr t) const {
  std::vector<Expr> from = product().split(std::move(x0)), to = product().split(std::move(xt));
  std::optional<Expr> total;
  for (size_t i = 0; i < processes_.size(); ++i) {
    std::optional<Expr> part = processes_[i]->log_density(from[i], to[i], t);
    if (!part) return std::nullopt;
    total = total ? *total + *part : *part;
  }
  return total;
}

std::optional<Expr> ProductProcess::score(Expr x0, Expr xt, Expr t) const {
  return where_each_has_one(product(), processes_, x0, xt,
                            [&](const Process& p, Expr from, Expr to) { return p.score(from, to, t); });
}

namespace {

// The kind of that name that a part has, of a point's shape.
std::optional<Estimate> kind_of(const Process& part, const std::string& name) {
  for (const Estimate& e : part.estimates())
    if (e.kind == name && e.type == Type::f32 && e.shape == part.space().point()) return e;
  return std::nullopt;
}

}  // namespace

std::vector<Estimate> ProductProcess::estimates() const {
  std::vector<Estimate> kinds;
  for (Estimate kind : processes_[0]->estimates()) {
    bool of_all = true;
    for (const Kept<Process>& p : processes_) {
      std::optional<Estimate> of_part = kind_of(*p, kind.kind);
      of_all = of_all && of_part;
      kind.tells_x0 = kind.tells_x0 && of_part && of_part->tells_x0;
    }
    kind.shape = space().point();
    if (of_all) kinds.push_back(kind);
  }
  return kinds;
}

Expr ProductProcess::endpoint(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  return by_process(product(), processes_, {estimate, xt}, [&](const Process& p, const std::vector<Expr>& a) {
    return p.endpoint(*kind_of(p, kind.kind), a[0], a[1], t);
  });
}

std::optional<Expr> ProductProcess::stepped(const Estimate& kind, const Expr& estimate, const Expr& xt, const Expr& t,
                                            const OwnStep& own, const FromEndpoint& from_endpoint) const {
  bool any = false;
  auto of_part = [&](const Process& p, Expr e, Expr x) {
    Estimate part_kind = *kind_of(p, kind.kind);
    std::optional<Expr> by_itself = own(p, part_kind, e, x);
    any = any || by_itself;
    return by_itself ? by_itself : from_endpoint(p, p.endpoint(part_kind, e, x, t), x);
  };
  std::optional<Expr> all = where_each_has_one(product(), processes_, estimate, xt, of_part);
  return any ? all : std::nullopt;
}

std::optional<Expr> ProductProcess::step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const {
  return stepped(
      kind, estimate, xt, t, [&](const Process& p, const Estimate& k, Expr e, Expr x) { return p.step(k, e, x, s, t); },
      [&](const Process& p, Expr x0, Expr x) { return p.bridge(x0, x, s, t); });
}

std::optional<Expr> ProductProcess::flow_step(const Estimate& kind, Expr estimate, Expr xt, Expr s, Expr t) const {
  return stepped(
      kind, estimate, xt, t,
      [&](const Process& p, const Estimate& k, Expr e, Expr x) { return p.flow_step(k, e, x, s, t); },
      [&](const Process& p, Expr x0, Expr x) { return p.flow(x0, x, s, t); });
}

std::optional<Expr> ProductProcess::flow_velocity_by(const Estimate& kind, Expr estimate, Expr xt, Expr t) const {
  return stepped(
      kind, estimate, xt, t,
      [&](const Process& p, const Estimate& k, Expr e, Expr x) { return p.flow_velocity_by(k, e, x, t); },
      [&](const Process& p, Expr x0, Expr x) { return p.flow_velocity(x0, x, t); });
}

std::optional<Loss> ProductProcess::loss(const Estimate& kind, Expr estimate, Expr x0, Expr xt, Expr t) const {
  std::vector<Expr> of_parts = product().split(estimate), from = product().split(x0), to = product().split(xt), slopes;
  Expr total = constant(0);
  for (size_t i = 0; i < processes_.size(); ++i) {
    const Process& p = *processes_[i];
    Estimate part_kind = *kind_of(p, kind.kind);
    // A leaf of its own, by which the loss is differentiated.
    Expr leaf = parameter("estimate of the part", Type::f32, part_kind.shape);
    std::optional<Loss> loss = p.loss(part_kind, leaf, from[i], to[i], t);
    if (!loss) return std::nullopt;
    Expr slope = loss->gradient ? *loss->gradient : gradient(loss->number, leaf), weight = p.weight(part_kind, t);
    auto weighted = [&](const Expr& e) { return same(weight, constant(1)) ? e : weight * e; };
    std::vector<Expr> placed = rewrite({weighted(loss->number), weighted(slope)}, {{leaf, of_parts[i]}});
    total = total + placed[0];
    slopes.push_back(placed[1]);
  }
  return Loss(total, product().join(slopes));
}

bool ProductProcess::markov() const {
  return std::all_of(processes_.begin(), processes_.end(), [](const auto& p) { return p->markov(); });
}

bool ProductProcess::bridges_compose() const {
  return std::all_of(processes_.begin(), processes_.end(), [](const auto& p) { return p->bridges_compose(); });
}

std::optional<Expr> ProductProcess::flow(Expr x0, Expr xt, Expr s, Expr t) const {
  return where_each_has_one(product(), processes_, x0, xt,
                            [&](const Process& p, Expr from, Expr to) { return p.flow(from, to, s, t); });
}

std::optional<Expr> ProductProcess::flow_velocity(Expr x0, Expr xt, Expr t) const {
  return where_each_has_one(product(), processes_, x0, xt,
                            [&](const Process& p, Expr from, Expr to) { return p.flow_velocity(from, to, t); });
}

std::optional<Expr> ProductProcess::bridge_mean(Expr x0, Expr xt, Expr s, Expr t) const {
  return where_each_has_one(product(), processes_, x0, xt,
                            [&](const Process& p, Expr from, Expr to) { return p.bridge_mean(from, to, s, t); });
}

double independent_approximation(const std::vector<double>& of_parts) {
  double product = 1;
  for (double part : of_parts) product *= 1 + part * part;
  return std::sqrt(product - 1);
}

double ProductProcess::approximation(double t) const {
  std::vector<double> of_parts;
  for (const Kept<Process>& p : processes_) of_parts.push_back(p->approximation(t));
  return independent_approximation(of_parts);
}

ProductProcess Brownian(const Product& space, double) {
  throw Error(
      fmt::format("Brownian motion on space '{}' is that of its parts: use ProductProcess({{{{\"{}\", Brownian(...)}}, "
                  "...}}), or of a power ProductProcess(Brownian(...), count)",
                  space.name(), space.parts()[0].first));
}

}  // namespace catenary
