// Tensors to and from DLPack.
#pragma once

#include <dlpack/dlpack.h>

#include <catenary/runtime/tensor.h>

namespace catenary {

/// A view of a DLPack tensor that someone else owns. Error: an element type or device that Catenary does not have.
TensorView view(const DLTensor& tensor);

/// Takes over a DLPack tensor: its deleter runs once, when the last copy of the result is gone; at once on an error.
/// Errors: null, and those of `view`.
Tensor from_dlpack(DLManagedTensor* tensor);

/// Shares a tensor: the result keeps its memory until the consumer calls the deleter. Error: a tensor that borrows its
/// memory or is read-only.
DLManagedTensor* to_dlpack(const Tensor& tensor);

}  // namespace catenary
