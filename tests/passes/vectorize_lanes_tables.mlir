// RUN: catenary-opt %s --vectorize-lanes=lanes=4 | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// The sample part reads tables like the points part does.
// CHECK-LABEL: func.func @catenary_joint_schedule_samples
// CHECK: %[[T:.*]] = llvm.load {{.*}} -> vector<4xf32>
// CHECK: %[[K:.*]] = arith.fptosi %[[T]] : vector<4xf32> to vector<4xi32>
// CHECK: llvm.mlir.addressof
// CHECK: %[[BETA:.*]] = llvm.intr.masked.gather {{.*}} -> vector<4xf32>
// CHECK: llvm.store %[[BETA]]
catenary.pipeline @schedule asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %c = catenary.sample {
    %table = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<9xf32>
    %t = catenary.time "t"
    %k = arith.fptosi %t : f32 to i32
    %beta = catenary.at %table[%k] : (tensor<9xf32>, i32) -> f32
    catenary.yield %beta : f32
  } : f32
  %beta = catenary.coefficient %c slot 0 : f32
  catenary.output %beta of @x slot 0 : f32
}

// An index that all points share, here the trip of a fold.
// CHECK-LABEL: func.func @catenary_joint_trip_points
// CHECK-NOT: catenary.at
// CHECK: %[[X:.*]] = llvm.load {{.*}} -> vector<4xf32>
// CHECK: scf.for
// CHECK: llvm.mlir.addressof
// CHECK: math.fma %{{.*}}, %[[X]], %{{.*}} : vector<4xf32>
catenary.pipeline @trip asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %table = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<9xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %one = arith.constant 1.0 : f32
  %x = catenary.input x0 of @x slot 0 : f32
  %r = scf.for %i = %c0 to %c9 step %c1 iter_args(%a = %x) -> (f32) {
    %k = arith.index_cast %i : index to i32
    %v = catenary.at %table[%k] : (tensor<9xf32>, i32) -> f32
    %w = arith.addf %v, %one : f32
    %b = math.fma %w, %x, %a : f32
    scf.yield %b : f32
  }
  catenary.output %r of @x slot 0 : f32
}
