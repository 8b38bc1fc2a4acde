// Estimates: what they stand for, and what a model is trained on.
#include <catenary/verify/estimates.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catenary/verify/errors.h>
#include <catenary/verify/estimate_kind.h>
#include <catenary/verify/relations.h>
#include <catenary/verify/two_ways.h>

namespace catenary::verifying {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class EstimateChecks {
 public:
  EstimateChecks(Session& session, std::shared_ptr<const Subject> subject)
      : session_(session),
        subject_(std::move(subject)),
        x0_(starting_points(*subject_, TwoWays::batch)),
        ways_(session, *subject_, x0_) {}

  static void plan(const std::shared_ptr<EstimateChecks>& self) {
    self->session_.plan("estimates", 2, [self] { self->estimates(); });
  }

 private:
  const Sampler& sampler() const { return *subject_->sampler; }
  double time(double share) const { return subject_->time(share); }
  Seed seed(uint32_t step) const { return Seed(session_.options().seed, step); }

  void estimates() {
    const Words words{"endpoint estimate",
                      "x_s stepped to from x_t with the estimate x_0, against bridged",
                      "stepped",
                      "bridged",
                      "x_s",
                      "x_t",
                      "endpoint: the x_0 that an estimate stands for"};
    double s = time(0.25), t = time(0.5);
    TwoWays::Results results(subject_->components.size());
    auto both = [&](const State& x0, int64_t first) {
      State xt = sampler().forward(x0, t, seed(13), unchecked(first));
      State stepped = subject_->by_certain(x0, [&](const State& estimate, int64_t from, int64_t n) {
        return sampler().step(estimate, part_of(xt, from, n), s, t, seed(14), unchecked(first + from));
      });
      return std::pair(Way{stepped, xt}, Way{sampler().bridge(x0, xt, s, t, seed(15), unchecked(first)), xt});
    };
    ways_.compare({{results, words, fmt::format("s = {:.4g}, t = {:.4g}", s, t), 0.25, both}}, 1, t);
    ways_.report(results, words);
    for (const Component& c : subject_->components)
      if (!c.estimates_endpoint()) logits(c);
    for (const Component& c : subject_->components) kinds(c);
  }

  // Close to t = 0 a step lands on the x_0 that was drawn from the logits. What is noised starts from their law: where
  // x_t tells x_0, that law comes back all the same.
  void logits(const Component& c) {
    auto k = size_t(c.border->estimate.size);
    const int64_t n = subject_->with_estimates(int64_t(1) << 16),
                  rounds = std::max<int64_t>(1, ways_.samples() / n / 4);
    std::vector<double> weight(k), counts(k);
    Tensor estimate = Tensor::empty(Dtype::f32, {n, int64_t(k)});
    auto values = estimate.values<float>();
    double total = 0;
    for (size_t j = 0; j < k; ++j) {
      // The likeliest is not the first, and the last have most: a draw may hold back the likeliest so far.
      double logit = k > 2 && j == 1 ? -infinity : -2 * std::sin(double(1 + 3 * j)) - 3.0 * double(j % 7 == 2);
      if (4 * j > 3 * k) logit += 2.5;
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
    double passed = 0, strays = 0;
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
      for (int32_t v : drawn[c.name].values<const int32_t>())
        v >= 0 && size_t(v) < k ? counts[size_t(v)] += 1 : ++strays;
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
    check.statistic = strays > 0 ? infinity : sigmas_of_chi_square(chi_square, degrees);
    check.threshold = sigmas_of_probability(session_.level());
    session_.judge(std::move(check),
                   strays > 0 ? fmt::format("{} of {} draws are no category 0 .. {}", strays, all, k - 1)
                              : fmt::format("category {} has the probability {:.4g} and comes in {:.4g} of the draws",
                                            worst, weight[worst] / total, counts[worst] / all),
                   "endpoint: the draw of a category from logits");
  }

  // ---- every kind -----------------------------------------------------------------------------------

  /// Points that were looked at, and the first that was wrong.
  struct Tally {
    int64_t n = 0, wrong = 0;
    std::string worst;
    void add(bool right, const std::function<std::string()>& sentence) {
      ++n;
      if (!right && ++wrong == 1) worst = sentence();
    }
  };

  void kinds(const Component& c) {
    if (!c.declared)
      return session_.skip(c.label + "true estimates",
                           "the declaration is not there in C++ to be evaluated in double precision");
    std::vector<EstimateKind> kinds;
    for (const Estimate& estimate : c.declared->process->estimates()) kinds.emplace_back(c, estimate, c.clock(time(1)));
    std::vector<std::optional<Sampler>> compiled(kinds.size());
    session_.pool().parallel_for(0, int64_t(kinds.size()), 1, [&](int64_t begin, int64_t end) {
      for (auto k = size_t(begin); k < size_t(end); ++k)
        if (kinds[k].estimate().type == Type::f32) compiled[k] = kinds[k].compiled(session_);
    });
    Tally stands, least;
    Errors in_f32;
    std::vector<std::string> names;
    constexpr int64_t few = 16;
    const State x0 = part_of(x0_, 0, few);
    for (size_t k = 0; k < kinds.size(); ++k) {
      const EstimateKind& kind = kinds[k];
      names.push_back(kind.name());
      const auto points = std::ranges::find_if(kinds, &EstimateKind::is_point);
      if (compiled[k]) compare_in_f32(c, kind, points == kinds.end() ? nullptr : &*points, *compiled[k], x0, in_f32);
      bool known = true, tells = false, stands_for = false;
      for (double share : {1e-6, 1e-3, 0.1, 0.6, 1.0}) {
        double t = time(share), now = c.clock(t);
        if (!(now > 0)) continue;
        State xt = sampler().forward(x0, t, seed(19), unchecked());
        for (int64_t i = 0; i < few && known; ++i) {
          EstimateKind::Place at{vector_of(c, x0, i), vector_of(c, xt, i), now};
          std::optional<Vector> truth = kind.truth(at);
          known = truth.has_value();
          if (!known) {
            if (kind.has_gradient())
              least.add(!kind.has_no_least(at), [&] {
                return fmt::format("the loss of '{}' is the same for all estimates, or falls below all bounds",
                                   kind.name());
              });
            break;
          }
          if (kind.estimate().tells_x0 || share < 1e-5) stands_for |= check_endpoint(c, kind, at, *truth, stands);
          if (kind.has_loss())
            tells |= check_loss(kind, at, *truth,
                                kind.other(at, *truth, vector_of(c, x0, i + 1 < few ? i + 1 : 0), uint64_t(i)),
                                uint64_t(i), least);
        }
      }
      if (known && !stands_for)
        stands.add(false, [&] { return fmt::format("the '{}' that is true tells nothing of x_0", kind.name()); });
      if (!known)
        session_.skip(fmt::format("{}true estimates: {}", c.label, kind.name()),
                      "which estimate is true is told by a loss that is a square, and there is none");
      else if (kind.has_loss() && !tells && !(c.categorical() && c.possible_data().size() == 1))
        least.add(false, [&] { return fmt::format("the loss of '{}' is 0 whatever the estimate", kind.name()); });
    }
    session_.judge_points(
        c.label + "true estimates",
        fmt::format("x_0 against what its estimate stands for, of each kind ({})", fmt::join(names, ", ")), stands.n,
        stands.wrong, stands.worst,
        "endpoint: the x_0 that an estimate stands for; or loss: what the estimate is compared with");
    session_.add(in_f32.check(c.label + "estimates in f32",
                              "what estimates stand for, their losses, the gradients of these and velocities "
                              "compiled, against double precision, at times from 1e-9 T to T",
                              "a formula that cancels; a quotient that overflows, a division by 0"));
    if (least.n == 0) return session_.skip(c.label + "loss", "this process has none");
    session_.judge_points(c.label + "loss",
                          "the loss of true estimates against others, and its gradient against differences", least.n,
                          least.wrong, least.worst, "loss: its number, and its gradient where it has one of its own");
  }

  static double gap(const Component& c, const Vector& a, const Vector& b) {
    double away = size_of(combine(1, a, -1, b));
    return c.geometry && !(away <= 1e-4) ? std::min(away, c.geometry->distance(a, b)) : away;
  }

  // Estimates of samples at one time: those that are true, where that is known and finite, by turns with others.
  struct Given {
    std::vector<EstimateKind::Place> places;
    Tensor estimates;
    Vector estimate(int64_t i) const {
      size_t m = estimates.values<const float>().size() / places.size();
      const float* e = estimates.values<const float>().data() + size_t(i) * m;
      return Vector(e, e + m);
    }
  };
  Given given_to(const Component& c, const EstimateKind& kind, const State& x0, const State& xt, double now) const {
    const int64_t n = x0[c.name].shape()[0];
    Shape shape = kind.estimate().shape;
    shape.insert(shape.begin(), n);
    Given given{{}, Tensor::empty(Dtype::f32, shape)};
    auto values = given.estimates.values<float>();
    const size_t m = values.size() / size_t(n);
    for (int64_t i = 0; i < n; ++i) {
      given.places.push_back({vector_of(c, x0, i), vector_of(c, xt, i), now});
      const EstimateKind::Place& at = given.places.back();
      Vector e = kind.truth(at).value_or(at.xt);
      e.resize(m, 1.0);
      if (i % 2 == 1 || !std::isfinite(size_of(e))) e = kind.other(at, e, vector_of(c, x0, (i + 1) % n), uint64_t(i));
      if (c.categorical()) e = combine(1 + double(i * i), e, 0, e);
      for (size_t j = 0; j < m; ++j) values[size_t(i) * m + j] = float(e[j]);
    }
    return given;
  }

  void compare_in_f32(const Component& c, const EstimateKind& kind, const EstimateKind* points, const Sampler& compiled,
                      const State& x0, Errors& errors) const {
    for (double share : {1e-9, 1e-4, 0.03, 0.5, 1.0}) {
      double t = time(share), now = double(float(c.clock(t)));
      if (!(now > 0)) continue;
      State xt = sampler().forward(x0, t, seed(20), unchecked());
      Given given = given_to(c, kind, x0, xt, now);
      const State from{{c.name, x0[c.name]}}, to{{c.name, xt[c.name]}}, estimates{{c.name, given.estimates}};
      auto compare = [&](const char* what, const State& found, auto&& function, auto&& away,
                         const std::function<double(const EstimateKind::Place&, const Vector&)>& more = {}) {
        compare_in_f32(c, kind, given, what, found[c.name], function, away, more, errors);
      };
      auto difference = [](const Vector& a, const Vector& b) { return norm(combine(1, a, -1, b)); };
      auto apart = [&](const Vector& a, const Vector& b) { return gap(c, a, b); };
      using At = const EstimateKind::Place&;
      using E = const Vector&;
      // A velocity may go by way of the endpoint, which is a point of floats; and of heat it is a score.
      auto by_endpoint = [&](At at, E e) {
        const double known = log_tolerance * gap(c, at.x0, at.xt) / at.t;
        if (!points || !points->has_velocity() || kind.is_point()) return known;
        auto velocity = [&](const Inputs& inputs) { return points->velocity(at, inputs[0]); };
        const Vector end = kind.endpoint(at, e);
        return known + f32_tolerance(velocity, {end}, velocity({end}));
      };
      // What is drawn from logits is not compared here.
      if (!c.categorical())
        compare(
            "the endpoint", compiled.step(estimates, to, 0, now, seed(21), unchecked()),
            [&](At at, E e) { return kind.endpoint(at, e); }, apart);
      if (kind.has_loss())
        compare(
            "the loss", compiled.loss(estimates, from, to, now, unchecked()),
            [&](At at, E e) { return Vector{kind.loss(at, e)}; }, difference);
      if (kind.has_gradient())
        compare(
            "the loss's gradient", compiled.loss_gradient(estimates, from, to, now, unchecked()),
            [&](At at, E e) { return kind.gradient(at, e); }, difference);
      if (kind.has_velocity())
        compare(
            "the velocity of the flow", compiled.flow_velocity(estimates, to, now, unchecked()),
            [&](At at, E e) { return kind.velocity(at, e); }, difference, by_endpoint);
    }
  }

  // What a function of place and estimate is compiled, against double precision; `away` is how far two results are.
  // `more` is allowed besides.
  template <class F, class Away>
  static void compare_in_f32(const Component& c, const EstimateKind& kind, const Given& given, const char* what,
                             const Tensor& found, const F& function, const Away& away,
                             const std::function<double(const EstimateKind::Place&, const Vector&)>& more,
                             Errors& errors) {
    auto all = found.values<const float>();
    const size_t size = all.size() / given.places.size();
    for (size_t i = 0; i < given.places.size(); ++i) {
      const EstimateKind::Place& at = given.places[i];
      Vector estimate = given.estimate(int64_t(i)), exact = function(at, estimate);
      Vector result(all.begin() + int64_t(i * size), all.begin() + int64_t((i + 1) * size));
      if (!f32_holds(exact) && !std::isnan(norm(exact))) continue;
      auto moved = [&](const Inputs& inputs) {
        if (c.categorical()) return function({at.x0, at.xt, inputs[1][0]}, inputs[0]);
        return function({inputs[2], inputs[3], inputs[1][0]}, inputs[0]);
      };
      Inputs inputs = {estimate, {at.t}};
      if (!c.categorical()) inputs.insert(inputs.end(), {at.x0, at.xt});
      double tolerance = f32_tolerance(moved, inputs, exact) + (more ? more(at, estimate) : 0);
      // What is compared with the true score is compared with one that is a little off.
      if (kind.has_score() && !kind.estimate().tells_x0)
        tolerance += away(function(at, combine(1, estimate, log_tolerance, kind.direction(estimate, i))), exact);
      errors.offer(away(result, exact), tolerance, [&] {
        return fmt::format(
            "{} of the '{}' {} is {} compiled to f32; in double precision {}; x_0 = {}, x_t = {}, t = {:.4g}", what,
            kind.name(), text_of(estimate), text_of(result), text_of(exact), text_of(at.x0), text_of(at.xt), at.t);
      });
    }
  }

  /// Returns whether the estimate tells x_0.
  static bool check_endpoint(const Component& c, const EstimateKind& kind, const EstimateKind::Place& at,
                             const Vector& truth, Tally& tally) {
    Vector found = kind.endpoint(at, truth);
    // As well as the estimate tells it: of noise, say, x_0 is lost where little of it is left.
    double size = std::max(size_of(at.x0), size_of(at.xt)), known = 1e-4 * size;
    if (!kind.is_point() && !c.categorical())
      known += gap(c, kind.endpoint(at, combine(1 + 1e-7, truth, 0, truth)), found);
    tally.add(gap(c, found, at.x0) <= known, [&] {
      return fmt::format("the '{}' that x_0 = {} makes true of x_t = {} at t = {:.4g} is {}, which stands for {}",
                         kind.name(), text_of(at.x0), text_of(at.xt), at.t, text_of(truth), text_of(found));
    });
    return known <= 1e-2 * size;
  }

  /// Returns whether the other estimate has a loss.
  static bool check_loss(const EstimateKind& kind, const EstimateKind::Place& at, const Vector& truth,
                         const Vector& other, uint64_t i, Tally& tally) {
    double least = kind.loss(at, truth), more = kind.loss(at, other);
    tally.add(least <= 1e-6 * more, [&] {
      return fmt::format(
          "of x_0 = {} and x_t = {} at t = {:.4g} the loss of the '{}' {} is {:.4g}, and {:.4g} of {}, which is true",
          text_of(at.x0), text_of(at.xt), at.t, kind.name(), text_of(other), more, least, text_of(truth));
    });
    if (!kind.has_gradient()) return more > 0;
    Vector along = kind.direction(other, i), gradient = kind.gradient(at, other);
    double h = 1e-3 * std::max(size_of(other), 1e-3) / std::max(size_of(along), 1e-30);
    while (h > 1e-12 && kind.reflected(other, 100 * h, along)) h /= 10;
    if (!(h > 1e-12)) return more > 0;  // On a boundary.
    double slope = (kind.loss(at, kind.moved(other, h, along)) - kind.loss(at, kind.moved(other, -h, along))) / (2 * h);
    double expected = dot(gradient, along), known = 1e-3 * norm(gradient) * norm(along) + 1e-9 * more / h;
    tally.add(std::abs(slope - expected) <= known, [&] {
      return fmt::format("along {} the loss of the '{}' {} has the derivative {:.4g}; by its gradient that is {:.4g}",
                         text_of(along), kind.name(), text_of(other), slope, expected);
    });
    return more > 0;
  }

  Session& session_;
  std::shared_ptr<const Subject> subject_;
  State x0_;
  TwoWays ways_;
};

}  // namespace

void plan_estimates(Session& session, std::shared_ptr<const Subject> subject) {
  EstimateChecks::plan(std::make_shared<EstimateChecks>(session, std::move(subject)));
}

}  // namespace catenary::verifying
