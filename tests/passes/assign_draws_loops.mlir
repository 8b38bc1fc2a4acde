// RUN: catenary-opt %s --assign-draws | FileCheck %s

// Draws outside loops come first, even those behind a loop. Loops that draw are numbered by component from 1 in order, an
// outer loop before its inner ones; the trip of an inner loop goes on from one trip of the outer to the next.
// CHECK-LABEL: catenary.pipeline @folds
catenary.pipeline @folds asks "prior" {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c5 = arith.constant 5 : index
  // CHECK: scf.for %[[I:.*]] = %{{.*}} to %c3
  scf.for %i = %c0 to %c3 step %c1 {
    // CHECK-NEXT: %[[OUTER:.*]] = arith.index_cast %[[I]] : index to i32
    // CHECK-NEXT: draw normal trip %[[OUTER]] {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 256 : i32}
    %a = catenary.draw normal {component = 0 : i32} : f32
    // CHECK-NEXT: scf.for %[[J:.*]] = %{{.*}} to %c5
    scf.for %j = %c0 to %c5 step %c1 {
      // CHECK-NEXT: %[[INNER:.*]] = arith.index_cast %[[J]] : index to i32
      // CHECK-NEXT: %[[TRIPS:.*]] = arith.constant 5 : i32
      // CHECK-NEXT: %[[START:.*]] = arith.muli %[[OUTER]], %[[TRIPS]] : i32
      // CHECK-NEXT: %[[TRIP:.*]] = arith.addi %[[START]], %[[INNER]] : i32
      // CHECK-NEXT: draw normal trip %[[TRIP]] {component = 0 : i32, first = 0 : i64, per_point = 2 : i64, stream = 512 : i32}
      %b = catenary.draw normal {component = 0 : i32} : tensor<2xf32>
      // CHECK-NEXT: draw bits trip %[[TRIP]] {component = 1 : i32, first = 0 : i64, per_point = 1 : i64, stream = 65793 : i32}
      %c = catenary.draw bits {component = 1 : i32} : i32
    }
  }
  // A loop that does not draw takes no number, and may count as it likes.
  // CHECK: scf.for {{.*}} = %c1 to
  // CHECK-NEXT: }
  scf.for %i = %c1 to %c3 step %c3 {
  }
  // CHECK: scf.for
  // CHECK: draw normal trip %{{.*}} {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 768 : i32}
  scf.for %i = %c0 to %c3 step %c1 {
    %d = catenary.draw normal {component = 0 : i32} : f32
  }
  // CHECK: draw normal {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 0 : i32}
  %e = catenary.draw normal {component = 0 : i32} : f32
}

// The trip of a while is its last value.
// CHECK-LABEL: catenary.pipeline @while
catenary.pipeline @while asks "prior" {
  %c0 = arith.constant 0 : i32
  %c9 = arith.constant 9 : i32
  %c1 = arith.constant 1 : i32
  %r = scf.while (%i = %c0) : (i32) -> i32 {
    %more = arith.cmpi slt, %i, %c9 : i32
    scf.condition(%more) %i : i32
  } do {
  // CHECK: ^bb0(%[[TRIP:.*]]: i32):
  ^bb0(%i: i32):
    // CHECK-NEXT: draw uniform trip %[[TRIP]] {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 257 : i32}
    %u = catenary.draw uniform {component = 0 : i32} : f32
    %next = arith.addi %i, %c1 : i32
    scf.yield %next : i32
  }
}
