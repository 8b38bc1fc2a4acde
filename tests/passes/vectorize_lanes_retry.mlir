// RUN: catenary-opt %s --vectorize-lanes=lanes=8 | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A chunk is 256 points: 16 tiles of 8 groups of 2. Memory holds x, the trip and the values, 256 of each; the queue has a
// vector more. x of both slots crosses the loop.
// CHECK-LABEL: func.func @catenary_joint_retry_points(
// CHECK-COUNT-2: llvm.alloca %{{.*}} x !llvm.array<128 x f32>
// CHECK-COUNT-3: llvm.alloca %{{.*}} x !llvm.array<256 x f32>
// CHECK: llvm.alloca %{{.*}} x !llvm.array<264 x f32>
// CHECK: scf.for %[[START:.*]] = %{{.*}} to %{{.*}} step %{{.*}} : i64 {
//   Up to the loop: the points that are active are queued.
// CHECK: %[[QUEUED:.*]] = scf.for %{{.*}} iter_args(%[[BEFORE:.*]] = %{{.*}}) -> (i64)
// CHECK: scf.if %{{.*}} -> (i64) {
// CHECK: llvm.call_intrinsic "llvm.experimental.vector.compress"(%{{.*}}, %{{.*}}, %{{.*}}) : (vector<8xi32>, vector<8xi1>, vector<8xi32>) -> vector<8xi32>
// CHECK: math.ctpop %{{.*}} : i8
// CHECK: llvm.call_intrinsic "llvm.experimental.vector.compress"
//   The loop, a vector of the queue at a time. The number of a point at place p: tile and lane are p mod 128, and p / 128 is
//   the slot.
// CHECK: scf.while (%[[LEFT:.*]] = %[[QUEUED]]) : (i64) -> i64 {
// CHECK: scf.for %{{.*}} to %{{.*}} step %{{.*}} iter_args
// CHECK: %[[LOADED:.*]] = llvm.load %{{.*}} : !llvm.ptr -> vector<8xi32>
// CHECK: %[[PLACE:.*]] = arith.select %[[THERE:.*]], %[[LOADED]], %{{.*}} : vector<8xi1>, vector<8xi32>
// CHECK: %[[SEVEN:.*]] = arith.constant dense<7> : vector<8xi32>
// CHECK-NEXT: %[[SLOT:.*]] = arith.shrui %[[PLACE]], %[[SEVEN]]
// CHECK: %[[MASK:.*]] = arith.constant dense<127> : vector<8xi32>
// CHECK-NEXT: arith.andi %[[PLACE]], %[[MASK]]
// CHECK: arith.muli %[[SLOT]], %{{.*}} : vector<8xi32>
// CHECK: %[[POINT:.*]] = arith.addi %{{.*}}, %{{.*}} : vector<8xi64>
// CHECK: llvm.intr.masked.gather
//   Draw 2 of 6: of the point's words 6 p + 2, in the first block or the second.
// CHECK: %[[SIX:.*]] = arith.constant dense<6> : vector<8xi64>
// CHECK-NEXT: %[[FIRST:.*]] = arith.muli %[[POINT]], %[[SIX]]
// CHECK: = catenary.philox
// CHECK-NEXT: = catenary.philox
// CHECK: catenary.uniform_of %{{.*}} : vector<8xi32> -> vector<8xf32>
// CHECK: llvm.intr.masked.scatter %{{.*}}, %{{.*}}, %[[THERE]]
// CHECK: llvm.call_intrinsic "llvm.experimental.vector.compress"(%[[PLACE]],
//   From the loop on.
// CHECK: scf.for
// CHECK: arith.addf %{{.*}}, %{{.*}} : vector<8xf32>
// CHECK: return
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

// What is the same for all points, but comes of a loop that draws, is not made again: a tile's is kept, and its first
// lane is read where the queue is worked off, and in the stretch behind.
// CHECK-LABEL: func.func @catenary_joint_shared_points(
// CHECK: scf.for %{{.*}} iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}) -> (f32, vector<8xf32>, vector<8xf32>)
// CHECK: vector.broadcast %{{.*}} : f32 to vector<8xf32>
// CHECK-NOT: iter_args(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}})
// CHECK: vector.extract %{{.*}}[0] : f32 from vector<8xf32>
// CHECK: scf.while (%{{.*}} = %{{.*}}) : (i64) -> i64 {
// CHECK: vector.extract %{{.*}}[0] : f32 from vector<8xf32>
// CHECK: return
catenary.pipeline @shared asks "forward" group 2 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %x0 = catenary.input x0 of @x slot 0 : f32
  %x1 = catenary.input x0 of @x slot 1 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0 : i32
  %r:3 = scf.for %i = %c0 to %c4 step %c1 iter_args(%n = %one, %s0 = %x0, %s1 = %x1) -> (f32, f32, f32) {
    %trip = arith.index_cast %i : index to i32
    %w0, %w1 = catenary.words %seed, %number, %step trip %trip stream 515 pair 0 of 1
    %u0 = catenary.uniform_of %w0 : i32 -> f32
    %u1 = catenary.uniform_of %w1 : i32 -> f32
    %m = arith.addf %n, %one : f32
    %a0 = arith.addf %s0, %u0 : f32
    %a1 = arith.addf %s1, %u1 : f32
    scf.yield %m, %a0, %a1 : f32, f32, f32
  }
  %on0 = arith.cmpf olt, %x0, %r#1 : f32
  %on1 = arith.cmpf olt, %x1, %r#2 : f32
  %v:4 = catenary.retry %on0, %on1 carried(%x0, %x1, %zero, %zero) captured(%r#0, %r#0) {
  ^bb0(%a: f32, %trip: i32, %y: f32):
    %u = catenary.draw uniform trip %trip {component = 0 : i32, first = 2 : i64, per_point = 6 : i64, stream = 259 : i32} : f32
    %next = arith.mulf %u, %y : f32
    %more = arith.cmpf olt, %next, %y : f32
    catenary.yield %more, %next, %trip : i1, f32, i32
  } : i1, i1 carried(f32, f32, i32, i32) captured(f32, f32) -> (f32, f32, i32, i32)
  %y0 = arith.addf %v#0, %r#0 : f32
  %y1 = arith.addf %v#1, %r#0 : f32
  catenary.output %y0 of @x slot 0 : f32
  catenary.output %y1 of @x slot 1 : f32
}
