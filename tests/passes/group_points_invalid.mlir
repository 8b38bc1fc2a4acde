// RUN: catenary-opt %s --group-points -split-input-file -verify-diagnostics

// expected-error @+1 {{'catenary.pipeline' op has draws without a place in the counter layout; assign-draws gives it to them}}
catenary.pipeline @p asks "prior" {
  %z = catenary.draw normal : f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.pipeline @p asks "forward" {
  %x = catenary.input x0 of @x : f32
  // expected-error @+1 {{'scf.while' op goes on by a condition of each point's own; mask-loops makes it one for all}}
  %r = scf.while (%a = %x) : (f32) -> f32 {
    %more = arith.cmpf olt, %a, %x : f32
    scf.condition(%more) %a : f32
  } do {
  ^bb0(%a: f32):
    scf.yield %a : f32
  }
}

// -----

catenary.process @x 0 on "counts" points i32 estimates "endpoint" i32 {
}
catenary.pipeline @p asks "forward" {
  %x = catenary.input x0 of @x : i32
  // expected-error @+1 {{'catenary.draw' op has a trip that differs from point to point}}
  %w = catenary.draw bits trip %x {component = 0 : i32, first = 0 : i64, per_point = 2 : i64, stream = 259 : i32} : i32
}
