// RUN: catenary-opt %s --map-points-to-threads --cse | FileCheck %s
// RUN: catenary-opt %s --map-points-to-threads=gpu=amd | FileCheck %s --check-prefix=AMD
// RUN: catenary-opt %s --map-points-to-threads=gpu=spirv | FileCheck %s --check-prefix=SPIRV
// RUN: catenary-opt %s --map-points-to-threads | FileCheck %s --check-prefix=REGISTERS

// AMD: llvm.mlir.global internal constant @catenary_joint_step_0_points_table0(dense<[2, 1, 0]> {{.*}} {addr_space = 4 : i32}
// SPIRV: llvm.mlir.global internal constant @catenary_joint_step_0_points_table0(dense<[2, 1, 0]> {{.*}} {addr_space = 2 : i32}

// CHECK: llvm.mlir.global internal constant @catenary_joint_step_0_points_table0(dense<[2, 1, 0]>
catenary.process @k 0 on "categorical" points i32 estimates "logits" tensor<3xf32> categories 3 {
}
// CHECK-LABEL: llvm.func @catenary_joint_step_0_points
// CHECK-NOT: catenary.at
catenary.pipeline @step.0 asks "step" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  // One point's accesses are not wide: there is one way to memory.
  // CHECK: scf.for
  // CHECK-NOT: scf.if
  %table = arith.constant dense<[2, 1, 0]> : tensor<3xi32>
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %k = catenary.input xt of @k slot 0 : i32
  // CHECK: scf.while
  %r:2 = scf.while (%a = %k, %i = %zero) : (i32, i32) -> (i32, i32) {
    // An element at a computed index of the point's own logits.
    // CHECK: %[[OWN:.*]] = llvm.getelementptr
    // CHECK: %[[AT:.*]] = llvm.getelementptr %[[OWN]][
    // CHECK-NEXT: %[[LOGIT:.*]] = llvm.load %[[AT]] : !llvm.ptr -> f32
    %logit = catenary.input estimate of @k at %a slot 0 : f32
    // CHECK: %[[MORE:.*]] = arith.cmpf ord, %[[LOGIT]]
    %more = arith.cmpf ord, %logit, %logit : f32
    %less = arith.cmpi slt, %a, %one : i32
    // A thread goes on while any point of its group does.
    // CHECK: %[[ANY:.*]] = arith.ori %[[MORE]], %{{.*}} : i1
    // CHECK: scf.condition(%[[ANY]])
    %any = catenary.any %more, %less : i1, i1
    scf.condition(%any) %a, %i : i32, i32
  } do {
  ^bb0(%a: i32, %i: i32):
    // The trip is in bits 48 and above of the block's number.
    // CHECK: ^bb0(%{{.*}}: i32, %[[TRIP:.*]]: i32):
    // CHECK: %[[WIDE:.*]] = arith.extui %[[TRIP]]
    // CHECK: %[[HIGH:.*]] = arith.shli %[[WIDE]], %c48
    // CHECK: %[[BLOCK:.*]] = arith.addi %{{.*}}, %[[HIGH]]
    // CHECK: catenary.philox %{{.*}}, %[[BLOCK]], %{{.*}} stream 259 : i64
    %w:2 = catenary.words %seed, %number, %step trip %i stream 259 pair 0 of 2
    // CHECK: %[[TABLE:.*]] = llvm.mlir.addressof @catenary_joint_step_0_points_table0
    // CHECK: llvm.getelementptr %[[TABLE]]
    %next = catenary.at %table[%w#0] : (tensor<3xi32>, i32) -> i32
    %trip = arith.addi %i, %one : i32
    scf.yield %next, %trip : i32, i32
  }
  // CHECK: llvm.store
  catenary.output %r#0 of @k slot 0 : i32
}

// A strip of a point: words lie a multiple of 4 further on, so whole blocks, and an element is stored where the point is in
// the call.
// CHECK-LABEL: llvm.func @catenary_joint_prior_0_points
catenary.pipeline @prior.0 asks "prior" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  // CHECK: %[[AT:.*]] = arith.constant 8 : i32
  %at = arith.constant 8 : i32
  // CHECK: %[[BLOCKS:.*]] = arith.shrui %[[AT]], %c2
  // CHECK: %[[WIDE:.*]] = arith.extui %[[BLOCKS]] : i32 to i64
  // CHECK: %[[BLOCK:.*]] = arith.addi %{{.*}}, %[[WIDE]] : i64
  // CHECK: catenary.philox %{{.*}}, %[[BLOCK]], %{{.*}} stream 1 : i64
  %w:2 = catenary.words %seed, %number, %step at %at stream 1 pair 0 of 8
  // CHECK: scf.if
  // CHECK: %[[OWN:.*]] = llvm.getelementptr
  // CHECK: %[[TO:.*]] = llvm.getelementptr %[[OWN]][
  // CHECK: %[[FIRST:.*]] = llvm.getelementptr %[[TO]][0]
  // CHECK-NEXT: llvm.store %{{.*}}, %[[FIRST]] : i32, !llvm.ptr
  // CHECK-NEXT: %[[SECOND:.*]] = llvm.getelementptr %[[TO]][4]
  // CHECK-NEXT: llvm.store %{{.*}}, %[[SECOND]] : i32, !llvm.ptr
  catenary.output %w#0 of @k element 0 at %at run 2 slot 0 : i32
  catenary.output %w#1 of @k element 1 at %at run 2 slot 0 : i32
  // CHECK-NOT: llvm.store
  // CHECK: llvm.return
}

// Arrays are a thread's own.
// CHECK-LABEL: llvm.func @catenary_joint_transition_0_points
// CHECK: %[[ARRAY:.*]] = llvm.alloca %{{.*}} x !llvm.array<6 x f32> {alignment = 4 : i64}
// CHECK: %[[FIRST:.*]] = llvm.getelementptr %[[ARRAY]][%{{.*}}]
// CHECK: %[[TO:.*]] = llvm.getelementptr %[[FIRST]][4]
// CHECK: llvm.store %{{.*}}, %[[TO]] : i32, !llvm.ptr
// CHECK: %[[FROM:.*]] = llvm.getelementptr %{{.*}}[8]
// CHECK: llvm.load %[[FROM]] : !llvm.ptr -> i32
// AMD-LABEL: llvm.func amdgpu_kernelcc @catenary_joint_transition_0_points
// AMD: llvm.alloca %{{.*}} x !llvm.array<6 x f32> {alignment = 4 : i64} : (i64) -> !llvm.ptr<5>
catenary.pipeline @transition.0 asks "transition" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %at = arith.constant 2 : i32
  %k = catenary.input xs of @k slot 0 : i32
  catenary.keep %k in 0 of 6 element 1 at %at : i32
  %l = catenary.kept 0 of 6 element 2 at %at : i32
  catenary.output %l of @k slot 0 : i32
}

// A loop without draws: registers before blocks.
// REGISTERS-NOT: nvvm.minctasm
// REGISTERS: llvm.func @catenary_joint_forward_0_points({{.*}}nvvm.minctasm = 1 : i32
// REGISTERS-NOT: nvvm.minctasm
catenary.pipeline @forward.0 asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %zero = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %three = arith.constant 3 : i32
  %k = catenary.input x0 of @k slot 0 : i32
  %sum = scf.for %i = %zero to %three step %one iter_args(%s = %k) -> (i32) : i32 {
    %next = arith.addi %s, %i : i32
    scf.yield %next : i32
  }
  catenary.output %sum of @k slot 0 : i32
}
