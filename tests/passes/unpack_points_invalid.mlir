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
  %x = arith.constant dense<[0.0, 1.0]> : tensor<2xf32>
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tensor.extract' op reads element 2 of 2}}
  %e = tensor.extract %x[%c2] : tensor<2xf32>
}

// -----

catenary.pipeline @p asks "prior" {
  %x = arith.constant dense<0.0> : tensor<3x3xf32>
  // expected-error @+1 {{'tensor.extract_slice' op must take whole rows at a constant offset}}
  %e = tensor.extract_slice %x[0, 1] [2, 2] [1, 1] : tensor<3x3xf32> to tensor<2x2xf32>
}

// -----

// The first error is the only one; what uses the value is left alone.
catenary.pipeline @p asks "prior" {
  // expected-error @+1 {{'tensor.empty' op has no scalar form that unpack-points knows}}
  %e = tensor.empty() : tensor<2xf32>
  %d = catenary.dot %e, %e : tensor<2xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %c1 step %c1 iter_args(%a = %e) -> (tensor<2xf32>) {
    %b = arith.mulf %a, %e : tensor<2xf32>
    scf.yield %b : tensor<2xf32>
  }
}

// -----

catenary.pipeline @p asks "prior" {
  %x = arith.constant dense<0.0> : tensor<2x3xf32>
  // expected-error @+1 {{'tensor.extract_slice' op must take whole rows at a constant offset}}
  %e = tensor.extract_slice %x[0, 0] [2, 1] [1, 1] : tensor<2x3xf32> to tensor<2x1xf32>
}

// -----

catenary.pipeline @p asks "prior" {
  %x = arith.constant dense<0.0> : tensor<6xf32>
  // expected-error @+1 {{'tensor.extract_slice' op must take whole rows at a constant offset}}
  %e = tensor.extract_slice %x[0] [3] [2] : tensor<6xf32> to tensor<3xf32>
}

// -----

catenary.pipeline @p asks "prior" {
  %x = arith.constant dense<0.0> : tensor<2x2xf32>
  // expected-error @+1 {{'tensor.concat' op must join rows (dim 0)}}
  %e = tensor.concat dim(1) %x, %x : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x4xf32>
}
