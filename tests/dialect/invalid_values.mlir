// RUN: catenary-opt %s -split-input-file -verify-diagnostics

func.func @normal() {
  // expected-error @+1 {{'catenary.draw' op of normal must give f32 values (gives 'i32')}}
  %z = catenary.draw normal : i32
  return
}

// -----

func.func @uniform() {
  // expected-error @+1 {{'catenary.draw' op of uniform must give f32 values (gives 'tensor<2xi1>')}}
  %z = catenary.draw uniform : tensor<2xi1>
  return
}

// -----

func.func @bits() {
  // expected-error @+1 {{'catenary.draw' op of bits must give i32 values (gives 'tensor<2xf32>')}}
  %z = catenary.draw bits : tensor<2xf32>
  return
}

// -----

func.func @half_a_place() {
  // expected-error @+1 {{'catenary.draw' op must have all of 'stream', 'first' and 'per_point', or none}}
  %z = catenary.draw normal {first = 0 : i64, stream = 0 : i32} : f32
  return
}

// -----

func.func @matmul(%a: tensor<2x3xf32>) {
  // expected-error @+1 {{'catenary.matmul' op must be [n, k] by [k, m] to [n, m], or [n, k] by [k] to [n]}}
  %y = catenary.matmul %a, %a : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @matmul_result(%a: tensor<2x3xf32>, %x: tensor<3xf32>) {
  // expected-error @+1 {{'catenary.matmul' op must be [n, k] by [k, m] to [n, m], or [n, k] by [k] to [n]}}
  %y = catenary.matmul %a, %x : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @at(%a: tensor<2x3xf32>, %i: i32) {
  // expected-error @+1 {{'catenary.at' op takes a vector (has rank 2)}}
  %y = catenary.at %a[%i] : (tensor<2x3xf32>, i32) -> f32
  return
}

// -----

func.func @at_run(%a: tensor<3xf32>, %i: i32) {
  // expected-error @+1 {{'catenary.at' op must give a run of its vector}}
  %y = catenary.at %a[%i] : (tensor<3xf32>, i32) -> tensor<4xf32>
  return
}

// -----

func.func @at_type(%a: tensor<3xf32>, %i: i32) {
  // expected-error @+1 {{'catenary.at' op must give elements of its vector}}
  %y = catenary.at %a[%i] : (tensor<3xf32>, i32) -> i32
  return
}

// -----

func.func @reduce(%x: tensor<3xf32>) {
  // expected-error @+1 {{'catenary.reduce' op must give an element of its operand}}
  %y = catenary.reduce sum %x : tensor<3xf32> -> i32
  return
}

// -----

func.func @words(%seed: i64, %number: i64, %step: i32) {
  // expected-error @+1 {{'catenary.words' op takes pair 3 of 3}}
  %w:2 = catenary.words %seed, %number, %step stream 3 pair 3 of 3
  return
}

// -----

func.func @retry_values(%on: i1, %x: f32) {
  // expected-error @+1 {{'catenary.retry' op must have as many of each value as flags in 'active', and give what it carries}}
  %y:2 = catenary.retry %on, %on carried(%x) {
  ^bb0(%a: f32):
    catenary.yield %on, %a : i1, f32
  } : i1, i1 carried(f32) -> (f32, f32)
  return
}

// -----

func.func @retry_body(%on: i1, %x: f32) {
  // expected-error @+1 {{'catenary.retry' op must have a body from what a point carries and what it captures to a flag and what it carries then}}
  %y = catenary.retry %on carried(%x) captured(%x) {
  ^bb0(%a: f32):
    catenary.yield %on, %a : i1, f32
  } : i1 carried(f32) captured(f32) -> (f32)
  return
}
