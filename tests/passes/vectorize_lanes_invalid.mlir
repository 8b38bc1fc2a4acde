// RUN: catenary-opt %s --vectorize-lanes=lanes=8 -verify-diagnostics
// RUN: not catenary-opt %s --vectorize-lanes=lanes=3 2>&1 | FileCheck %s --check-prefix=THREE
// RUN: not catenary-opt %s --vectorize-lanes=lanes=0 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not catenary-opt %s --vectorize-lanes=lanes=128 2>&1 | FileCheck %s --check-prefix=MANY

// THREE: error: vectorize-lanes needs a power of two of lanes, from 2 to 64 (has 3)
// NONE: error: vectorize-lanes needs a power of two of lanes, from 2 to 64 (has 0)
// MANY: error: vectorize-lanes needs a power of two of lanes, from 2 to 64 (has 128)

// expected-error @+1 {{'catenary.pipeline' op has no group; group-points gives it one}}
catenary.pipeline @p asks "prior" {
}
