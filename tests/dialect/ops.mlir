// RUN: catenary-opt %s | catenary-opt | FileCheck %s
// RUN: catenary-opt %s --mlir-print-op-generic | catenary-opt | FileCheck %s

// CHECK: catenary.process @angle 0 on "circle" points f32 estimates "endpoint" f32 {
catenary.process @angle 0 on "circle" points f32 estimates "endpoint" f32 {
  // CHECK-NEXT: catenary.law @prior() -> f32 {
  catenary.law @prior() -> f32 {
    // CHECK-NEXT: catenary.draw uniform : f32
    %u = catenary.draw uniform : f32
    catenary.yield %u : f32
  }
}
// CHECK: catenary.process @class 1 on "categorical" points i32 estimates "logits" tensor<4xf32> categories 4 forbids [0, 3] sites "tokens" {
catenary.process @class 1 on "categorical" points i32 estimates "logits" tensor<4xf32> categories 4 forbids [0, 3] sites "tokens" {
}

// CHECK: catenary.pipeline @prior asks "prior" {
catenary.pipeline @prior asks "prior" {
  // CHECK-NEXT: %[[U:.*]] = catenary.apply @angle::@prior() : () -> f32
  %u = catenary.apply @angle::@prior() : () -> f32
  // CHECK-NEXT: catenary.output %[[U]] of @angle : f32
  catenary.output %u of @angle : f32
}

// CHECK: catenary.pipeline @step asks "step" sites "tokens" group 2 {
catenary.pipeline @step asks "step" sites "tokens" group 2 {
  // CHECK-NEXT: %[[DECAY:.*]]:2 = catenary.sample {
  %decay:2 = catenary.sample {
    // CHECK-NEXT: %[[S:.*]] = catenary.time "s"
    %s = catenary.time "s"
    // CHECK-NEXT: %[[LATE:.*]] = arith.cmpf
    %late = arith.cmpf ord, %s, %s : f32
    // CHECK-NEXT: catenary.yield %[[S]], %[[LATE]] : f32, i1
    catenary.yield %s, %late : f32, i1
  // CHECK-NEXT: } : f32, i1
  } : f32, i1
  // CHECK-NEXT: catenary.coefficient %[[DECAY]]#0 slot 1 : f32
  %d = catenary.coefficient %decay#0 slot 1 : f32
  // CHECK-NEXT: catenary.input estimate of @class : tensor<4xf32>
  %logits = catenary.input estimate of @class : tensor<4xf32>
  // CHECK-NEXT: catenary.input estimate of @class element 3 : f32
  %last = catenary.input estimate of @class element 3 : f32
  // CHECK-NEXT: %[[X:.*]] = catenary.input xt of @class slot 1 : i32
  %x = catenary.input xt of @class slot 1 : i32
  // CHECK-NEXT: catenary.input estimate of @class at %[[X]] slot 1 : f32
  %here = catenary.input estimate of @class at %x slot 1 : f32
  // CHECK-NEXT: catenary.output %[[X]] of @class element 0 slot 1 : i32
  catenary.output %x of @class element 0 slot 1 : i32
}

// A sample part may yield nothing.
// CHECK: catenary.pipeline @empty asks "forward" {
catenary.pipeline @empty asks "forward" {
  // CHECK-NEXT: catenary.sample {
  catenary.sample {
    // CHECK-NEXT: catenary.yield
    catenary.yield
  // CHECK-NEXT: }{{$}}
  }
}
