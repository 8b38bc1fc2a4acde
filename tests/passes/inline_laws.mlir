// RUN: catenary-opt %s --inline-laws | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
  catenary.law @prior() -> f32 {
    %z = catenary.draw normal : f32
    catenary.yield %z : f32
  }
  catenary.law @forward(%x0: f32, %t: f32) -> f32 {
    catenary.yield %x0 : f32
  }
}
catenary.process @y 7 on "euclidean" points tensor<2xf32> estimates "endpoint" tensor<2xf32> {
  catenary.law @prior() -> tensor<2xf32> {
    %low = arith.constant 0 : index
    %trips = arith.constant 4 : index
    %one = arith.constant 1 : index
    %first = catenary.draw normal : tensor<2xf32>
    %sum = scf.for %i = %low to %trips step %one iter_args(%a = %first) -> (tensor<2xf32>) {
      %z = catenary.draw normal : tensor<2xf32>
      %b = arith.addf %a, %z : tensor<2xf32>
      scf.yield %b : tensor<2xf32>
    }
    catenary.yield %sum : tensor<2xf32>
  }
}

// Draws learn their component's number, inside loops as well; bodies follow in the order of the applications.
// CHECK-LABEL: catenary.pipeline @prior
catenary.pipeline @prior asks "prior" {
  // CHECK-NOT: catenary.apply
  // CHECK: %[[X:.*]] = catenary.draw normal {component = 0 : i32} : f32
  // CHECK-NEXT: catenary.output %[[X]] of @x
  // CHECK: %[[FIRST:.*]] = catenary.draw normal {component = 7 : i32} : tensor<2xf32>
  // CHECK: %[[Y:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[FIRST]])
  // CHECK: catenary.draw normal {component = 7 : i32} : tensor<2xf32>
  // CHECK: catenary.output %[[Y]] of @y
  %x = catenary.apply @x::@prior() : () -> f32
  catenary.output %x of @x : f32
  %y = catenary.apply @y::@prior() : () -> tensor<2xf32>
  catenary.output %y of @y : tensor<2xf32>
}

// A law may give back what it was given; each application draws anew.
// CHECK-LABEL: catenary.pipeline @forward
catenary.pipeline @forward asks "forward" {
  // CHECK-NEXT: %[[X0:.*]] = catenary.input x0 of @x : f32
  // CHECK-NEXT: catenary.time "t"
  // CHECK-NEXT: %[[A:.*]] = catenary.draw normal {component = 0 : i32}
  // CHECK-NEXT: %[[B:.*]] = catenary.draw normal {component = 0 : i32}
  // CHECK-NEXT: %[[AB:.*]] = arith.addf %[[A]], %[[B]]
  // CHECK-NEXT: arith.addf %[[AB]], %[[X0]]
  %x0 = catenary.input x0 of @x : f32
  %t = catenary.time "t"
  %same = catenary.apply @x::@forward(%x0, %t) : (f32, f32) -> f32
  %a = catenary.apply @x::@prior() : () -> f32
  %b = catenary.apply @x::@prior() : () -> f32
  %ab = arith.addf %a, %b : f32
  %sum = arith.addf %ab, %same : f32
  catenary.output %sum of @x : f32
}
