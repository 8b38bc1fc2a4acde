// RUN: catenary-opt %s --vectorize-lanes=lanes=4 | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// A table lies outside the functions, once.
// CHECK: llvm.mlir.global internal constant @catenary_joint_loops_points_table0(dense<{{.*}}> : tensor<9xf32>) {{.*}} : !llvm.array<9 x f32>
// CHECK-NOT: llvm.mlir.global

// Loops carry vectors of what varies, and single numbers of the rest.
// CHECK-LABEL: func.func @catenary_joint_loops_points
catenary.pipeline @loops asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  // CHECK: %[[ONE:.*]] = arith.constant 1.0{{.*}} : f32
  %table = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<9xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %one = arith.constant 1.0 : f32
  %zero = arith.constant 0 : i32
  // CHECK: %[[X:.*]] = llvm.load {{.*}} -> vector<4xf32>
  %x = catenary.input x0 of @x slot 0 : f32
  // CHECK: %[[ONES:.*]] = vector.broadcast %[[ONE]] : f32 to vector<4xf32>
  // CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[A:.*]] = %[[ONE]], %[[B:.*]] = %[[ONES]]) -> (f32, vector<4xf32>) {
  %r:2 = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %one, %b = %one) -> (f32, f32) {
    // CHECK-NEXT: %[[C:.*]] = arith.addf %[[A]], %[[A]] : f32
    // CHECK-NEXT: %[[CS:.*]] = vector.broadcast %[[C]]
    // CHECK-NEXT: %[[D:.*]] = math.fma %[[CS]], %[[X]], %[[B]] : vector<4xf32>
    // CHECK-NEXT: scf.yield %[[C]], %[[D]] : f32, vector<4xf32>
    %c = arith.addf %a, %a : f32
    %d = math.fma %c, %x, %b : f32
    scf.yield %c, %d : f32, f32
  }
  // CHECK: %[[ON:.*]] = arith.cmpf olt, %[[R]]#1
  // CHECK: %[[W:.*]]:3 = scf.while (%[[E:.*]] = %[[R]]#1, %[[I:.*]] = %{{.*}}, %[[F:.*]] = %[[ON]]) : (vector<4xf32>, i32, vector<4xi1>)
  // CHECK-NEXT: %[[ANY:.*]] = vector.reduction <or>, %[[F]] : vector<4xi1> into i1
  // CHECK-NEXT: scf.condition(%[[ANY]]) %[[E]], %[[I]], %[[F]]
  // CHECK: ^bb0(%[[G:.*]]: vector<4xf32>, %{{.*}}: i32, %{{.*}}: vector<4xi1>):
  %on = arith.cmpf olt, %r#1, %one : f32
  %w:3 = scf.while (%e = %r#1, %i = %zero, %f = %on) : (f32, i32, i1) -> (f32, i32, i1) {
    %any = catenary.any %f : i1
    scf.condition(%any) %e, %i, %f : f32, i32, i1
  } do {
  ^bb0(%e: f32, %i: i32, %f: i1):
    // CHECK-NEXT: %[[INDEX:.*]] = arith.fptosi %[[G]] : vector<4xf32> to vector<4xi32>
    // CHECK-NEXT: %[[TABLE:.*]] = llvm.mlir.addressof @catenary_joint_loops_points_table0
    // CHECK-NEXT: llvm.getelementptr %[[TABLE]][%[[INDEX]]]
    // CHECK: llvm.intr.masked.gather
    %k = arith.fptosi %e : f32 to i32
    %g = catenary.at %table[%k] : (tensor<9xf32>, i32) -> f32
    scf.yield %g, %i, %f : f32, i32, i1
  }
  // CHECK: llvm.store %[[W]]#0
  catenary.output %w#0 of @x slot 0 : f32
}

// So do branches.
// CHECK-LABEL: func.func @catenary_joint_branch_points
catenary.pipeline @branch asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  // CHECK: %[[X:.*]] = llvm.load {{.*}} -> vector<4xf32>
  %x = catenary.input x0 of @x slot 0 : f32
  %one = arith.constant 1.0 : f32
  // CHECK: %[[ANY:.*]] = vector.reduction <or>
  %on = arith.cmpf olt, %x, %one : f32
  %any = catenary.any %on : i1
  // CHECK: %[[R:.*]]:2 = scf.if %[[ANY]] -> (vector<4xf32>, f32) {
  // CHECK-NEXT: %[[Y:.*]] = arith.mulf %[[X]], %[[X]] : vector<4xf32>
  // CHECK-NEXT: %[[TWO:.*]] = arith.addf {{.*}} : f32
  // CHECK-NEXT: scf.yield %[[Y]], %[[TWO]]
  // CHECK-NEXT: } else {
  // CHECK: scf.yield %[[X]], %{{.*}} : vector<4xf32>, f32
  %r:2 = scf.if %any -> (f32, f32) {
    %y = arith.mulf %x, %x : f32
    %two = arith.addf %one, %one : f32
    scf.yield %y, %two : f32, f32
  } else {
    scf.yield %x, %one : f32, f32
  }
  // CHECK: llvm.store %[[R]]#0
  catenary.output %r#0 of @x slot 0 : f32
}
