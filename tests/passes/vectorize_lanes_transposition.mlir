// RUN: catenary-opt %s --vectorize-lanes=lanes=8 | FileCheck %s

catenary.process @x 0 on "sphere" points tensor<4xf32> estimates "endpoint" tensor<4xf32> {
}

// A point of 4 numbers in each of 8 lanes: units of 128 bits first, so that a vector has points 4 lanes apart; then two steps within
// them. The other way round on the way back. The second load's first number is that of point 2.
// CHECK-LABEL: func.func @catenary_joint_four_points
// CHECK: scf.for
// CHECK: %[[P0:.*]] = llvm.load {{.*}} -> vector<8xf32>
// CHECK: %[[P2:.*]] = llvm.load {{.*}} -> vector<8xf32>
// CHECK: %[[P4:.*]] = llvm.load {{.*}} -> vector<8xf32>
// CHECK: %[[P6:.*]] = llvm.load {{.*}} -> vector<8xf32>
// CHECK-NEXT: %[[A0:.*]] = vector.shuffle %[[P0]], %[[P4]] [0, 1, 2, 3, 8, 9, 10, 11]
// CHECK-NEXT: %[[A1:.*]] = vector.shuffle %[[P0]], %[[P4]] [4, 5, 6, 7, 12, 13, 14, 15]
// CHECK-NEXT: %[[A2:.*]] = vector.shuffle %[[P2]], %[[P6]] [0, 1, 2, 3, 8, 9, 10, 11]
// CHECK-NEXT: %[[A3:.*]] = vector.shuffle %[[P2]], %[[P6]] [4, 5, 6, 7, 12, 13, 14, 15]
// CHECK-NEXT: %[[B0:.*]] = vector.shuffle %[[A0]], %[[A1]] [0, 2, 8, 10, 4, 6, 12, 14]
// CHECK-NEXT: %[[B1:.*]] = vector.shuffle %[[A0]], %[[A1]] [1, 3, 9, 11, 5, 7, 13, 15]
// CHECK-NEXT: %[[B2:.*]] = vector.shuffle %[[A2]], %[[A3]] [0, 2, 8, 10, 4, 6, 12, 14]
// CHECK-NEXT: %[[B3:.*]] = vector.shuffle %[[A2]], %[[A3]] [1, 3, 9, 11, 5, 7, 13, 15]
// CHECK-NEXT: %[[X0:.*]] = vector.shuffle %[[B0]], %[[B2]] [0, 2, 8, 10, 4, 6, 12, 14]
// CHECK-NEXT: %[[X2:.*]] = vector.shuffle %[[B0]], %[[B2]] [1, 3, 9, 11, 5, 7, 13, 15]
// CHECK-NEXT: %[[X1:.*]] = vector.shuffle %[[B1]], %[[B3]] [0, 2, 8, 10, 4, 6, 12, 14]
// CHECK-NEXT: %[[X3:.*]] = vector.shuffle %[[B1]], %[[B3]] [1, 3, 9, 11, 5, 7, 13, 15]
// CHECK: %[[Y1:.*]] = math.floor %[[X1]]
// CHECK-COUNT-8: vector.shuffle {{.*}} {{\[}}{{0, 2, 8, 10, 4, 6, 12, 14|1, 3, 9, 11, 5, 7, 13, 15}}]
// CHECK-COUNT-4: vector.shuffle {{.*}} {{\[}}{{0, 1, 2, 3, 8, 9, 10, 11|4, 5, 6, 7, 12, 13, 14, 15}}]
// CHECK-NOT: vector.shuffle
// CHECK: return
catenary.pipeline @four asks "forward" group 1 {
^bb0(%seed: i64, %step: i32, %group: i64):
  %x0 = catenary.input x0 of @x element 0 slot 0 : f32
  %x1 = catenary.input x0 of @x element 1 slot 0 : f32
  %x2 = catenary.input x0 of @x element 2 slot 0 : f32
  %x3 = catenary.input x0 of @x element 3 slot 0 : f32
  %y1 = math.floor %x1 : f32
  catenary.output %x0 of @x element 0 slot 0 : f32
  catenary.output %y1 of @x element 1 slot 0 : f32
  catenary.output %x2 of @x element 2 slot 0 : f32
  catenary.output %x3 of @x element 3 slot 0 : f32
}
