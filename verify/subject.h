// What is verified: a compiled joint process, and what is known of its components.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <catenary/verify/geometry.h>
#include <catenary/verify/session.h>

namespace catenary::verifying {

/// A component: its border, and its declaration where there is one.
struct Component {
  std::string name;
  std::string label;  ///< what its checks are called after: "" where it is the only one, else "wind: "
  const catenary_component* border = nullptr;
  std::optional<Joint::Component> declared;
  std::vector<int64_t> forbidden;            ///< What the process forbids its model: Estimate::forbidden.
  std::shared_ptr<const Geometry> geometry;  ///< Of a manifold whose declaration is there.
  std::shared_ptr<const Probe> exp;          ///< The same.
  std::shared_ptr<const Probe> log;          ///< The same.
  std::shared_ptr<const Probe> distance;     ///< The same; every element of its result is the distance.
  std::shared_ptr<const Probe> project;      ///< The same.

  /// The declared space, kept alive by the process that it belongs to.
  std::optional<Kept<Space>> space() const;
  bool categorical() const { return border->point.categories > 0; }
  size_t elements() const { return size_t(border->point.size); }
  /// Whether a model returns a point of the space; else logits: a declared joint is verified with its processes' first
  /// kinds.
  bool estimates_endpoint() const { return std::string_view(border->estimate_kind) == "endpoint"; }
  /// The estimate that says of every sample that it is x0, with certainty.
  Tensor certain(const State& x0) const;
  /// The categories that may be data: those that the process does not forbid its model.
  std::vector<int32_t> possible_data() const;
  /// The process's time at the joint's time t.
  double clock(double t) const;
  /// Whether its bridges must compose, by Process::bridges_compose; without its declaration, where there are
  /// transitions.
  bool bridges_compose(bool transitions) const { return declared ? declared->process->bridges_compose() : transitions; }
  /// What the process allows itself, by Process::approximation.
  double approximation(double t) const;
};

/// A joint process under test.
struct Subject {
  std::optional<Joint> joint;  ///< Absent for a saved declaration,
  std::string mlir, file;      ///< whose text and name these are.
  std::optional<Sampler> sampler;
  bool from_cache = false;  ///< Whether some of its code was.
  std::vector<Component> components;

  double horizon() const { return sampler->horizon(); }
  /// The float that is this share of the horizon.
  double time(double share) const { return double(float(share * horizon())); }
  bool answers(Question question) const { return sampler->answers(question); }
  /// Every component's.
  State certain(const State& x0) const;
  /// As many samples of n, a power of 2, as have estimates of at most a gigabyte.
  int64_t with_estimates(int64_t n) const;
  /// What is drawn from x_0 by such estimates, in parts where all of them would not fit: draw(estimate, first, n) has
  /// samples first, first + 1, ...
  State by_certain(const State& x0,
                   const std::function<State(const State& estimate, int64_t first, int64_t n)>& draw) const;
  /// `from_cache`, where it is not null, becomes whether some of the code was.
  Sampler compile(const Target& target, CompileOptions options, bool* from_cache = nullptr) const;
};

Subject subject_of(Session& session, const Joint& joint);
Subject subject_of(Session& session, const std::string& mlir, const std::string& name);

/// The starting points of samples: those of sample i are starts[i % groups].
inline constexpr int64_t groups = 4;
/// A batch of starting points for every component, `n` samples.
State starting_points(const Subject& subject, int64_t n);

/// Samples first .. first + n - 1, in the same memory.
State part_of(const State& state, int64_t first, int64_t n);

/// A state of n samples in which component c has `points` (null: its starts), and the others have their starts.
State state_with(const State& starts, const Component& c, const void* points, int64_t n);

/// Draws as sample number `first` and on, without looking at the data.
DrawOptions unchecked(int64_t first = 0);

/// The elements of sample i.
template <class T>
const T* element_of(const State& state, const Component& c, int64_t i) {
  return static_cast<const T*>(state[c.name].data()) + i * c.border->point.size;
}

Vector vector_of(const Component& c, const State& state, int64_t i);

}  // namespace catenary::verifying
