// Jump processes with any rates: P_t = exp(Q t), from tables in time that are made at declaration.
#pragma once

#include <catenary/stdlib/jump.h>

namespace catenary {

struct GeneratorJumpOptions {
  /// Q, K x K, row major: element (i, j) is the rate of jumps from i to j; the rows sum to 0. Some category must be
  /// reached from all others, if only by way of others, so that there is one stationary law. Others may be left for
  /// good.
  std::vector<double> rates = {};
};

/// Jumps at rates Q: P_t = exp(Q t), whether or not Q is reversible; rates that change in time are told by the clock.
///
/// log P_t is interpolated in log t by pieces of degree 8, whose values at the nodes come from repeated squaring in
/// double precision (positive terms only). P_ij(t) is right to 1e-6 of itself and of its logarithm, however small
/// (where it falls below 1e-300 it is taken as never, for a category that is left for good from 1e-75 on); where t is
/// less than 6e-8 of the mean stay in the category that is left fastest, so are those of rates above 1e-6 of that
/// category's. Beyond the last piece all rows are the stationary law to 1e-9. The slowest rates may be about 1e-6 of
/// the fastest. A forward draw looks at K values, a bridge at 2 K + 1. The tables hold about 150 K^2 numbers, more
/// where the chain moves far before it forgets; 2^24 are allowed, enough for K = 256 in most cases and never for K
/// above 378. Making them takes about 500 K^3 multiplications: 0.1 s for K = 64.
class GeneratorJump : public Jump {
 public:
  GeneratorJump(Categorical space, GeneratorJumpOptions options, LogitsOptions logits = {});
  /// The stationary law of Q.
  Expr prior(Expr horizon) const override;
  Expr forward(Expr x0, Expr t) const override;
  /// P_s(x_0, k) P_{t-s}(k, x_t) / P_t(x_0, x_t) over all k; x_t where there is no way to it from x_0.
  Expr bridge(Expr x0, Expr xt, Expr s, Expr t) const override;
  /// -infinity where there is no way.
  std::optional<Expr> log_density(Expr x0, Expr xt, Expr t) const override;

 protected:
  /// Where x_t is reached from no other category.
  std::optional<Expr> tells(Expr xt, Expr t) const override;
  /// From where there is a way to x_t.
  Start possible(Expr xt) const override;
  GeneratorJump(Categorical space, std::string_view whose, const std::vector<double>& rates, LogitsOptions logits);

 private:
  struct Tables;
  GeneratorJump(Categorical space, std::string_view whose, const Tables& tables, LogitsOptions logits);

  /// Where a length of time is found in the tables.
  struct Place {
    Expr piece;     ///< How many numbers lie before its piece.
    Expr along;     ///< How far along the piece, 0 to 1.
    Expr before;    ///< log of its share of the shortest time in the tables, at most 0.
    Expr short_of;  ///< That share less 1.
  };
  Place place(Expr time) const;
  Expr log_probability(const Expr& from, const Expr& to, const Place& place) const;

  double fastest_;            ///< The highest rate at which a category is left.
  double pieces_per_e_;       ///< Pieces per factor e of time.
  int64_t earlier_, pieces_;  ///< Pieces before the time 1 / fastest_, and in all.
  Expr polynomials_;          ///< Of piece, from, to: its 9 coefficients.
  Expr jumps_, bends_;        ///< Of from, to: the least number of jumps; how far log P bends before the tables begin.
  FixedLaw stationary_;
  std::optional<Expr> starts_;  ///< From how many categories each is reached; absent: each from all.
};

struct OrdinalJumpOptions {
  double rate = 1;
  double width = 1;  ///< In categories.
};

/// Jumps between ordered categories, near ones more often: from i to j at the rate rate w(j - i), with
/// w(n) = exp(-n^2 / (2 width^2)) / sum over 0 < |m| < K of exp(-m^2 / (2 width^2)). Where no end is near, a category
/// is left at `rate`. The stationary law is uniform. The discretised Gaussian of Austin et al. (2021), in continuous
/// time; there width = (K - 1) sqrt(beta / 8).
class OrdinalJump final : public GeneratorJump {
 public:
  OrdinalJump(Categorical space, OrdinalJumpOptions options, LogitsOptions logits = {});
};

}  // namespace catenary
