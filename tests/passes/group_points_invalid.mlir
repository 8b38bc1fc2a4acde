// RUN: catenary-opt %s --group-points -verify-diagnostics

// expected-error @+1 {{'catenary.pipeline' op has draws without a place in the counter layout; assign-draws gives it to them}}
catenary.pipeline @p asks "prior" {
  %z = catenary.draw normal : f32
}
