// What a space promises, point by point.
#include <catenary/verify/space.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>
#include <numbers>

#include <fmt/format.h>

#include <catenary/verify/geometry.h>
#include <catenary/verify/two_sample.h>

namespace catenary::verifying {

namespace {

constexpr double float_rounding = 0x1p-24, infinity = std::numeric_limits<double>::infinity();

std::string multiple_of_pi(double r) {
  for (auto [value, name] :
       {std::pair(std::numbers::pi, "pi"), {std::numbers::pi / 2, "pi / 2"}, {2 * std::numbers::pi, "2 pi"}})
    if (std::abs(r / value - 1) < 1e-6) return name;
  return fmt::format("{:.6g}", r);
}

// The worst of many errors, each with the tolerance that it has at its place.
class Errors {
 public:
  void offer(double error, double tolerance, const std::function<std::string()>& sentence) {
    std::lock_guard lock(mutex_);
    ++n_;
    double share = std::isfinite(error) ? error / tolerance : infinity;
    if (n_ > 1 && share <= share_) return;
    share_ = share;
    if (share > 1) sentence_ = sentence();
  }
  Check check(std::string name, std::string compared, std::string advice) const {
    Check c;
    c.name = std::move(name);
    c.compared = std::move(compared);
    c.n = n_;
    c.statistic_name = "error/tol";
    c.statistic = share_;
    c.threshold = 1;
    if (share_ > 1) {
      c.verdict = Verdict::fail;
      c.worst = sentence_;
      c.advice = std::move(advice);
    }
    return c;
  }

 private:
  std::mutex mutex_;
  int64_t n_ = 0;
  double share_ = 0;
  std::string sentence_;
};

class SpaceChecks {
 public:
  SpaceChecks(Session& session, Kept<Manifold> space, std::string label)
      : session_(session),
        label_(std::move(label)),
        space_(space),
        geometry_(space),
        ambient_(std::vector{normal(space->point())}) {}

  void plan() {
    session_.plan(label_ + "points", 1, [this] { points(); });
    session_.plan(label_ + "geodesics", 4, [this] { geodesics(); });
    session_.plan(label_ + "compiled geometry", 4, [this] { compiled(); });
    session_.plan(label_ + "tangent noise", 4, [this] { noise(); });
    session_.plan(label_ + "uniform points", 4, [this] { uniform(); });
  }

 private:
  struct Place {
    Vector x, direction;  // of unit length
  };

  void add(Check check) {
    check.name = label_ + check.name;
    session_.add(std::move(check));
  }

  double size_of(const Vector& x) const { return 1 + norm(x); }

  // Two representations may stand for one point (q and -q), which only the space's distance knows.
  double apart(const Vector& a, const Vector& b) const {
    double ambient = norm(combine(1, a, -1, b));
    if (ambient < 1e-12) return ambient;
    double own = geometry_.distance(a, b);
    return std::isfinite(own) ? std::min(ambient, own) : ambient;
  }

  std::string radius_sentence() const {
    std::string name = space_->name();
    if (declared() && std::isinf(radius_))
      return fmt::format("the space '{}' says that every geodesic is the shortest", name);
    return fmt::format("the injectivity radius of '{}' is {} ({})", name, multiple_of_pi(radius_),
                       declared() ? "as declared" : "as found: it declares none");
  }
  bool declared() const { return space_->injectivity_radius() > 0; }
  // A length that stands for a long way.
  double reach() const { return std::isfinite(radius_) ? radius_ : 4; }

  void choose_places() {
    for (uint64_t i = 0; i < 32; ++i) {
      Vector x = geometry_.some_point(i), origin(x.size());
      // From the origin, where it is a point, lengths reach the ends of coordinates exactly.
      if (i % 8 == 7 && geometry_.project(origin) == origin) x = origin;
      Vector n = geometry_.tangent_normal(x, i);
      double length = geometry_.length(x, n);
      if (length > 0) places_.push_back({x, combine(1 / length, n, 0, n)});
    }
  }

  void find_radius() {
    radius_ = space_->injectivity_radius();
    if (declared()) return;
    radius_ = infinity;
    for (const Place& p : places_)
      for (double r = 1.0 / 16; r < 8 && r < radius_; r += 1.0 / 16) {
        Vector v = combine(r, p.direction, 0, p.direction);
        if (norm(combine(1, geometry_.log(p.x, geometry_.exp(p.x, v)), -1, v)) > 1e-3 * r) radius_ = r - 1.0 / 16;
      }
    // Where not even short ways come back, that is the failure to report.
    if (radius_ < 0.25) radius_ = 0.25;
  }

  void points() {
    choose_places();
    Errors idempotent, nearest, on_space, tangent, orthogonal, gradient;
    size_t dimension = 0;
    bool positive = !places_.empty();
    for (size_t i = 0; i < places_.size(); ++i) {
      const auto& [x, u] = places_[i];
      on_space.offer(norm(combine(1, geometry_.project(x), -1, x)), 1e-6 * size_of(x), [&, x = x] {
        return fmt::format("the point {} moves to {} by project", text_of(x), text_of(geometry_.project(x)));
      });
      // Where points fill the ambient space, project brings every one of its points to one way of writing it.
      const bool fills = size_t(space_->dimension()) == geometry_.elements();
      for (double away : {1e-3, 0.1, 1.0, fills ? 30.0 : 0.5, fills ? 1000.0 : 0.01}) {
        Vector z = combine(1, x, away, ambient(i)), p = geometry_.project(z);
        idempotent.offer(norm(combine(1, geometry_.project(p), -1, p)), 1e-6 * size_of(p), [&] {
          return fmt::format("project takes {} to {}, and that to {}", text_of(z), text_of(p),
                             text_of(geometry_.project(p)));
        });
        Vector moved = combine(1, z, -1, p);
        double along = norm(geometry_.tangent(p, moved)), own = geometry_.distance(p, z);
        if (std::isfinite(own)) along = std::min(along, own);
        nearest.offer(along, 1e-5 * (size_of(z) + norm(moved)), [&] {
          return fmt::format("project takes {} to {}, {:.3g} along the space from the point nearest to it", text_of(z),
                             text_of(p), along);
        });
      }
      // Tangent vectors are the directions in which project moves.
      Vector w = geometry_.tangent(x, ambient(i + 100)), again = geometry_.tangent(x, w);
      tangent.offer(norm(combine(1, again, -1, w)), 1e-6 * size_of(w), [&, x = x] {
        return fmt::format("at {} tangent takes the vector {}, which it made itself, to {}", text_of(x), text_of(w),
                           text_of(again));
      });
      const double h = 1e-5;
      Vector moved =
          combine(0.5 / h, geometry_.project(combine(1, x, h, w)), -0.5 / h, geometry_.project(combine(1, x, -h, w)));
      tangent.offer(norm(combine(1, moved, -1, w)), 1e-4 * size_of(w), [&, x = x] {
        return fmt::format("at {} tangent returns {}, which leaves the space: project takes it to {}", text_of(x),
                           text_of(w), text_of(moved));
      });
      Vector z = ambient(i + 200), rest = combine(1, z, -1, geometry_.tangent(x, z));
      orthogonal.offer(std::abs(geometry_.inner(x, rest, w)), 1e-5 * norm(rest) * norm(w) + 1e-6, [&, x = x] {
        return fmt::format(
            "at {} what tangent takes off {} is not orthogonal to the space: its inner product with {} is {:.3g}",
            text_of(x), text_of(z), text_of(w), geometry_.inner(x, rest, w));
      });
      Vector derivatives = ambient(i + 300), rising = geometry_.gradient(x, derivatives);
      double by = geometry_.inner(x, rising, w), expected = dot(derivatives, w);
      gradient.offer(std::abs(by - expected), 1e-5 * norm(derivatives) * norm(w) + 1e-6, [&, x = x] {
        return fmt::format(
            "a function whose derivatives at {} are {} changes along {} by {:.6g}; the inner product with its gradient "
            "is {:.6g}",
            text_of(x), text_of(derivatives), text_of(w), expected, by);
      });
      if (i < 4) {
        Frame frame = geometry_.frame(x, 32);
        positive = positive && !frame.vectors.empty();
        dimension = std::max(dimension, frame.vectors.size());
        if (i == 0) frame_ = frame;
      }
    }
    add(on_space.check("points", "x drawn from the space, against project(x)",
                       "uniform_point must return points of the space; project must leave them alone"));
    add(idempotent.check("project", "project(project(z)) against project(z)",
                         "project must return a point of the space for every z near it"));
    add(tangent.check("tangent",
                      "tangent(x, v) against itself made tangent again, and against what project does to x + h v",
                      "tangent must remove all that points out of the space at x, and nothing else"));
    add(orthogonal.check("tangent is orthogonal", "inner(x, v - tangent(x, v), w) against 0 for tangent w",
                         "tangent must be the orthogonal projection in the metric that inner gives"));
    add(gradient.check("gradient", "inner(x, gradient(x, derivatives), v) against dot(derivatives, v)",
                       "a space whose inner is not the ambient one must override gradient (and tangent_normal)"));
    Check metric;
    metric.name = "metric";
    metric.compared = "the number of independent tangent directions at x, against the dimension";
    metric.n = int64_t(places_.size());
    metric.statistic_name = "dimension";
    auto expected = size_t(std::min(space_->dimension(), 32));
    metric.statistic = double(dimension);
    metric.threshold = double(expected);
    if (!positive || dimension != expected) {
      metric.verdict = Verdict::fail;
      metric.worst = positive
                         ? fmt::format("the tangent vectors at {} span {} dimensions; the space '{}' says it has {}",
                                       text_of(places_[0].x), dimension, space_->name(), space_->dimension())
                         : fmt::format("inner(x, v, v) is not positive for tangent vectors v of '{}'", space_->name());
      metric.advice = "the dimension given to the space, tangent, and inner";
    }
    add(metric);
  }

  Vector ambient(uint64_t draw) const { return ambient_({}, {.seed = 3, .point = draw})[0]; }

  std::vector<double> lengths() const {
    std::vector<double> r;
    for (double exponent = -7; exponent < -0.6; exponent += 0.5) r.push_back(std::pow(10, exponent));
    for (double share : {0.1, 0.25, 0.5, 0.75, 0.9, 0.99}) r.push_back(share * reach());
    if (declared() && std::isfinite(radius_)) r.push_back(0.999 * radius_);
    return r;
  }
  // Beyond the radius, where log finds another way.
  std::vector<double> far_lengths() const {
    if (!std::isfinite(radius_)) return {};
    return {radius_,
            std::nextafter(float(radius_), 0.0f),
            std::nextafter(float(radius_), 100.0f),
            3 * radius_,
            1.001 * radius_,
            1.3 * radius_,
            1.9 * radius_,
            2 * radius_,
            3.7 * radius_,
            30 * radius_};
  }

  // How much an error of y by one part is enlarged by log.
  double amplification(const Vector& x, const Vector& y, const Vector& log, uint64_t draw) const {
    double h = 1e-6, largest = 1;
    for (uint64_t k = 0; k < 2; ++k) {
      Vector n = ambient(1000 + 2 * draw + k), moved = geometry_.project(combine(1, y, h / norm(n), n));
      double by = norm(combine(1, moved, -1, y));
      if (by > 0.01 * h) largest = std::max(largest, norm(combine(1, geometry_.log(x, moved), -1, log)) / by);
    }
    return largest;
  }

  void geodesics() {
    find_radius();
    Errors zero, inverse, other, keeps, symmetric, triangle, lengths_agree, speed, start, goes_on, gauss;
    std::vector<double> near = lengths(), far = far_lengths();
    session_.pool().parallel_for(0, int64_t(places_.size()), 1, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const Place& p = places_[size_t(i)];
        const Vector& x = p.x;
        Vector none(x.size());
        zero.offer(norm(combine(1, geometry_.exp(x, none), -1, x)), 1e-6 * size_of(x), [&] {
          return fmt::format("exp(x, 0) is {} where x = {}", text_of(geometry_.exp(x, none)), text_of(x));
        });
        zero.offer(norm(geometry_.log(x, x)), 1e-6 * size_of(x), [&] {
          return fmt::format("log(x, x) is {} where x = {}", text_of(geometry_.log(x, x)), text_of(x));
        });
        for (double r : near) there_and_back(x, p.direction, r, uint64_t(i), inverse, lengths_agree);
        auto back = [&](const Vector& y, double r) {
          Vector again = geometry_.exp(x, geometry_.log(x, y));
          other.offer(apart(again, y), 1e-5 * size_of(y) * std::max(1.0, r), [&] {
            return fmt::format("exp(x, log(x, y)) is {}, {:.3g} away from y = {}, where x = {}, {}; {}", text_of(again),
                               apart(again, y), text_of(y), text_of(x),
                               r > 0 ? fmt::format("y lies {:.4g} along a geodesic from x", r) : "both drawn at random",
                               radius_sentence());
          });
          double forth = geometry_.distance(x, y), back = geometry_.distance(y, x);
          symmetric.offer(std::abs(forth - back), 1e-5 * (1 + forth), [&] {
            return fmt::format("|log(x, y)| is {:.6g} and |log(y, x)| is {:.6g} where x = {}, y = {}", forth, back,
                               text_of(x), text_of(y));
          });
          if (r > 0)
            lengths_agree.offer(std::max(0.0, forth - r), 1e-5 * (1 + r), [&] {
              return fmt::format("|log(x, exp(x, v))| is {:.6g}, longer than |v| = {:.6g}, where x = {}; {}", forth, r,
                                 text_of(x), radius_sentence());
            });
        };
        for (double r : far) stays(p, r, keeps);
        for (double r : far) back(geometry_.exp(x, combine(r, p.direction, 0, p.direction)), r);
        for (double r : near) back(geometry_.exp(x, combine(r, p.direction, 0, p.direction)), r);
        for (uint64_t k = 0; k < 4; ++k) {
          Vector y = geometry_.some_point(1000 + 8 * uint64_t(i) + k),
                 z = geometry_.some_point(1004 + 8 * uint64_t(i) + k);
          back(y, 0);
          double xy = geometry_.distance(x, y), yz = geometry_.distance(y, z), xz = geometry_.distance(x, z);
          triangle.offer(std::max(0.0, xz - xy - yz), 1e-5 * (1 + xz), [&] {
            return fmt::format(
                "from x = {} to z = {} it is {:.6g} by |log(x, z)|, and by y = {} only {:.6g} + {:.6g}: log does not "
                "give the "
                "shortest way",
                text_of(x), text_of(z), xz, text_of(y), xy, yz);
          });
        }
        for (double r : {1e-3, 0.1, 0.5 * reach(), 0.9 * reach(), 1.5 * reach()})
          along(p, r, speed, start, goes_on, keeps);
        for (double r : {0.1, 0.5 * reach(), 0.9 * reach()}) steepest(p, r, uint64_t(i), gauss);
      }
    });
    std::string range = fmt::format("|v| from 1e-7 to {:.4g}", near.back());
    add(zero.check("standing still", "exp(x, 0) and log(x, x), against x and 0",
                   "a division by |v| or by a distance: guard it (sinc is 1 at 0)"));
    add(start.check("exp starts along v", "the derivative of exp(x, h v) at h = 0, against v",
                    "a factor in exp: geodesics leave x with velocity v"));
    add(keeps.check("exp keeps to the space", "project(exp(x, v)) against exp(x, v)",
                    "exp must return points of the space for every tangent v, however long"));
    add(speed.check("constant speed", "the speed of exp(x, h v) along the way, against |v|",
                    "exp must run at the speed |v|, in the metric that inner gives"));
    add(goes_on.check("geodesics go on", "exp from half way with the velocity there, against exp(x, v)",
                      "exp must follow a geodesic: a curve that goes on from any of its points"));
    add(inverse.check("log inverts exp", "log(x, exp(x, v)) against v, " + range,
                      "log near 0 and near the injectivity radius; a factor between exp and log"));
    add(other.check("exp inverts log",
                    "exp(x, log(x, y)) against y, at random and along geodesics, also beyond the injectivity radius",
                    "log where y is far from x: the far side, the cut locus, the branch of an angle"));
    add(lengths_agree.check(
        "distance along geodesics", "|log(x, exp(x, v))| against |v|, " + range + " and beyond",
        "log must give the shortest way; inner must be the metric of which exp follows the geodesics"));
    add(symmetric.check("distance is symmetric", "|log(x, y)| against |log(y, x)|",
                        "log, or inner, at one of the two ends"));
    add(triangle.check("triangle inequality", "|log(x, z)| against |log(x, y)| + |log(y, z)|",
                       "log must give the shortest of the geodesics from x to y (for a turn, at most half a turn)"));
    add(gauss.check("log points away from y", "the derivative of |log(x, y)|^2 as x moves, against -2 log(x, y)",
                    "exp must follow geodesics of the metric that inner gives"));
  }

  void there_and_back(const Vector& x, const Vector& direction, double r, uint64_t draw, Errors& inverse,
                      Errors& agree) {
    Vector v = combine(r, direction, 0, direction), y = geometry_.exp(x, v), w = geometry_.log(x, y);
    double amplified = amplification(x, y, w, draw), error = norm(combine(1, w, -1, v));
    double tolerance = 1e-5 * norm(v) + 0x1p-46 * amplified * size_of(y);
    inverse.offer(error, tolerance, [&] {
      return fmt::format("log(x, exp(x, v)) differs from v by {:.3g} where |v| = {:.4g}, x = {}, v = {}; {}", error, r,
                         text_of(x), text_of(v), radius_sentence());
    });
    double length = geometry_.length(x, w);
    agree.offer(std::abs(length - r), 1e-5 * r + 0x1p-46 * amplified * size_of(y), [&] {
      return fmt::format("|log(x, exp(x, v))| is {:.6g} where |v| = {:.6g}, x = {}; {}", length, r, text_of(x),
                         radius_sentence());
    });
  }

  void along(const Place& p, double r, Errors& speed, Errors& start, Errors& goes_on, Errors& keeps) {
    Vector v = combine(r, p.direction, 0, p.direction);
    auto at = [&](double share) { return geometry_.exp(p.x, combine(share, v, 0, v)); };
    const double h = 1e-4;
    auto velocity = [&](double share) { return combine(0.5 / h, at(share + h), -0.5 / h, at(share - h)); };
    // Half way the curve must not jump, as angles do at the end of their range.
    Vector first = velocity(0);
    start.offer(std::min(norm(combine(1, first, -1, v)), jump(p.x, at(h), at(-h))), 1e-4 * size_of(v) * r + 1e-9, [&] {
      return fmt::format("exp(x, v) leaves x = {} with velocity {}; v is {}", text_of(p.x), text_of(first), text_of(v));
    });
    for (double share : {0.25, 0.5, 0.75, 1.0}) {
      Vector y = at(share), moving = geometry_.tangent(y, velocity(share));
      if (jump(y, at(share + h), at(share - h)) == 0) continue;
      double found = geometry_.length(y, moving);
      speed.offer(std::abs(found - r), 1e-4 * r * size_of(y), [&] {
        return fmt::format("after {:.4g} of its way exp(x, v) moves at the speed {:.6g}; |v| is {:.6g}, x = {}, v = {}",
                           share, found, r, text_of(p.x), text_of(v));
      });
    }
    stays(p, r, keeps);
    Vector half = at(0.5), moving = geometry_.tangent(half, velocity(0.5));
    if (jump(half, at(0.5 + h), at(0.5 - h)) == 0) return;
    Vector end = at(1), by_half = geometry_.exp(half, combine(0.5, moving, 0, moving));
    goes_on.offer(apart(end, by_half), 1e-4 * size_of(end) * std::max(r, 1e-3), [&] {
      return fmt::format("the geodesic from x = {} along v = {} ends in {}; taken up half way, in {}", text_of(p.x),
                         text_of(v), text_of(end), text_of(by_half));
    });
  }

  void stays(const Place& p, double r, Errors& keeps) {
    Vector v = combine(r, p.direction, 0, p.direction), y = geometry_.exp(p.x, v);
    keeps.offer(norm(combine(1, geometry_.project(y), -1, y)), 1e-5 * size_of(y) * std::max(1.0, r), [&] {
      return fmt::format(
          "exp(x, v) is {}, which is not a point of the space (project takes it to {}), where x = {}, v = {}",
          text_of(y), text_of(geometry_.project(y)), text_of(p.x), text_of(v));
    });
  }

  // 0 where the two ends of a short piece of curve around x are written far apart, though the way is short: the coordinates
  // jump there, and differences say nothing.
  double jump(const Vector& x, const Vector& ahead, const Vector& behind) const {
    double written = norm(combine(1, ahead, -1, behind));
    return written > 0.5 * size_of(x) && geometry_.distance(ahead, behind) < 0.1 * written ? 0 : infinity;
  }

  void steepest(const Place& p, double r, uint64_t draw, Errors& gauss) {
    Vector y = geometry_.exp(p.x, combine(r, p.direction, 0, p.direction));
    Vector n = geometry_.tangent_normal(p.x, 500 + draw), w = combine(1 / geometry_.length(p.x, n), n, 0, n);
    const double h = 1e-4;
    auto square = [&](double by) {
      double d = geometry_.distance(geometry_.exp(p.x, combine(by, w, 0, w)), y);
      return d * d;
    };
    double found = (square(h) - square(-h)) / (2 * h), expected = -2 * geometry_.inner(p.x, geometry_.log(p.x, y), w);
    gauss.offer(std::abs(found - expected), 1e-3 * (1 + r), [&] {
      return fmt::format(
          "as x = {} moves along {}, |log(x, y)|^2 changes by {:.6g} per unit; -2 inner(log(x, y), w) is {:.6g}; y = "
          "{}",
          text_of(p.x), text_of(w), found, expected, text_of(y));
    });
  }

  // The same functions in f32, against double precision.
  void compiled() {
    Probe exp(session_, space_, [this](Expr x, Expr v) { return space_->exp(x, v); });
    Probe log(session_, space_, [this](Expr x, Expr y) { return space_->log(x, y); });
    Probe project(session_, space_, [this](Expr x, Expr) { return space_->project(x); });
    Probe tangent(session_, space_, [this](Expr x, Expr v) { return space_->tangent(x, v); });
    size_t m = geometry_.elements();
    std::vector<double> radii = lengths();
    size_t within = radii.size();
    for (double r : far_lengths()) radii.push_back(r);
    for (double r : {0.0, 1e-30, 1e-20, 1e-12}) radii.push_back(r);
    std::vector<Vector> xs, vs;
    std::vector<float> x, v;
    for (const Place& p : places_)
      for (double r : radii) {
        auto put = [](std::vector<float>& to, const Vector& from) {
          for (double e : from) to.push_back(float(e));
        };
        put(x, p.x);
        put(v, combine(r, p.direction, 0, p.direction));
        xs.emplace_back(x.end() - int64_t(m), x.end());
        vs.emplace_back(v.end() - int64_t(m), v.end());
      }
    auto n = int64_t(xs.size());
    std::vector<float> y(x.size()), w(x.size()), again(x.size()), projected(x.size()), tangents(x.size());
    exp(x.data(), v.data(), y.data(), n);
    log(x.data(), y.data(), w.data(), n);
    exp(x.data(), w.data(), again.data(), n);
    project(y.data(), y.data(), projected.data(), n);
    tangent(x.data(), v.data(), tangents.data(), n);
    Errors exps, logs, returns, projects, is_tangent;
    for (size_t i = 0; i < size_t(n); ++i) {
      auto vector = [&](const std::vector<float>& from) {
        return Vector(from.begin() + int64_t(i * m), from.begin() + int64_t((i + 1) * m));
      };
      Vector yf = vector(y), wf = vector(w), exact = geometry_.exp(xs[i], vs[i]);
      double r = radii[i % radii.size()], unit = 32 * float_rounding * (size_of(exact) + std::max(norm(vs[i]), r));
      exps.offer(apart(yf, exact), unit * std::max(1.0, r), [&] {
        return fmt::format("compiled to f32, exp(x, v) is {}; in double precision {}; x = {}, v = {}", text_of(yf),
                           text_of(exact), text_of(xs[i]), text_of(vs[i]));
      });
      Vector ahead = geometry_.log(xs[i], yf);
      bool inverts = i % radii.size() < within;
      double amplified = inverts ? amplification(xs[i], geometry_.project(yf), ahead, i) : 1;
      double error = inverts ? norm(combine(1, wf, -1, vs[i])) : std::isfinite(norm(wf)) ? 0 : infinity;
      logs.offer(error, unit * amplified, [&] {
        return fmt::format(
            "compiled to f32, log(x, exp(x, v)) is {}, {:.3g} away from v = {}, where |v| = {:.4g}, x = {}; {}",
            text_of(wf), error, text_of(vs[i]), r, text_of(xs[i]), radius_sentence());
      });
      returns.offer(apart(vector(again), yf), 4 * unit * std::max(1.0, r), [&] {
        return fmt::format(
            "compiled to f32, exp(x, log(x, y)) is {}, and y = {}, where x = {}, and y lies {:.4g} along a geodesic",
            text_of(vector(again)), text_of(yf), text_of(xs[i]), r);
      });
      projects.offer(norm(combine(1, vector(projected), -1, yf)), unit * std::max(1.0, r), [&] {
        return fmt::format("compiled to f32, project takes {}, made by exp, to {}", text_of(yf),
                           text_of(vector(projected)));
      });
      Vector t = geometry_.tangent(xs[i], vs[i]);
      is_tangent.offer(norm(combine(1, vector(tangents), -1, t)), unit * (1 + norm(vs[i])), [&] {
        return fmt::format("compiled to f32, tangent(x, v) is {}; in double precision {}; x = {}, v = {}",
                           text_of(vector(tangents)), text_of(t), text_of(xs[i]), text_of(vs[i]));
      });
    }
    std::string range = fmt::format("|v| from 0 and 1e-30 to {:.4g}", *std::max_element(radii.begin(), radii.end()));
    std::string advice =
        "a formula that cancels: 1 - cos, acos near 1, a difference of large numbers; or a division by 0";
    add(exps.check("exp in f32", "exp(x, v) compiled, against double precision, " + range, advice));
    add(logs.check("log in f32", "log(x, exp(x, v)) compiled, against v, up to the injectivity radius; finite beyond",
                   advice));
    add(returns.check("exp of log in f32", "exp(x, log(x, y)) compiled, against y, " + range, advice));
    add(projects.check("project in f32", "project(exp(x, v)) compiled, against exp(x, v), " + range, advice));
    add(is_tangent.check("tangent in f32", "tangent(x, v) compiled, against double precision", advice));
  }

  // ---- laws of draws ----------------------------------------------------------------------------

  int64_t samples() const {
    int64_t n = (int64_t{1} << 22) / std::clamp(space_->dimension(), 1, 4);
    return session_.options().effort == Effort::high ? 100 * n : n;
  }

  // Compares `draw`, which fills n points from number `first` on, by `statistics`, which reads a point of each way.
  using Fill = std::function<void(float* a, float* b, int64_t n, int64_t first)>;
  using Read = std::function<void(const float* a, const float* b, Pair* values, uint64_t number)>;
  void compare(const std::string& name, const std::string& compared, std::vector<std::string> statistics,
               const Fill& fill, const Read& read, const std::string& name_a, const std::string& name_b,
               const std::string& advice) {
    const int64_t batch = 1 << 18, chunk = 1 << 12;
    size_t m = geometry_.elements(), count = statistics.size();
    TwoSample sample(std::move(statistics), 1);
    std::vector<float> a(size_t(batch) * m), b(size_t(batch) * m);
    int64_t n = samples();
    for (int64_t first = 0; first < n; first += batch) {
      fill(a.data(), b.data(), batch, first);
      if (first == 0) {
        std::vector<std::vector<double>> pilot(count);
        std::vector<Pair> values(count);
        for (size_t i = 0; i < 16384; ++i) {
          read(&a[i * m], &b[i * m], values.data(), i);
          for (size_t s = 0; s < count; ++s) pilot[s].insert(pilot[s].end(), {values[s].a, values[s].b});
        }
        sample.calibrate(pilot);
      }
      std::vector<TwoSample::Sums> sums(size_t(batch / chunk), TwoSample::Sums(sample));
      session_.pool().parallel_for(0, batch / chunk, 1, [&](int64_t begin, int64_t end) {
        std::vector<Pair> values(count);
        for (int64_t c = begin; c < end; ++c)
          for (int64_t i = c * chunk; i < (c + 1) * chunk; ++i) {
            read(&a[size_t(i) * m], &b[size_t(i) * m], values.data(), uint64_t(first + i));
            sums[size_t(c)].add(0, values);
          }
      });
      for (const auto& s : sums) sample.merge(s);
    }
    auto worst = sample.worst(name_a, name_b);
    Check check;
    check.name = name;
    check.compared = compared;
    check.n = int64_t(sample.samples());
    check.statistic_name = "|z|";
    check.statistic = worst.sigmas;
    check.threshold = sigmas_of_probability(session_.level() / double(sample.comparisons()));
    check.histograms = sample.histograms(worst.statistic, name_a, name_b);
    if (!(check.statistic <= check.threshold)) {
      check.verdict = Verdict::fail;
      check.worst = worst.sentence;
      check.advice = advice;
    }
    add(std::move(check));
  }

  void noise() {
    Probe draw(session_, space_, [this](Expr x, Expr) { return space_->tangent_normal(x); });
    size_t m = geometry_.elements(), d = frame_.vectors.size();
    const Vector& x = places_[0].x;
    std::vector<std::string> names;
    for (size_t k = 0; k < d; ++k) names.push_back(fmt::format("the noise along tangent direction {}", k + 1));
    for (size_t k = 0; k + 1 < d; ++k)
      names.push_back(fmt::format("the product of the noise along directions {} and {}", k + 1, k + 2));
    names.emplace_back("the square length of the noise");
    std::vector<float> points(size_t(1 << 18) * m);
    for (size_t i = 0; i < points.size(); ++i) points[i] = float(x[i % m]);
    compare(
        "tangent noise", "tangent_normal(x) along orthonormal directions, against standard normals", std::move(names),
        [&](float* a, float* b, int64_t n, int64_t first) {
          draw(points.data(), points.data(), a, n, session_.options().seed, first);
          std::fill(b, b + n * int64_t(m), 0.0f);
        },
        [&](const float* a, const float*, Pair* out, uint64_t number) {
          Pair square{0, 0};
          for (size_t k = 0; k < d; ++k) {
            double along = 0;
            for (size_t j = 0; j < m; ++j) along += frame_.covectors[k][j] * double(a[j]);
            uint64_t index = number * (d + d % 2) + k;
            auto word = [&](uint64_t i) { return stream_value(session_.options().seed + 1, 0, 0, 0, i); };
            out[k] = {along, box_muller(word(index & ~uint64_t{1}), word(index | 1))[index & 1]};
            square.a += out[k].a * out[k].a;
            square.b += out[k].b * out[k].b;
          }
          for (size_t k = 0; k + 1 < d; ++k) out[d + k] = {out[k].a * out[k + 1].a, out[k].b * out[k + 1].b};
          out[2 * d - 1] = square;
        },
        "by tangent_normal", "in standard normals",
        "tangent_normal must be standard normal in the metric that inner gives: variance 1 along every unit vector");
  }

  void uniform() {
    if (!geometry_.has_uniform())
      return session_.skip(label_ + "uniform points", "the space declares no uniform_point()");
    Probe points(session_, space_, [this](Expr, Expr) { return space_->uniform_point(); });
    Probe moved(session_, space_,
                [this](Expr x, Expr) { return space_->project(space_->exp(x, space_->tangent_normal(x))); });
    size_t m = geometry_.elements(), shown = std::min<size_t>(m, 8);
    std::vector<std::string> names;
    for (size_t k = 0; k < shown; ++k) names.push_back(m == 1 ? "x" : fmt::format("x[{}]", k));
    for (size_t k = 0; k + 1 < shown; ++k) names.push_back(fmt::format("x[{}] x[{}]", k, k + 1));
    std::vector<float> start(size_t(1 << 18) * m);
    uint64_t seed = session_.options().seed;
    compare(
        "uniform points", "uniform_point(), against the end of a random geodesic from it: geodesics preserve volume",
        std::move(names),
        [&](float* a, float* b, int64_t n, int64_t first) {
          points(b, b, start.data(), n, seed + 3, first);
          moved(start.data(), start.data(), b, n, seed + 4, first);
          points(b, b, a, n, seed + 5, first);
        },
        [&](const float* a, const float* b, Pair* out, uint64_t) {
          for (size_t k = 0; k < shown; ++k) out[k] = {a[k], b[k]};
          for (size_t k = 0; k + 1 < shown; ++k) out[shown + k] = {double(a[k]) * a[k + 1], double(b[k]) * b[k + 1]};
        },
        "by uniform_point", "after a random geodesic", "uniform_point must be uniform in the volume of the metric");
  }

  Session& session_;
  std::string label_;
  Kept<Manifold> space_;
  Geometry geometry_;
  Evaluator ambient_;
  std::vector<Place> places_;
  Frame frame_;
  double radius_ = 0;
};

// Categories: every one equally often.
void categories(Session& session, const Kept<Space>& space, const std::string& label) {
  Probe draw(session, space, [&](Expr, Expr) { return space->uniform_point(); });
  int64_t n = int64_t{1} << (session.options().effort == Effort::high ? 28 : 22), k = space->categories(),
          cells = std::min<int64_t>(k, 4096), outside = 0;
  const int64_t batch = 1 << 20;
  auto cell_count = size_t(cells);
  std::vector<double> counts(cell_count), expected(cell_count);
  for (int64_t i = 0; i < k; ++i) expected[size_t(i % cells)] += double(n) / double(k);
  std::vector<int32_t> none(batch), x(batch);
  for (int64_t first = 0; first < n; first += batch) {
    draw(none.data(), none.data(), x.data(), batch, session.options().seed, first);
    for (int32_t v : x) v >= 0 && v < k ? counts[size_t(v % cells)] += 1 : double(++outside);
  }
  double chi_square = 0;
  size_t worst = 0;
  auto deviation = [&](size_t c) { return (counts[c] - expected[c]) * (counts[c] - expected[c]) / expected[c]; };
  for (size_t c = 0; c < size_t(cells); ++c) {
    chi_square += deviation(c);
    if (deviation(c) > deviation(worst)) worst = c;
  }
  Check check;
  check.name = label + "uniform points";
  check.compared = "uniform_point(), against equal shares of all categories";
  check.n = n;
  check.statistic_name = "|z|";
  check.statistic = outside > 0 ? infinity : sigmas_of_chi_square(chi_square, double(cells - 1));
  check.threshold = sigmas_of_probability(session.level());
  if (k <= 64) {
    Histograms h{"category", {-1.5}, "by uniform_point", "equal shares", {0}, {0}};
    for (int64_t c = 0; c <= k + 1; ++c) {
      h.edges.push_back(double(c) - 0.5);
      bool inside = c < k;
      h.a.push_back(inside ? counts[size_t(c)] / double(n) : 0);
      h.b.push_back(inside ? 1 / double(k) : 0);
    }
    h.a.pop_back();
    h.b.pop_back();
    check.histograms = std::move(h);
  }
  if (!(check.statistic <= check.threshold)) {
    check.verdict = Verdict::fail;
    check.worst = outside > 0 ? fmt::format("{} of {} points are no category 0 .. {}", outside, n, k - 1)
                              : fmt::format("category {} comes {:.0f} times; {:.0f} are expected", worst, counts[worst],
                                            expected[worst]);
    check.advice = "uniform_point";
  }
  session.add(std::move(check));
}

}  // namespace

std::shared_ptr<void> plan_space(Session& session, const Kept<Space>& space, const std::string& label) {
  if (auto manifold = space.as<Manifold>()) {
    auto checks = std::make_shared<SpaceChecks>(session, *manifold, label);
    checks->plan();
    return checks;
  }
  if (space->categories() > 0)
    session.plan(label + "uniform points", 1, [&session, space, label] { categories(session, space, label); });
  else
    session.plan(label + "points", 0, [&session, space, label] {
      session.skip(label + "geometry",
                   fmt::format("space '{}' is neither a manifold nor categories: only processes on it can be checked",
                               space->name()));
    });
  return nullptr;
}

}  // namespace catenary::verifying
