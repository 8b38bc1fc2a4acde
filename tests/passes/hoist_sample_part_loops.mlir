// RUN: catenary-opt %s --hoist-sample-part | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A loop moves as a whole, with copies of the constants that it uses, inside and out; a loop that draws or reads an input
// stays as a whole, and sees times as coefficients.
// CHECK-LABEL: catenary.pipeline @loops
catenary.pipeline @loops asks "forward" {
  // CHECK-NEXT: %[[C:.*]]:2 = catenary.sample {
  // CHECK-DAG: %[[C0:.*]] = arith.constant 0 : index
  // CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
  // CHECK-DAG: %[[C4:.*]] = arith.constant 4 : index
  // CHECK-DAG: %[[HALF:.*]] = arith.constant 5.0{{.*}} : f32
  // CHECK: %[[T:.*]] = catenary.time "t"
  // CHECK-NEXT: %[[SUM:.*]] = scf.for %{{.*}} = %[[C0]] to %[[C4]] step %[[C1]] iter_args(%[[A:.*]] = %[[T]]) -> (f32) {
  // CHECK-NEXT: %[[B:.*]] = math.fma %[[A]], %[[HALF]], %[[T]]
  // CHECK-NEXT: scf.yield %[[B]]
  // CHECK-NEXT: }
  // CHECK-NEXT: catenary.yield %[[T]], %[[SUM]] : f32, f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %half = arith.constant 0.5 : f32
  %t = catenary.time "t"
  %sum = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %t) -> (f32) {
    %b = math.fma %a, %half, %t : f32
    scf.yield %b : f32
  }
  // CHECK: %[[DRAWN:.*]] = scf.for {{.*}} iter_args(%[[D:.*]] = %[[C]]#1) -> (f32) {
  // CHECK: catenary.draw normal
  // CHECK: math.fma %{{.*}}, %[[C]]#0, %[[D]]
  %drawn = scf.for %i = %c0 to %c4 step %c1 iter_args(%d = %sum) -> (f32) {
    %trip = arith.index_cast %i : index to i32
    %z = catenary.draw normal trip %trip {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 258 : i32} : f32
    %e = math.fma %z, %t, %d : f32
    scf.yield %e : f32
  }
  // CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[C]]#0) -> (f32) {
  // CHECK-NEXT: arith.addf %{{.*}}, %[[DRAWN]]
  %read = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %t) -> (f32) {
    %b = arith.addf %a, %drawn : f32
    scf.yield %b : f32
  }
  catenary.output %read of @x : f32
}
