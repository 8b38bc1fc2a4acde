// RUN: catenary-opt %s | catenary-opt | FileCheck %s
// RUN: catenary-opt %s --mlir-print-op-generic | catenary-opt | FileCheck %s

// CHECK-LABEL: func @draws
// CHECK-SAME: %[[TRIP:.*]]: i32
func.func @draws(%trip: i32) {
  // CHECK-NEXT: catenary.draw normal : tensor<3xf32>
  %z = catenary.draw normal : tensor<3xf32>
  // CHECK-NEXT: catenary.draw uniform : f32
  %u = catenary.draw uniform : f32
  // CHECK-NEXT: catenary.draw bits trip %[[TRIP]] {component = 1 : i32, first = 0 : i64, per_point = 2 : i64, stream = 65795 : i32} : i32
  %w = catenary.draw bits trip %trip {component = 1 : i32, first = 0 : i64, per_point = 2 : i64, stream = 65795 : i32} : i32
  return
}

// CHECK-LABEL: func @tensors
// CHECK-SAME: %[[A:.*]]: tensor<2x3xf32>, %[[X:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<3x2xf32>, %[[N:.*]]: tensor<2xi32>, %[[I:.*]]: i32
func.func @tensors(%a: tensor<2x3xf32>, %x: tensor<3xf32>, %b: tensor<3x2xf32>, %n: tensor<2xi32>, %i: i32) {
  // CHECK-NEXT: catenary.reduce sum %[[A]] : tensor<2x3xf32> -> f32
  %sum = catenary.reduce sum %a : tensor<2x3xf32> -> f32
  // CHECK-NEXT: catenary.reduce min %[[N]] : tensor<2xi32> -> i32
  %min = catenary.reduce min %n : tensor<2xi32> -> i32
  // CHECK-NEXT: catenary.reduce max %[[X]] : tensor<3xf32> -> f32
  %max = catenary.reduce max %x : tensor<3xf32> -> f32
  // CHECK-NEXT: catenary.dot %[[X]], %[[X]] : tensor<3xf32>
  %dot = catenary.dot %x, %x : tensor<3xf32>
  // CHECK-NEXT: catenary.matmul %[[A]], %[[X]] : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2xf32>
  %ax = catenary.matmul %a, %x : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2xf32>
  // CHECK-NEXT: catenary.matmul %[[A]], %[[B]] : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  %ab = catenary.matmul %a, %b : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<2x2xf32>
  // CHECK-NEXT: catenary.at %[[N]][%[[I]]] : (tensor<2xi32>, i32) -> i32
  %at = catenary.at %n[%i] : (tensor<2xi32>, i32) -> i32
  return
}

// CHECK-LABEL: func @words
// CHECK-SAME: %[[SEED:.*]]: i64, %[[BLOCK:.*]]: i64, %[[BLOCKS:.*]]: vector<8xi64>, %[[STEP:.*]]: i32, %[[F:.*]]: i1, %[[G:.*]]: vector<8xi1>
func.func @words(%seed: i64, %block: i64, %blocks: vector<8xi64>, %step: i32, %f: i1, %g: vector<8xi1>) {
  // CHECK-NEXT: %[[W0:.*]], %[[W1:.*]] = catenary.words %[[SEED]], %[[BLOCK]], %[[STEP]] stream 3 pair 1 of 2
  %w:2 = catenary.words %seed, %block, %step stream 3 pair 1 of 2
  // CHECK-NEXT: catenary.words %[[SEED]], %[[BLOCK]], %[[STEP]] trip %[[W0]] stream 3 pair 0 of 1
  %t:2 = catenary.words %seed, %block, %step trip %w#0 stream 3 pair 0 of 1
  // CHECK-NEXT: catenary.philox %[[SEED]], %[[BLOCK]], %[[STEP]] stream 3 : i64
  %p:4 = catenary.philox %seed, %block, %step stream 3 : i64
  // CHECK-NEXT: catenary.philox %[[SEED]], %[[BLOCKS]], %[[STEP]] stream 3 : vector<8xi64>
  %q:4 = catenary.philox %seed, %blocks, %step stream 3 : vector<8xi64>
  // CHECK-NEXT: %[[V:.*]] = vector.bitcast
  %v = vector.bitcast %q#0 : vector<8xi64> to vector<16xi32>
  // CHECK-NEXT: catenary.box_muller %[[W0]], %[[W1]] : i32 -> f32
  %z:2 = catenary.box_muller %w#0, %w#1 : i32 -> f32
  // CHECK-NEXT: catenary.box_muller %[[V]], %[[V]] : vector<16xi32> -> vector<16xf32>
  %y:2 = catenary.box_muller %v, %v : vector<16xi32> -> vector<16xf32>
  // CHECK-NEXT: catenary.uniform_of %[[W0]] : i32 -> f32
  %u = catenary.uniform_of %w#0 : i32 -> f32
  // CHECK-NEXT: catenary.uniform_of %[[V]] : vector<16xi32> -> vector<16xf32>
  %x = catenary.uniform_of %v : vector<16xi32> -> vector<16xf32>
  // CHECK-NEXT: catenary.any %[[F]], %[[G]] : i1, vector<8xi1>
  %any = catenary.any %f, %g : i1, vector<8xi1>
  // CHECK-NEXT: catenary.any many %[[F]] : i1
  %many = catenary.any many %f : i1
  // CHECK-NEXT: catenary.retry %[[F]] carried(%[[U:.*]]) {
  %r = catenary.retry %f carried(%u) {
  ^bb0(%c: f32):
    // CHECK: catenary.yield %[[F]], %{{.*}} : i1, f32
    catenary.yield %f, %c : i1, f32
  // CHECK-NEXT: } : i1 carried(f32) -> (f32)
  } : i1 carried(f32) -> (f32)
  return
}
