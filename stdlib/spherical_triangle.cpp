// Half angles, and Heron's formula on the sphere.
#include <catenary/stdlib/spherical_triangle.h>

namespace catenary {

FlatBridge flat_bridge(const Expr& normal, const Expr& direction, const Expr& distance, const Expr& share,
                       const Expr& deviation) {
  Expr beside = dot(normal, direction), along = share * distance + deviation * beside;
  Expr across = deviation * (normal - beside * direction), aside = dot(across, across);
  return {along, across, sqrt(square(along) + aside), sqrt(square(along - distance) + aside)};
}

OnSphere on_sphere(const FlatBridge& y, const Expr& distance) {
  Expr half = 0.5 * distance, mean = 0.5 * (y.theta + y.phi), apart = 0.5 * (y.theta - y.phi);
  auto sinc = sinc_within_pi;
  Expr shrunk = 1.0 / sinc(distance), cosine = cos_within_pi(y.theta);
  // cos(half) sinc(half) is sinc(distance).
  Expr along = shrunk * (sinc(mean) * sinc(apart) * (y.along - half) + cosine * half * square(sinc(half)));
  Expr sides = sinc(mean + half) * sinc(mean - half) * (sinc(half - apart) * sinc(half + apart));
  return {cosine, along, shrunk * sqrt(max(sides, 0.0)) * y.across};
}

}  // namespace catenary
