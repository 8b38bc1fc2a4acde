// What the verifier found: a table for people, JSON for programs, pictures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace catenary {

/// `skipped`: what the check needs is not there (say, a density); not a failure.
enum class Verdict { pass, fail, skipped };
std::string name_of(Verdict verdict);  ///< "pass", "FAIL", "skipped"

/// Two distributions of one number over the same cells, for a picture.
struct Histograms {
  std::string statistic;       ///< what the number is: "distance from x_0 to x_s"
  std::vector<double> edges;   ///< cells + 1, rising; for categories 0, 1, 2, ...
  std::string name_a, name_b;  ///< "noised to s", "bridged from t"
  std::vector<double> a, b;    ///< the share of each cell
};

/// A curve for a picture: the error of a walk by its number of steps.
struct Curve {
  std::string x_name, y_name;
  std::vector<double> x, y;
};

/// One line of a report.
struct Check {
  std::string name;            ///< "bridge identity"
  std::string compared;        ///< what with what: "x_s noised, against bridged from x_t (s = 0.25, t = 0.5)"
  int64_t n = 0;               ///< samples or points
  std::string statistic_name;  ///< "|z|", "chi-square, 99 degrees", "error/tol"
  double statistic = 0;
  double threshold = 0;  ///< a correct law exceeds it with the probability that the report states, or never
  Verdict verdict = Verdict::pass;
  std::string worst;   ///< the worst case in the user's terms; for `skipped` the reason
  std::string advice;  ///< for a failure: what to look at
  std::optional<Histograms> histograms;
  std::optional<Curve> curve;
};

struct Report {
  std::string subject;  ///< "space 'sphere'", "process on space 'circle'", "joint 'cities'"
  std::vector<Check> checks;
  double false_alarm = 0;  ///< the probability that a correct subject fails
  double seconds = 0;

  bool passed() const;  ///< No check failed.
  /// A table: check, what was compared, n, statistic, threshold, verdict; below it, for each failure, its worst case
  /// and what to look at. Lines are at most `width` characters where words allow.
  std::string table(int width = 120) const;
  /// The same as one JSON object; numbers that are not finite are the strings "inf", "-inf" and "nan".
  std::string json() const;
  /// Draws the compared distributions and curves, failures first, to a PNG file by gnuplot. Throws Error if the file
  /// cannot be written or gnuplot fails.
  void plot(const std::string& file) const;
};

}  // namespace catenary
