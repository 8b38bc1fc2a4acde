// RUN: catenary-opt %s --map-points-to-threads -verify-diagnostics -split-input-file

// expected-error @+1 {{'catenary.pipeline' op has no group; group-points gives it one}}
catenary.pipeline @p asks "prior" {
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.pipeline @p asks "prior" group 2 {
^bb0(%seed: i64, %step: i32, %number: i64):
  // expected-error @+1 {{'catenary.words' op is of groups that share a block; group-points with words=4 makes groups that do not}}
  %w:2 = catenary.words %seed, %number, %step stream 0 pair 0 of 1
  %z:2 = catenary.box_muller %w#0, %w#1 : i32 -> f32
  catenary.output %z#0 of @x slot 0 : f32
  catenary.output %z#1 of @x slot 1 : f32
}
