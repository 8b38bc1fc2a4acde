// Steps other than the bridge from an endpoint: by estimates themselves, by the flow, by the bridge's mean.
#include <catenary/verify/steps.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/verify/errors.h>
#include <catenary/verify/estimate_kind.h>
#include <catenary/verify/relations.h>
#include <catenary/verify/two_ways.h>

namespace catenary::verifying {

namespace {

class StepChecks {
 public:
  StepChecks(Session& session, std::shared_ptr<const Subject> subject)
      : session_(session),
        subject_(std::move(subject)),
        x0_(starting_points(*subject_, TwoWays::batch)),
        ways_(session, *subject_, x0_) {}

  static void plan(const std::shared_ptr<StepChecks>& self) {
    self->session_.plan("steps by estimates", 1, [self] {
      for (size_t i = 0; i < self->subject_->components.size(); ++i) self->steps(i);
    });
    self->session_.plan("flow", 1, [self] { self->flow(); });
    self->session_.plan("flow velocity", 0.2, [self] {
      for (const Component& c : self->subject_->components) self->flow_velocity(c);
    });
    self->session_.plan("bridge mean", 1, [self] { self->bridge_mean(); });
  }

 private:
  const Sampler& sampler() const { return *subject_->sampler; }
  double time(double share) const { return subject_->time(share); }
  Seed seed(uint32_t step) const { return Seed(session_.options().seed, step); }

  // ---- steps by what estimates say themselves -------------------------------------------------------

  // Early, when space is flat: there they are the bridge and the flow.
  void steps(size_t at) {
    const Component& c = subject_->components[at];
    if (!c.declared) return;
    for (const Estimate& estimate : c.declared->process->estimates()) {
      EstimateKind kind(c, estimate, c.clock(time(1)));
      if (!kind.steps_itself()) continue;
      if (kind.has_score()) {
        const Sampler compiled = kind.compiled(session_);
        step_by(at, kind, compiled);
        if (compiled.answers(Question::flow_step)) flow_by(at, kind, compiled);
      } else {
        session_.skip(fmt::format("{}steps by {}", c.label, kind.name()),
                      "which estimate is true is known of scores alone, and the process tells no score");
      }
    }
  }

  static constexpr double early = 1e-6;

  // The true estimate, and x_t, of this component alone.
  static std::pair<State, State> told(const Component& c, const Sampler& by_kind, const State& x0, const State& xt,
                                      double t) {
    State to{{c.name, xt[c.name]}};
    return {by_kind.score({{c.name, x0[c.name]}}, to, c.clock(t), unchecked()), to};
  }

  void step_by(size_t at, const EstimateKind& kind, const Sampler& by_kind) {
    const Component& c = subject_->components[at];
    const Words words{fmt::format("steps by {}", kind.name()),
                      fmt::format("x_s stepped to from x_t by the true '{}', against bridged from x_0", kind.name()),
                      "stepped",
                      "bridged",
                      "x_s",
                      "x_t",
                      "step: what the estimate does in the place of an endpoint; or the score"};
    double s = time(0.5 * early), t = time(early);
    auto both = [&](const State& x0, int64_t first) {
      State xt = sampler().forward(x0, t, seed(30), unchecked(first));
      auto [estimate, to] = told(c, by_kind, x0, xt, t);
      State stepped = sampler().bridge(x0, xt, s, t, seed(31), unchecked(first));
      stepped.set(c.name, by_kind.step(estimate, to, c.clock(s), c.clock(t), seed(31), unchecked(first))[c.name]);
      return std::pair(Way{stepped, xt}, Way{sampler().bridge(x0, xt, s, t, seed(32), unchecked(first)), xt});
    };
    compare(at, words, s, t, both);
  }

  void flow_by(size_t at, const EstimateKind& kind, const Sampler& by_kind) {
    const Component& c = subject_->components[at];
    const Words words{fmt::format("flow by {}", kind.name()),
                      fmt::format("x_s led to from x_t by the true '{}', against noised from x_0", kind.name()),
                      "by the flow",
                      "noised",
                      "x_s",
                      "",
                      "flow_step: what the estimate does in the place of an endpoint; or the score"};
    double r = time(0.2 * early), s = time(0.5 * early), t = time(early);
    auto led = [&](const State& x0, const State& xt, double from, double to) {
      auto [estimate, start] = told(c, by_kind, x0, xt, from);
      return by_kind.flow_step(estimate, start, c.clock(to), c.clock(from), unchecked());
    };
    auto both = [&](const State& x0, int64_t first) {
      State xt = sampler().forward(x0, t, seed(33), unchecked(first));
      State flown = sampler().forward(x0, s, seed(33), unchecked(first));
      flown.set(c.name, led(x0, xt, t, s)[c.name]);
      return std::pair(Way{flown, {}}, Way{sampler().forward(x0, s, seed(34), unchecked(first)), {}});
    };
    compare(at, words, s, t, both);
    const State x0 = part_of(x0_, 0, few), xt = sampler().forward(x0, t, seed(35), unchecked());
    composes(c, words.check + " composes", {r, s, t},
             {x0[c.name], xt[c.name], led(x0, led(x0, xt, t, s), s, r)[c.name], led(x0, xt, t, r)[c.name]});
  }

  void compare(size_t at, const Words& words, double s, double t, const DrawBoth& both) {
    TwoWays::Results results(subject_->components.size());
    ways_.compare({{results, words, fmt::format("s = {:.4g}, t = {:.4g}", s, t), 0.125, both}}, 1, t);
    ways_.report(at, results[at], words);
  }

  // ---- the flow -------------------------------------------------------------------------------------

  void flow() {
    if (!subject_->answers(Question::flow_step)) return session_.skip("flow", "not every process here has a flow");
    const Words words{
        "flow", "x_s that the flow takes x_t to, given x_0, against noised from x_0", "by the flow", "noised", "x_s",
        "",     "flow: given x_0 it keeps the noise, which grows from s to t"};
    constexpr std::pair<double, double> pairs[] = {{0.4, 1}, {0.06, 0.1}, {1e-4, 0.02}};
    TwoWays::Results results(subject_->components.size());
    for (auto [of_s, of_t] : pairs) {
      double s = time(of_s), t = time(of_t);
      auto both = [&](const State& x0, int64_t first) {
        State xt = sampler().forward(x0, t, seed(25), unchecked(first));
        State flown = subject_->by_certain(x0, [&](const State& estimate, int64_t from, int64_t n) {
          return sampler().flow_step(estimate, part_of(xt, from, n), s, t, seed(36), unchecked(first + from));
        });
        return std::pair(Way{flown, {}}, Way{sampler().forward(x0, s, seed(26), unchecked(first)), {}});
      };
      ways_.compare({{results, words, fmt::format("s = {:.4g}, t = {:.4g}", s, t), 0.125, both}}, std::size(pairs), t);
      if (session_.options().stop_at_failure && TwoWays::any_failed(results)) break;
    }
    ways_.report(results, words);

    const State x0 = part_of(x0_, 0, few), estimate = subject_->certain(x0);
    double r = time(0.1), s = time(0.3), t = time(0.6);
    State xt = sampler().forward(x0, t, seed(27), unchecked());
    auto flown = [&](const State& x, double to, double from) {
      return sampler().flow_step(estimate, x, to, from, seed(36), unchecked());
    };
    State by_s = flown(flown(xt, s, t), r, s), at_once = flown(xt, r, t);
    for (const Component& c : subject_->components)
      if (c.border->point.dtype == CATENARY_F32)  // Others are drawn.
        composes(c, "flow composes", {r, s, t}, {x0[c.name], xt[c.name], by_s[c.name], at_once[c.name]});
  }

  /// Where a flow leads from x_t by way of a time between, and at once.
  struct Led {
    Tensor x0, xt, by_s, at_once;
  };
  static constexpr int64_t few = 4096;
  void composes(const Component& c, const std::string& name, std::array<double, 3> times, const Led& led) {
    auto point = [&](const Tensor& x, int64_t i) { return vector_of(c, {{c.name, x}}, i); };
    double size = 0;
    for (int64_t i = 0; i < few; ++i) size = std::max({size, size_of(point(led.x0, i)), size_of(point(led.xt, i))});
    std::vector<std::pair<double, int64_t>> away;
    for (int64_t i = 0; i < few; ++i) {
      Vector a = point(led.by_s, i), b = point(led.at_once, i);
      double by = size_of(combine(1, a, -1, b));
      if (!(by <= 1e-4 * size) && c.geometry) by = std::min(by, c.geometry->distance(a, b));
      away.emplace_back(std::isnan(by) ? std::numeric_limits<double>::infinity() : by, i);
    }
    std::ranges::sort(away);
    Errors apart;
    for (size_t rank = 0; rank < away.size(); ++rank) {
      // Flows that are found in numbers keep shares of the law: far out, where there is little of it, they lead farther
      // apart.
      const double known = (rank < size_t(0.95 * few) ? 1e-4 : 1e-2) * size;
      const auto [by, i] = away[rank];
      apart.offer(by, known, [&, i = i] {
        return fmt::format(
            "from x_t = {} at t = {:.4g} the flow leads to {} at r = {:.4g}, and by way of s = {:.4g} to {}",
            text_of(point(led.xt, i)), times[2], text_of(point(led.at_once, i)), times[0], times[1],
            text_of(point(led.by_s, i)));
      });
    }
    session_.add(apart.check(c.label + name, "where the flow leads at once, against by way of a time between",
                             "flow: which time is which, and the sign of the noise"));
  }

  // By each kind of estimate, in the process's own time and, by the first, in the joint's: the change of x in a short
  // time, by two steps that are extrapolated to none.
  void flow_velocity(const Component& c) {
    if (c.border->point.dtype != CATENARY_F32) return;
    const std::string name = c.label + "flow velocity";
    if (!c.declared)
      return session_.skip(name, "the declaration is not there in C++ to be evaluated in double precision");
    if (!answers(*c.declared, Question::flow_velocity))
      return session_.skip(name, answers(*c.declared, Question::flow_step)
                                     ? "the process's flow has no derivative; flow_velocity can be overridden"
                                     : "the process has no flow");
    Errors off;
    const State x0 = part_of(x0_, 0, 16);
    const Estimate first = c.declared->estimate();
    auto look = [&](const EstimateKind& kind, double t, double now, double last) {
      State xt = sampler().forward(x0, t, seed(38), unchecked());
      for (int64_t i = 0; i < 16; ++i) {
        EstimateKind::Place at{vector_of(c, x0, i), vector_of(c, xt, i), now};
        if (c.geometry) {
          at.x0 = c.geometry->project(at.x0);
          at.xt = c.geometry->project(at.xt);
        }
        if (std::optional<Vector> truth = kind.truth(at)) velocity_at(c, kind, at, *truth, last, off);
      }
    };
    for (double share : {1e-6, 1e-3, 0.1, 0.6, 0.99}) {
      const double t = time(share), now = c.clock(t);
      if (!(now > 0)) continue;
      for (const Estimate& estimate : c.declared->process->estimates())
        look(EstimateKind(c, estimate, c.clock(time(1))), t, now, c.clock(time(1)));
      if (!c.declared->placement.clock.is_identity())
        look(EstimateKind(c, first, time(1), c.declared->placement.clock), t, t, time(1));
    }
    session_.add(
        off.check(name, "the velocity of the flow by each kind of estimate, against the change of x_t in a short time",
                  "flow_velocity: its sign, the derivative of what time; or what the estimate stands for"));
  }

  static void velocity_at(const Component& c, const EstimateKind& kind, const EstimateKind::Place& at,
                          const Vector& truth, double last, Errors& off) {
    // A flow may end in a pole at the last time.
    const double h = std::min(3e-3 * at.t, 1e-2 * (last - at.t)), size = std::max(size_of(at.x0), size_of(at.xt));
    auto change = [&](double by) {
      Vector to = kind.flown(at, truth, at.t - by), way = combine(1, to, -1, at.xt);
      // Short ways are differences of coordinates, except across a seam.
      if (c.geometry && size_of(way) > 0.1 * size) way = c.geometry->log(at.xt, to);
      return combine(-1 / by, way, 0, way);
    };
    const Vector found = kind.velocity(at, truth), expected = combine(2, change(h / 2), -1, change(h));
    // Flows that are found in numbers are known to some 1e-7.
    const double known = 1e-3 * norm(expected) + 2.5e-7 * size / h;
    off.offer(norm(combine(1, found, -1, expected)), known, [&] {
      return fmt::format("by the '{}' {} the velocity is {}, and x_t changes by {}; x_0 = {}, x_t = {}, t = {:.4g}",
                         kind.name(), text_of(truth), text_of(found), text_of(expected), text_of(at.x0), text_of(at.xt),
                         at.t);
    });
  }

  // ---- the bridge's mean ----------------------------------------------------------------------------

  // Draws of the bridge less its mean, along each element: they add up to 0, and so do their products with how far x_t
  // is from x_0, from whatever x_0.
  void bridge_mean() {
    if (!subject_->answers(Question::mean_step))
      return session_.skip("bridge mean", "not every process here tells the mean of its bridge");
    constexpr std::pair<double, double> pairs[] = {{0.4, 1}, {0.05, 0.1}, {0.3, 0.6}, {1e-4, 0.02}};
    for (const Component& c : subject_->components) {
      if (c.border->point.dtype != CATENARY_F32) continue;  // It is drawn.
      const size_t m = c.elements(), sums = m * size_t(groups) * 2;
      Check check;
      check.name = c.label + "bridge mean";
      check.compared =
          "x_s bridged from x_0 and x_t, against the mean of the bridge; differences against 0, also by x_t";
      check.statistic_name = "|z|";
      check.threshold = sigmas_of_probability(session_.level() / double(sums * std::size(pairs)));
      std::string worst;
      for (auto [of_s, of_t] : pairs) {
        double s = time(of_s), t = time(of_t);
        std::vector<double> sum(sums), squares(sums);
        for (int64_t first = 0; first < session_.draws(int64_t{1} << 20); first += TwoWays::batch) {
          State xt = sampler().forward(x0_, t, seed(28), unchecked(first));
          State drawn = sampler().bridge(x0_, xt, s, t, seed(29), unchecked(first));
          State mean = subject_->by_certain(x0_, [&](const State& estimate, int64_t from, int64_t n) {
            return sampler().mean_step(estimate, part_of(xt, from, n), s, t, seed(37), unchecked(first + from));
          });
          std::vector<float> off = displacements(c, mean[c.name].data(), drawn[c.name].data(), TwoWays::batch);
          auto from = x0_[c.name].values<const float>(), to = xt[c.name].values<const float>();
          for (size_t i = 0; i < off.size(); ++i) {
            double d = double(off[i]), way = double(to[i]) - double(from[i]);
            // Where nothing is drawn what is left is rounding.
            if (std::abs(d) < 1e-6 * (std::abs(double(from[i])) + std::abs(double(to[i])))) d = 0;
            size_t at = 2 * (i % m + m * (i / m % size_t(groups)));
            sum[at] += d;
            squares[at] += d * d;
            sum[at + 1] += d * way;
            squares[at + 1] += d * way * d * way;
          }
          check.n += TwoWays::batch;
        }
        for (size_t k = 0; k < sums; ++k) {
          double z = sum[k] == 0 ? 0 : std::abs(sum[k]) / std::sqrt(squares[k]);
          if (!(z <= check.statistic)) {
            check.statistic = std::isnan(z) ? std::numeric_limits<double>::infinity() : z;
            worst = fmt::format(
                "what is drawn is off {} by |z| = {:.3g} in element {} from x_0 number {} (s = {:.4g}, "
                "t = {:.4g})",
                k % 2 ? "along the way to x_t" : "on average", z, k / 2 % m + 1, k / 2 / m + 1, s, t);
          }
        }
      }
      session_.judge(std::move(check), worst, "bridge_mean: what it makes of x_0 and of x_t; or the bridge");
    }
  }

  Session& session_;
  std::shared_ptr<const Subject> subject_;
  State x0_;
  TwoWays ways_;
};

}  // namespace

void plan_steps(Session& session, std::shared_ptr<const Subject> subject) {
  StepChecks::plan(std::make_shared<StepChecks>(session, std::move(subject)));
}

}  // namespace catenary::verifying
