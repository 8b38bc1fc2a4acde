// RUN: catenary-opt %s --unpack-points --cse | FileCheck %s

catenary.process @x 0 on "euclidean" points tensor<2x3xf32> estimates "endpoint" tensor<2x3xf32> {
}
catenary.process @k 1 on "categorical" points tensor<3xi32> estimates "endpoint" tensor<3xi32> {
}

// Rows, reshapes, joins and single elements only rename scalars.
// CHECK-LABEL: catenary.pipeline @renamed
catenary.pipeline @renamed asks "forward" {
  // CHECK: %[[X0:.*]] = catenary.input x0 of @x element 0
  // CHECK-NEXT: %[[X3:.*]] = catenary.input x0 of @x element 3
  // CHECK-NEXT: %[[X4:.*]] = catenary.input x0 of @x element 4
  // CHECK-NEXT: %[[X5:.*]] = catenary.input x0 of @x element 5
  // CHECK-NEXT: catenary.output %[[X3]] of @x element 0
  // CHECK-NEXT: catenary.output %[[X4]] of @x element 1
  // CHECK-NEXT: catenary.output %[[X5]] of @x element 2
  // CHECK-NEXT: catenary.output %[[X4]] of @x element 3
  // CHECK-NEXT: catenary.output %[[X0]] of @x element 4
  // CHECK-NEXT: catenary.output %[[X5]] of @x element 5
  // CHECK-NEXT: }
  %x = catenary.input x0 of @x : tensor<2x3xf32>
  %row = tensor.extract_slice %x[1, 0] [1, 3] [1, 1] : tensor<2x3xf32> to tensor<1x3xf32>
  %six = arith.constant dense<6> : tensor<1xi64>
  %flat = tensor.reshape %x(%six) : (tensor<2x3xf32>, tensor<1xi64>) -> tensor<6xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %first = tensor.extract %x[%c0, %c0] : tensor<2x3xf32>
  %middle = tensor.extract %x[%c1, %c1] : tensor<2x3xf32>
  %last = tensor.extract_slice %flat[5] [1] [1] : tensor<6xf32> to tensor<1xf32>
  %pair = tensor.from_elements %middle, %first : tensor<2xf32>
  %triple = tensor.concat dim(0) %pair, %last : (tensor<2xf32>, tensor<1xf32>) -> tensor<3xf32>
  %three = arith.constant dense<[1, 3]> : tensor<2xi64>
  %back = tensor.reshape %triple(%three) : (tensor<3xf32>, tensor<2xi64>) -> tensor<1x3xf32>
  %o = tensor.concat dim(0) %row, %back : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  catenary.output %o of @x : tensor<2x3xf32>
}

// The greatest and the sum of words are those of signed numbers; flags and words are unpacked like floats.
// CHECK-LABEL: catenary.pipeline @words
catenary.pipeline @words asks "forward" {
  // CHECK: %[[K0:.*]] = catenary.input x0 of @k element 0 : i32
  // CHECK: %[[K1:.*]] = catenary.input x0 of @k element 1 : i32
  // CHECK: %[[FIVE:.*]] = arith.constant 5 : i32
  // CHECK: %[[F0:.*]] = arith.cmpi slt, %[[K0]], %[[FIVE]] : i32
  // CHECK: %[[S0:.*]] = arith.select %[[F0]], %[[K0]], %[[FIVE]] : i32
  // CHECK: arith.maxsi %[[S0]], %{{.*}} : i32
  // CHECK: arith.addi %[[S0]], %{{.*}} : i32
  %k = catenary.input x0 of @k : tensor<3xi32>
  %five = arith.constant dense<5> : tensor<3xi32>
  %f = arith.cmpi slt, %k, %five : tensor<3xi32>
  %s = arith.select %f, %k, %five : tensor<3xi1>, tensor<3xi32>
  %max = catenary.reduce max %s : tensor<3xi32> -> i32
  %sum = catenary.reduce sum %s : tensor<3xi32> -> i32
  %o = tensor.from_elements %max, %sum, %sum : tensor<3xi32>
  catenary.output %o of @k : tensor<3xi32>
}
