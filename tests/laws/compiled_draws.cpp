// Draws by compiled samplers.
#include <algorithm>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/laws.h>
#include <catenary/tests/laws/draws.h>

namespace catenary::testing {

namespace {

class CompiledDraws final : public Draws {
 public:
  CompiledDraws(const Kept<Process>& process, double horizon)
      : type_(process->space().type()), point_(process->space().point()), estimate_(process->estimates()[0]) {
    Joint joint("joint", horizon);
    joint.add("x", process);
    std::vector<Question> questions;
    for (size_t q = 0; q <= size_t(Question::score); ++q)
      if (answers(joint.components()[0], Question(q))) questions.push_back(Question(q));
    sampler_ = std::make_unique<Sampler>(compile(joint, Target::host(), {.questions = questions}));
  }

  size_t size() const override { return 1000000; }
  Points prior(uint64_t seed) const override { return read(sampler_->prior(int64_t(size()), Seed(seed))); }
  Points forward(const Points& x0, double t, uint64_t seed) const override {
    return read(sampler_->forward(points(x0), t, Seed(seed)));
  }
  Points bridge(const Points& x0, const Points& xt, double s, double t, uint64_t seed) const override {
    return read(sampler_->bridge(points(x0), points(xt), s, t, Seed(seed)));
  }
  Points transition(const Points& xs, double s, double t, uint64_t seed) const override {
    return read(sampler_->transition(points(xs), s, t, Seed(seed)));
  }
  Points log_density(const Points& x0, const Points& xt, double t) const override {
    return read(sampler_->log_density(points(x0), points(xt), t));
  }
  Points score(const Points& x0, const Points& xt, double t) const override {
    return read(sampler_->score(points(x0), points(xt), t));
  }
  Points step(const Points& estimate, const Points& xt, double s, double t, uint64_t seed) const override {
    return read(sampler_->step(state(estimate, estimate_.type, estimate_.shape), points(xt), s, t, Seed(seed)));
  }

 private:
  State points(const Points& values) const { return state(values, type_, point_); }

  State state(const Points& values, Type type, Shape shape) const {
    shape.insert(shape.begin(), int64_t(size()));
    Tensor tensor = Tensor::empty(type == Type::f32 ? Dtype::f32 : Dtype::i32, shape);
    auto fill = [&]<class T>(std::span<T> to) {
      std::transform(values.begin(), values.end(), to.begin(), [](double v) { return T(v); });
    };
    type == Type::f32 ? fill(tensor.values<float>()) : fill(tensor.values<int32_t>());
    return State{{"x", tensor}};
  }

  Points read(const State& state) const {
    const Tensor& tensor = state["x"];
    auto list = [](auto values) { return Points(values.begin(), values.end()); };
    return tensor.dtype() == Dtype::f32 ? list(tensor.values<const float>()) : list(tensor.values<const int32_t>());
  }

  Type type_;
  Shape point_;
  Estimate estimate_;
  std::unique_ptr<Sampler> sampler_;
};

}  // namespace

std::unique_ptr<Draws> compiled_draws(Kept<Process> process, double horizon) {
  return std::make_unique<CompiledDraws>(process, horizon);
}

std::vector<Engine> engines() { return {Engine::evaluator, Engine::compiled}; }

}  // namespace catenary::testing
