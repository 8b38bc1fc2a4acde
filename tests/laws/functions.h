// Functions of two points of a space, in double precision and as compiled to f32.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <catenary/compiler/compile.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/tests/laws/draws.h>

namespace catenary::testing {

/// A function of pairs of points, f32 [..]; a number comes as every element of a point.
class Function {
 public:
  Function(Engine engine, const Kept<Space>& space, const std::function<Expr(Expr, Expr)>& function)
      : point_(space->point()), elements_(size_t(element_count(point_))) {
    auto as_point = [&](const Expr& e) { return e.shape() == point_ ? e : splat(e, point_); };
    Expr a = parameter("a", Type::f32, point_), b = parameter("b", Type::f32, point_);
    if (engine == Engine::evaluator) {
      evaluator_.emplace(std::vector{as_point(function(a, b))});
      return;
    }
    Joint joint("joint");
    joint.add("x", Bridge(space, [&](Expr x, Expr y) { return as_point(function(std::move(x), std::move(y))); }));
    sampler_.emplace(compile(joint, Target::host(), {.questions = {Question::bridge}}));
  }

  Points operator()(const Points& a, const Points& b) const {
    Points result;
    for (size_t i = 0; evaluator_ && i < a.size(); i += elements_) {
      auto point = [&](const Points& from) { return Values(&from[i], &from[i] + elements_); };
      Values value = (*evaluator_)({{"a", point(a)}, {"b", point(b)}})[0];
      result.insert(result.end(), value.begin(), value.end());
    }
    if (evaluator_) return result;
    State state = sampler_->bridge(tensor(a), tensor(b), 0.5, 1, Seed(1), {.check_data = false});
    auto values = state["x"].values<const float>();
    return {values.begin(), values.end()};
  }
  double number(const Points& a, const Points& b) const { return (*this)(a, b)[0]; }

 private:
  // A bridge takes two points to a third.
  class Bridge final : public Process {
   public:
    Bridge(Kept<Space> space, std::function<Expr(Expr, Expr)> function)
        : Process(std::move(space)), function_(std::move(function)) {}
    Expr prior(Expr) const override { return normal(space().point()); }
    Expr forward(Expr x0, Expr) const override { return x0; }
    Expr bridge(Expr a, Expr b, Expr, Expr) const override { return function_(std::move(a), std::move(b)); }

   private:
    std::function<Expr(Expr, Expr)> function_;
  };

  State tensor(const Points& points) const {
    Shape shape = point_;
    shape.insert(shape.begin(), int64_t(points.size() / elements_));
    Tensor tensor = Tensor::empty(Dtype::f32, shape);
    std::transform(points.begin(), points.end(), tensor.values<float>().begin(), [](double v) { return float(v); });
    return State{{"x", tensor}};
  }

  Shape point_;
  size_t elements_;
  std::optional<Evaluator> evaluator_;
  std::optional<Sampler> sampler_;
};

}  // namespace catenary::testing
