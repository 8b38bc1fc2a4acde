// Jump processes with any rates: P_t = exp(Q t), from tables in time that are made at declaration.
#pragma once

#include <catenary/stdlib/jump.h>

namespace catenary {

struct GeneratorTables;

struct GeneratorJumpOptions {
  /// Q, K x K, row major: element (i, j) is the rate of jumps from i to j; the rows sum to 0. Some category must be
  /// reached from all others, if only by way of others, so that there is one stationary law. Others may be left for
  /// good.
  std::vector<double> rates = {};
};

/// Jumps at rates Q: P_t = exp(Q t), whether or not Q is reversible; rates that change in time are told by the clock.
///
/// log P_t is interpolated by pieces of degree 8: the first, from t = 0 on, with log P_ij = n log t + a polynomial in
/// t, n the least number of jumps from i to j, the others in log t. What they go through is made in double precision
/// by series and by repeated squaring (positive terms only). P_ij(t) is right to 1e-6 of itself and of its logarithm,
/// however small (where it falls below 1e-300 it is taken as never, for a category that is left for good from 1e-210
/// on); where t is less than 6e-8 of the mean stay in the category that is left fastest, so are those of rates above
/// 1e-6 of that category's. Beyond the last piece all rows are the stationary law to 1e-9. The slowest rates may be
/// about 1e-6 of the fastest. A forward draw looks at K values, a bridge at 2 K + 1.
///
/// The tables hold 90 to 270 K^2 numbers, more where the chain goes around and around before it forgets; 2^28 are
/// allowed, enough for K = 1,024 in most cases. Every question that is compiled holds them: 0.6 GB for K = 1,024, where
/// making them takes about half a minute on two cores and 6 GB, compiling 12 s a question and a draw 15 to 30 us.
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
  GeneratorJump(Categorical space, std::string_view whose, GeneratorTables&& tables, LogitsOptions logits);

  /// Where a length of time is found in the tables.
  struct Place {
    Expr piece;   ///< How many numbers lie before its piece.
    Expr along;   ///< How far along the piece, 0 to 1.
    Expr before;  ///< log of its share of the first piece, 0 later.
  };
  Place place(Expr time) const;
  Expr log_probability(const Expr& from, const Expr& to, const Place& place) const;

  double fastest_;               ///< The highest rate at which a category is left.
  double first_;                 ///< Where the first piece ends, in mean stays at that rate.
  int64_t earlier_, stretches_;  ///< Stretches before the time 1 / fastest_, and in all.
  Expr pieces_of_;               ///< Of each stretch.
  Expr pieces_before_;           ///< Before each stretch.
  Expr polynomials_;             ///< Of piece, from, to: its 9 coefficients.
  Expr jumps_;                   ///< Of from, to: the least number of jumps.
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
