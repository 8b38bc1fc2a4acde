// RUN: catenary-opt %s --assign-draws -split-input-file -verify-diagnostics

catenary.pipeline @p asks "prior" {
  // expected-error @+1 {{'catenary.draw' op belongs to no component; inline-laws gives it one}}
  %z = catenary.draw normal : f32
}

// -----

catenary.pipeline @p asks "prior" {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // expected-error @+1 {{'scf.for' op draws, so it must count from 0 to a constant by 1}}
  scf.for %i = %c1 to %c4 step %c1 {
    %z = catenary.draw normal {component = 0 : i32} : f32
  }
}

// -----

catenary.pipeline @p asks "prior" {
  %c0 = arith.constant 0 : i32
  // expected-error @+1 {{'scf.while' op draws in its condition}}
  %r = scf.while (%i = %c0) : (i32) -> i32 {
    %u = catenary.draw uniform {component = 0 : i32} : f32
    %more = arith.cmpf ord, %u, %u : f32
    scf.condition(%more) %i : i32
  } do {
  ^bb0(%i: i32):
    scf.yield %i : i32
  }
}

// -----

catenary.pipeline @p asks "prior" {
  %z = catenary.draw normal {component = 0 : i32} : f32
  // expected-error @+1 {{'scf.while' op draws, so its last value must be its trip (i32)}}
  %r = scf.while (%a = %z) : (f32) -> f32 {
    %more = arith.cmpf ord, %a, %a : f32
    scf.condition(%more) %a : f32
  } do {
  ^bb0(%a: f32):
    %b = catenary.draw normal {component = 0 : i32} : f32
    scf.yield %b : f32
  }
}

// -----

catenary.pipeline @p asks "prior" {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %word = arith.constant 0 : i32
  scf.for %i = %c0 to %c1 step %c1 {
    // expected-error @+1 {{'scf.while' op draws inside another loop}}
    %r = scf.while (%j = %word) : (i32) -> i32 {
      %more = arith.cmpi eq, %j, %word : i32
      scf.condition(%more) %j : i32
    } do {
    ^bb0(%j: i32):
      %u = catenary.draw bits {component = 0 : i32} : i32
      scf.yield %u : i32
    }
  }
}
