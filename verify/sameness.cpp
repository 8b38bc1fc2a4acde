// Every question drawn again in another way, and compared to the bit.
#include <catenary/verify/sameness.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <future>

#include <fmt/format.h>

namespace catenary::verifying {

namespace {

constexpr int64_t few = 1003;  // Whole tiles, and a rest.

// Enough that a call is shared among threads whatever the law; fewer where estimates would take more than 128 MiB.
int64_t enough_to_share(const Subject& subject) {
  int64_t most = 1;
  for (const Component& c : subject.components) most = std::max(most, c.border->estimate.size);
  return std::clamp((int64_t{1} << 25) / most, few, int64_t{180003});
}

// What is drawn.
struct Drawn {
  const char* name;
  Question question;
};
constexpr Drawn drawn[] = {{"prior", Question::prior},
                           {"forward", Question::forward},
                           {"forward at times of each sample", Question::forward},
                           {"bridge", Question::bridge},
                           {"bridge at times of each sample", Question::bridge},
                           {"step", Question::step},
                           {"transition", Question::transition},
                           {"log_density", Question::log_density},
                           {"score", Question::score},
                           {"flow_step", Question::flow_step},
                           {"mean_step", Question::mean_step}};

class Sameness {
 public:
  Sameness(Session& session, const Subject& subject, int64_t samples)
      : session_(session), subject_(subject), samples_(samples), x0_(starting_points(subject, samples)) {
    xt_ = subject.sampler->forward(x0_, t(), seed());
    estimate_ = State{};
    for (const Component& c : subject.components) estimate_.set(c.name, estimate(c));
    per_sample_s_.resize(size_t(samples));
    per_sample_t_.resize(size_t(samples));
    for (size_t i = 0; i < size_t(samples); ++i) {
      per_sample_t_[i] = float(t() * (0.1 + 0.9 * double(i) / double(samples)));
      per_sample_s_[i] = per_sample_t_[i] / float(1 + i % 3);
    }
  }

  void run() {
    std::vector<State> first = draw(*subject_.sampler, 0, samples_);
    if (session_.options().gpu) {
      const Sampler here = subject_.compile(session_.options().target, session_.compile_options(subject_questions()));
      compare("GPU", fmt::format("cuda:{}, against the processor", *session_.options().gpu), first,
              [&] { return draw(here, 0, samples_); });
    }
    compare("batches", fmt::format("{} samples at once, against pieces of 1, 16, 37 and so on", samples_), first, [&] {
      std::vector<State> whole = copy(first);
      for (int64_t begin = 0, length = 1; begin < samples_; begin += length, length = length * 3 % 101 + 15) {
        length = std::min(length, samples_ - begin);
        std::vector<State> piece = draw(*subject_.sampler, begin, length);
        for (size_t q = 0; q < whole.size(); ++q)
          for (const auto& [name, tensor] : piece[q]) {
            auto bytes = size_t(tensor.bytes() / length);
            std::memcpy(static_cast<char*>(whole[q][name].data()) + size_t(begin) * bytes, tensor.data(),
                        bytes * size_t(length));
          }
      }
      return whole;
    });
    widths(first);
    // Code from a cache against code just compiled: the cache decided which of them the subject is.
    CompileOptions options = session_.compile_options(subject_questions());
    if (subject_.from_cache) options.cache = "off";
    bool from_cache = false;
    const Sampler other = subject_.compile(session_.options().target, options, &from_cache);
    if (from_cache == subject_.from_cache)
      return session_.skip("same bits: cached code",
                           "nothing can be kept: TMPDIR cannot be written to, or all is dumped");
    compare("cached code", "code just compiled, against what a cache gives", first,
            [&] { return draw(other, 0, samples_); });
  }

  void threads() {
    CompileOptions options = session_.compile_options(subject_questions());
    options.sampler.pool = nullptr;
    options.sampler.threads = std::max(3, subject_.sampler->threads());
    const Sampler sampler = subject_.compile(session_.options().target, options);
    compare("threads", fmt::format("1 thread, against {}", options.sampler.threads), draw(sampler, 0, samples_, 1),
            [&] { return draw(sampler, 0, samples_); });
  }

 private:
  // Code for other widths takes long to compile: but for high effort, each question is asked at one of the two.
  void widths(const std::vector<State>& first) {
    const Target own = session_.options().target;
    std::vector<std::pair<Target, std::future<Sampler>>> others;
    for (int lanes : {4, 8, 16}) {
      if (lanes == own.lanes) continue;
      Target target = own;
      target.lanes = lanes;
      std::vector<Question> questions;
      for (Question q : subject_questions())
        if (session_.options().effort == Effort::high || (size_t(q) + others.size()) % 2 == 0) questions.push_back(q);
      others.emplace_back(target, std::async([this, target, options = session_.compile_options(questions)] {
                            return subject_.compile(target, options);
                          }));
    }
    for (auto& [target, sampler] : others)
      compare("vector width", fmt::format("{} points side by side, against {}", own.lanes, target.lanes), first,
              [&, compiled = sampler.get()] { return draw(compiled, 0, samples_); });
  }

  double t() const { return subject_.time(0.5); }
  Seed seed() const { return Seed(session_.options().seed, 60); }
  std::vector<Question> subject_questions() const {
    std::vector<Question> q = {Question::prior, Question::forward, Question::bridge, Question::step};
    if (subject_.answers(Question::transition)) q.push_back(Question::transition);
    if (session_.options().effort == Effort::quick) return q;
    for (Question more : {Question::log_density, Question::score, Question::flow_step, Question::mean_step})
      if (subject_.answers(more)) q.push_back(more);
    return q;
  }

  Tensor estimate(const Component& c) const {
    if (c.estimates_endpoint()) return x0_[c.name];
    Tensor logits = Tensor::empty(Dtype::f32, {samples_, c.border->estimate.size});
    auto values = logits.values<float>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = float(i * 7 % 13) / 4;
    return logits;
  }

  static std::vector<State> copy(const std::vector<State>& states) {
    std::vector<State> copies;
    for (const State& s : states) copies.push_back(s.clone());
    return copies;
  }

  // On so many threads; 0: all that the sampler has.
  std::vector<State> draw(const Sampler& sampler, int64_t first, int64_t n, int threads = 0) const {
    DrawOptions options;
    options.first_sample = first;
    options.threads = threads;
    State x0 = part_of(x0_, first, n), xt = part_of(xt_, first, n);
    std::vector<float> s(per_sample_s_.begin() + first, per_sample_s_.begin() + first + n),
        late(per_sample_t_.begin() + first, per_sample_t_.begin() + first + n);
    std::vector<State> result(std::size(drawn));
    const std::vector<Question> asked = subject_questions();
    auto ask = [&](size_t k, auto&& answer) {
      const Question q = drawn[k].question;
      if (sampler.answers(q) && std::ranges::find(asked, q) != asked.end()) result[k] = answer();
    };
    const State estimate = part_of(estimate_, first, n);
    ask(0, [&] { return sampler.prior(n, seed(), options); });
    ask(1, [&] { return sampler.forward(x0, t(), seed(), options); });
    ask(2, [&] { return sampler.forward(x0, late, seed(), options); });
    ask(3, [&] { return sampler.bridge(x0, xt, 0.3 * t(), t(), seed(), options); });
    ask(4, [&] { return sampler.bridge(x0, xt, s, late, seed(), options); });
    ask(5, [&] { return sampler.step(estimate, xt, s, late, seed(), options); });
    ask(6, [&] { return sampler.transition(x0, s, late, seed(), options); });
    ask(7, [&] { return sampler.log_density(x0, xt, late, options); });
    ask(8, [&] { return sampler.score(x0, xt, late, options); });
    ask(9, [&] { return sampler.flow_step(estimate, xt, s, late, seed(), options); });
    ask(10, [&] { return sampler.mean_step(estimate, xt, s, late, seed(), options); });
    return result;
  }

  void compare(const char* what, std::string compared, const std::vector<State>& expected,
               const std::function<std::vector<State>()>& draw) {
    std::vector<State> found = draw();
    Check check;
    check.name = fmt::format("same bits: {}", what);
    check.compared = std::move(compared);
    check.statistic_name = "elements that differ";
    for (size_t q = 0; q < expected.size(); ++q) {
      if (found[q].empty()) continue;
      for (const auto& [name, tensor] : expected[q]) {
        const auto *a = static_cast<const int32_t*>(tensor.data()),
                   *b = static_cast<const int32_t*>(found[q][name].data());
        check.n += tensor.size();
        for (int64_t i = 0; i < tensor.size(); ++i) {
          if (a[i] == b[i]) continue;
          if (check.statistic++ == 0)
            check.worst = fmt::format("{} of '{}' differs first at sample {}", drawn[q].name, name,
                                      i / (tensor.size() / samples_));
        }
      }
    }
    if (check.statistic > 0) {
      check.verdict = Verdict::fail;
      check.advice = "this is an error of Catenary, whatever the law says: please report it with the declaration";
    }
    session_.add(std::move(check));
  }

  Session& session_;
  const Subject& subject_;
  int64_t samples_;
  State x0_, xt_, estimate_;
  std::vector<float> per_sample_s_, per_sample_t_;
};

}  // namespace

void plan_sameness(Session& session, std::shared_ptr<const Subject> subject) {
  session.plan("same bits", 3, [&session, subject] {
    Sameness(session, *subject, few).run();
    Sameness(session, *subject, enough_to_share(*subject)).threads();
  });
}

}  // namespace catenary::verifying
