// RUN: catenary-opt %s --split-points | FileCheck %s

catenary.process @x 0 on "euclidean" points tensor<2x3xf32> estimates "endpoint" tensor<2x3xf32> {
}

// Numbers that are drawn alike are points of their own: 6 of one of the caller's. A draw's place is that of its number.
// CHECK-LABEL: catenary.pipeline @alike asks "forward" draws 1 numbers 6 {
catenary.pipeline @alike asks "forward" draws 6 {
  // CHECK-NEXT: %[[T:.*]] = catenary.time "t"
  // CHECK-NEXT: %[[X:.*]] = catenary.input x0 of @x : f32
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
  // CHECK-NEXT: %[[Z:.*]] = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 2 : i32} : f32
  // CHECK-NEXT: %[[S:.*]] = arith.mulf %[[T]], %[[TWO]] : f32
  // CHECK-NEXT: %[[Y:.*]] = math.fma %[[S]], %[[Z]], %[[X]] : f32
  // CHECK-NEXT: %[[ON:.*]] = arith.cmpf ogt, %[[T]], %[[T]] : f32
  // CHECK-NEXT: %[[R:.*]] = arith.select %[[ON]], %[[Y]], %[[X]] : f32
  // CHECK-NEXT: catenary.output %[[R]] of @x : f32
  %t = catenary.time "t"
  %x = catenary.input x0 of @x : tensor<2x3xf32>
  %two = arith.constant dense<2.0> : tensor<2x3xf32>
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 6 : i64, stream = 2 : i32} : tensor<2x3xf32>
  %all = tensor.splat %t : tensor<2x3xf32>
  %s = arith.mulf %all, %two : tensor<2x3xf32>
  %y = math.fma %s, %z, %x : tensor<2x3xf32>
  %on = arith.cmpf ogt, %t, %t : f32
  %r = arith.select %on, %y, %x : tensor<2x3xf32>
  catenary.output %r of @x : tensor<2x3xf32>
}

// A number of a point that differs from the others, a value of all of them, or a draw whose place is not its number's: the
// point stays whole.
// CHECK-LABEL: catenary.pipeline @each asks "forward" {
// CHECK: catenary.input x0 of @x : tensor<2x3xf32>
catenary.pipeline @each asks "forward" {
  %x = catenary.input x0 of @x : tensor<2x3xf32>
  %means = arith.constant dense<[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]> : tensor<2x3xf32>
  %y = arith.addf %x, %means : tensor<2x3xf32>
  catenary.output %y of @x : tensor<2x3xf32>
}

// CHECK-LABEL: catenary.pipeline @sum asks "forward" {
// CHECK: catenary.input x0 of @x : tensor<2x3xf32>
catenary.pipeline @sum asks "forward" {
  %x = catenary.input x0 of @x : tensor<2x3xf32>
  %sum = catenary.reduce sum %x : tensor<2x3xf32> -> f32
  %all = tensor.splat %sum : tensor<2x3xf32>
  catenary.output %all of @x : tensor<2x3xf32>
}

// CHECK-LABEL: catenary.pipeline @twice asks "prior" draws 12 {
// CHECK: per_point = 12
catenary.pipeline @twice asks "prior" draws 12 {
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 12 : i64, stream = 1 : i32} : tensor<2x3xf32>
  %y = catenary.draw normal {component = 0 : i32, first = 6 : i64, per_point = 12 : i64, stream = 1 : i32} : tensor<2x3xf32>
  %s = arith.addf %z, %y : tensor<2x3xf32>
  catenary.output %s of @x : tensor<2x3xf32>
}

// CHECK-LABEL: catenary.pipeline @shared asks "prior" draws 1 {
// CHECK: tensor.splat
catenary.pipeline @shared asks "prior" draws 1 {
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 1 : i32} : f32
  %s = tensor.splat %z : tensor<2x3xf32>
  catenary.output %s of @x : tensor<2x3xf32>
}
