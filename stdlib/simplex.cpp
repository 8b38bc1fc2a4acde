// The probability simplex, by square roots on the sphere.
#include <catenary/stdlib/simplex.h>

#include <cmath>

#include <fmt/format.h>

#include <catenary/stdlib/guards.h>
#include <catenary/stdlib/rejection.h>

namespace catenary {

namespace {

constexpr double smallest = 0x1p-80;

ManifoldShape orthant(int k) {
  if (k < 2) throw Error(fmt::format("space 'simplex' needs 2 or more categories; found {}", k));
  return {.point = {k}, .dimension = k - 1, .boundary = true, .curvature = 0.25};
}

Expr root(const Expr& p) { return sqrt(max(p, smallest)); }

// The way from u to w on the unit sphere: their chord, and the angle between them.
struct Way {
  Way(const Expr& p, const Expr& q)
      // p and q are exact, and so is the difference of near ones.
      : u(root(p)),
        chord((max(q, smallest) - max(p, smallest)) / (u + root(q))),
        half(0.5 * norm(chord)),
        angle(2.0 * asin(min(half, 1.0))),
        stretch(ratio(angle, sin(angle), 1)),
        // w - cos(angle) u, with 1 - cos(angle) = |w - u|^2 / 2.
        turn(chord + 2.0 * square(half) * u) {}
  Expr u, chord, half, angle;
  Expr stretch, turn;  // Their product leads from u to w.
};

// A sphere of radius 2: points, and tangent vectors with them, are half as long as they are in its metric.
class DoubledSphere final : public Manifold {
 public:
  explicit DoubledSphere(Sphere unit)
      : Manifold("sphere of radius 2", {.point = unit.point(),
                                        .dimension = unit.dimension(),
                                        .injectivity_radius = 2 * unit.injectivity_radius(),
                                        .curvature = 0.25}),
        unit_(std::move(unit)) {}
  Expr project(Expr x) const override { return unit_.project(x); }
  Expr tangent(Expr x, Expr v) const override { return unit_.tangent(x, v); }
  Expr exp(Expr x, Expr v) const override { return unit_.exp(x, v); }
  Expr log(Expr x, Expr y) const override { return unit_.log(x, y); }
  Expr inner(Expr x, Expr u, Expr v) const override { return 4.0 * unit_.inner(x, u, v); }
  Expr gradient(Expr x, Expr derivatives) const override { return 0.25 * unit_.gradient(x, derivatives); }
  Expr tangent_normal(Expr x) const override { return 0.5 * unit_.tangent_normal(x); }
  Expr uniform_point() const override { return unit_.uniform_point(); }
  Expr score(Expr x, Expr y, Expr v) const override { return 0.25 * unit_.score(x, y, 0.25 * v); }
  Expr flow(Expr x, Expr y, Expr u, Expr w) const override { return unit_.flow(x, y, 0.25 * u, 0.25 * w); }

 private:
  Sphere unit_;
};

}  // namespace

Simplex::Simplex(int categories) : Manifold("simplex", orthant(categories)) {}

Expr Simplex::project(Expr p) const {
  Expr top = max_of(p);
  Expr some = max(select(top > 0.0, p / max(top, 1e-37), select(equal(p, top), 1.0, 0.0)), smallest);
  return some / sum(some);
}

Expr Simplex::tangent(Expr p, Expr v) const { return v - sum(v) * p; }

Expr Simplex::exp(Expr p, Expr v) const {
  // An angle that float32 holds.
  Expr u = root(p), way = shortened(0.5 * (shortened(v, 1e12) / u), 1e6), angle = norm(way);
  return square(cos(angle) * u + sinc(angle) * way);
}

Expr Simplex::log(Expr p, Expr q) const {
  Way way(p, q);
  return 2.0 * way.stretch * way.u * way.turn;
}

namespace {

// The derivatives of the log of the kernel by q, late: what is left of it are the harmonics of orders 2 and 4 of the
// sphere, averaged over the signs of the roots. Of u . w, the mean square is sum p q, the mean fourth power 3 (sum p
// q)^2 - 2 sum p^2 q^2.
Expr late_slopes(const Expr& p, const Expr& q, const Expr& v) {
  const auto k = double(p.shape()[0]);
  const double fourth = k * (k + 1) * (k + 2) * (k + 3) / 24 - k * (k + 1) / 2;  // How many harmonics.
  Expr two = 0.5 * (k + 2) * exp(-k / 4 * v), four = fourth / ((k - 1) * (k + 1)) * exp(-(k + 2) / 2 * v);
  Expr product = p * q, sum = dot(p, q);
  Expr power = 3.0 * square(sum) - 2.0 * dot(product, product);
  Expr above = two * (k * sum - 1.0) + four * ((k + 4) * (k + 2) * power - 6 * (k + 2) * sum + 3.0);
  Expr slope = two * k * p + four * ((k + 4) * (k + 2) * (6.0 * sum - 4.0 * product) - 6 * (k + 2)) * p;
  return slope / max(1.0 + above, 0.1);
}

}  // namespace

Expr Simplex::score(Expr p, Expr q, Expr v) const {
  const double k = double(point()[0]), late = 4 / k * std::log(std::max(0.65 * k, 2.4));
  // On the unit sphere the variance is a quarter.
  Expr early = 0.25 * min(v, late);
  Way way(p, q);
  Expr w = root(q), parts = way.u * w;
  // Of w, what its images take away where the pull's slope by the cosine is c: each sign by its own odds.
  auto missing = [&](const Expr& c) { return w * (2.0 / (1.0 + catenary::exp(2.0 * c * parts))); };
  // c of the von Mises-Fisher law whose mean cosine e^{-(k - 1) v / 2} is the kernel's, and by it the mean angle.
  Expr half = sqrt(square(way.half) + 0.5 * dot(way.u, missing(0.5 * (k - 1) / sinh(0.5 * (k - 1) * early))));
  Expr angle = 2.0 * asin(min(half, 1.0));
  // The kernel's own is a multiple of r / sin r. It is such that both agree where r is the typical distance, with k - 2
  // in the place of k - 1, by which the slope is that of small v to the second order.
  Expr passed = (k - 2) * early, kept = catenary::exp(-0.5 * passed), sine = sqrt(-expm1(-passed));
  Expr multiple = k > 2 ? (k - 2) * kept / (sine * atan2(sine, kept)) : 1.0 / early;
  Expr c = multiple * ratio(angle, sin(angle), 1), lost = missing(c);
  Expr pull = c * (way.turn - (lost - dot(way.u, lost) * way.u));
  return select(v < late, 0.5 * way.u * pull, gradient(p, late_slopes(q, p, v)));
}

Expr Simplex::inner(Expr p, Expr u, Expr v) const {
  Expr r = root(p);
  return dot(u / r, v / r);
}

Expr Simplex::distance(Expr p, Expr q) const { return 2.0 * Way(p, q).angle; }

Expr Simplex::gradient(Expr p, Expr derivatives) const { return p * (derivatives - dot(p, derivatives)); }

Expr Simplex::tangent_normal(Expr p) const {
  Expr u = root(p), z = normal(point());
  return u * (z - dot(u, z) * u);
}

Expr Simplex::uniform_point() const {
  Expr z = square(normal(point()));
  return z / max(sum(z), 1e-30);
}

std::optional<Cover> Simplex::cover() const {
  if (point()[0] > 1024)  // The sphere's most dimensions, and one.
    throw Error(fmt::format("walks on space 'simplex' are there for 2 to 1024 categories; found {}", point()[0]));
  Sphere sphere(dimension());
  auto image = [sphere](const Expr& u, const Expr& w, const Expr& v) {
    // The derivative of the log of the kernel by the cosine, which is flat enough at its ends.
    auto slope = [&](const Expr& cosine) {
      Expr sine = max(sqrt(max((1.0 - cosine) * (1.0 + cosine), 0.0)), 1e-3);
      return sphere.pull({u, atan2(sine, cosine), atan2(sine, -cosine)}, 0.25 * v) / sine;
    };
    Expr parts = u * w, cosine = sum(parts), at_w = slope(cosine);
    Expr odds = catenary::exp(min(2.0 * at_w * parts, 80.0));
    Expr signs = until_accepted({splat(1, w.shape())}, [&] {
      Expr drawn = select(uniform(w.shape()) * (1.0 + odds) < 1.0, -1.0, splat(1, w.shape()));
      Expr there = dot(drawn, parts);
      return Proposal{{drawn}, catenary::exp(-0.5 * (slope(there) - at_w) * (cosine - there))};
    })[0];
    return signs * w;
  };
  return Cover{DoubledSphere(sphere), root, [](const Expr& u) { return square(u); }, image};
}

namespace {

constexpr std::string_view whose = "Brownian motion on space 'simplex'";
constexpr int most_categories = 8;  // Of 256 images. A sphere's kernel is known for five more.

Sphere sphere_over(const Simplex& space) {
  if (int k = int(space.point()[0]); k > most_categories)
    throw Error(fmt::format(
        "exact {} is there for 2 to {} categories; found {}. Use GeodesicWalk(space, {{.rate, .steps}}), the "
        "named approximation",
        whose, most_categories, k));
  return Sphere(space.dimension());
}

}  // namespace

SimplexBrownian::SimplexBrownian(Simplex space, double rate)
    : HeatFlow(space, whose, rate), sphere_(sphere_over(space), 0.25 * rate_) {}

SimplexBrownian Brownian(Simplex space, double rate) { return {std::move(space), rate}; }

Expr SimplexBrownian::prior(Expr) const { return space().uniform_point(); }

Expr SimplexBrownian::forward(Expr x0, Expr t) const { return square(sphere_.forward(root(x0), t)); }

std::vector<Expr> SimplexBrownian::over_images(const Expr& u, const Expr& w, const Expr& t,
                                               const std::vector<Expr>& first, const Carry& carry) const {
  // The square of the chord to an image is 4 u_i w_i longer, the sum over the signs that differ.
  Expr nearest = -max_of(-(u * w));
  return where_asked(2.0 * nearest < 0.25 * 60 * rate_ * t, first, [&] {
    const int64_t k = w.shape()[0], others = (int64_t(1) << k) - 1;
    std::vector<Expr> signs;
    for (int64_t i = 0; i < k; ++i) {
      std::vector<double> of_images;
      for (int64_t image = 1; image <= others; ++image) of_images.push_back(image >> i & 1 ? -1 : 1);
      signs.push_back(constant(of_images, {others}));
    }
    Expr base = *sphere_.log_density(u, w, t);
    return fold(others, {first.begin(), first.end()}, [&](Expr trip, const std::vector<Expr>& carried) {
      std::vector<Operand> image;
      for (int64_t i = 0; i < k; ++i) image.emplace_back(at(signs[size_t(i)], trip) * index(w, i));
      Expr point = stack(image);
      return carry(point, catenary::exp(*sphere_.log_density(u, point, t) - base), carried);
    });
  });
}

Expr SimplexBrownian::total_over_images(const Expr& u, const Expr& w, const Expr& t) const {
  auto summed = [](Expr, Expr weight, const std::vector<Expr>& k) { return std::vector{k[0] + weight}; };
  return over_images(u, w, t, {constant(1)}, summed)[0];
}

Expr SimplexBrownian::draw_image(const Expr& u, const Expr& w, const Expr& t) const {
  if (w.shape()[0] > 4) {
    Expr level = uniform() * total_over_images(u, w, t);
    // k: the sum of the weights so far, and the image at whose weight it passes the level.
    return over_images(u, w, t, {constant(1), w}, [&](Expr image, Expr weight, const std::vector<Expr>& k) {
      return std::vector{k[0] + weight, select(k[0] <= level, image, k[1])};
    })[1];
  }
  // k: the sum of the weights so far, the image drawn, and what is left of the uniform number that draws it: uniform
  // again given each choice. Of more images its digits would not do.
  auto drawn = [](Expr image, Expr weight, const std::vector<Expr>& k) {
    Expr total = k[0] + weight, share = weight / total, taken = k[2] < share;
    return std::vector{total, select(taken, image, k[1]),
                       select(taken, k[2] / max(share, 1e-30), (k[2] - share) * (total / k[0]))};
  };
  return over_images(u, w, t, {constant(1), w, uniform()}, drawn)[1];
}

Expr SimplexBrownian::bridge(Expr x0, Expr xt, Expr s, Expr t) const {
  Expr u = root(x0);
  return square(sphere_.bridge(u, draw_image(u, root(xt), t), s, t));
}

std::optional<Expr> SimplexBrownian::log_density(Expr x0, Expr xt, Expr t) const {
  Expr u = root(x0), w = root(xt);
  return *sphere_.log_density(u, w, t) + log(total_over_images(u, w, t)) - manifold().dimension() * std::log(2.0);
}

std::optional<Expr> SimplexBrownian::score(Expr x0, Expr xt, Expr t) const {
  Expr u = root(xt), w = root(x0);
  auto pulled = [&](Expr image, Expr weight, const std::vector<Expr>& k) {
    return std::vector{k[0] + weight, k[1] + weight * *sphere_.score(image, u, t)};
  };
  std::vector<Expr> sums = over_images(u, w, t, {constant(1), *sphere_.score(w, u, t)}, pulled);
  // p = u^2, and the metric is four times that of the sphere.
  return manifold().tangent(xt, 0.5 * u * (sums[1] / sums[0]));
}

std::optional<Expr> SimplexBrownian::flow(Expr x0, Expr xt, Expr s, Expr t) const {
  return follow(manifold(), xt, rate_ * t, rate_ * s,
                [&](Expr x, const Expr& v) { return *score(x0, std::move(x), v / rate_); });
}

}  // namespace catenary
