// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// The rounds of three blocks that stand together take turns: 2 multiplications a round and block. In the first round one of
// them is of the step, the same for all lanes and blocks.
// CHECK-LABEL: func @words
// CHECK-SAME: %[[SEED:.*]]: i64, %[[A:.*]]: vector<8xi64>, %[[B:.*]]: vector<8xi64>, %[[STEP:.*]]: i32
func.func @words(%seed: i64, %a: vector<8xi64>, %b: vector<8xi64>, %step: i32) -> (vector<8xi64>, vector<8xi64>) {
  // CHECK-DAG: arith.andi %[[A]], %{{.*}} : vector<8xi64>
  // CHECK-DAG: arith.andi %[[B]], %{{.*}} : vector<8xi64>
  // CHECK-DAG: arith.muli {{.*}} : i64
  // CHECK-NOT: arith.muli {{.*}} : i64
  // CHECK: return
  %w:4 = catenary.philox %seed, %a, %step stream 3 : vector<8xi64>
  %v:4 = catenary.philox %seed, %b, %step stream 3 : vector<8xi64>
  %u:4 = catenary.philox %seed, %b, %step stream 5 : vector<8xi64>
  return %w#0, %u#3 : vector<8xi64>, vector<8xi64>
}

// Blocks that begin with a multiple of their number have one upper word: a number, and so is what becomes of it and of the
// stream until the second round has mixed them with the lower word.
// CHECK-LABEL: func @row
// CHECK-SAME: %{{.*}}: i64, %[[FIRST:.*]]: i64, %[[STEP:.*]]: i32
func.func @row(%seed: i64, %first: i64, %step: i32) -> (vector<8xi64>, vector<8xi64>) {
  // CHECK: %[[UPPER:.*]] = arith.shrui %[[FIRST]], %c32
  // CHECK: arith.muli {{.*}} : vector<8xi64>
  // CHECK: arith.muli {{.*}} : i64
  // CHECK: arith.xori %{{.*}}, %[[UPPER]] : i64
  // CHECK: arith.muli {{.*}} : i64
  // CHECK-NOT: arith.muli {{.*}} : i64
  // CHECK: return
  %places = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7]> : vector<8xi64>
  %all = vector.broadcast %first : i64 to vector<8xi64>
  %blocks = arith.ori %all, %places : vector<8xi64>
  %w:4 = catenary.philox %seed, %blocks, %step stream 3 : vector<8xi64>
  return %w#0, %w#1 : vector<8xi64>, vector<8xi64>
}

// CHECK-LABEL: func @one_point
func.func @one_point(%seed: i64, %block: i64, %step: i32) -> i64 {
  // CHECK-NOT: vector
  // CHECK: return
  %w:4 = catenary.philox %seed, %block, %step stream 3 : i64
  return %w#0 : i64
}

// CHECK-LABEL: func @normals
func.func @normals(%a: vector<4xi32>, %b: vector<4xi32>) -> (vector<4xf32>, vector<4xf32>) {
  // CHECK-NOT: arith.uitofp
  // CHECK-NOT: arith.divf
  // CHECK: math.sqrt {{.*}} : vector<4xf32>
  // CHECK-NOT: catenary
  %z:2 = catenary.box_muller %a, %b : vector<4xi32> -> vector<4xf32>
  return %z#0, %z#1 : vector<4xf32>, vector<4xf32>
}

// CHECK-LABEL: func @uniform
// CHECK-SAME: %[[WORD:.*]]: i32
func.func @uniform(%word: i32) -> f32 {
  // CHECK: %[[UPPER:.*]] = arith.shrui %[[WORD]], %c8
  // CHECK: %[[NUMBER:.*]] = arith.sitofp %[[UPPER]] : i32 to f32
  // CHECK: arith.mulf %[[NUMBER]]
  %u = catenary.uniform_of %word : i32 -> f32
  return %u : f32
}
