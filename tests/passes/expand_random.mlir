// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// A loop makes two of the ten rounds at a time. It carries the key's two words and the block's four, in lanes.
// CHECK-LABEL: func @words
// CHECK-SAME: %[[SEED:.*]]: i64, %[[BLOCK:.*]]: vector<8xi64>, %[[STEP:.*]]: i32
func.func @words(%seed: i64, %block: vector<8xi64>, %step: i32) -> (vector<8xi64>, vector<8xi64>, vector<8xi64>, vector<8xi64>) {
  // CHECK: %[[KEY0:.*]] = vector.broadcast %[[SEED]]
  // CHECK: %[[HIGH:.*]] = arith.shrui %[[SEED]]
  // CHECK: %[[KEY1:.*]] = vector.broadcast %[[HIGH]]
  // CHECK: %[[C1:.*]] = arith.shrui %[[BLOCK]]
  // CHECK: %[[WIDE:.*]] = arith.extui %[[STEP]]
  // CHECK: %[[C2:.*]] = vector.broadcast %[[WIDE]]
  // CHECK: %[[C3:.*]] = vector.broadcast %c3_i64
  // CHECK: %[[R:.*]]:6 = scf.for %{{.*}} = %c0 to %c5 step %c1 iter_args(%[[K0:.*]] = %[[KEY0]], %[[K1:.*]] = %[[KEY1]], %[[A:.*]] = %[[BLOCK]], %[[B:.*]] = %[[C1]], %[[C:.*]] = %[[C2]], %[[D:.*]] = %[[C3]])
  // Words are cut to 32 bits where they are multiplied, and nowhere else.
  // CHECK: %[[LOW:.*]] = arith.andi %[[A]], %{{.*}} : vector<8xi64>
  // CHECK: %[[P:.*]] = arith.muli %[[LOW]], %{{.*}} : vector<8xi64>
  // CHECK: %[[LOW2:.*]] = arith.andi %[[C]],
  // CHECK: %[[Q:.*]] = arith.muli %[[LOW2]],
  // CHECK: %[[UP:.*]] = arith.shrui %[[Q]],
  // CHECK-NEXT: %[[MIXED:.*]] = arith.xori %[[UP]], %[[B]]
  // CHECK-NEXT: %[[NEXT:.*]] = arith.xori %[[MIXED]], %[[K0]]
  // CHECK: arith.addi %[[K0]],
  // CHECK: arith.addi %[[K1]],
  // CHECK: arith.andi %[[NEXT]],
  // CHECK-COUNT-2: arith.muli
  // CHECK-NOT: arith.muli
  // CHECK-NOT: trunci
  // CHECK: return %[[R]]#2, %[[R]]#3, %[[R]]#4, %[[R]]#5
  %w:4 = catenary.philox %seed, %block, %step stream 3 : vector<8xi64>
  return %w#0, %w#1, %w#2, %w#3 : vector<8xi64>, vector<8xi64>, vector<8xi64>, vector<8xi64>
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
