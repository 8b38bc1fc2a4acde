// RUN: catenary-opt %s --vectorize-lanes=lanes=4 --cse | FileCheck %s

catenary.process @k 0 on "categorical" points i32 estimates "logits" tensor<2xf32> categories 2 {
}

// Three pairs per group, three blocks per couple, side by side: pairs 0, 1, 2 are the even lane's, 3, 4, 5 the odd lane's. Pair
// 1 is thus the second half of block 0 and the first half of block 2.
// CHECK-LABEL: func.func @catenary_joint_three_points
// CHECK: %[[ALL:.*]] = vector.broadcast %{{.*}} : i64 to vector<2xi64>
// CHECK: %[[COUPLES:.*]] = arith.addi %{{.*}}, %[[ALL]] : vector<2xi64>
// CHECK: %[[THREE:.*]] = arith.constant dense<3> : vector<2xi64>
// CHECK: %[[BLOCK:.*]] = arith.muli %[[COUPLES]], %[[THREE]]
// CHECK: %[[ONE:.*]] = arith.constant dense<1>
// CHECK: %[[BLOCK1:.*]] = arith.addi %[[BLOCK]], %[[ONE]]
// CHECK: %[[TWO:.*]] = arith.constant dense<2>
// CHECK: %[[BLOCK2:.*]] = arith.addi %[[BLOCK]], %[[TWO]]
// CHECK-NEXT: %{{.*}}, %{{.*}}, %[[A2:.*]], %{{.*}} = catenary.philox %{{.*}}, %[[BLOCK]], %{{.*}} stream 0
// CHECK-NEXT: catenary.philox %{{.*}}, %[[BLOCK1]], %{{.*}} stream 0
// CHECK-NEXT: %[[C0:.*]], %{{.*}}, %{{.*}}, %{{.*}} = catenary.philox %{{.*}}, %[[BLOCK2]], %{{.*}} stream 0
// CHECK-NOT: catenary.philox
// CHECK-DAG: %[[EVEN:.*]] = vector.bitcast %[[A2]] :
// CHECK-DAG: %[[ODD:.*]] = vector.bitcast %[[C0]] :
// CHECK: vector.shuffle %[[EVEN]], %[[ODD]] [0, 4, 2, 6]
catenary.pipeline @three asks "prior" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %w:2 = catenary.words %seed, %number, %step stream 0 pair 0 of 3
  %v:2 = catenary.words %seed, %number, %step stream 0 pair 1 of 3
  %k = arith.addi %v#0, %w#0 : i32
  catenary.output %k of @k slot 0 : i32
}
