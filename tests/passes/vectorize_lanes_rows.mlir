// RUN: catenary-opt %s --vectorize-lanes=lanes=8 --cse | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.process @k 1 on "categorical" points i32 estimates "logits" tensor<2xf32> categories 2 {
}

// One word a point: slot s of a tile is points 8 s to 8 s + 7, as they lie in memory, and four blocks are two slots. Even
// lanes take words 0 and 1 of a block, odd lanes words 2 and 3; blocks alternate between the halves, so that the normals are
// put in order within four lanes.
// CHECK-LABEL: func.func @catenary_joint_one_points(
// CHECK: %[[TILE:.*]] = arith.addi
// CHECK: %[[X0:.*]] = llvm.load {{.*}} -> vector<8xf32>
// CHECK: %[[X1:.*]] = llvm.load {{.*}} -> vector<8xf32>
// CHECK-NOT: vector.shuffle
// CHECK: %[[FIRST:.*]] = arith.shrui %[[TILE]], %c2
// CHECK: %[[PLACES:.*]] = arith.constant dense<[0, 2, 1, 3]> : vector<4xi64>
// CHECK: %[[ALL:.*]] = vector.broadcast %[[FIRST]] : i64 to vector<4xi64>
// CHECK: %[[BLOCKS:.*]] = arith.ori %[[ALL]], %[[PLACES]]
// CHECK: %[[P0:.*]], %[[P1:.*]], %[[P2:.*]], %[[P3:.*]] = catenary.philox %{{.*}}, %[[BLOCKS]], %{{.*}} stream 2 : vector<4xi64>
// CHECK-NOT: catenary.philox
// CHECK-DAG: %[[E0:.*]] = vector.bitcast %[[P0]] : vector<4xi64> to vector<8xi32>
// CHECK-DAG: %[[O0:.*]] = vector.bitcast %[[P2]] : vector<4xi64> to vector<8xi32>
// CHECK: %[[W0:.*]] = vector.shuffle %[[E0]], %[[O0]] [0, 8, 2, 10, 4, 12, 6, 14]
// CHECK-DAG: %[[E1:.*]] = vector.bitcast %[[P1]] : vector<4xi64> to vector<8xi32>
// CHECK-DAG: %[[O1:.*]] = vector.bitcast %[[P3]] : vector<4xi64> to vector<8xi32>
// CHECK: %[[W1:.*]] = vector.shuffle %[[E1]], %[[O1]] [0, 8, 2, 10, 4, 12, 6, 14]
// CHECK: %[[Z0:.*]], %[[Z1:.*]] = catenary.box_muller %[[W0]], %[[W1]]
// CHECK-NEXT: %[[N0:.*]] = vector.shuffle %[[Z0]], %[[Z1]] [0, 8, 1, 9, 4, 12, 5, 13]
// CHECK-NEXT: %[[N1:.*]] = vector.shuffle %[[Z0]], %[[Z1]] [2, 10, 3, 11, 6, 14, 7, 15]
// CHECK-NEXT: %[[Y0:.*]] = arith.addf %[[X0]], %[[N0]]
// CHECK-NEXT: %[[Y1:.*]] = arith.addf %[[X1]], %[[N1]]
// CHECK: llvm.store %[[Y0]]
// CHECK: llvm.store %[[Y1]]
catenary.pipeline @one asks "forward" group 2 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %x0 = catenary.input x0 of @x slot 0 : f32
  %x1 = catenary.input x0 of @x slot 1 : f32
  %w:2 = catenary.words %seed, %number, %step stream 2 pair 0 of 1
  %z:2 = catenary.box_muller %w#0, %w#1 : i32 -> f32
  %y0 = arith.addf %x0, %z#0 : f32
  %y1 = arith.addf %x1, %z#1 : f32
  catenary.output %y0 of @x slot 0 : f32
  catenary.output %y1 of @x slot 1 : f32
}

// Two words a point: four blocks are a slot, and their words are in order as they are joined. The trip stands above them.
// CHECK-LABEL: func.func @catenary_joint_two_points(
// CHECK: %[[HIGH:.*]] = arith.shli %{{.*}}, %c48
// CHECK: %[[NUMBER:.*]] = arith.addi %{{.*}}, %[[HIGH]] : i64
// CHECK: %[[PLACES:.*]] = arith.constant dense<[0, 1, 2, 3]> : vector<4xi64>
// CHECK: %[[ALL:.*]] = vector.broadcast %[[NUMBER]] : i64 to vector<4xi64>
// CHECK: arith.ori %[[ALL]], %[[PLACES]]
// CHECK: catenary.philox
// CHECK: %[[W0:.*]] = vector.shuffle %{{.*}}, %{{.*}} [0, 8, 2, 10, 4, 12, 6, 14]
// CHECK: %[[W1:.*]] = vector.shuffle %{{.*}}, %{{.*}} [0, 8, 2, 10, 4, 12, 6, 14]
// CHECK: arith.addi %[[W0]], %[[W1]]
// CHECK-NOT: vector.shuffle
catenary.pipeline @two asks "prior" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0 : i32
  %r = scf.for %i = %c0 to %c5 step %c1 iter_args(%a = %zero) -> (i32) {
    %trip = arith.index_cast %i : index to i32
    %w:2 = catenary.words %seed, %number, %step trip %trip stream 259 pair 0 of 1
    %v = arith.addi %w#0, %w#1 : i32
    %b = arith.addi %a, %v : i32
    scf.yield %b : i32
  }
  catenary.output %r of @k slot 0 : i32
}
