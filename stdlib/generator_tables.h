// exp(Q t) of a generator, as polynomials in time.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace catenary {

/// log P_t for P_t = exp(Q t), between each two of `k` categories. Times are in units of 1 / fastest, the mean stay in
/// the category that is left fastest.
///
/// P_ij(t) is t^n times a series in t, n the least number of jumps from i to j. The first piece is log P - n log t as a
/// polynomial in t, up to the time `first`; from there on log P is one in log t, in stretches of as many pieces as they
/// need, until all rows are the law at the end.
struct GeneratorTables {
  /// Of Q, k x k, row major. Errors call it `whose`.
  GeneratorTables(std::string_view whose, const std::vector<double>& rates, size_t k);
  /// Throws where tables of so many pieces are too large; two are the least, so rates need not be there yet.
  static void check_size(std::string_view whose, size_t k, int64_t pieces = 2);

  static constexpr size_t degree = 8, coefficients = degree + 1;
  /// A stretch is a factor `stretch` of time.
  static constexpr double stretch = 4;

  bool way(size_t from, size_t to) const { return jumps[from * k + to] < double(k); }
  double first() const;
  int64_t numbers() const { return pieces * int64_t(k * k * coefficients); }

  size_t k;
  double fastest = 0;
  int earlier_stretches = 0;        ///< From `first` to 1.
  std::vector<double> pieces_of;    ///< Of each stretch from `first` on: its pieces.
  int64_t pieces = 0;               ///< In all, with the first.
  std::vector<double> polynomials;  ///< Of piece, from, to: its coefficients; x is 0 to 1 along the piece.
  std::vector<double> jumps;        ///< Of from, to: the least number of jumps; k where there is no way.
  std::vector<double> stationary;   ///< The law at the end.

 private:
  using Matrix = std::vector<double>;
  using Values = std::function<void(size_t pair, std::vector<double>& at_places)>;

  void check_end(std::string_view whose);
  const Matrix& power(size_t m);
  std::vector<Matrix> by_series(double longest, const std::vector<double>& along);
  bool add_first_piece();
  void add_stretches(std::string_view whose);
  bool add_piece(const Values& values, bool enough, bool may_vanish = true);
  void drop_pieces(int many);
  bool forgotten(const Matrix& p) const;

  Matrix unit_;                 ///< Q in units of its fastest rate.
  std::vector<Matrix> powers_;  ///< (I + Q)^m, while tables are made.
  std::vector<bool> stays_;     ///< Of categories: whether it is not left for good.
};

}  // namespace catenary
