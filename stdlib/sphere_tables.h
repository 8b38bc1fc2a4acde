// The heat kernel of a sphere beside what is known of it in closed form, as polynomials.
#pragma once

#include <vector>

namespace catenary {

/// Of S^d, 4 <= d <= 12, for variances v up to 4 / d, with a = (d - 1) / 2. The kernel at the angle r is
///   K_v(r) = (2 pi v)^{-d/2} exp(-r^2 / 2v) (r / sin r)^a rho_v(r).
/// Where f is the integral of a^2 / 2 - a (a - 1) / 2 (1 / sin^2 - 1 / r^2) along a path, rho is the mean of e^f over
/// the bridges from 0 to r of a Bessel process of dimension d (Feynman and Kac). It falls as r grows, from e^{v / 2
/// (a^2 - a (a - 1) / 3)}, about.
///
///   r <= border: log rho = v P(x, y)
///   beyond:      log rho = a log u + Q(w, y), u = (pi - r) / (pi - r + stretch v)
/// because beside the antipode rho is to first order in v sqrt(2 pi z) e^{-z} I_{d/2-1}(z), z = pi (pi - r) / v, like
/// z^a at 0 and 1 at the end. P and Q are polynomials through values of the kernel's series in many digits, and through
/// the limits at v = 0. Off by less than 1e-5 within the border, beyond by less than 4e-5 for d <= 9, 8e-5 up to 12.
struct SphereTables {
  static constexpr int largest_dimension = 12;
  static constexpr double border = 2, stretch = 2;
  static constexpr int near_terms = 8, near_times = 6, far_terms = 12, far_times = 8;
  static double last(int dimension) { return 4.0 / dimension; }

  std::vector<double> near;  ///< P: of x^i y^j at [i][j]; x = 2 (r / border)^2 - 1, y = 2 v / last - 1.
  std::vector<double> far;   ///< Q likewise; w = 2 u / (u at the border) - 1.
};

/// Made once for each dimension: some 50 ms.
const SphereTables& sphere_tables(int dimension);

}  // namespace catenary
