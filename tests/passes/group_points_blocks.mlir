// RUN: catenary-opt %s --group-points=words=4 | FileCheck %s
// RUN: not catenary-opt %s --group-points=words=3 2>&1 | FileCheck %s --check-prefix=THREE

// THREE: error: group-points makes groups that draw a multiple of 2 or 4 words (of 3 is asked)

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// Five words a point: four points draw five whole blocks.
// CHECK-LABEL: catenary.pipeline @five asks "prior" group 4 {
catenary.pipeline @five asks "prior" {
  // CHECK: catenary.words {{.*}} stream 1 pair 9 of 10
  %w = catenary.draw uniform {component = 0 : i32, first = 4 : i64, per_point = 5 : i64, stream = 1 : i32} : f32
  catenary.output %w of @x : f32
}

// Ten words a point: two points do. Of twelve, one.
// CHECK-LABEL: catenary.pipeline @ten asks "prior" group 2 {
catenary.pipeline @ten asks "prior" {
  %w = catenary.draw uniform {component = 0 : i32, first = 4 : i64, per_point = 10 : i64, stream = 1 : i32} : f32
  catenary.output %w of @x : f32
}

// CHECK-LABEL: catenary.pipeline @twelve asks "prior" group 1 {
catenary.pipeline @twelve asks "prior" {
  %w = catenary.draw uniform {component = 0 : i32, first = 4 : i64, per_point = 12 : i64, stream = 1 : i32} : f32
  catenary.output %w of @x : f32
}
