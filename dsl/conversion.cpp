// The checks of a conversion's declaration.
#include <catenary/dsl/conversion.h>

#include <fmt/format.h>

#include <catenary/dsl/checks.h>
#include <catenary/dsl/schedule.h>

namespace catenary {

namespace {

void check_stored(const Stored& stored) {
  check_shape(stored.name, stored.shape);
  if (stored.type == Type::boolean)
    throw Error(fmt::format("{} are booleans; tensors hold f32 or i32, which to_float and to_int give", stored.name));
}

}  // namespace

Conversion::Conversion(std::string name, Stored from, std::string to, const std::function<Expr(Expr)>& function)
    : name_(std::move(name)),
      from_(std::move(from)),
      to_{std::move(to), {}},
      source_(parameter("source", from_.type, from_.shape)),
      result_(source_) {
  if (!is_identifier(name_))
    throw Error(fmt::format("a conversion is named by letters, digits and underscores; found '{}'", name_));
  try {
    check_stored(from_);
    result_ = function(source_);
    to_.shape = result_.shape(), to_.type = result_.type();
    check_stored(to_);
    const Schedule nodes = schedule({result_});
    check_parameters(nodes, {source_});
    if (!number_draws(nodes).empty()) throw Error("it draws, and a conversion must not");
  } catch (const Error& e) {
    throw Error(fmt::format("conversion '{}': {}", name_, e.what()));
  }
}

}  // namespace catenary
