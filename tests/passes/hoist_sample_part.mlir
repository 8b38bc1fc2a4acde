// RUN: catenary-opt %s --hoist-sample-part | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// Only what follows from times moves, and only what points use of it becomes a coefficient. A constant has a copy on
// either side, a value of constants stays with the points.
// CHECK-LABEL: catenary.pipeline @forward
catenary.pipeline @forward asks "forward" {
  // CHECK-NEXT: %[[C:.*]]:3 = catenary.sample {
  // CHECK-NEXT: %[[TWO:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[T:.*]] = catenary.time "t"
  // CHECK-NEXT: %[[HALF:.*]] = arith.mulf %[[T]], %[[TWO]]
  // CHECK-NEXT: %[[DECAY:.*]] = math.exp %[[HALF]]
  // CHECK-NEXT: %[[LATE:.*]] = arith.cmpf olt, %[[TWO]], %[[T]]
  // CHECK-NEXT: %[[WHOLE:.*]] = arith.fptosi %[[DECAY]] : f32 to i32
  // CHECK-NEXT: catenary.yield %[[DECAY]], %[[LATE]], %[[WHOLE]] : f32, i1, i32
  // CHECK-NEXT: } : f32, i1, i32
  // CHECK-NEXT: %[[TWO_HERE:.*]] = arith.constant 2.0
  // CHECK-NEXT: %[[ROOT:.*]] = math.sqrt %[[TWO_HERE]]
  // CHECK-NEXT: %[[X:.*]] = catenary.input x0 of @x : f32
  // CHECK-NEXT: %[[Z:.*]] = catenary.draw normal
  // CHECK-NEXT: %[[XZ:.*]] = math.fma %[[C]]#0, %[[X]], %[[Z]]
  // CHECK-NEXT: %[[Y:.*]] = arith.select %[[C]]#1, %[[XZ]], %[[ROOT]]
  // CHECK-NEXT: %[[N:.*]] = arith.extsi %[[C]]#2 : i32 to i64
  // CHECK-NEXT: %[[LOW:.*]] = arith.trunci %[[N]] : i64 to i32
  // CHECK-NEXT: %[[F:.*]] = arith.sitofp %[[LOW]]
  // CHECK-NEXT: arith.addf %[[Y]], %[[F]]
  %two = arith.constant 2.0 : f32
  %root = math.sqrt %two : f32
  %x = catenary.input x0 of @x : f32
  %t = catenary.time "t"
  %half = arith.mulf %t, %two : f32
  %decay = math.exp %half : f32
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 2 : i32} : f32
  %xz = math.fma %decay, %x, %z : f32
  %late = arith.cmpf olt, %two, %t : f32
  %y = arith.select %late, %xz, %root : f32
  // No coefficient has 64 bits: what is wider stays, and all that follows from it.
  %whole = arith.fptosi %decay : f32 to i32
  %n = arith.extsi %whole : i32 to i64
  %low = arith.trunci %n : i64 to i32
  %f = arith.sitofp %low : i32 to f32
  %o = arith.addf %y, %f : f32
  catenary.output %o of @x : f32
}

// Without times nothing moves.
// CHECK-LABEL: catenary.pipeline @prior
catenary.pipeline @prior asks "prior" {
  // CHECK-NOT: catenary.sample
  %two = arith.constant 2.0 : f32
  %root = math.sqrt %two : f32
  catenary.output %root of @x : f32
}
