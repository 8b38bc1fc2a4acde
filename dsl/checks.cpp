// Checks that declarations share.
#include <catenary/dsl/checks.h>

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include <catenary/dsl/space.h>

namespace catenary {

bool is_identifier(const std::string& name) {
  auto word = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  return !name.empty() && !std::isdigit((unsigned char)name[0]) && std::all_of(name.begin(), name.end(), word);
}

void check_shape(const std::string& what, const Shape& shape) {
  if (shape.size() > max_point_rank || element_count(shape) < 1)
    throw Error(fmt::format("{} have shape {}; a shape has up to {} axes, each of at least 1", what, to_string(shape),
                            max_point_rank));
}

void check_parameters(const Schedule& law, const std::vector<Expr>& given) {
  for (const Node* n : law.nodes)
    if (n->op == Op::Parameter &&
        std::none_of(given.begin(), given.end(), [&](const Expr& p) { return p.get() == n; })) {
      std::string names;
      for (const Expr& p : given) names += (names.empty() ? "" : ", ") + p->name;
      throw Error(fmt::format("{}:{}: the law reads a parameter '{}'; it is given {}", n->where.file_name(),
                              n->where.line(), n->name, names.empty() ? "none" : names));
    }
  for (const auto* bodies : {&law.bodies, &law.conditions})
    for (const auto& [loop, body] : *bodies) check_parameters(body, given);
}

}  // namespace catenary
