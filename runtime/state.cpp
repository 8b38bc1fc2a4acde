// State: what a joint process is at one time, one tensor per named component.
#include <catenary/runtime/state.h>

#include <utility>

#include <catenary/support/error.h>

namespace catenary {

State::State(std::initializer_list<Entry> entries) {
  for (const Entry& entry : entries) {
    if (contains(entry.name)) throw Error("a state was given component '" + entry.name + "' twice");
    entries_.push_back(entry);
  }
}

const Tensor* State::find(std::string_view name) const {
  for (const Entry& entry : entries_)
    if (entry.name == name) return &entry.tensor;
  return nullptr;
}

Tensor* State::find(std::string_view name) { return const_cast<Tensor*>(std::as_const(*this).find(name)); }

const Tensor& State::at(std::string_view name) const& {
  if (const Tensor* tensor = find(name)) return *tensor;
  std::string names;
  for (const Entry& entry : entries_) names += (names.empty() ? "'" : ", '") + entry.name + "'";
  throw Error("this state has no component '" + std::string(name) + "'; it has " + (names.empty() ? "none" : names) +
              " (set() adds one)");
}

Tensor& State::at(std::string_view name) & { return const_cast<Tensor&>(std::as_const(*this).at(name)); }

State& State::set(std::string_view name, Tensor tensor) {
  if (Tensor* present = find(name))
    *present = std::move(tensor);
  else
    entries_.push_back({std::string(name), std::move(tensor)});
  return *this;
}

State State::clone() const {
  State copy;
  copy.entries_.reserve(entries_.size());
  for (const Entry& entry : entries_) copy.entries_.push_back({entry.name, contiguous(entry.tensor)});
  return copy;
}

}  // namespace catenary
