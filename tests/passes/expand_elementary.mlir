// RUN: catenary-opt %s --expand-elementary --cse | FileCheck %s

// CHECK-LABEL: func @exponential
// CHECK-SAME: %[[X:.*]]: f32
func.func @exponential(%x: f32) -> f32 {
  // The clamp keeps NaN: the constant stands first in the comparison, and is taken only where it is true.
  // CHECK: %[[BELOW:.*]] = arith.cmpf olt, %[[MOST:.*]], %[[X]] : f32
  // CHECK: arith.select %[[BELOW]], %[[MOST]], %[[X]] : f32
  // CHECK-COUNT-9: math.fma
  // CHECK-NOT: fastmath
  // CHECK-NOT: math.exp
  %y = math.exp %x : f32
  return %y : f32
}

// CHECK-LABEL: func @sine_and_cosine
func.func @sine_and_cosine(%x: vector<8xf32>) -> (vector<8xf32>, vector<8xf32>) {
  // One reduction in double precision and one pair of polynomials for both.
  // CHECK-COUNT-3: math.fma {{.*}} : vector<8xf64>
  // CHECK: %[[R:.*]] = arith.truncf {{.*}} : vector<8xf64> to vector<8xf32>
  // CHECK-COUNT-7: math.fma {{.*}} : vector<8xf32>
  // CHECK-NOT: math.fma
  // CHECK-COUNT-4: arith.select {{.*}} : vector<8xi1>, vector<8xf32>
  // CHECK-NOT: math.{{sin|cos}}
  %s = math.sin %x : vector<8xf32>
  %c = math.cos %x : vector<8xf32>
  return %s, %c : vector<8xf32>, vector<8xf32>
}

// CHECK-LABEL: func @inside_loops
func.func @inside_loops(%x: f32, %n: index) -> f32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  // CHECK: scf.for
  // CHECK-NOT: math.{{log1p|atan2|expm1|log}}
  %y = scf.for %i = %zero to %n step %one iter_args(%a = %x) -> f32 {
    %b = math.log1p %a : f32
    %c = math.atan2 %b, %a : f32
    %d = math.expm1 %c : f32
    %e = math.log %d : f32
    scf.yield %e : f32
  }
  return %y : f32
}

// CHECK-LABEL: func @left_alone
func.func @left_alone(%x: f32, %d: f64) -> (f32, f32, f64) {
  // CHECK: math.sqrt
  // CHECK: math.floor
  // CHECK: math.exp {{.*}} : f64
  %s = math.sqrt %x : f32
  %f = math.floor %s : f32
  %e = math.exp %d : f64
  return %s, %f, %e : f32, f32, f64
}
