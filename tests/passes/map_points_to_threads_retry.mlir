// RUN: catenary-opt %s --map-points-to-threads | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A loop for each point of the group, with the draws of that point.
// CHECK-LABEL: llvm.func @catenary_joint_retry_points(
// CHECK: %[[V0:.*]]:3 = scf.while (%[[ON:.*]] = %{{.*}}, %{{.*}} = %{{.*}}, %[[I:.*]] = %{{.*}}) : (i1, f32, i32) -> (i1, f32, i32) {
// CHECK-NEXT: scf.condition(%[[ON]])
// CHECK: ^bb0(%{{.*}}: i1, %{{.*}}: f32, %[[TRIP:.*]]: i32):
// CHECK: %[[TWO:.*]] = arith.constant 2 : i64
// CHECK-NEXT: %[[GROUP:.*]] = arith.muli %{{.*}}, %[[TWO]] : i64
// CHECK-NEXT: %[[SLOT:.*]] = arith.constant 0 : i64
// CHECK-NEXT: %[[POINT:.*]] = arith.addi %[[GROUP]], %[[SLOT]]
// CHECK: arith.muli %[[POINT]]
// CHECK: arith.extui %[[TRIP]] : i32 to i64
// CHECK: catenary.philox
// CHECK-NEXT: catenary.philox
// CHECK: scf.yield
// CHECK: %[[V1:.*]]:3 = scf.while
// CHECK: %[[SLOT1:.*]] = arith.constant 1 : i64
// CHECK-NEXT: arith.addi %{{.*}}, %[[SLOT1]] : i64
// CHECK: arith.addf %[[V0]]#1
// CHECK-NEXT: arith.addf %[[V1]]#1
catenary.pipeline @retry asks "forward" group 2 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %x0 = catenary.input x0 of @x slot 0 : f32
  %x1 = catenary.input x0 of @x slot 1 : f32
  %zero = arith.constant 0 : i32
  %on0 = arith.cmpf olt, %x0, %x0 : f32
  %on1 = arith.cmpf olt, %x1, %x1 : f32
  %v:4 = catenary.retry %on0, %on1 carried(%x0, %x1, %zero, %zero) captured(%x0, %x1) {
  ^bb0(%a: f32, %trip: i32, %y: f32):
    %u = catenary.draw uniform trip %trip {component = 0 : i32, first = 2 : i64, per_point = 6 : i64, stream = 259 : i32} : f32
    %next = arith.mulf %u, %y : f32
    %more = arith.cmpf olt, %next, %y : f32
    catenary.yield %more, %next, %trip : i1, f32, i32
  } : i1, i1 carried(f32, f32, i32, i32) captured(f32, f32) -> (f32, f32, i32, i32)
  %y0 = arith.addf %v#0, %x0 : f32
  %y1 = arith.addf %v#1, %x1 : f32
  catenary.output %y0 of @x slot 0 : f32
  catenary.output %y1 of @x slot 1 : f32
}
