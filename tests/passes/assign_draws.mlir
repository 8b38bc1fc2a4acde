// RUN: catenary-opt %s --assign-draws | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}
catenary.process @y 1 on "euclidean" points f32 estimates "endpoint" f32 {
}

// Each component counts its own normals, and its own words, whether bits or uniforms; a tensor takes a place per element.
// The stream: component << 16 | loop << 8 | question << 1 | kind.
// The pipeline is told the most of any stream.
// CHECK-LABEL: catenary.pipeline @kinds asks "step" draws 7 {
catenary.pipeline @kinds asks "step" {
  // CHECK-NEXT: draw normal {component = 0 : i32, first = 0 : i64, per_point = 7 : i64, stream = 6 : i32} : tensor<2x3xf32>
  %a = catenary.draw normal {component = 0 : i32} : tensor<2x3xf32>
  // CHECK-NEXT: draw bits {component = 0 : i32, first = 0 : i64, per_point = 3 : i64, stream = 7 : i32} : i32
  %b = catenary.draw bits {component = 0 : i32} : i32
  // CHECK-NEXT: draw normal {component = 1 : i32, first = 0 : i64, per_point = 1 : i64, stream = 65542 : i32} : f32
  %c = catenary.draw normal {component = 1 : i32} : f32
  // CHECK-NEXT: draw normal {component = 0 : i32, first = 6 : i64, per_point = 7 : i64, stream = 6 : i32} : f32
  %d = catenary.draw normal {component = 0 : i32} : f32
  // CHECK-NEXT: draw uniform {component = 0 : i32, first = 1 : i64, per_point = 3 : i64, stream = 7 : i32} : tensor<2xf32>
  %e = catenary.draw uniform {component = 0 : i32} : tensor<2xf32>
  // CHECK-NEXT: draw uniform {component = 1 : i32, first = 0 : i64, per_point = 1 : i64, stream = 65543 : i32} : f32
  %f = catenary.draw uniform {component = 1 : i32} : f32
}

// The question is part of the stream, and no pipeline counts on from another.
// CHECK-LABEL: catenary.pipeline @prior
catenary.pipeline @prior asks "prior" {
  // CHECK-NEXT: first = 0 : i64, per_point = 1 : i64, stream = 0 : i32
  %a = catenary.draw normal {component = 0 : i32} : f32
}
// CHECK-LABEL: catenary.pipeline @forward
catenary.pipeline @forward asks "forward" {
  // CHECK-NEXT: first = 0 : i64, per_point = 1 : i64, stream = 2 : i32
  %a = catenary.draw normal {component = 0 : i32} : f32
  // CHECK-NEXT: first = 0 : i64, per_point = 1 : i64, stream = 3 : i32
  %b = catenary.draw bits {component = 0 : i32} : i32
}
// CHECK-LABEL: catenary.pipeline @bridge
catenary.pipeline @bridge asks "bridge" {
  // CHECK-NEXT: first = 0 : i64, per_point = 1 : i64, stream = 4 : i32
  %a = catenary.draw normal {component = 0 : i32} : f32
}
