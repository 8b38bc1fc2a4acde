// RUN: catenary-opt %s --unpack-points | FileCheck %s

catenary.process @k 0 on "categorical" points i32 estimates "logits" tensor<5xf32> categories 5 {
}
catenary.process @x 1 on "euclidean" points f32 estimates "endpoint" f32 {
}

// CHECK-LABEL: catenary.pipeline @step
catenary.pipeline @step asks "step" {
  // CHECK-NEXT: %[[K:.*]] = catenary.input xt of @k : i32
  %k = catenary.input xt of @k : i32

  // An input is read at the clamped index, and nowhere else.
  // CHECK-DAG: %[[LAST:.*]] = arith.constant 4 : i32
  // CHECK-DAG: %[[FIRST:.*]] = arith.constant 0 : i32
  // CHECK: %[[MOST:.*]] = arith.minsi %[[K]], %[[LAST]] : i32
  // CHECK-NEXT: %[[INDEX:.*]] = arith.maxsi %[[MOST]], %[[FIRST]] : i32
  // CHECK-NEXT: %[[LOGIT:.*]] = catenary.input estimate of @k at %[[INDEX]] : f32
  %logits = catenary.input estimate of @k : tensor<5xf32>
  %logit = catenary.at %logits[%k] : (tensor<5xf32>, i32) -> f32

  // A run of it, by its clamped first element.
  // CHECK: %[[START:.*]] = arith.maxsi
  // CHECK-NEXT: %[[E0:.*]] = catenary.input estimate of @k element 0 at %[[START]] run 2 : f32
  // CHECK-NEXT: %[[E1:.*]] = catenary.input estimate of @k element 1 at %[[START]] run 2 : f32
  // CHECK-NEXT: arith.addf %[[E0]], %[[E1]] : f32
  %run = catenary.at %logits[%k] : (tensor<5xf32>, i32) -> tensor<2xf32>
  %both = catenary.reduce sum %run : tensor<2xf32> -> f32

  // A constant of more than 8 elements stays a table.
  // CHECK-NEXT: %[[TABLE:.*]] = arith.constant dense<{{.*}}> : tensor<9xf32>
  // CHECK: %[[CLAMPED:.*]] = arith.maxsi
  // CHECK-NEXT: %[[FAR:.*]] = catenary.at %[[TABLE]][%[[CLAMPED]]] : (tensor<9xf32>, i32) -> f32
  %table = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<9xf32>
  %far = catenary.at %table[%k] : (tensor<9xf32>, i32) -> f32

  // Anything else is chosen among its elements.
  // CHECK: %[[SUM:.*]] = arith.addf %[[LOGIT]], %[[FAR]]
  // CHECK: %[[PLACE:.*]] = arith.maxsi
  // CHECK: %[[ONE:.*]] = arith.constant 1 : i32
  // CHECK-NEXT: %[[IS_ONE:.*]] = arith.cmpi eq, %[[PLACE]], %[[ONE]]
  // CHECK-NEXT: %[[CHOSEN:.*]] = arith.select %[[IS_ONE]], %[[FAR]], %[[SUM]] : f32
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2 : i32
  // CHECK-NEXT: %[[IS_TWO:.*]] = arith.cmpi eq, %[[PLACE]], %[[TWO]]
  // CHECK-NEXT: %[[RESULT:.*]] = arith.select %[[IS_TWO]], %[[LOGIT]], %[[CHOSEN]] : f32
  // CHECK-NEXT: catenary.output %[[RESULT]] of @x : f32
  %sum = arith.addf %logit, %far : f32
  %three = tensor.from_elements %sum, %far, %logit : tensor<3xf32>
  %near = catenary.at %three[%k] : (tensor<3xf32>, i32) -> f32
  catenary.output %near of @x : f32
}
