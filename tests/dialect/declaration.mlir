// The canonical text of a declaration is what is written here.
// RUN: catenary-opt %s | FileCheck %s
// RUN: catenary-opt %s | catenary-opt --mlir-print-op-generic | catenary-opt | FileCheck %s

// CHECK: module @walk attributes {catenary.horizon = 1.000000e+00 : f64} {
module @walk attributes {catenary.horizon = 1.000000e+00 : f64} {
  // CHECK-NEXT: catenary.process @x 0 on "euclidean" points tensor<3xf32> estimates "endpoint" tensor<3xf32> {
  catenary.process @x 0 on "euclidean" points tensor<3xf32> estimates "endpoint" tensor<3xf32> {
    // CHECK-NEXT: catenary.law @prior() -> tensor<3xf32> {
    // CHECK-NEXT:   %0 = catenary.draw normal : tensor<3xf32>
    // CHECK-NEXT:   catenary.yield %0 : tensor<3xf32>
    // CHECK-NEXT: }
    catenary.law @prior() -> tensor<3xf32> {
      %0 = catenary.draw normal : tensor<3xf32>
      catenary.yield %0 : tensor<3xf32>
    }
    // CHECK-NEXT: catenary.law @forward(%arg0: tensor<3xf32>, %arg1: f32) -> tensor<3xf32> {
    // CHECK-NEXT:   %0 = math.sqrt %arg1 : f32
    // CHECK-NEXT:   %splat = tensor.splat %0 : tensor<3xf32>
    // CHECK-NEXT:   %1 = catenary.draw normal : tensor<3xf32>
    // CHECK-NEXT:   %2 = math.fma %splat, %1, %arg0 : tensor<3xf32>
    // CHECK-NEXT:   catenary.yield %2 : tensor<3xf32>
    // CHECK-NEXT: }
    catenary.law @forward(%x0: tensor<3xf32>, %t: f32) -> tensor<3xf32> {
      %0 = math.sqrt %t : f32
      %1 = tensor.splat %0 : tensor<3xf32>
      %2 = catenary.draw normal : tensor<3xf32>
      %3 = math.fma %1, %2, %x0 : tensor<3xf32>
      catenary.yield %3 : tensor<3xf32>
    }
  // CHECK-NEXT: }
  }
  // CHECK-NEXT: catenary.pipeline @prior.0 asks "prior" {
  // CHECK-NEXT:   %0 = catenary.apply @x::@prior() : () -> tensor<3xf32>
  // CHECK-NEXT:   catenary.output %0 of @x : tensor<3xf32>
  // CHECK-NEXT: }
  catenary.pipeline @prior.0 asks "prior" {
    %0 = catenary.apply @x::@prior() : () -> tensor<3xf32>
    catenary.output %0 of @x : tensor<3xf32>
  }
  // CHECK-NEXT: catenary.pipeline @forward.0 asks "forward" {
  // CHECK-NEXT:   %0 = catenary.input x0 of @x : tensor<3xf32>
  // CHECK-NEXT:   %1 = catenary.time "t"
  // CHECK-NEXT:   %2 = catenary.apply @x::@forward(%0, %1) : (tensor<3xf32>, f32) -> tensor<3xf32>
  // CHECK-NEXT:   catenary.output %2 of @x : tensor<3xf32>
  // CHECK-NEXT: }
  catenary.pipeline @forward.0 asks "forward" {
    %0 = catenary.input x0 of @x : tensor<3xf32>
    %1 = catenary.time "t"
    %2 = catenary.apply @x::@forward(%0, %1) : (tensor<3xf32>, f32) -> tensor<3xf32>
    catenary.output %2 of @x : tensor<3xf32>
  }
// CHECK-NEXT: }
}
