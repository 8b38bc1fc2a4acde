// RUN: catenary-opt %s -split-input-file -verify-diagnostics

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
  // expected-error @+1 {{'catenary.law' op must have one result (has 2)}}
  catenary.law @prior() -> (f32, f32) {
    %z = catenary.draw normal : f32
    catenary.yield %z, %z : f32, f32
  }
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
  // expected-error @+1 {{'catenary.law' op must end in 'catenary.yield' of one 'f32'}}
  catenary.law @prior() -> f32 {
    %z = catenary.draw bits : i32
    catenary.yield %z : i32
  }
}

// -----

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
  // expected-error @+1 {{'catenary.law' op must end in 'catenary.yield' of one 'f32'}}
  catenary.law @forward(%x0: f32, %t: f32) -> f32 {
    %y = arith.addf %x0, %t : f32
  }
}

// -----

// expected-error @+1 {{'catenary.law' op expects parent op 'catenary.process'}}
catenary.law @forward(%x0: f32, %t: f32) -> f32 {
  catenary.yield %x0 : f32
}

// -----

func.func @sample(%t: f32) -> i32 {
  // expected-error @+1 {{'catenary.sample' op must end in 'catenary.yield' of its coefficients' types}}
  %c = catenary.sample {
    catenary.yield %t : f32
  } : i32
  return %c : i32
}
