// RUN: catenary-opt %s | catenary-opt | FileCheck %s

// Questions beyond draws of x_s: what each is given and what it gives.
catenary.process @place 0 on "euclidean" points tensor<2xf32> estimates "endpoint" tensor<2xf32> {
}

// CHECK: catenary.pipeline @onward asks "transition" {
catenary.pipeline @onward asks "transition" {
  %s = catenary.time "s"
  %t = catenary.time "t"
  // CHECK: %[[XS:.*]] = catenary.input xs of @place : tensor<2xf32>
  %xs = catenary.input xs of @place : tensor<2xf32>
  // CHECK-NEXT: catenary.output %[[XS]] of @place : tensor<2xf32>
  catenary.output %xs of @place : tensor<2xf32>
}

// CHECK: catenary.pipeline @density asks "log_density" {
catenary.pipeline @density asks "log_density" {
  %t = catenary.time "t"
  %x0 = catenary.input x0 of @place : tensor<2xf32>
  %xt = catenary.input xt of @place : tensor<2xf32>
  %d = catenary.dot %x0, %xt : tensor<2xf32>
  // CHECK: catenary.output %{{.*}} of @place : f32
  catenary.output %d of @place : f32
}

// CHECK: catenary.pipeline @score asks "score" {
catenary.pipeline @score asks "score" {
  %x0 = catenary.input x0 of @place : tensor<2xf32>
  %xt = catenary.input xt of @place : tensor<2xf32>
  %g = arith.subf %x0, %xt : tensor<2xf32>
  catenary.output %g of @place : tensor<2xf32>
}

// CHECK: catenary.pipeline @loss asks "loss" {
catenary.pipeline @loss asks "loss" {
  %x0 = catenary.input x0 of @place : tensor<2xf32>
  %estimate = catenary.input estimate of @place : tensor<2xf32>
  %d = catenary.dot %x0, %estimate : tensor<2xf32>
  // CHECK: catenary.output %{{.*}} of @place : f32
  catenary.output %d of @place : f32
}

// CHECK: catenary.pipeline @gradient asks "loss_gradient" {
catenary.pipeline @gradient asks "loss_gradient" {
  %x0 = catenary.input x0 of @place : tensor<2xf32>
  catenary.output %x0 of @place : tensor<2xf32>
}

// CHECK: catenary.pipeline @flow asks "flow_step" {
catenary.pipeline @flow asks "flow_step" {
  %s = catenary.time "s"
  %estimate = catenary.input estimate of @place : tensor<2xf32>
  catenary.output %estimate of @place : tensor<2xf32>
}

// A conversion takes what the process's estimates are, and gives a point.
catenary.process @frame 1 on "rotations" points tensor<4xf32> estimates "rotation_vectors" tensor<3xf32> sites "frames" {
}
// CHECK: catenary.pipeline @frame_of asks "convert" sites "frames" {
catenary.pipeline @frame_of asks "convert" sites "frames" {
  // CHECK: %[[V:.*]] = catenary.input source of @frame : tensor<3xf32>
  %v = catenary.input source of @frame : tensor<3xf32>
  %w = arith.constant dense<1.0> : tensor<1xf32>
  %q = tensor.concat dim(0) %w, %v : (tensor<1xf32>, tensor<3xf32>) -> tensor<4xf32>
  // CHECK: catenary.output %{{.*}} of @frame : tensor<4xf32>
  catenary.output %q of @frame : tensor<4xf32>
}
