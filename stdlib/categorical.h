// Categories, and how one is drawn: from a fixed law, from probabilities, from a model's logits.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include <catenary/dsl/process.h>

namespace catenary {

/// K categories without order: i32 numbers 0 .. K - 1.
class Categorical final : public Space {
 public:
  /// 1 <= categories <= 2^24.
  explicit Categorical(int64_t categories);
  int64_t categories() const override { return categories_; }
  /// Uniform; each category's probability is within 2^-32 of 1 / K.
  Expr uniform_point() const override;

 private:
  int64_t categories_;
};

/// A draw of one of the categories 0 .. K - 1 from their probabilities, functions of k that sum to 1 (to rounding).
/// Every category but the likeliest gets its own probability to 2^-32 (and to rounding); the likeliest takes what
/// remains. `otherwise` comes out where all probabilities are 0. One pass over the categories and one word.
Expr draw_category(int64_t categories, Expr otherwise, const std::function<Expr(Expr k)>& probability);

/// What a draw of x_0 from a model's logits takes into account besides them.
struct LogitsOptions {
  double temperature = 1;               ///< The logits are divided by it: below 1 the likely become likelier.
  std::vector<int64_t> forbidden = {};  ///< Categories that are never drawn, whatever their logits.
};

/// Returns the options with `forbidden` in order; throws Error for a temperature that is not above 0, for a category
/// that does not exist, and if none is left.
LogitsOptions checked(std::string_view whose, LogitsOptions options, int64_t categories);

/// A draw of a category from its unnormalised log-probabilities. Up to 32 of them are weighed and drawn from as by
/// draw_category. More of them are proposed, in one pass, by an envelope that exceeds their weights by 6.2 % at most,
/// and accepted by the quotient: windows of lines of 16 categories compete to be the one that is drawn from, each by
/// its share of the compensated sum so far, to 2^-32 (the weighted reservoir of Chao, 1982); of it a line is drawn, and
/// of that a category. Two proposals come of the pass; where both are rejected, some one time in 700 and never more
/// than in 297, two passes more are made for each. -inf forbids a category, and so does NaN; where nothing else is
/// left, those that `options` and `possible` allow are drawn equally often. Where `possible` is given, it says which
/// categories can be drawn at all. Temperatures below 1e-37 and above 1e37 count as these.
Expr draw_from_logits(Expr logits, const LogitsOptions& options, std::function<Expr(const Expr& k)> possible = {});

/// -log of the probability that the logits give the category x_0, at temperature 1, forbidden categories having none:
/// the difference to the highest logit, and log1p of the others' weights, so that a loss near 0 keeps its digits.
/// Infinity where x_0 has no probability. The gradient is softmax(logits) - [k = x_0], 0 for forbidden categories.
Loss cross_entropy(Expr logits, Expr x0, const LogitsOptions& options);

/// A law on categories that is known at declaration: its probabilities, and draws in a time that K does not enter.
class FixedLaw {
 public:
  static FixedLaw uniform(int64_t categories);
  /// Uniform on all but one.
  static FixedLaw uniform_but(int64_t categories, int64_t left_out);
  static FixedLaw point(int64_t category);
  /// In proportion to the weights. Throws Error unless they are finite, at least 0 and one of them above 0.
  static FixedLaw of(std::string_view whose, const std::vector<double>& weights);

  /// A draw made of `word`, 32 random bits, and where the law has a table another word. Every category has its
  /// probability to 2^-32: the alias method of Walker (1977), its slots weighted by the number of words that fall on
  /// them.
  Expr draw(Expr word) const;
  bool positive() const { return positive_; }  ///< Whether every category has a probability above 0.
  Expr probability(Expr k) const;
  Expr complement(Expr k) const;       ///< 1 - probability, to its own digits.
  Expr log_probability(Expr k) const;  ///< -inf for probability 0.

 private:
  enum class Kind { uniform, uniform_but, point, table };
  FixedLaw(Kind kind, int64_t number, bool positive) : kind_(kind), number_(number), positive_(positive) {}
  void make_table(const std::vector<double>& probability);
  Kind kind_;
  int64_t number_;  ///< The category of a point, else how many there are a probability for.
  int64_t left_out_ = -1;
  bool positive_;
  std::vector<Expr> tables_;  ///< probability, complement, log_probability, threshold, alias
};

}  // namespace catenary
