// RUN: catenary-opt %s --unpack-points | FileCheck %s

catenary.process @x 0 on "euclidean" points tensor<2xf32> estimates "endpoint" tensor<2xf32> {
}

// A loop carries the elements of its tensors, in their place among the other values.
// CHECK-LABEL: catenary.pipeline @fold
catenary.pipeline @fold asks "forward" {
  // CHECK-NOT: tensor
  // CHECK: %[[X0:.*]] = catenary.input x0 of @x element 0
  // CHECK: %[[X1:.*]] = catenary.input x0 of @x element 1
  // CHECK: %[[T:.*]] = catenary.time "t"
  // CHECK: %[[R:.*]]:3 = scf.for {{.*}} iter_args(%[[A:.*]] = %[[T]], %[[B:.*]] = %[[X0]], %[[C:.*]] = %[[X1]]) -> (f32, f32, f32) {
  // CHECK-NEXT: %[[D:.*]] = arith.addf %[[B]], %[[X0]]
  // CHECK-NEXT: %[[E:.*]] = arith.addf %[[C]], %[[X1]]
  // CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[D]], %[[E]]
  // CHECK-NEXT: scf.yield %[[SUM]], %[[D]], %[[E]]
  // CHECK: catenary.output %[[R]]#1 of @x element 0
  // CHECK: catenary.output %[[R]]#2 of @x element 1
  %x = catenary.input x0 of @x : tensor<2xf32>
  %t = catenary.time "t"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %r:2 = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %t, %v = %x) -> (f32, tensor<2xf32>) {
    %w = arith.addf %v, %x : tensor<2xf32>
    %s = catenary.reduce sum %w : tensor<2xf32> -> f32
    scf.yield %s, %w : f32, tensor<2xf32>
  }
  catenary.output %r#1 of @x : tensor<2xf32>
}

// CHECK-LABEL: catenary.pipeline @while
catenary.pipeline @while asks "forward" {
  // CHECK-NOT: tensor
  // CHECK: %[[R:.*]]:3 = scf.while (%[[A:.*]] = %{{.*}}, %[[B:.*]] = %{{.*}}, %[[I:.*]] = %{{.*}}) : (f32, f32, i32) -> (f32, f32, i32) {
  // CHECK: %[[N:.*]] = arith.addf %[[A]], %[[B]]
  // CHECK: %[[MORE:.*]] = arith.cmpf olt, %[[N]]
  // CHECK: scf.condition(%[[MORE]]) %[[A]], %[[B]], %[[I]] : f32, f32, i32
  // CHECK: ^bb0(%[[C:.*]]: f32, %[[D:.*]]: f32, %[[J:.*]]: i32):
  // CHECK: %[[E:.*]] = arith.mulf %[[C]], %[[C]]
  // CHECK: %[[F:.*]] = arith.mulf %[[D]], %[[D]]
  // CHECK: scf.yield %[[E]], %[[F]], %[[J]] : f32, f32, i32
  // CHECK: catenary.output %[[R]]#0 of @x element 0
  // CHECK: catenary.output %[[R]]#1 of @x element 1
  %x = catenary.input x0 of @x : tensor<2xf32>
  %t = catenary.time "t"
  %zero = arith.constant 0 : i32
  %r:2 = scf.while (%v = %x, %i = %zero) : (tensor<2xf32>, i32) -> (tensor<2xf32>, i32) {
    %n = catenary.reduce sum %v : tensor<2xf32> -> f32
    %more = arith.cmpf olt, %n, %t : f32
    scf.condition(%more) %v, %i : tensor<2xf32>, i32
  } do {
  ^bb0(%v: tensor<2xf32>, %i: i32):
    %w = arith.mulf %v, %v : tensor<2xf32>
    scf.yield %w, %i : tensor<2xf32>, i32
  }
  catenary.output %r#0 of @x : tensor<2xf32>
}
