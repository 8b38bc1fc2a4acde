// RUN: catenary-opt %s --vectorize-lanes=lanes=4 | FileCheck %s

// CHECK-LABEL: module @toy
module @toy {
  // CHECK-NOT: catenary.process
  catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
  }
  // The sample part: 4 samples at a time; the coefficients in rows of `count` floats, flags as 0 and 1, words by their bits.
  // CHECK: func.func @catenary_toy_forward_0_samples(%[[ARGS:.*]]: !llvm.ptr)
  // CHECK: %[[COUNT_AT:.*]] = llvm.getelementptr %[[ARGS]][24]
  // CHECK-NEXT: %[[COUNT:.*]] = llvm.load %[[COUNT_AT]] : !llvm.ptr -> i64
  // CHECK-NEXT: %[[ROWS_AT:.*]] = llvm.getelementptr %[[ARGS]][16]
  // CHECK-NEXT: %[[ROWS:.*]] = llvm.load %[[ROWS_AT]] : !llvm.ptr -> !llvm.ptr
  // CHECK: scf.for %[[I:.*]] = %c0{{.*}} to %[[COUNT]] step %c4
  // CHECK: %[[T:.*]] = llvm.load {{.*}} : !llvm.ptr -> vector<4xf32>
  // CHECK-NEXT: %[[LATE:.*]] = arith.cmpf ord, %[[T]], %[[T]] : vector<4xf32>
  // CHECK-NEXT: %[[WORD:.*]] = arith.fptosi %[[T]] : vector<4xf32> to vector<4xi32>
  // CHECK: llvm.store %[[T]], %{{.*}} : vector<4xf32>
  // CHECK: arith.muli %[[COUNT]], %c4
  // CHECK: %[[FLAG:.*]] = arith.uitofp %[[LATE]] : vector<4xi1> to vector<4xf32>
  // CHECK-NEXT: llvm.store %[[FLAG]]
  // CHECK: arith.muli %[[COUNT]], %c8
  // CHECK: %[[BITS:.*]] = arith.bitcast %[[WORD]] : vector<4xi32> to vector<4xf32>
  // CHECK-NEXT: llvm.store %[[BITS]]

  // The points part: a tile is 4 lanes of 2 points; coefficient k of a slot lies at (2 k + slot) * 4 floats.
  // CHECK: func.func @catenary_toy_forward_0_points(%[[ARGS:.*]]: !llvm.ptr)
  // CHECK: %[[SEED:.*]] = llvm.load {{.*}} -> i64
  // CHECK: %[[STEP:.*]] = llvm.load {{.*}} -> i32
  // CHECK: %[[FIRST:.*]] = llvm.load {{.*}} -> i64
  // CHECK: scf.for %[[TILE:.*]] = %c0
  // CHECK: %[[POINTS:.*]] = arith.muli %[[TILE]], %c8
  // CHECK: %[[POINT:.*]] = arith.addi %[[FIRST]], %[[POINTS]]
  // CHECK: %[[C:.*]] = llvm.getelementptr %{{.*}}[16]
  // CHECK-NEXT: %[[TIME:.*]] = llvm.load %[[C]] {{.*}} -> vector<4xf32>
  // CHECK: %[[C1:.*]] = llvm.getelementptr %{{.*}}[32]
  // CHECK-NEXT: %[[FLOAT:.*]] = llvm.load %[[C1]]
  // CHECK: %[[ON:.*]] = arith.cmpf one, %[[FLOAT]]
  // Four words a point: a lane's group has two blocks, and two lanes are a couple that has four. The words of the even lane's
  // first pair are words 0 and 1 of the couple's first block, those of the odd lane's of its third.
  // CHECK: %[[COUPLE:.*]] = arith.shrui %[[POINT]], %c2
  // CHECK: %[[ALL:.*]] = vector.broadcast %[[COUPLE]] : i64 to vector<2xi64>
  // CHECK: %[[COUPLES:.*]] = arith.addi %{{.*}}, %[[ALL]] : vector<2xi64>
  // CHECK: %[[FOUR:.*]] = arith.constant dense<4> : vector<2xi64>
  // CHECK: %[[BLOCKS:.*]] = arith.muli %[[COUPLES]], %[[FOUR]]
  // CHECK: %[[A0:.*]], %[[A1:.*]], %{{.*}}, %{{.*}} = catenary.philox %[[SEED]], %{{.*}}, %[[STEP]] stream 2 : vector<2xi64>
  // CHECK: catenary.philox
  // CHECK: %[[B0:.*]], %[[B1:.*]], %{{.*}}, %{{.*}} = catenary.philox %[[SEED]], %{{.*}}, %[[STEP]] stream 2 : vector<2xi64>
  // CHECK-DAG: %[[EVEN:.*]] = vector.bitcast %[[A0]] : vector<2xi64> to vector<4xi32>
  // CHECK-DAG: %[[ODD:.*]] = vector.bitcast %[[B0]] : vector<2xi64> to vector<4xi32>
  // CHECK: vector.shuffle %[[EVEN]], %[[ODD]] [0, 4, 2, 6] : vector<4xi32>, vector<4xi32>
  // Normals begin with the words once more, which are merged later.
  // CHECK: vector.shuffle
  // CHECK-DAG: %[[AGAIN_EVEN:.*]] = vector.bitcast %[[A0]] : vector<2xi64> to vector<4xi32>
  // CHECK-DAG: %[[AGAIN_ODD:.*]] = vector.bitcast %[[B0]] : vector<2xi64> to vector<4xi32>
  // CHECK: %[[W0:.*]] = vector.shuffle %[[AGAIN_EVEN]], %[[AGAIN_ODD]] [0, 4, 2, 6] : vector<4xi32>, vector<4xi32>
  // CHECK: %[[W1:.*]] = vector.shuffle
  // CHECK-NEXT: %[[Z:.*]], %{{.*}} = catenary.box_muller %[[W0]], %[[W1]] : vector<4xi32> -> vector<4xf32>
  // CHECK-NEXT: arith.select %[[ON]], %[[Z]], %[[TIME]] : vector<4xi1>, vector<4xf32>
  catenary.pipeline @forward.0 asks "forward" group 2 {
  ^bb0(%seed: i64, %step: i32, %group: i64):
    %c:3 = catenary.sample {
      %t = catenary.time "t"
      %late = arith.cmpf ord, %t, %t : f32
      %word = arith.fptosi %t : f32 to i32
      catenary.yield %t, %late, %word : f32, i1, i32
    } : f32, i1, i32
    %t = catenary.coefficient %c#0 slot 1 : f32
    %on = catenary.coefficient %c#1 slot 0 : i1
    %w:2 = catenary.words %seed, %group, %step stream 2 pair 0 of 4
    %z:2 = catenary.box_muller %w#0, %w#1 : i32 -> f32
    %y = arith.select %on, %z#0, %t : f32
    catenary.output %y of @x slot 0 : f32
    catenary.output %t of @x slot 1 : f32
  }
}
