// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// Blocks of other seeds or steps, or with something between them, do not share a loop.
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
