// What every process from data to noise promises.
#include <catenary/verify/process.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include <fmt/format.h>

#include <catenary/verify/density.h>
#include <catenary/verify/relations.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int64_t batch = 1 << 17, pilot = 1 << 14;

/// s and t as shares of the horizon, and of the samples how many it is worth.
struct Times2 {
  double s, t, share;
};
constexpr Times2 time_pairs[] = {{0.4, 1, 1},        {0.004, 0.01, 1},     {0.06, 0.1, 1},
                                 {0.1, 0.4, 0.25},   {0.09, 0.18, 0.25},   {0.9, 1, 1},
                                 {1e-4, 0.02, 0.25}, {0.0199, 0.02, 0.25}, {4e-7, 1e-6, 0.25}};

/// One way of drawing (x_s, x_t), or x_s alone.
struct Way {
  State xs;
  std::optional<State> xt;
};
using DrawBoth = std::function<std::pair<Way, Way>(const State& x0, int64_t first_sample)>;

/// What is compared, in words.
struct Words {
  std::string check, compared, name_a, name_b, s, t, advice;
};

class ProcessChecks {
 public:
  ProcessChecks(Session& session, std::shared_ptr<const Subject> subject)
      : session_(session), subject_(std::move(subject)), x0_(starting_points(*subject_, batch)) {}

  static void plan(const std::shared_ptr<ProcessChecks>& self) {
    Session& session = self->session_;
    session.plan("ends", 1, [self] { self->ends(); });
    session.plan("extreme times", 1, [self] { self->extremes(); });
    session.plan("compiled law", 1, [self] { self->rounding(); });
    session.plan("Chapman-Kolmogorov and bridges", 20, [self] { self->identities(); });
    session.plan("prior", 3, [self] { self->prior(); });
    session.plan("estimates", 2, [self] { self->estimates(); });
    session.plan("density", 4, [self] { check_density(self->session_, *self->subject_, self->x0_); });
  }

 private:
  const Sampler& sampler() const { return *subject_->sampler; }
  double time(double share) const { return subject_->time(share); }
  Seed seed(uint32_t step) const { return Seed(session_.options().seed, step); }

  int64_t samples() const {
    int64_t least = 1 << 20;
    for (const Component& c : subject_->components) {
      // What is allowed to an approximation hides what more samples would show.
      auto shared = int64_t(c.categorical() ? 1 : std::min<size_t>(c.elements(), 4));
      if (c.approximation(subject_->horizon()) > 0.01) shared = 4;
      least = std::max(least, (int64_t{1} << 22) / shared);
    }
    return session_.options().effort == Effort::high ? 100 * least : least;
  }

  // ---- two ways of drawing -----------------------------------------------------------------------

  /// Draws both ways and adds what they say of each component to its result.
  struct Result {
    double sigmas = -1, threshold = 0;
    int64_t n = 0;
    std::string sentence, where;
    std::optional<Histograms> histograms;
  };
  using Results = std::vector<Result>;

  void compare(Results& results, const Words& words, const std::string& where, double share, size_t repeated, double at,
               const DrawBoth& draw) {
    bool with_end = !words.t.empty();
    size_t count = subject_->components.size();
    std::vector<Relations> relations;
    std::vector<std::unique_ptr<TwoSample>> samples_of;
    for (const Component& c : subject_->components) {
      relations.emplace_back(c, x0_, with_end, words.s, words.t);
      samples_of.push_back(
          std::make_unique<TwoSample>(relations.back().names(), size_t(groups), relations.back().whole()));
    }
    auto n = int64_t(share * double(samples()));
    for (int64_t first = 0; first < n; first += batch) {
      auto [a, b] = draw(x0_, first);
      for (size_t k = 0; k < count; ++k) {
        const Component& c = subject_->components[k];
        Triples ta(c, x0_, a.xs, a.xt ? &*a.xt : nullptr), tb(c, x0_, b.xs, b.xt ? &*b.xt : nullptr);
        if (first == 0) relations[k].prepare(ta, pilot);
        samples_of[k]->add(session_.pool(), batch,
                           [&](int64_t i, Pair* values) { relations[k].read(ta, tb, i, values); });
      }
      if (session_.options().stop_at_failure && obvious(samples_of, words, at)) break;
    }
    for (size_t k = 0; k < count; ++k) {
      auto worst = samples_of[k]->worst(words.name_a, words.name_b, subject_->components[k].approximation(at));
      double level = session_.level() / double(samples_of[k]->comparisons() * repeated);
      Result& r = results[k];
      r.n = std::max(r.n, int64_t(samples_of[k]->samples()));
      r.threshold = sigmas_of_probability(level);
      if (!(worst.sigmas > r.sigmas)) continue;
      r.sigmas = worst.sigmas;
      r.sentence = worst.sentence;
      r.where = where;
      r.histograms = samples_of[k]->histograms(worst.statistic, words.name_a, words.name_b);
    }
  }

  // Whether the samples so far are so far apart that more need not be drawn: a look that no correct law is failed by.
  bool obvious(const std::vector<std::unique_ptr<TwoSample>>& samples_of, const Words& words, double at) const {
    for (size_t k = 0; k < samples_of.size(); ++k)
      if (samples_of[k]->worst(words.name_a, words.name_b, subject_->components[k].approximation(at)).sigmas > 20)
        return true;
    return false;
  }

  static bool any_failed(const Results& results) {
    return std::any_of(results.begin(), results.end(), [](const Result& r) { return !(r.sigmas <= r.threshold); });
  }

  void report(const Results& results, const Words& words) {
    for (size_t k = 0; k < results.size(); ++k) {
      const Component& c = subject_->components[k];
      const Result& r = results[k];
      if (r.n == 0) {
        session_.skip(c.label + words.check, "this process does not promise it");
        continue;
      }
      Check check;
      check.name = c.label + words.check;
      check.compared = words.compared;
      check.n = r.n;
      check.statistic_name = "|z|";
      check.statistic = r.sigmas;
      check.threshold = r.threshold;
      check.histograms = r.histograms;
      session_.judge(std::move(check), fmt::format("{} ({})", r.sentence, r.where), words.advice);
    }
  }

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
    Results of_chapman(count), of_bridge(count), of_compose(count);
    bool steps_on = subject_->answers(Question::transition);
    std::vector<bool> composes;
    for (const Component& c : subject_->components) composes.push_back(c.bridges_compose(steps_on));
    bool any_composes = std::find(composes.begin(), composes.end(), true) != composes.end();
    for (const Times2& pair : time_pairs) {
      // The path of an interpolant may be smooth in t: so near x_0 it is a few roundings long.
      if (!steps_on && pair.t < 1e-5) continue;
      double s = time(pair.s), t = time(pair.t), r = time(pair.s / 2);
      std::string where = fmt::format("s = {:.4g}, t = {:.4g}", s, t);
      if (steps_on) {
        compare(of_chapman, chapman, where, pair.share, repeated, t, [&](const State& x0, int64_t first) {
          State xs = sampler().forward(x0, s, seed(1), unchecked(first));
          Way a{sampler().transition(xs, s, t, seed(2), unchecked(first)), {}};
          return std::pair(std::move(a), Way{sampler().forward(x0, t, seed(3), unchecked(first)), {}});
        });
        compare(of_bridge, bridge, where, pair.share, repeated, t, [&](const State& x0, int64_t first) {
          State xs = sampler().forward(x0, s, seed(4), unchecked(first));
          State xt = sampler().transition(xs, s, t, seed(5), unchecked(first));
          State back = sampler().bridge(x0, xt, s, t, seed(6), unchecked(first));
          return std::pair(Way{back, xt}, Way{xs, xt});
        });
      } else {
        compare(of_bridge, ends, where, pair.share, repeated, t, [&](const State& x0, int64_t first) {
          State xt = sampler().forward(x0, t, seed(5), unchecked(first));
          Way a{sampler().bridge(x0, xt, s, t, seed(6), unchecked(first)), {}};
          return std::pair(std::move(a), Way{sampler().forward(x0, s, seed(4), unchecked(first)), {}});
        });
      }
      if (any_composes)
        compare(of_compose, compose, fmt::format("r = {:.4g}, {}", r, where), pair.share / 2, repeated, t,
                [&](const State& x0, int64_t first) {
                  State xt = sampler().forward(x0, t, seed(7), unchecked(first));
                  State xs = sampler().bridge(x0, xt, s, t, seed(8), unchecked(first));
                  State by_s = sampler().bridge(x0, xs, r, s, seed(9), unchecked(first));
                  // Where both ways may be the same function of x_t, another x_t: else their roundings would be compared.
                  State end = steps_on ? xt : sampler().forward(x0, t, seed(18), unchecked(first));
                  State at_once = sampler().bridge(x0, end, r, t, seed(10), unchecked(first));
                  return std::pair(Way{by_s, xt}, Way{at_once, end});
                });
      for (size_t k = 0; k < count; ++k)
        if (!composes[k]) of_compose[k] = {};
      if (session_.options().stop_at_failure &&
          (any_failed(of_chapman) || any_failed(of_bridge) || any_failed(of_compose)))
        break;
    }
    if (steps_on)
      report(of_chapman, chapman);
    else
      session_.skip(chapman.check, "a process that is not Markov by itself has no transition");
    report(of_bridge, steps_on ? bridge : ends);
    report(of_compose, compose);
  }

  void prior() {
    const Words words{"prior",
                      "x_T drawn by prior, against noised from one x_0 to T",
                      "by prior",
                      "by forward",
                      "x_T",
                      "",
                      "prior; or the horizon: raise it until the process has forgotten where it started"};
    double horizon = time(1);
    // Everything starts where sample 0 does: prior knows no data.
    State one;
    for (const Component& c : subject_->components) {
      Tensor starts = contiguous(x0_[c.name]);
      auto repeat = [&]<class T>(std::span<T> v) {
        for (size_t i = c.elements(); i < v.size(); ++i) v[i] = v[i % c.elements()];
      };
      c.categorical() ? repeat(starts.values<int32_t>()) : repeat(starts.values<float>());
      one.set(c.name, starts);
    }
    Results results(subject_->components.size());
    std::swap(one, x0_);
    compare(results, words, fmt::format("T = {:.4g}", horizon), 0.5, 1, horizon, [&](const State& x0, int64_t first) {
      Way a{sampler().prior(batch, seed(11), unchecked(first)), {}};
      return std::pair(std::move(a), Way{sampler().forward(x0, horizon, seed(12), unchecked(first)), {}});
    });
    std::swap(one, x0_);
    report(results, words);
  }

  // ---- what a model returns -------------------------------------------------------------------------

  void estimates() {
    const Words words{"endpoint estimate",
                      "x_s stepped to from x_t with the estimate x_0, against bridged",
                      "stepped",
                      "bridged",
                      "x_s",
                      "x_t",
                      "endpoint: the x_0 that an estimate stands for"};
    double s = time(0.25), t = time(0.5);
    Results results(subject_->components.size());
    compare(results, words, fmt::format("s = {:.4g}, t = {:.4g}", s, t), 0.25, 1, t,
            [&](const State& x0, int64_t first) {
              State xt = sampler().forward(x0, t, seed(13), unchecked(first));
              State estimate;
              for (const Component& c : subject_->components) estimate.set(c.name, c.certain(x0));
              return std::pair(Way{sampler().step(estimate, xt, s, t, seed(14), unchecked(first)), xt},
                               Way{sampler().bridge(x0, xt, s, t, seed(15), unchecked(first)), xt});
            });
    report(results, words);
    for (const Component& c : subject_->components)
      if (!c.estimates_endpoint()) logits(c);
  }

  // Close to t = 0 a step lands on the x_0 that was drawn from the logits. What is noised starts from their law: where x_t tells
  // x_0, that law comes back all the same.
  void logits(const Component& c) {
    auto k = size_t(c.border->estimate.size);
    const int64_t n = int64_t(1) << 16, rounds = std::max<int64_t>(1, samples() / n / 4);
    std::vector<double> weight(k), counts(k);
    Tensor estimate = Tensor::empty(Dtype::f32, {n, int64_t(k)});
    auto values = estimate.values<float>();
    double total = 0;
    for (size_t j = 0; j < k; ++j) {
      // The likeliest is not the first: a draw may hold back the likeliest so far.
      double logit = k > 2 && j == 1 ? -infinity : -2 * std::sin(double(1 + 3 * j)) - 3.0 * double(j % 7 == 2);
      for (size_t i = j; i < values.size(); i += k) values[i] = float(logit);
      weight[j] = std::exp(double(float(logit)));
    }
    std::vector<int32_t> data = c.possible_data();
    for (size_t j = 0; j < k; ++j) {
      if (std::find(data.begin(), data.end(), int32_t(j)) == data.end()) weight[j] = 0;
      total += weight[j];
    }
    State given = part_of(x0_, 0, n), estimates;
    Tensor starts = contiguous(given[c.name]);
    auto start = starts.values<int32_t>();
    double passed = 0;
    for (size_t i = 0, j = 0; i < size_t(n); ++i) {
      while (j + 1 < k && (double(i) + 0.5) / double(n) * total >= passed + weight[j]) passed += weight[j++];
      std::fill_n(&start[i * c.elements()], c.elements(), int32_t(j));
    }
    given.set(c.name, starts);
    for (const Component& other : subject_->components)
      estimates.set(other.name, other.name == c.name ? estimate : other.certain(given));
    double t = time(0.5), s = double(std::numeric_limits<float>::min());
    for (int64_t r = 0; r < rounds; ++r) {
      State xt = sampler().forward(given, t, seed(17), unchecked(r * n));
      State drawn = sampler().step(estimates, xt, s, t, seed(16), unchecked(r * n));
      for (int32_t v : drawn[c.name].values<const int32_t>()) counts[size_t(v)] += 1;
    }
    double all = double(n * rounds), chi_square = 0, degrees = -1, largest = -1;
    size_t worst = 0;
    for (size_t j = 0; j < k; ++j) {
      double expected = all * weight[j] / total;
      double term = expected >= 10 ? (counts[j] - expected) * (counts[j] - expected) / expected : 0;
      if (weight[j] == 0 && counts[j] > 0) term = infinity;
      chi_square += term;
      degrees += expected >= 10;
      if (term > largest) {
        largest = term;
        worst = j;
      }
    }
    Check check;
    check.name = c.label + "logits";
    check.compared = "x_0 drawn from logits, against their probabilities";
    check.n = int64_t(all);
    check.statistic_name = "|z|";
    check.statistic = sigmas_of_chi_square(chi_square, degrees);
    check.threshold = sigmas_of_probability(session_.level());
    session_.judge(std::move(check),
                   fmt::format("category {} has the probability {:.4g} and comes in {:.4g} of the draws", worst,
                               weight[worst] / total, counts[worst] / all),
                   "endpoint: the draw of a category from logits");
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

  void add_points_check(const Component& c, const char* name, std::string compared, int64_t n, int64_t wrong,
                        std::string worst, std::string advice) {
    Check check;
    check.name = c.label + name;
    check.compared = std::move(compared);
    check.n = n;
    check.statistic_name = "points that are wrong";
    check.statistic = double(wrong);
    session_.judge(std::move(check), std::move(worst), std::move(advice));
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
      add_points_check(c, "ends", "x_t at t = 0 and x_s at s = 0 and s = t, against x_0 and x_t, to the bit",
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
          if (c.project) away = std::max(away, std::abs(double(projected[size_t(i) * m + j]) - v));
          size = std::max(size, std::abs(v));
        }
      }
      if (!good || !(away <= 1e-4 * size)) strays.push_back(i);
    }
    return strays;
  }

  void extremes() {
    const State x0 = part_of(x0_, 0, few);
    // A sampler with a far horizon, where the declaration is there to make one and the process goes on so far.
    std::optional<Sampler> far;
    std::vector<double> times = {1e-30, 1e-20, 1e-12, 1e-7, 1e-4, 0.3, 1};
    double horizon = subject_->horizon();
    if (subject_->joint) {
      Joint joint(subject_->joint->name(), std::min(1e6 * horizon, 1e30));
      // A clock need not go on beyond its own horizon.
      for (const auto& c : subject_->joint->components()) {
        Placement placement = c.placement;
        if (!placement.clock.is_identity())
          placement.clock = Clock([=](Expr t) { return c.placement.clock(min(t, horizon)); });
        joint.add(c.name, c.process, placement);
      }
      try {
        far = compile(joint, session_.options().target,
                      session_.compile_options({Question::prior, Question::forward, Question::bridge}));
        for (double t : {1e2, 1e4, 1e6}) times.push_back(t);
      } catch (const Error&) {
        far.reset();  // It ends at its own horizon.
      }
    }
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
      add_points_check(
          c, "extreme times",
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
    double s = time(0.2), t = time(0.6);
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
                                .point = uint64_t(i)};
            Values exact =
                law({{"x0", values(x0)}, {"xs", values(x0)}, {"xt", values(xt)}, {"s", {s}}, {"t", {t}}}, address)[0];
            Values found = values(d.state);
            double away = 0, size = 1;
            for (size_t j = 0; j < exact.size(); ++j) {
              away = std::max(away, std::abs(exact[j] - found[j]));
              size = std::max(size, std::abs(exact[j]));
            }
            if (away > 1e-3 * size && c.geometry) away = std::min(away, c.geometry->distance(exact, found));
            if (away <= 1e-3 * size) continue;
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
      add_points_check(
          c, "compiled law", "compiled draws against double precision, with the same random numbers", n, wrong, worst,
          "a formula that cancels in f32; if the law is yours and simple, report it as an error of Catenary");
    }
  }

  Session& session_;
  std::shared_ptr<const Subject> subject_;
  State x0_;
};

}  // namespace

void plan_processes(Session& session, std::shared_ptr<const Subject> subject) {
  ProcessChecks::plan(std::make_shared<ProcessChecks>(session, std::move(subject)));
}

}  // namespace catenary::verifying
