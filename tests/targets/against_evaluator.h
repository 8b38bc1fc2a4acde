// Compiled answers compared with the reference evaluator, point by point.
#pragma once

#include <cmath>
#include <map>
#include <numbers>

#include <catenary/dsl/evaluate.h>
#include <catenary/tests/targets/all_laws.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>

namespace catenary::testing {

inline Values point_of(const Tensor& tensor, int64_t point, int64_t size) {
  auto list = [&](auto values) { return Values(values.begin() + point * size, values.begin() + (point + 1) * size); };
  return tensor.dtype() == Dtype::f32 ? list(tensor.values<const float>()) : list(tensor.values<const int32_t>());
}

/// Compares every point of `got` with the evaluator: categories exactly, angles by their distance on the circle, all
/// else to `tolerance`, absolute and relative.
inline void agrees_with_evaluator(const Joint& joint, Question question, const State& got, const Arguments& a,
                                  Seed seed, int64_t first_sample, double tolerance = 1e-5) {
  bool draw = is_drawn(question);
  for (size_t k = 0; k < joint.components().size(); ++k) {
    const Joint::Component& component = joint.components()[k];
    Law law = derive(joint, component, question);
    Evaluator evaluator({law.result});
    const std::string& name = component.name;
    int64_t size = element_count(law.result.shape()), sites = component.placement.sites.empty() ? 1 : atoms;
    std::map<std::string, const State*> states{{"x0", &a.x0}, {"xs", &a.x0}, {"xt", &a.xt}, {"estimate", &a.estimate}};
    for (int64_t i = 0; i < got[name].size() / size; ++i) {
      std::map<std::string, Values> given;
      for (const Expr& p : law.parameters) {
        size_t sample = size_t(i / sites);
        if (p->name == "s" || p->name == "t")
          given[p->name] = {p->name == "s" ? a.s[sample] : a.t[sample]};
        else
          given[p->name] = point_of((*states.at(p->name))[name], i, element_count(p.shape()));
      }
      Values found = point_of(got[name], i, size);
      uint64_t point = uint64_t(first_sample * sites + i);
      Values wanted =
          evaluator(given, {seed.value, seed.step, uint32_t(k), question, point, joint.options().rounds})[0];
      for (int64_t e = 0; e < size; ++e) {
        double away = std::abs(found[size_t(e)] - wanted[size_t(e)]);
        if (draw && name == "angle") away = std::min(away, 2 * std::numbers::pi - away);
        INFO(fmt::format("{} of {}, point {}, element {}: {}, not {}", name_of(question), name, point, e,
                         found[size_t(e)], wanted[size_t(e)]));
        CHECK(away <= (draw && name == "kind" ? 0 : tolerance * (draw ? 1 : 1 + std::abs(wanted[size_t(e)]))));
      }
    }
  }
}

}  // namespace catenary::testing
