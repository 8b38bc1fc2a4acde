// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// Blocks of other seeds or steps, or with something between them, do not share a loop.
// CHECK-LABEL: func @apart
func.func @apart(%seed: i64, %other: i64, %a: i64, %step: i32, %next: i32) -> (i64, i64, i64, i64) {
  // CHECK: %[[V:.*]]:14 = scf.for
  // CHECK: %[[W:.*]]:14 = scf.for
  // CHECK: %[[X:.*]]:14 = scf.for
  // CHECK: %[[B:.*]] = arith.addi %[[X]]#2,
  // CHECK: %[[Y:.*]]:14 = scf.for {{.*}} = %[[B]],
  // CHECK: return %[[V]]#2, %[[W]]#2, %[[X]]#2, %[[Y]]#2
  %v0:4 = catenary.philox %seed, %a, %step stream 3 : i64
  %v1:4 = catenary.philox %seed, %a, %step stream 5 : i64
  %v2:4 = catenary.philox %seed, %a, %step stream 7 : i64
  %w0:4 = catenary.philox %other, %a, %step stream 3 : i64
  %w1:4 = catenary.philox %other, %a, %step stream 5 : i64
  %w2:4 = catenary.philox %other, %a, %step stream 7 : i64
  %x0:4 = catenary.philox %other, %a, %next stream 3 : i64
  %x1:4 = catenary.philox %other, %a, %next stream 5 : i64
  %x2:4 = catenary.philox %other, %a, %next stream 7 : i64
  %b = arith.addi %x0#0, %a : i64
  %y0:4 = catenary.philox %other, %b, %next stream 3 : i64
  %y1:4 = catenary.philox %other, %b, %next stream 5 : i64
  %y2:4 = catenary.philox %other, %b, %next stream 7 : i64
  return %v0#0, %w0#0, %x0#0, %y0#0 : i64, i64, i64, i64
}
