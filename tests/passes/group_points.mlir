// RUN: catenary-opt %s --group-points | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A normal per point: 2 points share a pair of words. Uniform values have one copy.
// CHECK-LABEL: catenary.pipeline @two asks "forward" group 2 {
catenary.pipeline @two asks "forward" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[NUMBER:.*]]: i64):
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[X0:.*]] = catenary.input x0 of @x slot 0 : f32
  // CHECK-NEXT: %[[X1:.*]] = catenary.input x0 of @x slot 1 : f32
  // CHECK-NEXT: %[[W0:.*]], %[[W1:.*]] = catenary.words %[[SEED]], %[[NUMBER]], %[[STEP]] stream 2 pair 0 of 1
  // CHECK-NEXT: %[[Z0:.*]], %[[Z1:.*]] = catenary.box_muller %[[W0]], %[[W1]]
  // CHECK-NEXT: %[[Y0:.*]] = math.fma %[[TWO]], %[[Z0]], %[[X0]]
  // CHECK-NEXT: %[[Y1:.*]] = math.fma %[[TWO]], %[[Z1]], %[[X1]]
  // CHECK-NEXT: catenary.output %[[Y0]] of @x slot 0
  // CHECK-NEXT: catenary.output %[[Y1]] of @x slot 1
  %two = arith.constant 2.0 : f32
  %x = catenary.input x0 of @x : f32
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 2 : i32} : f32
  %y = math.fma %two, %z, %x : f32
  catenary.output %y of @x : f32
}

// 6 words per point: a point has its own 3 pairs. This is its last word, the second of the last pair.
// CHECK-LABEL: catenary.pipeline @even asks "prior" group 1 {
catenary.pipeline @even asks "prior" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[NUMBER:.*]]: i64):
  // CHECK-NEXT: %{{.*}}, %[[W5:.*]] = catenary.words %[[SEED]], %[[NUMBER]], %[[STEP]] stream 1 pair 2 of 3
  // CHECK-NEXT: %[[U:.*]] = catenary.uniform_of %[[W5]]
  // CHECK-NEXT: catenary.output %[[U]] of @x slot 0
  %w = catenary.draw bits {component = 0 : i32, first = 5 : i64, per_point = 6 : i64, stream = 1 : i32} : i32
  %u = catenary.uniform_of %w : i32 -> f32
  catenary.output %u of @x : f32
}

// CHECK-LABEL: catenary.pipeline @none asks "prior" group 1 {
catenary.pipeline @none asks "prior" {
  // CHECK-NOT: catenary.words
  %two = arith.constant 2.0 : f32
  // CHECK: catenary.output %{{.*}} of @x slot 0
  catenary.output %two of @x : f32
}
