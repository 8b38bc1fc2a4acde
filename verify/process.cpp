// What every process from data to noise promises.
#include <catenary/verify/process.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include <fmt/format.h>

#include <catenary/verify/density.h>
#include <catenary/verify/relations.h>
#include <catenary/verify/two_ways.h>

namespace catenary::verifying {

namespace {

/// s and t as shares of the horizon, and of the samples how many it is worth.
struct Times2 {
  double s, t, share;
};
constexpr Times2 time_pairs[] = {{0.4, 1, 1},        {0.004, 0.01, 1}, {0.06, 0.1, 1},     {0.1, 0.4, 0.25},
                                 {0.09, 0.18, 0.25}, {0.9, 1, 1},      {1e-4, 0.02, 0.25}, {0.0199, 0.02, 0.25},
                                 {4e-7, 1e-6, 0.25}, {0.3, 0.8, 0.25}};

class ProcessChecks {
 public:
  ProcessChecks(Session& session, std::shared_ptr<const Subject> subject)
      : session_(session), subject_(std::move(subject)), x0_(starting_points(*subject_, TwoWays::batch)) {}

  static void plan(const std::shared_ptr<ProcessChecks>& self) {
    Session& session = self->session_;
    session.plan("ends", 1, [self] { self->ends(); });
    session.plan("extreme times", 1, [self] { self->extremes(); });
    session.plan("compiled law", 1, [self] { self->rounding(); });
    session.plan("Chapman-Kolmogorov and bridges", 20, [self] { self->identities(); });
    session.plan("prior", 3, [self] { self->prior(); });
    session.plan("density", 4, [self] { check_density(self->session_, *self->subject_, self->x0_); });
  }

 private:
  const Sampler& sampler() const { return *subject_->sampler; }
  double time(double share) const { return subject_->time(share); }
  Seed seed(uint32_t step) const { return Seed(session_.options().seed, step); }

  void identities() {
    const Words chapman{"Chapman-Kolmogorov",
                        "x_t noised from x_0 to s and on to t, against noised to t at once",
                        "by way of s",
                        "at once",
                        "x_t",
                        "",
                        "forward and transition: the decay, the variance, the shift, each as a function of s and t"};
    const Words bridge{"bridge identity",
                       "x_s bridged from x_0 and x_t, against the x_s that x_t was noised from",
                       "bridged",
                       "noised",
                       "x_s",
                       "x_t",
                       "bridge: its mean, its variance, which end is which, how it depends on s and on t - s"};
    const Words compose{"bridges compose",
                        "x_r bridged from x_t by way of x_s, against bridged at once",
                        "by way of s",
                        "at once",
                        "x_r",
                        "x_t",
                        "bridge: a walk back must not depend on the number of its steps"};
    // Without transitions there is no x_s that x_t came from.
    const Words ends{
        "bridge identity", "x_s bridged from x_0 and x_t, against noised from x_0", "bridged", "noised", "x_s", "",
        bridge.advice};
    const size_t repeated = std::size(time_pairs);
    size_t count = subject_->components.size();
    TwoWays ways(session_, *subject_, x0_);
    TwoWays::Results of_chapman(count), of_bridge(count), of_compose(count);
    bool steps_on = subject_->answers(Question::transition);
    std::vector<bool> composes;
    for (const Component& c : subject_->components) composes.push_back(c.bridges_compose(steps_on));
    bool any_composes = std::find(composes.begin(), composes.end(), true) != composes.end();
    for (const Times2& pair : time_pairs) {
      // The path of an interpolant may be smooth in t: so near x_0 it is a few roundings long.
      if (!steps_on && pair.t < 1e-5) continue;
      double s = time(pair.s), t = time(pair.t), r = time(pair.s / 2);
      std::string where = fmt::format("s = {:.4g}, t = {:.4g}", s, t);
      // The checks share their draws, which cost the most.
      State xs, xt, back;
      std::vector<TwoWays::Comparison> all;
      all.push_back({of_bridge, steps_on ? bridge : ends, where, pair.share, [&](const State& x0, int64_t first) {
                       if (steps_on) xs = sampler().forward(x0, s, seed(4), unchecked(first));
                       xt = steps_on ? sampler().transition(xs, s, t, seed(5), unchecked(first))
                                     : sampler().forward(x0, t, seed(5), unchecked(first));
                       back = sampler().bridge(x0, xt, s, t, seed(6), unchecked(first));
                       if (steps_on) return std::pair(Way{back, xt}, Way{xs, xt});
                       return std::pair(Way{back, {}}, Way{sampler().forward(x0, s, seed(4), unchecked(first)), {}});
                     }});
      if (steps_on)
        all.push_back({of_chapman, chapman, where, pair.share, [&](const State& x0, int64_t first) {
                         return std::pair(Way{xt, {}}, Way{sampler().forward(x0, t, seed(3), unchecked(first)), {}});
                       }});
      if (any_composes)
        all.push_back({of_compose, compose, fmt::format("r = {:.4g}, {}", r, where), pair.share / 2,
                       [&](const State& x0, int64_t first) {
                         State by_s = sampler().bridge(x0, back, r, s, seed(9), unchecked(first));
                         // Where both ways may be the same function of x_t, another x_t: else their roundings would be
                         // compared.
                         State end = steps_on ? xt : sampler().forward(x0, t, seed(18), unchecked(first));
                         State at_once = sampler().bridge(x0, end, r, t, seed(10), unchecked(first));
                         return std::pair(Way{by_s, xt}, Way{at_once, end});
                       }});
      ways.compare(all, repeated, t);
      for (size_t k = 0; k < count; ++k)
        if (!composes[k]) of_compose[k] = {};
      if (session_.options().stop_at_failure &&
          (TwoWays::any_failed(of_chapman) || TwoWays::any_failed(of_bridge) || TwoWays::any_failed(of_compose)))
        break;
    }
    if (steps_on)
      ways.report(of_chapman, chapman);
    else
      session_.skip(chapman.check, "a process that is not Markov by itself has no transition");
    ways.report(of_bridge, steps_on ? bridge : ends);
    ways.report(of_compose, compose);
  }

  // Everything starts where sample 0 does: prior knows no data.
  State one_start() const {
    State one;
    for (const Component& c : subject_->components) {
      Tensor starts = contiguous(x0_[c.name]);
      auto repeat = [&]<class T>(std::span<T> v) {
        for (size_t i = c.elements(); i < v.size(); ++i) v[i] = v[i % c.elements()];
      };
      c.categorical() ? repeat(starts.values<int32_t>()) : repeat(starts.values<float>());
      one.set(c.name, starts);
    }
    return one;
  }

  void prior() {
    check_prior(sampler(), "prior", 0.5,
                "prior; or the horizon: raise it until the process has forgotten where it started");
    const char* check = "prior of a far horizon";
    const Sampler* late = far();
    if (!late) return;  // Said where it was tried.
    for (const Component& c : subject_->components) {
      if (!c.declared->placement.clock.is_identity())
        return session_.skip(check, fmt::format("component '{}' has a clock, which ends at its own horizon", c.name));
      if (!(c.approximation(late->horizon()) < 1))
        return session_.skip(check,
                             fmt::format("component '{}' is approximated, and promises nothing so late", c.name));
    }
    check_prior(*late, check, 0.1, "prior: what it makes of the horizon that it is given; or forward, long after");
  }

  void check_prior(const Sampler& draw, const char* check, double share, const char* advice) {
    const Words words{
        check, "x_T drawn by prior, against noised from one x_0 to T", "by prior", "by forward", "x_T", "", advice};
    const double horizon = draw.horizon();
    TwoWays ways(session_, *subject_, one_start());
    TwoWays::Results results(subject_->components.size());
    auto both = [&](const State& x0, int64_t first) {
      return std::pair(Way{draw.prior(TwoWays::batch, seed(11), unchecked(first)), {}},
                       Way{draw.forward(x0, horizon, seed(12), unchecked(first)), {}});
    };
    ways.compare({{results, words, fmt::format("T = {:.4g}", horizon), share, both}}, 1, horizon);
    for (size_t i = 0; i < results.size(); ++i) {
      const Component& c = subject_->components[i];
      if (c.declared || c.categorical())
        ways.report(i, results[i], words);
      else
        session_.skip(c.label + check, "the text of a declaration does not say about which point its data lie");
    }
  }

  // ---- single points --------------------------------------------------------------------------------

  static constexpr int64_t few = 4096;

  // The number of the first sample at which the two differ in a bit.
  static std::optional<int64_t> difference(const Component& c, const State& a, const State& b) {
    auto size = c.elements();
    int64_t n = a[c.name].shape()[0];
    for (int64_t i = 0; i < n; ++i)
      if (!std::equal(element_of<int32_t>(a, c, i), element_of<int32_t>(a, c, i) + size, element_of<int32_t>(b, c, i)))
        return i;
    return {};
  }

  std::string text_of(const Component& c, const State& state, int64_t i) const {
    return verifying::text_of(vector_of(c, state, i));
  }

  void ends() {
    State x0 = part_of(x0_, 0, few);
    double s = time(0.25), t = time(0.5);
    State xt = sampler().forward(x0, t, seed(20));
    struct Case {
      const char* what;
      State found;
      const State* expected;
    };
    std::vector<Case> cases;
    cases.push_back({"noised to t = 0 x_0 is", sampler().forward(x0, 0, seed(21)), &x0});
    cases.push_back({"bridged to s = 0 x_s is", sampler().bridge(x0, xt, 0, t, seed(22)), &x0});
    cases.push_back({"bridged to s = t x_s is", sampler().bridge(x0, xt, t, t, seed(23)), &xt});
    if (subject_->answers(Question::transition))
      cases.push_back({"noised from s to t = s x_t is", sampler().transition(xt, s, s, seed(24)), &xt});
    for (const Component& c : subject_->components) {
      int64_t wrong = 0;
      std::string worst;
      for (const Case& k : cases)
        if (auto i = difference(c, k.found, *k.expected)) {
          ++wrong;
          worst = fmt::format("{} {}; it must be {}, to the bit", k.what, text_of(c, k.found, *i),
                              text_of(c, *k.expected, *i));
        }
      session_.judge_points(c.label + "ends",
                            "x_t at t = 0 and x_s at s = 0 and s = t, against x_0 and x_t, to the bit",
                            few * int64_t(cases.size()), wrong, worst, "what is drawn where no time passes");
    }
  }

  // Whether a point is finite and on its space; categories: whether it is one.
  std::vector<int64_t> strays(const Component& c, const State& state) const {
    std::vector<int64_t> strays;
    int64_t n = state[c.name].shape()[0];
    size_t m = c.elements();
    std::vector<float> projected(size_t(n) * m);
    if (c.project) (*c.project)(state[c.name].data(), state[c.name].data(), projected.data(), n);
    for (int64_t i = 0; i < n; ++i) {
      bool good = true;
      double away = 0, size = 1;
      for (size_t j = 0; j < m; ++j) {
        if (c.border->point.dtype == CATENARY_I32) {
          int32_t v = element_of<int32_t>(state, c, i)[j];
          good = good && (!c.categorical() || (v >= 0 && v < c.border->point.categories));
        } else {
          double v = double(element_of<float>(state, c, i)[j]);
          good = good && std::isfinite(v);
          if (c.project) away = larger(away, std::abs(double(projected[size_t(i) * m + j]) - v));
          size = std::max(size, std::abs(v));
        }
      }
      if (!good || !(away <= 1e-4 * size)) strays.push_back(i);
    }
    return strays;
  }

  // A sampler with a far horizon; null where the declaration is not there to make one or the process does not go on so
  // far.
  const Sampler* far() {
    if (!far_) far_.emplace(with_far_horizon());
    return *far_ ? &**far_ : nullptr;
  }

  std::optional<Sampler> with_far_horizon() {
    if (!subject_->joint) return {};
    double horizon = subject_->horizon();
    Joint joint(subject_->joint->name(), std::min(1e6 * horizon, 1e30));
    // A clock need not go on beyond its own horizon.
    for (const auto& c : subject_->joint->components()) {
      Placement placement = c.placement;
      if (!placement.clock.is_identity())
        placement.clock = Clock([=](Expr t) { return c.placement.clock(min(t, horizon)); });
      joint.add(c.name, c.process, placement);
    }
    try {
      return session_.placed(compile(joint, session_.options().target,
                                     session_.compile_options({Question::prior, Question::forward, Question::bridge})));
    } catch (const Error& e) {
      session_.skip("times beyond the horizon", e.what());
      return {};
    }
  }

  void extremes() {
    const State x0 = part_of(x0_, 0, few);
    double horizon = subject_->horizon();
    std::vector<double> times = {1e-30, 1e-20, 1e-12, 1e-7, 1e-4, 0.3, 1};
    const Sampler* far = this->far();
    if (far) times.insert(times.end(), {1.5, 3.0, 10.0, 1e2, 1e4, 1e6});
    const Sampler& draw = far ? *far : sampler();
    size_t count = subject_->components.size();
    std::vector<int64_t> wrong(count), n(count);
    std::vector<std::string> worst(count);
    std::vector<double> moved_tiny(count), moved_some(count), moved_all(count), moved_last(count);
    auto look = [&](const State& state, const std::string& what) {
      for (size_t k = 0; k < count; ++k) {
        const Component& c = subject_->components[k];
        auto stray = strays(c, state);
        n[k] += state[c.name].shape()[0];
        wrong[k] += int64_t(stray.size());
        if (!stray.empty() && worst[k].empty())
          worst[k] = fmt::format("{} is {}, which is not a point of space '{}'; x_0 = {}", what,
                                 text_of(c, state, stray[0]), c.border->space, text_of(c, x0, stray[0] % groups));
      }
    };
    auto moved = [&](std::vector<double>& to, const State& from, const State& state) {
      for (size_t k = 0; k < count; ++k) {
        const Component& c = subject_->components[k];
        if (c.categorical()) {
          for (int64_t i = 0; i < few; ++i)
            to[k] += *element_of<int32_t>(state, c, i) != *element_of<int32_t>(from, c, i);
          continue;
        }
        for (double d : distances(c, from[c.name].data(), state[c.name].data(), few)) to[k] += d * d / double(few);
      }
    };
    look(draw.prior(few, seed(30)), "x_T by prior");
    for (double share : times) {
      double t = double(float(std::min(share * horizon, draw.horizon())));
      if (!(t > 0)) continue;
      State xt = draw.forward(x0, t, seed(31));
      look(xt, fmt::format("x_t noised to t = {:.3g}", t));
      if (share == 1e-12) moved(moved_tiny, x0, xt);
      if (share == 0.3) moved(moved_some, x0, xt);
      if (share == 1) moved(moved_all, x0, xt);
      for (double part : {1e-30, 1e-7, 0.5, 1 - 0x1p-23}) {
        double s = double(float(part * t));
        State xs = draw.bridge(x0, xt, s, t, seed(32));
        look(xs, fmt::format("x_s bridged to s = {:.3g} from t = {:.3g}", s, t));
        // Not at T, where a process may forget at once all that was.
        if (share == 0.3 && part > 0.9) moved(moved_last, xt, xs);
        // The ends as far apart as they come: x_t of another sample.
        State turned;
        for (const Component& c : subject_->components) {
          Tensor other = contiguous(xt[c.name]);
          auto rotate = [&]<class T>(std::span<T> v) {
            std::rotate(v.begin(), v.begin() + int64_t(c.elements()), v.end());
          };
          c.border->point.dtype == CATENARY_I32 ? rotate(other.values<int32_t>()) : rotate(other.values<float>());
          turned.set(c.name, other);
        }
        look(draw.bridge(x0, turned, s, t, seed(33)),
             fmt::format("x_s bridged to s = {:.3g} from a far x_t at t = {:.3g}", s, t));
      }
    }
    for (size_t k = 0; k < count; ++k) {
      const Component& c = subject_->components[k];
      if (wrong[k] == 0 && moved_tiny[k] > 1e-3 * moved_all[k]) {
        wrong[k] = 1;
        worst[k] = fmt::format(
            "x_t noised to t = {:.3g} has already moved away from x_0, {:.2g} % as far as at T (mean square)",
            1e-12 * horizon, 100 * moved_tiny[k] / moved_all[k]);
      }
      if (wrong[k] == 0 && moved_last[k] > 0.1 * moved_some[k]) {
        wrong[k] = 1;
        worst[k] =
            fmt::format("x_s bridged to just below t is still away from x_t, {:.2g} % as far as x_0 (mean square)",
                        100 * moved_last[k] / moved_some[k]);
      }
      session_.judge_points(
          c.label + "extreme times",
          far ? "x_t and x_s at times from 1e-30 T to 1e6 T, s from 1e-30 t to t: points of the space, no NaN"
              : "x_t and x_s at times from 1e-30 T to T, s from 1e-30 t to t: points of the space, no NaN",
          n[k], wrong[k], worst[k],
          moved_last[k] > 0.1 * moved_some[k]
              ? "bridge, just below t: which end is which, and s and t - s"
              : "differences and quotients that vanish or overflow (expm1, log1p), divisions by a variance, project");
    }
  }

  // Compiled code against the reference evaluator, draw by draw.
  void rounding() {
    if (!subject_->joint)
      return session_.skip("compiled law", "the declaration is not there in C++ to be evaluated in double precision");
    const State x0 = part_of(x0_, 0, few);
    // Not where a law may go from one way of drawing to another, to which side rounding would decide.
    double s = time(0.2037), t = time(0.6071);
    State xt = sampler().forward(x0, t, seed(40));
    struct Drawn {
      Question question;
      State state;
    };
    std::vector<Drawn> drawn;
    drawn.push_back({Question::forward, xt});
    drawn.push_back({Question::bridge, sampler().bridge(x0, xt, s, t, seed(40))});
    drawn.push_back({Question::prior, sampler().prior(few, seed(40))});
    if (subject_->answers(Question::transition))
      drawn.push_back({Question::transition, sampler().transition(x0, s, t, seed(40))});
    for (size_t k = 0; k < subject_->components.size(); ++k) {
      const Component& c = subject_->components[k];
      int64_t n = 0, wrong = 0;
      std::string worst;
      for (const Drawn& d : drawn) {
        Evaluator law({derive(*subject_->joint, *c.declared, d.question).result});
        int64_t different = 0;
        std::string sentence;
        std::mutex mutex;
        session_.pool().parallel_for(0, few / 4, 64, [&](int64_t first, int64_t last) {
          for (int64_t i = first; i < last; ++i) {
            auto values = [&](const State& from) { return vector_of(c, from, i); };
            DrawAddress address{.seed = seed(40).value,
                                .step = seed(40).step,
                                .component = uint32_t(k),
                                .question = d.question,
                                .point = uint64_t(i),
                                .rounds = subject_->joint->options().rounds};
            Values exact =
                law({{"x0", values(x0)}, {"xs", values(x0)}, {"xt", values(xt)}, {"s", {s}}, {"t", {t}}}, address)[0];
            Values found = values(d.state);
            double away = 0, size = 1;
            for (size_t j = 0; j < exact.size(); ++j) {
              away = larger(away, std::abs(exact[j] - found[j]));
              size = std::max(size, std::abs(exact[j]));
            }
            if (!(away <= 1e-3 * size) && c.geometry) away = std::min(away, c.geometry->distance(exact, found));
            if (c.categorical() ? away == 0 : std::isfinite(away) && away <= 1e-3 * size) continue;
            std::lock_guard lock(mutex);
            if (++different == 1)
              sentence =
                  fmt::format("{} gives {} compiled, and {} in double precision, from x_0 = {}", name_of(d.question),
                              text_of(c, d.state, i), verifying::text_of(exact), text_of(c, x0, i));
          }
        });
        n += few / 4;
        // A choice between two ways may fall differently where a float decides it: rarely.
        if (different * 100 <= few / 4) continue;
        wrong += different;
        worst = sentence;
      }
      session_.judge_points(
          c.label + "compiled law", "compiled draws against double precision, with the same random numbers", n, wrong,
          worst,
          "a formula that cancels in f32, or has no value; if the law is yours and simple, report it as an error of "
          "Catenary");
    }
  }

  Session& session_;
  std::shared_ptr<const Subject> subject_;
  State x0_;
  std::optional<std::optional<Sampler>> far_;  ///< Absent until it was asked for.
};

}  // namespace

void plan_processes(Session& session, std::shared_ptr<const Subject> subject) {
  ProcessChecks::plan(std::make_shared<ProcessChecks>(session, std::move(subject)));
}

}  // namespace catenary::verifying
