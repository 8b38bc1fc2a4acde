// Converter: a compiled conversion, called like a function.
#pragma once

#include <catenary/runtime/sampler.h>

namespace catenary {

/// Converts all points of a batch from one way of storing them to another. Immutable, cheap to copy, and safe to call
/// from many threads at once. Tensors are those of a Sampler: contiguous memory of the host, or of the GPU that the
/// converter is on, of shape [batch, sites..., point...], with any number of sites' axes.
class Converter {
 public:
  /// Of what compile_to_files or compile_mlir has made of a conversion: Converter(Sampler::load(&catenary_<name>)).
  /// Error: a joint process.
  explicit Converter(Sampler sampler);

  /// The same converter on a GPU, as Sampler::on_gpu has it.
  Converter on_gpu(int index, const std::string& driver = "libcuda.so.1") const;

  const char* name() const { return sampler_.components()[0].name; }
  const catenary_point& from() const { return sampler_.components()[0].estimate; }  ///< what it takes at a point
  const catenary_point& to() const { return sampler_.components()[0].point; }       ///< what it gives
  const Sampler& sampler() const { return sampler_; }

  /// The points of `source`, converted, in a tensor of its own.
  Tensor operator()(const Tensor& source, const DrawOptions& options = {}) const;
  /// The same, written to `out`, which must not overlap the source.
  void operator()(const Tensor& source, const Tensor& out, const DrawOptions& options = {}) const;

 private:
  Sampler sampler_;
};

}  // namespace catenary
