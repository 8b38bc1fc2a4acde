// RUN: catenary-opt %s --group-points | FileCheck %s

catenary.process @x 0 on "euclidean" points f32 estimates "endpoint" f32 {
}

// Coefficients are seen by slot. Loops carry what varies once per slot and the rest once; draws in a loop are
// those of the trip.
// CHECK-LABEL: catenary.pipeline @fold asks "forward" group 2 {
catenary.pipeline @fold asks "forward" {
  // CHECK-NEXT: ^bb0(%[[SEED:.*]]: i64, %[[STEP:.*]]: i32, %[[GROUP:.*]]: i64):
  // CHECK-NEXT: %[[COEFFICIENT:.*]] = catenary.sample {
  %c = catenary.sample {
    %t = catenary.time "t"
    catenary.yield %t : f32
  } : f32
  // CHECK: %[[A0:.*]] = catenary.coefficient %[[COEFFICIENT]] slot 0 : f32
  // CHECK-NEXT: %[[A1:.*]] = catenary.coefficient %[[COEFFICIENT]] slot 1 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %one = arith.constant 1.0 : f32
  // CHECK: %[[R:.*]]:3 = scf.for %[[I:.*]] = {{.*}} iter_args(%[[N:.*]] = %[[ONE:.*]], %[[S0:.*]] = %[[A0]], %[[S1:.*]] = %[[A1]]) -> (f32, f32, f32) {
  %r:2 = scf.for %i = %c0 to %c4 step %c1 iter_args(%n = %one, %s = %c) -> (f32, f32) {
    // CHECK-NEXT: %[[TRIP:.*]] = arith.index_cast %[[I]] : index to i32
    // CHECK-NEXT: %[[W0:.*]], %{{.*}} = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] trip %[[TRIP]] stream 259 pair 0 of 4
    // CHECK-NEXT: %[[W4:.*]], %{{.*}} = catenary.words %[[SEED]], %[[GROUP]], %[[STEP]] trip %[[TRIP]] stream 259 pair 2 of 4
    // CHECK-NEXT: %[[U0:.*]] = catenary.uniform_of %[[W0]]
    // CHECK-NEXT: %[[U1:.*]] = catenary.uniform_of %[[W4]]
    // CHECK-NEXT: %[[M:.*]] = arith.addf %[[N]], %[[ONE]]
    // CHECK-NEXT: %[[V0:.*]] = math.fma %[[U0]], %[[M]], %[[S0]]
    // CHECK-NEXT: %[[V1:.*]] = math.fma %[[U1]], %[[M]], %[[S1]]
    // CHECK-NEXT: scf.yield %[[M]], %[[V0]], %[[V1]]
    %trip = arith.index_cast %i : index to i32
    %u = catenary.draw bits trip %trip {component = 0 : i32, first = 0 : i64, per_point = 4 : i64, stream = 259 : i32} : i32
    %f = catenary.uniform_of %u : i32 -> f32
    %m = arith.addf %n, %one : f32
    %v = math.fma %f, %m, %s : f32
    scf.yield %m, %v : f32, f32
  }
  // CHECK: %[[Y0:.*]] = arith.addf %[[R]]#0, %[[R]]#1
  // CHECK-NEXT: %[[Y1:.*]] = arith.addf %[[R]]#0, %[[R]]#2
  %y = arith.addf %r#0, %r#1 : f32
  catenary.output %y of @x : f32
}

// The points of a group run through a masked while together: it goes on while one of them wants another trip.
// CHECK-LABEL: catenary.pipeline @while asks "forward" group 2 {
catenary.pipeline @while asks "forward" {
  // CHECK: scf.while (%[[A0:.*]] = %{{.*}}, %[[A1:.*]] = %{{.*}}, %[[I:.*]] = %{{.*}}, %[[F0:.*]] = %{{.*}}, %[[F1:.*]] = %{{.*}}) : (f32, f32, i32, i1, i1)
  // CHECK-NEXT: %[[ANY:.*]] = catenary.any %[[F0]], %[[F1]] : i1, i1
  // CHECK-NEXT: scf.condition(%[[ANY]]) %[[A0]], %[[A1]], %[[I]], %[[F0]], %[[F1]]
  %zero = arith.constant 0 : i32
  %z = catenary.draw normal {component = 0 : i32, first = 0 : i64, per_point = 3 : i64, stream = 2 : i32} : f32
  %on = arith.cmpf ord, %z, %z : f32
  %r:3 = scf.while (%a = %z, %i = %zero, %f = %on) : (f32, i32, i1) -> (f32, i32, i1) {
    %any = catenary.any %f : i1
    scf.condition(%any) %a, %i, %f : f32, i32, i1
  } do {
  // CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %[[J:.*]]: i32, %{{.*}}: i1, %{{.*}}: i1):
  ^bb0(%a: f32, %i: i32, %f: i1):
    // CHECK: catenary.words {{.*}} trip %[[J]] stream 258 pair 0 of 1
    %b = catenary.draw normal trip %i {component = 0 : i32, first = 0 : i64, per_point = 1 : i64, stream = 258 : i32} : f32
    scf.yield %b, %i, %f : f32, i32, i1
  }
  catenary.output %r#0 of @x : f32
}

// The body of a retry stays that of one point; around it, every value stands once for each slot.
// CHECK-LABEL: catenary.pipeline @retry asks "forward" group 2 {
// CHECK: %[[X0:.*]] = catenary.input x0 of @x slot 0
// CHECK-NEXT: %[[X1:.*]] = catenary.input x0 of @x slot 1
// CHECK-NEXT: %[[ZERO:.*]] = arith.constant 0 : i32
// CHECK-NEXT: %[[ON0:.*]] = arith.cmpf olt, %[[X0]], %[[X0]]
// CHECK-NEXT: %[[ON1:.*]] = arith.cmpf olt, %[[X1]], %[[X1]]
// CHECK-NEXT: %[[V:.*]]:4 = catenary.retry %[[ON0]], %[[ON1]] carried(%[[X0]], %[[X1]], %[[ZERO]], %[[ZERO]]) captured(%[[X0]], %[[X1]]) {
// CHECK-NEXT: ^bb0(%{{.*}}: f32, %[[TRIP:.*]]: i32, %[[Y:.*]]: f32):
// CHECK-NEXT: catenary.draw uniform trip %[[TRIP]]
// CHECK: } : i1, i1 carried(f32, f32, i32, i32) captured(f32, f32) -> (f32, f32, i32, i32)
// CHECK-NEXT: catenary.output %[[V]]#0 of @x slot 0
// CHECK-NEXT: catenary.output %[[V]]#1 of @x slot 1
catenary.pipeline @retry asks "forward" {
  %x = catenary.input x0 of @x : f32
  %zero = arith.constant 0 : i32
  %on = arith.cmpf olt, %x, %x : f32
  %v:2 = catenary.retry %on carried(%x, %zero) captured(%x) {
  ^bb0(%a: f32, %trip: i32, %y: f32):
    %u = catenary.draw uniform trip %trip {component = 0 : i32, first = 0 : i64, per_point = 4 : i64, stream = 259 : i32} : f32
    %next = arith.mulf %u, %y : f32
    %more = arith.cmpf olt, %next, %y : f32
    catenary.yield %more, %next, %trip : i1, f32, i32
  } : i1 carried(f32, i32) captured(f32) -> (f32, i32)
  catenary.output %v#0 of @x : f32
}

// A branch is one for all points of the group, which carry what varies once for each slot.
// CHECK-LABEL: catenary.pipeline @branch asks "forward" group 2 {
// CHECK: %[[ANY:.*]] = catenary.any %{{.*}}, %{{.*}} : i1, i1
// CHECK-NEXT: %[[R:.*]]:3 = scf.if %[[ANY]] -> (f32, f32, i32) {
// CHECK: catenary.words {{.*}} pair 0 of 4
// CHECK: scf.yield %{{.*}}, %{{.*}}, %[[ONE:.*]] : f32, f32, i32
// CHECK-NEXT: } else {
// CHECK-NEXT: scf.yield %[[X0:.*]], %[[X1:.*]], %[[ONE]] : f32, f32, i32
// CHECK: catenary.output %[[R]]#0 of @x slot 0
// CHECK-NEXT: catenary.output %[[R]]#1 of @x slot 1
catenary.pipeline @branch asks "forward" {
  %x = catenary.input x0 of @x : f32
  %one = arith.constant 1 : i32
  %on = arith.cmpf olt, %x, %x : f32
  %any = catenary.any %on : i1
  %r:2 = scf.if %any -> (f32, i32) {
    %u = catenary.draw uniform trip %one {component = 0 : i32, first = 0 : i64, per_point = 4 : i64, stream = 259 : i32} : f32
    scf.yield %u, %one : f32, i32
  } else {
    scf.yield %x, %one : f32, i32
  }
  catenary.output %r#0 of @x : f32
}

// A loop that reads lines of an input and draws nothing is each point's own.
// CHECK-LABEL: catenary.pipeline @lines asks "step" group 2 {
catenary.pipeline @lines asks "step" {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = arith.constant 0.0 : f32
  %line = arith.constant 16 : i32
  %u = catenary.draw uniform {component = 0 : i32, first = 0 : i64, per_point = 4 : i64, stream = 2 : i32} : f32
  // CHECK: %[[S0:.*]] = scf.for %[[I:.*]] = {{.*}} iter_args(%[[A:.*]] = %[[ZERO:.*]]) -> (f32) {
  // CHECK: %[[L0:.*]] = catenary.input estimate of @x element 3 at %{{.*}} run 16 slot 0 : f32
  // CHECK-NEXT: %[[N0:.*]] = arith.addf %[[A]], %[[L0]]
  // CHECK-NEXT: scf.yield %[[N0]] : f32
  // CHECK: %[[S1:.*]] = scf.for %{{.*}} = {{.*}} iter_args(%[[B:.*]] = %[[ZERO]]) -> (f32) {
  // CHECK: %[[L1:.*]] = catenary.input estimate of @x element 3 at %{{.*}} run 16 slot 1 : f32
  // CHECK-NEXT: %[[N1:.*]] = arith.addf %[[B]], %[[L1]]
  // CHECK-NEXT: scf.yield %[[N1]] : f32
  %s = scf.for %i = %c0 to %c4 step %c1 iter_args(%a = %zero) -> (f32) {
    %trip = arith.index_cast %i : index to i32
    %first = arith.muli %trip, %line : i32
    %l = catenary.input estimate of @x element 3 at %first run 16 : f32
    %next = arith.addf %a, %l : f32
    scf.yield %next : f32
  }
  // CHECK: arith.mulf %[[S0]], %{{.*}} : f32
  // CHECK-NEXT: arith.mulf %[[S1]], %{{.*}} : f32
  %y = arith.mulf %s, %u : f32
  catenary.output %y of @x : f32
}
