// log_density and the score at single points: against each other, and compiled against double precision.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include <catenary/verify/density.h>
#include <catenary/verify/errors.h>

namespace catenary::verifying {

namespace {

constexpr int64_t samples = 64;

class PointChecks {
 public:
  PointChecks(Session& session, const Subject& subject, const Component& component, const State& starts)
      : session_(session),
        subject_(subject),
        c_(component),
        starts_(starts),
        density_({derive(*subject_.joint, *c_.declared, Question::log_density).result}) {
    try {
      score_.emplace(std::vector{derive(*subject_.joint, *c_.declared, Question::score).result});
    } catch (const Error& e) {  // That there is none, or what is wrong with it.
      no_score_ = e.what();
    }
  }

  void run() {
    for (double share : {1e-12, 1e-6, 1e-4, 0.01, 0.1, 0.5, 1.0}) look(subject_.time(share));
    const char* advice = "a formula that cancels; a series cut off too soon; a division by 0";
    add(log_in_f32_.check("log_density in f32",
                          "log_density compiled, against double precision, at times from 1e-12 T to T", advice));
    if (!c_.geometry) return;
    add(peak_.check("density near x_0", "log_density at x_t = x_0, against points near it",
                    "log_density where x_t is x_0: a division by the distance, a branch for small ones"));
    if (!score_) return session_.skip(c_.label + "score", no_score_);
    add(slopes_.check("score", "inner(score, u), against the change of log_density along u",
                      "score: the gradient by x_t, at x_t; a branch of log_density that cannot be differentiated"));
    if (subject_.answers(Question::score))
      add(score_in_f32_.check("score in f32",
                              "the score compiled, against double precision, at times from 1e-12 T to T", advice));
  }

 private:
  struct Place {
    Vector x0, xt;
    double t;
  };

  void add(Check check) {
    check.name = c_.label + check.name;
    session_.add(std::move(check));
  }

  State with(const void* points) const { return state_with(starts_, c_, points, samples); }
  State drawn(double t) const {
    return subject_.sampler->forward(with(nullptr), t, Seed(session_.options().seed, 52), unchecked());
  }
  // Of log_density and score; categories are no numbers that could be off.
  Vector ask(const Evaluator& function, const Place& at) const {
    return function({{"x0", at.x0}, {"xt", at.xt}, {"t", {at.t}}})[0];
  }
  std::string text_of(const Place& at) const {
    return fmt::format("x_0 = {}, x_t = {}, t = {:.4g}", verifying::text_of(at.x0), verifying::text_of(at.xt), at.t);
  }

  void look(double t) {
    if (!(c_.clock(t) > 0)) return;
    // x_t as it is drawn at t, and far from x_0; where another sample starts; x_0 itself.
    State near = drawn(t), far = drawn(subject_.horizon());
    Tensor ends = contiguous(near[c_.name]);
    const size_t bytes = size_t(ends.bytes() / samples);
    auto put = [&](int64_t i, const State& from, int64_t j) {
      std::memcpy(static_cast<char*>(ends.data()) + size_t(i) * bytes,
                  element_of<char>(from, c_, 0) + size_t(j) * bytes, bytes);
    };
    for (int64_t i = 0; i < samples; i += 8) {
      put(i + 1, far, i + 1);
      put(i + 2, starts_, i + 3);
      put(i + 3, starts_, i + 3);
    }
    State x0 = with(nullptr), xt = with(ends.data()), scores;
    State logs = subject_.sampler->log_density(x0, xt, t, unchecked());
    const bool compiled_score = score_ && subject_.answers(Question::score);
    if (compiled_score) scores = subject_.sampler->score(x0, xt, t, unchecked());
    for (int64_t i = 0; i < samples; ++i) {
      Place at{vector_of(c_, x0, i), vector_of(c_, xt, i), t};
      compare(log_in_f32_, density_, "log_density", at, {double(logs[c_.name].values<const float>()[size_t(i)])});
      if (!c_.geometry) continue;
      if (compiled_score) compare(score_in_f32_, *score_, "the score", at, vector_of(c_, scores, i));
      if (t < subject_.time(1e-4)) continue;  // Differences tell nothing of densities that narrow.
      if (i % 8 == 3) peak(at, vector_of(c_, near, i));
      if (score_) slope(at, vector_of(c_, near, i));
    }
  }

  void compare(Errors& errors, const Evaluator& function, const char* name, const Place& at,
               const Vector& found) const {
    Vector exact = ask(function, at);
    if (std::isinf(exact[0]) && exact == found) return errors.offer(0, 1, nullptr);  // There is no way to this x_t.
    if (!f32_holds(exact) && !std::isnan(norm(exact))) return;
    auto moved = [&](const Inputs& inputs) {
      if (c_.categorical()) return ask(function, {at.x0, at.xt, inputs[0][0]});
      return ask(function, {inputs[0], inputs[1], inputs[2][0]});
    };
    Inputs inputs = c_.categorical() ? Inputs{{at.t}} : Inputs{at.x0, at.xt, {at.t}};
    errors.offer(norm(combine(1, found, -1, exact)), f32_tolerance(moved, inputs, exact) + log_tolerance, [&] {
      return fmt::format("compiled to f32, {} is {}; in double precision {}; {}", name, verifying::text_of(found),
                         verifying::text_of(exact), text_of(at));
    });
  }

  // The density has no hole at x_0, for a way through there to a point as far as x_t is: it may rise along that.
  void peak(const Place& at, const Vector& as_far) {
    Vector way = c_.geometry->log(at.x0, as_far);
    auto beside = [&](double by) {
      return ask(density_, {at.x0, c_.geometry->exp(at.x0, combine(by, way, 0, way)), at.t})[0];
    };
    double there = ask(density_, at)[0], here = 0.5 * (beside(1e-5) + beside(-1e-5));
    peak_.offer(std::abs(there - here), 1e-3, [&] {
      return fmt::format("log_density is {:.6g} at x_t = x_0 and {:.6g} close to it, either way along {}; {}", there,
                         here, verifying::text_of(way), text_of(at));
    });
  }

  // The score against differences of log_density along geodesics, in steps that are short for a point as far as x_t is.
  void slope(Place at, const Vector& as_far) {
    const Geometry& g = *c_.geometry;
    at.xt = g.project(at.xt);
    Vector found = ask(*score_, at);
    double width = g.length(at.xt, found), away = g.distance(at.x0, as_far), h = 1e-4 * std::min(1.0, away);
    const double known = 1e-3 * (width + std::min(1.0, 10 / away));  // Far out, scores are small.
    for (const Vector& u : g.frame(at.xt, 4).vectors) {
      auto density = [&](double by) { return ask(density_, {at.x0, g.exp(at.xt, combine(by, u, 0, u)), at.t})[0]; };
      double difference = (density(h) - density(-h)) / (2 * h), given = g.inner(at.xt, found, u);
      slopes_.offer(std::abs(given - difference), known, [&] {
        return fmt::format(
            "along a unit vector at x_t the score is {:.6g}, and log_density rises by {:.6g} (|score| = {:.4g}); {}",
            given, difference, width, text_of(at));
      });
    }
  }

  Session& session_;
  const Subject& subject_;
  const Component& c_;
  const State& starts_;
  Evaluator density_;
  std::optional<Evaluator> score_;
  std::string no_score_;
  Errors log_in_f32_, score_in_f32_, peak_, slopes_;
};

}  // namespace

void check_density_points(Session& session, const Subject& subject, const Component& component, const State& starts) {
  PointChecks(session, subject, component, starts).run();
}

}  // namespace catenary::verifying
