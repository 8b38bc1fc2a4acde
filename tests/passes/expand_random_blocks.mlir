// RUN: catenary-opt %s --expand-random | FileCheck %s

// Blocks of one seed and step that stand together, and no more than four of them, take turns: the first multiplication of
// each stands before the second of any. Those of another seed or step, and those behind something else, come after.
// CHECK-LABEL: func @apart
// CHECK-SAME: %{{.*}}: i64, %{{.*}}: i64, %[[A:.*]]: i64, %[[B:.*]]: i64, %[[C:.*]]: i64, %[[D:.*]]: i64
func.func @apart(%seed: i64, %other: i64, %a: i64, %b: i64, %c: i64, %d: i64, %step: i32, %next: i32) -> (i64, i64, i64, i64, i64, i64, i64, i64) {
  // CHECK: arith.andi %[[A]],
  // CHECK: arith.andi %[[B]],
  // CHECK: arith.andi %[[C]],
  // CHECK: arith.andi %[[D]],
  // CHECK-COUNT-74: arith.muli
  // CHECK-NOT: arith.muli
  // CHECK: arith.andi %[[A]],
  // CHECK-COUNT-20: arith.muli
  // CHECK: arith.andi %[[B]],
  // CHECK-COUNT-20: arith.muli
  // CHECK: arith.andi %[[C]],
  // CHECK-COUNT-20: arith.muli
  // CHECK: arith.addi
  // CHECK: arith.andi %[[D]],
  // CHECK-COUNT-20: arith.muli
  // CHECK-NOT: arith.muli
  %a0:4 = catenary.philox %seed, %a, %step stream 3 : i64
  %b0:4 = catenary.philox %seed, %b, %step stream 3 : i64
  %c0:4 = catenary.philox %seed, %c, %step stream 3 : i64
  %d0:4 = catenary.philox %seed, %d, %step stream 3 : i64
  %a1:4 = catenary.philox %seed, %a, %step stream 5 : i64
  %b1:4 = catenary.philox %other, %b, %step stream 3 : i64
  %c1:4 = catenary.philox %other, %c, %next stream 3 : i64
  %sum = arith.addi %c1#0, %a : i64
  %d1:4 = catenary.philox %other, %d, %next stream 3 : i64
  return %a0#0, %b0#0, %c0#0, %d0#0, %a1#0, %b1#0, %sum, %d1#0 : i64, i64, i64, i64, i64, i64, i64, i64
}
