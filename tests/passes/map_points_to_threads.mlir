// RUN: catenary-opt %s --map-points-to-threads --cse | FileCheck %s
// RUN: catenary-opt %s --map-points-to-threads=gpu=processor | FileCheck %s --check-prefix=ARGUMENTS
// RUN: catenary-opt %s --map-points-to-threads=gpu=amd --cse | FileCheck %s --check-prefix=AMD
// RUN: catenary-opt %s --map-points-to-threads=gpu=spirv --cse | FileCheck %s --check-prefix=SPIRV

// CHECK-LABEL: module @toy
module @toy {
  // CHECK-NOT: catenary.process
  catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
  }
  // The sample part: a sample per thread, and on by as many as the grid has. A time is the sample's own where there is an array.
  // CHECK: llvm.func @catenary_toy_forward_0_samples(%[[ARGS:.*]]: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<5 x i64>})
  // CHECK-SAME: nvvm.kernel, nvvm.maxntid = array<i32: 256>
  // CHECK: %[[COUNT_AT:.*]] = llvm.getelementptr %[[ARGS]][24]
  // CHECK-NEXT: %[[COUNT:.*]] = llvm.load %[[COUNT_AT]]
  // CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[COUNT]] step %{{.*}} : i64 {
  // CHECK: %[[T:.*]] = scf.if %{{.*}} -> (f32) {
  // CHECK: llvm.load
  // CHECK: } else {
  // CHECK: %[[LATE:.*]] = arith.cmpf ord, %[[T]], %[[T]]
  // CHECK: llvm.store %[[T]]
  // CHECK: arith.addi %{{.*}}, %[[I]]
  // CHECK: %[[FLAG:.*]] = arith.uitofp %[[LATE]] : i1 to f32
  // CHECK-NEXT: llvm.store %[[FLAG]]

  // The points part: two pointers behind 64 bytes of arguments. What stands at the seed's place in memory, if there is one,
  // is added to the call's. Group 0 of the call is the global group in the third of the arguments.
  // CHECK: llvm.func @catenary_toy_forward_0_points(%[[ARGS:.*]]: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<10 x i64>})
  // CHECK: %[[ADDED:.*]]:2 = scf.if %{{.*}} -> (i64, i32) {
  // CHECK: } else {
  // CHECK: %[[SEED:.*]] = arith.addi %{{.*}}, %[[ADDED]]#0 : i64
  // CHECK: %[[STEP:.*]] = arith.addi %{{.*}}, %[[ADDED]]#1 : i32
  // CHECK: %[[FIRST_AT:.*]] = llvm.getelementptr %[[ARGS]][16]
  // CHECK-NEXT: %[[FIRST:.*]] = llvm.load %[[FIRST_AT]]
  // CHECK: scf.for %[[G:.*]] = %{{.*}} to %{{.*}} step %{{.*}} : i64 {
  // A point's sample: a multiplication and a shift.
  // CHECK: arith.muli
  // CHECK-NOT: arith.div
  // Both points at once, where the call has them.
  // CHECK: %[[X:.*]]:2 = scf.if %[[WHOLE:.*]] -> (f32, f32) {
  // CHECK: llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr -> vector<2xf32>
  // CHECK: } else {
  // CHECK-COUNT-2: llvm.load {{.*}} -> f32
  // CHECK: %[[NUMBER:.*]] = arith.addi %[[FIRST]], %[[G]] : i64
  // CHECK: %[[ON:.*]] = arith.cmpf one
  // The group's second pair is the second half of its only block.
  // CHECK: %{{.*}}, %{{.*}}, %[[P2:.*]], %[[P3:.*]] = catenary.philox %[[SEED]], %[[NUMBER]], %[[STEP]] stream 2 : i64
  // CHECK: %[[W0:.*]] = arith.trunci %[[P2]]
  // CHECK: %[[W1:.*]] = arith.trunci %[[P3]]
  // CHECK: %[[Z:.*]], %{{.*}} = catenary.box_muller %[[W0]], %[[W1]] : i32 -> f32
  // CHECK: %[[Y:.*]] = arith.select %[[ON]], %[[Z]]
  // CHECK: %[[V:.*]] = arith.addf %[[Y]], %[[X]]#0
  // CHECK: scf.if %[[WHOLE]] {
  // CHECK: vector.from_elements %[[V]], %[[X]]#1
  // CHECK: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xf32>
  // CHECK: } else {
  // CHECK-COUNT-2: scf.if

  // ARGUMENTS: llvm.func @catenary_toy_forward_0_samples(%{{.*}}: !llvm.ptr, %{{.*}}: i32, %{{.*}}: i32, %{{.*}}: i32, %{{.*}}: i32) {
  // ARGUMENTS-NOT: nvvm

  // AMD's arguments lie in the memory of constants, tensors in that of the device. Threads of a block are known; blocks stand first in what is given unasked.
  // AMD: llvm.func amdgpu_kernelcc @catenary_toy_forward_0_samples(%[[ARGS:.*]]: !llvm.ptr<4> {llvm.align = 8 : i64, llvm.byref = !llvm.array<5 x i64>})
  // AMD-SAME: ["amdgpu-flat-work-group-size", "256,256"]
  // AMD: %[[UNASKED:.*]] = llvm.call_intrinsic "llvm.amdgcn.implicitarg.ptr"() : () -> !llvm.ptr<4>
  // AMD: %[[BLOCK:.*]] = llvm.call_intrinsic "llvm.amdgcn.workgroup.id.x"() : () -> i32
  // AMD: %[[BLOCKS:.*]] = llvm.load %[[UNASKED]] : !llvm.ptr<4> -> i32
  // AMD: %[[THREAD:.*]] = llvm.call_intrinsic "llvm.amdgcn.workitem.id.x"() : () -> i32
  // AMD: %[[TIMES_AT:.*]] = llvm.getelementptr %[[ARGS]][0] : (!llvm.ptr<4>) -> !llvm.ptr<4>
  // AMD: llvm.load %[[TIMES_AT]] : !llvm.ptr<4> -> !llvm.ptr<1>
  // AMD-NOT: nvvm

  // SPIRV: llvm.func spir_kernelcc @catenary_toy_forward_0_samples(%[[ARGS:.*]]: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<5 x i64>})
  // SPIRV-SAME: reqd_work_group_size = array<i32: 256, 1, 1>
  // SPIRV-DAG: llvm.call spir_funccc @_Z12get_group_idj
  // SPIRV-DAG: llvm.call spir_funccc @_Z14get_num_groupsj
  // SPIRV-DAG: llvm.call spir_funccc @_Z12get_local_idj
  // SPIRV-DAG: llvm.call spir_funccc @_Z14get_local_sizej
  // SPIRV: llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr<1>
  // SPIRV-NOT: nvvm
  catenary.pipeline @forward.0 asks "forward" group 2 {
  ^bb0(%seed: i64, %step: i32, %group: i64):
    %c:2 = catenary.sample {
      %t = catenary.time "t"
      %late = arith.cmpf ord, %t, %t : f32
      catenary.yield %t, %late : f32, i1
    } : f32, i1
    %t = catenary.coefficient %c#0 slot 1 : f32
    %on = catenary.coefficient %c#1 slot 0 : i1
    %x0 = catenary.input x0 of @x slot 0 : f32
    %x1 = catenary.input x0 of @x slot 1 : f32
    %w:2 = catenary.words %seed, %group, %step stream 2 pair 1 of 2
    %z:2 = catenary.box_muller %w#0, %w#1 : i32 -> f32
    %y = arith.select %on, %z#0, %t : f32
    %v = arith.addf %y, %x0 : f32
    catenary.output %v of @x slot 0 : f32
    catenary.output %x1 of @x slot 1 : f32
  }
}
