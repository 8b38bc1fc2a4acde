// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// CHECK-LABEL: func @words
// CHECK-SAME: %[[SEED:.*]]: i64, %[[BLOCK:.*]]: vector<8xi64>
func.func @words(%seed: i64, %block: vector<8xi64>, %step: i32)
    -> (vector<8xi32>, vector<8xi32>, vector<8xi32>, vector<8xi32>) {
  // Round 1: the block's low word in lanes, the step as a number.
  // CHECK: %[[LOW:.*]] = arith.andi %[[BLOCK]], {{.*}} : vector<8xi64>
  // CHECK: arith.muli %[[LOW]], {{.*}} : vector<8xi64>
  // CHECK: arith.muli {{.*}} : i64
  // Words are cut to 32 bits at the end alone.
  // CHECK-NOT: trunci
  // CHECK-COUNT-18: arith.muli {{.*}} : vector<8xi64>
  // CHECK-NOT: arith.muli
  // CHECK-COUNT-4: arith.trunci {{.*}} : vector<8xi64> to vector<8xi32>
  %w:4 = catenary.philox %seed, %block, %step stream 3 : vector<8xi64> -> vector<8xi32>
  return %w#0, %w#1, %w#2, %w#3 : vector<8xi32>, vector<8xi32>, vector<8xi32>, vector<8xi32>
}

// CHECK-LABEL: func @one_word
func.func @one_word(%seed: i64, %block: i64, %step: i32) -> i32 {
  // CHECK-NOT: vector
  // CHECK: arith.trunci {{.*}} : i64 to i32
  // CHECK-NEXT: return
  %w:4 = catenary.philox %seed, %block, %step stream 3 : i64 -> i32
  return %w#0 : i32
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
