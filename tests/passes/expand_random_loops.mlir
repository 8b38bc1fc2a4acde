// RUN: catenary-opt %s --expand-random --cse | FileCheck %s

// Of more than 32 blocks the rounds are loops, up to four blocks in each: two rounds before, two on each of four trips. Keys and
// counters are carried: 2 keys and 4 words a block; the step stands before as a number and enters as a vector.
// CHECK-LABEL: func @many
func.func @many(%seed: i64, %block: vector<8xi64>, %step: i32) -> (vector<8xi64>, vector<8xi64>) {
  // CHECK: %[[FOUR:.*]]:18 = scf.for %{{.*}} = %c1 to %c5 step %c1{{.*}} iter_args
  // CHECK-COUNT-16: arith.muli {{.*}} : vector<8xi64>
  // CHECK-NOT: arith.muli
  // CHECK: scf.yield
  // The loops of blocks that nothing asks for are gone.
  // CHECK: %[[LAST:.*]]:6 = scf.for
  // CHECK-NOT: scf.for
  // CHECK: return %[[FOUR]]#2, %[[LAST]]#3
  %w0:4 = catenary.philox %seed, %block, %step stream 0 : vector<8xi64>
  %w1:4 = catenary.philox %seed, %block, %step stream 1 : vector<8xi64>
  %w2:4 = catenary.philox %seed, %block, %step stream 2 : vector<8xi64>
  %w3:4 = catenary.philox %seed, %block, %step stream 3 : vector<8xi64>
  %w4:4 = catenary.philox %seed, %block, %step stream 4 : vector<8xi64>
  %w5:4 = catenary.philox %seed, %block, %step stream 5 : vector<8xi64>
  %w6:4 = catenary.philox %seed, %block, %step stream 6 : vector<8xi64>
  %w7:4 = catenary.philox %seed, %block, %step stream 7 : vector<8xi64>
  %w8:4 = catenary.philox %seed, %block, %step stream 8 : vector<8xi64>
  %w9:4 = catenary.philox %seed, %block, %step stream 9 : vector<8xi64>
  %w10:4 = catenary.philox %seed, %block, %step stream 10 : vector<8xi64>
  %w11:4 = catenary.philox %seed, %block, %step stream 11 : vector<8xi64>
  %w12:4 = catenary.philox %seed, %block, %step stream 12 : vector<8xi64>
  %w13:4 = catenary.philox %seed, %block, %step stream 13 : vector<8xi64>
  %w14:4 = catenary.philox %seed, %block, %step stream 14 : vector<8xi64>
  %w15:4 = catenary.philox %seed, %block, %step stream 15 : vector<8xi64>
  %w16:4 = catenary.philox %seed, %block, %step stream 16 : vector<8xi64>
  %w17:4 = catenary.philox %seed, %block, %step stream 17 : vector<8xi64>
  %w18:4 = catenary.philox %seed, %block, %step stream 18 : vector<8xi64>
  %w19:4 = catenary.philox %seed, %block, %step stream 19 : vector<8xi64>
  %w20:4 = catenary.philox %seed, %block, %step stream 20 : vector<8xi64>
  %w21:4 = catenary.philox %seed, %block, %step stream 21 : vector<8xi64>
  %w22:4 = catenary.philox %seed, %block, %step stream 22 : vector<8xi64>
  %w23:4 = catenary.philox %seed, %block, %step stream 23 : vector<8xi64>
  %w24:4 = catenary.philox %seed, %block, %step stream 24 : vector<8xi64>
  %w25:4 = catenary.philox %seed, %block, %step stream 25 : vector<8xi64>
  %w26:4 = catenary.philox %seed, %block, %step stream 26 : vector<8xi64>
  %w27:4 = catenary.philox %seed, %block, %step stream 27 : vector<8xi64>
  %w28:4 = catenary.philox %seed, %block, %step stream 28 : vector<8xi64>
  %w29:4 = catenary.philox %seed, %block, %step stream 29 : vector<8xi64>
  %w30:4 = catenary.philox %seed, %block, %step stream 30 : vector<8xi64>
  %w31:4 = catenary.philox %seed, %block, %step stream 31 : vector<8xi64>
  %w32:4 = catenary.philox %seed, %block, %step stream 32 : vector<8xi64>
  return %w0#0, %w32#1 : vector<8xi64>, vector<8xi64>
}
