// RUN: catenary-opt %s --mask-loops -verify-diagnostics

catenary.pipeline @p asks "prior" {
  %zero = arith.constant 0 : i32
  // expected-error @+1 {{'scf.while' op must pass on in 'scf.condition' exactly what it carries}}
  %r:2 = scf.while (%a = %zero, %b = %zero) : (i32, i32) -> (i32, i32) {
    %more = arith.cmpi slt, %a, %b : i32
    scf.condition(%more) %b, %a : i32, i32
  } do {
  ^bb0(%a: i32, %b: i32):
    scf.yield %a, %b : i32, i32
  }
}
