// RUN: catenary-opt %s --mask-loops -split-input-file | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A point's flag is carried last. The loop stands where any flag is up, and goes on while one is; a point whose flag is
// down keeps its values, but the trip (the last i32) counts on for all.
// CHECK-LABEL: catenary.pipeline @while
catenary.pipeline @while asks "forward" {
  // CHECK: %[[X:.*]] = catenary.input
  // CHECK: %[[ONE:.*]] = arith.constant 1 : i32
  // CHECK-NEXT: %[[ENTER:.*]] = arith.cmpf olt, %[[X]], %[[X]]
  // CHECK-NEXT: %[[HERE:.*]] = catenary.any %[[ENTER]] : i1
  // CHECK-NEXT: %[[R:.*]]:3 = scf.if %[[HERE]] -> (f32, i32, i1) {
  // CHECK-NEXT: %[[L:.*]]:3 = scf.while (%[[A:.*]] = %[[X]], %[[I:.*]] = %[[ONE]], %[[ON:.*]] = %[[ENTER]]) : (f32, i32, i1) -> (f32, i32, i1) {
  // CHECK-NEXT: %[[ANY:.*]] = catenary.any %[[ON]] : i1
  // CHECK-NEXT: scf.condition(%[[ANY]]) %[[A]], %[[I]], %[[ON]] : f32, i32, i1
  // CHECK: ^bb0(%[[B:.*]]: f32, %[[J:.*]]: i32, %[[STILL:.*]]: i1):
  // CHECK-NEXT: %[[STEPPED:.*]] = arith.mulf %[[B]], %[[X]]
  // CHECK-NEXT: %[[TRIP:.*]] = arith.addi %[[J]], %[[ONE]]
  // CHECK-NEXT: %[[KEPT:.*]] = arith.select %[[STILL]], %[[STEPPED]], %[[B]] : f32
  // CHECK-NEXT: %[[MORE:.*]] = arith.cmpf olt, %[[KEPT]], %[[X]]
  // CHECK-NEXT: %[[NEXT:.*]] = arith.andi %[[STILL]], %[[MORE]] : i1
  // CHECK-NEXT: scf.yield %[[KEPT]], %[[TRIP]], %[[NEXT]] : f32, i32, i1
  // CHECK-NEXT: }
  // CHECK-NEXT: scf.yield %[[L]]#0, %[[L]]#1, %[[L]]#2 : f32, i32, i1
  // CHECK-NEXT: } else {
  // CHECK-NEXT: scf.yield %[[X]], %[[ONE]], %[[ENTER]] : f32, i32, i1
  // CHECK: catenary.output %[[R]]#0
  %x = catenary.input x0 of @x : f32
  %one = arith.constant 1 : i32
  %r:2 = scf.while (%a = %x, %i = %one) : (f32, i32) -> (f32, i32) {
    %more = arith.cmpf olt, %a, %x : f32
    scf.condition(%more) %a, %i : f32, i32
  } do {
  ^bb0(%b: f32, %j: i32):
    %stepped = arith.mulf %b, %x : f32
    %trip = arith.addi %j, %one : i32
    scf.yield %stepped, %trip : f32, i32
  }
  catenary.output %r#0 of @x : f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// Loops inside loops and in the sample part as well; a fold needs no mask.
// CHECK-LABEL: catenary.pipeline @nested
catenary.pipeline @nested asks "forward" {
  // CHECK: catenary.sample {
  // CHECK: scf.if
  // CHECK-NEXT: scf.while {{.*}} : (f32, i1) -> (f32, i1) {
  // CHECK-NEXT: %[[SAMPLES:.*]] = catenary.any
  // CHECK-NEXT: scf.condition(%[[SAMPLES]])
  // CHECK: scf.for
  // CHECK-NEXT: arith.cmpf
  // CHECK-NEXT: catenary.any
  // CHECK-NEXT: scf.if
  // CHECK-NEXT: scf.while {{.*}} : (f32, i1) -> (f32, i1) {
  // CHECK-NEXT: %[[POINTS:.*]] = catenary.any
  // CHECK-NEXT: scf.condition(%[[POINTS]])
  %c = catenary.sample {
    %t = catenary.time "t"
    %w = scf.while (%a = %t) : (f32) -> f32 {
      %more = arith.cmpf olt, %a, %t : f32
      scf.condition(%more) %a : f32
    } do {
    ^bb0(%a: f32):
      %b = arith.addf %a, %a : f32
      scf.yield %b : f32
    }
    catenary.yield %w : f32
  } : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %c1 step %c1 iter_args(%v = %c) -> (f32) {
    %w = scf.while (%a = %v) : (f32) -> f32 {
      %more = arith.cmpf olt, %a, %v : f32
      scf.condition(%more) %a : f32
    } do {
    ^bb0(%a: f32):
      scf.yield %a : f32
    }
    scf.yield %w : f32
  }
  catenary.output %r of @x : f32
}

// -----

catenary.process @n 0 on "counts" points i32 estimates "endpoint" i32 {
}

// Where the last value is asked for, a point that is done keeps that too.
// CHECK-LABEL: catenary.pipeline @counted
catenary.pipeline @counted asks "forward" {
  // CHECK: ^bb0(%[[I:.*]]: i32, %[[ON:.*]]: i1):
  // CHECK-NEXT: %[[STEPPED:.*]] = arith.addi %[[I]]
  // CHECK-NEXT: arith.select %[[ON]], %[[STEPPED]], %[[I]] : i32
  %n = catenary.input x0 of @n : i32
  %one = arith.constant 1 : i32
  %r = scf.while (%i = %one) : (i32) -> i32 {
    %more = arith.cmpi slt, %i, %n : i32
    scf.condition(%more) %i : i32
  } do {
  ^bb0(%i: i32):
    %next = arith.addi %i, %one : i32
    scf.yield %next : i32
  }
  catenary.output %r of @n : i32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// Of a loop that draws the first trip alone, where many points want it; the others are for a retry.
// CHECK-LABEL: catenary.pipeline @rejection
// CHECK: %[[X:.*]] = catenary.input
// CHECK: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK: %[[ON:.*]] = arith.cmpf olt
// CHECK-NEXT: %[[MANY:.*]] = catenary.any many %[[ON]] : i1
// CHECK-NEXT: %[[R:.*]]:3 = scf.if %[[MANY]] -> (f32, i32, i1) {
// CHECK-NEXT: %[[U:.*]] = catenary.draw uniform trip %[[ZERO]]
// CHECK-NEXT: %[[ONCE:.*]] = arith.mulf %[[U]], %[[X]]
// CHECK: arith.select %[[ON]], %[[ONCE]], %[[X]]
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[X]], %[[ZERO]], %[[ON]]
// CHECK: %[[V:.*]]:2 = catenary.retry %[[R]]#2 carried(%[[R]]#0, %[[R]]#1) captured(%[[X]]) {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %[[J:.*]]: i32, %[[Y:.*]]: f32):
// CHECK-NEXT: %[[U:.*]] = catenary.draw uniform trip %[[J]] {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 259 : i32}
// CHECK-NEXT: %[[NEXT:.*]] = arith.mulf %[[U]], %[[Y]]
// CHECK-NEXT: %[[TRIP:.*]] = arith.addi %[[J]]
// CHECK-NEXT: %[[MORE:.*]] = arith.cmpf olt, %[[NEXT]], %[[Y]]
// CHECK-NEXT: catenary.yield %[[MORE]], %[[NEXT]], %[[TRIP]] : i1, f32, i32
// CHECK-NEXT: } : i1 carried(f32, i32) captured(f32) -> (f32, i32)
// CHECK-NEXT: catenary.output %[[V]]#0
catenary.pipeline @rejection asks "forward" {
  %x = catenary.input x0 of @x : f32
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %r:2 = scf.while (%a = %x, %i = %zero) : (f32, i32) -> (f32, i32) {
    %more = arith.cmpf olt, %a, %x : f32
    scf.condition(%more) %a, %i : f32, i32
  } do {
  ^bb0(%b: f32, %j: i32):
    %u = catenary.draw uniform trip %j {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 259 : i32} : f32
    %next = arith.mulf %u, %x : f32
    %trip = arith.addi %j, %one : i32
    scf.yield %next, %trip : f32, i32
  }
  catenary.output %r#0 of @x : f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// Where a pipeline has more than two such loops, what crosses them costs more than their trips.
// CHECK-LABEL: catenary.pipeline @three
// CHECK-NOT: many
// CHECK-NOT: catenary.retry
// CHECK: catenary.output
catenary.pipeline @three asks "forward" {
  %x = catenary.input x0 of @x : f32
  %zero = arith.constant 0 : i32
  %r0:2 = scf.while (%a = %x, %i = %zero) : (f32, i32) -> (f32, i32) {
    %more = arith.cmpf olt, %a, %x : f32
    scf.condition(%more) %a, %i : f32, i32
  } do {
  ^bb0(%b: f32, %j: i32):
    %u = catenary.draw uniform trip %j {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 0 : i32} : f32
    scf.yield %u, %j : f32, i32
  }
  %r1:2 = scf.while (%a = %r0#0, %i = %zero) : (f32, i32) -> (f32, i32) {
    %more = arith.cmpf olt, %a, %x : f32
    scf.condition(%more) %a, %i : f32, i32
  } do {
  ^bb0(%b: f32, %j: i32):
    %u = catenary.draw uniform trip %j {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 1 : i32} : f32
    scf.yield %u, %j : f32, i32
  }
  %r2:2 = scf.while (%a = %r1#0, %i = %zero) : (f32, i32) -> (f32, i32) {
    %more = arith.cmpf olt, %a, %x : f32
    scf.condition(%more) %a, %i : f32, i32
  } do {
  ^bb0(%b: f32, %j: i32):
    %u = catenary.draw uniform trip %j {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 2 : i32} : f32
    scf.yield %u, %j : f32, i32
  }
  catenary.output %r2#0 of @x : f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A loop that no point can want twice is a branch, of any pipeline; what only it needs is computed in it.
// CHECK-LABEL: catenary.pipeline @once
// CHECK: %[[X:.*]] = catenary.input
// CHECK-NOT: math.exp
// CHECK: %[[ANY:.*]] = catenary.any %{{.*}} : i1
// CHECK-NEXT: %[[R:.*]]:4 = scf.if %[[ANY]] -> (f32, f32, i32, i1) {
// CHECK-NEXT: %[[E:.*]] = math.exp %[[X]]
// CHECK-NEXT: catenary.draw uniform
// CHECK-NOT: scf.while
// CHECK-NOT: catenary.retry
// CHECK: catenary.output %[[R]]#1
catenary.pipeline @once asks "forward" {
  %x = catenary.input x0 of @x : f32
  %done = arith.constant 0.0 : f32
  %asked = arith.constant 0.5 : f32
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %most = arith.constant 65536 : i32
  %e = math.exp %x : f32
  %r:3 = scf.while (%a = %x, %y = %x, %i = %zero) : (f32, f32, i32) -> (f32, f32, i32) {
    %open = arith.cmpf olt, %asked, %a : f32
    %few = arith.cmpi slt, %i, %most : i32
    %more = arith.andi %open, %few : i1
    scf.condition(%more) %a, %y, %i : f32, f32, i32
  } do {
  ^bb0(%b: f32, %y: f32, %j: i32):
    %u = catenary.draw uniform trip %j {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 259 : i32} : f32
    %next = arith.mulf %u, %e : f32
    %trip = arith.addi %j, %one : i32
    scf.yield %done, %next, %trip : f32, f32, i32
  }
  catenary.output %r#1 of @x : f32
}
