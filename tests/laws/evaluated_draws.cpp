// Draws by the reference evaluator.
#include <catenary/dsl/evaluate.h>
#include <catenary/tests/laws/draws.h>

namespace catenary::testing {

namespace {

class EvaluatedDraws final : public Draws {
 public:
  EvaluatedDraws(Kept<Process> process, double horizon) : joint_("joint", horizon) {
    joint_.add("x", std::move(process));
  }

  size_t size() const override { return 4000; }
  Points prior(uint64_t seed) const override { return draw(Question::prior, {}, {}, seed); }
  Points forward(const Points& x0, double t, uint64_t seed) const override {
    return draw(Question::forward, {{"x0", &x0}}, {{"t", {as_float(t)}}}, seed);
  }
  Points bridge(const Points& x0, const Points& xt, double s, double t, uint64_t seed) const override {
    return draw(Question::bridge, {{"x0", &x0}, {"xt", &xt}}, {{"s", {as_float(s)}}, {"t", {as_float(t)}}}, seed);
  }
  Points transition(const Points& xs, double s, double t, uint64_t seed) const override {
    return draw(Question::transition, {{"xs", &xs}}, {{"s", {as_float(s)}}, {"t", {as_float(t)}}}, seed);
  }
  Points log_density(const Points& x0, const Points& xt, double t) const override {
    return draw(Question::log_density, {{"x0", &x0}, {"xt", &xt}}, {{"t", {as_float(t)}}}, 0);
  }
  Points score(const Points& x0, const Points& xt, double t) const override {
    return draw(Question::score, {{"x0", &x0}, {"xt", &xt}}, {{"t", {as_float(t)}}}, 0);
  }
  Points step(const Points& estimate, const Points& xt, double s, double t, uint64_t seed) const override {
    return draw(Question::step, {{"estimate", &estimate}, {"xt", &xt}}, {{"s", {as_float(s)}}, {"t", {as_float(t)}}},
                seed);
  }

 private:
  static double as_float(double v) { return double(float(v)); }

  Points draw(Question question, const std::map<std::string, const Points*>& points,
              std::map<std::string, Values> given, uint64_t seed) const {
    const Evaluator law({derive(joint_, joint_.components()[0], question).result});
    Points result;
    for (uint64_t i = 0; i < size(); ++i) {
      for (const auto& [name, values] : points) {
        auto elements = int64_t(values->size() / size());
        auto first = values->begin() + int64_t(i) * elements;
        given[name] = Values(first, first + elements);
      }
      Values drawn = law(given, {.seed = seed, .question = question, .point = i})[0];
      result.insert(result.end(), drawn.begin(), drawn.end());
    }
    return result;
  }

  Joint joint_;
};

}  // namespace

std::unique_ptr<Draws> evaluated_draws(Kept<Process> process, double horizon) {
  return std::make_unique<EvaluatedDraws>(std::move(process), horizon);
}

}  // namespace catenary::testing
