// Everything a program needs to declare, compile, sample and verify joint processes.
#pragma once

#include <catenary/compiler/compile.h>
#include <catenary/dsl/conversion.h>
#include <catenary/dsl/evaluate.h>
#include <catenary/dsl/joint.h>
#include <catenary/runtime/converter.h>
#include <catenary/runtime/sampler.h>
#include <catenary/stdlib/stdlib.h>
#include <catenary/verify/verify.h>
