// All spaces and processes that come with the library.
#pragma once

#include <catenary/stdlib/categorical.h>
#include <catenary/stdlib/circle.h>
#include <catenary/stdlib/euclidean.h>
#include <catenary/stdlib/generator_jump.h>
#include <catenary/stdlib/geodesic_walk.h>
#include <catenary/stdlib/jump.h>
#include <catenary/stdlib/linear_gaussian.h>
