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

// Between -87 and 88 neither end is near: no clamp, and one factor.
// CHECK-LABEL: func @exponential_of_bounded
func.func @exponential_of_bounded(%x: vector<8xf32>) -> vector<8xf32> {
  %low = arith.constant -87.0 : f32
  %lows = vector.broadcast %low : f32 to vector<8xf32>
  %high = arith.constant dense<88.0> : vector<8xf32>
  // CHECK-COUNT-2: arith.select
  // CHECK-NOT: arith.select
  // CHECK-COUNT-1: arith.mulf
  // CHECK-NOT: arith.mulf
  // CHECK: return
  %more = arith.cmpf olt, %lows, %x : vector<8xf32>
  %above = arith.select %more, %x, %lows : vector<8xi1>, vector<8xf32>
  %less = arith.cmpf olt, %above, %high : vector<8xf32>
  %bounded = arith.select %less, %above, %high : vector<8xi1>, vector<8xf32>
  %y = math.exp %bounded : vector<8xf32>
  return %y : vector<8xf32>
}

// One bound is not enough, nor one that is too far, nor a choice of something else.
// CHECK-LABEL: func @exponential_of_half_bounded
func.func @exponential_of_half_bounded(%x: f32, %z: f32) -> (f32, f32, f32) {
  %low = arith.constant -87.0 : f32
  %high = arith.constant 88.5 : f32
  %zero = arith.constant 0.0 : f32
  // CHECK-COUNT-6: arith.mulf
  %more = arith.cmpf olt, %low, %x : f32
  %above = arith.select %more, %x, %low : f32
  %less = arith.cmpf olt, %above, %high : f32
  %bounded = arith.select %less, %above, %high : f32
  %other = arith.cmpf olt, %z, %zero : f32
  %chosen = arith.select %other, %above, %zero : f32
  %a = math.exp %above : f32
  %b = math.exp %bounded : f32
  %c = math.exp %chosen : f32
  return %a, %b, %c : f32, f32, f32
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
