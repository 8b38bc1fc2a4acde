// RUN: catenary-opt %s --group-points | FileCheck %s
// RUN: catenary-opt %s --group-points=largest=8 | FileCheck %s --check-prefix=EIGHT

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A normal per point: pairs of words are shared by 2 points, and a group has 4 points so that rounds run side by side. Uniform
// values have one copy.
// CHECK-LABEL: catenary.pipeline @four asks "forward" group 4 {
catenary.pipeline @four asks "forward" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[GROUP:.*]]: i64):
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[X0:.*]] = catenary.input x0 of @x slot 0 : f32
  // CHECK-NEXT: %[[X1:.*]] = catenary.input x0 of @x slot 1 : f32
  // CHECK-NEXT: %[[X2:.*]] = catenary.input x0 of @x slot 2 : f32
  // CHECK-NEXT: %[[X3:.*]] = catenary.input x0 of @x slot 3 : f32
  // CHECK-NEXT: %[[W0:.*]], %[[W1:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 2 pair 0 of 2
  // CHECK-NEXT: %[[Z0:.*]], %[[Z1:.*]] = catenary.box_muller %[[W0]], %[[W1]]
  // CHECK-NEXT: %[[W2:.*]], %[[W3:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 2 pair 1 of 2
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

// 6 words per point: 2 points draw 6 pairs. This is the last word of a point: words 5 and 11 of the group.
// CHECK-LABEL: catenary.pipeline @two asks "prior" group 2 {
catenary.pipeline @two asks "prior" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[GROUP:.*]]: i64):
  // CHECK-NEXT: %{{.*}}, %[[W5:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 1 pair 2 of 6
  // CHECK-NEXT: %{{.*}}, %[[W11:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 1 pair 5 of 6
  // CHECK-NEXT: %[[U0:.*]] = catenary.uniform_of %[[W5]]
  // CHECK-NEXT: %[[U1:.*]] = catenary.uniform_of %[[W11]]
  // CHECK-NEXT: catenary.output %[[U0]] of @x slot 0
  // CHECK-NEXT: catenary.output %[[U1]] of @x slot 1
  %w = catenary.draw bits {component = 0 : i32, first = 5 : i64, per_point = 6 : i64, stream = 1 : i32} : i32
  %u = catenary.uniform_of %w : i32 -> f32
  catenary.output %u of @x : f32
}

// 8 words per point make 4 pairs: a group is one point.
// CHECK-LABEL: catenary.pipeline @one asks "prior" group 1 {
catenary.pipeline @one asks "prior" {
  // CHECK: catenary.words {{.*}} stream 1 pair 3 of 4
  %w = catenary.draw uniform {component = 0 : i32, first = 7 : i64, per_point = 8 : i64, stream = 1 : i32} : f32
  catenary.output %w of @x : f32
}

// CHECK-LABEL: catenary.pipeline @none asks "prior" group 1 {
catenary.pipeline @none asks "prior" {
  // CHECK-NOT: catenary.words
  %two = arith.constant 2.0 : f32
  // CHECK: catenary.output %{{.*}} of @x slot 0
  catenary.output %two of @x : f32
}

// What is a branch for a whole tile wants large tiles, where there are registers for them.
// CHECK-LABEL: catenary.pipeline @branch asks "forward" group 4 {
// EIGHT-LABEL: catenary.pipeline @branch asks "forward" group 8 {
catenary.pipeline @branch asks "forward" {
  %x = catenary.input x0 of @x : f32
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 2 : i32} : f32
  %on = arith.cmpf olt, %x, %z : f32
  %any = catenary.any %on : i1
  %r = scf.if %any -> f32 {
    %y = arith.addf %x, %z : f32
    scf.yield %y : f32
  } else {
    scf.yield %z : f32
  }
  catenary.output %r of @x : f32
}
