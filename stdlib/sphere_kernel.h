// The heat kernel of S^d, 4 <= d <= 12.
#pragma once

#include <vector>

#include <catenary/dsl/expr.h>

namespace catenary {

/// 1 / x - cot x, for 0 <= x < pi.
Expr bend(const Expr& x);

/// Of one variance v, a number: by its tables (sphere_tables.h) up to `last`, from there on by its series of Gegenbauer
/// polynomials. Angles and what they lack of pi are both given, each with its digits near 0.
class SphereKernel {
 public:
  SphereKernel(int dimension, Expr v);

  /// log K, a density on the sphere's volume, at any v.
  Expr log_density(const Expr& angle, const Expr& rest) const;
  /// -d log K / d angle.
  Expr pull(const Expr& angle, const Expr& rest) const;

  // For v <= last.
  Expr log_rho(const Expr& angle, const Expr& rest) const;  ///< See SphereTables.
  Expr log_rho_at_start() const;
  /// How log K differs at the distance `side` from the antipode from what it is there, less how it would differ at the
  /// distance `flat` if the sphere were flat about the antipode and its end, x, pi away from it in every direction:
  /// there K is e^{-x^2 / 2v} I_n(z) z^{-n}, z = pi x / v, n = d / 2 - 1.
  Expr log_curved_over_flat(const Expr& side, const Expr& flat) const;

  // For v >= last: K over what it is at the start.
  Expr over_peak(const Expr& cosine) const;

 private:
  Expr place_within(const Expr& angle) const;
  Expr place_beyond(const Expr& rest) const;
  Expr within(const Expr& angle) const;
  Expr beyond(const Expr& rest) const;
  Expr log_rho_but_for_zero(const Expr& angle, const Expr& rest) const;
  Expr over_mean(const Expr& cosine) const;

  int dimension_;
  double a_, last_;
  Expr v_, small_;             // v; no more than `last`.
  Expr near_, far_, flat_;     // Coefficients in x and in w, vectors; `flat_` those at v = 0.
  std::vector<Expr> weights_;  // Of the series' polynomials.
};

}  // namespace catenary
