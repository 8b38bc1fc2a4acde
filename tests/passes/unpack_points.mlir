// RUN: catenary-opt %s --unpack-points | FileCheck %s

catenary.process @x 0 on "euclidean" points tensor<2xf32> estimates "endpoint" tensor<2xf32> {
}

// Inputs, draws and outputs become one per element; numbers among tensors serve all elements.
// CHECK-LABEL: catenary.pipeline @elements
catenary.pipeline @elements asks "forward" {
  // CHECK-NOT: tensor
  // CHECK: %[[X0:.*]] = catenary.input x0 of @x element 0 : f32
  // CHECK: %[[X1:.*]] = catenary.input x0 of @x element 1 : f32
  // CHECK: %[[T:.*]] = catenary.time "t"
  // CHECK: %[[Z0:.*]] = catenary.draw normal {component = 0 : i32, first = 5 : i64, per_point = 7 : i64, stream = 2 : i32} : f32
  // CHECK: %[[Z1:.*]] = catenary.draw normal {component = 0 : i32, first = 6 : i64, per_point = 7 : i64, stream = 2 : i32} : f32
  // CHECK: %[[Y0:.*]] = math.fma %[[T]], %[[Z0]], %[[X0]] : f32
  // CHECK: %[[Y1:.*]] = math.fma %[[T]], %[[Z1]], %[[X1]] : f32
  // CHECK: %[[LATE:.*]] = arith.cmpf ord, %[[T]], %[[T]]
  // CHECK: %[[O0:.*]] = arith.select %[[LATE]], %[[Y0]], %[[X0]] : f32
  // CHECK: %[[O1:.*]] = arith.select %[[LATE]], %[[Y1]], %[[X1]] : f32
  // CHECK: catenary.output %[[O0]] of @x element 0 : f32
  // CHECK: catenary.output %[[O1]] of @x element 1 : f32
  %x = catenary.input x0 of @x : tensor<2xf32>
  %t = catenary.time "t"
  %all = tensor.splat %t : tensor<2xf32>
  %z = catenary.draw normal {component = 0 : i32, first = 5 : i64, per_point = 7 : i64, stream = 2 : i32} : tensor<2xf32>
  %y = math.fma %all, %z, %x : tensor<2xf32>
  %late = arith.cmpf ord, %t, %t : f32
  %o = arith.select %late, %y, %x : tensor<2xf32>
  catenary.output %o of @x : tensor<2xf32>
}

// Sums and products run from the first element to the last; products are chains of fma.
// CHECK-LABEL: catenary.pipeline @sums
catenary.pipeline @sums asks "forward" {
  // CHECK: %[[X0:.*]] = catenary.input x0 of @x element 0 : f32
  // CHECK: %[[X1:.*]] = catenary.input x0 of @x element 1 : f32
  // CHECK: %[[A:.*]] = arith.constant 1.0{{.*}} : f32
  // CHECK: %[[B:.*]] = arith.constant 2.0{{.*}} : f32
  // CHECK: %[[C:.*]] = arith.constant 3.0{{.*}} : f32
  // CHECK: %[[D:.*]] = arith.constant 4.0{{.*}} : f32
  // CHECK: %[[FIRST:.*]] = arith.mulf %[[X0]], %[[X0]]
  // CHECK: %[[DOT:.*]] = math.fma %[[X1]], %[[X1]], %[[FIRST]]
  // CHECK: %[[R0:.*]] = arith.mulf %[[A]], %[[X0]]
  // CHECK: %[[M0:.*]] = math.fma %[[B]], %[[X1]], %[[R0]]
  // CHECK: %[[R1:.*]] = arith.mulf %[[C]], %[[X0]]
  // CHECK: %[[M1:.*]] = math.fma %[[D]], %[[X1]], %[[R1]]
  // CHECK: %[[SUM:.*]] = arith.addf %[[M0]], %[[M1]]
  // CHECK: %[[MIN:.*]] = arith.minimumf %[[M0]], %[[M1]]
  // CHECK: catenary.output %[[SUM]] of @x element 0
  // CHECK: catenary.output %[[MIN]] of @x element 1
  // CHECK: catenary.output %[[DOT]] of @x element 2
  %x = catenary.input x0 of @x : tensor<2xf32>
  %m = arith.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %dot = catenary.dot %x, %x : tensor<2xf32>
  %mx = catenary.matmul %m, %x : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %sum = catenary.reduce sum %mx : tensor<2xf32> -> f32
  %min = catenary.reduce min %mx : tensor<2xf32> -> f32
  %o = tensor.from_elements %sum, %min, %dot : tensor<3xf32>
  catenary.output %o of @x : tensor<3xf32>
}
