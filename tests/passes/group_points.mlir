// RUN: catenary-opt %s --group-points | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A normal per point: 4 points share a block and 2 Box-Muller pairs. Uniform values have one copy.
// CHECK-LABEL: catenary.pipeline @four asks "forward" group 4 {
catenary.pipeline @four asks "forward" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[GROUP:.*]]: i64):
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[X0:.*]] = catenary.input x0 of @x slot 0 : f32
  // CHECK-NEXT: %[[X1:.*]] = catenary.input x0 of @x slot 1 : f32
  // CHECK-NEXT: %[[X2:.*]] = catenary.input x0 of @x slot 2 : f32
  // CHECK-NEXT: %[[X3:.*]] = catenary.input x0 of @x slot 3 : f32
  // CHECK-NEXT: %[[W0:.*]], %[[W1:.*]], %[[W2:.*]], %[[W3:.*]] = catenary.philox %[[SEED]], %[[GROUP]], %[[STEP]] stream 2 : i64 -> i32
  // CHECK-NEXT: %[[Z0:.*]], %[[Z1:.*]] = catenary.box_muller %[[W0]], %[[W1]]
  // CHECK-NEXT: %[[Z2:.*]], %[[Z3:.*]] = catenary.box_muller %[[W2]], %[[W3]]
  // CHECK-NEXT: %[[Y0:.*]] = math.fma %[[TWO]], %[[Z0]], %[[X0]]
  // CHECK-NEXT: %[[Y1:.*]] = math.fma %[[TWO]], %[[Z1]], %[[X1]]
  // CHECK-NEXT: %[[Y2:.*]] = math.fma %[[TWO]], %[[Z2]], %[[X2]]
  // CHECK-NEXT: %[[Y3:.*]] = math.fma %[[TWO]], %[[Z3]], %[[X3]]
  // CHECK-NEXT: catenary.output %[[Y0]] of @x slot 0
  // CHECK-NEXT: catenary.output %[[Y1]] of @x slot 1
  // CHECK-NEXT: catenary.output %[[Y2]] of @x slot 2
  // CHECK-NEXT: catenary.output %[[Y3]] of @x slot 3
  %two = arith.constant 2.0 : f32
  %x = catenary.input x0 of @x : f32
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 2 : i32} : f32
  %y = math.fma %two, %z, %x : f32
  catenary.output %y of @x : f32
}

// 6 words per point: 2 points share 3 blocks. This is the last word of a point: words 5 and 11 of the group. The blocks stand
// side by side.
// CHECK-LABEL: catenary.pipeline @two asks "prior" group 2 {
catenary.pipeline @two asks "prior" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[GROUP:.*]]: i64):
  // CHECK: %[[START:.*]] = arith.muli %[[GROUP]], %c3
  // CHECK: %[[SECOND:.*]] = arith.addi %[[START]], %c1
  // CHECK: %[[AGAIN:.*]] = arith.muli %[[GROUP]], %c3
  // CHECK: %[[THIRD:.*]] = arith.addi %[[AGAIN]], %c2
  // CHECK: %{{.*}}, %[[W5:.*]], %{{.*}}, %{{.*}} = catenary.philox %[[SEED]], %[[SECOND]], %[[STEP]] stream 1
  // CHECK-NEXT: %{{.*}}, %{{.*}}, %{{.*}}, %[[W11:.*]] = catenary.philox %[[SEED]], %[[THIRD]], %[[STEP]] stream 1
  // CHECK-NEXT: %[[U0:.*]] = catenary.uniform_of %[[W5]]
  // CHECK-NEXT: %[[U1:.*]] = catenary.uniform_of %[[W11]]
  // CHECK-NEXT: catenary.output %[[U0]] of @x slot 0
  // CHECK-NEXT: catenary.output %[[U1]] of @x slot 1
  %w = catenary.draw bits {component = 0 : i32, first = 5 : i64, per_point = 6 : i64, stream = 1 : i32} : i32
  %u = catenary.uniform_of %w : i32 -> f32
  catenary.output %u of @x : f32
}

// CHECK-LABEL: catenary.pipeline @none asks "prior" group 1 {
catenary.pipeline @none asks "prior" {
  // CHECK-NOT: philox
  %two = arith.constant 2.0 : f32
  // CHECK: catenary.output %{{.*}} of @x slot 0
  catenary.output %two of @x : f32
}
