// RUN: catenary-opt %s -split-input-file -verify-diagnostics

// expected-error @+1 {{'catenary.pipeline' op asks "backward"; the questions are prior, forward, bridge, step, transition, log_density, score, loss, loss_gradient, flow_step, convert, mean_step and flow_velocity}}
catenary.pipeline @p asks "backward" {
}

// -----

// expected-error @+1 {{'catenary.pipeline' op has a group of 3 points; it must be 1, 2, 4 or 8}}
catenary.pipeline @p asks "prior" group 3 {
}

// -----

catenary.pipeline @p asks "forward" {
  // expected-error @+1 {{'catenary.input' op refers to @x, which is not a process of this module}}
  %x = catenary.input x0 of @x : f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 sites "atoms" {
}
catenary.pipeline @p asks "forward" sites "bonds" {
  %t = catenary.time "t"
  // expected-error @+1 {{'catenary.output' op refers to @x on sites "atoms"; its pipeline is on "bonds"}}
  catenary.output %t of @x : f32
}

// -----

catenary.pipeline @p asks "prior" {
  // expected-error @+1 {{'catenary.time' op asks for time "t", which a prior pipeline does not have}}
  %t = catenary.time "t"
}

// -----

catenary.pipeline @p asks "forward" {
  // expected-error @+1 {{'catenary.time' op asks for time "s", which a forward pipeline does not have}}
  %s = catenary.time "s"
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.pipeline @p asks "forward" {
  %t = catenary.time "t"
  // expected-error @+1 {{'catenary.input' op asks for xt, which a forward pipeline does not have}}
  %x = catenary.input xt of @x : f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.pipeline @p asks "step" {
  // expected-error @+1 {{'catenary.input' op asks for x0, which a step pipeline does not have}}
  %x = catenary.input x0 of @x : f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.pipeline @p asks "bridge" {
  // expected-error @+1 {{'catenary.input' op asks for estimate, which a bridge pipeline does not have}}
  %x = catenary.input estimate of @x : f32
}

// -----

catenary.pipeline @p asks "prior" {
  // expected-error @+1 {{'catenary.apply' op refers to @x::@prior, which is not a law of a process in this module}}
  %x = catenary.apply @x::@prior() : () -> f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
  catenary.law @forward(%x0: f32, %t: f32) -> f32 {
    catenary.yield %x0 : f32
  }
}
catenary.pipeline @p asks "forward" {
  %t = catenary.time "t"
  // expected-error @+1 {{'catenary.apply' op must have the type of @x::@forward, '(f32, f32) -> f32'}}
  %x = catenary.apply @x::@forward(%t) : (f32) -> f32
}

// -----

catenary.pipeline @p asks "forward" {
  // expected-error @+1 {{'catenary.time' op requires attribute 'time'}}
  %t = "catenary.time"() : () -> f32
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.pipeline @p asks "bridge" {
  // expected-error @+1 {{'catenary.input' op asks for xs, which a bridge pipeline does not have}}
  %x = catenary.input xs of @x : f32
}

// -----

catenary.pipeline @p asks "score" {
  // expected-error @+1 {{'catenary.time' op asks for time "s", which a score pipeline does not have}}
  %s = catenary.time "s"
}

// -----

catenary.process @x 0 on "rotations" points tensor<4xf32> estimates "rotation_vectors" tensor<3xf32> {
}
catenary.pipeline @p asks "convert" {
  // expected-error @+1 {{'catenary.input' op asks for estimate, which a convert pipeline does not have}}
  %x = catenary.input estimate of @x : tensor<3xf32>
}
