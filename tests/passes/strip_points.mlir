// RUN: catenary-opt %s --strip-points | FileCheck %s
// RUN: catenary-opt %s --strip-points=keep=false | FileCheck %s --check-prefix=AGAIN
// RUN: catenary-opt %s --strip-points --unpack-points --group-points | FileCheck %s --check-prefix=GROUPS

catenary.process @x 0 on "centered_euclidean" points tensor<17x3xf32> estimates "endpoint" tensor<17x3xf32> {
}

// 51 numbers in rows of 3: four strips of 12, and 3 that are left. One loop for the sums, one for what is made with them,
// which takes the draws that the first has kept, or makes them again. A strip's draws begin at its first number; of what is
// left the place is known.
// CHECK-LABEL: catenary.pipeline @centred asks "forward" draws 51 {
// CHECK: %[[T:.*]] = catenary.time "t"
// CHECK: %[[NONE:.*]] = arith.constant -0.000000e+00 : f32
// CHECK: %[[FOUR:.*]] = arith.constant 4 : index
// CHECK: %[[SUMS:.*]]:3 = scf.for %[[STRIP:.*]] = %{{.*}} to %[[FOUR]] step %{{.*}} iter_args(%[[A:.*]] = %[[NONE]], %[[B:.*]] = %[[NONE]], %[[C:.*]] = %[[NONE]])
// CHECK: %[[NUMBER:.*]] = arith.index_cast %[[STRIP]] : index to i32
// CHECK: %[[TWELVE:.*]] = arith.constant 12 : i32
// CHECK: %[[AT:.*]] = arith.muli %[[NUMBER]], %[[TWELVE]] : i32
// CHECK: %[[Z:.*]] = catenary.draw normal at %[[AT]] {component = 0 : i32, first = 0 : i64, per_point = 51 : i64, stream = 2 : i32} : tensor<12xf32>
// CHECK: catenary.keep %[[Z]] in 0 of 51 at %[[AT]] : tensor<12xf32>
// CHECK: %[[SHARE:.*]] = arith.constant 6.250000e-02 : f32
// CHECK: %[[Z0:.*]] = tensor.extract %[[Z]][%{{.*}}] : tensor<12xf32>
// CHECK: %[[A0:.*]] = math.fma %[[SHARE]], %[[Z0]], %[[A]] : f32
// CHECK: math.fma %[[SHARE]], %{{.*}}, %[[B]] : f32
// CHECK: math.fma %[[SHARE]], %{{.*}}, %[[C]] : f32
// CHECK: math.fma %[[SHARE]], %{{.*}}, %[[A0]] : f32
// CHECK-COUNT-8: math.fma
// CHECK-NOT: math.fma
// CHECK: }
// CHECK: %[[END:.*]] = arith.constant 48 : i32
// CHECK: %[[REST:.*]] = catenary.draw normal {component = 0 : i32, first = 48 : i64, per_point = 51 : i64, stream = 2 : i32} : tensor<3xf32>
// CHECK: catenary.keep %[[REST]] in 0 of 51 at %[[END]] : tensor<3xf32>
// CHECK: %[[M0:.*]] = math.fma %{{.*}}, %{{.*}}, %[[SUMS]]#0 : f32
// CHECK: %[[M1:.*]] = math.fma %{{.*}}, %{{.*}}, %[[SUMS]]#1 : f32
// CHECK: %[[M2:.*]] = math.fma %{{.*}}, %{{.*}}, %[[SUMS]]#2 : f32
// CHECK: %[[MEAN:.*]] = tensor.from_elements %[[M0]], %[[M1]], %[[M2]] : tensor<1x3xf32>
// CHECK: scf.for
// CHECK: %[[AT:.*]] = arith.muli
// CHECK: %[[SCALE:.*]] = tensor.splat %[[T]] : tensor<12xf32>
// CHECK: %[[Z:.*]] = catenary.kept 0 of 51 at %[[AT]] : tensor<12xf32>
// CHECK: %[[E0:.*]] = tensor.extract %[[MEAN]]
// CHECK: %[[R0:.*]] = math.fma %{{.*}}, %[[E0]], %{{.*}} : f32
// CHECK-COUNT-11: math.fma
// CHECK: %[[MEANS:.*]] = tensor.from_elements %[[R0]], {{.*}} : tensor<12xf32>
// CHECK: %[[D:.*]] = arith.subf %[[Z]], %[[MEANS]] : tensor<12xf32>
// CHECK: %[[X:.*]] = catenary.input x0 of @x at %[[AT]] : tensor<12xf32>
// CHECK: %[[Y:.*]] = math.fma %[[SCALE]], %[[D]], %[[X]] : tensor<12xf32>
// CHECK: catenary.output %[[Y]] of @x at %[[AT]] : tensor<12xf32>
// CHECK: }
// CHECK: catenary.input x0 of @x at %{{.*}} : tensor<3xf32>
// CHECK: catenary.output %{{.*}} of @x at %{{.*}} : tensor<3xf32>
// CHECK-NOT: catenary.output

// AGAIN-LABEL: catenary.pipeline @centred asks "forward" draws 51 {
// AGAIN: scf.for
// AGAIN: catenary.draw normal at
// AGAIN-NOT: catenary.keep
// AGAIN: scf.for
// AGAIN: catenary.draw normal at
// AGAIN-NOT: catenary.kept
// AGAIN: catenary.output

// Groups draw whole blocks, 204 words or 102 pairs, and each of their points has loops of its own. Point 1 begins with the
// second word of pair 25.
// GROUPS-LABEL: catenary.pipeline @centred asks "forward" draws 51 group 4 {
// GROUPS: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[GROUP:.*]]: i64):
// GROUPS: scf.for
// GROUPS: %[[AT:.*]] = arith.muli
// GROUPS: catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] at %[[AT]] stream 2 pair 0 of 102
// GROUPS: catenary.keep %{{.*}} in 0 of 51 element 0 at %[[AT]] : f32
// GROUPS: catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] stream 2 pair 24 of 102
// GROUPS: scf.for
// GROUPS: %[[AT:.*]] = arith.muli
// GROUPS: catenary.kept 0 of 51 element 11 at %[[AT]] : f32
// GROUPS: catenary.input x0 of @x element 0 at %[[AT]] run 12 slot 0 : f32
// GROUPS: catenary.output %{{.*}} of @x element 11 at %[[AT]] run 12 slot 0 : f32
// GROUPS: catenary.output %{{.*}} of @x element 2 at %{{.*}} run 3 slot 0 : f32
// GROUPS: scf.for
// GROUPS: %[[AT:.*]] = arith.muli
// GROUPS: %[[W0:.*]], %[[W1:.*]] = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] at %[[AT]] stream 2 pair 25 of 102
// GROUPS: %{{.*}}, %[[Z1:.*]] = catenary.box_muller %[[W0]], %[[W1]]
// GROUPS: math.fma %{{.*}}, %[[Z1]], %{{.*}} : f32
catenary.pipeline @centred asks "forward" draws 51 {
  %x = catenary.input x0 of @x : tensor<17x3xf32>
  %t = catenary.time "t"
  %scale = tensor.splat %t : tensor<17x3xf32>
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 51 : i64, stream = 2 : i32} : tensor<17x3xf32>
  %share = arith.constant dense<0.0625> : tensor<1x17xf32>
  %one = arith.constant dense<1.0> : tensor<17x1xf32>
  %mean = catenary.matmul %share, %z : (tensor<1x17xf32>, tensor<17x3xf32>) -> tensor<1x3xf32>
  %means = catenary.matmul %one, %mean : (tensor<17x1xf32>, tensor<1x3xf32>) -> tensor<17x3xf32>
  %c = arith.subf %z, %means : tensor<17x3xf32>
  %y = math.fma %scale, %c, %x : tensor<17x3xf32>
  catenary.output %y of @x : tensor<17x3xf32>
}

// Totals that do not wait for one another share a loop. Nothing is added to what changes nothing: to -0, and infinity.
// CHECK-LABEL: catenary.pipeline @totals asks "log_density" {
// CHECK: %[[MOST:.*]] = arith.constant 0x7F800000 : f32
// CHECK: %[[NONE:.*]] = arith.constant -0.000000e+00 : f32
// CHECK: %[[ALL:.*]]:2 = scf.for {{.*}} iter_args(%[[LEAST:.*]] = %[[MOST]], %[[SUM:.*]] = %[[NONE]]) -> (f32, f32) {
// CHECK: %[[X:.*]] = catenary.input x0 of @x at %{{.*}} : tensor<16xf32>
// CHECK: %[[WITH:.*]] = tensor.from_elements %[[LEAST]],{{.*}} : tensor<17xf32>
// CHECK: catenary.reduce min %[[WITH]]
// CHECK: math.fma %{{.*}}, %{{.*}}, %[[SUM]] : f32
// CHECK: }
// CHECK: tensor.from_elements %[[ALL]]#0, {{.*}} : tensor<4xf32>
// CHECK: math.fma %{{.*}}, %{{.*}}, %[[ALL]]#1 : f32
// CHECK-NOT: scf.for
// CHECK: catenary.output
catenary.pipeline @totals asks "log_density" {
  %x = catenary.input x0 of @x : tensor<17x3xf32>
  %y = catenary.input xt of @x : tensor<17x3xf32>
  %d = arith.subf %y, %x : tensor<17x3xf32>
  %least = catenary.reduce min %x : tensor<17x3xf32> -> f32
  %square = catenary.dot %d, %d : tensor<17x3xf32>
  %all = arith.addf %least, %square : f32
  catenary.output %all of @x : f32
}

// Rows that differ have their factors from a table.
// CHECK-LABEL: catenary.pipeline @weighted asks "forward" {
// CHECK: %[[TABLE:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00, {{.*}} 1.700000e+01]> : tensor<17xf32>
// CHECK: scf.for
// CHECK: %[[AT:.*]] = arith.muli
// CHECK: %[[X:.*]] = catenary.input x0 of @x at %[[AT]] : tensor<12xf32>
// CHECK: %[[ROW:.*]] = arith.divui %[[AT]], %{{.*}} : i32
// CHECK: %[[FIRST:.*]] = arith.muli %[[ROW]], %{{.*}} : i32
// CHECK: %[[FACTORS:.*]] = catenary.at %[[TABLE]][%[[FIRST]]] : (tensor<17xf32>, i32) -> tensor<4xf32>
// CHECK: tensor.extract %[[FACTORS]]
catenary.pipeline @weighted asks "forward" {
  %x = catenary.input x0 of @x : tensor<17x3xf32>
  %share = arith.constant dense<[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]]> : tensor<1x17xf32>
  %one = arith.constant dense<1.0> : tensor<17x1xf32>
  %sum = catenary.matmul %share, %x : (tensor<1x17xf32>, tensor<17x3xf32>) -> tensor<1x3xf32>
  %sums = catenary.matmul %one, %sum : (tensor<17x1xf32>, tensor<1x3xf32>) -> tensor<17x3xf32>
  catenary.output %sums of @x : tensor<17x3xf32>
}

// What a product takes all numbers of is kept first, whether or not draws are; its rows come four by four, and 17 is one
// more.
// AGAIN-LABEL: catenary.pipeline @product asks "prior" draws 51 {
// AGAIN: scf.for
// AGAIN: catenary.keep %{{.*}} in 0 of 51
// AGAIN: scf.for
// AGAIN: %[[SUMS:.*]]:12 = scf.for %[[FOUR:.*]] = %{{.*}} to %c4
// AGAIN: %[[ROW:.*]] = arith.muli %{{.*}}, %c4_i32{{.*}} : i32
// AGAIN: %[[RIGHT:.*]] = arith.muli %[[ROW]], %c3_i32{{.*}} : i32
// AGAIN: %[[NUMBERS:.*]] = catenary.kept 0 of 51 at %[[RIGHT]] : tensor<12xf32>
// AGAIN-COUNT-48: math.fma
// AGAIN-NOT: math.fma
// AGAIN: }
// AGAIN: catenary.kept 0 of 51 at %{{.*}} : tensor<3xf32>
// AGAIN-COUNT-12: math.fma
// AGAIN: catenary.output %{{.*}} : tensor<12xf32>
catenary.pipeline @product asks "prior" draws 51 {
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 51 : i64, stream = 1 : i32} : tensor<17x3xf32>
  %half = arith.constant dense<0.5> : tensor<17x17xf32>
  %y = catenary.matmul %half, %z : (tensor<17x17xf32>, tensor<17x3xf32>) -> tensor<17x3xf32>
  catenary.output %y of @x : tensor<17x3xf32>
}

// A product of numbers that differ from one to the next is left as it is.
// CHECK-LABEL: catenary.pipeline @square asks "forward" {
// CHECK: catenary.input x0 of @x : tensor<17x3xf32>
// CHECK-NOT: scf.for
catenary.pipeline @square asks "forward" {
  %x = catenary.input x0 of @x : tensor<17x3xf32>
  %three = arith.constant dense<1.0> : tensor<3x17xf32>
  %sum = catenary.matmul %three, %x : (tensor<3x17xf32>, tensor<17x3xf32>) -> tensor<3x3xf32>
  %y = catenary.matmul %x, %sum : (tensor<17x3xf32>, tensor<3x3xf32>) -> tensor<17x3xf32>
  catenary.output %y of @x : tensor<17x3xf32>
}

// A few numbers at a known place are made by themselves, behind the loop that they join, and nothing is kept for them. What
// has nothing to do with one another is gone through, or not, by itself: the product of numbers stays.
// CHECK-LABEL: catenary.pipeline @picks asks "forward" draws 51 {
// CHECK: catenary.input x0 of @x : tensor<17x3xf32>
// CHECK: catenary.matmul
// CHECK: %[[MOST:.*]] = scf.for
// CHECK: catenary.draw bits at
// CHECK-NOT: catenary.keep
// CHECK: %[[ALL:.*]] = catenary.reduce max
// CHECK: catenary.draw bits {component = 0 : i32, first = 5 : i64, per_point = 51 : i64, stream = 2 : i32} : tensor<2xi32>
// CHECK-NOT: catenary.draw
// CHECK: catenary.output
catenary.pipeline @picks asks "forward" draws 51 {
  %x = catenary.input x0 of @x : tensor<17x3xf32>
  %three = arith.constant dense<1.0> : tensor<3x17xf32>
  %sum = catenary.matmul %three, %x : (tensor<3x17xf32>, tensor<17x3xf32>) -> tensor<3x3xf32>
  %y = catenary.matmul %x, %sum : (tensor<17x3xf32>, tensor<3x3xf32>) -> tensor<17x3xf32>
  %w = catenary.draw bits {component = 0 : i32, first = 0 : i64, per_point = 51 : i64, stream = 2 : i32} : tensor<51xi32>
  %two = tensor.extract_slice %w[5] [2] [1] : tensor<51xi32> to tensor<2xi32>
  %least = catenary.reduce min %two : tensor<2xi32> -> i32
  %most = catenary.reduce max %w : tensor<51xi32> -> i32
  %both = arith.xori %least, %most : i32
  catenary.output %y of @x : tensor<17x3xf32>
}

// What a loop carries is in an array, overwritten at the end of each trip; what it takes from before it is kept before it,
// since it may make no trip.
// CHECK-LABEL: catenary.pipeline @walk asks "forward" draws 51 {
// CHECK: scf.for
// CHECK: %[[X:.*]] = catenary.input x0 of @x at %{{.*}} : tensor<16xf32>
// CHECK: catenary.keep %[[X]] in [[CARRIED:[0-9]+]] of 51 at
// CHECK: scf.for
// CHECK: catenary.keep %{{.*}} in [[BEFORE:[0-9]+]] of 51 at
// CHECK: %[[COUNT:.*]] = scf.for %{{.*}} iter_args(%[[N:.*]] = %{{.*}}) -> (f32) {
// CHECK: scf.for
// CHECK: %[[NOW:.*]] = catenary.kept [[CARRIED]] of 51 at
// CHECK: catenary.kept [[BEFORE]] of 51 at
// CHECK: scf.for
// CHECK: %[[NOW:.*]] = catenary.kept [[CARRIED]] of 51 at %[[AT:.*]] : tensor<16xf32>
// CHECK: %[[NEXT:.*]] = arith.addf %[[NOW]], %{{.*}} : tensor<16xf32>
// CHECK: catenary.keep %[[NEXT]] in [[CARRIED]] of 51 at %[[AT]] : tensor<16xf32>
// CHECK: scf.yield %{{.*}} : f32
// CHECK: scf.for
// CHECK: %[[END:.*]] = catenary.kept [[CARRIED]] of 51 at
// CHECK: catenary.output
catenary.pipeline @walk asks "forward" draws 51 {
  %x = catenary.input x0 of @x : tensor<17x3xf32>
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 51 : i64, stream = 2 : i32} : tensor<17x3xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %zero = arith.constant 0.0 : f32
  %r:2 = scf.for %i = %c0 to %c5 step %c1 iter_args(%y = %x, %n = %zero) -> (tensor<17x3xf32>, f32) {
    %d = catenary.dot %y, %z : tensor<17x3xf32>
    %all = tensor.splat %d : tensor<17x3xf32>
    %next = arith.addf %y, %all : tensor<17x3xf32>
    %m = arith.addf %n, %d : f32
    scf.yield %next, %m : tensor<17x3xf32>, f32
  }
  %s = tensor.splat %r#1 : tensor<17x3xf32>
  %w = arith.mulf %r#0, %s : tensor<17x3xf32>
  catenary.output %w of @x : tensor<17x3xf32>
}
