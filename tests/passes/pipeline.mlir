// The whole list of passes leaves the LLVM dialect alone, whatever the width.
// RUN: catenary-opt %s --catenary-points --catenary-lower=lanes=4 | FileCheck %s -DLANES=4
// RUN: catenary-opt %s --catenary-points --catenary-lower=lanes=8 | FileCheck %s -DLANES=8
// RUN: catenary-opt %s --catenary-points --catenary-lower=lanes=16 | FileCheck %s -DLANES=16
// RUN: catenary-opt %s --catenary-points | FileCheck %s --check-prefix=POINTS
// RUN: catenary-opt %s --catenary-points=words=4 --catenary-lower-to-gpu | FileCheck %s --check-prefix=GPU

// POINTS: catenary.pipeline @step.0 asks "step" draws 3 group 2 {
// POINTS-NOT: catenary.draw
// POINTS-NOT: catenary.apply

// CHECK-NOT: {{^ *(%.* = )?(catenary|func|arith|math|scf|cf|vector|tensor)\.}}
// CHECK-NOT: builtin.unrealized_conversion_cast
// CHECK: llvm.func @catenary_joint_step_0_samples(%{{.*}}: !llvm.ptr)
// CHECK-NOT: {{^ *(%.* = )?(catenary|func|arith|math|scf|cf|vector|tensor)\.}}
// CHECK: llvm.func @catenary_joint_step_0_points(%{{.*}}: !llvm.ptr)
// CHECK-NOT: {{^ *(%.* = )?(catenary|func|arith|math|scf|cf|vector|tensor)\.}}
// CHECK: vector<[[LANES]]xf32>
// CHECK-NOT: {{^ *(%.* = )?(catenary|func|arith|math|scf|cf|vector|tensor)\.}}
// CHECK-NOT: builtin.unrealized_conversion_cast
// CHECK-NOT: llvm.call

// GPU-NOT: {{^ *(%.* = )?(catenary|func|arith|math|scf|cf|vector|tensor)\.}}
// GPU: llvm.func @catenary_joint_step_0_samples(
// GPU-NOT: {{^ *(%.* = )?(catenary|func|arith|math|scf|cf|vector|tensor)\.}}
// GPU: llvm.func @catenary_joint_step_0_points(
// GPU-NOT: {{^ *(%.* = )?(catenary|func|arith|math|scf|cf|vector|tensor)\.}}
// GPU-NOT: builtin.unrealized_conversion_cast
// GPU-NOT: llvm.call
catenary.process @x 0 on "euclidean" points tensor<3xf32> estimates "endpoint" tensor<3xf32> {
  catenary.law @step(%x0: tensor<3xf32>, %xt: tensor<3xf32>, %s: f32, %t: f32) -> tensor<3xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c5 = arith.constant 5 : index
    %gap = arith.subf %t, %s : f32
    %decay = math.exp %gap : f32
    %all = tensor.splat %decay : tensor<3xf32>
    %z = catenary.draw normal : tensor<3xf32>
    %mean = math.fma %all, %x0, %xt : tensor<3xf32>
    %y = arith.addf %mean, %z : tensor<3xf32>
    %walk = scf.for %i = %c0 to %c5 step %c1 iter_args(%a = %y) -> (tensor<3xf32>) {
      %n = catenary.draw normal : tensor<3xf32>
      %sin = math.sin %n : tensor<3xf32>
      %b = math.fma %sin, %a, %y : tensor<3xf32>
      scf.yield %b : tensor<3xf32>
    }
    catenary.yield %walk : tensor<3xf32>
  }
}
catenary.process @k 1 on "categorical" points i32 estimates "logits" tensor<9xf32> categories 9 {
  catenary.law @step(%logits: tensor<9xf32>, %xt: i32, %s: f32, %t: f32) -> i32 {
    %table = arith.constant dense<[8, 7, 6, 5, 4, 3, 2, 1, 0]> : tensor<9xi32>
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %r:2 = scf.while (%k = %xt, %i = %zero) : (i32, i32) -> (i32, i32) {
      %logit = catenary.at %logits[%k] : (tensor<9xf32>, i32) -> f32
      %more = arith.cmpf olt, %logit, %t : f32
      scf.condition(%more) %k, %i : i32, i32
    } do {
    ^bb0(%k: i32, %i: i32):
      %w = catenary.draw bits : i32
      %next = catenary.at %table[%w] : (tensor<9xi32>, i32) -> i32
      %trip = arith.addi %i, %one : i32
      scf.yield %next, %trip : i32, i32
    }
    catenary.yield %r#0 : i32
  }
}
catenary.pipeline @step.0 asks "step" {
  %s = catenary.time "s"
  %t = catenary.time "t"
  %x0 = catenary.input estimate of @x : tensor<3xf32>
  %xt = catenary.input xt of @x : tensor<3xf32>
  %x = catenary.apply @x::@step(%x0, %xt, %s, %t) : (tensor<3xf32>, tensor<3xf32>, f32, f32) -> tensor<3xf32>
  catenary.output %x of @x : tensor<3xf32>
  %logits = catenary.input estimate of @k : tensor<9xf32>
  %kt = catenary.input xt of @k : i32
  %k = catenary.apply @k::@step(%logits, %kt, %s, %t) : (tensor<9xf32>, i32, f32, f32) -> i32
  catenary.output %k of @k : i32
}
