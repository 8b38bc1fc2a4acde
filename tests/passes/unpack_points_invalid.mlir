// RUN: catenary-opt %s --unpack-points -split-input-file -verify-diagnostics

catenary.pipeline @p asks "prior" {
  // expected-error @+1 {{'catenary.draw' op has no place in the counter layout; assign-draws gives it one}}
  %z = catenary.draw normal {component = 0 : i32} : tensor<2xf32>
}

// -----

catenary.pipeline @p asks "prior" {
  // expected-error @+1 {{'tensor.empty' op has no scalar form that unpack-points knows}}
  %x = tensor.empty() : tensor<2xf32>
}

// -----

catenary.pipeline @p asks "forward" {
  %x = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %t = catenary.time "t"
  %i = arith.fptosi %t : f32 to i32
  %at = arith.index_cast %i : i32 to index
  // expected-error @+1 {{'tensor.extract' op must have constant indices; use 'catenary.at' for computed ones}}
  %e = tensor.extract %x[%at] : tensor<2xf32>
}

// -----

catenary.pipeline @p asks "prior" {
  %x = arith.constant dense<0.0> : tensor<3x3xf32>
  // expected-error @+1 {{'tensor.extract_slice' op must take whole rows at a constant offset}}
  %e = tensor.extract_slice %x[0, 1] [2, 2] [1, 1] : tensor<3x3xf32> to tensor<2x2xf32>
}
