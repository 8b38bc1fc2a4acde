// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// Operations that stand one after another share a loop, and its key.
// CHECK-LABEL: func @together
// CHECK-SAME: %[[SEED:.*]]: i64, %[[A:.*]]: i64, %[[B:.*]]: i64
func.func @together(%seed: i64, %a: i64, %b: i64, %step: i32) -> (i64, i64) {
  // CHECK: %[[R:.*]]:10 = scf.for %{{.*}} iter_args(%{{.*}} = %[[SEED]], %{{.*}} = %{{.*}}, %{{.*}} = %[[A]], %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %c3_i64, %{{.*}} = %[[B]], %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %c4_i64)
  // CHECK-NOT: scf.for
  // CHECK: return %[[R]]#2, %[[R]]#9
  %v:4 = catenary.philox %seed, %a, %step stream 3 : i64
  %w:4 = catenary.philox %seed, %b, %step stream 4 : i64
  return %v#0, %w#3 : i64, i64
}

// At most four of them: the fifth has a loop of its own.
// CHECK-LABEL: func @five
// CHECK-SAME: %[[SEED:.*]]: i64, %[[A:.*]]: i64
func.func @five(%seed: i64, %a: i64, %step: i32) -> (i64, i64) {
  // CHECK: %[[FOUR:.*]]:18 = scf.for
  // CHECK: %[[FIFTH:.*]]:6 = scf.for
  // CHECK-NOT: scf.for
  // CHECK: return %[[FOUR]]#14, %[[FIFTH]]#2
  %v:4 = catenary.philox %seed, %a, %step stream 0 : i64
  %w:4 = catenary.philox %seed, %a, %step stream 1 : i64
  %x:4 = catenary.philox %seed, %a, %step stream 2 : i64
  %y:4 = catenary.philox %seed, %a, %step stream 3 : i64
  %z:4 = catenary.philox %seed, %a, %step stream 4 : i64
  return %y#0, %z#0 : i64, i64
}

// Those of other seeds or steps, or with something between them, are apart.
// CHECK-LABEL: func @apart
func.func @apart(%seed: i64, %other: i64, %a: i64, %step: i32, %next: i32) -> (i64, i64, i64, i64) {
  // CHECK: %[[V:.*]]:6 = scf.for
  // CHECK: %[[W:.*]]:6 = scf.for
  // CHECK: %[[X:.*]]:6 = scf.for
  // CHECK: %[[B:.*]] = arith.addi %[[X]]#2,
  // CHECK: %[[Y:.*]]:6 = scf.for {{.*}} = %[[B]],
  // CHECK: return %[[V]]#2, %[[W]]#2, %[[X]]#2, %[[Y]]#2
  %v:4 = catenary.philox %seed, %a, %step stream 3 : i64
  %w:4 = catenary.philox %other, %a, %step stream 3 : i64
  %x:4 = catenary.philox %other, %a, %next stream 3 : i64
  %b = arith.addi %x#0, %a : i64
  %y:4 = catenary.philox %other, %b, %next stream 3 : i64
  return %v#0, %w#0, %x#0, %y#0 : i64, i64, i64, i64
}
