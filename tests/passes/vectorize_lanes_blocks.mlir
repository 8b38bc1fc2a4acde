// RUN: catenary-opt %s --vectorize-lanes=lanes=4 | FileCheck %s

catenary.process @k 0 on "categorical" points i32 estimates "logits" tensor<2xf32> categories 2 {
}

// No more than 4 blocks at a time: those of later pairs follow where they are first needed. Pair 5 of the odd lane is the
// couple's pair 11, in block 5.
// CHECK-LABEL: func.func @catenary_joint_many_points
// CHECK-COUNT-4: catenary.philox
// CHECK-NOT: catenary.philox
// CHECK: arith.constant dense<5>
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %[[LAST:.*]] = catenary.philox
// CHECK-NOT: catenary.philox
// CHECK: vector.bitcast %[[LAST]] :
catenary.pipeline @many asks "prior" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %v:2 = catenary.words %seed, %number, %step stream 0 pair 0 of 6
  %w:2 = catenary.words %seed, %number, %step stream 0 pair 5 of 6
  %k = arith.addi %v#0, %w#1 : i32
  catenary.output %k of @k slot 0 : i32
}

// The words of a trip: it stands in bits 48 and up of the block.
// CHECK-LABEL: func.func @catenary_joint_fold_points
// CHECK: scf.for %[[I:.*]] = %c0{{.*}} to %c5
// CHECK-NEXT: %[[TRIP:.*]] = arith.index_cast %[[I]] : index to i32
// CHECK: %[[WIDE:.*]] = arith.extui %[[TRIP]] : i32 to i64
// CHECK: %[[HIGH:.*]] = arith.shli %[[WIDE]], %c48
// CHECK: %[[HIGHS:.*]] = vector.broadcast %[[HIGH]] : i64 to vector<2xi64>
// CHECK: %[[BLOCK:.*]] = arith.addi %{{.*}}, %[[HIGHS]]
// CHECK: catenary.philox %{{.*}}, %[[BLOCK]], %{{.*}} stream 259
catenary.pipeline @fold asks "prior" group 1 {
^bb0(%seed: i64, %step: i32, %number: i64):
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0 : i32
  %r = scf.for %i = %c0 to %c5 step %c1 iter_args(%a = %zero) -> (i32) {
    %trip = arith.index_cast %i : index to i32
    %w:2 = catenary.words %seed, %number, %step trip %trip stream 259 pair 0 of 2
    %b = arith.addi %a, %w#0 : i32
    scf.yield %b : i32
  }
  catenary.output %r of @k slot 0 : i32
}
