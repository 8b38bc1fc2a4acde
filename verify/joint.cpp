// Components together, and walks.
#include <catenary/verify/joint.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include <catenary/support/philox.h>
#include <catenary/verify/relations.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class JointChecks {
 public:
  JointChecks(Session& session, std::shared_ptr<const Subject> subject)
      : session_(session), subject_(std::move(subject)) {}

  static void plan(const std::shared_ptr<JointChecks>& self) {
    Session& session = self->session_;
    const Subject& subject = *self->subject_;
    if (subject.joint && std::any_of(subject.components.begin(), subject.components.end(), moves_its_clock))
      session.plan("clocks", 1, [self] { self->clocks(); });
    session.plan("independence", 2, [self] { self->independence(); });
    session.plan("known sites", 1, [self] { self->known(); });
    session.plan("oracle walk", 8, [self] { self->oracle(); });
    session.plan("posterior-mean walk", 3, [self] { self->posterior_mean(); });
  }

 private:
  const Sampler& sampler() const { return *subject_->sampler; }
  double time(double share) const { return subject_->time(share); }
  Seed seed(uint32_t step) const { return Seed(session_.options().seed, step); }
  // ---- clocks ---------------------------------------------------------------------------------------

  static bool moves_its_clock(const Component& c) { return c.declared && !c.declared->placement.clock.is_identity(); }

  // A component on its clock at t is the process by itself at what the clock reads.
  void clocks() {
    const int64_t n = 1 << 17;
    State x0 = starting_points(*subject_, n);
    for (size_t k = 0; k < subject_->components.size(); ++k) {
      const Component& c = subject_->components[k];
      Check check;
      check.name = c.label + "clock";
      check.compared = "0 at 0, not falling; x_t on the clock, against x_t without it at the time that it reads";
      check.statistic_name = "|z|";
      auto fail = [&](std::string sentence, std::string advice) {
        check.verdict = Verdict::fail;
        check.statistic = infinity;
        check.worst = std::move(sentence);
        check.advice = std::move(advice);
      };
      double before = 0, highest = c.clock(subject_->horizon());
      if (c.clock(0) != 0)
        fail(fmt::format("the clock reads {:.6g} at time 0", c.clock(0)), "a clock must read 0 at 0");
      for (int i = 1; i <= 1000; ++i) {
        double now = c.clock(time(i / 1000.0));
        if (!(now >= before - 1e-6 * highest) || !std::isfinite(now)) {
          fail(fmt::format("the clock reads {:.6g} at time {:.4g}, and {:.6g} just before", now, time(i / 1000.0),
                           before),
               "a clock must not fall");
          break;
        }
        before = now;
      }
      if (check.verdict == Verdict::pass) {
        // The component alone, on no clock.
        Joint bare(subject_->joint->name(), std::max({highest, c.clock(time(1)), 1e-30}));
        bare.add(c.name, c.declared->process, {.sites = c.declared->placement.sites});
        Sampler without =
            session_.placed(compile(bare, session_.options().target, session_.compile_options({Question::forward})));
        double worst = 0;
        const double level = session_.level() / 3;
        for (double share : {0.03, 0.3, 1.0}) {
          double t = time(share);
          State on = sampler().forward(x0, t, seed(70), unchecked()),
                off = without.forward(State{{c.name, x0[c.name]}}, c.clock(t), seed(71), unchecked());
          auto [sigmas, count, sentence] = compared(c, x0, on, off);
          check.n += n;
          check.threshold = std::max(check.threshold, sigmas_of_probability(level / double(count)));
          if (sigmas <= worst) continue;
          worst = sigmas;
          if (sigmas > check.threshold) {
            fail(fmt::format("{} (t = {:.4g}, where the clock reads {:.4g})", sentence, t, c.clock(t)),
                 "how the clock's time enters the process");
          }
          check.statistic = worst;
        }
      }
      session_.add(std::move(check));
    }
  }

  struct Compared {
    double sigmas;
    size_t comparisons;
    std::string sentence;
  };
  Compared compared(const Component& c, const State& x0, const State& a, const State& b) const {
    Relations relations(c, x0, false, "x_t", "");
    TwoSample sample(relations.names(), size_t(groups), relations.whole());
    Triples on(c, x0, a, nullptr), off(c, x0, b, nullptr);
    int64_t n = x0[c.name].shape()[0];
    relations.prepare(on, off, std::min<int64_t>(n, 1 << 14));
    sample.add(session_.pool(), n, [&](int64_t first, double* of_on, double* of_off) {
      relations.read(on, first, of_on);
      relations.read(off, first, of_off);
    });
    auto worst = sample.worst("on the clock", "without it");
    return {worst.sigmas, sample.comparisons(), worst.sentence};
  }

  // ---- independence -----------------------------------------------------------------------------------

  // Given x_0, what one component or sample draws says nothing of another: products of centred statistics have mean 0.
  void independence() {
    const int64_t n = session_.draws(int64_t{1} << 18, 16);
    const State x0 = starting_points(*subject_, n);
    double t = time(0.5), s = time(0.25);
    State xt = sampler().forward(x0, t, seed(72), unchecked());
    // From an end of its own: what is left of x_s by its ends is centred, not independent of them.
    const State end = sampler().forward(x0, t, seed(74), unchecked());
    State xs = sampler().bridge(x0, end, s, t, seed(72), unchecked());
    State again = sampler().forward(x0, t, seed(73), unchecked());
    State prior = sampler().prior(n, seed(72), unchecked());
    struct Signal {
      size_t component;
      std::string draw, statistic;
      std::vector<double> values;  ///< centred within groups, of unit variance
    };
    std::vector<Signal> signals;
    for (size_t k = 0; k < subject_->components.size(); ++k) {
      const Component& c = subject_->components[k];
      auto add = [&](const char* draw, const State& points, const State* end, const char* name) {
        Relations relations(c, x0, end != nullptr, name, "x_t");
        Triples triples(c, x0, points, end);
        relations.prepare(triples, triples, n);
        // Of a bridge only what its ends do not explain: the second statistic of the first coordinate.
        std::vector<size_t> kept = {end ? size_t{1} : size_t{0}};
        if (!end) kept.push_back(relations.names().size() - 1);
        std::vector<double> values(relations.names().size() * tile);
        for (size_t q : kept) signals.push_back({k, draw, relations.names()[q], std::vector<double>(size_t(n))});
        Signal* first = &signals[signals.size() - kept.size()];
        TwoSample::each_tile(0, n, groups, [&](int64_t at) {
          relations.read(triples, at, values.data());
          for (size_t q = 0; q < kept.size(); ++q)
            for (size_t i = 0; i < tile; ++i)
              first[q].values[size_t(at) + i * size_t(groups)] = values[kept[q] * tile + i];
        });
        for (size_t q = 0; q < kept.size(); ++q) normalise(first[q].values);
      };
      add("noised", xt, nullptr, "x_t");
      add("noised with another step", again, nullptr, "x_t");
      add("prior", prior, nullptr, "x_T");
      if (!c.categorical()) add("bridged", xs, &end, "x_s");
    }
    struct Product {
      const Signal *a, *b;
      int64_t lag;
      double mean, z;
    };
    std::vector<Product> products;
    for (const Signal& a : signals)
      for (const Signal& b : signals) {
        bool same_component = a.component == b.component;
        if (&a < &b && a.draw != b.draw && same_component) products.push_back({&a, &b, 0, 0, 0});
        if (&a < &b && a.draw == b.draw && !same_component) products.push_back({&a, &b, 0, 0, 0});
        if (same_component && a.statistic == b.statistic)
          for (int64_t lag : {1, 2, 4}) products.push_back({&a, &b, lag, 0, 0});
      }
    session_.pool().parallel_for(0, int64_t(products.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; ++j) {
        Product& p = products[size_t(j)];
        double sum = 0, squares = 0;
        for (size_t i = 0; i + size_t(p.lag) < size_t(n); ++i) {
          double product = p.a->values[i] * p.b->values[i + size_t(p.lag)];
          sum += product;
          squares += product * product;
        }
        p.mean = sum / double(n);
        // Under independence the squares sum to n; where both signals are rare, they do so by coincidences that may not
        // come.
        p.z = squares > 0 ? std::abs(sum) / std::sqrt(std::max(squares, double(n))) : 0;
      }
    });
    double worst = 0;
    std::string sentence;
    size_t comparisons = products.size();
    for (const Product& p : products) {
      if (!(p.z > worst)) continue;
      worst = p.z;
      auto told = [&](const Signal& signal) {
        return fmt::format("{} of '{}' ({})", signal.statistic, subject_->components[signal.component].name,
                           signal.draw);
      };
      sentence = fmt::format("{} and {}{} have the correlation {:.4g}", told(*p.a), told(*p.b),
                             p.lag > 0 ? fmt::format(" {} samples later", p.lag) : "", p.mean);
    }
    Check check;
    check.name = "independence";
    check.compared = "given x_0: components, samples, questions and steps, two by two; products against 0";
    check.n = n;
    check.statistic_name = "|z|";
    check.statistic = worst;
    check.threshold = sigmas_of_probability(session_.level() / double(comparisons));
    session_.judge(std::move(check), sentence,
                   "draws that are shared or repeated; a process must draw by normal, uniform and bits alone");
  }

  static void normalise(std::vector<double>& v) {
    std::vector<double> mean(size_t(groups), 0.0);
    for (size_t i = 0; i < v.size(); ++i) mean[i % size_t(groups)] += v[i] * double(groups) / double(v.size());
    double square = 0;
    for (size_t i = 0; i < v.size(); ++i) {
      v[i] -= mean[i % size_t(groups)];
      square += v[i] * v[i] / double(v.size());
    }
    for (double& x : v) x = square > 0 ? x / std::sqrt(square) : 0;
  }

  // ---- walks --------------------------------------------------------------------------------------------

  static constexpr size_t data_size = 5;
  static constexpr double shares[data_size] = {0.1, 0.15, 0.2, 0.25, 0.3};

  // `data_size` points of the joint process; sample i of a batch holds number of[i].
  State data_points() const {
    State some = sampler().prior(64, seed(80), unchecked());
    State starts = starting_points(*subject_, groups);
    State data;
    for (const Component& c : subject_->components) {
      Shape shape = some[c.name].shape();
      shape[0] = int64_t(data_size);
      Tensor tensor = Tensor::empty(some[c.name].dtype(), shape);
      size_t m = c.elements();
      auto* to = static_cast<int32_t*>(tensor.data());
      std::vector<int32_t> possible = c.possible_data();
      auto is_datum = [&](int32_t k) {
        return !c.categorical() || std::find(possible.begin(), possible.end(), k) != possible.end();
      };
      for (size_t d = 0; d < data_size; ++d) {
        const auto* row = element_of<int32_t>(some, c, 7);
        if (d < size_t(groups) || !std::all_of(row, row + m, is_datum))
          row = element_of<int32_t>(starts, c, int64_t(d) % groups);
        std::copy(row, row + m, to + d * m);
      }
      data.set(c.name, tensor);
    }
    return data;
  }

  State rows(const State& data, const std::vector<size_t>& of) const {
    State state;
    for (const Component& c : subject_->components) {
      Shape shape = data[c.name].shape();
      shape[0] = int64_t(of.size());
      Tensor tensor = Tensor::empty(data[c.name].dtype(), shape);
      size_t m = c.elements();
      auto* to = static_cast<int32_t*>(tensor.data());
      for (size_t i = 0; i < of.size(); ++i) {
        const auto* row = element_of<int32_t>(data, c, int64_t(of[i]));
        std::copy(row, row + m, to + i * m);
      }
      state.set(c.name, tensor);
    }
    return state;
  }

  static double uniform(uint64_t seed, uint32_t step, uint64_t i) {
    return uniform_of(stream_value(seed, step, 0, 0, i));
  }

  static std::vector<size_t> draw_data(int64_t n, uint64_t seed) {
    std::vector<size_t> of;
    for (int64_t i = 0; i < n; ++i) {
      double level = uniform(seed, 0, uint64_t(i));
      size_t d = 0;
      while (d + 1 < data_size && level >= shares[d]) level -= shares[d++];
      of.push_back(d);
    }
    return of;
  }

  // Every datum n times, for `posterior`.
  std::vector<State> each_repeated(const State& data, int64_t n) const {
    std::vector<State> repeated;
    for (size_t d = 0; d < data_size; ++d) repeated.push_back(rows(data, std::vector<size_t>(size_t(n), d)));
    return repeated;
  }

  // p(datum | x_t) for every sample and datum, [sample][datum].
  std::vector<double> posterior(const std::vector<State>& repeated, const State& xt, double t) const {
    int64_t n = xt[subject_->components[0].name].shape()[0];
    std::vector<State> logs;                                 // By datum;
    std::vector<std::array<const float*, data_size>> log_p;  // by component and datum.
    for (const State& datum : repeated) logs.push_back(sampler().log_density(datum, xt, t, unchecked()));
    for (const Component& c : subject_->components) {
      auto& of = log_p.emplace_back();
      for (size_t d = 0; d < data_size; ++d) of[d] = logs[d][c.name].values<const float>().data();
    }
    std::vector<double> weight(size_t(n) * data_size);
    session_.each_of(n, [&](size_t i) {
      double* w = &weight[i * data_size];
      for (size_t d = 0; d < data_size; ++d) {
        w[d] = std::log(shares[d]);
        for (const auto& of : log_p) w[d] += double(of[d][i]);
      }
      double most = *std::max_element(w, w + data_size), total = 0;
      for (size_t d = 0; d < data_size; ++d) total += w[d] = std::exp(w[d] - most);
      for (size_t d = 0; d < data_size; ++d) w[d] /= total;
    });
    return weight;
  }

  // Of every second sample x_0 is known; the model takes them all for another.
  void known() {
    const int64_t n = 1 << 10;
    const State starts = starting_points(*subject_, n + 1), x0 = part_of(starts, 0, n), wrong = part_of(starts, 1, n);
    auto model = [&](const ModelInput&, State& estimate) {
      for (const Component& c : subject_->components) estimate[c.name] = c.certain(wrong);
    };
    WalkOptions options;
    options.initial = sampler().forward(x0, time(1), seed(85), unchecked());
    const State alone = sampler().reverse(model, times(4), n, seed(86), options);
    Tensor where = Tensor::empty(Dtype::i32, {n});
    for (int64_t i = 0; i < n; ++i) where.values<int32_t>()[size_t(i)] = int32_t(i % 2);
    options.known.emplace();
    for (const Component& c : subject_->components) {
      options.known->x0.set(c.name, x0[c.name]);
      options.known->where.set(c.name, where);
    }
    const State made = sampler().reverse(model, times(4), n, seed(86), options);
    for (const Component& c : subject_->components) {
      int64_t off = 0;
      std::string worst;
      for (int64_t i = 0; i < n; ++i) {
        const State& expected = i % 2 == 1 ? x0 : alone;
        if (std::equal(element_of<int32_t>(made, c, i), element_of<int32_t>(made, c, i) + c.elements(),
                       element_of<int32_t>(expected, c, i)))
          continue;
        if (++off == 1)
          worst = fmt::format("the walk ends at {} where {} {}", text_of(vector_of(c, made, i)),
                              i % 2 == 1 ? "x_0 is known to be" : "nothing is known, and without known sites at",
                              text_of(vector_of(c, expected, i)));
      }
      session_.judge_points(c.label + "known sites",
                            "where walks end at sites that are known, against x_0; elsewhere, against a walk without",
                            n, off, worst, "bridge at s = 0, which is x_0; or report it as an error of Catenary");
    }
  }

  std::vector<double> times(int64_t steps) const {
    std::vector<double> t;
    for (int64_t i = 0; i <= steps; ++i) t.push_back(time(std::pow(double(steps - i) / double(steps), 2)));
    return t;
  }

  bool can_walk(const char* check) {
    if (!subject_->answers(Question::log_density)) {
      session_.skip(check, "the posterior over data needs log_density of every component");
      return false;
    }
    return true;
  }

  // Which datum a point is, by all components to the bit, the first of equal ones; data_size: none.
  size_t datum_of(const State& data, const State& x, int64_t i) const {
    for (size_t d = 0; d < data_size; ++d) {
      bool all = true;
      for (const Component& c : subject_->components)
        all = all && std::equal(element_of<int32_t>(x, c, i), element_of<int32_t>(x, c, i) + c.elements(),
                                element_of<int32_t>(data, c, int64_t(d)));
      if (all) return d;
    }
    return data_size;
  }

  void oracle() {
    if (!can_walk("oracle walk")) return;
    const int64_t n = subject_->with_estimates(session_.draws(int64_t{1} << 15, 16));
    State data = data_points();
    const std::vector<State> repeated = each_repeated(data, n);
    std::vector<double> share(data_size);  // Equal data are counted at the first.
    for (size_t d = 0; d < data_size; ++d) share[datum_of(data, data, int64_t(d))] += shares[d];
    Check check;
    check.name = "oracle walk";
    check.compared =
        "walks in 1, 2, 8 and 64 steps around draws of x_0 from its posterior: the data come back, as often as they "
        "are";
    check.statistic_name = "|z|";
    check.threshold = sigmas_of_probability(session_.level() / 4);
    for (int64_t steps : {1, 2, 8, 64}) {
      WalkOptions options;
      // From the law of x_T itself, so that nothing hangs on the prior.
      options.initial = sampler().forward(rows(data, draw_data(n, session_.options().seed + uint64_t(steps))), time(1),
                                          seed(81), unchecked());
      auto model = [&](const ModelInput& input, State& estimate) {
        std::vector<double> weight = posterior(repeated, input.state, input.time);
        std::vector<size_t> chosen(static_cast<size_t>(n));
        session_.each_of(n, [&](size_t i) {
          double level = uniform(~input.seed.value, uint32_t(input.step), i);
          size_t& d = chosen[i];
          while (d + 1 < data_size && level >= weight[i * data_size + d]) level -= weight[i * data_size + d++];
        });
        State x0 = rows(data, chosen);
        for (const Component& c : subject_->components) estimate[c.name] = c.certain(x0);
      };
      State made = sampler().reverse(model, times(steps), n, Seed(session_.options().seed + 82), options);
      std::vector<double> counts(data_size + 1);
      for (int64_t i = 0; i < n; ++i) counts[datum_of(data, made, i)] += 1;
      double chi_square = counts[data_size] > 0 ? infinity : 0, degrees = -1;
      size_t worst = 0;
      auto deviation = [&](size_t d) {
        double expected = share[d] * double(n);
        return expected > 0 ? (counts[d] - expected) * (counts[d] - expected) / expected : 0;
      };
      for (size_t d = 0; d < data_size; ++d) {
        chi_square += deviation(d);
        degrees += share[d] > 0;
        if (deviation(d) > deviation(worst)) worst = d;
      }
      double sigmas = std::isinf(chi_square) ? infinity : sigmas_of_chi_square(chi_square, degrees);
      check.n += n;
      if (!(sigmas > check.statistic)) continue;
      check.statistic = sigmas;
      if (sigmas <= check.threshold) continue;
      check.verdict = Verdict::fail;
      check.worst =
          counts[data_size] > 0
              ? fmt::format("after {} steps {:.0f} of {} samples are no datum at all", steps, counts[data_size], n)
              : fmt::format("after {} steps datum {} comes in {:.4g} of the samples; it is {:.4g} of the data", steps,
                            worst + 1, counts[worst] / double(n), share[worst]);
      check.advice = "the bridge, or log_density; if both pass by themselves, report it as an error of Catenary";
    }
    session_.add(std::move(check));
  }

  // A model that returns one best guess errs, and less with more steps.
  void posterior_mean() {
    if (!can_walk("posterior-mean walk")) return;
    const int64_t n = subject_->with_estimates(1 << 13);
    State data = data_points();
    const std::vector<State> repeated = each_repeated(data, n);
    Curve curve{"steps", "energy distance to the data", {}, {}};
    std::vector<Energy> energies;
    for (int64_t steps : {1, 2, 4, 8, 16, 32, 64}) {
      WalkOptions options;
      options.initial =
          sampler().forward(rows(data, draw_data(n, session_.options().seed + 90)), time(1), seed(83), unchecked());
      auto model = [&](const ModelInput& input, State& estimate) {
        std::vector<double> weight = posterior(repeated, input.state, input.time);
        for (const Component& c : subject_->components) average(c, data, weight, n, estimate);
      };
      State made = sampler().reverse(model, times(steps), n, Seed(session_.options().seed + 84), options);
      curve.x.push_back(double(steps));
      energies.push_back(energy_distance(data, made, n));
      curve.y.push_back(energies.back().value);
    }
    // At least half of what one step is off is gone; where one step gives the data already, that is nothing.
    const Energy &first = energies.front(), &last = energies.back();
    double error = last.error + first.error / 2, beyond = last.value - std::max(first.value, 0.0) / 2;
    Check check;
    check.name = "posterior-mean walk";
    check.compared =
        "walks in 1, 2, ..., 64 steps around the posterior mean: how far they end from the data, after the last "
        "against half "
        "of that after the first";
    check.n = n;
    check.statistic_name = "z";
    check.statistic = beyond > 0 ? error > 0 ? beyond / error : infinity : 0;
    check.threshold = sigmas_of_probability(session_.level());
    check.curve = std::move(curve);
    session_.judge(
        std::move(check),
        fmt::format("the samples' energy distance to the data is {:.4g} after 1 step, and {:.4g} after 64 steps",
                    first.value, last.value),
        "the bridge: near t = 0 it must lead to the estimate");
  }

  void average(const Component& c, const State& data, const std::vector<double>& weight, int64_t n,
               State& estimate) const {
    size_t m = c.elements();
    auto values = estimate[c.name].values<float>();
    if (!c.estimates_endpoint()) {
      size_t k = size_t(c.border->estimate.size);
      for (int64_t i = 0; i < n; ++i) {
        std::vector<double> p(k);
        for (size_t d = 0; d < data_size; ++d)
          p[size_t(*element_of<int32_t>(data, c, int64_t(d)))] += weight[size_t(i) * data_size + d];
        for (size_t j = 0; j < k; ++j) values[size_t(i) * k + j] = float(std::log(p[j]));
      }
      return;
    }
    // The mean of the ways from the likeliest datum, gone from there.
    const std::vector<Vector> ways = c.geometry ? ways_between(c, data) : std::vector<Vector>();
    std::vector<float> start(values.size()), way(values.size());
    session_.each_of(n, [&](size_t i) {
      const double* w = &weight[i * data_size];
      const auto best = size_t(std::max_element(w, w + data_size) - w);
      const auto* from = element_of<float>(data, c, int64_t(best));
      std::copy_n(from, m, &start[i * m]);
      for (size_t j = 0; j < m; ++j) {
        double sum = 0;
        for (size_t d = 0; d < data_size; ++d) {
          if (w[d] < 1e-9 || d == best) continue;
          sum += w[d] * (c.geometry ? ways[best * data_size + d][j]
                                    : double(element_of<float>(data, c, int64_t(d))[j]) - double(from[j]));
        }
        way[i * m + j] = float(sum);
      }
    });
    if (c.geometry) return (*c.exp)(start.data(), way.data(), values.data(), n);
    for (size_t j = 0; j < values.size(); ++j) values[j] = start[j] + way[j];
  }

  // log from every datum to every other, [from][to].
  static std::vector<Vector> ways_between(const Component& c, const State& data) {
    std::vector<Vector> ways;
    for (size_t a = 0; a < data_size; ++a)
      for (size_t b = 0; b < data_size; ++b)
        ways.push_back(c.geometry->log(vector_of(c, data, int64_t(a)), vector_of(c, data, int64_t(b))));
    return ways;
  }

  // How far the law of a walk's samples is from that of the data: 2 E|X - Y| - E|X - X'| - E|Y - Y'|, Y and Y' data, X'
  // the sample after X. 0 where the laws are equal. Szekely and Rizzo: "Energy statistics" (2013).
  struct Energy {
    double value, error;  ///< The error is a bound on the standard deviation: neighbours share a sample.
  };
  Energy energy_distance(const State& data, const State& made, int64_t n) const {
    double sum = 0, squares = 0, among_data = 0;
    for (int64_t i = 0; i < n; ++i) {
      double term = -apart(made, i, made, (i + 1) % n);
      for (size_t d = 0; d < data_size; ++d) term += 2 * shares[d] * apart(made, i, data, int64_t(d));
      sum += term;
      squares += term * term;
    }
    for (size_t d = 0; d < data_size; ++d)
      for (size_t e = 0; e < data_size; ++e)
        among_data += shares[d] * shares[e] * apart(data, int64_t(d), data, int64_t(e));
    double mean = sum / double(n), variance = std::max(0.0, squares / double(n) - mean * mean) / double(n);
    return {mean - among_data, std::sqrt(3 * variance)};
  }

  // In the coordinates in which points are written; a category that differs counts 1.
  double apart(const State& a, int64_t i, const State& b, int64_t j) const {
    double square = 0;
    for (const Component& c : subject_->components) {
      if (c.categorical()) {
        const auto *x = element_of<int32_t>(a, c, i), *y = element_of<int32_t>(b, c, j);
        square += !std::equal(x, x + c.elements(), y);
        continue;
      }
      const auto *x = element_of<float>(a, c, i), *y = element_of<float>(b, c, j);
      for (size_t k = 0; k < c.elements(); ++k) square += double(x[k] - y[k]) * double(x[k] - y[k]);
    }
    return std::sqrt(square);
  }

  Session& session_;
  std::shared_ptr<const Subject> subject_;
};

}  // namespace

void plan_joint(Session& session, std::shared_ptr<const Subject> subject) {
  JointChecks::plan(std::make_shared<JointChecks>(session, std::move(subject)));
}

}  // namespace catenary::verifying
