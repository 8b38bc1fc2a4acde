// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// Three blocks that stand together share a loop of 5 trips, 2 rounds each: 2 multiplications a round and block. Keys and
// counters are carried: 2 keys and 4 words a block.
// CHECK-LABEL: func @words
// CHECK-SAME: %[[SEED:.*]]: i64, %[[A:.*]]: vector<8xi64>, %[[B:.*]]: vector<8xi64>, %[[STEP:.*]]: i32
func.func @words(%seed: i64, %a: vector<8xi64>, %b: vector<8xi64>, %step: i32) -> (vector<8xi64>, vector<8xi64>) {
  // CHECK: %[[W:.*]]:14 = scf.for %{{.*}} = %c0 to %c5 step %c1 iter_args({{.*}} = %[[A]], {{.*}} = %[[B]]
  // CHECK-COUNT-12: arith.muli {{.*}} : vector<8xi64>
  // CHECK-NOT: arith.muli
  // CHECK: scf.yield
  // CHECK: return %[[W]]#2, %[[W]]#13
  %w:4 = catenary.philox %seed, %a, %step stream 3 : vector<8xi64>
  %v:4 = catenary.philox %seed, %b, %step stream 3 : vector<8xi64>
  %u:4 = catenary.philox %seed, %b, %step stream 5 : vector<8xi64>
  return %w#0, %u#3 : vector<8xi64>, vector<8xi64>
}

// The rounds of one or two blocks are written out.
// CHECK-LABEL: func @few
func.func @few(%seed: i64, %a: vector<8xi64>, %b: vector<8xi64>, %step: i32) -> (vector<8xi64>, vector<8xi64>) {
  // CHECK-NOT: scf.for
  // CHECK-COUNT-38: arith.muli {{.*}} : vector<8xi64>
  // CHECK-NOT: scf.for
  // CHECK: return
  %w:4 = catenary.philox %seed, %a, %step stream 3 : vector<8xi64>
  %v:4 = catenary.philox %seed, %b, %step stream 3 : vector<8xi64>
  return %w#1, %v#1 : vector<8xi64>, vector<8xi64>
}

// No more than 4 blocks go together.
// CHECK-LABEL: func @one_point
func.func @one_point(%seed: i64, %block: i64, %step: i32) -> (i64, i64) {
  // CHECK-NOT: vector
  // CHECK: scf.for {{.*}} -> (i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) {
  // CHECK-NOT: scf.for
  %a:4 = catenary.philox %seed, %block, %step stream 3 : i64
  %b:4 = catenary.philox %seed, %block, %step stream 5 : i64
  %c:4 = catenary.philox %seed, %block, %step stream 7 : i64
  %d:4 = catenary.philox %seed, %block, %step stream 9 : i64
  %e:4 = catenary.philox %seed, %block, %step stream 11 : i64
  return %a#0, %e#0 : i64, i64
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
