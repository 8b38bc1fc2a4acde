// Converter: a compiled conversion, called like a function.
#include <catenary/runtime/converter.h>

#include <utility>

#include <fmt/format.h>

#include <catenary/support/error.h>

namespace catenary {

Converter::Converter(Sampler sampler) : sampler_(std::move(sampler)) {
  if (!sampler_.answers(Question::convert) || sampler_.components().size() != 1)
    throw Error(fmt::format("'{}' is a joint process, not a conversion; ask its sampler", sampler_.name()));
}

Converter Converter::on_gpu(int index, const std::string& driver) const {
  return Converter(sampler_.on_gpu(index, driver));
}

Tensor Converter::operator()(const Tensor& source, const DrawOptions& options) const {
  return sampler_.convert(State{{name(), source}}, options)[name()];
}

void Converter::operator()(const Tensor& source, const Tensor& out, const DrawOptions& options) const {
  State made{{name(), out}};
  sampler_.convert_into(made, State{{name(), source}}, options);
}

}  // namespace catenary
