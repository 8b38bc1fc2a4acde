// RUN: catenary-opt %s --vectorize-lanes=lanes=4 | FileCheck %s

catenary.process @x 0 on "euclidean" points tensor<3xf32> estimates "endpoint" tensor<3xf32> {
}
catenary.process @k 1 on "categorical" points i32 estimates "logits" tensor<5xf32> categories 5 sites "tokens" {
}

// A run of 3 elements per lane: three loads, two shuffles for each element; the same way back.
// CHECK-LABEL: func.func @catenary_joint_three_points
// CHECK: scf.for
// CHECK: %[[A:.*]] = llvm.load {{.*}} -> vector<4xf32>
// CHECK: %[[B:.*]] = llvm.load {{.*}} -> vector<4xf32>
// CHECK: %[[C:.*]] = llvm.load {{.*}} -> vector<4xf32>
// CHECK: %[[AB:.*]] = vector.shuffle %[[A]], %[[B]] [0, 3, 6, 0]
// CHECK-NEXT: %[[X0:.*]] = vector.shuffle %[[AB]], %[[C]] [0, 1, 2, 5]
// CHECK: vector.shuffle %{{.*}}, %[[C]] [0, 1, 2, 6]
// CHECK: vector.shuffle %{{.*}}, %[[C]] [0, 1, 4, 7]
// CHECK-NEXT: %[[BACK:.*]] = vector.shuffle %[[X0]], %[[X0]] [0, 4, 0, 1]
// CHECK-NEXT: vector.shuffle %[[BACK]], %[[X0]] [0, 1, 4, 3]
// CHECK-COUNT-3: llvm.store {{.*}} : vector<4xf32>
// CHECK-NOT: llvm.store
// CHECK: return
catenary.pipeline @three asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %x0 = catenary.input x0 of @x element 0 slot 0 : f32
  catenary.output %x0 of @x element 0 slot 0 : f32
  catenary.output %x0 of @x element 1 slot 0 : f32
  catenary.output %x0 of @x element 2 slot 0 : f32
}

// 4 points of 3 elements: runs of 12, split by 2, 2 and 3. Slot 2, element 1 is the run's element 7 = 1 + 2 * (1 + 2 * 1).
// Words are loaded as words.
// CHECK-LABEL: func.func @catenary_joint_twelve_points
// CHECK: scf.for
// CHECK-COUNT-12: llvm.load {{.*}} -> vector<4xf32>
// CHECK-NOT: llvm.load
// CHECK-COUNT-6: vector.shuffle {{.*}} [0, 2, 4, 6]
// CHECK-NEXT: %[[O0:.*]] = vector.shuffle {{.*}} [1, 3, 5, 7]
// CHECK-NEXT: %[[O1:.*]] = vector.shuffle {{.*}} [1, 3, 5, 7]
// CHECK-NEXT: %[[O2:.*]] = vector.shuffle {{.*}} [1, 3, 5, 7]
// CHECK-NEXT: %[[O3:.*]] = vector.shuffle {{.*}} [1, 3, 5, 7]
// CHECK-NEXT: %[[O4:.*]] = vector.shuffle {{.*}} [1, 3, 5, 7]
// CHECK-NEXT: %[[O5:.*]] = vector.shuffle {{.*}} [1, 3, 5, 7]
// CHECK: %[[T0:.*]] = vector.shuffle %[[O0]], %[[O1]] [1, 3, 5, 7]
// CHECK-NEXT: %[[T1:.*]] = vector.shuffle %[[O2]], %[[O3]] [1, 3, 5, 7]
// CHECK-NEXT: %[[T2:.*]] = vector.shuffle %[[O4]], %[[O5]] [1, 3, 5, 7]
// CHECK: %[[PART:.*]] = vector.shuffle %[[T0]], %[[T1]] [1, 4, 7, 0]
// CHECK-NEXT: %[[SEVEN:.*]] = vector.shuffle %[[PART]], %[[T2]] [0, 1, 2, 6]
// CHECK: math.floor %[[SEVEN]] : vector<4xf32>
catenary.pipeline @twelve asks "forward" group 4 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %x = catenary.input x0 of @x element 1 slot 2 : f32
  %y = math.floor %x : f32
}

// Runs of 4, and a read at a computed index: lane l of slot 1 reads element (4 l + 1) * 5 + index of the tile.
// CHECK-LABEL: func.func @catenary_joint_tokens_points
// CHECK-COUNT-4: llvm.load {{.*}} -> vector<4xi32>
// CHECK: %[[K1:.*]] = vector.shuffle {{.*}} [0, 2, 4, 6] : vector<4xi32>, vector<4xi32>
// CHECK: %[[LANES:.*]] = arith.constant dense<[0, 20, 40, 60]> : vector<4xi32>
// CHECK: %[[SLOT:.*]] = arith.constant dense<5> : vector<4xi32>
// CHECK: %[[OWN:.*]] = arith.addi %[[LANES]], %[[SLOT]]
// CHECK: %[[INDEX:.*]] = arith.addi %[[OWN]], %{{.*}} : vector<4xi32>
// CHECK-NEXT: %[[AT:.*]] = llvm.getelementptr %{{.*}}[%[[INDEX]]] : (!llvm.ptr, vector<4xi32>) -> vector<4x!llvm.ptr>, f32
// CHECK: llvm.intr.masked.gather %[[AT]], %{{.*}} {alignment = 4 : i32} : (vector<4x!llvm.ptr>, vector<4xi1>) -> vector<4xf32>
catenary.pipeline @tokens asks "step" sites "tokens" group 4 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %k = catenary.input xt of @k slot 1 : i32
  %logit = catenary.input estimate of @k at %k slot 1 : f32
}

// A run is loaded lane by lane, and transposed; what does not fill a vector in pieces, and nothing behind it. It is stored
// the same way.
// CHECK-LABEL: func.func @catenary_joint_runs_points
// CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<4xf32>
// CHECK-COUNT-8: vector.shuffle
// CHECK: %[[PART:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<2xf32>
// CHECK-NEXT: vector.shuffle %[[PART]], %[[PART]] [0, 1, 0, 0]
// CHECK-COUNT-3: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<2xf32>
// CHECK: return
catenary.pipeline @runs asks "step" sites "tokens" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %k = catenary.input xt of @k slot 0 : i32
  %a = catenary.input estimate of @k element 0 at %k run 4 slot 0 : f32
  %b = catenary.input estimate of @k element 3 at %k run 4 slot 0 : f32
  %c = catenary.input estimate of @k element 0 at %k run 2 slot 0 : f32
  %d = catenary.input estimate of @k element 1 at %k run 2 slot 0 : f32
}

// CHECK-LABEL: func.func @catenary_joint_runs_out_points
// CHECK-COUNT-8: vector.shuffle {{.*}} : vector<4xf32>, vector<4xf32>
// CHECK: %[[TWO:.*]] = vector.shuffle %[[V:.*]], %[[V]] [0, 1] : vector<4xf32>, vector<4xf32>
// CHECK-NEXT: llvm.store %[[TWO]], %{{.*}} {alignment = 4 : i64} : vector<2xf32>
// CHECK: %[[ONE:.*]] = vector.shuffle %[[V]], %[[V]] [2] : vector<4xf32>, vector<4xf32>
// CHECK: llvm.store %[[ONE]], %{{.*}} {alignment = 4 : i64} : vector<1xf32>
// CHECK-COUNT-6: llvm.store
// CHECK-NOT: llvm.store
// CHECK: return
catenary.pipeline @runs_out asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %k = arith.constant 0 : i32
  %x = catenary.input x0 of @x element 0 slot 0 : f32
  catenary.output %x of @x element 0 at %k run 3 slot 0 : f32
  catenary.output %x of @x element 1 at %k run 3 slot 0 : f32
  catenary.output %x of @x element 2 at %k run 3 slot 0 : f32
}

// An array on the function's stack, a vector for each of its numbers; a table's element that is the same for all points is
// a number.
// CHECK-LABEL: func.func @catenary_joint_kept_points
// CHECK: %[[ARRAY:.*]] = llvm.alloca %{{.*}} x !llvm.array<24 x f32> {alignment = 64 : i64}
// CHECK: scf.for
// CHECK: %[[TABLE:.*]] = llvm.mlir.addressof @catenary_joint_kept_points_table0
// CHECK: %[[SECOND:.*]] = llvm.getelementptr %[[TABLE]][4] : (!llvm.ptr) -> !llvm.ptr, i8
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[SECOND]][
// CHECK: %[[FACTOR:.*]] = llvm.load %[[AT]] : !llvm.ptr -> f32
// CHECK: %[[FACTORS:.*]] = vector.broadcast %[[FACTOR]] : f32 to vector<4xf32>
// CHECK: %[[Y:.*]] = arith.mulf %{{.*}}, %[[FACTORS]] : vector<4xf32>
// CHECK: %[[BYTES:.*]] = arith.muli %{{.*}}, %c16
// CHECK: %[[FIRST:.*]] = llvm.getelementptr %[[ARRAY]][%[[BYTES]]]
// CHECK: %[[TO:.*]] = llvm.getelementptr %[[FIRST]][16]
// CHECK: llvm.store %[[Y]], %[[TO]] {alignment = 4 : i64} : vector<4xf32>
// CHECK: %[[FROM:.*]] = llvm.getelementptr %{{.*}}[32]
// CHECK: %[[Z:.*]] = llvm.load %[[FROM]] {alignment = 4 : i64} : !llvm.ptr -> vector<4xf32>
// CHECK: math.floor %[[Z]] : vector<4xf32>
catenary.pipeline @kept asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %k = arith.constant 1 : i32
  %table = arith.constant dense<[1.0, 2.0, 4.0]> : tensor<3xf32>
  %x = catenary.input x0 of @x element 0 slot 0 : f32
  %factor = catenary.at %table[%k] element 1 : (tensor<3xf32>, i32) -> f32
  %y = arith.mulf %x, %factor : f32
  catenary.keep %y in 0 of 6 element 1 at %k : f32
  %z = catenary.kept 0 of 6 element 2 at %k : f32
  %w = math.floor %z : f32
}
