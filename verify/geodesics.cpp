// What a space promises of exp, log and distances.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/verify/space_checks.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

void SpaceChecks::geodesics() {
  Errors zero, inverse, other, keeps, symmetric, triangle, lengths_agree, speed, start, goes_on, gauss;
  session_.pool().parallel_for(0, int64_t(places_.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const Place& p = places_[size_t(i)];
      const Vector& x = p.x;
      std::vector<double> near = lengths(p), far = far_lengths(p);
      Vector none(x.size());
      zero.offer(norm(combine(1, geometry_.exp(x, none), -1, x)), 1e-6 * size_of(x), [&] {
        return fmt::format("exp(x, 0) is {} where x = {}", text_of(geometry_.exp(x, none)), text_of(x));
      });
      zero.offer(norm(geometry_.log(x, x)), 1e-6 * size_of(x),
                 [&] { return fmt::format("log(x, x) is {} where x = {}", text_of(geometry_.log(x, x)), text_of(x)); });
      for (double r : near) there_and_back(x, p.direction, r, uint64_t(i), inverse, lengths_agree);
      auto back = [&](const Vector& x, const Vector& y, double r) {
        Vector way = geometry_.log(x, y), again = geometry_.exp(x, way);
        Vector out = combine(1, way, -1, geometry_.tangent(x, way));
        other.offer(norm(out), 1e-6 * size_of(way), [&] {
          return fmt::format(
              "log(x, y) is {}, which is not tangent: {:.3g} of it leads out of the space; x = {}, y = {}",
              text_of(way), norm(out), text_of(x), text_of(y));
        });
        other.offer(apart(again, y), 1e-5 * size_of(y) * std::max(1.0, r), [&] {
          return fmt::format(
              "exp(x, log(x, y)) is {}, {:.3g} away from y = {}, where x = {}, {}; {}", text_of(again), apart(again, y),
              text_of(y), text_of(x),
              r > 0 ? fmt::format("y lies {:.4g} along a geodesic from x", r) : "both at random, or y opposite to x",
              radius_sentence());
        });
        double forth = geometry_.distance(x, y), back = geometry_.distance(y, x), length = geometry_.length(x, way);
        lengths_agree.offer(std::abs(length - forth), 1e-5 * (1 + std::abs(forth)), [&] {
          return fmt::format("the distance of x = {} and y = {} is {:.6g}, and |log(x, y)| is {:.6g}", text_of(x),
                             text_of(y), forth, length);
        });
        symmetric.offer(std::abs(forth - back), 1e-5 * (1 + std::abs(forth)), [&] {
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
      for (double r : far) back(x, geometry_.exp(x, combine(r, p.direction, 0, p.direction)), r);
      for (double r : near) back(x, geometry_.exp(x, combine(r, p.direction, 0, p.direction)), r);
      // Of spheres the very antipode; at points on axes too, which a formula may have chosen.
      if (declared()) back(x, geometry_.project(combine(-1, x, 0, x)), 0);
      if (declared() && size_t(i) < 2 * std::min<size_t>(x.size(), 2)) {
        Vector axis(x.size());
        axis[size_t(i) / 2] = i % 2 == 0 ? 1 : -1;
        Vector on_axis = geometry_.project(axis);
        if (std::isfinite(norm(on_axis))) back(on_axis, geometry_.project(combine(-1, on_axis, 0, on_axis)), 0);
      }
      for (uint64_t k = 0; k < 4; ++k) {
        Vector y = geometry_.some_point(1000 + 8 * uint64_t(i) + k),
               z = geometry_.some_point(1004 + 8 * uint64_t(i) + k);
        back(x, y, 0);
        double xy = geometry_.distance(x, y), yz = geometry_.distance(y, z), xz = geometry_.distance(x, z);
        triangle.offer(std::max(0.0, xz - xy - yz), 1e-5 * (1 + xz), [&] {
          return fmt::format(
              "from x = {} to z = {} it is {:.6g} by |log(x, z)|, and by y = {} only {:.6g} + {:.6g}: log does not "
              "give the shortest way",
              text_of(x), text_of(z), xz, text_of(y), xy, yz);
        });
      }
      // What project makes of vectors far from the space and of either sign is a point like others.
      for (double away : {-2.0, -1.0, 0.5, 10.0, 1e15, 1e25}) {
        Vector n = ambient(700 + uint64_t(i));
        Vector z = away < 0 ? combine(away + 1, x, -1e-3, n) : combine(away > 1 ? 0 : 1, x, away, n);
        Vector y = geometry_.project(z), again = geometry_.exp(x, geometry_.log(x, y));
        other.offer(apart(again, y), 1e-5 * size_of(y), [&] {
          return fmt::format("exp(x, log(x, y)) is {}, {:.3g} away from y = {}, which is project({}), where x = {}",
                             text_of(again), apart(again, y), text_of(y), text_of(z), text_of(x));
        });
        if (away < 1e2 && !space_->has_boundary()) {
          Vector w = geometry_.tangent_normal(y, uint64_t(i));
          double length = std::min(1.0, reach() / 2),
                 found = geometry_.distance(y, geometry_.exp(y, combine(length / geometry_.length(y, w), w, 0, w)));
          lengths_agree.offer(std::abs(found - length), 1e-3 * length, [&] {
            return fmt::format("|log(x, exp(x, v))| is {:.6g} where |v| = {:.6g} and x = {}, which is project({})",
                               found, length, text_of(y), text_of(z));
          });
        }
        Vector still = geometry_.exp(y, none);
        zero.offer(norm(combine(1, still, -1, y)), 1e-6 * size_of(y), [&] {
          return fmt::format("exp(x, 0) is {} where x = {}, which is project({})", text_of(still), text_of(y),
                             text_of(z));
        });
      }
      for (double r : {1e-3, 0.1, 0.5 * reach(), 0.9 * reach(), 1.5 * reach()})
        along(p, r, speed, start, goes_on, keeps);
      for (double r : {0.1, 0.5 * reach(), 0.9 * reach()}) steepest(p, r, uint64_t(i), gauss);
    }
  });
  double longest = 0;
  for (const Place& p : places_) longest = std::max(longest, lengths(p).back());
  std::string range = fmt::format("|v| from 1e-7 to {:.4g}", longest);
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
  // Told here, because log has its part in it; found by points().
  if (nearest_.any())
    add(nearest_.check("project is nearest", "the way from z to project(z), along the space, against 0",
                       "project must return the point nearest to z; of angles, the same angle"));
  add(gauss.check("log points away from y", "the derivative of |log(x, y)|^2 as x moves, against -2 log(x, y)",
                  "exp must follow geodesics of the metric that inner gives"));
}

void SpaceChecks::there_and_back(const Vector& x, const Vector& direction, double r, uint64_t draw, Errors& inverse,
                                 Errors& agree) {
  Vector v = combine(r, direction, 0, direction), y = geometry_.exp(x, v), w = geometry_.log(x, y);
  double amplified = amplification(x, y, w, draw), error = norm(combine(1, w, -1, v));
  double tolerance = 1e-5 * norm(v) + 0x1p-46 * amplified * size_of(y);
  inverse.offer(error, tolerance, [&] {
    return fmt::format("log(x, exp(x, v)) differs from v by {:.3g} where |v| = {:.4g}, x = {}, v = {}; {}", error, r,
                       text_of(x), text_of(v), radius_sentence());
  });
  double apart = geometry_.distance(x, y);
  agree.offer(std::abs(apart - r), 1e-5 * r + 0x1p-46 * amplified * size_of(y), [&] {
    return fmt::format("the distance from x to exp(x, v) is {:.6g} where |v| = {:.6g}, x = {}; {}", apart, r,
                       text_of(x), radius_sentence());
  });
  double length = geometry_.length(x, w);
  agree.offer(std::abs(length - r), 1e-5 * r + 0x1p-46 * amplified * size_of(y), [&] {
    return fmt::format("|log(x, exp(x, v))| is {:.6g} where |v| = {:.6g}, x = {}; {}", length, r, text_of(x),
                       radius_sentence());
  });
}

void SpaceChecks::along(const Place& p, double r, Errors& speed, Errors& start, Errors& goes_on, Errors& keeps) {
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

void SpaceChecks::stays(const Place& p, double r, Errors& keeps) {
  Vector v = combine(r, p.direction, 0, p.direction), y = geometry_.exp(p.x, v);
  keeps.offer(norm(combine(1, geometry_.project(y), -1, y)), 1e-5 * size_of(y) * std::max(1.0, r), [&] {
    return fmt::format(
        "exp(x, v) is {}, which is not a point of the space (project takes it to {}), where x = {}, v = {}", text_of(y),
        text_of(geometry_.project(y)), text_of(p.x), text_of(v));
  });
}

double SpaceChecks::jump(const Vector& x, const Vector& ahead, const Vector& behind) const {
  double after = norm(combine(1, ahead, -1, x)), before = norm(combine(1, x, -1, behind));
  bool uneven = std::max(after, before) > 10 * std::min(after, before);
  return uneven && geometry_.distance(ahead, behind) < 0.1 * (after + before) ? 0 : infinity;
}

void SpaceChecks::steepest(const Place& p, double r, uint64_t draw, Errors& gauss) {
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

}  // namespace catenary::verifying
