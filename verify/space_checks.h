// The checks of a manifold, one function after another; see space.cpp, geodesics.cpp and compiled_space.cpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <catenary/verify/errors.h>
#include <catenary/verify/two_sample.h>

namespace catenary::verifying {

class SpaceChecks {
 public:
  SpaceChecks(Session& session, Kept<Manifold> space, std::string label);
  void plan();

 private:
  struct Place {
    Vector x, direction;  // of unit length
    double radius;        // up to which log inverts exp this way
  };
  /// Fills n points of each way of drawing, from number `first` on.
  using Fill = std::function<void(float* a, float* b, int64_t n, int64_t first)>;
  /// One statistic at one sample, by both ways of drawing it.
  struct Pair {
    double a, b;
  };
  /// The statistics of a point of each way.
  using Read = std::function<void(const float* a, const float* b, Pair* values, uint64_t number)>;

  // What is checked (space.cpp).
  /// Places, a frame at the first of them, and the radius: once, before the first check that needs them.
  void prepare();
  void choose_places();
  void find_radius();
  void points();
  void add(Check check);
  static double size_of(const Vector& x) { return 1 + norm(x); }
  /// How far apart two points are written; where two representations stand for about the same point (q and -q), which
  /// only the space's distance knows, that distance.
  double apart(const Vector& a, const Vector& b) const;
  bool declared() const { return space_->injectivity_radius() > 0; }
  std::string radius_sentence() const;
  /// A length that stands for a long way.
  double reach() const;
  std::vector<double> lengths(const Place& p) const;
  /// Beyond the radius, where log finds another way.
  static std::vector<double> far_lengths(const Place& p);
  Vector ambient(uint64_t draw) const;
  /// How much an error of y by one part is enlarged by log.
  double amplification(const Vector& x, const Vector& y, const Vector& log, uint64_t draw) const;

  // Geodesics in double precision (geodesics.cpp).
  void geodesics();
  void there_and_back(const Vector& x, const Vector& direction, double r, uint64_t draw, Errors& inverse,
                      Errors& agree);
  void along(const Place& p, double r, Errors& speed, Errors& start, Errors& goes_on, Errors& keeps);
  void stays(const Place& p, double r, Errors& keeps);
  /// 0 where the two ends of a short piece of curve around x are written far apart, though the way is short: the
  /// coordinates jump there, and differences say nothing.
  double jump(const Vector& x, const Vector& ahead, const Vector& behind) const;
  void steepest(const Place& p, double r, uint64_t draw, Errors& gauss);

  // Compiled code, and laws of draws (compiled_space.cpp).
  /// A function of two vectors, in both precisions, and what messages call the two.
  struct Compared {
    const char *a, *b;
    std::function<Expr(Expr, Expr)> compiled;
    std::function<Vector(const Vector&, const Vector&)> exact;
    bool gives_points = false;
  };
  /// The compiled function at every a[i] and b[i], held against double precision there (where only_finite: against
  /// being finite).
  std::vector<Vector> in_f32(Errors& errors, const std::string& text, const Compared& function,
                             const std::vector<Vector>& a, const std::vector<Vector>& b,
                             const std::function<bool(size_t)>& only_finite = nullptr);
  /// Whether exp(x[i], way[i]), way[i] a compiled log(x[i], y[i]), is y[i].
  void leads_back(Errors& errors, const std::vector<Vector>& x, const std::vector<Vector>& way,
                  const std::vector<Vector>& y, const std::function<bool(size_t)>& left_out = nullptr);
  /// How far, in the space's own distance, a rounding in f32 moves a point.
  double blur(const Vector& x) const;
  void compiled();
  int64_t samples() const;
  void compare(const std::string& name, const std::string& compared, std::vector<std::string> statistics,
               const Fill& fill, const Read& read, const std::string& name_a, const std::string& name_b,
               const std::string& advice);
  void noise();
  void uniform();

  Session& session_;
  std::string label_;
  Kept<Manifold> space_;
  Geometry geometry_;
  Evaluator ambient_;
  std::vector<Place> places_;
  Frame frame_;
  double radius_ = 0;
  bool prepared_ = false;
  Errors nearest_;  ///< Of project, found by points().
};

}  // namespace catenary::verifying
