// State: what a joint process is at one time, one tensor per named component.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <catenary/runtime/tensor.h>

namespace catenary {

/// Named tensors in the order in which they were added; that of a component has shape [batch, sites..., point...].
/// Copying a State copies no elements; `clone` does.
class State {
 public:
  struct Entry {
    std::string name;
    Tensor tensor;
  };

  State() = default;

  /// `State{{"place", places}, {"region", regions}}` of tensors or views. Error: a name given twice.
  State(std::initializer_list<Entry> entries);

  /// The tensor of that name; a tensor or view may be assigned to it. Never adds one: that is `set`.
  /// Error: no component of that name; the sentence lists those there are.
  Tensor& at(std::string_view name) &;
  const Tensor& at(std::string_view name) const&;
  Tensor at(std::string_view name) && { return at(name); }  ///< Of a temporary: a share in its memory.
  Tensor& operator[](std::string_view name) & { return at(name); }
  const Tensor& operator[](std::string_view name) const& { return at(name); }
  Tensor operator[](std::string_view name) && { return at(name); }

  /// Adds the component or replaces its tensor.
  State& set(std::string_view name, Tensor tensor);

  /// The tensor of that name, or null.
  Tensor* find(std::string_view name);
  const Tensor* find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != nullptr; }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  auto begin() { return entries_.begin(); }
  auto end() { return entries_.end(); }

  /// A state with memory of its own, every tensor contiguous.
  State clone() const;

 private:
  std::vector<Entry> entries_;
};

}  // namespace catenary
