// RUN: catenary-opt %s --group-points | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// The streams need not agree: the group is one that draws whole pairs of each. Here 4 normals and 1 word per point.
// CHECK-LABEL: catenary.pipeline @mixed asks "prior" group 2 {
catenary.pipeline @mixed asks "prior" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[GROUP:.*]]: i64):
  // CHECK-NEXT: %[[A0:.*]], %[[A1:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 0 pair 0 of 4
  // CHECK-NEXT: %{{.*}}, %[[N0:.*]] = catenary.box_muller %[[A0]], %[[A1]]
  // CHECK-NEXT: %[[B0:.*]], %[[B1:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 0 pair 2 of 4
  // CHECK-NEXT: %{{.*}}, %[[N1:.*]] = catenary.box_muller %[[B0]], %[[B1]]
  // CHECK-NEXT: %[[W0:.*]], %[[W1:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 1 pair 0 of 1
  // CHECK-NEXT: %[[U0:.*]] = catenary.uniform_of %[[W0]]
  // CHECK-NEXT: %[[U1:.*]] = catenary.uniform_of %[[W1]]
  // CHECK-NEXT: arith.addf %[[N0]], %[[U0]]
  // CHECK-NEXT: arith.addf %[[N1]], %[[U1]]
  %n = catenary.draw normal {component = 0 : i32, first = 1 : i64, per_point = 4 : i64, stream = 0 : i32} : f32
  %u = catenary.draw uniform {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 1 : i32} : f32
  %nu = arith.addf %n, %u : f32
  catenary.output %nu of @x : f32
}

// Three normals per point: pairs reach across points, and are made once.
// CHECK-LABEL: catenary.pipeline @across asks "prior" group 4 {
catenary.pipeline @across asks "prior" {
  // CHECK-COUNT-4: catenary.box_muller
  // CHECK: %[[Z4:.*]], %[[Z5:.*]] = catenary.box_muller
  // CHECK: catenary.box_muller
  // CHECK-NOT: catenary.box_muller
  // CHECK-NOT: catenary.draw
  %a = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 3 : i64, stream = 0 : i32} : f32
  %b = catenary.draw normal {component = 0 : i32, first = 1 : i64, per_point = 3 : i64, stream = 0 : i32} : f32
  %c = catenary.draw normal {component = 0 : i32, first = 2 : i64, per_point = 3 : i64, stream = 0 : i32} : f32
  %ab = arith.addf %a, %b : f32
  // The second point's normals are 3, 4 and 5.
  // CHECK: %{{.*}} = arith.addf %{{.*}}, %[[Z4]] : f32
  // CHECK: %{{.*}} = arith.addf %{{.*}}, %[[Z5]] : f32
  %abc = arith.addf %ab, %c : f32
  catenary.output %abc of @x : f32
}
